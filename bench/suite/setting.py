"""What is there to measure with: the machine, emulators, compilers, a sysroot, built programs."""

import hashlib
import os
import pathlib
import platform
import shutil
import subprocess
import sys

from . import generate

CROSS = {
    'ppc': ('powerpc-linux-gnu-', 'qemu-ppc', ()),
    'ppc64': ('powerpc64-linux-gnu-', 'qemu-ppc64', ('-cpu', 'power8')),
    'ppc64le': ('powerpc64le-linux-gnu-', 'qemu-ppc64le', ('-cpu', 'power8')),
}
GENERATED = {'flat.c': generate.flat}
MEGABYTE = 1 << 20


class Failed(Exception):
    """One line about what cannot be done."""


def say(text):
    print(f'bench: {text}', file=sys.stderr, flush=True)


class Setting:
    """Builds what is asked for, once; None where a tool is missing, which is said once."""

    def __init__(self, root, engine, vestibule=None, sysroot=None):
        self.root = pathlib.Path(root)
        self.programs = self.root / 'bench/programs'
        self.work = self.root / '.vestibule/bench'
        self.work.mkdir(parents=True, exist_ok=True)
        self.vestibule = pathlib.Path(vestibule or self.root / 'vestibule').resolve()
        self.engine = engine
        self.sysroot = self._sysroot(sysroot)
        self._said = set()
        self._built = {}
        self._libraries = {}  # program -> where its C library is found

    def _sysroot(self, given):
        place = pathlib.Path(given) if given else self.root / '.vestibule/ppc64el'
        if (place / 'bin/bash').exists():
            return place.resolve()
        if given:
            raise Failed(f'{given}: no sysroot (vestibule sysroot ppc64el {given} bash ... makes one)')
        return None

    def lacks(self, what):
        if what not in self._said:
            self._said.add(what)
            say(f'left out what needs {what}')

    # ---- emulators

    def ours(self, command, engine=None):
        words = [str(self.vestibule), 'run', '--engine', engine or self.engine]
        return words + self._looking(command) + command

    def qemu(self, guest, command):
        _, emulator, options = CROSS[guest]
        if not shutil.which(emulator):
            self.lacks(emulator)
            return None
        return [emulator, *options] + self._looking(command) + command

    def _looking(self, command):
        if command[0] in self._libraries:
            return ['-L', self._libraries[command[0]]]
        inside = self.sysroot and command[0].startswith(f'{self.sysroot}/')
        return ['-L', str(self.sysroot)] if inside else []

    def jvm(self):
        """The words that start a class on the class path of the last build."""
        state = self.vestibule.parent / '.vestibule'
        subprocess.run([self.vestibule, 'profiles'], stdout=subprocess.DEVNULL, check=True)
        build, jdk = (state / 'current').read_text().split('\n')[:2]
        return [f'{jdk}/bin/java', '-XX:+UseSerialGC', '-XX:-UsePerfData',
                '--add-exports', 'java.base/jdk.internal.misc=ALL-UNNAMED',
                '--enable-native-access=ALL-UNNAMED', '-cp', f'{state / build / "lib"}/*']

    # ---- programs

    def program(self, workload, guest):
        """The workload's program for a guest or the host, or None."""
        source = self.programs / workload.source
        if workload.source in GENERATED:
            text = GENERATED[workload.source]()
        elif source.exists():
            text = source.read_text()
        else:
            self.lacks(f'bench/programs/{workload.source}')
            return None
        tool = 'g++' if source.suffix == '.cc' else 'gcc'
        if guest == 'host':
            words = [tool, '-march=native']
        else:
            words = [CROSS[guest][0] + tool] + ([] if workload.dynamic else ['-static'])
        if not shutil.which(words[0]):
            self.lacks(words[0])
            return None
        words += ['-O2', '-pthread', f'-I{self.programs}']
        words += [] if guest == 'host' else list(workload.flags)
        key = hashlib.sha256()
        for part in (text, repr(words), (self.programs / 'bench.h').read_text()):
            key.update(part.encode())
        out = self.work / f'{source.stem}-{guest}-{key.hexdigest()[:12]}'
        if workload.dynamic and guest != 'host':
            self._libraries[str(out)] = '/usr/' + CROSS[guest][0].rstrip('-')
        if not out.exists():
            self._compile(words, source, text, out)
        return out if out.exists() else None

    def _compile(self, words, source, text, out):
        if source.name in GENERATED:
            source = pathlib.Path(f'{out}.c')
            source.write_text(text)
        fresh = f'{out}.{os.getpid()}'
        done = subprocess.run(words + ['-o', fresh, str(source), '-lm'], capture_output=True, text=True)
        if done.returncode != 0:
            first = (done.stderr.strip() or 'failed').split('\n')[0]
            say(f'{source.name}: {words[0]}: {first}')
            return
        os.replace(fresh, out)

    # ---- what programs work on

    def filled(self, word):
        """Replaces {data} and the like by the path of what it stands for."""
        if word == '{data}':
            return self._made('data-20', lambda: generate.text(20 * MEGABYTE))
        if word == '{small}':
            return self._made('data-5', lambda: generate.text(5 * MEGABYTE))
        if word == '{source}':
            return self._made('source.c', lambda: generate.source().encode())
        return word.replace('{programs}', str(self.programs))

    def _made(self, name, make):
        path = self.work / name
        stamp = hashlib.sha256(pathlib.Path(generate.__file__).read_bytes()).hexdigest()
        mark = self.work / f'{name}.made'
        if not path.exists() or not mark.exists() or mark.read_text() != stamp:
            path.write_bytes(make())
            mark.write_text(stamp)
        return str(path)


def host():
    """The machine, as far as it matters to a reader of the figures."""
    model = platform.processor() or platform.machine()
    try:
        for line in pathlib.Path('/proc/cpuinfo').read_text().split('\n'):
            if line.startswith('model name'):
                model = line.split(':', 1)[1].strip()
                break
    except OSError:
        pass
    return {
        'processor': model,
        'processors': os.cpu_count(),
        'kernel': platform.release(),
        'load': round(os.getloadavg()[0], 1),
    }
