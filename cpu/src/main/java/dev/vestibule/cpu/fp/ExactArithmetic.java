package dev.vestibule.cpu.fp;

/**
 * What is the result of an operation for any operands, rounding mode and enables? In integers only;
 * {@link Arithmetic} answers the common cases faster, and the tests compare the two. The last
 * parameter is the precision, {@link Rounding#DOUBLE} or {@link Rounding#SINGLE}.
 */
final class ExactArithmetic {
  private ExactArithmetic() {}

  private static long nan(FpEnv env, long a, long b, int precision) {
    long nan = Nan.of(env, a, b);
    return precision == Rounding.SINGLE ? Nan.toSingle(nan) : nan;
  }

  static long add(FpEnv env, long a, long b, int precision) {
    if (Bits.isNan(a) || Bits.isNan(b)) {
      return nan(env, a, b, precision);
    }
    env.flags = 0;
    if (Bits.isInfinite(a)) {
      return Bits.isInfinite(b) && (a ^ b) < 0 ? Nan.invalid(env, Fpscr.VXISI) : a;
    }
    if (Bits.isInfinite(b)) {
      return b;
    }
    if (Bits.isZero(a)) {
      return Bits.isZero(b) ? zeroSum(env, a, b) : repack(env, b, precision);
    }
    if (Bits.isZero(b)) {
      return repack(env, a, precision);
    }
    return (a & ~Bits.SIGN) >= (b & ~Bits.SIGN)
        ? addFinite(env, a, b, precision)
        : addFinite(env, b, a, precision);
  }

  /** Adds numbers other than zero, |a| >= |b|. */
  private static long addFinite(FpEnv env, long a, long b, int precision) {
    // Two bits are kept free for a carry; what is shifted out beyond the 9 below is sticky.
    int exponent = Bits.exponent(a);
    long big = Bits.significand(a) >>> 2;
    long small = Bits.shiftRightSticky(Bits.significand(b) >>> 2, exponent - Bits.exponent(b));
    long sum = (a ^ b) < 0 ? big - small : big + small;
    if (sum == 0) {
      return zeroSum(env, a, b);
    }
    int zeros = Long.numberOfLeadingZeros(sum);
    return Rounding.pack(env, a & Bits.SIGN, exponent + 2 - zeros, sum << zeros, precision);
  }

  /** The sign of an exact zero sum of a and b (section 4.3.3). */
  private static long zeroSum(FpEnv env, long a, long b) {
    if ((a ^ b) >= 0) {
      return a & Bits.SIGN;
    }
    return env.rounding == FpEnv.DOWNWARD ? Bits.SIGN : 0;
  }

  /** Rounds a finite number other than zero, which may be tiny or too precise. */
  static long repack(FpEnv env, long a, int precision) {
    return Rounding.pack(env, a & Bits.SIGN, Bits.exponent(a), Bits.significand(a), precision);
  }

  static long mul(FpEnv env, long a, long b, int precision) {
    if (Bits.isNan(a) || Bits.isNan(b)) {
      return nan(env, a, b, precision);
    }
    env.flags = 0;
    long sign = (a ^ b) & Bits.SIGN;
    if (Bits.isInfinite(a) || Bits.isInfinite(b)) {
      return Bits.isZero(a) || Bits.isZero(b)
          ? Nan.invalid(env, Fpscr.VXIMZ)
          : sign | Bits.INFINITY;
    }
    if (Bits.isZero(a) || Bits.isZero(b)) {
      return sign;
    }
    long x = Bits.significand(a);
    long y = Bits.significand(b);
    long high = Math.unsignedMultiplyHigh(x, y);
    long low = x * y;
    int exponent = Bits.exponent(a) + Bits.exponent(b) + 1;
    if (high >= 0) {
      high = high << 1 | low >>> 63;
      low <<= 1;
      exponent--;
    }
    return Rounding.pack(env, sign, exponent, high | (low != 0 ? 1 : 0), precision);
  }

  static long div(FpEnv env, long a, long b, int precision) {
    if (Bits.isNan(a) || Bits.isNan(b)) {
      return nan(env, a, b, precision);
    }
    env.flags = 0;
    long sign = (a ^ b) & Bits.SIGN;
    if (Bits.isInfinite(a)) {
      return Bits.isInfinite(b) ? Nan.invalid(env, Fpscr.VXIDI) : sign | Bits.INFINITY;
    }
    if (Bits.isInfinite(b)) {
      return sign;
    }
    if (Bits.isZero(b)) {
      if (Bits.isZero(a)) {
        return Nan.invalid(env, Fpscr.VXZDZ);
      }
      env.flags = Fpscr.ZX;
      return sign | Bits.INFINITY;
    }
    return Bits.isZero(a) ? sign : divFinite(env, sign, a, b, precision);
  }

  private static long divFinite(FpEnv env, long sign, long a, long b, int precision) {
    long rest = Bits.significand(a) >>> 11;
    long divisor = Bits.significand(b) >>> 11;
    int exponent = Bits.exponent(a) - Bits.exponent(b);
    if (rest < divisor) {
      rest <<= 1;
      exponent--;
    }
    long quotient = 1;
    rest -= divisor;
    for (int digit = 0; digit < 6; digit++) {
      rest <<= 10;
      quotient = quotient << 10 | rest / divisor;
      rest %= divisor;
    }
    return Rounding.pack(env, sign, exponent, quotient << 3 | (rest != 0 ? 1 : 0), precision);
  }

  static long sqrt(FpEnv env, long a, int precision) {
    if (Bits.isNan(a)) {
      return nan(env, a, a, precision);
    }
    env.flags = 0;
    if (Bits.isZero(a)) {
      return a;
    }
    if (a < 0) {
      return Nan.invalid(env, Fpscr.VXSQRT);
    }
    if (a == Bits.INFINITY) {
      return a;
    }
    int exponent = Bits.exponent(a);
    long square = Bits.significand(a) >>> 11 - (exponent & 1);
    // The correctly rounded root of square / 2^52, in [1, 2), is off by at most half a unit, so
    // the low 64 bits of the remainder tell on which side of the truth it lies.
    long root = (long) (Math.sqrt(square * 0x1p-52) * 0x1p52);
    long rest = (square << 52) - root * root;
    long significand = (root << 11) + Long.signum(rest);
    // A root of exactly 2 cannot come out: the greatest square is 4 - 2^-51, its root below 2.
    return Rounding.pack(env, 0, exponent >> 1, significand, precision);
  }

  /** a * c + b, rounded once. */
  static long madd(FpEnv env, long a, long c, long b, int precision) {
    env.flags = 0;
    boolean ordinary = Bits.biased(a) < 0x7FF && Bits.biased(c) < 0x7FF && Bits.biased(b) < 0x7FF;
    if (!ordinary || Bits.isZero(a) || Bits.isZero(c)) {
      return maddSpecial(env, a, c, b, precision);
    }
    long x = Bits.significand(a);
    long y = Bits.significand(c);
    long high = Math.unsignedMultiplyHigh(x, y);
    long low = x * y;
    int exponent = Bits.exponent(a) + Bits.exponent(c) + 1;
    if (high >= 0) {
      high = high << 1 | low >>> 63;
      low <<= 1;
      exponent--;
    }
    long sign = (a ^ c) & Bits.SIGN;
    if (Bits.isZero(b)) {
      return Rounding.pack(env, sign, exponent, high | (low != 0 ? 1 : 0), precision);
    }
    return addProduct(env, sign, exponent, high, low, b, precision);
  }

  private static long maddSpecial(FpEnv env, long a, long c, long b, int precision) {
    boolean invalidProduct =
        Bits.isInfinite(a) && Bits.isZero(c) || Bits.isZero(a) && Bits.isInfinite(c);
    env.flags = invalidProduct ? Fpscr.VXIMZ : 0;
    if (Bits.isNan(a) || Bits.isNan(b) || Bits.isNan(c)) {
      env.flags |= Bits.signalling(a) | Bits.signalling(b) | Bits.signalling(c);
      long nan = (Bits.isNan(a) ? a : Bits.isNan(b) ? b : c) | Bits.QUIET;
      return precision == Rounding.SINGLE ? Nan.toSingle(nan) : nan;
    }
    if (invalidProduct) {
      return Bits.DEFAULT_NAN;
    }
    long sign = (a ^ c) & Bits.SIGN;
    if (Bits.isInfinite(a) || Bits.isInfinite(c)) {
      return Bits.isInfinite(b) && (sign ^ b) < 0
          ? Nan.invalid(env, Fpscr.VXISI)
          : sign | Bits.INFINITY;
    }
    if (Bits.isInfinite(b)) {
      return b;
    }
    return Bits.isZero(b) ? zeroSum(env, sign, b) : repack(env, b, precision);
  }

  /** Adds b, finite and not zero, to the product {@code (high:low) * 2^(exponent - 127)}. */
  private static long addProduct(
      FpEnv env, long sign, int exponent, long high, long low, long b, int precision) {
    long productHigh = high >>> 2;
    long productLow = high << 62 | low >>> 2;
    long addend = Bits.significand(b);
    int distance = exponent - Bits.exponent(b);
    if (distance >= 0) {
      long shifted = shiftedHigh(addend >>> 2, distance);
      long shiftedLow = shiftedLow(addend >>> 2, addend << 62, distance);
      return combine(
          env, sign, exponent, productHigh, productLow, b, shifted, shiftedLow, precision);
    }
    long shifted = shiftedHigh(productHigh, -distance);
    long shiftedLow = shiftedLow(productHigh, productLow, -distance);
    return combine(
        env,
        sign,
        exponent - distance,
        shifted,
        shiftedLow,
        b,
        addend >>> 2,
        addend << 62,
        precision);
  }

  /** The high half of a 128-bit number shifted right. */
  private static long shiftedHigh(long high, int count) {
    return count > 63 ? 0 : high >>> count;
  }

  /** The low half of a 128-bit number shifted right, sticky. */
  private static long shiftedLow(long high, long low, int count) {
    if (count == 0) {
      return low;
    }
    if (count > 63) {
      return Bits.shiftRightSticky(high, count - 64) | (low != 0 ? 1 : 0);
    }
    return Bits.shiftRightSticky(low, count) | high << -count;
  }

  /** The sum of a product (ph:pl) and of b's significand (bh:bl), both scaled by the exponent. */
  private static long combine(
      FpEnv env,
      long sign,
      int exponent,
      long ph,
      long pl,
      long b,
      long bh,
      long bl,
      int precision) {
    long resultSign = sign;
    long high;
    long low;
    if ((sign ^ b) >= 0) {
      low = pl + bl;
      high = ph + bh + (Long.compareUnsigned(low, pl) < 0 ? 1 : 0);
    } else {
      low = pl - bl;
      high = ph - bh - (Long.compareUnsigned(pl, bl) < 0 ? 1 : 0);
      if (high < 0) {
        resultSign = b & Bits.SIGN;
        low = -low;
        high = ~high + (low == 0 ? 1 : 0);
      }
      if ((high | low) == 0) {
        return zeroSum(env, sign, b);
      }
    }
    int zeros = Long.numberOfLeadingZeros(high);
    if (zeros == 64) {
      zeros += Long.numberOfLeadingZeros(low);
      return Rounding.pack(env, resultSign, exponent + 2 - zeros, low << zeros, precision);
    }
    long significand = high << zeros | (zeros == 0 ? 0 : low >>> -zeros);
    boolean sticky = low << zeros != 0;
    return Rounding.pack(
        env, resultSign, exponent + 2 - zeros, significand | (sticky ? 1 : 0), precision);
  }
}
