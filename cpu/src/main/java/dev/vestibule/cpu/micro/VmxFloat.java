package dev.vestibule.cpu.micro;

import dev.vestibule.cpu.fp.VmxLane;

/** What do the vector micro-operations of {@link VmxOp} do to floating-point numbers? */
final class VmxFloat {
  private VmxFloat() {}

  static void execute(long ctx, int op, long w) {
    long c = op == VmxOp.FMADD || op == VmxOp.FNMSUB ? Op.c(w) : Op.b(w);
    long left =
        words(
            ctx,
            op,
            Op.e(w),
            VmxOps.high(ctx, Op.a(w)),
            VmxOps.high(ctx, Op.b(w)),
            VmxOps.high(ctx, (int) c));
    long right =
        words(
            ctx,
            op,
            Op.e(w),
            VmxOps.low(ctx, Op.a(w)),
            VmxOps.low(ctx, Op.b(w)),
            VmxOps.low(ctx, (int) c));
    VmxOps.set(ctx, w, left, right);
  }

  private static long words(long ctx, int op, int e, long a, long b, long c) {
    int left = word(ctx, op, e, (int) (a >>> 32), (int) (b >>> 32), (int) (c >>> 32));
    return VmxOps.words(left, word(ctx, op, e, (int) a, (int) b, (int) c));
  }

  private static int word(long ctx, int op, int e, int a, int b, int c) {
    boolean flush = VmxOps.flush(ctx);
    return switch (op) {
      case VmxOp.FADD -> VmxLane.add(a, b, flush);
      case VmxOp.FSUB -> VmxLane.sub(a, b, flush);
      case VmxOp.FMADD -> VmxLane.madd(a, c, b, flush);
      case VmxOp.FNMSUB -> VmxLane.nmsub(a, c, b, flush);
      case VmxOp.FMAX -> VmxLane.max(a, b, flush);
      case VmxOp.FMIN -> VmxLane.min(a, b, flush);
      case VmxOp.FRECIPROCAL -> VmxLane.reciprocal(a, flush);
      case VmxOp.FRSQRT -> VmxLane.reciprocalRoot(a, flush);
      case VmxOp.FEXP2 -> VmxLane.exp2(a, flush);
      case VmxOp.FLOG2 -> VmxLane.log2(a, flush);
      case VmxOp.FROUND -> VmxLane.roundToIntegral(a, e, flush);
      case VmxOp.FTOS -> saturated(ctx, VmxLane.toSigned(a, e, flush));
      case VmxOp.FTOU -> saturated(ctx, VmxLane.toUnsigned(a, e, flush));
      case VmxOp.FFROMS -> VmxLane.fromSigned(a, e);
      case VmxOp.FFROMU -> VmxLane.fromUnsigned(a, e);
      case VmxOp.FCMPEQ -> VmxLane.equal(a, b, flush) ? -1 : 0;
      case VmxOp.FCMPGE -> VmxLane.greaterOrEqual(a, b, flush) ? -1 : 0;
      case VmxOp.FCMPGT -> VmxLane.greater(a, b, flush) ? -1 : 0;
      case VmxOp.FBOUNDS -> VmxLane.bounds(a, b, flush);
      default -> throw VmxOps.unknown(op);
    };
  }

  private static int saturated(long ctx, long result) {
    if ((result & VmxLane.SATURATED) != 0) {
      VmxOps.saturated(ctx);
    }
    return (int) result;
  }
}
