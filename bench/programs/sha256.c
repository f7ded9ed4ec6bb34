/* SHA-256 of four messages at once, one in each word of a vector: POWER8's sigma instructions where
 * the compiler has them, shifts elsewhere. */
#include <string.h>

#include "bench.h"

typedef uint32_t words __attribute__((vector_size(16)));

enum { BLOCKS = 160 };

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

#ifdef __CRYPTO__
#define SIGMA(x, upper, which, a, b, c) \
  ((words)__builtin_crypto_vshasigmaw((__vector unsigned)(x), upper, which))
#else
static words rotated(words x, int amount) { return x >> amount | x << (32 - amount); }
#define SIGMA(x, upper, which, a, b, c) \
  (rotated(x, a) ^ rotated(x, b) ^ ((upper) ? rotated(x, c) : (x) >> (c)))
#endif

static NOINLINE void digest(words state[8], const words *message, int blocks) {
  for (; blocks > 0; blocks--, message += 16) {
    words w[16], v[8];
    memcpy(w, message, sizeof w);
    memcpy(v, state, sizeof v);
#pragma GCC unroll 16
    for (int i = 0; i < 64; i++) {
      if (i >= 16) {
        words x = w[(i + 1) & 15], y = w[(i + 14) & 15];
        w[i & 15] += SIGMA(x, 0, 0, 7, 18, 3) + w[(i + 9) & 15] + SIGMA(y, 0, 15, 17, 19, 10);
      }
      words a = v[0], b = v[1], c = v[2], e = v[4];
      words one = v[7] + SIGMA(e, 1, 15, 6, 11, 25) + ((e & v[5]) | (~e & v[6])) + constants[i] + w[i & 15];
      words two = SIGMA(a, 1, 0, 2, 13, 22) + (((a ^ b) & c) | (~(a ^ b) & b));
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
  for (int i = 0; i < 16 * BLOCKS; i++)
    for (int k = 0; k < 4; k++) message[i][k] = bench_random(&seed);
  for (int i = 0; i < 8; i++) state[i] = (words){start[i], start[i], start[i], start[i]};
  for (int i = 0; i < 8; i++) digest(state, message, BLOCKS);
  uint64_t sum = 0;
  for (int i = 0; i < 8; i++)
    for (int k = 0; k < 4; k++) sum = bench_mix(sum, state[i][k]);
  return sum;
}

int main(int argc, char **argv) { return bench(argc, argv, "sha256", 1, run); }
