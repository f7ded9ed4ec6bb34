/* The time through the C library. One repetition is 20000 calls; the time is of one. */
#include "bench.h"

enum { CALLS = 20000 };

static uint64_t run(uint64_t number) {
  int64_t last = bench_now(), backwards = 0;
  for (int i = 0; i < CALLS; i++) {
    int64_t now = bench_now();
    backwards += now < last;
    last = now;
  }
  return number + (uint64_t)backwards;
}

int main(int argc, char **argv) { return bench(argc, argv, "clock", CALLS, run); }
