/* Do the VMX and VSX instructions this processor claims to have give known answers? */
#include "guest.h"

#if defined __powerpc__
#define HAS_ALTIVEC 0x10000000ul
#define HAS_VSX 0x00000080ul
#define HAS_ARCH_2_07 0x80000000ul /* in AT_HWCAP2 */

typedef uint32_t words[4] __attribute__((aligned(16)));

/* OPERATION on vectors loaded from a and b (v0, v1) into c (v2). The compiler is told nothing of
 * the registers where it does not use them itself. */
#if defined __ALTIVEC__
#define CLOBBERS "memory", "v0", "v1", "v2", "v3"
#else
#define CLOBBERS "memory"
#endif
#define APPLY(operation, a, b, c)                                                     \
  __asm__ volatile(".machine push\n\t.machine power8\n\tlvx 0,0,%0\n\tlvx 1,0,%1\n\t" \
                   operation "\n\tstvx 2,0,%2\n\t.machine pop"                        \
                   :                                                                  \
                   : "b"(a), "b"(b), "b"(c)                                           \
                   : CLOBBERS)

static int right;

static void check(const char *what, const words got, uint32_t a, uint32_t b, uint32_t c,
                  uint32_t d) {
  if (got[0] == a && got[1] == b && got[2] == c && got[3] == d) {
    right++;
  } else {
    fail("%s: %08x %08x %08x %08x", what, got[0], got[1], got[2], got[3]);
  }
}

static void vmx(void) {
  words a = {1, 0x7fffffff, 0x80000000, 0xffffffff}, b = {2, 1, 0xffffffff, 2}, c;
  APPLY("vadduwm 2,0,1", a, b, c);
  check("vadduwm", c, 3, 0x80000000, 0x7fffffff, 1);
  APPLY("vaddsws 2,0,1", a, b, c);
  check("vaddsws", c, 3, 0x7fffffff, 0x80000000, 1);
  APPLY("vadduws 2,0,1", a, b, c);
  check("vadduws", c, 3, 0x80000000, 0xffffffff, 0xffffffff);
  APPLY("vsubuwm 2,0,1", a, b, c);
  check("vsubuwm", c, 0xffffffff, 0x7ffffffe, 0x80000001, 0xfffffffd);
  APPLY("vmaxsw 2,0,1", a, b, c);
  check("vmaxsw", c, 2, 0x7fffffff, 0xffffffff, 2);
  APPLY("vand 2,0,1", a, b, c);
  check("vand", c, 0, 1, 0x80000000, 2);
  APPLY("vxor 2,0,1", a, b, c);
  check("vxor", c, 3, 0x7ffffffe, 0x7fffffff, 0xfffffffd);
  APPLY("vsel 2,0,1,1", a, b, c);
  check("vsel", c, 3, 0x7fffffff, 0xffffffff, 0xffffffff);
  APPLY("vcmpgtsw 2,0,1", a, b, c);
  check("vcmpgtsw", c, 0, 0xffffffff, 0, 0);
  APPLY("vslw 2,0,1", a, b, c);
  check("vslw", c, 4, 0xfffffffe, 0, 0xfffffffc);
  APPLY("vsraw 2,0,1", a, b, c);
  check("vsraw", c, 0, 0x3fffffff, 0xffffffff, 0xffffffff);
  words f = {0x3f800000, 0x40000000, 0xc0400000, 0x7f800000}; /* 1 2 -3 inf */
  words g = {0x3f800000, 0x3f000000, 0x40000000, 0x3f800000}; /* 1 .5 2 1 */
  APPLY("vaddfp 2,0,1", f, g, c);
  check("vaddfp", c, 0x40000000, 0x40200000, 0xbf800000, 0x7f800000);
  APPLY("vmaddfp 2,0,1,1", f, g, c); /* f * g + g */
  check("vmaddfp", c, 0x40000000, 0x3fc00000, 0xc0800000, 0x7f800000);
  APPLY("vctsxs 2,0,1", f, g, c);
  check("vctsxs", c, 2, 4, 0xfffffffa, 0x7fffffff);
  APPLY("vspltisw 2,-7", a, b, c);
  check("vspltisw", c, 0xfffffff9, 0xfffffff9, 0xfffffff9, 0xfffffff9);

  /* Bytes: reverse all sixteen through a permutation that names them in register order. */
  unsigned char order[16] __attribute__((aligned(16)));
  unsigned char bytes[16] __attribute__((aligned(16)));
  unsigned char out[16] __attribute__((aligned(16)));
  for (int i = 0; i < 16; i++) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    order[i] = (unsigned char)(15 - i);
#else
    order[i] = (unsigned char)i; /* lands in the register's byte 15 - i */
#endif
    bytes[i] = (unsigned char)(0x10 + i);
  }
  __asm__ volatile("" : : : "memory");
  APPLY("vperm 2,0,0,1", bytes, order, out);
  bool reversed = true;
  for (int i = 0; i < 16; i++) {
    reversed &= out[i] == 0x10 + 15 - i;
  }
  expect(reversed, "vperm reverses");
  /* Saturation is remembered in VSCR's last bit. */
  words zero = {0}, state;
  APPLY("mtvscr 1\n\tvaddsws 2,0,0\n\tmfvscr 2", a, zero, state);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  check("VSCR", state, 0, 0, 0, 1);
#else
  check("VSCR", state, 1, 0, 0, 0);
#endif
  say("VMX: %d results right", right);
}

/* vs32..vs35 are v0..v3. */
static void vsx(void) {
  right = 0;
  double a[2] __attribute__((aligned(16))) = {1.5, -2.0};
  double b[2] __attribute__((aligned(16))) = {0.25, 3.0};
  double c[2] __attribute__((aligned(16)));
  static const struct {
    double low, high;
  } expected[] = {{1.75, 1.0}, {0.375, -6.0}, {6.0, -2.0 / 3.0}, {1.5, 2.0}, {1.5, 3.0}};
  for (int i = 0; i < (int)COUNT(expected); i++) {
    switch (i) {
      case 0: APPLY("xvadddp 34,32,33", a, b, c); break;
      case 1: APPLY("xvmuldp 34,32,33", a, b, c); break;
      case 2: APPLY("xvdivdp 34,32,33", a, b, c); break;
      case 3: APPLY("xvabsdp 34,32", a, b, c); break;
      default: APPLY("xvmaxdp 34,32,33", a, b, c); break;
    }
    if (c[0] == expected[i].low && c[1] == expected[i].high) {
      right++;
    } else {
      fail("VSX operation %d", i);
    }
  }
  words x = {1, 2, 3, 4}, y = {5, 6, 7, 8}, z;
  APPLY("xxlxor 34,32,33", x, y, z);
  check("xxlxor", z, 4, 4, 4, 12);
  say("VSX: %d results right", right);
}

static void vsx_2_07(void) {
  right = 0;
  words a = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, b = {1, 0, 0, 1}, c;
  APPLY("vadduqm 2,0,1", a, b, c);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  check("vadduqm", c, 1, 0, 0, 0);
#else
  check("vadduqm", c, 0, 0, 0, 1);
#endif
  APPLY("xxleqv 34,32,33", a, b, c);
  check("xxleqv", c, 1, 0, 0, 1);
  APPLY("vclzw 2,1", a, b, c);
  check("vclzw", c, 31, 32, 32, 31);
  say("Power ISA 2.07: %d results right", right);
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  unsigned long has = 0, has2 = 0;
  auxiliary_value(AT_HWCAP, &has);
  auxiliary_value(AT_HWCAP2, &has2);
  if (has & HAS_ALTIVEC) {
    vmx();
  } else {
    say("this processor has no VMX");
  }
  if (has & HAS_VSX) {
    vsx();
  } else {
    say("this processor has no VSX");
  }
  if (has & HAS_VSX && has2 & HAS_ARCH_2_07) {
    vsx_2_07();
  }
  return finish();
}
#else
int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  say("not a Power processor");
  return finish();
}
#endif
