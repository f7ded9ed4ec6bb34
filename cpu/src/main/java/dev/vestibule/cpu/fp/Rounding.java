package dev.vestibule.cpu.fp;

/**
 * What does an exact intermediate result become in double or single precision? Implements sections
 * 4.3.6 (rounding), 4.4.3 (overflow), 4.4.4 (underflow, tininess seen before rounding) and 4.4.5
 * (inexact).
 */
final class Rounding {
  /** Significand bits of double precision. */
  static final int DOUBLE = 53;

  /** Significand bits of single precision. */
  static final int SINGLE = 24;

  private Rounding() {}

  /**
   * Rounds and packs {@code significand * 2^(exponent - 63)}, adding to {@code env.flags}.
   *
   * @param sign 0 or {@link Bits#SIGN}
   * @param significand leading one in bit 63; bit 0 may stand for any number of lower bits
   * @param precision {@link #DOUBLE} or {@link #SINGLE}
   * @return the result in double format
   */
  static long pack(FpEnv env, long sign, int exponent, long significand, int precision) {
    int least = precision == DOUBLE ? -1022 : -126;
    int scale = exponent;
    if (exponent < least) {
      if ((env.enables & Fpscr.UE) == 0) {
        return packTiny(env, sign, least, significand, least - exponent, precision);
      }
      env.flags |= Fpscr.UX;
      scale = exponent + bias(precision);
    }
    long rounded = round(env, env.rounding, sign, significand, 64 - precision);
    if (rounded == 0) {
      rounded = Long.MIN_VALUE;
      scale++;
    }
    if (scale > -least + 1) {
      if ((env.enables & Fpscr.OE) == 0) {
        return overflow(env, sign, precision);
      }
      env.flags |= Fpscr.OX;
      scale -= bias(precision);
    }
    // Beyond the range of an adjusted exponent the book leaves the result undefined.
    return sign | (long) (scale + 1023 & 0x7FF) << 52 | rounded << 1 >>> 12;
  }

  private static long packTiny(
      FpEnv env, long sign, int least, long significand, int shift, int precision) {
    long shifted = Bits.shiftRightSticky(significand, shift);
    long rounded = round(env, env.rounding, sign, shifted, 64 - precision);
    if ((env.flags & Fpscr.FI) != 0) {
      env.flags |= Fpscr.UX;
    }
    if (precision == DOUBLE) {
      return sign | rounded >>> 11;
    }
    if (rounded == 0) {
      return sign;
    }
    int zeros = Long.numberOfLeadingZeros(rounded);
    return sign | (long) (least - zeros + 1023) << 52 | rounded << zeros << 1 >>> 12;
  }

  /**
   * Clears the low {@code drop} bits, 1 to 63, incrementing the rest as the rounding mode asks;
   * adds XX, FI and FR to the flags. The carry out of bit 63 is lost (the result is then 0).
   */
  static long round(FpEnv env, int rounding, long sign, long significand, int drop) {
    long unit = 1L << drop;
    long rest = significand & unit - 1;
    if (rest == 0) {
      return significand;
    }
    long half = unit >>> 1;
    boolean up =
        switch (rounding) {
          case FpEnv.NEAREST_EVEN -> rest > half || rest == half && (significand & unit) != 0;
          case FpEnv.UPWARD -> sign == 0;
          case FpEnv.DOWNWARD -> sign != 0;
          case FpEnv.NEAREST_AWAY -> rest >= half;
          default -> false;
        };
    env.flags |= up ? Fpscr.XX | Fpscr.FI | Fpscr.FR : Fpscr.XX | Fpscr.FI;
    return significand - rest + (up ? unit : 0);
  }

  /** Section 4.4.3.3; FR, undefined there, tells whether the magnitude went up to infinity. */
  private static long overflow(FpEnv env, long sign, int precision) {
    boolean infinite =
        switch (env.rounding) {
          case FpEnv.TOWARD_ZERO -> false;
          case FpEnv.UPWARD -> sign == 0;
          case FpEnv.DOWNWARD -> sign != 0;
          default -> true;
        };
    env.flags = env.flags & ~Fpscr.FR | Fpscr.OX | Fpscr.XX | Fpscr.FI | (infinite ? Fpscr.FR : 0);
    if (infinite) {
      return sign | Bits.INFINITY;
    }
    return sign | (precision == DOUBLE ? Bits.MAX_DOUBLE : Bits.MAX_SINGLE);
  }

  /** The exponent adjustment of enabled overflow and underflow. */
  private static int bias(int precision) {
    return precision == DOUBLE ? 1536 : 192;
  }
}
