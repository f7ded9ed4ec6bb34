package dev.vestibule.cpu.fp;

/** Which FPRF code describes a result? Codes are returned at their place in the FPSCR. */
public final class FpClass {
  static final int QNAN = 0x11 << Fpscr.FPCC_SHIFT;
  private static final int INFINITY = 0x05 << Fpscr.FPCC_SHIFT;
  private static final int NORMAL = 0x04 << Fpscr.FPCC_SHIFT;
  private static final int DENORMAL = 0x14 << Fpscr.FPCC_SHIFT;
  private static final int ZERO = 0x02 << Fpscr.FPCC_SHIFT;
  private static final int MINUS_ZERO = 0x12 << Fpscr.FPCC_SHIFT;

  /** FG exclusive-or FL: turns the code of a positive number other than zero into a negative's. */
  private static final int NEGATE = 0x0C << Fpscr.FPCC_SHIFT;

  private static final int LEAST_NORMAL_SINGLE = 1023 - 126;

  private FpClass() {}

  /** The class of a result in double format (section 4.2.2, table of FPRF). */
  public static int ofDouble(long bits) {
    return of(bits, 1);
  }

  /**
   * The class of a single-precision result held in double format: numbers below 2<sup>-126</sup>
   * are denormalized.
   */
  public static int ofSingleInDouble(long bits) {
    return of(bits, LEAST_NORMAL_SINGLE);
  }

  /** The class of a result in single format. */
  public static int ofSingle(int bits) {
    return of(Conversion.singleToDouble(bits), LEAST_NORMAL_SINGLE);
  }

  private static int of(long bits, int leastNormal) {
    int exponent = (int) (bits >>> 52) & 0x7FF;
    if (exponent >= leastNormal && exponent < 0x7FF) {
      return bits < 0 ? NORMAL ^ NEGATE : NORMAL;
    }
    return rare(bits);
  }

  private static int rare(long bits) {
    long magnitude = bits & Long.MAX_VALUE;
    if (magnitude == 0) {
      return bits < 0 ? MINUS_ZERO : ZERO;
    }
    if (magnitude > Bits.INFINITY) {
      return QNAN;
    }
    int code = magnitude == Bits.INFINITY ? INFINITY : DENORMAL;
    return bits < 0 ? code ^ NEGATE : code;
  }
}
