/* Direct calls and returns: small recursive functions. */
#include "bench.h"

static NOINLINE uint32_t fibonacci(uint32_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static NOINLINE uint32_t ackermann(uint32_t m, uint32_t n) {
  if (m == 0) return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static NOINLINE uint32_t hanoi(uint32_t n, uint32_t from, uint32_t to) {
  if (n == 0) return from * 3 + to;
  return hanoi(n - 1, from, 6 - from - to) ^ hanoi(n - 1, 6 - from - to, to) * 5;
}

static uint64_t run(uint64_t number) {
  uint64_t sum = number;
  sum = bench_mix(sum, fibonacci(26 + (number & 1)));
  sum = bench_mix(sum, ackermann(2, 160 + (number & 3)));
  return bench_mix(sum, hanoi(18, 1, 2 + (number & 1)));
}

int main(int argc, char **argv) { return bench(argc, argv, "calls", 1, run); }
