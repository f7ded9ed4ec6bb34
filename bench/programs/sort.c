/* Calls through a pointer out of the C library: qsort and bsearch with a comparison of ours. */
#include "bench.h"

enum { RECORDS = 30000 };

struct record {
  uint32_t key;
  uint32_t other;
};

static struct record records[RECORDS];

static int compare(const void *a, const void *b) {
  const struct record *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->other > y->other) - (x->other < y->other);
}

static uint64_t run(uint64_t number) {
  uint32_t seed = (uint32_t)number + 1;
  for (uint32_t i = 0; i < RECORDS; i++) {
    records[i].key = bench_random(&seed) % 20000;
    records[i].other = i;
  }
  qsort(records, RECORDS, sizeof *records, compare);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < RECORDS; i += 7) {
    const struct record *found = bsearch(&records[i], records, RECORDS, sizeof *records, compare);
    sum = bench_mix(sum, found ? found->other : 0);
  }
  return sum;
}

int main(int argc, char **argv) { return bench(argc, argv, "sort", 1, run); }
