/* Fourier transforms there and back, with integers converted to and from floating point. */
#include <math.h>

#include "bench.h"

enum { LOG = 12, N = 1 << LOG };

static double re[N], im[N], cosines[N / 2], sines[N / 2];
static int32_t samples[N];

static NOINLINE void transform(int back) {
  for (unsigned i = 1, k = 0; i < N; i++) {
    unsigned bit = N >> 1;
    for (; k & bit; bit >>= 1) k ^= bit;
    k ^= bit;
    if (i < k) {
      double r = re[i], m = im[i];
      re[i] = re[k], im[i] = im[k];
      re[k] = r, im[k] = m;
    }
  }
  for (int length = 2; length <= N; length <<= 1) {
    int half = length / 2, stride = N / length;
    for (int start = 0; start < N; start += length)
      for (int k = 0; k < half; k++) {
        double wr = cosines[k * stride], wi = back ? sines[k * stride] : -sines[k * stride];
        double *r = &re[start + k], *m = &im[start + k];
        double vr = r[half] * wr - m[half] * wi, vi = r[half] * wi + m[half] * wr;
        r[half] = r[0] - vr, m[half] = m[0] - vi;
        r[0] += vr, m[0] += vi;
      }
  }
}

/* Roots of unity by rotation, so that no library decides their last bits. */
static void prepare(void) {
  double c = 0.99999882345170190993, s = 0.0015339801862847656123, x = 1, y = 0;
  for (int k = 0; k < N / 2; k++) {
    cosines[k] = x, sines[k] = y;
    double next = x * c - y * s;
    y = x * s + y * c;
    x = next;
  }
}

static uint64_t run(uint64_t number) {
  uint32_t seed = (uint32_t)number + 1;
  prepare();
  for (int i = 0; i < N; i++) {
    samples[i] = (int32_t)(bench_random(&seed) % 65536) - 32768;
    re[i] = samples[i], im[i] = 0;
  }
  transform(0);
  for (int i = N / 8; i < N - N / 8; i++) re[i] = im[i] = 0; /* a low pass */
  transform(1);
  uint64_t sum = 0;
  for (int i = 0; i < N; i++) {
    double value = re[i] / N;
    if (value > 32767) value = 32767;
    if (value < -32768) value = -32768;
    sum = bench_mix(sum, (uint64_t)(int64_t)(value * 256) ^ (uint32_t)(int32_t)value);
  }
  return sum;
}

int main(int argc, char **argv) { return bench(argc, argv, "fft", 1, run); }
