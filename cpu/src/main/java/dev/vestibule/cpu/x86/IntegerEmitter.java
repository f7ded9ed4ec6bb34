package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.micro.Op;

/** Which host instructions compute what the integer micro-operations of {@link Op} mean? */
class IntegerEmitter extends ArithmeticEmitter {
  private static final long M32 = 0xffff_ffffL;

  IntegerEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  /** Whether {@link #emitInteger} knows the operation. */
  final boolean computes(int op) {
    return switch (op) {
      case Op.CLZ32, Op.CLZ64 -> host().lzcnt();
      case Op.POPCNTD -> host().popcnt();
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
    if (begins(at, past)) {
      emitOne(Op.op(w), Op.d(w), Op.a(w), w);
    }
  }

  // ---- micro-operations -------------------------------------------------------------------------

  private void emitOne(int op, int d, int a, long w) {
    switch (op) {
      case Op.MOV -> copySlot(d, a);
      case Op.CONST -> setConstant(d, Op.imm(w));
      case Op.POOL -> setConstant(d, pool()[Op.imm(w)]);
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
        if (values().isSigned32(a)) {
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
      case Op.ROTM32 -> rotateMask32(d, a, amount & 31, pool()[Op.imm(w) >>> 6]);
      case Op.ROTM64 -> rotateMask64(d, a, amount, pool()[Op.imm(w) >>> 6]);
      case Op.ROTI32 -> rotateInsert(false, d, a, amount & 31, pool()[Op.imm(w) >>> 6]);
      case Op.ROTI64 -> rotateInsert(true, d, a, amount, pool()[Op.imm(w) >>> 6]);
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
    if (values().isUnsigned32(a)) {
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
}
