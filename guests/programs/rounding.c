/* Do the rounding modes and exception bits of floating-point arithmetic follow IEEE 754? */
#include "guest.h"

enum mode { NEAREST, ZERO, UP, DOWN };
enum { INEXACT = 1, DIVISION = 2, UNDERFLOW = 4, OVERFLOW = 8, INVALID = 16 };

#if defined __powerpc__
static uint64_t read_fpscr(void) {
  double value;
  uint64_t result;
  __asm__ volatile("mffs %0" : "=d"(value));
  memcpy(&result, &value, sizeof result);
  return result;
}

static void set_state(enum mode mode) {
  uint64_t bits = mode;
  double value;
  memcpy(&value, &bits, sizeof value);
  __asm__ volatile("mtfsf 255,%0" : : "d"(value));
}

/* FPSCR from the left: FX FEX VX OX UX ZX XX (Power ISA I, 4.2.2). */
static unsigned raised(void) {
  uint64_t s = read_fpscr();
  return (s >> 25 & 1 ? INEXACT : 0) | (s >> 26 & 1 ? DIVISION : 0) | (s >> 27 & 1 ? UNDERFLOW : 0) |
         (s >> 28 & 1 ? OVERFLOW : 0) | (s >> 29 & 1 ? INVALID : 0);
}
#else
static void set_state(enum mode mode) {
  static const unsigned control[] = {0, 3, 2, 1};
  unsigned value = 0x1f80 | control[mode] << 13;
  __asm__ volatile("ldmxcsr %0" : : "m"(value));
}

static unsigned raised(void) {
  unsigned s;
  __asm__ volatile("stmxcsr %0" : "=m"(s));
  return (s & 32 ? INEXACT : 0) | (s & 4 ? DIVISION : 0) | (s & 16 ? UNDERFLOW : 0) |
         (s & 8 ? OVERFLOW : 0) | (s & 1 ? INVALID : 0);
}
#endif

static double number(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

#define ONE 0x3ff0000000000000ull
#define THREE 0x4008000000000000ull
#define LARGEST 0x7fefffffffffffffull
#define SMALLEST_NORMAL 0x0010000000000000ull
#define TINIEST 1ull
#define INFINITY_BITS 0x7ff0000000000000ull
#define MINUS 0x8000000000000000ull
#define QUIET 0x7ff8000000000000ull
#define SIGNALLING 0x7ff4000000000000ull
#define TWO 0x4000000000000000ull

static const struct {
  const char *what;
  char operation;
  uint64_t a, b;
  uint64_t result[4]; /* to nearest, to zero, up, down */
  unsigned flags;
} cases[] = {
    {"1/3", '/', ONE, THREE,
     {0x3fd5555555555555, 0x3fd5555555555555, 0x3fd5555555555556, 0x3fd5555555555555}, INEXACT},
    {"-1/3", '/', ONE | MINUS, THREE,
     {0xbfd5555555555555, 0xbfd5555555555555, 0xbfd5555555555555, 0xbfd5555555555556}, INEXACT},
    {"2/3", '/', TWO, THREE,
     {0x3fe5555555555555, 0x3fe5555555555555, 0x3fe5555555555556, 0x3fe5555555555555}, INEXACT},
    {"1+2^-60", '+', ONE, 0x3c30000000000000,
     {ONE, ONE, ONE + 1, ONE}, INEXACT},
    {"1-2^-60", '-', ONE, 0x3c30000000000000,
     {ONE, ONE - 1, ONE, ONE - 1}, INEXACT},
    {"1-1", '-', ONE, ONE, {0, 0, 0, MINUS}, 0},
    {"largest*2", '*', LARGEST, TWO,
     {INFINITY_BITS, LARGEST, INFINITY_BITS, LARGEST}, INEXACT | OVERFLOW},
    {"-largest*2", '*', LARGEST | MINUS, TWO,
     {INFINITY_BITS | MINUS, LARGEST | MINUS, LARGEST | MINUS, INFINITY_BITS | MINUS},
     INEXACT | OVERFLOW},
    {"tiniest/2", '/', TINIEST, TWO, {0, 0, TINIEST, 0}, INEXACT | UNDERFLOW},
    {"smallest normal/2", '/', SMALLEST_NORMAL, TWO,
     {0x8000000000000, 0x8000000000000, 0x8000000000000, 0x8000000000000}, 0},
    {"smallest normal/3", '/', SMALLEST_NORMAL, THREE,
     {0x5555555555555, 0x5555555555555, 0x5555555555556, 0x5555555555555}, INEXACT | UNDERFLOW},
    {"1/0", '/', ONE, 0, {INFINITY_BITS, INFINITY_BITS, INFINITY_BITS, INFINITY_BITS}, DIVISION},
    {"signalling+1", '+', SIGNALLING, ONE,
     {SIGNALLING | QUIET, SIGNALLING | QUIET, SIGNALLING | QUIET, SIGNALLING | QUIET}, INVALID},
    {"quiet+1", '+', QUIET | 5, ONE, {QUIET | 5, QUIET | 5, QUIET | 5, QUIET | 5}, 0},
    {"infinity*2", '*', INFINITY_BITS, TWO,
     {INFINITY_BITS, INFINITY_BITS, INFINITY_BITS, INFINITY_BITS}, 0},
};

static NOINLINE double apply(char operation, volatile double a, volatile double b) {
  switch (operation) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    default: return a / b;
  }
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  static const char *const names[] = {"nearest", "zero", "up", "down"};
  int right = 0;
  for (size_t i = 0; i < COUNT(cases); i++) {
    for (int mode = NEAREST; mode <= DOWN; mode++) {
      set_state((enum mode)mode);
      double result = apply(cases[i].operation, number(cases[i].a), number(cases[i].b));
      unsigned flags = raised();
      set_state(NEAREST);
      uint64_t bits;
      memcpy(&bits, &result, sizeof bits);
      if (bits == cases[i].result[mode] && flags == cases[i].flags) {
        right++;
      } else {
        fail("%s to %s: %016llx (expected %016llx), flags %x (expected %x)", cases[i].what,
             names[mode], (unsigned long long)bits, (unsigned long long)cases[i].result[mode],
             flags, cases[i].flags);
      }
    }
  }
  say("%d of %d results with their exception bits", right, (int)COUNT(cases) * 4);

  /* Invalid operations give a quiet NaN; its sign is the machine's own. */
  static const struct {
    const char *what;
    char operation;
    uint64_t a, b;
  } invalid[] = {
      {"0/0", '/', 0, 0},
      {"infinity-infinity", '-', INFINITY_BITS, INFINITY_BITS},
      {"infinity*0", '*', INFINITY_BITS, 0},
      {"infinity/infinity", '/', INFINITY_BITS, INFINITY_BITS},
  };
  for (size_t i = 0; i < COUNT(invalid); i++) {
    set_state(NEAREST);
    double result = apply(invalid[i].operation, number(invalid[i].a), number(invalid[i].b));
    unsigned flags = raised();
    uint64_t bits;
    memcpy(&bits, &result, sizeof bits);
    if ((bits & ~MINUS) != QUIET || flags != INVALID) {
      fail("%s: %016llx, flags %x", invalid[i].what, (unsigned long long)bits, flags);
    }
  }
#if defined __powerpc__
  set_state(NEAREST);
  apply('/', number(ONE), number(THREE));
  expect(read_fpscr() >> 31 & 1, "FX is set with the first exception bit");
  expect(read_fpscr() >> 17 & 1, "FI tells that the result was rounded");
  expect(!(read_fpscr() >> 18 & 1), "FR is clear where 1/3 was rounded down");
  apply('+', number(ONE), number(ONE));
  expect(!(read_fpscr() >> 17 & 1) && raised() == INEXACT, "FI is of the last result, XX stays");
  expect((read_fpscr() >> 12 & 31) == 4, "FPRF says positive normal");
  set_state(NEAREST);
  apply('/', number(0), number(0));
  expect(read_fpscr() >> 21 & 1, "VXZDZ names 0/0");
  set_state(NEAREST);
#endif
  return finish();
}
