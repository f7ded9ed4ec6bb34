package dev.vestibule.cpu.fp;

/**
 * What does one lane of a VMX floating-point instruction deliver? Single format, nearest-even
 * always, no exceptions (sections 6.6, 6.10). Parameter {@code flush} is VSCR.NJ: denormalized
 * operands and results become zeros of their sign.
 */
public final class VmxLane {
  private static final int DEFAULT_NAN = 0x7FC0_0000;
  private static final int QUIET = 0x0040_0000;
  private static final int INFINITY = 0x7F80_0000;
  private static final int LEAST_NORMAL = 0x0080_0000;
  private static final double LN_2 = StrictMath.log(2);
  private static final int SIGN = 0x8000_0000;

  /** The bit by which {@link #toSigned} and {@link #toUnsigned} say that they saturated. */
  public static final long SATURATED = 1L << 32;

  private VmxLane() {}

  /** vaddfp. */
  public static int add(int a, int b, boolean flush) {
    float sum = value(a, flush) + value(b, flush);
    return Float.isNaN(sum) ? nan(a, b, b) : result(sum, flush);
  }

  /** vsubfp. */
  public static int sub(int a, int b, boolean flush) {
    float difference = value(a, flush) - value(b, flush);
    return Float.isNaN(difference) ? nan(a, b, b) : result(difference, flush);
  }

  /** vmaddfp: a * c + b, rounded once; the first NaN of a, b, c is delivered. */
  public static int madd(int a, int c, int b, boolean flush) {
    float x = value(a, flush);
    float y = value(c, flush);
    float z = value(b, flush);
    return multiplyAdd(a, c, b, x, y, z, flush);
  }

  /** vnmsubfp: -(a * c - b), rounded once; NaNs as in {@link #madd}, not negated. */
  public static int nmsub(int a, int c, int b, boolean flush) {
    float x = value(a, flush);
    float y = value(c, flush);
    float z = value(b, flush);
    int result = multiplyAdd(a, c, b, x, y, -z, flush);
    return isNan(result) ? result : result ^ SIGN;
  }

  private static int multiplyAdd(int a, int c, int b, float x, float y, float z, boolean flush) {
    double product = (double) x * y;
    double sum = product + z;
    if (Double.isNaN(sum)) {
      return nan(a, b, c);
    }
    double part = sum - product;
    double error = (product - (sum - part)) + (z - part);
    if (error != 0 && Math.abs(sum) <= Double.MAX_VALUE) {
      sum = roundedToOdd(sum, error);
    }
    // The exact sum is below the least normal number in magnitude exactly when the odd one is.
    return flush && Math.abs(sum) < Float.MIN_NORMAL
        ? Float.floatToRawIntBits((float) sum) & SIGN
        : Float.floatToRawIntBits((float) sum);
  }

  /** The truncated sum with its last bit set: it rounds to fewer bits as the exact one does. */
  private static double roundedToOdd(double sum, double error) {
    long bits = Double.doubleToRawLongBits(sum);
    if ((bits & 1) == 0) {
      bits += (Double.doubleToRawLongBits(error) ^ bits) < 0 ? -1 : 1;
    }
    return Double.longBitsToDouble(bits);
  }

  /** vmaxfp: the greater, +0 above -0; the first NaN made quiet. */
  public static int max(int a, int b, boolean flush) {
    if (isNan(a) || isNan(b)) {
      return nan(a, b, b);
    }
    int x = flushed(a, flush);
    int y = flushed(b, flush);
    return key(x) >= key(y) ? x : y;
  }

  /** vminfp: the smaller; otherwise as {@link #max}. */
  public static int min(int a, int b, boolean flush) {
    if (isNan(a) || isNan(b)) {
      return nan(a, b, b);
    }
    int x = flushed(a, flush);
    int y = flushed(b, flush);
    return key(x) <= key(y) ? x : y;
  }

  /** vrefp: 1 / a, correctly rounded (asked for: one part in 2^12). */
  public static int reciprocal(int a, boolean flush) {
    float reciprocal = 1 / value(a, flush);
    return Float.isNaN(reciprocal) ? nan(a, a, a) : result(reciprocal, flush);
  }

  /** vrsqrtefp: 1 / sqrt(a), root and quotient rounded (asked for: one part in 2^12). */
  public static int reciprocalRoot(int a, boolean flush) {
    float reciprocal = 1 / (float) Math.sqrt(value(a, flush));
    return Float.isNaN(reciprocal) ? nan(a, a, a) : result(reciprocal, flush);
  }

  /** vexptefp: 2<sup>a</sup> (asked for: one part in 16, and exact for integral a). */
  public static int exp2(int a, boolean flush) {
    if (isNan(a)) {
      return a | QUIET;
    }
    return result((float) StrictMath.pow(2, value(a, flush)), flush);
  }

  /** vlogefp: log<sub>2</sub> a (asked for: within 1/32, and exact for powers of two). */
  public static int log2(int a, boolean flush) {
    if (isNan(a)) {
      return a | QUIET;
    }
    double x = value(a, flush);
    if (x == 0) {
      return SIGN | INFINITY;
    }
    if (x < 0) {
      return DEFAULT_NAN;
    }
    if (x == Double.POSITIVE_INFINITY) {
      return INFINITY;
    }
    int exponent = Math.getExponent(x);
    double fraction = Math.scalb(x, -exponent);
    // Around 1 the whole part would cancel: keep log2(1 + small) by itself.
    double logarithm =
        exponent == -1
            ? StrictMath.log1p(x - 1) / LN_2
            : exponent + StrictMath.log1p(fraction - 1) / LN_2;
    return result((float) (fraction == 1 ? exponent : logarithm), flush);
  }

  /**
   * vrfin, vrfiz, vrfip, vrfim: the integral value under one of FpEnv's modes; vrfin is {@link
   * FpEnv#NEAREST_EVEN}.
   */
  public static int roundToIntegral(int a, int rounding, boolean flush) {
    if (isNan(a)) {
      return a | QUIET;
    }
    double x = value(a, flush);
    double integral =
        switch (rounding) {
          case FpEnv.NEAREST_EVEN -> Math.rint(x);
          case FpEnv.UPWARD -> Math.ceil(x);
          case FpEnv.DOWNWARD -> Math.floor(x);
          case FpEnv.TOWARD_ZERO -> x < 0 ? Math.ceil(x) : Math.floor(x);
          default -> throw new IllegalArgumentException("rounding " + rounding);
        };
    return Float.floatToRawIntBits((float) integral) | a & SIGN;
  }

  /**
   * vctsxs: a * 2<sup>scale</sup> toward zero, saturated; 0 for a NaN.
   *
   * @param scale UIM, 0 to 31
   * @return the word in bits 0 to 31, {@link #SATURATED} or 0 above
   */
  public static long toSigned(int a, int scale, boolean flush) {
    double x = Math.scalb((double) value(a, flush), scale);
    long whole = (long) x;
    int word = Math.clamp(whole, Integer.MIN_VALUE, Integer.MAX_VALUE);
    return word & 0xFFFF_FFFFL | (word != whole ? SATURATED : 0);
  }

  /** vctuxs: as {@link #toSigned}, unsigned. */
  public static long toUnsigned(int a, int scale, boolean flush) {
    double x = Math.scalb((double) value(a, flush), scale);
    long whole = (long) x;
    long word = Math.clamp(whole, 0L, 0xFFFF_FFFFL);
    return word != whole ? word | SATURATED : word;
  }

  /**
   * vcfsx: value / 2<sup>scale</sup>, rounded to nearest.
   *
   * @param scale UIM, 0 to 31
   */
  public static int fromSigned(int value, int scale) {
    return Float.floatToRawIntBits(Math.scalb((float) value, -scale));
  }

  /** vcfux: as {@link #fromSigned}, unsigned. */
  public static int fromUnsigned(int value, int scale) {
    return Float.floatToRawIntBits(Math.scalb((float) Integer.toUnsignedLong(value), -scale));
  }

  /** vcmpeqfp. */
  public static boolean equal(int a, int b, boolean flush) {
    return value(a, flush) == value(b, flush);
  }

  /** vcmpgtfp. */
  public static boolean greater(int a, int b, boolean flush) {
    return value(a, flush) > value(b, flush);
  }

  /** vcmpgefp. */
  public static boolean greaterOrEqual(int a, int b, boolean flush) {
    return value(a, flush) >= value(b, flush);
  }

  /** vcmpbfp: the result word; bit 31 unless {@code a <= b}, bit 30 unless {@code a >= -b}. */
  public static int bounds(int a, int b, boolean flush) {
    float x = value(a, flush);
    float y = value(b, flush);
    return (x <= y ? 0 : SIGN) | (x >= -y ? 0 : 0x4000_0000);
  }

  private static boolean isNan(int a) {
    return (a & Integer.MAX_VALUE) > INFINITY;
  }

  private static int flushed(int a, boolean flush) {
    return flush && (a & Integer.MAX_VALUE) < LEAST_NORMAL ? a & SIGN : a;
  }

  private static float value(int a, boolean flush) {
    return Float.intBitsToFloat(flushed(a, flush));
  }

  private static int result(float value, boolean flush) {
    return flushed(Float.floatToRawIntBits(value), flush);
  }

  /** The first NaN operand made quiet, or the default NaN where there is none. */
  private static int nan(int a, int b, int c) {
    if (isNan(a)) {
      return a | QUIET;
    }
    return isNan(b) ? b | QUIET : isNan(c) ? c | QUIET : DEFAULT_NAN;
  }

  /** An integer that orders as the number does, -0 below +0. */
  private static int key(int bits) {
    return bits < 0 ? bits ^ Integer.MAX_VALUE : bits;
  }
}
