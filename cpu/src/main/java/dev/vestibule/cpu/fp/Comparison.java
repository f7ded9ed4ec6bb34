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

  /** xscmpeqdp's and xvcmpeqdp's question; VXSNAN for signalling NaNs only. */
  public static boolean equal(FpEnv env, long a, long b) {
    return unordered(env, a, b) == EQUAL;
  }

  /** xvcmpgtdp: a > b; flags as {@link #ordered}. */
  public static boolean greater(FpEnv env, long a, long b) {
    return ordered(env, a, b) == GREATER;
  }

  /** xvcmpgedp: a >= b; flags as {@link #ordered}. */
  public static boolean greaterOrEqual(FpEnv env, long a, long b) {
    return (ordered(env, a, b) & (GREATER | EQUAL)) != 0;
  }

  /**
   * xsmaxdp, xvmaxdp: the greater, +0 above -0; a number rather than a quiet NaN, the first quiet
   * NaN of two, a signalling NaN made quiet with VXSNAN.
   */
  public static long max(FpEnv env, long a, long b) {
    if (Bits.isNan(a) || Bits.isNan(b)) {
      return ofNan(env, a, b);
    }
    env.flags = 0;
    return key(a) >= key(b) ? a : b;
  }

  /** xsmindp, xvmindp: the smaller; otherwise as {@link #max}. */
  public static long min(FpEnv env, long a, long b) {
    if (Bits.isNan(a) || Bits.isNan(b)) {
      return ofNan(env, a, b);
    }
    env.flags = 0;
    return key(a) <= key(b) ? a : b;
  }

  private static long ofNan(FpEnv env, long a, long b) {
    env.flags = Bits.signalling(a) | Bits.signalling(b);
    if (env.flags == 0) {
      return Bits.isNan(a) ? Bits.isNan(b) ? a : b : a;
    }
    return (Bits.isNan(a) ? a : b) | Bits.QUIET;
  }

  /** An integer that orders as the number does, -0 below +0. */
  private static long key(long bits) {
    return bits < 0 ? bits ^ Long.MAX_VALUE : bits;
  }
}
