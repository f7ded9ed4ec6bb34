"""The command line of bench/run."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from . import report
from .measure import Measuring
from .setting import Failed, Setting, host, say
from .workloads import ALL, WORKLOADS, Program

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE, PICTURE = ROOT / 'docs/performance.md', ROOT / 'docs/performance.svg'
ENGINES = ('auto', 'interpret', 'translate', 'both')


def parser():
    p = argparse.ArgumentParser(
        prog='bench/run',
        description='Measures the machine against qemu-user (and the same sources on the host) on the same '
                    'binaries in turn. Ratios above 1: Vestibule is faster.')
    p.add_argument('workload', nargs='*', help='names or groups; all if none is given')
    p.add_argument('--list', action='store_true', help='show workloads, groups and aims')
    p.add_argument('--guests', default=','.join(ALL), help='such as ppc,ppc64le')
    p.add_argument('--rounds', type=int, default=5, help='how often each is run (default 5)')
    p.add_argument('--engine', choices=ENGINES, default='auto')
    p.add_argument('--sysroot', help='a ppc64el sysroot (default .vestibule/ppc64el, if it is there)')
    p.add_argument('--count', type=int, help='repetitions of programs that measure themselves')
    p.add_argument('--timeout', type=float, default=600, help='seconds for a single run (default 600)')
    p.add_argument('--cpu', action='store_true',
                   help='whole processes by processor time instead of wall clock, for busy machines')
    p.add_argument('--no-native', action='store_true', help='leave the host out')
    p.add_argument('--json', metavar='FILE', help='keep all figures')
    p.add_argument('--check', action='store_true',
                   help='measure nothing: one repetition each, checksums compared with qemu-user\'s')
    p.add_argument('--render', metavar='FILE', action='append', default=[],
                   help='measure nothing: show what --json kept; later files replace rows of earlier ones')
    p.add_argument('--publish', action='store_true', help='put table and chart into docs/performance')
    return p


def chosen(names):
    known = {w.name for w in WORKLOADS} | {w.group for w in WORKLOADS}
    for name in names:
        if name not in known:
            raise Failed(f'{name}: no such workload or group (--list shows them)')
    return [w for w in WORKLOADS if not names or w.name in names or w.group in names]


def listing():
    for w in WORKLOADS:
        aim = f'<= {w.limit:g} ms' if getattr(w, 'limit', None) else f'>= {w.target:g}'
        print(f'{w.name:16} {w.group:20} {aim:10} {" ".join(w.guests)}')


def said(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip().split('\n')[0] if done.returncode == 0 else 'unknown'


def measure(options, guests):
    setting = Setting(ROOT, options.engine, sysroot=options.sysroot)
    measuring = Measuring(setting, options.rounds, options.timeout, not options.no_native, options.cpu,
                          options.count)
    data = {'when': time.strftime('%Y-%m-%d %H:%M', time.gmtime()), 'host': host(), 'engine': options.engine,
            'commit': said('git', 'describe', '--always', '--dirty'),
            'qemu': said('qemu-ppc64le', '--version'), 'rounds': options.rounds,
            'whole processes by': 'processor time' if options.cpu else 'wall clock', 'results': []}
    for workload in chosen(options.workload):
        for guest in workload.guests:
            if guest not in guests:
                continue
            result = measuring.measure(workload, guest)
            if result is None:
                continue
            data['results'].append(result)
            print('  '.join(cell for cell in report.row(result) if cell), file=sys.stderr, flush=True)
            if options.json:
                pathlib.Path(options.json).write_text(json.dumps(data, indent=1) + '\n')
    return data


def check(options, guests):
    setting = Setting(ROOT, options.engine)
    measuring = Measuring(setting, 1, options.timeout, native=False, count=options.count or 1)
    engines = ('interpret', 'translate') if options.engine == 'auto' else (options.engine,)
    pairs = [(workload, guest) for workload in chosen(options.workload) for guest in workload.guests
             if guest in guests and isinstance(workload, Program) and not workload.cold]

    def compare(pair):
        try:
            return measuring.compare(*pair, engines) is not None
        except Failed as failure:
            say(f'{pair[0].name}, {pair[1]}: {failure}')
            return 'wrong'

    said(str(ROOT / 'vestibule'), 'profiles')  # builds what is not built, once
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(compare, pairs))
    wrong = found.count('wrong')
    print(f'bench: {found.count(True)} programs agree with qemu-user, {wrong} do not')
    return 1 if wrong else 0


def merged(files):
    """The last file's head with the rows of all, later ones replacing earlier ones."""
    data, rows = {}, {}
    for file in files:
        data = json.loads(pathlib.Path(file).read_text())
        for result in data['results']:
            rows[result['workload'], result['guest']] = result
    order = {w.name: i for i, w in enumerate(WORKLOADS)}
    data['results'] = sorted(rows.values(), key=lambda r: (order.get(r['workload'], 999), ALL.index(r['guest'])))
    return data


def run(options):
    guests = options.guests.split(',')
    for guest in guests:
        if guest not in ALL:
            raise Failed(f'{guest}: no such guest ({", ".join(ALL)})')
    if options.rounds < 1:
        raise Failed('--rounds: at least 1')
    if options.list:
        listing()
        return 0
    if options.check:
        return check(options, guests)
    data = merged(options.render) if options.render else measure(options, guests)
    print(report.text(data['results']), end='')
    if options.publish:
        report.publish(data, PAGE, PICTURE)
    return 1 if any('failure' in r for r in data['results']) else 0


def main():
    try:
        return run(parser().parse_args())
    except (Failed, OSError, ValueError, KeyError) as e:
        say(e)
        return 1
    except KeyboardInterrupt:
        return 130
