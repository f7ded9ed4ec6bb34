package dev.vestibule.cpu.micro;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.fp.Arithmetic;
import dev.vestibule.cpu.fp.Comparison;
import dev.vestibule.cpu.fp.Conversion;
import dev.vestibule.cpu.fp.Estimate;
import dev.vestibule.cpu.fp.FpClass;
import dev.vestibule.cpu.fp.FpEnv;
import dev.vestibule.cpu.fp.Fpscr;
import jdk.internal.misc.Unsafe;

/** What do the floating-point micro-operations of {@link FloatOp} do? */
public final class FloatOps {
  private static final Unsafe U = Unsafe.getUnsafe();
  private static final long STATUS = FloatOp.FPSCR * 8L;
  private static final long SIGN = Long.MIN_VALUE;

  private FloatOps() {}

  /** Executes one, as an interpreter does. */
  public static void execute(Cpu cpu, long w) {
    int op = Op.op(w);
    long ctx = cpu.context();
    if (op <= FloatOp.FNMSUB64) {
      arithmetic(cpu.floats(), ctx, op, w);
    } else if (op < FloatOp.FADD32) {
      rarer(cpu.floats(), ctx, op, w);
    } else if (op <= FloatOp.FNMSUB32) {
      single(cpu.floats(), ctx, op, w);
    } else if (op < FloatOp.FTOS32) {
      rarerSingle(cpu.floats(), ctx, op, w);
    } else if (op < FloatOp.FNARROW32) {
      toInteger(cpu.floats(), ctx, op, w);
    } else if (op < FloatOp.FCMPU64) {
      special(cpu.floats(), ctx, op, w);
    } else if (op < FloatOp.FPSCR_FIELDS) {
      compare(cpu.floats(), ctx, op, w);
    } else if (op < FloatOp.FNEG64) {
      status(ctx, op, w);
    } else {
      move(ctx, op, w);
    }
  }

  private static long d(long ctx, long w) {
    return ctx + (w >>> 7 & 0x3ff8);
  }

  private static long a(long ctx, long w) {
    return U.getLong(ctx + (w >>> 18 & 0x3ff8));
  }

  private static long b(long ctx, long w) {
    return U.getLong(ctx + (w >>> 29 & 0x3ff8));
  }

  private static long c(long ctx, long w) {
    return U.getLong(ctx + (w >>> 40 & 0x3ff8));
  }

  private static void scalar(long ctx, long w, long value) {
    long d = d(ctx, w);
    U.putLong(d, value);
    U.putLong(d - 8, 0);
  }

  private static void setStatus(long ctx, long w, long fpscr) {
    U.putLong(ctx + STATUS, fpscr);
    if (w < 0) { // RECORD, the last bit of e
      U.putLong(ctx + FloatOp.CR1 * 8L, fpscr >>> 28 & 15);
    }
  }

  private static void arithmetic(FpEnv env, long ctx, int op, long w) {
    long fpscr = U.getLong(ctx + STATUS);
    env.control(fpscr);
    long a = a(ctx, w);
    long b = b(ctx, w);
    long result =
        switch (op) {
          case FloatOp.FADD64 -> Arithmetic.add(env, a, b);
          case FloatOp.FSUB64 -> Arithmetic.sub(env, a, b);
          case FloatOp.FMUL64 -> Arithmetic.mul(env, a, b);
          case FloatOp.FDIV64 -> Arithmetic.div(env, a, b);
          case FloatOp.FSQRT64 -> Arithmetic.sqrt(env, a);
          case FloatOp.FMADD64 -> Arithmetic.madd(env, a, c(ctx, w), b);
          case FloatOp.FMSUB64 -> Arithmetic.msub(env, a, c(ctx, w), b);
          case FloatOp.FNMADD64 -> Arithmetic.nmadd(env, a, c(ctx, w), b);
          default -> Arithmetic.nmsub(env, a, c(ctx, w), b);
        };
    deliver(env, ctx, w, fpscr, result, FpClass.ofDouble(result));
  }

  private static void single(FpEnv env, long ctx, int op, long w) {
    long fpscr = U.getLong(ctx + STATUS);
    env.control(fpscr);
    long a = a(ctx, w);
    long b = b(ctx, w);
    long result =
        switch (op) {
          case FloatOp.FADD32 -> Arithmetic.addSingle(env, a, b);
          case FloatOp.FSUB32 -> Arithmetic.subSingle(env, a, b);
          case FloatOp.FMUL32 -> Arithmetic.mulSingle(env, a, b);
          case FloatOp.FDIV32 -> Arithmetic.divSingle(env, a, b);
          case FloatOp.FSQRT32 -> Arithmetic.sqrtSingle(env, a);
          case FloatOp.FMADD32 -> Arithmetic.maddSingle(env, a, c(ctx, w), b);
          case FloatOp.FMSUB32 -> Arithmetic.msubSingle(env, a, c(ctx, w), b);
          case FloatOp.FNMADD32 -> Arithmetic.nmaddSingle(env, a, c(ctx, w), b);
          default -> Arithmetic.nmsubSingle(env, a, c(ctx, w), b);
        };
    deliver(env, ctx, w, fpscr, result, FpClass.ofSingleInDouble(result));
  }

  private static void deliver(
      FpEnv env, long ctx, long w, long fpscr, long result, int resultClass) {
    int flags = env.flags;
    if (!Fpscr.suppresses(fpscr, flags)) {
      scalar(ctx, w, result);
    }
    setStatus(ctx, w, Fpscr.arithmetic(fpscr, flags, resultClass));
  }

  private static void rarer(FpEnv env, long ctx, int op, long w) {
    long fpscr = U.getLong(ctx + STATUS);
    env.control(fpscr);
    long a = a(ctx, w);
    long result =
        switch (op) {
          case FloatOp.FRE64 -> Estimate.reciprocal(env, a);
          case FloatOp.FRSQRTE64 -> Estimate.reciprocalRoot(env, a);
          case FloatOp.FROUND64 -> Conversion.roundToIntegral(env, a, mode(env, w));
          case FloatOp.FROUNDX64 -> Conversion.roundToIntegralExact(env, a, env.rounding);
          case FloatOp.FFROM32 -> Conversion.widen(env, (int) a);
          case FloatOp.FFROMS64 -> Conversion.fromInt64(env, a);
          case FloatOp.FFROMU64 -> Conversion.fromUint64(env, a);
          default -> throw unknown(op);
        };
    deliver(env, ctx, w, fpscr, result, FpClass.ofDouble(result));
  }

  private static void rarerSingle(FpEnv env, long ctx, int op, long w) {
    long fpscr = U.getLong(ctx + STATUS);
    env.control(fpscr);
    long a = a(ctx, w);
    long result =
        switch (op) {
          case FloatOp.FRE32 -> Estimate.reciprocalSingle(env, a);
          case FloatOp.FRSQRTE32 -> Estimate.reciprocalRootSingle(env, a);
          case FloatOp.FTO32 -> Arithmetic.roundToSingle(env, a);
          case FloatOp.FFROMS64TO32 -> Conversion.fromInt64Single(env, a);
          case FloatOp.FFROMU64TO32 -> Conversion.fromUint64Single(env, a);
          default -> throw unknown(op);
        };
    deliver(env, ctx, w, fpscr, result, FpClass.ofSingleInDouble(result));
  }

  private static int mode(FpEnv env, long w) {
    int mode = Op.e(w) & 7;
    return mode == FloatOp.CURRENT ? env.rounding : mode;
  }

  private static void toInteger(FpEnv env, long ctx, int op, long w) {
    long fpscr = U.getLong(ctx + STATUS);
    env.control(fpscr);
    long a = a(ctx, w);
    int mode = mode(env, w);
    long result =
        switch (op) {
          case FloatOp.FTOS32 -> Conversion.toInt32(env, a, mode);
          case FloatOp.FTOU32 -> Conversion.toUint32(env, a, mode);
          case FloatOp.FTOS64 -> Conversion.toInt64(env, a, mode);
          default -> Conversion.toUint64(env, a, mode);
        };
    int e = Op.e(w);
    if (!Fpscr.suppresses(fpscr, env.flags)) {
      boolean twice = (e & FloatOp.TWICE) != 0;
      scalar(ctx, w, twice ? result << 32 | result & 0xffff_ffffL : result);
    }
    setStatus(
        ctx,
        w,
        (e & FloatOp.CLASS) != 0
            ? Fpscr.fpuConversion(fpscr, env.flags)
            : Fpscr.conversion(fpscr, env.flags));
  }

  private static void special(FpEnv env, long ctx, int op, long w) {
    long fpscr = U.getLong(ctx + STATUS);
    env.control(fpscr);
    long a = a(ctx, w);
    if (op == FloatOp.FNARROW32) {
      int narrow = Conversion.roundToSingleFormat(env, a);
      long both = (long) narrow << 32 | narrow & 0xffff_ffffL;
      deliver(env, ctx, w, fpscr, both, FpClass.ofSingle(narrow));
    } else {
      long b = b(ctx, w);
      long result = op == FloatOp.FMAX64 ? Comparison.max(env, a, b) : Comparison.min(env, a, b);
      if (!Fpscr.suppresses(fpscr, env.flags)) {
        scalar(ctx, w, result);
      }
      setStatus(ctx, w, Fpscr.raise(fpscr, env.flags));
    }
  }

  private static void compare(FpEnv env, long ctx, int op, long w) {
    long a = a(ctx, w);
    long b = b(ctx, w);
    if (op >= FloatOp.FTDIV64) {
      U.putLong(
          d(ctx, w), op == FloatOp.FTDIV64 ? Estimate.testDivide(a, b) : Estimate.testRoot(a));
      return;
    }
    long fpscr = U.getLong(ctx + STATUS);
    env.control(fpscr);
    int field =
        op == FloatOp.FCMPU64 ? Comparison.unordered(env, a, b) : Comparison.ordered(env, a, b);
    U.putLong(d(ctx, w), field);
    setStatus(ctx, w, Fpscr.comparison(fpscr, env.flags, field));
  }

  private static void status(long ctx, int op, long w) {
    long fpscr = U.getLong(ctx + STATUS);
    int e = Op.e(w);
    long next =
        switch (op) {
          case FloatOp.FPSCR_FIELDS -> {
            long mask = Fpscr.fieldMask(e & 0xff, (e & 0x100) != 0);
            yield Fpscr.move(fpscr, a(ctx, w), mask);
          }
          case FloatOp.FPSCR_ALL -> Fpscr.move(fpscr, a(ctx, w), -1);
          case FloatOp.FPSCR_CLEAR -> Fpscr.clearBit(fpscr, e & 31);
          case FloatOp.FPSCR_SET -> Fpscr.setBit(fpscr, e & 31);
          case FloatOp.FPSCR_TAKE -> {
            U.putLong(d(ctx, w), Fpscr.field(fpscr, e & 7));
            yield Fpscr.clearField(fpscr, e & 7);
          }
          default -> throw unknown(op);
        };
    setStatus(ctx, w, next);
  }

  private static void move(long ctx, int op, long w) {
    long a = a(ctx, w);
    switch (op) {
      case FloatOp.FNEG64 -> scalar(ctx, w, a ^ SIGN);
      case FloatOp.FABS64 -> scalar(ctx, w, a & ~SIGN);
      case FloatOp.FNABS64 -> scalar(ctx, w, a | SIGN);
      case FloatOp.FCPSGN64 -> scalar(ctx, w, a & SIGN | b(ctx, w) & ~SIGN);
      case FloatOp.FSEL64 ->
          scalar(ctx, w, Double.longBitsToDouble(a) >= 0 ? c(ctx, w) : b(ctx, w));
      case FloatOp.FWIDEN -> U.putLong(d(ctx, w), Conversion.singleToDouble((int) a));
      case FloatOp.FCUT -> U.putLong(d(ctx, w), Conversion.doubleToSingle(a) & 0xffff_ffffL);
      default -> throw unknown(op);
    }
  }

  private static AssertionError unknown(int op) {
    return new AssertionError("floating-point micro-operation " + op);
  }
}
