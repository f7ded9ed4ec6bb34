package dev.vestibule.cpu.x86;

import java.util.Arrays;

/**
 * How are x86-64 instructions encoded? Only the forms the emitter needs.
 *
 * <p>Registers are numbers 0 to 15 in the processor's order. Methods take the destination first, as
 * Intel's manual does; {@code wide} selects 64-bit operands. Encodings: Intel SDM volume 2.
 */
class Assembler {
  static final int RAX = 0;
  static final int RCX = 1;
  static final int RDX = 2;
  static final int RBX = 3;
  static final int RSP = 4;
  static final int RBP = 5;
  static final int RSI = 6;
  static final int RDI = 7;
  static final int R8 = 8;
  static final int R9 = 9;
  static final int R10 = 10;
  static final int R11 = 11;
  static final int R12 = 12;
  static final int R13 = 13;
  static final int R14 = 14;
  static final int R15 = 15;

  // condition codes
  static final int OVERFLOW = 0;
  static final int NOT_OVERFLOW = 1;
  static final int BELOW = 2;
  static final int ABOVE_EQUAL = 3;
  static final int EQUAL = 4;
  static final int NOT_EQUAL = 5;
  static final int BELOW_EQUAL = 6;
  static final int ABOVE = 7;
  static final int NEGATIVE = 8;
  static final int PARITY = 10;
  static final int LESS = 12;
  static final int GREATER = 15;

  // the eight classic operations, by their number in opcodes and ModRM
  static final int ADD = 0;
  static final int OR = 1;
  static final int ADC = 2;
  static final int SBB = 3;
  static final int AND = 4;
  static final int SUB = 5;
  static final int XOR = 6;
  static final int CMP = 7;

  // shifts, by their number in ModRM
  static final int ROL = 0;
  static final int ROR = 1;
  static final int SHL = 4;
  static final int SHR = 5;
  static final int SAR = 7;

  // one-operand arithmetic, by its number in ModRM
  static final int NOT = 2;
  static final int NEG = 3;
  static final int MUL = 4;
  static final int IMUL = 5;
  static final int DIV = 6;
  static final int IDIV = 7;

  private static final int NO_INDEX = -1;
  private byte[] code = new byte[4096];
  private int size;

  /** A place in the code that jumps can name before it is known. */
  static final class Label {
    private int at = -1;
    private int[] uses = new int[2];
    private int count;

    boolean used() {
      return count > 0;
    }
  }

  void reset() {
    size = 0;
  }

  int size() {
    return size;
  }

  byte[] bytes() {
    return code;
  }

  // ---- bytes ------------------------------------------------------------------------------------

  final void emit8(int value) {
    if (size + 16 > code.length) {
      code = Arrays.copyOf(code, code.length * 2);
    }
    code[size++] = (byte) value;
  }

  final void emit32(int value) {
    emit8(value);
    emit8(value >> 8);
    emit8(value >> 16);
    emit8(value >> 24);
  }

  final void emit64(long value) {
    emit32((int) value);
    emit32((int) (value >> 32));
  }

  final void patch32(int at, int value) {
    for (int i = 0; i < 4; i++) {
      code[at + i] = (byte) (value >> 8 * i);
    }
  }

  private void opcode(int op) {
    if (op > 0xffff) {
      emit8(op >> 16);
    }
    if (op > 0xff) {
      emit8(op >> 8);
    }
    emit8(op);
  }

  private void rex(boolean wide, int reg, int index, int base, boolean force) {
    int bits =
        (wide ? 8 : 0) | (reg >> 3 & 1) << 2 | (index < 0 ? 0 : index >> 3 & 1) << 1 | base >> 3;
    if (bits != 0 || force) {
      emit8(0x40 | bits);
    }
  }

  private void address(int reg, int base, int index, int scale, int displacement) {
    boolean sib = index >= 0 || (base & 7) == RSP;
    int mode =
        displacement == 0 && (base & 7) != RBP ? 0 : displacement == (byte) displacement ? 1 : 2;
    emit8(mode << 6 | (reg & 7) << 3 | (sib ? 4 : base & 7));
    if (sib) {
      emit8(scale << 6 | (index >= 0 ? index & 7 : 4) << 3 | base & 7);
    }
    if (mode == 1) {
      emit8(displacement);
    } else if (mode == 2) {
      emit32(displacement);
    }
  }

  /** An instruction of two registers, {@code reg} in ModRM's middle field. */
  final void registers(boolean wide, int op, int reg, int rm) {
    rex(wide, reg, NO_INDEX, rm, false);
    opcode(op);
    emit8(0xc0 | (reg & 7) << 3 | rm & 7);
  }

  /** An instruction of a register and memory at base + displacement. */
  final void memory(boolean wide, int op, int reg, int base, int displacement) {
    memory(wide, op, reg, base, NO_INDEX, 0, displacement);
  }

  /** An instruction of a register and memory at base + index * 2^scale + displacement. */
  final void memory(
      boolean wide, int op, int reg, int base, int index, int scale, int displacement) {
    rex(wide, reg, index, base, false);
    opcode(op);
    address(reg, base, index, scale, displacement);
  }

  // ---- moves ------------------------------------------------------------------------------------

  final void move(int to, int from) {
    if (to != from) {
      registers(true, 0x8b, to, from);
    }
  }

  /** Moves the low half and clears the high one. */
  final void move32(int to, int from) {
    registers(false, 0x8b, to, from);
  }

  final void load(int to, int base, int displacement) {
    memory(true, 0x8b, to, base, displacement);
  }

  final void load32(int to, int base, int displacement) {
    memory(false, 0x8b, to, base, displacement);
  }

  final void store(int from, int base, int displacement) {
    memory(true, 0x89, from, base, displacement);
  }

  /** Loads a constant in its shortest form; flags may change. */
  final void constant(int to, long value) {
    if (value == 0) {
      registers(false, 0x33, to, to);
    } else {
      constantKeepingFlags(to, value);
    }
  }

  final void constantKeepingFlags(int to, long value) {
    if (value >>> 32 == 0) {
      rex(false, 0, NO_INDEX, to, false);
      emit8(0xb8 | to & 7);
      emit32((int) value);
    } else if (value == (int) value) {
      rex(true, 0, NO_INDEX, to, false);
      emit8(0xc7);
      emit8(0xc0 | to & 7);
      emit32((int) value);
    } else {
      rex(true, 0, NO_INDEX, to, false);
      emit8(0xb8 | to & 7);
      emit64(value);
    }
  }

  /** Stores a sign-extended constant as 64 bits. */
  final void storeConstant(int value, int base, int displacement) {
    memory(true, 0xc7, 0, base, displacement);
    emit32(value);
  }

  final void signExtend32(int to, int from) {
    registers(true, 0x63, to, from);
  }

  final void signExtend32(int to, int base, int displacement) {
    memory(true, 0x63, to, base, displacement);
  }

  final void signExtend16(int to, int from) {
    registers(true, 0x0fbf, to, from);
  }

  final void signExtend8(int to, int from) {
    registers(true, 0x0fbe, to, from);
  }

  final void zeroExtend16(int to, int from) {
    registers(false, 0x0fb7, to, from);
  }

  final void zeroExtend8(int to, int from) {
    rex(false, to, NO_INDEX, from, from >= RSP);
    opcode(0x0fb6);
    emit8(0xc0 | (to & 7) << 3 | from & 7);
  }

  final void loadAddress(boolean wide, int to, int base, int displacement) {
    memory(wide, 0x8d, to, base, displacement);
  }

  final void loadAddress(boolean wide, int to, int base, int index, int scale, int displacement) {
    memory(wide, 0x8d, to, base, index, scale, displacement);
  }

  final void byteSwap(boolean wide, int register) {
    rex(wide, 0, NO_INDEX, register, false);
    emit8(0x0f);
    emit8(0xc8 | register & 7);
  }

  final void moveIf(int condition, int to, int from) {
    registers(true, 0x0f40 | condition, to, from);
  }

  final void push(int register) {
    rex(false, 0, NO_INDEX, register, false);
    emit8(0x50 | register & 7);
  }

  final void pop(int register) {
    rex(false, 0, NO_INDEX, register, false);
    emit8(0x58 | register & 7);
  }

  // ---- guest memory: the segment GS begins at the window ----------------------------------------

  /** Where in the window an access goes: base + index + displacement; -1 for none of the two. */
  record Place(int base, int index, int displacement) {
    Place plus(int more) {
      return new Place(base, index, displacement + more);
    }
  }

  /**
   * An access to guest memory.
   *
   * @param truncate whether the address is truncated to 32 bits before the window is added
   * @param prefix 0x66, 0xf2, 0xf3, or 0 for none
   */
  final void guest(boolean truncate, int prefix, boolean wide, int op, int register, Place place) {
    guestPrefixes(truncate, prefix);
    rex(wide, register, place.index, Math.max(place.base, 0), op == 0x88 && register >= RSP);
    opcode(op);
    if (place.base < 0) {
      emit8((register & 7) << 3 | 4); // no base, no index: a displacement of 32 bits
      emit8(0x25);
      emit32(place.displacement);
    } else {
      address(register, place.base, place.index, 0, place.displacement);
    }
  }

  private void guestPrefixes(boolean truncate, int prefix) {
    emit8(0x65);
    if (truncate) {
      emit8(0x67);
    }
    if (prefix != 0) {
      emit8(prefix);
    }
  }

  /** Puts into a register where the segment GS begins. */
  final void readGsBase(int register) {
    emit8(0xf3);
    registers(true, 0x0fae, 1, register);
  }

  /** Makes a register's value the beginning of the segment GS, which takes longer than reading. */
  final void writeGsBase(int register) {
    emit8(0xf3);
    registers(true, 0x0fae, 3, register);
  }

  // ---- arithmetic -------------------------------------------------------------------------------

  final void operate(boolean wide, int operation, int to, int from) {
    registers(wide, operation << 3 | 3, to, from);
  }

  final void operateMemory(boolean wide, int operation, int to, int base, int displacement) {
    memory(wide, operation << 3 | 3, to, base, displacement);
  }

  final void operateConstant(boolean wide, int operation, int to, int value) {
    rex(wide, 0, NO_INDEX, to, false);
    boolean small = value == (byte) value;
    emit8(small ? 0x83 : 0x81);
    emit8(0xc0 | operation << 3 | to & 7);
    immediate(small, value);
  }

  final void operateMemoryConstant(
      boolean wide, int operation, int base, int displacement, int value) {
    boolean small = value == (byte) value;
    memory(wide, small ? 0x83 : 0x81, operation, base, displacement);
    immediate(small, value);
  }

  private void immediate(boolean small, int value) {
    if (small) {
      emit8(value);
    } else {
      emit32(value);
    }
  }

  final void test(boolean wide, int a, int b) {
    registers(wide, 0x85, b, a);
  }

  /** Tests bits of a register's low byte. */
  final void testByte(int register, int mask) {
    rex(false, 0, NO_INDEX, register, register >= RSP);
    emit8(0xf6);
    emit8(0xc0 | register & 7);
    emit8(mask);
  }

  final void testMemoryByte(int base, int displacement, int mask) {
    memory(false, 0xf6, 0, base, displacement);
    emit8(mask);
  }

  final void shift(boolean wide, int operation, int register, int amount) {
    registers(wide, 0xc1, operation, register);
    emit8(amount);
  }

  /** Shifts by CL. */
  final void shift(boolean wide, int operation, int register) {
    registers(wide, 0xd3, operation, register);
  }

  /** Rotates the low 16 bits to the left and leaves the others alone. */
  final void rotate16(int register, int amount) {
    emit8(0x66);
    shift(false, ROL, register, amount);
  }

  final void one(boolean wide, int operation, int register) {
    registers(wide, 0xf7, operation, register);
  }

  final void oneMemory(boolean wide, int operation, int base, int displacement) {
    memory(wide, 0xf7, operation, base, displacement);
  }

  final void multiply(boolean wide, int to, int from) {
    registers(wide, 0x0faf, to, from);
  }

  final void multiplyMemory(boolean wide, int to, int base, int displacement) {
    memory(wide, 0x0faf, to, base, displacement);
  }

  /**
   * The unsigned product with RDX, without touching flags (BMI2); its high half if both coincide.
   */
  final void multiplyByRdx(int high, int low, int from) {
    productPrefix(high, low, from);
    emit8(0xc0 | (high & 7) << 3 | from & 7);
  }

  final void multiplyByRdxMemory(int high, int low, int base, int displacement) {
    productPrefix(high, low, base);
    address(high, base, NO_INDEX, 0, displacement);
  }

  private void productPrefix(int high, int low, int from) {
    emit8(0xc4);
    emit8((high < 8 ? 0x80 : 0) | 0x40 | (from < 8 ? 0x20 : 0) | 2);
    emit8(0x80 | ~low << 3 & 0x78 | 3);
    emit8(0xf6);
  }

  final void multiply(boolean wide, int to, int from, int value) {
    registers(wide, 0x69, to, from);
    emit32(value);
  }

  /** Sign-extends RAX into RDX. */
  final void signIntoRdx(boolean wide) {
    rex(wide, 0, NO_INDEX, 0, false);
    emit8(0x99);
  }

  final void leadingZeros(boolean wide, int to, int from) {
    emit8(0xf3);
    registers(wide, 0x0fbd, to, from);
  }

  final void populationCount(boolean wide, int to, int from) {
    emit8(0xf3);
    registers(wide, 0x0fb8, to, from);
  }

  /** Sets a register's low byte to 0 or 1. */
  final void set(int condition, int register) {
    rex(false, 0, NO_INDEX, register, register >= RSP);
    emit8(0x0f);
    emit8(0x90 | condition);
    emit8(0xc0 | register & 7);
  }

  /** The carry flag = a bit of a word in memory. */
  final void bitToCarry(int base, int displacement, int bit) {
    memory(false, 0x0fba, 4, base, displacement);
    emit8(bit);
  }

  /** The carry flag = a bit of a register. */
  final void bitToCarry(int register, int bit) {
    rex(false, 0, NO_INDEX, register, false);
    emit8(0x0f);
    emit8(0xba);
    emit8(0xc0 | 4 << 3 | register & 7);
    emit8(bit);
  }

  /** Sets a byte in memory to 0 or 1. */
  final void setMemory(int condition, int base, int displacement) {
    memory(false, 0x0f90 | condition, 0, base, displacement);
  }

  // ---- vectors of 128 bits (SSE) ----------------------------------------------------------------

  /** An instruction of two XMM registers, or one and a general register; prefix 0 for none. */
  final void vector(int prefix, boolean wide, int op, int reg, int rm) {
    if (prefix != 0) {
      emit8(prefix);
    }
    registers(wide, op, reg, rm);
  }

  final void vectorMemory(int prefix, int op, int reg, int base, int displacement) {
    if (prefix != 0) {
      emit8(prefix);
    }
    memory(false, op, reg, base, displacement);
  }

  // ---- control ----------------------------------------------------------------------------------

  final void bind(Label label) {
    label.at = size;
    for (int i = 0; i < label.count; i++) {
      patch32(label.uses[i], size - label.uses[i] - 4);
    }
  }

  private void target(Label label) {
    if (label.at >= 0) {
      emit32(label.at - size - 4);
    } else {
      if (label.count == label.uses.length) {
        label.uses = Arrays.copyOf(label.uses, 2 * label.count);
      }
      label.uses[label.count++] = size;
      emit32(0);
    }
  }

  final void jump(Label label) {
    emit8(0xe9);
    target(label);
  }

  final void jumpIf(int condition, Label label) {
    emit8(0x0f);
    emit8(0x80 | condition);
    target(label);
  }

  /**
   * A jump whose distance other threads may change while it runs: its four bytes lie in one aligned
   * doubleword. Returns where they are.
   */
  final int patchableJump(Label first) {
    keepTogether(1);
    jump(first);
    return size - 4;
  }

  final int patchableJumpIf(int condition, Label first) {
    keepTogether(2);
    jumpIf(condition, first);
    return size - 4;
  }

  /** Makes room so that the four bytes behind {@code opcode} bytes lie in one doubleword. */
  private void keepTogether(int opcode) {
    int at = size + opcode & 7;
    if (at > 4) {
      nop(8 - at);
    }
  }

  final void jumpRegister(int register) {
    registers(false, 0xff, 4, register);
  }

  final void jumpMemory(int base, int index, int scale, int displacement) {
    memory(false, 0xff, 4, base, index, scale, displacement);
  }

  final void ret() {
    emit8(0xc3);
  }

  /** Orders all earlier accesses before all later ones. */
  final void fence() {
    emit8(0x0f);
    emit8(0xae);
    emit8(0xf0);
  }

  final void complementCarry() {
    emit8(0xf5);
  }

  final void syscall() {
    emit8(0x0f);
    emit8(0x05);
  }

  final void cpuid() {
    emit8(0x0f);
    emit8(0xa2);
  }

  final void xgetbv() {
    emit8(0x0f);
    emit8(0x01);
    emit8(0xd0);
  }

  /** Fills up to a multiple of a power of two with no-operations. */
  final void align(int boundary) {
    nop(-size & boundary - 1);
  }

  /** No-operations of so many bytes altogether. */
  final void nop(int bytes) {
    for (int left = bytes; left > 0; ) {
      int length = Math.min(left, NOPS.length);
      for (int part : NOPS[length - 1]) {
        emit8(part);
      }
      left -= length;
    }
  }

  /** The forms that Intel's manual recommends, SDM volume 2B, "NOP". */
  private static final int[][] NOPS = {
    {0x90},
    {0x66, 0x90},
    {0x0f, 0x1f, 0x00},
    {0x0f, 0x1f, 0x40, 0x00},
    {0x0f, 0x1f, 0x44, 0x00, 0x00},
    {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
    {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
    {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00}
  };
}
