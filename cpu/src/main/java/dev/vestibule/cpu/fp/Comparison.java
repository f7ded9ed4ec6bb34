package dev.vestibule.cpu.fp;

/** How do two numbers compare, and which is the greater? (Sections 4.6.8, 7.6.) */
public final class Comparison {
  /** CR field bit: less. */
  public static final int LESS = 8;

  /** CR field bit: greater. */
  public static final int GREATER = 4;

  /** CR field bit: equal. */
  public static final int EQUAL = 2;

  /** CR field bit: unordered. */
  public static final int UNORDERED = 1;

  private Comparison() {}

  /** fcmpu, xscmpudp: the CR field; VXSNAN for signalling NaNs only. */
  public static int unordered(FpEnv env, long a, long b) {
    double x = Double.longBitsToDouble(a);
    double y = Double.longBitsToDouble(b);
    env.flags = 0;
    if (x < y) {
      return LESS;
    }
    if (x > y) {
      return GREATER;
    }
    if (x == y) {
      return EQUAL;
    }
    env.flags = Bits.signalling(a) | Bits.signalling(b);
    return UNORDERED;
  }

  /**
   * fcmpo, xscmpodp: the CR field; VXVC for a quiet NaN, VXSNAN for a signalling one, and both for
   * a signalling one while VE is 0.
   */
  public static int ordered(FpEnv env, long a, long b) {
    int field = unordered(env, a, b);
    if (field == UNORDERED && (env.flags == 0 || (env.enables & Fpscr.VE) == 0)) {
      env.flags |= Fpscr.VXVC;
    }
    return field;
  }
}
