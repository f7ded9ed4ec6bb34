package dev.vestibule.cpu.fp;

/**
 * What does one lane of a VSX vector single-precision instruction (xvaddsp, ...) deliver and
 * signal? As {@link Arithmetic}, {@link Comparison} and {@link Estimate}, on single format. A lane
 * never writes FR, FI or FPRF: pass the flags of all lanes, combined, to {@link Fpscr#raise}.
 */
public final class SingleLane {
  private SingleLane() {}

  private static long wide(int a) {
    return Conversion.singleToDouble(a);
  }

  private static int narrow(long a) {
    return Conversion.doubleToSingle(a);
  }

  /** xvaddsp. */
  public static int add(FpEnv env, int a, int b) {
    return narrow(Arithmetic.addSingle(env, wide(a), wide(b)));
  }

  /** xvsubsp. */
  public static int sub(FpEnv env, int a, int b) {
    return narrow(Arithmetic.subSingle(env, wide(a), wide(b)));
  }

  /** xvmulsp. */
  public static int mul(FpEnv env, int a, int b) {
    return narrow(Arithmetic.mulSingle(env, wide(a), wide(b)));
  }

  /** xvdivsp. */
  public static int div(FpEnv env, int a, int b) {
    return narrow(Arithmetic.divSingle(env, wide(a), wide(b)));
  }

  /** xvsqrtsp. */
  public static int sqrt(FpEnv env, int a) {
    return narrow(Arithmetic.sqrtSingle(env, wide(a)));
  }

  /** xvmaddasp, xvmaddmsp: a * c + b; the first NaN of a, b, c is delivered, a being XA. */
  public static int madd(FpEnv env, int a, int c, int b) {
    return narrow(Arithmetic.maddSingle(env, wide(a), wide(c), wide(b)));
  }

  /** xvmsubasp, xvmsubmsp: a * c - b; operands as in {@link #madd}. */
  public static int msub(FpEnv env, int a, int c, int b) {
    return narrow(Arithmetic.msubSingle(env, wide(a), wide(c), wide(b)));
  }

  /** xvnmaddasp, xvnmaddmsp: -(a * c + b); operands as in {@link #madd}. */
  public static int nmadd(FpEnv env, int a, int c, int b) {
    return narrow(Arithmetic.nmaddSingle(env, wide(a), wide(c), wide(b)));
  }

  /** xvnmsubasp, xvnmsubmsp: -(a * c - b); operands as in {@link #madd}. */
  public static int nmsub(FpEnv env, int a, int c, int b) {
    return narrow(Arithmetic.nmsubSingle(env, wide(a), wide(c), wide(b)));
  }

  /** xvresp: 1 / a; ZX for zero. */
  public static int reciprocal(FpEnv env, int a) {
    return narrow(Estimate.reciprocalSingle(env, wide(a)));
  }

  /** xvrsqrtesp: 1 / sqrt(a); ZX for zero, VXSQRT below. */
  public static int reciprocalRoot(FpEnv env, int a) {
    long root = Arithmetic.sqrtSingle(env, wide(a));
    if (Bits.isNan(root)) {
      return narrow(root);
    }
    int flags = env.flags;
    int result = narrow(Arithmetic.divSingle(env, Bits.ONE, root));
    env.flags |= flags;
    return result;
  }

  /** xvmaxsp: see {@link Comparison#max}. */
  public static int max(FpEnv env, int a, int b) {
    return narrow(Comparison.max(env, wide(a), wide(b)));
  }

  /** xvminsp: see {@link Comparison#max}. */
  public static int min(FpEnv env, int a, int b) {
    return narrow(Comparison.min(env, wide(a), wide(b)));
  }

  /** xvcmpeqsp. */
  public static boolean equal(FpEnv env, int a, int b) {
    return Comparison.equal(env, wide(a), wide(b));
  }

  /** xvcmpgtsp. */
  public static boolean greater(FpEnv env, int a, int b) {
    return Comparison.greater(env, wide(a), wide(b));
  }

  /** xvcmpgesp. */
  public static boolean greaterOrEqual(FpEnv env, int a, int b) {
    return Comparison.greaterOrEqual(env, wide(a), wide(b));
  }

  /** xvrspi, xvrspiz, ...: see {@link Conversion#roundToIntegral}. */
  public static int roundToIntegral(FpEnv env, int a, int rounding) {
    return narrow(Conversion.roundToIntegral(env, wide(a), rounding));
  }

  /** xvrspic: the current mode, signalling XX. */
  public static int roundToIntegralExact(FpEnv env, int a, int rounding) {
    return narrow(Conversion.roundToIntegralExact(env, wide(a), rounding));
  }

  /** xvcvspsxws: toward zero, saturated; see {@link Conversion#toInt32}. */
  public static int toInt32(FpEnv env, int a) {
    return (int) Conversion.toInt32(env, wide(a), FpEnv.TOWARD_ZERO);
  }

  /** xvcvspuxws: toward zero, saturated; see {@link Conversion#toUint32}. */
  public static int toUint32(FpEnv env, int a) {
    return (int) Conversion.toUint32(env, wide(a), FpEnv.TOWARD_ZERO);
  }

  /** xvcvspsxds: toward zero, saturated; see {@link Conversion#toInt64}. */
  public static long toInt64(FpEnv env, int a) {
    return Conversion.toInt64(env, wide(a), FpEnv.TOWARD_ZERO);
  }

  /** xvcvspuxds: toward zero, saturated; see {@link Conversion#toUint64}. */
  public static long toUint64(FpEnv env, int a) {
    return Conversion.toUint64(env, wide(a), FpEnv.TOWARD_ZERO);
  }

  /** xvcvsxwsp, xvcvsxdsp: the nearest single. */
  public static int fromInt64(FpEnv env, long value) {
    return narrow(Conversion.fromInt64Single(env, value));
  }

  /** xvcvuxwsp, xvcvuxdsp: the nearest single. */
  public static int fromUint64(FpEnv env, long value) {
    return narrow(Conversion.fromUint64Single(env, value));
  }
}
