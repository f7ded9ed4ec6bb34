"""What is measured, and how fast it shall be: a ratio to qemu-user, bigger being faster."""

from dataclasses import dataclass
from typing import Callable, Optional

ALL = ('ppc', 'ppc64', 'ppc64le')
WIDE = ('ppc64', 'ppc64le')
LITTLE = ('ppc64le',)
POWER8 = ('-mcpu=power8',)


@dataclass(frozen=True)
class Program:
    """A program of bench/programs that measures its own repetitions.

    dynamic: is linked with the C library that the cross compiler brings, which has more in it.
    cold: counts the whole time of all repetitions, the first included, instead of the second half's
    median.
    """

    name: str
    group: str
    target: float
    source: str
    count: int = 60
    guests: tuple = ALL
    flags: tuple = ()
    dynamic: bool = False
    cold: bool = False
    unit: str = 'ns'


@dataclass(frozen=True)
class Whole:
    """A program that is measured from outside, from its start to its end.

    command: (Setting, guest) -> the words behind the emulator, or None if something is missing.
    limit: milliseconds that our time shall stay below, where that and not a ratio is wanted.
    same: whether its output must be the same everywhere.
    """

    name: str
    group: str
    target: Optional[float]
    command: Callable
    guests: tuple = LITTLE
    limit: Optional[float] = None
    same: bool = True
    unit: str = 'ms'


@dataclass(frozen=True)
class Next:
    """The next guest in a JVM that has run others; qemu-user's whole process stands beside it."""

    name: str
    group: str
    guests: tuple = ALL
    target: Optional[float] = None
    limit: Optional[float] = 5.0
    unit: str = 'ms'


def _bundled(name):
    return lambda setting, guest: [str(setting.root / 'guests/bin' / guest / name)]


def _debian(path, *arguments):
    """A program of the sysroot; {data}, {source} and {programs} stand for what it works on."""

    def command(setting, guest):
        if setting.sysroot is None:
            return None
        program = setting.sysroot / path
        if not program.exists():
            return None
        return [str(program)] + [setting.filled(argument) for argument in arguments]

    return command


def _compiler(setting, guest):
    found = sorted(setting.sysroot.glob('usr/lib/gcc/*/*/cc1')) if setting.sysroot else []
    if not found:
        return None
    return [str(found[-1]), '-quiet', '-O1', '-imultiarch', 'powerpc64le-linux-gnu', setting.filled('{source}'), '-o', '/dev/stdout']


# 2^2203 - 1 is prime (Robinson, 1952).
MERSENNE = '7' + 'F' * 550

WORKLOADS = [
    Program('integer', 'integer', 1.8, 'integer.c'),
    Program('matmul', 'floating point', 8, 'matmul.c'),
    Program('nbody', 'floating point', 6, 'nbody.c'),
    Program('fft', 'floating point', 6, 'fft.c'),
    Program('calls', 'calls and branches', 1.8, 'calls.c'),
    Program('interp', 'calls and branches', 1.8, 'interp.c'),
    Program('sort', 'calls and branches', 1.8, 'sort.c'),
    Program('virtual', 'calls and branches', 1.8, 'virtual.cc'),
    Program('strings', 'strings and memory', 1, 'strings.c'),
    Program('memory', 'strings and memory', 1, 'memory.c'),
    Program('sha256', 'vectors', 2, 'sha256.c', guests=WIDE, flags=POWER8),
    Program('sha512', 'vectors', 2, 'sha512.c', guests=WIDE, flags=POWER8),
    Program('aes', 'vectors', 2, 'aes.c', guests=WIDE, flags=POWER8),
    Program('memcpy', 'vectors', 2, 'memcpy.c', guests=WIDE, dynamic=True),
    Program('syscall', 'kernel', 3, 'syscall.c'),
    Program('clock', 'kernel', 4, 'clock.c'),
    Program('threads', 'threads', 1, 'threads.c'),
    Program('percpu', 'threads', 5, 'percpu.c'),
    Program('flat', 'flat code', 1.5, 'flat.c'),
    Program('flat-cold', 'flat code', 1, 'flat.c', count=20, cold=True),
    Whole('hello', 'start', None, _bundled('hello'), guests=ALL, limit=80, same=False),
    Next('next-guest', 'start'),
    Whole('python3-pass', 'start', 0.5, _debian('usr/bin/python3', '-c', 'pass')),
    Whole('bash-1s', 'Debian, 1 s', 1,
          _debian('bin/bash', '-c', 'for ((i = 0; i < 45000; i++)); do ((x += i ^ x)); done; echo $x')),
    Whole('gcc', 'Debian, 1 s', 1, _compiler),
    Whole('python3', 'Debian, 5 s', 1.5, _debian('usr/bin/python3', '{programs}/mixed.py', '80')),
    Whole('perl', 'Debian, 5 s', 1.5, _debian('usr/bin/perl', '{programs}/mixed.pl', '40')),
    Whole('sqlite3', 'Debian, 5 s', 1.5,
          _debian('usr/bin/sqlite3', ':memory:', '.read {programs}/mixed.sql')),
    Whole('zstd', 'Debian, 5 s', 1.5,
          _debian('usr/bin/zstd', '-q', '-9', '--single-thread', '-c', '{data}')),
    Whole('xz', 'Debian, 5 s', 1.5, _debian('usr/bin/xz', '-4', '-T1', '-c', '{small}')),
    Whole('openssl-sha256', 'Debian, 5 s', 1.5,
          _debian('usr/bin/openssl', 'dgst', '-sha256', *['{data}'] * 6)),
    Whole('openssl-aes', 'Debian, 5 s', 1.5,
          _debian('usr/bin/openssl', 'dgst', '-mac', 'cmac', '-macopt', 'cipher:aes-128-cbc',
                  '-macopt', 'hexkey:00112233445566778899aabbccddeeff', *['{data}'] * 8)),
    Whole('openssl-bignum', 'Debian, 5 s', 1.5,
          _debian('usr/bin/openssl', 'prime', '-hex', MERSENNE, MERSENNE)),
]
