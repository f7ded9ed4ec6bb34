package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.fp.Fpscr;
import dev.vestibule.cpu.micro.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where do floating-point operands, results and modes lie while machine code runs?
 *
 * <p>Copies of the hottest registers lie in XMM4 to 12; whoever writes one writes its slot, too.
 * XMM13 to 15 hold the operands of the last arithmetic operation. MXCSR becomes the guest's before
 * the first operation that rounds.
 */
class FloatFrame extends VmxEmitter {
  static final int DOUBLE = 0xf2; // prefix of instructions on one double
  static final int SINGLE = 0xf3; // on one single
  static final int PACKED = 0x66; // on two doubles, or integers
  static final int LOAD = 0x0f10;
  static final int STORE = 0x0f11;
  static final int COPY = 0x0f28;
  static final int FROM_INTEGER = 0x0f2a;
  static final int TRUNCATE = 0x0f2c;
  static final int TO_INTEGER = 0x0f2d;
  static final int COMPARE = 0x0f2e;
  static final int ROOT = 0x0f51;
  static final int AND_BITS = 0x0f54;
  static final int AND_NOT_BITS = 0x0f55;
  static final int OR_BITS = 0x0f56;
  static final int XOR_BITS = 0x0f57;
  static final int SUM = 0x0f58;
  static final int PRODUCT = 0x0f59;
  static final int OTHER_PRECISION = 0x0f5a;
  static final int DIFFERENCE = 0x0f5c;
  static final int LEAST = 0x0f5d;
  static final int QUOTIENT = 0x0f5e;
  static final int GREATEST = 0x0f5f;
  static final int FROM_GENERAL = 0x0f6e;
  static final int SHIFT = 0x0f73;
  static final int EQUAL_WORDS = 0x0f76;
  static final int TO_GENERAL = 0x0f7e;
  static final int COMPARE_TO_MASK = 0x0fc2;
  static final int LESS_OR_EQUAL = 2;
  static final int ROUND = 0x0f3a0b;
  static final int FUSED_ADD = 0xb9;
  static final int FUSED_SUBTRACT = 0xbb;

  /** ROUNDSD's number of MXCSR's rounding mode, perhaps inexact. */
  static final int INEXACTLY = 4;

  static final int FIRST_PIN = 4;
  static final int MOST_PINS = 9;
  static final int A = 13;
  static final int B = 14;
  static final int C = 15;

  static final int CONTROLS = Fpscr.ENABLES | Fpscr.NI | Fpscr.RN;

  /** Fraction bits that are zero in a number of single precision. */
  static final int BEYOND_SINGLE = 0x1fff_ffff;

  static final int HALF_WAY = 0x1000_0000;

  /** The first slot of VSRs, and behind the last one. */
  static final int FIRST_VSR = 64;

  static final int PAST_VSR = 192;

  final int[] pinned;
  final List<Runnable> later = new ArrayList<>();
  long[] code = {};
  boolean ready;
  long singles;
  long zeros;

  /** Changes the rounding mode to that of RAX's low two bits; equal if it cannot. */
  int roundingStub;

  int readyStub;
  int rareStub;
  int base;

  FloatFrame(int[] hotSlots, int[] hotFloatSlots, HostFeatures host) {
    super(hotSlots, host);
    pinned = Arrays.copyOf(hotFloatSlots, Math.min(hotFloatSlots.length, MOST_PINS));
  }

  // ---- code around the blocks -------------------------------------------------------------------

  final void loadFloatPins() {
    for (int i = 0; i < pinned.length; i++) {
      vectorMemory(DOUBLE, LOAD, FIRST_PIN + i, RBP, offset(pinned[i]));
    }
  }

  /** The XMM register with a copy of a slot, or -1. */
  final int pin(int slot) {
    for (int i = 0; i < pinned.length; i++) {
      if (pinned[i] == slot) {
        return FIRST_PIN + i;
      }
    }
    return -1;
  }

  /** Gives the JVM its MXCSR back, if the guest's is there. */
  final void leaveFloats() {
    Label done = new Label();
    operateMemoryConstant(false, CMP, RBP, offset(FloatStatus.MODE), FloatStatus.READY);
    jumpIf(NOT_EQUAL, done);
    control(3, FloatStatus.CONTROL);
    control(2, FloatStatus.JVM_CONTROL);
    for (int i = 0; i < 3; i++) {
      vectorMemory(DOUBLE, STORE, A + i, RBP, offset(FloatStatus.OPERANDS + i));
    }
    bind(done);
  }

  /** Loads (2) or stores (3) MXCSR. */
  final void control(int operation, int slot) {
    memory(false, 0x0fae, operation, RBP, offset(slot));
  }

  /** Emits what blocks call; {@code at} is where the code that has been emitted will lie. */
  final void emitFloatStubs(int at) {
    align(16);
    readyStub = at + size();
    Label refused = new Label();
    operateMemoryConstant(false, CMP, RBP, offset(FloatStatus.MODE), FloatStatus.NOT_YET);
    jumpIf(NOT_EQUAL, refused);
    control(3, FloatStatus.JVM_CONTROL);
    control(2, FloatStatus.CONTROL);
    storeConstant(FloatStatus.READY, RBP, offset(FloatStatus.MODE));
    bind(refused);
    ret();
    align(16);
    rareStub = at + size();
    Label nan = new Label();
    vector(PACKED, false, COMPARE, 0, 0);
    jumpIf(PARITY, nan);
    vector(PACKED, true, TO_GENERAL, 0, RAX);
    operate(true, ADD, RAX, RAX);
    constant(RCX, 0x0020_0000_0000_0000L);
    operate(true, CMP, RAX, RCX);
    bind(nan); // a NaN equals itself
    ret();
  }

  /** Begins a block, in code that begins at {@code at}. */
  final void beginFloats(long[] blockCode, int at) {
    code = blockCode;
    base = at;
  }

  @Override
  void reset() {
    super.reset();
    later.clear();
  }

  @Override
  void forget() {
    super.forget();
    ready = false;
    singles = 0;
    zeros = 0;
  }

  /** Takes what stands apart from the straight line. */
  final void later(Runnable emission) {
    later.add(emission);
  }

  /** Emits what stands apart from the straight line. */
  final void finishFloats() {
    for (int i = 0; i < later.size(); i++) {
      later.get(i).run();
    }
  }

  final void callTo(int offset) {
    emit8(0xe8);
    emit32(offset - (base + size() + 4));
  }

  // ---- operands and results ---------------------------------------------------------------------

  static boolean isFpr(int slot) {
    return slot > FIRST_VSR && slot < PAST_VSR && (slot & 1) != 0;
  }

  static long bit(int slot) {
    return 1L << (slot - FIRST_VSR >> 1);
  }

  /** Whether the slot is known to hold a number of single precision. */
  final boolean isSingle(int slot) {
    return isFpr(slot) && (singles & bit(slot)) != 0;
  }

  /** Notes what an operation that is none of ours writes. */
  final void noteWrites(long w) {
    int op = Op.op(w);
    int d = Op.d(w);
    if (op == Op.HELP) {
      singles = 0;
      zeros = 0;
    } else if (d >= FIRST_VSR && d < PAST_VSR && (op < Op.GOTO || op > Op.STOP_IF)) {
      if (clears(w)) {
        zeros |= bit(d);
      } else {
        singles &= ~bit(d);
        zeros &= (d & 1) != 0 ? -1 : ~bit(d);
        renew(op, d | 1);
      }
    }
  }

  /** Gives the copy of a slot the value that an operation has stored there. */
  final void renew(int op, int slot) {
    int pin = pin(slot);
    if (pin >= 0 && !stores(op)) {
      if (accesses(op)) {
        vector(PACKED, true, FROM_GENERAL, pin, RAX); // where loads to memory come through
      } else {
        vectorMemory(DOUBLE, LOAD, pin, RBP, offset(slot));
      }
    }
  }

  /** Whether an operation copies a floating-point register, which {@link #emitCopy} does. */
  final boolean copies(long w) {
    return Op.op(w) == Op.MOV && isFpr(Op.d(w)) && isFpr(Op.a(w));
  }

  final void emitCopy(long w) {
    int d = Op.d(w);
    boolean single = isSingle(Op.a(w));
    fetch(0, Op.a(w));
    set(d, single);
  }

  /** d = XMM0. */
  final void set(int d, boolean single) {
    set(d);
    written(d);
    singles = single ? singles | bit(d) : singles & ~bit(d);
  }

  static boolean clears(long w) {
    int d = Op.d(w);
    return Op.op(w) == Op.CONST && Op.imm(w) == 0 && d >= FIRST_VSR && d < PAST_VSR && (d & 1) == 0;
  }

  /** Whether an operation stores a zero where one is known to be. */
  final boolean known(long w) {
    return clears(w) && (zeros & bit(Op.d(w))) != 0;
  }

  /** A register with the slot's value: its own, which must not be changed, or the given one. */
  final int source(int xmm, int slot) {
    if (pin(slot) >= 0) {
      return pin(slot);
    }
    fetch(xmm, slot);
    return xmm;
  }

  final void fetch(int xmm, int slot) {
    if (pin(slot) >= 0) {
      copyTo(xmm, pin(slot));
    } else if (registerOf(slot) >= 0 || isConstant(slot)) {
      vector(PACKED, true, FROM_GENERAL, xmm, use(slot, RAX));
    } else {
      vectorMemory(DOUBLE, LOAD, xmm, RBP, offset(slot));
    }
  }

  final void copyTo(int xmm, int from) {
    vector(0, false, COPY, xmm, from);
  }

  /** d = XMM0, and zero to the other half of the vector register. */
  final void deliver(int d, boolean single) {
    set(d);
    delivered(d, single);
  }

  /** d = XMM0. */
  final void set(int d) {
    vectorMemory(DOUBLE, STORE, 0, RBP, offset(d));
    if (pin(d) >= 0) {
      copyTo(pin(d), 0);
    }
  }

  /** The same as {@link #deliver} of a general register. */
  final void deliverGeneral(int d, int register) {
    store(register, RBP, offset(d));
    if (pin(d) >= 0) {
      vector(PACKED, true, FROM_GENERAL, pin(d), register);
    }
    delivered(d, false);
  }

  final void delivered(int d, boolean single) {
    written(d);
    if (isFpr(d)) {
      singles = single ? singles | bit(d) : singles & ~bit(d);
      if ((zeros & bit(d)) != 0) {
        return;
      }
      zeros |= bit(d);
    }
    storeConstant(0, RBP, offset(d - 1));
  }

  /** XMM1 = the sign bits, or all but them. */
  final void mask(boolean sign) {
    vector(PACKED, false, EQUAL_WORDS, 1, 1);
    vector(PACKED, false, SHIFT, sign ? 6 : 2, 1);
    emit8(sign ? 63 : 1);
  }

  // ---- status -----------------------------------------------------------------------------------

  /**
   * Before the first operation of a block that rounds, makes sure that the host does so rightly.
   */
  final void ready(Label slow) {
    if (ready) {
      return;
    }
    ready = true;
    Label prepare = new Label();
    Label back = new Label();
    operateMemoryConstant(false, CMP, RBP, offset(FloatStatus.MODE), FloatStatus.READY);
    jumpIf(NOT_EQUAL, prepare);
    bind(back);
    later(() -> {
      bind(prepare);
      callTo(readyStub);
      jumpIf(NOT_EQUAL, slow);
      jump(back);
    });
  }
}
