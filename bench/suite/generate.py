"""Sources and data that are made, not kept: the same on every machine."""

import random

FUNCTIONS = 260
STATEMENTS = 22


def _statement(rng):
    a, b, c = (rng.randrange(64) for _ in range(3))
    shift = rng.randrange(1, 31)
    constant = rng.randrange(1, 30000)
    return rng.choice([
        f'x += cells[{a}] ^ y << {shift};',
        f'y = (y >> {shift} | y << {32 - shift}) + {constant}u;',
        f'if (x & {1 << shift % 16}u) y ^= {constant}u; else x -= y;',
        f'cells[{b}] = x - cells[{c}];',
        f'x = x * {constant | 1}u + y;',
        f'if (y > cells[{c}]) cells[{a}] += {constant}u;',
        f'y = y - (x & cells[{b}]);',
    ])


def flat():
    """Many small functions, 20000 to 30000 instructions, all executed equally often."""
    rng = random.Random(7)
    lines = ['#include "bench.h"', '', 'static uint32_t cells[64];']
    for f in range(FUNCTIONS):
        lines += ['', f'static NOINLINE uint32_t f{f}(uint32_t x, uint32_t y) {{']
        lines += ['  ' + _statement(rng) for _ in range(STATEMENTS)]
        lines += ['  return x ^ y;', '}']
    lines += ['', 'static NOINLINE uint32_t all(uint32_t x) {']
    lines += [f'  x = f{f}(x, {f}u);' for f in range(FUNCTIONS)]
    lines += ['  return x;', '}', '', 'static uint64_t run(uint64_t number) {']
    lines += ['  uint32_t x = (uint32_t)number;', '  for (int i = 0; i < 200; i++) x = all(x);']
    lines += ['  return x;', '}', '']
    lines += ['int main(int argc, char **argv) { return bench(argc, argv, "flat", 1, run); }']
    return '\n'.join(lines) + '\n'


def source(lines_wanted=2000):
    """A C file for a compiler: structures, loops, switches, tables, strings."""
    rng = random.Random(11)
    lines = ['#include <stdio.h>', '#include <stdlib.h>', '#include <string.h>', '',
             'struct item { struct item *next; const char *name; unsigned cells[64]; double weight; };',
             'static unsigned cells[64];']
    number = 0
    while len(lines) < lines_wanted - 8:
        lines += ['', f'unsigned f{number}(struct item *list, unsigned x, unsigned y) {{',
                  f'  static const char *const names[] = {{"a{number}", "b{number}", "c{number}"}};',
                  f'  for (struct item *i = list; i; i = i->next) {{',
                  f'    if (!strcmp(i->name, names[x % 3])) i->weight += x * {rng.random():.6f};',
                  f'    switch (i->cells[y & 63] % {rng.randrange(4, 9)}) {{']
        for case in range(rng.randrange(3, 8)):
            lines.append(f'      case {case}: {_statement(rng)} break;')
        lines += ['      default: y++;', '    }', '  }']
        lines += ['  ' + _statement(rng) for _ in range(rng.randrange(4, 14))]
        call = f'f{rng.randrange(number)}(list, y, x)' if number else 'x'
        lines += [f'  if (x > {rng.randrange(1000)}u) printf("%s %u\\n", names[y % 3], {call});',
                  '  return x ^ y;', '}']
        number += 1
    return '\n'.join(lines) + '\n'


def text(size):
    """Bytes that compress about as well as prose and program text do."""
    rng = random.Random(13)
    letters = 'etaoinshrdlucmfwypvbgkjqxz'
    words = [''.join(rng.choices(letters, range(26, 0, -1), k=rng.randrange(2, 11)))
             for _ in range(4000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    out, length = [], 0
    while length < size:
        chosen = rng.choices(words, weights, k=4000)
        chosen[::37] = [str(rng.randrange(10 ** 6)) for _ in chosen[::37]]
        part = ' '.join(chosen) + '\n'
        out.append(part)
        length += len(part)
    return ''.join(out).encode()[:size]
