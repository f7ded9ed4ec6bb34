/* What every benchmark program shares. `PROGRAM [COUNT]` calls its workload COUNT times and prints
 *
 *     NAME NANOSECONDS ns      for each repetition, the first ones being the warm-up
 *     checksum HEX             over all repetitions: the same wherever it runs
 *
 * A repetition takes about 10 ms under qemu-user. */
#ifndef BENCH_H
#define BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))

static inline int64_t bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Mixes one more number into a checksum. */
static inline uint64_t bench_mix(uint64_t sum, uint64_t number) {
  sum = (sum ^ number) * UINT64_C(0x9e3779b97f4a7c15);
  return sum ^ sum >> 29;
}

/* Numbers that look random and are the same everywhere. */
static inline uint32_t bench_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  return *state ^= *state << 5;
}

/* A program's main(): RUN does one repetition, which is the NUMBERth, and returns its part of the
 * checksum. EACH: operations in a repetition if their single time is of interest, otherwise 1. */
static inline int bench(int argc, char **argv, const char *name, long each,
                        uint64_t (*run)(uint64_t number)) {
  long count = argc > 1 ? atol(argv[1]) : 10;
  uint64_t sum = 0;
  for (long i = 0; i < count; i++) {
    int64_t start = bench_now();
    uint64_t part = run((uint64_t)i);
    int64_t took = bench_now() - start;
    sum = bench_mix(sum, part);
    printf("%s %.1f ns\n", name, (double)took / each);
  }
  printf("checksum %016llx\n", (unsigned long long)sum);
  return 0;
}

#endif
