package dev.vestibule.cpu.fp;

/**
 * What are reciprocal and reciprocal root, nearly, and may software refine such an estimate? The
 * book asks for a precision of one part in 2<sup>14</sup> (4.6.6.1); these are rounded divisions
 * and roots, the estimates of qemu, so that runs can be compared bit by bit. FR, FI and XX,
 * undefined by the book, are those of the arithmetic.
 */
public final class Estimate {
  /** FL of ftdiv and ftsqrt: estimates are at least as precise as one part in 2^14. */
  private static final int PRECISE = 8;

  /** FG: an operand is infinite, a denormalized or zero divisor. */
  private static final int SPECIAL = 4;

  /** FE: the exponents rule out refinement. */
  private static final int UNSAFE = 2;

  private Estimate() {}

  /** fre, xsredp: 1 / a; ZX for zero. */
  public static long reciprocal(FpEnv env, long a) {
    return Bits.isNan(a) ? quiet(env, a) : Arithmetic.div(env, Bits.ONE, a);
  }

  /** fres, xsresp: 1 / a in single precision. */
  public static long reciprocalSingle(FpEnv env, long a) {
    return Bits.isNan(a) ? Nan.toSingle(quiet(env, a)) : Arithmetic.divSingle(env, Bits.ONE, a);
  }

  /** frsqrte, xsrsqrtedp: 1 / sqrt(a); ZX for zero, VXSQRT below. */
  public static long reciprocalRoot(FpEnv env, long a) {
    long root = Arithmetic.sqrt(env, a);
    if (Bits.isNan(root)) {
      return root;
    }
    int flags = env.flags;
    long result = Arithmetic.div(env, Bits.ONE, root);
    env.flags |= flags;
    return result;
  }

  /** frsqrtes, xsrsqrtesp: {@link #reciprocalRoot}, then rounded to single precision. */
  public static long reciprocalRootSingle(FpEnv env, long a) {
    long root = reciprocalRoot(env, a);
    int flags = env.flags;
    if (Bits.isNan(root)) {
      return Nan.toSingle(root);
    }
    long result = Arithmetic.roundToSingle(env, root);
    env.flags |= flags;
    return result;
  }

  private static long quiet(FpEnv env, long a) {
    return Nan.of(env, a);
  }

  /** ftdiv, xstdivdp, xvtdivdp: the CR field for a / b (4.6.6.1). */
  public static int testDivide(long a, long b) {
    return testDivide(a, b, -1022, 1021, 1023, -1021, -970);
  }

  /** xvtdivsp: the CR field for single-precision a / b. */
  public static int testDivideSingle(int a, int b) {
    return testDivide(
        Conversion.singleToDouble(a), Conversion.singleToDouble(b), -126, 125, 127, -125, -103);
  }

  private static int testDivide(
      long a, long b, int leastB, int mostB, int mostQuotient, int leastQuotient, int leastA) {
    int field = PRECISE;
    boolean infinite = Bits.isInfinite(a) || Bits.isInfinite(b);
    if (infinite || Bits.isZero(b) || !Bits.isNan(b) && Bits.exponent(b) < leastB) {
      field |= SPECIAL;
    }
    if (infinite || Bits.isNan(a) || Bits.isNan(b) || Bits.isZero(b)) {
      return field | UNSAFE;
    }
    int exponentB = clampedExponent(b, leastB);
    if (exponentB <= leastB || exponentB >= mostB) {
      return field | UNSAFE;
    }
    if (Bits.isZero(a)) {
      return field;
    }
    int exponentA = clampedExponent(a, leastB);
    int difference = exponentA - exponentB;
    boolean unsafe =
        difference >= mostQuotient || difference <= leastQuotient || exponentA <= leastA;
    return unsafe ? field | UNSAFE : field;
  }

  /** ftsqrt, xstsqrtdp, xvtsqrtdp: the CR field for the root of a (4.6.6.1). */
  public static int testRoot(long a) {
    return testRoot(a, -1022, -970);
  }

  /** xvtsqrtsp: the CR field for the single-precision root of a. */
  public static int testRootSingle(int a) {
    return testRoot(Conversion.singleToDouble(a), -126, -103);
  }

  private static int testRoot(long a, int leastNormal, int least) {
    if (Bits.isNan(a)) {
      return PRECISE | UNSAFE;
    }
    if (Bits.isInfinite(a) || Bits.isZero(a)) {
      return PRECISE | SPECIAL | UNSAFE;
    }
    int field = Bits.exponent(a) < leastNormal ? PRECISE | SPECIAL : PRECISE;
    return a < 0 || Bits.exponent(a) <= least ? field | UNSAFE : field;
  }

  /** The exponent as the format's field gives it: that of denormalized numbers is one below. */
  private static int clampedExponent(long bits, int leastNormal) {
    return Math.max(Bits.exponent(bits), leastNormal - 1);
  }
}
