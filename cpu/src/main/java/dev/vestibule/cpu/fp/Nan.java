package dev.vestibule.cpu.fp;

/** Which NaN does an operation deliver, and what does it signal? (Section 4.3.2.) */
final class Nan {
  private Nan() {}

  /** The NaN of one operand, quiet. */
  static long of(FpEnv env, long a) {
    env.flags = Bits.signalling(a);
    return a | Bits.QUIET;
  }

  /** The first operand that is a NaN, quiet. At least one is. */
  static long of(FpEnv env, long a, long b) {
    env.flags = Bits.signalling(a) | Bits.signalling(b);
    return (Bits.isNan(a) ? a : b) | Bits.QUIET;
  }

  /** A NaN that the operation makes itself, for the invalid operation {@code flag}. */
  static long invalid(FpEnv env, int flag) {
    env.flags = flag;
    return Bits.DEFAULT_NAN;
  }

  /**
   * Drops the 29 fraction bits that a NaN has too many for single precision. The book says so for
   * frsp only and leaves single-precision arithmetic on such operands undefined.
   */
  static long toSingle(long nan) {
    return nan & 0xFFFF_FFFF_E000_0000L;
  }
}
