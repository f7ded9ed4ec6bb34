/* Products of matrices, in double and in single precision. */
#include <string.h>

#include "bench.h"

enum { N = 48 };

static double a[N][N], b[N][N], c[N][N];
static float as[N][N], bs[N][N], cs[N][N];

static void fill(uint32_t seed) {
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) {
      a[i][k] = (bench_random(&seed) % 2001 - 1000.0) / 1000;
      b[i][k] = (bench_random(&seed) % 2001 - 1000.0) / 1000;
      as[i][k] = (float)a[i][k];
      bs[i][k] = (float)b[i][k];
    }
}

static NOINLINE void doubles(void) {
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) {
      double sum = 0;
      for (int j = 0; j < N; j++) sum += a[i][j] * b[j][k];
      c[i][k] = sum;
    }
}

static NOINLINE void singles(void) {
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) {
      float sum = 0;
      for (int j = 0; j < N; j++) sum += as[i][j] * bs[j][k];
      cs[i][k] = sum;
    }
}

static uint64_t run(uint64_t number) {
  fill((uint32_t)number + 1);
  doubles();
  singles();
  uint64_t sum = 0, bits;
  uint32_t half;
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) {
      memcpy(&bits, &c[i][k], sizeof bits);
      memcpy(&half, &cs[i][k], sizeof half);
      sum = bench_mix(sum, bits ^ half);
    }
  return sum;
}

int main(int argc, char **argv) { return bench(argc, argv, "matmul", 1, run); }
