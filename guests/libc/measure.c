/* What costs how much? `measure KIND N` does something N times and prints nanoseconds for each.
   loops: integer kernels (table CRC, sieve, recursive calls, insertion sort);
   float: a small matrix product; clock: clock_gettime through libc; null: a system call that does
   nothing. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static unsigned table[256];
static unsigned char composite[8192];
static int numbers[512];
static double a[48][48], b[48][48], c[48][48];

static unsigned crc(unsigned length) {
  unsigned value = ~0u;
  for (unsigned i = 0; i < length; i++) value = value >> 8 ^ table[(value ^ i) & 255];
  return ~value;
}

static unsigned sieve(void) {
  unsigned primes = 0;
  memset(composite, 0, sizeof composite);
  for (unsigned i = 2; i < sizeof composite; i++)
    if (!composite[i]) {
      primes++;
      for (unsigned k = i + i; k < sizeof composite; k += i) composite[k] = 1;
    }
  return primes;
}

static __attribute__((noinline)) unsigned fibonacci(unsigned n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static unsigned sort(void) {
  int n = sizeof numbers / sizeof *numbers;
  for (int i = 0; i < n; i++) numbers[i] = i * 7919 & 511;
  for (int i = 1; i < n; i++) {
    int value = numbers[i], k = i;
    for (; k > 0 && numbers[k - 1] > value; k--) numbers[k] = numbers[k - 1];
    numbers[k] = value;
  }
  return numbers[99];
}

static double multiply(void) {
  for (int i = 0; i < 48; i++)
    for (int k = 0; k < 48; k++) {
      double sum = 0;
      for (int j = 0; j < 48; j++) sum += a[i][j] * b[j][k];
      c[i][k] = sum;
    }
  return c[7][9];
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "loops";
  long n = argc > 2 ? atol(argv[2]) : 10;
  double result = 0;
  for (unsigned i = 0; i < 256; i++) {
    unsigned value = i;
    for (int k = 0; k < 8; k++) value = value & 1 ? value >> 1 ^ 0xedb88320u : value >> 1;
    table[i] = value;
  }
  for (int i = 0; i < 48; i++)
    for (int k = 0; k < 48; k++) a[i][k] = i + k * 0.5, b[i][k] = i - k * 0.25;
  int choice = !strcmp(kind, "loops") ? 0 : !strcmp(kind, "float") ? 1 : !strcmp(kind, "clock") ? 2
               : !strcmp(kind, "null") ? 3 : 4;
  long long start = now();
  for (long i = 0; i < n; i++) switch (choice) {
      case 0: result += crc(20000) + sieve() + fibonacci(16) + sort(); break;
      case 1: result += multiply(); break;
      case 2: result += now() & 1; break;
      case 3: result += syscall(SYS_getppid) & 1; break;
      default: return 2;
    }
  printf("%s %.1f ns (%.0f)\n", kind, (double)(now() - start) / n, result);
  return 0;
}
