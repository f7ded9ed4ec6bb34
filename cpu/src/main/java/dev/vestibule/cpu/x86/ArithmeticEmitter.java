package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.micro.Op;

/**
 * Which host instructions compute sums, products, quotients and carries?
 *
 * <p>Some do more than their micro-operation says, or less, for what comes behind ({@link Ahead})
 * and from what is known of operands ({@link Values}).
 */
class ArithmeticEmitter extends CompareEmitter {
  private final HostFeatures host;
  private final Values values = new Values();
  private long[] pool = {};
  private long[] code = {};

  /** The micro-operation that is being emitted, and where those end that follow it. */
  private int index;

  private int end;

  /** The operation that takes a carry from the host's flags, which are left alone up to it. */
  private int flagsUntil;

  /** An operation that has been emitted already. */
  private int done;

  ArithmeticEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots);
    this.host = host;
  }

  final HostFeatures host() {
    return host;
  }

  final void beginBlock(Block block, Context context) {
    pool = block.pool();
    code = block.code();
    flagsUntil = -1;
    done = -1;
    beginCompares(context);
    values.begin(context.inside());
  }

  /** The constants of the block. */
  final long[] pool() {
    return pool;
  }

  /**
   * Names the micro-operation that is to be emitted.
   *
   * @param past where those end that follow it as machine code
   * @return whether it has not been emitted already
   */
  final boolean begins(int at, int past) {
    index = at;
    end = past;
    return at != done;
  }

  private boolean keepsFlags() {
    return index < flagsUntil;
  }

  /** What is known of the values of slots. */
  final Values values() {
    return values;
  }

  @Override
  void beginInstruction(Block block, int from, int to) {
    super.beginInstruction(block, from, to);
    values.beginInstruction();
  }

  @Override
  final int inside() {
    return values.inside();
  }

  @Override
  void written(int slot) {
    values.written(slot);
  }

  /** Notes that an operation has got its result. */
  final void wrote(long w) {
    values.written(w, pool);
  }

  @Override
  void forget() {
    super.forget();
    values.begin(0);
  }

  // ---- arithmetic and logic ---------------------------------------------------------------------

  final void copySlot(int d, int a) {
    if (registerOf(a) >= 0) {
      define(d, registerOf(a));
    } else if (isConstant(a)) {
      setConstant(d, constantOf(a));
    } else {
      int to = target(d);
      into(to, a);
      define(d, to);
    }
  }

  final void add(int d, int a, int b) {
    int to = target(d);
    if (registerOf(a) >= 0 && registerOf(b) >= 0 && to != registerOf(a) && to != registerOf(b)) {
      loadAddress(true, to, registerOf(a), registerOf(b), 0, 0);
      define(d, to);
    } else {
      binary(ADD, d, a, b, true);
    }
  }

  final void addConstant(int d, int a, int value) {
    int leaves = leavesOn(d);
    boolean wide = leaves != Op.EXIT_ZERO32 && leaves != Op.EXIT_NONZERO32;
    int to = target(d);
    if (keepsFlags() || leaves == 0 && registerOf(a) >= 0 && registerOf(a) != to) {
      loadAddress(true, to, use(a, RAX), value);
    } else if (registerOf(d) < 0 && d == a && !isConstant(d)) {
      operateMemoryConstant(wide, ADD, RBP, offset(d), value);
      return;
    } else {
      into(to, a);
      operateConstant(wide, ADD, to, value);
    }
    define(d, to);
  }

  /**
   * The next operation if it leaves depending on a sum alone, which it finds in the flags; or 0.
   */
  private int leavesOn(int d) {
    int next = index + 1 < end ? Op.op(code[index + 1]) : 0;
    boolean leaves = next >= Op.EXIT_ZERO32 && next <= Op.EXIT_NONZERO64;
    return leaves && Op.a(code[index + 1]) == d ? next : 0;
  }

  /** Whether the host's flags say how an operation's operand compares with zero. */
  final boolean isCounted(int at) {
    return at > 0
        && at - 1 == index
        && Op.op(code[at - 1]) == Op.ADDI
        && Op.d(code[at - 1]) == Op.a(code[at]);
  }

  /** A register to compute in that none of the operands but the first may lie in. */
  private int apart(int d, int b) {
    int to = target(d);
    return registerOf(b) == to ? RAX : to;
  }

  final void binary(int operation, int d, int a, int b, boolean commutes) {
    if (commutes && registerOf(b) >= 0 && registerOf(b) == target(d)) {
      int to = target(d);
      operateSlot(true, operation, to, a, RCX);
      define(d, to);
      return;
    }
    int to = apart(d, b);
    into(to, a);
    operateSlot(true, operation, to, b, RCX);
    define(d, to);
  }

  final void binaryConstant(int operation, int d, int a, int value) {
    int to = target(d);
    if (operation == AND && value >= 0) {
      lowInto(to, a);
      operateConstant(false, AND, to, value);
    } else {
      into(to, a);
      operateConstant(true, operation, to, value);
    }
    define(d, to);
  }

  final void withComplement(int operation, int d, int a, int b) {
    into(RAX, b);
    one(true, NOT, RAX);
    operateSlot(true, operation, RAX, a, RCX);
    define(d, RAX);
  }

  final void complemented(int operation, int d, int a, int b) {
    into(RAX, a);
    operateSlot(true, operation, RAX, b, RCX);
    one(true, NOT, RAX);
    define(d, RAX);
  }

  final void unary(int operation, int d, int a) {
    int to = target(d);
    into(to, a);
    one(true, operation, to);
    define(d, to);
  }

  final void subtractFrom(int d, int a, int value) {
    constant(RAX, value);
    operateSlot(true, SUB, RAX, a, RCX);
    define(d, RAX);
  }

  /** A half of a product, and the other one if that is wanted as well. */
  final void unsignedProduct(int op, int d, int a, int b) {
    int other = host.bmi2() ? Ahead.otherHalf(code, index, end) : -1;
    if (other >= 0) {
      prepare(code[other]);
      int second = Op.d(code[other]);
      int low = op == Op.MUL ? d : second;
      int high = op == Op.MUL ? second : d;
      into(RDX, a);
      multiplyWideByRdx(registerOr(high, RCX), registerOr(low, RAX), b, RCX);
      define(low, registerOr(low, RAX));
      define(high, registerOr(high, RCX));
      done = other;
    } else if (op == Op.MUL) {
      product(d, a, b);
    } else if (host.bmi2()) {
      into(RDX, a);
      multiplyWideByRdx(target(d), target(d), b, RCX);
      define(d, target(d));
    } else {
      highProduct(MUL, d, a, b);
    }
  }

  private int registerOr(int slot, int scratch) {
    return target(slot) == RAX ? scratch : target(slot);
  }

  private void product(int d, int a, int b) {
    int to = target(d);
    boolean swaps = registerOf(b) == to;
    into(to, swaps ? b : a);
    multiplySlot(to, swaps ? a : b, RCX);
    define(d, to);
  }

  final int productWith(int a, int value) {
    multiply(true, RAX, use(a, RAX), value);
    return RAX;
  }

  final void highProduct(int operation, int d, int a, int b) {
    into(RAX, a);
    multiplyWide(operation, b, RCX);
    define(d, RDX);
  }

  final void signedProduct(int d, int a, int b) {
    boolean first = values.isSigned32(a);
    boolean second = values.isSigned32(b);
    if (first && second) {
      product(d, a, b);
      return;
    }
    signedInto(RAX, second ? a : b);
    int other = second ? b : a;
    if (first || second) {
      multiplySlot(RAX, other, RCX);
    } else {
      signedInto(RCX, other);
      multiply(true, RAX, RCX);
    }
    define(d, RAX);
  }

  final void highSignedProduct(int d, int a, int b) {
    signedInto(RAX, a);
    signedInto(RCX, b);
    multiply(true, RAX, RCX);
    shift(true, SHR, RAX, 32);
    define(d, RAX);
  }

  final void highUnsignedProduct(int d, int a, int b) {
    into32(RAX, a);
    into32(RCX, b);
    multiply(true, RAX, RCX);
    shift(true, SHR, RAX, 32);
    define(d, RAX);
  }

  /** Division gives 0 where the host would trap: by 0, and of the least number by -1. */
  final void signedQuotient(boolean wide, int d, int a, int b) {
    Label usual = new Label();
    Label done = new Label();
    into(RAX, a);
    into(RCX, b);
    loadAddress(wide, RDX, RCX, 1);
    operateConstant(wide, CMP, RDX, 1);
    jumpIf(ABOVE, usual);
    one(wide, NEG, RCX); // 0 or 1 now
    multiply(wide, RAX, RCX);
    one(wide, NEG, RAX); // overflows for the least number
    constantKeepingFlags(RDX, 0);
    moveIf(OVERFLOW, RAX, RDX);
    jump(done);
    bind(usual);
    signIntoRdx(wide);
    one(wide, IDIV, RCX);
    bind(done);
    if (!wide) {
      signExtend32(RAX, RAX);
    }
    define(d, RAX);
  }

  final void unsignedQuotient(boolean wide, int d, int a, int b) {
    Label zero = new Label();
    into(RCX, b);
    constant(RDX, 0);
    test(wide, RCX, RCX);
    constantKeepingFlags(RAX, 0);
    jumpIf(EQUAL, zero);
    if (wide) {
      into(RAX, a);
    } else {
      into32(RAX, a);
    }
    one(wide, DIV, RCX);
    bind(zero);
    define(d, RAX);
  }

  // ---- carries and conditions -------------------------------------------------------------------

  /** A sum or difference; c becomes 1 if the condition holds behind it. Moves keep flags. */
  final void carrying(int operation, int condition, boolean wide, long w) {
    int c = Op.c(w);
    int b = Op.b(w);
    boolean passed = index == flagsUntil;
    int to = apart(Op.d(w), b);
    if (wide) {
      into(to, Op.a(w));
    } else {
      into32(to, Op.a(w));
    }
    if (operation == ADC && passed) {
      flagsUntil = -1;
    } else if (operation == ADC && registerOf(c) >= 0) {
      bitToCarry(registerOf(c), 0);
    } else if (operation == ADC) {
      bitToCarry(RBP, offset(c), 0);
    }
    operateSlot(wide, operation, to, b, RCX);
    define(Op.d(w), to);
    int next = Ahead.carry(code, index, end, host.bmi2());
    if (next >= 0) {
      flagsUntil = next;
      if (condition == ABOVE_EQUAL) {
        complementCarry();
      }
    } else if (next == Ahead.DEAD) {
      return;
    } else if (registerOf(c) >= 0) {
      set(condition, registerOf(c)); // which has no other bits
    } else {
      setMemory(condition, RBP, offset(c));
    }
  }

  final void lostOnes(boolean wide, int d, int a, int b) {
    if (isConstant(b)) {
      lostOnes(wide, d, a, constantOf(b));
      return;
    }
    into(RCX, b);
    if (wide) {
      into(RAX, a);
    } else {
      signedInto(RAX, a);
    }
    move(RDX, RAX);
    shift(true, SAR, RDX);
    shift(true, SHL, RDX);
    operate(true, CMP, RDX, RAX);
    set(NOT_EQUAL, RDX);
    if (wide) {
      testByte(RCX, 64);
      set(NOT_EQUAL, RCX);
      operate(false, OR, RDX, RCX);
    }
    shift(true, SHR, RAX, 63);
    operate(false, AND, RAX, RDX);
    zeroExtend8(RAX, RAX);
    define(d, RAX);
  }

  private void lostOnes(boolean wide, int d, int a, long amount) {
    if (amount == 0) {
      setConstant(d, 0);
      return;
    }
    if (wide) {
      into(RAX, a);
    } else {
      signedInto(RAX, a);
    }
    move(RCX, RAX);
    constant(RDX, 0);
    shift(true, SHL, RAX, (int) (Long.SIZE - amount));
    set(NOT_EQUAL, RDX);
    shift(true, SHR, RCX, 63);
    operate(false, AND, RDX, RCX);
    define(d, RDX);
  }
}
