package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.fp.FpEnv;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VmxOp;

/**
 * Which host instructions compute on VMX's vectors of four singles?
 *
 * <p>These round to nearest and raise no exceptions, whatever the guest's FPSCR says. So each swaps
 * MXCSR for its time, with VSCR.NJ as x86's two flags for denormalized operands and results. Where
 * a result is a NaN the operation leaves to the interpreter, and where it may have been tiny before
 * rounding only: Power flushes that, x86 what is tiny behind it.
 */
class SingleEmitter extends CryptoEmitter {
  private static final int CONTROL = 0x0fae;
  private static final int LOAD_CONTROL = 2;
  private static final int STORE_CONTROL = 3;
  private static final int OLD_CONTROL = -8; // from RSP; no signal handler writes so near below it
  private static final int NEW_CONTROL = -4;
  private static final int MASKED = 0x1f80; // all exceptions, to nearest
  private static final int FLUSHING = 0x8040; // results and operands
  private static final int NJ_SHIFT = 16;

  private static final int SUM = 0x0f58;
  private static final int DIFFERENCE = 0x0f5c;
  private static final int PRODUCT = 0x0f59;
  private static final int QUOTIENT = 0x0f5e;
  private static final int ROOT = 0x0f51;
  private static final int COMPARE = 0x0fc2;
  private static final int FROM_INTEGERS = 0x0f5b;
  private static final int TRUNCATE = 0x0f5b; // prefix 0xf3
  private static final int ROUND = 0x0f3a08;
  private static final int FUSED_ADD = 0x0f38b8; // to = first * second + to
  private static final int FUSED_SUBTRACT = 0x0f38ba;
  private static final int SIGNS = 0x0f50;

  // kinds of compares
  private static final int EQUALS = 0;
  private static final int LESS = 1;
  private static final int LESS_OR_EQUAL = 2;
  private static final int UNORDERED = 3;
  private static final int NOT_LESS_OR_EQUAL = 6;

  private static final long ONES = 0x3f80_0000_3f80_0000L;
  private static final long LEAST_NORMAL = 0x0080_0000_0080_0000L;
  private static final long SIGN_BITS = 0x8000_0000_8000_0000L;

  SingleEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  /** Whether {@link #emitSingles} knows the operation. */
  final boolean computesSingles(int op) {
    return host().sse42()
        && switch (op) {
          case VmxOp.FADD,
              VmxOp.FSUB,
              VmxOp.FMAX,
              VmxOp.FMIN,
              VmxOp.FRECIPROCAL,
              VmxOp.FRSQRT,
              VmxOp.FROUND,
              VmxOp.FTOS,
              VmxOp.FTOU,
              VmxOp.FFROMS,
              VmxOp.FFROMU,
              VmxOp.FCMPEQ,
              VmxOp.FCMPGE,
              VmxOp.FCMPGT,
              VmxOp.FBOUNDS ->
              true;
          case VmxOp.FMADD, VmxOp.FNMSUB -> host().fma();
          default -> false;
        };
  }

  final void emitSingles(long w, Label slow) {
    int op = Op.op(w);
    int e = Op.e(w);
    getAll(op, w);
    memory(false, CONTROL, STORE_CONTROL, RSP, OLD_CONTROL);
    load32(RAX, RBP, offset(VmxOp.VSCR));
    shift(false, SHR, RAX, NJ_SHIFT);
    operateConstant(false, AND, RAX, 1);
    multiply(false, RAX, RAX, FLUSHING);
    operateConstant(false, OR, RAX, MASKED);
    memory(false, 0x89, RAX, RSP, NEW_CONTROL);
    memory(false, CONTROL, LOAD_CONTROL, RSP, NEW_CONTROL);
    compute(op, e);
    memory(false, CONTROL, LOAD_CONTROL, RSP, OLD_CONTROL);
    check(op, slow);
    put(0, Op.d(w));
  }

  private void getAll(int op, long w) {
    if (op == VmxOp.FMADD || op == VmxOp.FNMSUB) {
      getAll(Op.a(w), Op.b(w), Op.c(w));
    } else if (op >= VmxOp.FCMPEQ || op < VmxOp.FRECIPROCAL) {
      getBoth(Op.a(w), Op.b(w));
    } else {
      get(0, Op.a(w));
    }
  }

  private void singles(int op, int to, int from) {
    vector(0, false, op, to, from);
  }

  private void compareSingles(int kind, int to, int from) {
    singles(COMPARE, to, from);
    emit8(kind);
  }

  /** XMM0 = the result. */
  private void compute(int op, int e) {
    switch (op) {
      case VmxOp.FADD -> singles(SUM, 0, 1);
      case VmxOp.FSUB -> singles(DIFFERENCE, 0, 1);
      case VmxOp.FMADD -> {
        vex(FUSED_ADD, false, 1, 0, 2);
        copy(0, 1);
      }
      case VmxOp.FNMSUB -> {
        vex(FUSED_SUBTRACT, false, 1, 0, 2);
        copy(0, 1);
        withConstant(XOR_BITS, 0, SIGN_BITS);
      }
      case VmxOp.FMAX, VmxOp.FMIN -> extreme(op == VmxOp.FMAX);
      case VmxOp.FRECIPROCAL, VmxOp.FRSQRT -> {
        if (op == VmxOp.FRSQRT) {
          singles(ROOT, 0, 0);
        }
        loadConstant(1, ONES);
        singles(QUOTIENT, 1, 0);
        copy(0, 1);
      }
      case VmxOp.FROUND -> integer(ROUND, 0, 0, rounding(e));
      case VmxOp.FTOS, VmxOp.FTOU -> {
        scale(e);
        vector(0xf3, false, TRUNCATE, 0, 0);
      }
      case VmxOp.FFROMS -> {
        singles(FROM_INTEGERS, 0, 0);
        scale(-e);
      }
      case VmxOp.FFROMU -> {
        copy(1, 0);
        shiftElements(W, RIGHT, 1, 16);
        keep(0, EVEN_HALFWORDS);
        singles(FROM_INTEGERS, 0, 0);
        singles(FROM_INTEGERS, 1, 1);
        loadConstant(2, splat(W, (127L + 16) << 23));
        singles(PRODUCT, 1, 2); // exact
        singles(SUM, 0, 1);
        scale(-e);
      }
      default -> compareAll(op);
    }
  }

  /** XMM0 = the greater or smaller of XMM0 and XMM1, +0 above -0; all ones for a NaN. */
  private void extreme(boolean greater) {
    copy(3, 0);
    compareSingles(UNORDERED, 3, 1);
    loadConstant(2, ONES);
    singles(PRODUCT, 0, 2); // flushes
    singles(PRODUCT, 1, 2);
    orderAsIntegers(0);
    orderAsIntegers(1);
    integer((greater ? MOST_SIGNED : LEAST_SIGNED)[W], 0, 1);
    orderAsIntegers(0);
    integer(OR_BITS, 0, 3);
  }

  /** Makes numbers integers of the same order, or back again; XMM2 is changed. */
  private void orderAsIntegers(int xmm) {
    copy(2, xmm);
    shiftElements(W, RIGHT_SIGNED, 2, 31);
    keep(2, ~SIGN_BITS);
    integer(XOR_BITS, xmm, 2);
  }

  private void compareAll(int op) {
    switch (op) {
      case VmxOp.FCMPEQ -> compareSingles(EQUALS, 0, 1);
      case VmxOp.FCMPGE, VmxOp.FCMPGT -> {
        compareSingles(op == VmxOp.FCMPGT ? LESS : LESS_OR_EQUAL, 1, 0);
        copy(0, 1);
      }
      default -> { // FBOUNDS
        copy(2, 1);
        withConstant(XOR_BITS, 2, SIGN_BITS);
        compareSingles(NOT_LESS_OR_EQUAL, 2, 0); // -b above a
        compareSingles(NOT_LESS_OR_EQUAL, 0, 1); // a above b
        keep(0, SIGN_BITS);
        keep(2, SIGN_BITS >>> 1);
        integer(OR_BITS, 0, 2);
      }
    }
  }

  /** XMM0 times a power of two. */
  private void scale(int power) {
    if (power != 0) {
      loadConstant(1, splat(W, (long) (127 + power) << 23));
      singles(PRODUCT, 0, 1);
    }
  }

  private static int rounding(int mode) {
    return 8 // without the exception for inexact results
        | switch (mode) {
          case FpEnv.NEAREST_EVEN -> 0;
          case FpEnv.DOWNWARD -> 1;
          case FpEnv.UPWARD -> 2;
          default -> 3;
        };
  }

  /** Leaves where the interpreter has to say what the result is. */
  private void check(int op, Label slow) {
    switch (op) {
      case VmxOp.FTOS -> {
        loadConstant(1, SIGN_BITS);
        integer(EQUAL_WORDS, 1, 0);
        leaveIfAny(1, slow);
      }
      case VmxOp.FTOU -> leaveIfAny(0, slow);
      case VmxOp.FFROMS, VmxOp.FFROMU, VmxOp.FCMPEQ, VmxOp.FCMPGE, VmxOp.FCMPGT, VmxOp.FBOUNDS -> {}
      default -> {
        copy(1, 0);
        compareSingles(UNORDERED, 1, 1);
        if (op == VmxOp.FMADD || op == VmxOp.FNMSUB || op == VmxOp.FRECIPROCAL) {
          copy(2, 0);
          shiftElements(W, LEFT, 2, 1);
          loadConstant(3, LEAST_NORMAL << 1);
          integer(EQUAL_WORDS, 3, 2);
          integer(OR_BITS, 1, 3);
        }
        leaveIfAny(1, slow);
      }
    }
  }

  private void leaveIfAny(int xmm, Label slow) {
    vector(0, false, SIGNS, RAX, xmm);
    test(false, RAX, RAX);
    jumpIf(NOT_EQUAL, slow);
  }
}
