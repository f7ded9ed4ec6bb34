"""Runs a workload in the machine, in qemu-user and on the host in turn, and collects figures."""

import hashlib
import os
import statistics
import subprocess
import tempfile
import threading
import time

from .setting import Failed
from .workloads import Next, Program

SIDES = ('ours', 'qemu', 'native')


class Ran:
    """One process, from its start to its end."""

    def __init__(self, command, timeout, cwd):
        self.command = command
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            start = time.monotonic()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd)
            killer = threading.Timer(timeout, process.kill)
            killer.start()
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                raise
            finally:
                killer.cancel()
            self.wall = time.monotonic() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            self.status = process.returncode
            self.cpu = usage.ru_utime + usage.ru_stime
            self.resident = usage.ru_maxrss * 1024
            out.seek(0)
            self.output = out.read()
            err.seek(0)
            self.errors = err.read()

    def expect_success(self):
        if self.status != 0:
            last = self.errors.decode(errors='replace').strip().split('\n')[-1]
            raise Failed(f'status {self.status}: {last}' if last else f'status {self.status}')


def quartile(values):
    """The lower quartile: what a repetition takes when nobody else wants the processor."""
    ordered = sorted(values)
    return ordered[len(ordered) // 4]


def figures(workload, ran):
    """A run's figure in the workload's unit, and what must be the same in every run."""
    if not isinstance(workload, Program):
        same = getattr(workload, 'same', False)
        return ran.wall * 1000, hashlib.sha256(ran.output).hexdigest()[:16] if same else None
    times, checksum = [], None
    for line in ran.output.decode(errors='replace').split('\n'):
        words = line.split()
        if len(words) == 3 and words[2] == 'ns':
            times.append(float(words[1]))
        elif len(words) == 2 and words[0] == 'checksum':
            checksum = words[1]
    if not times or checksum is None:
        raise Failed('printed no times or no checksum')
    if workload.cold:
        return sum(times) / len(times), checksum
    return quartile(times[len(times) // 2:]), checksum


class Measuring:
    def __init__(self, setting, rounds, timeout, native=True, by_cpu=False, count=None):
        self.setting = setting
        self.rounds = rounds
        self.timeout = timeout
        self.native = native
        self.by_cpu = by_cpu
        self.count = count

    def words(self, workload, guest, host=False):
        """What an emulator is to run, or the host: None if something is missing."""
        setting = self.setting
        if isinstance(workload, Program):
            program = setting.program(workload, 'host' if host else guest)
            return [str(program), str(self.count or workload.count)] if program else None
        if host:
            return None
        if isinstance(workload, Next):
            return [str(setting.root / 'guests/bin' / guest / 'hello')]
        command = workload.command(setting, guest)
        if command is None:
            setting.lacks('a sysroot with the Debian programs (--sysroot)')
        return command

    def commands(self, workload, guest):
        """Side -> command, or None if something is missing."""
        words = self.words(workload, guest)
        if words is None:
            return None
        if isinstance(workload, Next):
            helper = [str(self.setting.root / 'bench/NextGuest.java'), self.setting.engine.upper()]
            ours = self.setting.jvm() + helper + words
        else:
            ours = self.setting.ours(words)
        native = self.words(workload, guest, host=True) if self.native else None
        sides = {'ours': ours, 'qemu': self.setting.qemu(guest, words), 'native': native}
        return {side: command for side, command in sides.items() if command}

    def one(self, workload, command, side):
        ran = Ran(command, self.timeout, self.setting.work)
        ran.expect_success()
        if isinstance(workload, Next) and side == 'ours':
            line = ran.errors.decode().strip().split('\n')[-1].split()
            if len(line) != 3 or line[2] != 'ns':
                raise Failed('said no time')
            return float(line[1]) / 1e6, None, ran
        figure, same = figures(workload, ran)
        if self.by_cpu and not isinstance(workload, Program):
            figure = ran.cpu * 1000
        return figure, same, ran

    def measure(self, workload, guest):
        """All rounds of a workload: a plain dictionary for the JSON file, or None."""
        commands = self.commands(workload, guest)
        if commands is None:
            return None
        result = {'workload': workload.name, 'group': workload.group, 'guest': guest,
                  'unit': workload.unit, 'target': workload.target,
                  'limit': getattr(workload, 'limit', None),
                  'times': {side: [] for side in commands},
                  'cpu': {side: [] for side in commands},
                  'resident': {side: [] for side in commands}}
        checksums = {}
        try:
            for _ in range(self.rounds):
                for side, command in commands.items():
                    try:
                        figure, same, ran = self.one(workload, command, side)
                    except Failed as failure:
                        raise Failed(f'{side}: {failure}') from None
                    result['times'][side].append(figure)
                    result['cpu'][side].append(round(ran.cpu, 3))
                    result['resident'][side].append(ran.resident)
                    if same is not None:
                        checksums.setdefault(same, set()).add(side)
            if len(checksums) > 1:
                raise Failed('results differ: ' + ', '.join(
                    f'{"/".join(sorted(sides))} {same}' for same, sides in checksums.items()))
        except Failed as failure:
            result['failure'] = str(failure)
            return result
        summarise(result)
        return result

    def compare(self, workload, guest, engines):
        """Throws if an engine's result is not qemu's; returns None if something is missing."""
        words = self.words(workload, guest)
        reference = words and self.setting.qemu(guest, words)
        if not reference:
            return None
        _, expected, _ = self.one(workload, reference, 'qemu')
        for engine in engines:
            _, got, _ = self.one(workload, self.setting.ours(words, engine), 'ours')
            if got != expected:
                raise Failed(f'{engine}: checksum {got}, qemu-user has {expected}')
        return expected


def summarise(result):
    """Medians, and the ratio of each round's two neighbours with its spread."""
    times = result['times']
    result['median'] = {side: statistics.median(values) for side, values in times.items()}
    if 'qemu' in times:
        ratios = [theirs / ours for ours, theirs in zip(times['ours'], times['qemu'])]
        result['ratio'] = {'median': statistics.median(ratios), 'min': min(ratios), 'max': max(ratios)}
    if result['limit'] is not None:
        result['met'] = result['median']['ours'] <= result['limit']
    elif 'ratio' in result:
        result['met'] = result['ratio']['median'] >= result['target']
