package dev.vestibule.cpu.fp;

/** What do the bits of a number in double format say? */
final class Bits {
  static final long SIGN = Long.MIN_VALUE;
  static final long INFINITY = 0x7FF0_0000_0000_0000L;
  static final long MAX_DOUBLE = 0x7FEF_FFFF_FFFF_FFFFL;
  static final long MAX_SINGLE = 0x47EF_FFFF_E000_0000L;
  static final long DEFAULT_NAN = 0x7FF8_0000_0000_0000L;
  static final long QUIET = 0x0008_0000_0000_0000L;
  static final long FRACTION = 0x000F_FFFF_FFFF_FFFFL;
  static final long ONE = 0x3FF0_0000_0000_0000L;

  private Bits() {}

  static boolean isNan(long bits) {
    return (bits & ~SIGN) > INFINITY;
  }

  static boolean isSignalling(long bits) {
    return isNan(bits) && (bits & QUIET) == 0;
  }

  static boolean isInfinite(long bits) {
    return (bits & ~SIGN) == INFINITY;
  }

  static boolean isZero(long bits) {
    return (bits & ~SIGN) == 0;
  }

  /** The biased exponent field, 0 to 2047. */
  static int biased(long bits) {
    return (int) (bits >>> 52) & 0x7FF;
  }

  /** The exponent e of a finite number other than zero, 2^e <= |x| < 2^(e+1). */
  static int exponent(long bits) {
    int biased = biased(bits);
    return biased != 0 ? biased - 1023 : -1011 - Long.numberOfLeadingZeros(bits & FRACTION);
  }

  /** The significand of a finite number other than zero, with its leading one in bit 63. */
  static long significand(long bits) {
    long fraction = bits & FRACTION;
    return biased(bits) != 0
        ? (fraction << 11) | Long.MIN_VALUE
        : fraction << Long.numberOfLeadingZeros(fraction);
  }

  /** Shifts right, {@code count >= 0}, keeping in bit 0 whether a one was lost. */
  static long shiftRightSticky(long value, int count) {
    if (count == 0) {
      return value;
    }
    if (count > 63) {
      return value == 0 ? 0 : 1;
    }
    return value >>> count | ((value << -count) != 0 ? 1 : 0);
  }

  /** Raises VXSNAN when {@code bits} is a signalling NaN. */
  static int signalling(long bits) {
    return isSignalling(bits) ? Fpscr.VXSNAN : 0;
  }
}
