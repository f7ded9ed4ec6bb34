/* SHA-512 of two messages at once, one in each half of a vector: POWER8's sigma instructions where
 * the compiler has them, shifts elsewhere. */
#include <string.h>

#include "bench.h"

typedef uint64_t words __attribute__((vector_size(16)));

enum { BLOCKS = 120 };

static uint64_t constants[80], start[8];

/* The first 64 bits of the fractions of the roots of primes (FIPS 180-4, 4.2.3 and 5.3.5). */
static uint64_t fraction(uint32_t prime, int power) {
  uint64_t root = 0; /* root^power <= prime * 2^(64 * power), bit by bit, in 32-bit digits */
  uint32_t whole = 1;
  while ((power == 2 ? (whole + 1) * (whole + 1) : (whole + 1) * (whole + 1) * (whole + 1)) <= prime)
    whole++;
  for (int bit = 63; bit >= 0; bit--) {
    uint64_t trial = root | UINT64_C(1) << bit;
    uint32_t number[3] = {(uint32_t)trial, (uint32_t)(trial >> 32), whole};
    uint32_t product[10] = {1};
    for (int n = 0; n < power; n++) {
      uint32_t next[10] = {0};
      for (int i = 0; i < 3; i++) {
        uint64_t carry = 0;
        for (int k = 0; i + k < 10; k++) {
          carry += (uint64_t)number[i] * product[k] + next[i + k];
          next[i + k] = (uint32_t)carry;
          carry >>= 32;
        }
      }
      memcpy(product, next, sizeof product);
    }
    if (product[2 * power] < prime) root = trial;
  }
  return root;
}

static void prepare(void) {
  uint32_t prime = 2;
  for (int found = 0; found < 80; prime++) {
    int divisor = 2;
    while (divisor * divisor <= (int)prime && prime % divisor) divisor++;
    if (divisor * divisor <= (int)prime) continue;
    constants[found] = fraction(prime, 3);
    if (found < 8) start[found] = fraction(prime, 2);
    found++;
  }
}

#ifdef __CRYPTO__
#define SIGMA(x, upper, which, a, b, c) \
  ((words)__builtin_crypto_vshasigmad((__vector unsigned long long)(x), upper, which))
#else
static words rotated(words x, int amount) { return x >> amount | x << (64 - amount); }
#define SIGMA(x, upper, which, a, b, c) \
  (rotated(x, a) ^ rotated(x, b) ^ ((upper) ? rotated(x, c) : (x) >> (c)))
#endif

static NOINLINE void digest(words state[8], const words *message, int blocks) {
  for (; blocks > 0; blocks--, message += 16) {
    words w[16], v[8];
    memcpy(w, message, sizeof w);
    memcpy(v, state, sizeof v);
#pragma GCC unroll 16
    for (int i = 0; i < 80; i++) {
      if (i >= 16) {
        words x = w[(i + 1) & 15], y = w[(i + 14) & 15];
        w[i & 15] += SIGMA(x, 0, 0, 1, 8, 7) + w[(i + 9) & 15] + SIGMA(y, 0, 15, 19, 61, 6);
      }
      words a = v[0], b = v[1], c = v[2], e = v[4];
      words one = v[7] + SIGMA(e, 1, 15, 14, 18, 41) + ((e & v[5]) | (~e & v[6])) + constants[i] + w[i & 15];
      words two = SIGMA(a, 1, 0, 28, 34, 39) + (((a ^ b) & c) | (~(a ^ b) & b));
      for (int k = 7; k > 0; k--) v[k] = v[k - 1];
      v[4] += one;
      v[0] = one + two;
    }
    for (int k = 0; k < 8; k++) state[k] += v[k];
  }
}

static uint64_t run(uint64_t number) {
  static words message[16 * BLOCKS], state[8];
  uint32_t seed = (uint32_t)number + 1;
  if (number == 0) prepare();
  for (int i = 0; i < 16 * BLOCKS; i++)
    for (int k = 0; k < 2; k++) message[i][k] = (uint64_t)bench_random(&seed) << 32 | bench_random(&seed);
  for (int i = 0; i < 8; i++) state[i] = (words){start[i], start[i]};
  for (int i = 0; i < 8; i++) digest(state, message, BLOCKS);
  uint64_t sum = 0;
  for (int i = 0; i < 8; i++)
    for (int k = 0; k < 2; k++) sum = bench_mix(sum, state[i][k]);
  return sum;
}

int main(int argc, char **argv) { return bench(argc, argv, "sha512", 1, run); }
