package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.micro.Op;

/** Which host instructions compute what the integer micro-operations of {@link Op} mean? */
class IntegerEmitter extends CompareEmitter {
  private static final long M32 = 0xffff_ffffL;
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

  IntegerEmitter(int[] hotSlots, HostFeatures host) {
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

  /** What is known of the values of slots. */
  final Values values() {
    return values;
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

  /** Whether {@link #emitInteger} knows the operation. */
  final boolean computes(int op) {
    return switch (op) {
      case Op.CLZ32, Op.CLZ64 -> host.lzcnt();
      case Op.POPCNTD -> host.popcnt();
      case Op.CMPB -> true;
      default -> op <= Op.SELECT;
    };
  }

  /**
   * Emits a micro-operation.
   *
   * @param at its index in the block
   * @param past where those end that follow it as machine code
   */
  final void emitInteger(long w, int at, int past) {
    if (at == done) {
      return;
    }
    index = at;
    end = past;
    emitOne(Op.op(w), Op.d(w), Op.a(w), w);
  }

  private boolean keepsFlags() {
    return index < flagsUntil;
  }

  // ---- micro-operations -------------------------------------------------------------------------

  private void emitOne(int op, int d, int a, long w) {
    switch (op) {
      case Op.MOV -> copy(d, a);
      case Op.CONST -> setConstant(d, Op.imm(w));
      case Op.POOL -> setConstant(d, pool[Op.imm(w)]);
      case Op.ADD -> add(d, a, Op.b(w));
      case Op.ADDI -> addConstant(d, a, Op.imm(w));
      case Op.SUB -> binary(SUB, d, a, Op.b(w), false);
      case Op.RSUBI -> subtractFrom(d, a, Op.imm(w));
      case Op.NEG -> unary(NEG, d, a);
      case Op.NOT -> unary(NOT, d, a);
      case Op.MUL, Op.MULHU64 -> unsignedProduct(op, d, a, Op.b(w));
      case Op.MULI -> define(d, productWith(a, Op.imm(w)));
      case Op.MULHS64 -> highProduct(IMUL, d, a, Op.b(w));
      case Op.MULS32 -> signedProduct(d, a, Op.b(w));
      case Op.MULHS32 -> highSignedProduct(d, a, Op.b(w));
      case Op.MULHU32 -> highUnsignedProduct(d, a, Op.b(w));
      case Op.DIVS32 -> signedQuotient(false, d, a, Op.b(w));
      case Op.DIVS64 -> signedQuotient(true, d, a, Op.b(w));
      case Op.DIVU32 -> unsignedQuotient(false, d, a, Op.b(w));
      case Op.DIVU64 -> unsignedQuotient(true, d, a, Op.b(w));
      case Op.AND -> binary(AND, d, a, Op.b(w), true);
      case Op.OR -> binary(OR, d, a, Op.b(w), true);
      case Op.XOR -> {
        if (a == Op.b(w)) {
          setConstant(d, 0);
        } else {
          binary(XOR, d, a, Op.b(w), true);
        }
      }
      case Op.ANDI -> binaryConstant(AND, d, a, Op.imm(w));
      case Op.ORI -> binaryConstant(OR, d, a, Op.imm(w));
      case Op.XORI -> binaryConstant(XOR, d, a, Op.imm(w));
      case Op.ANDC -> withComplement(AND, d, a, Op.b(w));
      case Op.ORC -> withComplement(OR, d, a, Op.b(w));
      case Op.NAND -> complemented(AND, d, a, Op.b(w));
      case Op.NOR -> complemented(OR, d, a, Op.b(w));
      case Op.EQV -> complemented(XOR, d, a, Op.b(w));
      default -> emitShift(op, d, a, w);
    }
  }

  private void emitShift(int op, int d, int a, long w) {
    int amount = Op.imm(w) & 63;
    switch (op) {
      case Op.SX8 -> {
        signExtend8(RAX, use(a, RAX));
        define(d, RAX);
      }
      case Op.SX16 -> {
        signExtend16(RAX, use(a, RAX));
        define(d, RAX);
      }
      case Op.SX32 -> {
        int to = target(d);
        if (values.isSigned32(a)) {
          into(to, a);
        } else {
          signedInto(to, a);
        }
        define(d, to);
      }
      case Op.ZX32 -> {
        int to = target(d);
        zeroExtended(to, a);
        define(d, to);
      }
      case Op.ROTM32 -> rotateMask32(d, a, amount & 31, pool[Op.imm(w) >>> 6]);
      case Op.ROTM64 -> rotateMask64(d, a, amount, pool[Op.imm(w) >>> 6]);
      case Op.ROTI32 -> rotateInsert(false, d, a, amount & 31, pool[Op.imm(w) >>> 6]);
      case Op.ROTI64 -> rotateInsert(true, d, a, amount, pool[Op.imm(w) >>> 6]);
      case Op.ROTV32 -> {
        into(RCX, Op.b(w));
        into32(RAX, a);
        shift(false, ROL, RAX);
        twice();
        define(d, RAX);
      }
      case Op.ROTV64 -> shiftBy(ROL, d, a, Op.b(w));
      case Op.SHL32 -> {
        into(RCX, Op.b(w));
        into32(RAX, a);
        shift(true, SHL, RAX);
        move32(RAX, RAX);
        define(d, RAX);
      }
      case Op.SHR32 -> {
        into(RCX, Op.b(w));
        into32(RAX, a);
        shift(true, SHR, RAX);
        define(d, RAX);
      }
      case Op.SAR32 -> {
        into(RCX, Op.b(w));
        signedInto(RAX, a);
        shift(true, SAR, RAX);
        define(d, RAX);
      }
      case Op.SHL64 -> longShift(SHL, d, a, Op.b(w));
      case Op.SHR64 -> longShift(SHR, d, a, Op.b(w));
      case Op.SAR64 -> longShift(SAR, d, a, Op.b(w));
      case Op.SARI32 -> {
        int to = target(d);
        signedInto(to, a);
        shiftConstant(SAR, to, amount & 31);
        define(d, to);
      }
      case Op.SARI64 -> shiftConstant(SAR, d, a, amount);
      case Op.SHLI -> shiftConstant(SHL, d, a, amount);
      case Op.SHRI -> shiftConstant(SHR, d, a, amount);
      case Op.CLZ32, Op.CLZ64 -> {
        leadingZeros(op == Op.CLZ64, RAX, use(a, RAX));
        define(d, RAX);
      }
      case Op.POPCNTD -> {
        populationCount(true, RAX, use(a, RAX));
        define(d, RAX);
      }
      case Op.CMPB -> {
        vector(0x66, true, 0x0f6e, 0, use(a, RAX)); // to XMM0
        vector(0x66, true, 0x0f6e, 1, use(Op.b(w), RCX));
        vector(0x66, false, 0x0f74, 0, 1); // compare bytes
        vector(0x66, true, 0x0f7e, 0, RAX); // from XMM0
        define(d, RAX);
      }
      default -> emitCondition(op, d, a, w);
    }
  }

  private void emitCondition(int op, int d, int a, long w) {
    switch (op) {
      case Op.ADDC64, Op.ADDC32 -> carrying(ADD, BELOW, op == Op.ADDC64, w);
      case Op.SUBC64, Op.SUBC32 -> carrying(SUB, ABOVE_EQUAL, op == Op.SUBC64, w);
      case Op.ADC64, Op.ADC32 -> carrying(ADC, BELOW, op == Op.ADC64, w);
      case Op.SARCA32, Op.SARCA64 -> lostOnes(op == Op.SARCA64, d, a, Op.b(w));
      case Op.ISZERO64, Op.ISZERO32 -> {
        int value = use(a, RAX);
        constant(RCX, 0);
        test(op == Op.ISZERO64, value, value);
        set(EQUAL, RCX);
        define(d, RCX);
      }
      case Op.SELECT -> {
        into(RAX, Op.c(w));
        into(RCX, Op.b(w));
        int value = use(a, RDX);
        test(true, value, value);
        moveIf(NOT_EQUAL, RAX, RCX);
        define(d, RAX);
      }
      default -> compare(w);
    }
  }

  // ---- arithmetic and logic ---------------------------------------------------------------------

  private void copy(int d, int a) {
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

  private void add(int d, int a, int b) {
    int to = target(d);
    if (registerOf(a) >= 0 && registerOf(b) >= 0 && to != registerOf(a) && to != registerOf(b)) {
      loadAddress(true, to, registerOf(a), registerOf(b), 0, 0);
      define(d, to);
    } else {
      binary(ADD, d, a, b, true);
    }
  }

  private void addConstant(int d, int a, int value) {
    int to = target(d);
    if (keepsFlags()) {
      int from = use(a, RAX);
      loadAddress(true, to, from, value);
    } else if (counts(d)) {
      countDown(d, a, value);
      return;
    } else if (registerOf(a) >= 0 && registerOf(a) != to) {
      loadAddress(true, to, registerOf(a), value);
    } else if (registerOf(d) < 0 && d == a && !isConstant(d)) {
      operateMemoryConstant(true, ADD, RBP, offset(d), value);
      return;
    } else {
      into(to, a);
      operateConstant(true, ADD, to, value);
    }
    define(d, to);
  }

  /** Whether the next operation leaves depending on a sum alone: it finds it in the flags. */
  private boolean counts(int d) {
    int next = index + 1 < end ? Op.op(code[index + 1]) : 0;
    return next >= Op.EXIT_ZERO32 && next <= Op.EXIT_NONZERO64 && Op.a(code[index + 1]) == d;
  }

  /** Whether the host's flags say how an operation's operand compares with zero. */
  final boolean isCounted(int at) {
    return at > 0
        && at - 1 == index
        && Op.op(code[at - 1]) == Op.ADDI
        && Op.d(code[at - 1]) == Op.a(code[at]);
  }

  private void countDown(int d, int a, int value) {
    int next = Op.op(code[index + 1]);
    boolean wide = next == Op.EXIT_ZERO64 || next == Op.EXIT_NONZERO64;
    if (registerOf(d) < 0 && d == a && !isConstant(d)) {
      operateMemoryConstant(wide, ADD, RBP, offset(d), value);
      return;
    }
    int to = target(d);
    into(to, a);
    operateConstant(wide, ADD, to, value);
    define(d, to);
  }

  /** A register to compute in that none of the operands but the first may lie in. */
  private int apart(int d, int b) {
    int to = target(d);
    return registerOf(b) == to ? RAX : to;
  }

  private void binary(int operation, int d, int a, int b, boolean commutes) {
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

  private void binaryConstant(int operation, int d, int a, int value) {
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

  private void withComplement(int operation, int d, int a, int b) {
    into(RAX, b);
    one(true, NOT, RAX);
    operateSlot(true, operation, RAX, a, RCX);
    define(d, RAX);
  }

  private void complemented(int operation, int d, int a, int b) {
    into(RAX, a);
    operateSlot(true, operation, RAX, b, RCX);
    one(true, NOT, RAX);
    define(d, RAX);
  }

  private void unary(int operation, int d, int a) {
    int to = target(d);
    into(to, a);
    one(true, operation, to);
    define(d, to);
  }

  private void subtractFrom(int d, int a, int value) {
    constant(RAX, value);
    operateSlot(true, SUB, RAX, a, RCX);
    define(d, RAX);
  }

  /** A half of a product, and the other one if that is wanted as well. */
  private void unsignedProduct(int op, int d, int a, int b) {
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

  private int productWith(int a, int value) {
    multiply(true, RAX, use(a, RAX), value);
    return RAX;
  }

  private void highProduct(int operation, int d, int a, int b) {
    into(RAX, a);
    multiplyWide(operation, b, RCX);
    define(d, RDX);
  }

  private void signedProduct(int d, int a, int b) {
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

  private void highSignedProduct(int d, int a, int b) {
    signedInto(RAX, a);
    signedInto(RCX, b);
    multiply(true, RAX, RCX);
    shift(true, SHR, RAX, 32);
    define(d, RAX);
  }

  private void highUnsignedProduct(int d, int a, int b) {
    into32(RAX, a);
    into32(RCX, b);
    multiply(true, RAX, RCX);
    shift(true, SHR, RAX, 32);
    define(d, RAX);
  }

  /** Division gives 0 where the host would trap: by 0, and of the least number by -1. */
  private void signedQuotient(boolean wide, int d, int a, int b) {
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

  private void unsignedQuotient(boolean wide, int d, int a, int b) {
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

  // ---- rotates and shifts -----------------------------------------------------------------------

  /** RAX = its low half in both halves. */
  private void twice() {
    move(RCX, RAX);
    shift(true, SHL, RCX, 32);
    operate(true, OR, RAX, RCX);
  }

  private void mask(int register, long mask) {
    if (mask == -1) {
      return;
    }
    if (mask == M32) {
      move32(register, register);
    } else if (mask == 0xff) {
      zeroExtend8(register, register);
    } else if (mask == 0xffff) {
      zeroExtend16(register, register);
    } else if (mask >>> 32 == 0) {
      operateConstant(false, AND, register, (int) mask);
    } else if (mask == (int) mask) {
      operateConstant(true, AND, register, (int) mask);
    } else {
      constantKeepingFlags(RCX, mask);
      operate(true, AND, register, RCX);
    }
  }

  private void rotateMask32(int d, int a, int amount, long mask) {
    if (mask >>> 32 != 0) {
      into32(RAX, a);
      rotate(false, RAX, amount);
      twice();
      mask(RAX, mask);
      define(d, RAX);
      return;
    }
    int to = target(d);
    if (amount == 0 && mask == M32) {
      zeroExtended(to, a);
    } else {
      lowInto(to, a);
    }
    if (mask == (M32 << amount & M32)) {
      shift32(SHL, to, amount);
    } else if (amount != 0 && mask == M32 >>> 32 - amount) {
      shift32(SHR, to, 32 - amount);
    } else {
      rotate(false, to, amount);
      if (mask != M32) {
        mask(to, mask);
      }
    }
    define(d, to);
  }

  private void shift32(int operation, int register, int amount) {
    if (amount != 0) {
      shift(false, operation, register, amount);
    }
  }

  private void zeroExtended(int to, int a) {
    if (values.isUnsigned32(a)) {
      into(to, a);
    } else {
      into32(to, a);
    }
  }

  private void rotate(boolean wide, int register, int amount) {
    if (amount != 0) {
      shift(wide, ROL, register, amount);
    }
  }

  private void rotateMask64(int d, int a, int amount, long mask) {
    int to = target(d);
    if (amount == 0 && mask == M32) {
      zeroExtended(to, a);
    } else if (amount == 0 && mask >>> 32 == 0) {
      lowInto(to, a);
      mask(to, mask);
    } else {
      into(to, a);
      if (mask == -1L << amount) {
        shiftConstant(SHL, to, amount);
      } else if (amount != 0 && mask == -1L >>> 64 - amount) {
        shiftConstant(SHR, to, 64 - amount);
      } else {
        rotate(true, to, amount);
        mask(to, mask);
      }
    }
    define(d, to);
  }

  private void rotateInsert(boolean wide, int d, int a, int amount, long mask) {
    if (wide) {
      into(RAX, a);
      rotate(true, RAX, amount);
    } else {
      into32(RAX, a);
      rotate(false, RAX, amount);
      if (mask >>> 32 != 0) {
        twice();
      }
    }
    mask(RAX, mask);
    into(RDX, d);
    mask(RDX, ~mask);
    operate(true, OR, RAX, RDX);
    define(d, RAX);
  }

  private void shiftBy(int operation, int d, int a, int b) {
    into(RCX, b);
    into(RAX, a);
    shift(true, operation, RAX);
    define(d, RAX);
  }

  /** Shifts by up to 127, as Power's doubleword shifts do. */
  private void longShift(int operation, int d, int a, int b) {
    into(RCX, b);
    into(RAX, a);
    if (operation == SAR) {
      move(RDX, RAX);
      shift(true, SAR, RDX, 63);
    } else {
      constant(RDX, 0);
    }
    shift(true, operation, RAX);
    testByte(RCX, 64);
    moveIf(NOT_EQUAL, RAX, RDX);
    define(d, RAX);
  }

  private void shiftConstant(int operation, int register, int amount) {
    if (amount != 0) {
      shift(true, operation, register, amount);
    }
  }

  private void shiftConstant(int operation, int d, int a, int amount) {
    int to = target(d);
    into(to, a);
    shiftConstant(operation, to, amount);
    define(d, to);
  }

  // ---- carries and conditions -------------------------------------------------------------------

  /** A sum or difference; c becomes 1 if the condition holds behind it. Moves keep flags. */
  private void carrying(int operation, int condition, boolean wide, long w) {
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

  private void lostOnes(boolean wide, int d, int a, int b) {
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
