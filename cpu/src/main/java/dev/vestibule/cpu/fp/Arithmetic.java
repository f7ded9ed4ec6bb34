package dev.vestibule.cpu.fp;

/**
 * What are sum, product, quotient, root and multiply-add of numbers in double format, rounded to
 * double or (the {@code Single} forms) once to single precision and then held in double format?
 *
 * <p>Each method assigns {@code env.flags} and honours {@code env.rounding} and {@code env.enables}
 * (sections 4.3, 4.4); when {@link FpEnv#suppressed()} holds afterwards, the returned value must
 * not be stored. The common case, nearest-even with operands and result well inside the range, uses
 * the host's arithmetic and recovers the exact rounding error from it (Knuth's two-sum; a fused
 * remainder; Boldo and Muller's error of a multiply-add); everything else goes to {@link
 * ExactArithmetic}.
 */
public final class Arithmetic {
  private static final long EXPONENT = 0x7FF0_0000_0000_0000L;

  /** Sums of magnitudes with exponents below this cannot overflow, intermediate ones included. */
  private static final long HUGE = 0x7FC0_0000_0000_0000L;

  /** From this exponent on, the rounding error of a product or quotient is itself a double. */
  private static final long SMALL = 0x0400_0000_0000_0000L;

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
      inexact(env, bits, sumError(x, y, sum));
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
    double x = Double.longBitsToDouble(a);
    double y = Double.longBitsToDouble(b);
    double product = x * y;
    long bits = Double.doubleToRawLongBits(product);
    long size = bits & EXPONENT;
    if (env.rounding == 0 && size >= SMALL && size < HUGE) {
      inexact(env, bits, Math.fma(x, y, -product));
      return bits;
    }
    return ExactArithmetic.mul(env, a, b, Rounding.DOUBLE);
  }

  /** fmuls, xsmulsp. */
  public static long mulSingle(FpEnv env, long a, long b) {
    if (env.rounding == 0) {
      double x = Double.longBitsToDouble(a);
      double y = Double.longBitsToDouble(b);
      double product = x * y;
      long single = single(env, product, Math.fma(x, y, -product));
      if (single != NONE) {
        return single;
      }
    }
    return ExactArithmetic.mul(env, a, b, Rounding.SINGLE);
  }

  /** fdiv, xsdivdp. */
  public static long div(FpEnv env, long a, long b) {
    double x = Double.longBitsToDouble(a);
    double y = Double.longBitsToDouble(b);
    double quotient = x / y;
    long bits = Double.doubleToRawLongBits(quotient);
    long size = bits & EXPONENT;
    if (env.rounding == 0 && (a & EXPONENT) >= SMALL && size >= SMALL && size < HUGE) {
      inexact(env, bits, quotientError(x, y, quotient));
      return bits;
    }
    return ExactArithmetic.div(env, a, b, Rounding.DOUBLE);
  }

  /** fdivs, xsdivsp. */
  public static long divSingle(FpEnv env, long a, long b) {
    if (env.rounding == 0 && (a & EXPONENT) >= SMALL) {
      double x = Double.longBitsToDouble(a);
      double y = Double.longBitsToDouble(b);
      double quotient = x / y;
      long single = single(env, quotient, quotientError(x, y, quotient));
      if (single != NONE) {
        return single;
      }
    }
    return ExactArithmetic.div(env, a, b, Rounding.SINGLE);
  }

  /** fsqrt, xssqrtdp. */
  public static long sqrt(FpEnv env, long a) {
    double x = Double.longBitsToDouble(a);
    double root = Math.sqrt(x);
    if (env.rounding == 0 && a >= SMALL && a < EXPONENT) {
      long bits = Double.doubleToRawLongBits(root);
      inexact(env, bits, Math.fma(-root, root, x));
      return bits;
    }
    return ExactArithmetic.sqrt(env, a, Rounding.DOUBLE);
  }

  /** fsqrts, xssqrtsp. */
  public static long sqrtSingle(FpEnv env, long a) {
    if (env.rounding == 0 && a >= SMALL && a < EXPONENT) {
      double x = Double.longBitsToDouble(a);
      double root = Math.sqrt(x);
      long single = single(env, root, Math.fma(-root, root, x));
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
    if (env.rounding == 0) {
      double x = Double.longBitsToDouble(a);
      double y = Double.longBitsToDouble(c);
      double z = Double.longBitsToDouble(b);
      double product = x * y;
      double result = Math.fma(x, y, z);
      long bits = Double.doubleToRawLongBits(result);
      if (fused(product, b, bits & EXPONENT)) {
        inexact(env, bits, fusedError(x, y, z, product, result));
        return bits;
      }
    }
    return ExactArithmetic.madd(env, a, c, b, Rounding.DOUBLE);
  }

  /** fmadds, xsmaddasp; operands as in {@link #madd}. */
  public static long maddSingle(FpEnv env, long a, long c, long b) {
    if (env.rounding == 0) {
      double x = Double.longBitsToDouble(a);
      double y = Double.longBitsToDouble(c);
      double z = Double.longBitsToDouble(b);
      double product = x * y;
      double result = Math.fma(x, y, z);
      if (fused(product, b, Double.doubleToRawLongBits(result) & EXPONENT)) {
        long single = single(env, result, fusedError(x, y, z, product, result));
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

  /** Sets the flags of a result that differs from the exact value by {@code error}. */
  private static void inexact(FpEnv env, long result, double error) {
    env.flags = error == 0 ? 0 : inexactFlags(result, error);
  }

  /** XX and FI, and FR when the exact value, result + error, is the smaller in magnitude. */
  private static int inexactFlags(long result, double error) {
    long opposite = (Double.doubleToRawLongBits(error) ^ result) >>> 63;
    return Fpscr.XX | Fpscr.FI | (int) opposite * Fpscr.FR;
  }

  /** The exact x + y - sum. */
  private static double sumError(double x, double y, double sum) {
    double part = sum - x;
    return (x - (sum - part)) + (y - part);
  }

  /** A number with the sign of x / y - quotient, zero when that is. */
  private static double quotientError(double x, double y, double quotient) {
    double rest = Math.fma(-quotient, y, x);
    return y < 0 ? -rest : rest;
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
   * Rounds to single precision, once, the exact value of which {@code value} is the nearest double
   * and {@code error} has the sign of what is missing; {@link #NONE} outside the normal range.
   */
  private static long single(FpEnv env, double value, double error) {
    double odd = error == 0 ? value : roundedToOdd(value, error);
    double single = (float) odd;
    long bits = Double.doubleToRawLongBits(single);
    long size = bits & EXPONENT;
    if (size < SINGLE_LEAST || size >= SINGLE_LIMIT) {
      return NONE;
    }
    inexact(env, bits, odd - single);
    return bits;
  }

  /** The truncated value with its last bit set: it rounds to fewer bits as the exact one does. */
  private static double roundedToOdd(double value, double error) {
    long bits = Double.doubleToRawLongBits(value);
    if ((bits & 1) == 0) {
      bits += (Double.doubleToRawLongBits(error) ^ bits) < 0 ? -1 : 1;
    }
    return Double.longBitsToDouble(bits);
  }
}
