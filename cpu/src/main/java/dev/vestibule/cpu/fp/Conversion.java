package dev.vestibule.cpu.fp;

/**
 * What does a number become in another format? Single, double, integers of 32 and 64 bits, and
 * integral values (sections 4.6.2, 4.6.3, 4.6.7; 7.6 for the VSX forms).
 */
public final class Conversion {
  private static final long INT32_LIMIT = 0x8000_0000L;
  private static final long UINT32_MAX = 0xFFFF_FFFFL;

  private Conversion() {}

  /**
   * lfs, xscvspdpn: the double of the same value; NaNs keep their payload and stay signalling. No
   * flags.
   */
  public static long singleToDouble(int a) {
    int biased = a >>> 23 & 0xFF;
    long sign = (a & 0x8000_0000L) << 32;
    long fraction = a & 0x7F_FFFFL;
    if (biased != 0) {
      long exponent = biased == 0xFF ? 0x7FF : biased + (1023 - 127);
      return sign | exponent << 52 | fraction << 29;
    }
    if (fraction == 0) {
      return sign;
    }
    int zeros = Long.numberOfLeadingZeros(fraction);
    return sign | (long) (63 - 149 - zeros + 1023) << 52 | fraction << zeros << 1 >>> 12;
  }

  /**
   * stfs, xscvdpspn: the single of the same value, truncated where single format has no room (no
   * rounding, no flags). Below 2<sup>-149</sup>, where the book says undefined: zero.
   */
  public static int doubleToSingle(long a) {
    int biased = Bits.biased(a);
    if (biased > 1023 - 127) {
      return (int) (a >>> 32) & 0xC000_0000 | (int) (a >>> 29) & 0x3FFF_FFFF;
    }
    int sign = (int) (a >>> 32) & 0x8000_0000;
    if (biased < 1023 - 149) {
      return sign;
    }
    return sign | (int) ((a & Bits.FRACTION | Bits.QUIET << 1) >>> 1023 - 97 - biased);
  }

  /** xscvdpsp: rounded to single format; VXSNAN for a signalling NaN. */
  public static int roundToSingleFormat(FpEnv env, long a) {
    return doubleToSingle(Arithmetic.roundToSingle(env, a));
  }

  /** xscvspdp: the double of the same value, but a signalling NaN made quiet, with VXSNAN. */
  public static long widen(FpEnv env, int a) {
    return quiet(env, singleToDouble(a));
  }

  private static long quiet(FpEnv env, long a) {
    if (Bits.isNan(a)) {
      return Nan.of(env, a);
    }
    env.flags = 0;
    return a;
  }

  /**
   * fctiw: the nearest integer under {@code rounding}, saturated to 32 bits signed. VXCVI out of
   * range and for NaNs, which give the least integer. The upper half, undefined by the book, is the
   * sign of a number and zero for a NaN, as qemu has it.
   */
  public static long toInt32(FpEnv env, long a, int rounding) {
    if (Bits.isNan(a)) {
      env.flags = Fpscr.VXCVI | Bits.signalling(a);
      return INT32_LIMIT;
    }
    return toInteger(env, a, rounding, INT32_LIMIT, INT32_LIMIT - 1);
  }

  /** fctiwu: as {@link #toInt32}, unsigned, zero-extended; NaNs and negatives give 0. */
  public static long toUint32(FpEnv env, long a, int rounding) {
    return toInteger(env, a, rounding, 0, UINT32_MAX);
  }

  /** fctid: as {@link #toInt32}, for 64 bits. */
  public static long toInt64(FpEnv env, long a, int rounding) {
    if (rounding == FpEnv.TOWARD_ZERO && (a & ~Bits.SIGN) < 0x43E0_0000_0000_0000L) {
      double x = Double.longBitsToDouble(a);
      long whole = (long) x;
      env.flags = whole == x ? 0 : Fpscr.XX | Fpscr.FI;
      return whole;
    }
    return toInteger(env, a, rounding, Long.MIN_VALUE, Long.MAX_VALUE);
  }

  /** fctidu: as {@link #toUint32}, for 64 bits. */
  public static long toUint64(FpEnv env, long a, int rounding) {
    return toInteger(env, a, rounding, 0, -1);
  }

  /** The limits are unsigned magnitudes of the least and the greatest integer. */
  private static long toInteger(FpEnv env, long a, int rounding, long least, long greatest) {
    if (Bits.isNan(a)) {
      env.flags = Fpscr.VXCVI | Bits.signalling(a);
      return -least;
    }
    env.flags = 0;
    if (Bits.isZero(a)) {
      return 0;
    }
    long limit = a < 0 ? least : greatest;
    int exponent = Bits.exponent(a);
    long magnitude = exponent > 63 ? 0 : integral(env, a, rounding);
    if (exponent > 63 || Long.compareUnsigned(magnitude, limit) > 0) {
      env.flags = Fpscr.VXCVI;
      magnitude = limit;
    }
    return a < 0 ? -magnitude : magnitude;
  }

  /** The integer magnitude nearest to a, not zero, below 2^64; adds XX, FI and FR. */
  private static long integral(FpEnv env, long a, int rounding) {
    int exponent = Bits.exponent(a);
    long significand = Bits.significand(a);
    if (exponent >= 52) {
      return significand >>> 63 - exponent;
    }
    long quarters = Bits.shiftRightSticky(significand, 61 - exponent);
    return Rounding.round(env, rounding, a & Bits.SIGN, quarters, 2) >>> 2;
  }

  /**
   * frin, friz, frip, frim, xsrdpi, xsrdpiz, ...: the nearest integral value; only VXSNAN is
   * signalled. frin and xsrdpi are {@link FpEnv#NEAREST_AWAY}.
   */
  public static long roundToIntegral(FpEnv env, long a, int rounding) {
    long result = roundToIntegralExact(env, a, rounding);
    env.flags &= Fpscr.VXSNAN;
    return result;
  }

  /** xsrdpic, xvrdpic: as {@link #roundToIntegral}, signalling XX, FI and FR too. */
  public static long roundToIntegralExact(FpEnv env, long a, int rounding) {
    int biased = Bits.biased(a);
    if (biased == 0x7FF) {
      return quiet(env, a);
    }
    env.flags = 0;
    if (biased >= 1023 + 52 || Bits.isZero(a)) {
      return a;
    }
    return a & Bits.SIGN | Double.doubleToRawLongBits((double) integral(env, a, rounding));
  }

  /** fcfid, xscvsxddp. */
  public static long fromInt64(FpEnv env, long value) {
    return fromMagnitude(env, value & Bits.SIGN, Math.abs(value), Rounding.DOUBLE);
  }

  /** fcfidu, xscvuxddp. */
  public static long fromUint64(FpEnv env, long value) {
    return fromMagnitude(env, 0, value, Rounding.DOUBLE);
  }

  /** fcfids, xscvsxdsp: rounded once to single precision, in double format. */
  public static long fromInt64Single(FpEnv env, long value) {
    return fromMagnitude(env, value & Bits.SIGN, Math.abs(value), Rounding.SINGLE);
  }

  /** fcfidus, xscvuxdsp: rounded once to single precision, in double format. */
  public static long fromUint64Single(FpEnv env, long value) {
    return fromMagnitude(env, 0, value, Rounding.SINGLE);
  }

  private static long fromMagnitude(FpEnv env, long sign, long magnitude, int precision) {
    env.flags = 0;
    if (magnitude == 0) {
      return 0;
    }
    int zeros = Long.numberOfLeadingZeros(magnitude);
    return Rounding.pack(env, sign, 63 - zeros, magnitude << zeros, precision);
  }
}
