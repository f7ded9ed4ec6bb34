package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.fp.FpEnv;
import dev.vestibule.cpu.fp.Fpscr;
import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.cpu.micro.MicroBuilder;
import dev.vestibule.cpu.micro.Op;

/**
 * Which host instructions compute what the floating-point micro-operations of {@link FloatOp} mean?
 *
 * <p>The host computes in the guest's rounding mode and collects sticky exceptions in MXCSR; {@link
 * FloatStatus} says what becomes of them. Whatever delivers a NaN leaves to the interpreter before
 * anything has changed, and so does what the host would judge otherwise: Power sees tininess before
 * rounding, x86 behind it, so a result that is exactly the least normal number may lack the
 * underflow.
 *
 * <p>Single precision is computed in double and rounded again. That is the exact value rounded once
 * unless the double lies half-way between two singles and is itself inexact. Sums, products and
 * quotients of singles are never both; other operands and multiply-adds that come out half-way
 * leave to the interpreter, as do tiny results.
 */
class FloatEmitter extends FloatFrame {
  FloatEmitter(int[] hotSlots, int[] hotFloatSlots, HostFeatures host) {
    super(hotSlots, hotFloatSlots, host);
  }

  // ---- which ------------------------------------------------------------------------------------

  /** Whether {@link #emitFloat} knows the operation. */
  final boolean floats(long w) {
    int op = Op.op(w);
    int e = Op.e(w);
    if (op < FloatOp.FADD64 || op > FloatOp.FCUT || (e & FloatOp.RECORD) != 0) {
      return false;
    }
    return switch (op) {
      case FloatOp.FADD64,
          FloatOp.FSUB64,
          FloatOp.FMUL64,
          FloatOp.FDIV64,
          FloatOp.FSQRT64,
          FloatOp.FRE64,
          FloatOp.FRSQRTE64,
          FloatOp.FRE32,
          FloatOp.FRSQRTE32,
          FloatOp.FADD32,
          FloatOp.FSUB32,
          FloatOp.FMUL32,
          FloatOp.FDIV32,
          FloatOp.FSQRT32,
          FloatOp.FTO32,
          FloatOp.FFROM32,
          FloatOp.FFROMS64,
          FloatOp.FFROMU64,
          FloatOp.FFROMS64TO32,
          FloatOp.FFROMU64TO32,
          FloatOp.FMAX64,
          FloatOp.FMIN64,
          FloatOp.FCMPU64,
          FloatOp.FCMPO64,
          FloatOp.FNEG64,
          FloatOp.FABS64,
          FloatOp.FNABS64,
          FloatOp.FCPSGN64,
          FloatOp.FSEL64,
          FloatOp.FWIDEN,
          FloatOp.FCUT ->
          true;
      case FloatOp.FMADD64,
          FloatOp.FMSUB64,
          FloatOp.FNMADD64,
          FloatOp.FNMSUB64,
          FloatOp.FMADD32,
          FloatOp.FMSUB32,
          FloatOp.FNMADD32,
          FloatOp.FNMSUB32 ->
          host().fma();
      case FloatOp.FTOS32, FloatOp.FTOS64 ->
          (e & 7) == FpEnv.TOWARD_ZERO || (e & 7) == FloatOp.CURRENT;
      case FloatOp.FTOU32, FloatOp.FTOU64 -> (e & 7) == FpEnv.TOWARD_ZERO;
      case FloatOp.FROUND64, FloatOp.FROUNDX64 -> host().sse42();
      case FloatOp.FPSCR_CLEAR, FloatOp.FPSCR_SET -> controls(Fpscr.FX >>> (e & 31) & 0xffff_ffffL);
      case FloatOp.FPSCR_FIELDS -> controls(moved(w)) || moved(w) == 0xffff_ffffL;
      case FloatOp.FPSCR_ALL -> true;
      default -> false;
    };
  }

  /** The bits of the FPSCR that an operation moves to it. */
  private static long moved(long w) {
    int e = Op.e(w);
    return Op.op(w) == FloatOp.FPSCR_ALL ? -1 : Fpscr.fieldMask(e & 0xff, (e & 0x100) != 0);
  }

  /** Whether bits of the FPSCR are modes only. */
  private static boolean controls(long mask) {
    return (mask & ~(long) CONTROLS) == 0;
  }

  /** Whether an integer operation reads the FPSCR, which is not precise in machine code. */
  static boolean mentionsStatus(long w) {
    int op = Op.op(w);
    return op < Op.LDU8 && Op.a(w) == FloatOp.FPSCR && op != Op.CONST && op != Op.POOL;
  }

  /**
   * Whether the status of an arithmetic operation can be seen: not if another one follows before
   * the code can be left by anything but that one.
   */
  private boolean seen(int index) {
    for (int i = index + 1; i < code.length; i++) {
      int op = Op.op(code[i]);
      if (op >= FloatOp.FADD64 && op < FloatOp.FTOS32 && floats(code[i])) {
        return false;
      }
      boolean stays =
          op < Op.LDU8 && computes(op) && !mentionsStatus(code[i])
              || op >= FloatOp.FNEG64 && op <= FloatOp.FSEL64;
      if (!stays) {
        return true;
      }
    }
    return true;
  }

  private void note(long w) {
    storeConstant(FloatStatus.pending(w), RBP, offset(FloatStatus.PENDING));
  }

  // ---- operations -------------------------------------------------------------------------------

  final void emitFloat(long w, int index, Label slow) {
    int op = Op.op(w);
    if (op < FloatOp.FTOS32) {
      ready(slow);
      boolean seen = seen(index);
      boolean two =
          op <= FloatOp.FDIV64 || op >= FloatOp.FADD32 && op <= FloatOp.FDIV32 || fused(op);
      int a = operand(seen ? A : -1, 1, Op.a(w));
      int b = two ? operand(seen ? B : -1, 2, Op.b(w)) : 2;
      int c = fused(op) ? operand(seen ? C : -1, 3, Op.c(w)) : 3;
      if (seen) {
        note(w); // even if this attempt fails: then the interpreter repeats it
      }
      boolean single = op >= FloatOp.FADD32;
      arithmetic(single && op <= FloatOp.FRSQRTE32 ? op - 16 : op, w, a, b, c, slow);
      deliver(Op.d(w), single || op == FloatOp.FFROM32);
    } else if (op <= FloatOp.FTOU64) {
      ready(slow);
      toInteger(op, w, slow);
    } else {
      switch (op) {
        case FloatOp.FMAX64, FloatOp.FMIN64 -> extreme(op == FloatOp.FMAX64, w, slow);
        case FloatOp.FCMPU64, FloatOp.FCMPO64 -> {
          ready(slow);
          compare(w, slow);
        }
        case FloatOp.FPSCR_FIELDS, FloatOp.FPSCR_ALL -> {
          ready(slow);
          moveToStatus(moved(w), Op.a(w), slow);
          ready = false; // behind the interpreter's exceptions may be enabled
        }
        case FloatOp.FPSCR_CLEAR, FloatOp.FPSCR_SET -> {
          // does nothing if it is so already
          int control = Fpscr.FX >>> (Op.e(w) & 31) & 0xff;
          testMemoryByte(RBP, offset(FloatOp.FPSCR), control);
          jumpIf(op == FloatOp.FPSCR_CLEAR ? NOT_EQUAL : EQUAL, slow);
        }
        case FloatOp.FWIDEN -> widen(w, slow);
        case FloatOp.FCUT -> cut(w, slow);
        default -> sign(op, w);
      }
    }
  }

  /** A register with an operand: {@code kept}, or if that is none, some register. */
  private int operand(int kept, int scratch, int slot) {
    if (kept < 0) {
      return source(scratch, slot);
    }
    fetch(kept, slot);
    return kept;
  }

  private static boolean fused(int op) {
    return op >= FloatOp.FMADD64 && op <= FloatOp.FNMSUB64
        || op >= FloatOp.FMADD32 && op <= FloatOp.FNMSUB32;
  }

  /** XMM0 = the result of an operation, of which {@code op} is the form in double precision. */
  private void arithmetic(int op, long w, int a, int b, int c, Label slow) {
    if (!compute(op, a, b, c)) {
      convert(op, w, a, slow);
      return;
    }
    if (Op.op(w) >= FloatOp.FADD32) {
      halfWay(op, w, a, b, slow);
      narrow(slow);
    } else if (op <= FloatOp.FSUB64 || op == FloatOp.FSQRT64) {
      number(slow);
    } else {
      usual(slow);
    }
    negate(op);
  }

  /** XMM0 = the result in double precision, not yet negated; false if it takes more than this. */
  final boolean compute(int op, int a, int b, int c) {
    switch (op) {
      case FloatOp.FADD64 -> binary(SUM, a, b);
      case FloatOp.FSUB64 -> binary(DIFFERENCE, a, b);
      case FloatOp.FMUL64 -> binary(PRODUCT, a, b);
      case FloatOp.FDIV64 -> binary(QUOTIENT, a, b);
      case FloatOp.FSQRT64 -> {
        copyTo(0, a);
        vector(DOUBLE, false, ROOT, 0, 0);
      }
      case FloatOp.FMADD64, FloatOp.FNMADD64 -> fused(true, FUSED_ADD, a, b, c);
      case FloatOp.FMSUB64, FloatOp.FNMSUB64 -> fused(true, FUSED_SUBTRACT, a, b, c);
      case FloatOp.FRE64 -> reciprocal(a);
      case FloatOp.FRSQRTE64 -> {
        copyTo(1, a);
        vector(DOUBLE, false, ROOT, 1, 1);
        reciprocal(1);
      }
      case FloatOp.FTO32 -> copyTo(0, a);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Negates XMM0 if the operation does. */
  final void negate(int op) {
    if (op == FloatOp.FNMADD64 || op == FloatOp.FNMSUB64) {
      mask(true);
      vector(PACKED, false, XOR_BITS, 0, 1);
    }
  }

  private void binary(int operation, int a, int b) {
    copyTo(0, a);
    vector(DOUBLE, false, operation, 0, b);
  }

  /** XMM0 = 1 / a. */
  private void reciprocal(int a) {
    power(0, 54);
    vector(DOUBLE, false, QUOTIENT, 0, a);
  }

  /** A register = 1 for a shift by 54: all bits of the exponent but one; 1/2 by 55. */
  private void power(int xmm, int left) {
    vector(PACKED, false, EQUAL_WORDS, xmm, xmm);
    vector(PACKED, false, SHIFT, 6, xmm);
    emit8(left);
    vector(PACKED, false, SHIFT, 2, xmm);
    emit8(2);
  }

  /** XMM0 = a * c + b or a * c - b: VFMADD231SD, VFMSUB231SD, and the packed forms before them. */
  final void fused(boolean doubles, int operation, int a, int b, int c) {
    copyTo(0, b);
    emit8(0xc4);
    emit8(0xe2 & ~((c >> 3) << 5)); // no R, no X, B of c; map 0F 38
    emit8((doubles ? 0x81 : 1) | (~a & 15) << 3); // W, a, prefix 66
    emit8(operation);
    emit8(0xc0 | c & 7);
  }

  /** Leaves if XMM0 is a NaN. */
  private void number(Label slow) {
    vector(PACKED, false, COMPARE, 0, 0);
    jumpIf(PARITY, slow);
  }

  /** Leaves if XMM0 is a NaN or the least normal number; RAX and RCX are changed. */
  private void usual(Label slow) {
    Label rare = new Label();
    Label back = new Label();
    vector(PACKED, true, TO_GENERAL, 0, RAX);
    shift(true, SHR, RAX, 52);
    operateConstant(false, ADD, RAX, 1);
    testBits(RAX, 0x7fc); // zero for the exponents 7ff, 0, 1, 2
    jumpIf(EQUAL, rare);
    bind(back);
    later(() -> {
      bind(rare);
      callTo(rareStub);
      jumpIf(EQUAL, slow);
      jump(back);
    });
  }

  private void testBits(int register, int mask) {
    registers(false, 0xf7, 0, register);
    emit32(mask);
  }

  /** Leaves if rounding XMM0 to single precision might be a second rounding that matters. */
  private void halfWay(int op, long w, int a, int b, Label slow) {
    boolean two = op <= FloatOp.FDIV64;
    boolean exact =
        op == FloatOp.FTO32
            || op == FloatOp.FRSQRTE64
            || isSingle(Op.a(w)) && (!two || isSingle(Op.b(w)));
    if (exact && !fused(op)) {
      return;
    }
    Label half = new Label();
    vector(PACKED, false, TO_GENERAL, 0, RAX);
    operateConstant(false, AND, RAX, BEYOND_SINGLE);
    operateConstant(false, CMP, RAX, HALF_WAY);
    if (fused(op)) {
      jumpIf(EQUAL, slow);
      return;
    }
    jumpIf(EQUAL, half);
    Label back = new Label();
    bind(back);
    later(() -> {
      bind(half);
      vector(PACKED, false, TO_GENERAL, a, RAX);
      if (two) {
        vector(PACKED, false, TO_GENERAL, b, RCX);
        operate(false, OR, RAX, RCX);
      }
      testBits(RAX, BEYOND_SINGLE);
      jumpIf(EQUAL, back);
      jump(slow);
    });
  }

  /** Rounds XMM0 to single precision; leaves if that is a NaN or tiny. */
  private void narrow(Label slow) {
    Label rare = new Label();
    Label back = new Label();
    copyTo(1, 0);
    vector(DOUBLE, false, OTHER_PRECISION, 0, 0);
    vector(PACKED, false, TO_GENERAL, 0, RAX);
    loadAddress(false, RAX, RAX, RAX, 0, 0x00ff_ffff); // NaNs, zeros, tiny ones come first
    operateConstant(false, CMP, RAX, 0x01ff_ffff);
    jumpIf(BELOW_EQUAL, rare);
    bind(back);
    vector(SINGLE, false, OTHER_PRECISION, 0, 0);
    later(() -> {
      bind(rare);
      vector(PACKED, true, TO_GENERAL, 1, RAX);
      operate(true, ADD, RAX, RAX);
      jumpIf(EQUAL, back); // it was zero before
      jump(slow);
    });
  }

  private void convert(int op, long w, int a, Label slow) {
    switch (op) {
      case FloatOp.FFROMS64, FloatOp.FFROMS64TO32, FloatOp.FFROMU64, FloatOp.FFROMU64TO32 -> {
        boolean single = op == FloatOp.FFROMS64TO32 || op == FloatOp.FFROMU64TO32;
        fromInteger(single, op == FloatOp.FFROMU64 || op == FloatOp.FFROMU64TO32, a);
      }
      case FloatOp.FFROM32 -> {
        copyTo(0, a);
        vector(SINGLE, false, OTHER_PRECISION, 0, 0);
        number(slow);
      }
      case FloatOp.FROUND64, FloatOp.FROUNDX64 -> {
        int mode = Op.e(w) & 7;
        boolean away = op == FloatOp.FROUND64 && mode == FpEnv.NEAREST_AWAY;
        copyTo(0, a);
        vector(PACKED, false, ROUND, 0, 0);
        emit8(op == FloatOp.FROUNDX64 ? INEXACTLY : roundingMode(away ? FpEnv.TOWARD_ZERO : mode));
        number(slow);
        if (away) {
          roundAway(a);
        }
      }
      default -> throw new AssertionError("micro-operation " + op);
    }
  }

  /** XMM0, the truncated number, = the nearest integral one, away from zero if two are as near. */
  private void roundAway(int a) {
    copyTo(2, a);
    copyTo(3, a);
    vector(DOUBLE, false, DIFFERENCE, 3, 0); // exact, like all that follows
    mask(false);
    vector(0, false, AND_BITS, 3, 1);
    power(1, 55); // 1/2
    vector(DOUBLE, false, COMPARE_TO_MASK, 1, 3);
    emit8(LESS_OR_EQUAL);
    power(3, 54); // 1
    vector(0, false, AND_BITS, 3, 1);
    mask(true);
    vector(0, false, AND_BITS, 2, 1);
    vector(0, false, OR_BITS, 3, 2); // a zero or one of the number's sign
    vector(DOUBLE, false, SUM, 0, 3);
  }

  /** ROUNDSD's number of a rounding mode, never inexact. */
  static int roundingMode(int mode) {
    return switch (mode) {
      case FpEnv.NEAREST_EVEN -> 8;
      case FpEnv.DOWNWARD -> 9;
      case FpEnv.UPWARD -> 10;
      case FpEnv.TOWARD_ZERO -> 11;
      default -> throw new IllegalArgumentException("mode " + mode);
    };
  }

  final void fromInteger(boolean single, boolean unsigned, int a) {
    int prefix = single ? SINGLE : DOUBLE;
    vector(PACKED, true, TO_GENERAL, a, RAX);
    vector(0, false, XOR_BITS, 0, 0); // depend on nothing older
    if (unsigned) {
      Label large = new Label();
      Label back = new Label();
      test(true, RAX, RAX);
      jumpIf(NEGATIVE, large);
      vector(prefix, true, FROM_INTEGER, 0, RAX);
      bind(back);
      later(() -> { // half of it, the lost bit kept, rounds alike
        bind(large);
        move(RCX, RAX);
        operateConstant(false, AND, RCX, 1);
        shift(true, SHR, RAX, 1);
        operate(true, OR, RAX, RCX);
        vector(prefix, true, FROM_INTEGER, 0, RAX);
        vector(prefix, false, SUM, 0, 0);
        jump(back);
      });
    } else {
      vector(prefix, true, FROM_INTEGER, 0, RAX);
    }
    if (single) {
      vector(SINGLE, false, OTHER_PRECISION, 0, 0);
    }
  }

  private void toInteger(int op, long w, Label slow) {
    int e = Op.e(w);
    boolean wide = op == FloatOp.FTOS64 || op == FloatOp.FTOU64 || op == FloatOp.FTOU32;
    fetch(0, Op.a(w));
    if (op == FloatOp.FTOU32 || op == FloatOp.FTOU64) {
      // Outside this range the host's signed conversion is none, or signals otherwise.
      constant(RAX, op == FloatOp.FTOU32 ? 0x41f0_0000_0000_0000L : 0x43e0_0000_0000_0000L);
      vector(PACKED, true, TO_GENERAL, 0, RCX);
      operate(true, CMP, RCX, RAX);
      jumpIf(ABOVE_EQUAL, slow);
    }
    vector(DOUBLE, wide, (e & 7) == FloatOp.CURRENT ? TO_INTEGER : TRUNCATE, RAX, 0);
    if (op == FloatOp.FTOS32 || op == FloatOp.FTOS64) {
      operateConstant(wide, CMP, RAX, 1); // overflows for the least integer, which says invalid
      jumpIf(OVERFLOW, slow);
    }
    if (op == FloatOp.FTOS32) {
      signExtend32(RAX, RAX);
    }
    if ((e & FloatOp.TWICE) != 0) {
      move(RCX, RAX);
      shift(true, SHL, RCX, 32);
      move32(RAX, RAX);
      operate(true, OR, RAX, RCX);
    }
    vectorMemory(DOUBLE, STORE, 0, RBP, offset(FloatStatus.CONVERSION_OPERAND));
    memory(false, 0xc7, 0, RBP, offset(FloatStatus.PENDING) + FloatStatus.CONVERTED);
    emit32(FloatStatus.pending(w));
    deliverGeneral(Op.d(w), RAX);
  }

  private void extreme(boolean greatest, long w, Label slow) {
    Label equal = new Label();
    Label back = new Label();
    fetch(0, Op.a(w));
    fetch(1, Op.b(w));
    vector(PACKED, false, COMPARE, 0, 1);
    jumpIf(PARITY, slow);
    jumpIf(EQUAL, equal);
    vector(DOUBLE, false, greatest ? GREATEST : LEAST, 0, 1);
    bind(back);
    later(() -> { // zeros may differ in sign
      bind(equal);
      vector(PACKED, false, greatest ? AND_BITS : OR_BITS, 0, 1);
      jump(back);
    });
    deliver(Op.d(w), isSingle(Op.a(w)) && isSingle(Op.b(w)));
  }

  private void compare(long w, Label slow) {
    int a = source(0, Op.a(w));
    vector(PACKED, false, COMPARE, a, source(1, Op.b(w)));
    jumpIf(PARITY, slow);
    set(BELOW, RCX);
    set(ABOVE, RDX);
    condition();
    store(RAX, RBP, offset(FloatStatus.CONDITION));
    memory(false, 0xc6, 0, RBP, offset(FloatStatus.PENDING) + FloatStatus.COMPARED);
    emit8(1);
    int d = Op.d(w);
    define(d, RAX);
    written(d);
  }

  /** d = the double of a single; NaNs keep their kind, so the interpreter has them. */
  private void widen(long w, Label slow) {
    vector(PACKED, false, FROM_GENERAL, 0, use(Op.a(w), RAX));
    vector(SINGLE, false, OTHER_PRECISION, 0, 0);
    number(slow);
    int d = Op.d(w);
    if (d >= MicroBuilder.TEMPORARIES || registerOf(d) >= 0) {
      vector(PACKED, true, TO_GENERAL, 0, RAX);
      define(d, RAX);
    } else {
      set(d);
    }
    written(d);
    if (isFpr(d)) {
      singles |= bit(d);
    }
  }

  /** d = a in single format, truncated. */
  private void cut(long w, Label slow) {
    int a = Op.a(w);
    Label small = new Label();
    Label back = new Label();
    if (pin(a) >= 0) {
      vector(PACKED, true, TO_GENERAL, pin(a), RAX);
    } else {
      into(RAX, a);
    }
    move(RCX, RAX);
    shift(true, SHR, RCX, 52);
    operateConstant(false, AND, RCX, 0x7ff);
    operateConstant(false, CMP, RCX, 1023 - 127);
    jumpIf(BELOW_EQUAL, small);
    bind(back);
    move(RCX, RAX);
    shift(true, SHR, RCX, 32);
    operateConstant(false, AND, RCX, 0xc000_0000);
    shift(true, SHR, RAX, 29);
    operateConstant(false, AND, RAX, 0x3fff_ffff);
    operate(false, OR, RAX, RCX);
    later(() -> {
      bind(small);
      loadAddress(true, RCX, RAX, RAX, 0, 0);
      test(true, RCX, RCX);
      jumpIf(EQUAL, back);
      jump(slow);
    });
    int d = Op.d(w);
    define(d, RAX);
    written(d);
    if (isFpr(d)) {
      singles &= ~bit(d);
      if (pin(d) >= 0) {
        vector(PACKED, true, FROM_GENERAL, pin(d), RAX);
      }
    }
  }

  /**
   * Moves to the FPSCR as libraries do around their functions: all modes but that of rounding stay
   * as they are, and exceptions that were saved come back. What does more leaves.
   */
  private void moveToStatus(long mask, int slot, Label slow) {
    Label again = new Label();
    Label rounds = new Label();
    bind(again);
    into(RAX, slot);
    load(RCX, RBP, offset(FloatOp.FPSCR));
    operate(true, XOR, RCX, RAX);
    testBits(RCX, (int) mask & CONTROLS);
    jumpIf(NOT_EQUAL, rounds);
    if (!controls(mask)) {
      shift(true, SHR, RCX, 32);
      jumpIf(NOT_EQUAL, slow);
      testBits(RAX, Fpscr.INVALID | Fpscr.VX | Fpscr.FEX | ~(int) Fpscr.IMPLEMENTED);
      jumpIf(NOT_EQUAL, slow);
      store(RAX, RBP, offset(FloatOp.FPSCR));
      storeConstant(0, RBP, offset(FloatStatus.PENDING));
      control(2, FloatStatus.CONTROL); // with no exceptions
    }
    later(() -> {
      bind(rounds);
      testBits(RCX, (int) mask & CONTROLS & ~Fpscr.RN);
      jumpIf(NOT_EQUAL, slow);
      callTo(roundingStub);
      jumpIf(EQUAL, slow);
      jump(again); // it is so now
    });
  }

  private void sign(int op, long w) {
    int a = Op.a(w);
    boolean single = isSingle(a);
    fetch(0, a);
    switch (op) {
      case FloatOp.FNEG64 -> {
        mask(true);
        vector(0, false, XOR_BITS, 0, 1);
      }
      case FloatOp.FABS64 -> {
        mask(false);
        vector(0, false, AND_BITS, 0, 1);
      }
      case FloatOp.FNABS64 -> {
        mask(true);
        vector(0, false, OR_BITS, 0, 1);
      }
      case FloatOp.FCPSGN64 -> {
        single = false;
        mask(true);
        vector(0, false, AND_BITS, 0, 1);
        vector(0, false, AND_NOT_BITS, 1, source(2, Op.b(w)));
        vector(0, false, OR_BITS, 0, 1);
      }
      default -> { // FSEL64
        single = isSingle(Op.b(w)) && isSingle(Op.c(w));
        vector(0, false, XOR_BITS, 1, 1);
        vector(DOUBLE, false, COMPARE_TO_MASK, 1, 0);
        emit8(LESS_OR_EQUAL);
        fetch(0, Op.c(w));
        vector(0, false, AND_BITS, 0, 1);
        vector(0, false, AND_NOT_BITS, 1, source(2, Op.b(w)));
        vector(0, false, OR_BITS, 0, 1);
      }
    }
    deliver(Op.d(w), single);
  }
}
