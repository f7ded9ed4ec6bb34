/* Memory: pointers followed in random order, strides, byte-swapped and unaligned words, and a hash
 * table, over 1 MiB. */
#include <string.h>

#include "bench.h"

enum { WORDS = 1 << 18, SLOTS = 1 << 16 };

static uint32_t words[WORDS];
static uint32_t table[SLOTS];

/* A cycle through all words, each a random way from the last. */
static void make_cycle(void) {
  static int made;
  if (made) return;
  made = 1;
  uint32_t seed = 1;
  for (uint32_t i = 0; i < WORDS; i++) words[i] = i;
  for (uint32_t i = WORDS - 1; i > 0; i--) {
    uint32_t k = bench_random(&seed) % i, was = words[i];
    words[i] = words[k];
    words[k] = was;
  }
}

static NOINLINE uint32_t follow(uint32_t at, int steps) {
  while (steps-- > 0) at = words[at];
  return at;
}

static NOINLINE uint32_t strides(uint32_t step) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < WORDS; i += step) sum += words[i];
  return sum;
}

static NOINLINE uint64_t unaligned(void) {
  static unsigned char bytes[100016];
  for (uint32_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(words[i] >> 3);
  uint64_t sum = 0;
  for (uint32_t i = 1; i < 100000; i += 7) {
    uint32_t word;
    uint16_t half;
    memcpy(&word, bytes + i, sizeof word);
    memcpy(&half, bytes + i + 5, sizeof half);
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) {
      word = __builtin_bswap32(word);
      half = __builtin_bswap16(half);
    }
    sum += word * 3u ^ half;
  }
  return sum;
}

static NOINLINE uint32_t hashing(uint32_t seed) {
  uint32_t met = 0;
  memset(table, 0, sizeof table);
  for (int i = 0; i < 60000; i++) {
    uint32_t key = bench_random(&seed) % 60000 + 1, at = key * 2654435761u >> 16;
    while (table[at] && table[at] != key) at = (at + 1) % SLOTS;
    met += table[at] == key;
    table[at] = key;
  }
  return met;
}

static uint64_t run(uint64_t number) {
  make_cycle();
  uint64_t sum = follow((uint32_t)number, 300000);
  sum = bench_mix(sum, strides(3) + strides(16) + strides(1024));
  sum = bench_mix(sum, hashing((uint32_t)number + 1));
  return bench_mix(sum, unaligned());
}

int main(int argc, char **argv) { return bench(argc, argv, "memory", 1, run); }
