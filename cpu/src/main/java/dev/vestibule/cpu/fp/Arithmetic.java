package dev.vestibule.cpu.fp;

/**
 * What are sum, product, quotient, root and multiply-add of numbers in double format, rounded to
 * double or (the {@code Single} forms) once to single precision and then held in double format?
 *
 * <p>Each method assigns {@code env.flags} and honours {@code env.rounding} and {@code env.enables}
 * (sections 4.3, 4.4); when {@link FpEnv#suppressed()} holds afterwards, the returned value must
 * not be stored. The common case, nearest-even with normal operands and result, uses the host's
 * arithmetic and recovers from it on which side of the exact value the result lies: by Knuth's
 * two-sum, by the significands' remainder modulo 2<sup>64</sup>, or by Boldo and Muller's error of
 * a multiply-add. Everything else goes to {@link ExactArithmetic}.
 *
 * <p>That side is called direction below: positive when the exact value is the greater in
 * magnitude, negative when it is the smaller, zero when the result is exact.
 */
public final class Arithmetic {
  private static final long EXPONENT = 0x7FF0_0000_0000_0000L;

  /** Sums of magnitudes with exponents below this cannot overflow, intermediate ones included. */
  private static final long HUGE = 0x7FC0_0000_0000_0000L;

  /** From this exponent on, the rounding error of a product is itself a double. */
  private static final long SMALL = 0x0400_0000_0000_0000L;

  /** Results from this exponent on are not tiny, before rounding neither. */
  private static final long NOT_TINY = 0x0020_0000_0000_0000L;

  /** Fraction bits that are zero in a number of single precision. */
  private static final long BEYOND_SINGLE = (1L << 29) - 1;

  /** The range in which single precision is normal before and after rounding: 2^-125 ... */
  private static final long SINGLE_LEAST = (1023L - 125) << 52;

  /** ... up to 2^127. */
  private static final long SINGLE_LIMIT = (1023L + 127) << 52;

  /** No result of the fast path: such a NaN is never one. */
  private static final long NONE = -1;

  private Arithmetic() {}

  /** fadd, xsadddp. */
  public static long add(FpEnv env, long a, long b) {
    double x = Double.longBitsToDouble(a);
    double y = Double.longBitsToDouble(b);
    double sum = x + y;
    long bits = Double.doubleToRawLongBits(sum);
    if (env.rounding == 0
        && (a & EXPONENT) < HUGE
        && (b & EXPONENT) < HUGE
        && ((bits & EXPONENT) != 0 || sum == 0)) {
      env.flags = inexact(direction(bits, sumError(x, y, sum)));
      return bits;
    }
    return ExactArithmetic.add(env, a, b, Rounding.DOUBLE);
  }

  /** fadds, xsaddsp. */
  public static long addSingle(FpEnv env, long a, long b) {
    if (env.rounding == 0) {
      double x = Double.longBitsToDouble(a);
      double y = Double.longBitsToDouble(b);
      double sum = x + y;
      if (sum == 0) {
        env.flags = 0;
        return Double.doubleToRawLongBits(sum);
      }
      long single = single(env, sum, sumError(x, y, sum));
      if (single != NONE) {
        return single;
      }
    }
    return ExactArithmetic.add(env, a, b, Rounding.SINGLE);
  }

  /** fsub, xssubdp. */
  public static long sub(FpEnv env, long a, long b) {
    return add(env, a, negateNumber(b));
  }

  /** fsubs, xssubsp. */
  public static long subSingle(FpEnv env, long a, long b) {
    return addSingle(env, a, negateNumber(b));
  }

  /** fmul, xsmuldp. */
  public static long mul(FpEnv env, long a, long b) {
    double product = Double.longBitsToDouble(a) * Double.longBitsToDouble(b);
    long bits = Double.doubleToRawLongBits(product);
    if (env.rounding == 0 && normal(a, b, bits & EXPONENT)) {
      env.flags = inexact(productDirection(a, b, bits));
      return bits;
    }
    return ExactArithmetic.mul(env, a, b, Rounding.DOUBLE);
  }

  /** fmuls, xsmulsp. */
  public static long mulSingle(FpEnv env, long a, long b) {
    double product = Double.longBitsToDouble(a) * Double.longBitsToDouble(b);
    long bits = Double.doubleToRawLongBits(product);
    if (env.rounding == 0 && normal(a, b, bits & EXPONENT)) {
      long single = narrowed(env, bits, productDirection(a, b, bits));
      if (single != NONE) {
        return single;
      }
    }
    return ExactArithmetic.mul(env, a, b, Rounding.SINGLE);
  }

  /** fdiv, xsdivdp. */
  public static long div(FpEnv env, long a, long b) {
    double quotient = Double.longBitsToDouble(a) / Double.longBitsToDouble(b);
    long bits = Double.doubleToRawLongBits(quotient);
    if (env.rounding == 0 && normal(a, b, bits & EXPONENT)) {
      env.flags = inexact(-productDirection(bits, b, a));
      return bits;
    }
    return ExactArithmetic.div(env, a, b, Rounding.DOUBLE);
  }

  /** fdivs, xsdivsp. */
  public static long divSingle(FpEnv env, long a, long b) {
    double quotient = Double.longBitsToDouble(a) / Double.longBitsToDouble(b);
    long bits = Double.doubleToRawLongBits(quotient);
    if (env.rounding == 0 && normal(a, b, bits & EXPONENT)) {
      long single = narrowed(env, bits, -productDirection(bits, b, a));
      if (single != NONE) {
        return single;
      }
    }
    return ExactArithmetic.div(env, a, b, Rounding.SINGLE);
  }

  /** fsqrt, xssqrtdp. */
  public static long sqrt(FpEnv env, long a) {
    if (env.rounding == 0 && a >= NOT_TINY && a < EXPONENT) {
      long bits = Double.doubleToRawLongBits(Math.sqrt(Double.longBitsToDouble(a)));
      env.flags = inexact(-productDirection(bits, bits, a));
      return bits;
    }
    return ExactArithmetic.sqrt(env, a, Rounding.DOUBLE);
  }

  /** fsqrts, xssqrtsp. */
  public static long sqrtSingle(FpEnv env, long a) {
    if (env.rounding == 0 && a >= NOT_TINY && a < EXPONENT) {
      long bits = Double.doubleToRawLongBits(Math.sqrt(Double.longBitsToDouble(a)));
      long single = narrowed(env, bits, -productDirection(bits, bits, a));
      if (single != NONE) {
        return single;
      }
    }
    return ExactArithmetic.sqrt(env, a, Rounding.SINGLE);
  }

  /**
   * fmadd FRT,FRA,FRC,FRB: a * c + b, rounded once. The operands stand in the order of the
   * assembler; the first NaN of a, b, c is delivered. For xsmadda/xsmaddm: a is XA, b the addend.
   */
  public static long madd(FpEnv env, long a, long c, long b) {
    if (env.rounding == 0 && HostFma.IS_FAST) {
      double x = Double.longBitsToDouble(a);
      double y = Double.longBitsToDouble(c);
      double z = Double.longBitsToDouble(b);
      double product = x * y;
      double result = Math.fma(x, y, z);
      long bits = Double.doubleToRawLongBits(result);
      if (fused(product, b, bits & EXPONENT)) {
        env.flags = inexact(direction(bits, fusedError(x, y, z, product, result)));
        return bits;
      }
    }
    return ExactArithmetic.madd(env, a, c, b, Rounding.DOUBLE);
  }

  /** fmadds, xsmaddasp; operands as in {@link #madd}. */
  public static long maddSingle(FpEnv env, long a, long c, long b) {
    if (env.rounding == 0 && ((a | c) & BEYOND_SINGLE) == 0) {
      // Single-precision factors, as they should be: their product is exact.
      double product = Double.longBitsToDouble(a) * Double.longBitsToDouble(c);
      double z = Double.longBitsToDouble(b);
      double sum = product + z;
      long size = Double.doubleToRawLongBits(product) & EXPONENT;
      if (size >= SMALL && size < HUGE) {
        long single = single(env, sum, sumError(product, z, sum));
        if (single != NONE) {
          return single;
        }
      }
    }
    return ExactArithmetic.madd(env, a, c, b, Rounding.SINGLE);
  }

  /** fmsub, xsmsubadp: a * c - b; operands as in {@link #madd}. */
  public static long msub(FpEnv env, long a, long c, long b) {
    return madd(env, a, c, negateNumber(b));
  }

  /** fmsubs, xsmsubasp: a * c - b; operands as in {@link #madd}. */
  public static long msubSingle(FpEnv env, long a, long c, long b) {
    return maddSingle(env, a, c, negateNumber(b));
  }

  /** fnmadd, xsnmaddadp: -(a * c + b), negated after rounding, a NaN not at all. */
  public static long nmadd(FpEnv env, long a, long c, long b) {
    return negateNumber(madd(env, a, c, b));
  }

  /** fnmadds, xsnmaddasp: see {@link #nmadd}. */
  public static long nmaddSingle(FpEnv env, long a, long c, long b) {
    return negateNumber(maddSingle(env, a, c, b));
  }

  /** fnmsub, xsnmsubadp: -(a * c - b), negated after rounding, a NaN not at all. */
  public static long nmsub(FpEnv env, long a, long c, long b) {
    return negateNumber(madd(env, a, c, negateNumber(b)));
  }

  /** fnmsubs, xsnmsubasp: see {@link #nmsub}. */
  public static long nmsubSingle(FpEnv env, long a, long c, long b) {
    return negateNumber(maddSingle(env, a, c, negateNumber(b)));
  }

  /**
   * frsp, xsrsp: a double rounded to single precision, in double format. A NaN loses the 29
   * fraction bits that single format does not have.
   */
  public static long roundToSingle(FpEnv env, long a) {
    if (env.rounding == 0) {
      long single = single(env, Double.longBitsToDouble(a), 0);
      if (single != NONE) {
        return single;
      }
    }
    if (Bits.isNan(a)) {
      return Nan.toSingle(Nan.of(env, a));
    }
    env.flags = 0;
    return Bits.isInfinite(a) || Bits.isZero(a)
        ? a
        : ExactArithmetic.repack(env, a, Rounding.SINGLE);
  }

  private static long negateNumber(long a) {
    return Bits.isNan(a) ? a : a ^ Bits.SIGN;
  }

  /** No flags for a direction of zero, else XX and FI, and FR when the magnitude went up. */
  private static int inexact(long direction) {
    return direction == 0 ? 0 : Fpscr.XX | Fpscr.FI | (int) (direction >>> 63) * Fpscr.FR;
  }

  /** The direction of a result from which the exact value differs by {@code error}. */
  private static long direction(long result, double error) {
    return error == 0 ? 0 : Double.doubleToRawLongBits(error) ^ result | 1;
  }

  /**
   * The direction of a product. All significands have 53 bits; the exact product and the rounded
   * one differ by less than 2^54 units of it, so 64 bits of each are enough.
   */
  private static long productDirection(long a, long b, long product) {
    int shift = Bits.biased(product) - Bits.biased(a) - Bits.biased(b) + 1023 + 52;
    return whole(a) * whole(b) - (whole(product) << shift);
  }

  private static long whole(long bits) {
    return bits & Bits.FRACTION | 1L << 52;
  }

  /** Whether both operands and a result of this exponent field are normal numbers, none tiny. */
  private static boolean normal(long a, long b, long size) {
    return (a & EXPONENT) != 0 && (b & EXPONENT) != 0 && size >= NOT_TINY && size < EXPONENT;
  }

  /** The exact x + y - sum. */
  private static double sumError(double x, double y, double sum) {
    double part = sum - x;
    return (x - (sum - part)) + (y - part);
  }

  /** Whether {@link #fusedError} is exact: neither overflow nor underflow on its way. */
  private static boolean fused(double product, long addend, long size) {
    long productSize = Double.doubleToRawLongBits(product) & EXPONENT;
    return productSize >= SMALL
        && productSize < HUGE
        && (addend & EXPONENT) < HUGE
        && size >= SMALL
        && size < HUGE;
  }

  /** A number with the sign of x * y + z - result, zero when that is. */
  private static double fusedError(double x, double y, double z, double product, double result) {
    double low = Math.fma(x, y, -product);
    double middle = z + low;
    double middleError = sumError(z, low, middle);
    double high = product + middle;
    double highError = sumError(product, middle, high);
    return (high - result + highError) + middleError;
  }

  /**
   * Rounds to single precision, once, the exact value {@code value + error}, of which {@code value}
   * is the nearest double; {@link #NONE} outside the normal range.
   */
  private static long single(FpEnv env, double value, double error) {
    long bits = Double.doubleToRawLongBits(value);
    return narrowed(env, bits, direction(bits, error));
  }

  private static long narrowed(FpEnv env, long value, long direction) {
    // Truncated with the last bit set, a number rounds to fewer bits as the exact one does.
    long odd = direction == 0 || (value & 1) != 0 ? value : value + (direction >> 63 | 1);
    double exact = Double.longBitsToDouble(odd);
    double single = (float) exact;
    long bits = Double.doubleToRawLongBits(single);
    long size = bits & EXPONENT;
    if (size < SINGLE_LEAST || size >= SINGLE_LIMIT) {
      return NONE;
    }
    env.flags = inexact(direction(bits, exact - single));
    return bits;
  }
}
