package dev.vestibule.elf.cfi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which operations may a DWARF expression hold? DWARF 5 section 7.7.1, table 7.9; families such as
 * DW_OP_lit0 to DW_OP_lit31 are one row.
 */
public enum DwarfOp {
  ADDR(0x03, Operand.ADDRESS),
  DEREF(0x06),
  CONST1U(0x08, Operand.U1),
  CONST1S(0x09, Operand.S1),
  CONST2U(0x0a, Operand.U2),
  CONST2S(0x0b, Operand.S2),
  CONST4U(0x0c, Operand.U4),
  CONST4S(0x0d, Operand.S4),
  CONST8U(0x0e, Operand.U8),
  CONST8S(0x0f, Operand.S8),
  CONSTU(0x10, Operand.ULEB),
  CONSTS(0x11, Operand.SLEB),
  DUP(0x12),
  DROP(0x13),
  OVER(0x14),
  PICK(0x15, Operand.U1),
  SWAP(0x16),
  ROT(0x17),
  XDEREF(0x18),
  ABS(0x19),
  AND(0x1a),
  DIV(0x1b),
  MINUS(0x1c),
  MOD(0x1d),
  MUL(0x1e),
  NEG(0x1f),
  NOT(0x20),
  OR(0x21),
  PLUS(0x22),
  PLUS_UCONST(0x23, Operand.ULEB),
  SHL(0x24),
  SHR(0x25),
  SHRA(0x26),
  XOR(0x27),
  BRA(0x28, Operand.BRANCH),
  EQ(0x29),
  GE(0x2a),
  GT(0x2b),
  LE(0x2c),
  LT(0x2d),
  NE(0x2e),
  SKIP(0x2f, Operand.BRANCH),
  /** DW_OP_lit0 to DW_OP_lit31. */
  LIT(0x30, 32),
  /** DW_OP_reg0 to DW_OP_reg31. */
  REG(0x50, 32),
  /** DW_OP_breg0 to DW_OP_breg31. */
  BREG(0x70, 32, Operand.SLEB),
  REGX(0x90, Operand.REGISTER),
  FBREG(0x91, Operand.SLEB),
  BREGX(0x92, Operand.REGISTER, Operand.SLEB),
  PIECE(0x93, Operand.ULEB),
  DEREF_SIZE(0x94, Operand.U1),
  XDEREF_SIZE(0x95, Operand.U1),
  NOP(0x96),
  CALL_FRAME_CFA(0x9c),
  STACK_VALUE(0x9f);

  private static final @Nullable DwarfOp[] BY_CODE = new @Nullable DwarfOp[256];

  static {
    for (DwarfOp op : values()) {
      for (int i = 0; i < op.count; i++) {
        BY_CODE[op.code + i] = op;
      }
    }
  }

  private final int code;
  private final int count;

  @SuppressWarnings("ImmutableEnumChecker")
  private final List<Operand> operands;

  DwarfOp(int code, Operand... operands) {
    this(code, 1, operands);
  }

  DwarfOp(int code, int count, Operand... operands) {
    this.code = code;
    this.count = count;
    this.operands = List.of(operands);
  }

  /** The opcode byte; the first one of a family. */
  public int code() {
    return code;
  }

  List<Operand> operands() {
    return operands;
  }

  boolean isFamily() {
    return count > 1;
  }

  /** The operation of an opcode byte, or null if it is not known here. */
  public static @Nullable DwarfOp of(int code) {
    return BY_CODE[code & 0xff];
  }

  /** The name of an opcode byte as in the DWARF book, such as {@code DW_OP_breg1}. */
  public String text(int opcode) {
    String name = "DW_OP_" + name().toLowerCase(java.util.Locale.ROOT);
    return isFamily() ? name + (opcode - code) : name;
  }
}
