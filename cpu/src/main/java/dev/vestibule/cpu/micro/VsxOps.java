package dev.vestibule.cpu.micro;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.fp.Arithmetic;
import dev.vestibule.cpu.fp.Comparison;
import dev.vestibule.cpu.fp.Conversion;
import dev.vestibule.cpu.fp.Estimate;
import dev.vestibule.cpu.fp.FpEnv;
import dev.vestibule.cpu.fp.Fpscr;
import dev.vestibule.cpu.fp.SingleLane;
import jdk.internal.misc.Unsafe;

/** What do the vector micro-operations of {@link VsxOp} do? */
final class VsxOps {
  private static final Unsafe U = Unsafe.getUnsafe();
  private static final long STATUS = FloatOp.FPSCR * 8L;
  private static final long M32 = 0xffff_ffffL;
  private static final long SIGNS = 0x8000_0000_8000_0000L;
  private static final int ZERO = FpEnv.TOWARD_ZERO;

  private VsxOps() {}

  static void execute(Cpu cpu, int op, long w) {
    long ctx = cpu.context();
    if (op < VsxOp.VFNEG64) {
      permute(ctx, op, w);
    } else if (op < VsxOp.VFTDIV64) {
      signs(ctx, op, w);
    } else if (op < VsxOp.VFADD64) {
      U.putLong(ctx + Op.d(w) * 8L, test(ctx, op, w));
    } else if (op < VsxOp.VFADD32) {
      doubles(cpu.floats(), ctx, op, w);
    } else {
      singles(cpu.floats(), ctx, op, w);
    }
  }

  private static void set(long ctx, long w, long high, long low) {
    long d = ctx + Op.d(w) * 8L;
    U.putLong(d, low);
    U.putLong(d + 8, high);
  }

  private static void permute(long ctx, int op, long w) {
    long a = ctx + Op.a(w) * 8L;
    long b = ctx + Op.b(w) * 8L;
    long aLow = U.getLong(a);
    long aHigh = U.getLong(a + 8);
    long bLow = U.getLong(b);
    long bHigh = U.getLong(b + 8);
    int e = Op.e(w);
    switch (op) {
      case VsxOp.VPERMD -> set(ctx, w, (e & 2) == 0 ? aHigh : aLow, (e & 1) == 0 ? bHigh : bLow);
      case VsxOp.VSHIFTW -> {
        switch (e) {
          case 0 -> set(ctx, w, aHigh, aLow);
          case 1 -> set(ctx, w, aHigh << 32 | aLow >>> 32, aLow << 32 | bHigh >>> 32);
          case 2 -> set(ctx, w, aLow, bHigh);
          default -> set(ctx, w, aLow << 32 | bHigh >>> 32, bHigh << 32 | bLow >>> 32);
        }
      }
      case VsxOp.VMERGEHW -> set(ctx, w, aHigh & ~M32 | bHigh >>> 32, aHigh << 32 | bHigh & M32);
      case VsxOp.VMERGELW -> set(ctx, w, aLow & ~M32 | bLow >>> 32, aLow << 32 | bLow & M32);
      case VsxOp.VSPLATW -> {
        long word = ((e & 2) == 0 ? aHigh : aLow) >>> ((e & 1) == 0 ? 32 : 0) & M32;
        set(ctx, w, word << 32 | word, word << 32 | word);
      }
      case VsxOp.VSPLATD -> set(ctx, w, aLow, aLow);
      default -> throw unknown(op);
    }
  }

  private static void signs(long ctx, int op, long w) {
    long a = ctx + Op.a(w) * 8L;
    long b = ctx + Op.b(w) * 8L;
    set(
        ctx,
        w,
        signed(op, U.getLong(a + 8), U.getLong(b + 8)),
        signed(op, U.getLong(a), U.getLong(b)));
  }

  private static long signed(int op, long a, long b) {
    return switch (op) {
      case VsxOp.VFNEG64 -> a ^ Long.MIN_VALUE;
      case VsxOp.VFABS64 -> a & Long.MAX_VALUE;
      case VsxOp.VFNABS64 -> a | Long.MIN_VALUE;
      case VsxOp.VFCPSGN64 -> a & Long.MIN_VALUE | b & Long.MAX_VALUE;
      case VsxOp.VFNEG32 -> a ^ SIGNS;
      case VsxOp.VFABS32 -> a & ~SIGNS;
      case VsxOp.VFNABS32 -> a | SIGNS;
      case VsxOp.VFCPSGN32 -> a & SIGNS | b & ~SIGNS;
      default -> throw unknown(op);
    };
  }

  private static int test(long ctx, int op, long w) {
    long a = ctx + Op.a(w) * 8L;
    long b = ctx + Op.b(w) * 8L;
    return test(op, U.getLong(a + 8), U.getLong(b + 8)) | test(op, U.getLong(a), U.getLong(b));
  }

  private static int test(int op, long a, long b) {
    return switch (op) {
      case VsxOp.VFTDIV64 -> Estimate.testDivide(a, b);
      case VsxOp.VFTSQRT64 -> Estimate.testRoot(a);
      case VsxOp.VFTDIV32 ->
          Estimate.testDivideSingle((int) (a >>> 32), (int) (b >>> 32))
              | Estimate.testDivideSingle((int) a, (int) b);
      default -> Estimate.testRootSingle((int) (a >>> 32)) | Estimate.testRootSingle((int) a);
    };
  }

  private static void deliver(long ctx, long w, long fpscr, int flags, long high, long low) {
    if (!Fpscr.suppressesVector(fpscr, flags)) {
      set(ctx, w, high, low);
      if (w < 0) { // RECORD, the last bit of e
        U.putLong(ctx + VsxOp.CR6 * 8L, (high & low) == -1 ? 8 : (high | low) == 0 ? 2 : 0);
      }
    }
    if (flags != 0) {
      U.putLong(ctx + STATUS, Fpscr.raise(fpscr, flags));
    }
  }

  private static void doubles(FpEnv env, long ctx, int op, long w) {
    long fpscr = U.getLong(ctx + STATUS);
    env.control(fpscr);
    long a = ctx + Op.a(w) * 8L;
    long b = ctx + Op.b(w) * 8L;
    long c = ctx + Op.c(w) * 8L;
    int e = Op.e(w);
    long high = lane64(env, op, e, U.getLong(a + 8), U.getLong(b + 8), U.getLong(c + 8));
    int flags = env.flags;
    long low = lane64(env, op, e, U.getLong(a), U.getLong(b), U.getLong(c));
    deliver(ctx, w, fpscr, flags | env.flags, high, low);
  }

  private static long lane64(FpEnv env, int op, int e, long a, long b, long c) {
    return switch (op) {
      case VsxOp.VFADD64 -> Arithmetic.add(env, a, b);
      case VsxOp.VFSUB64 -> Arithmetic.sub(env, a, b);
      case VsxOp.VFMUL64 -> Arithmetic.mul(env, a, b);
      case VsxOp.VFDIV64 -> Arithmetic.div(env, a, b);
      case VsxOp.VFSQRT64 -> Arithmetic.sqrt(env, a);
      case VsxOp.VFMADD64 -> Arithmetic.madd(env, a, c, b);
      case VsxOp.VFMSUB64 -> Arithmetic.msub(env, a, c, b);
      case VsxOp.VFNMADD64 -> Arithmetic.nmadd(env, a, c, b);
      case VsxOp.VFNMSUB64 -> Arithmetic.nmsub(env, a, c, b);
      default -> op < VsxOp.VFTOS64 ? rare64(env, op, e, a, b) : convert64(env, op, a);
    };
  }

  private static long rare64(FpEnv env, int op, int e, long a, long b) {
    return switch (op) {
      case VsxOp.VFRE64 -> Estimate.reciprocal(env, a);
      case VsxOp.VFRSQRTE64 -> Estimate.reciprocalRoot(env, a);
      case VsxOp.VFMAX64 -> Comparison.max(env, a, b);
      case VsxOp.VFMIN64 -> Comparison.min(env, a, b);
      case VsxOp.VFROUND64 -> Conversion.roundToIntegral(env, a, e & 7);
      case VsxOp.VFROUNDX64 -> Conversion.roundToIntegralExact(env, a, env.rounding);
      case VsxOp.VFCMPEQ64 -> Comparison.equal(env, a, b) ? -1 : 0;
      case VsxOp.VFCMPGT64 -> Comparison.greater(env, a, b) ? -1 : 0;
      case VsxOp.VFCMPGE64 -> Comparison.greaterOrEqual(env, a, b) ? -1 : 0;
      default -> throw unknown(op);
    };
  }

  private static long convert64(FpEnv env, int op, long a) {
    return switch (op) {
      case VsxOp.VFTOS64 -> Conversion.toInt64(env, a, ZERO);
      case VsxOp.VFTOU64 -> Conversion.toUint64(env, a, ZERO);
      case VsxOp.VFFROMS64 -> Conversion.fromInt64(env, a);
      case VsxOp.VFFROMU64 -> Conversion.fromUint64(env, a);
      case VsxOp.VFFROMS32 -> Conversion.fromInt64(env, a >> 32);
      case VsxOp.VFFROMU32 -> Conversion.fromUint64(env, a >>> 32);
      case VsxOp.VFFROM32 -> Conversion.widen(env, (int) (a >>> 32));
      case VsxOp.VF32TOS64 -> SingleLane.toInt64(env, (int) (a >>> 32));
      case VsxOp.VF32TOU64 -> SingleLane.toUint64(env, (int) (a >>> 32));
      case VsxOp.VFTOS32 -> twice(Conversion.toInt32(env, a, ZERO));
      case VsxOp.VFTOU32 -> twice(Conversion.toUint32(env, a, ZERO));
      case VsxOp.VFTO32 -> twice(Conversion.roundToSingleFormat(env, a));
      case VsxOp.VFFROMS64TO32 -> twice(SingleLane.fromInt64(env, a));
      case VsxOp.VFFROMU64TO32 -> twice(SingleLane.fromUint64(env, a));
      default -> throw unknown(op);
    };
  }

  private static long twice(long word) {
    return word << 32 | word & M32;
  }

  private static void singles(FpEnv env, long ctx, int op, long w) {
    long fpscr = U.getLong(ctx + STATUS);
    env.control(fpscr);
    long a = ctx + Op.a(w) * 8L;
    long b = ctx + Op.b(w) * 8L;
    long c = ctx + Op.c(w) * 8L;
    int e = Op.e(w);
    long high = pair32(env, op, e, U.getLong(a + 8), U.getLong(b + 8), U.getLong(c + 8), 0);
    int flags = env.flags;
    long low = pair32(env, op, e, U.getLong(a), U.getLong(b), U.getLong(c), flags);
    deliver(ctx, w, fpscr, env.flags, high, low);
  }

  /** Two words, leaving in env the flags of both and those given. */
  private static long pair32(FpEnv env, int op, int e, long a, long b, long c, int flags) {
    int first = lane32(env, op, e, (int) (a >>> 32), (int) (b >>> 32), (int) (c >>> 32));
    int firstFlags = env.flags;
    int second = lane32(env, op, e, (int) a, (int) b, (int) c);
    env.flags |= firstFlags | flags;
    return (long) first << 32 | second & M32;
  }

  private static int lane32(FpEnv env, int op, int e, int a, int b, int c) {
    return switch (op) {
      case VsxOp.VFADD32 -> SingleLane.add(env, a, b);
      case VsxOp.VFSUB32 -> SingleLane.sub(env, a, b);
      case VsxOp.VFMUL32 -> SingleLane.mul(env, a, b);
      case VsxOp.VFDIV32 -> SingleLane.div(env, a, b);
      case VsxOp.VFSQRT32 -> SingleLane.sqrt(env, a);
      case VsxOp.VFMADD32 -> SingleLane.madd(env, a, c, b);
      case VsxOp.VFMSUB32 -> SingleLane.msub(env, a, c, b);
      case VsxOp.VFNMADD32 -> SingleLane.nmadd(env, a, c, b);
      case VsxOp.VFNMSUB32 -> SingleLane.nmsub(env, a, c, b);
      default -> rare32(env, op, e, a, b);
    };
  }

  private static int rare32(FpEnv env, int op, int e, int a, int b) {
    return switch (op) {
      case VsxOp.VFRE32 -> SingleLane.reciprocal(env, a);
      case VsxOp.VFRSQRTE32 -> SingleLane.reciprocalRoot(env, a);
      case VsxOp.VFMAX32 -> SingleLane.max(env, a, b);
      case VsxOp.VFMIN32 -> SingleLane.min(env, a, b);
      case VsxOp.VFROUND32 -> SingleLane.roundToIntegral(env, a, e & 7);
      case VsxOp.VFROUNDX32 -> SingleLane.roundToIntegralExact(env, a, env.rounding);
      case VsxOp.VFCMPEQ32 -> SingleLane.equal(env, a, b) ? -1 : 0;
      case VsxOp.VFCMPGT32 -> SingleLane.greater(env, a, b) ? -1 : 0;
      case VsxOp.VFCMPGE32 -> SingleLane.greaterOrEqual(env, a, b) ? -1 : 0;
      case VsxOp.VF32TOS32 -> SingleLane.toInt32(env, a);
      case VsxOp.VF32TOU32 -> SingleLane.toUint32(env, a);
      case VsxOp.VFFROMS32TO32 -> SingleLane.fromInt64(env, a);
      case VsxOp.VFFROMU32TO32 -> SingleLane.fromUint64(env, a & M32);
      default -> throw unknown(op);
    };
  }

  private static AssertionError unknown(int op) {
    return new AssertionError("vector micro-operation " + op);
  }
}
