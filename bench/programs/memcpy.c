/* Copies, fills and comparisons of all lengths and alignments by the C library, which chooses its
 * vector versions by what the processor says of itself. */
#include <string.h>

#include "bench.h"

enum { SIZE = 1 << 16 };

static uint8_t from[SIZE + 64], to[SIZE + 64];

static NOINLINE uint64_t copies(uint32_t seed, uint32_t most, int times) {
  uint64_t sum = 0;
  for (int i = 0; i < times; i++) {
    uint32_t length = bench_random(&seed) % most;
    uint8_t *target = to + bench_random(&seed) % 32;
    memcpy(target, from + bench_random(&seed) % 32, length);
    sum += target[length / 2];
  }
  return sum;
}

static NOINLINE uint64_t moves(uint32_t seed, uint32_t most, int times) {
  uint64_t sum = 0;
  for (int i = 0; i < times; i++) {
    uint32_t length = bench_random(&seed) % most, distance = bench_random(&seed) % 32;
    if (i % 2) {
      memmove(to + distance, to, length);
    } else {
      memmove(to, to + distance, length);
    }
    sum += to[length / 2];
  }
  return sum;
}

static NOINLINE uint64_t fills(uint32_t seed, uint32_t most, int times) {
  uint64_t sum = 0;
  for (int i = 0; i < times; i++) {
    uint32_t length = bench_random(&seed) % most;
    memset(to + bench_random(&seed) % 32, i, length);
    sum += to[length / 2];
  }
  return sum;
}

static NOINLINE uint64_t comparisons(uint32_t seed, uint32_t most, int times) {
  uint64_t sum = 0;
  memcpy(to, from, SIZE);
  for (int i = 0; i < times; i++) {
    uint32_t length = bench_random(&seed) % most, at = bench_random(&seed) % (length + 1);
    to[at] ^= 1;
    sum = sum * 3 + (uint64_t)(memcmp(to, from, length) > 0);
    to[at] ^= 1;
  }
  return sum;
}

static uint64_t run(uint64_t number) {
  uint32_t seed = (uint32_t)number + 1;
  for (int i = 0; i < SIZE; i++) from[i] = (uint8_t)bench_random(&seed);
  uint64_t sum = 0;
  for (uint32_t most = 16; most <= SIZE; most *= 16) {
    int times = most == 16 ? 5000 : most == 256 ? 3000 : most == 4096 ? 800 : 60;
    sum = bench_mix(sum, copies(seed, most, times));
    sum = bench_mix(sum, moves(seed, most, times));
    sum = bench_mix(sum, fills(seed, most, times));
    sum = bench_mix(sum, comparisons(seed, most, times));
  }
  return sum;
}

int main(int argc, char **argv) { return bench(argc, argv, "memcpy", 1, run); }
