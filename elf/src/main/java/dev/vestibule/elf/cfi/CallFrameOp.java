package dev.vestibule.elf.cfi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which instructions may a call-frame program hold? DWARF 5 section 7.24, table 7.29, and the LSB's
 * GNU extensions. The first three rows keep an operand in the low six bits of the opcode.
 */
public enum CallFrameOp {
  ADVANCE_LOC(0x40),
  OFFSET(0x80, Operand.ULEB),
  RESTORE(0xc0),
  NOP(0x00),
  SET_LOC(0x01, Operand.ADDRESS),
  ADVANCE_LOC1(0x02, Operand.U1),
  ADVANCE_LOC2(0x03, Operand.U2),
  ADVANCE_LOC4(0x04, Operand.U4),
  OFFSET_EXTENDED(0x05, Operand.REGISTER, Operand.ULEB),
  RESTORE_EXTENDED(0x06, Operand.REGISTER),
  UNDEFINED(0x07, Operand.REGISTER),
  SAME_VALUE(0x08, Operand.REGISTER),
  REGISTER(0x09, Operand.REGISTER, Operand.REGISTER),
  REMEMBER_STATE(0x0a),
  RESTORE_STATE(0x0b),
  DEF_CFA(0x0c, Operand.REGISTER, Operand.ULEB),
  DEF_CFA_REGISTER(0x0d, Operand.REGISTER),
  DEF_CFA_OFFSET(0x0e, Operand.ULEB),
  DEF_CFA_EXPRESSION(0x0f, Operand.BLOCK),
  EXPRESSION(0x10, Operand.REGISTER, Operand.BLOCK),
  OFFSET_EXTENDED_SF(0x11, Operand.REGISTER, Operand.SLEB),
  DEF_CFA_SF(0x12, Operand.REGISTER, Operand.SLEB),
  DEF_CFA_OFFSET_SF(0x13, Operand.SLEB),
  VAL_OFFSET(0x14, Operand.REGISTER, Operand.ULEB),
  VAL_OFFSET_SF(0x15, Operand.REGISTER, Operand.SLEB),
  VAL_EXPRESSION(0x16, Operand.REGISTER, Operand.BLOCK),
  GNU_WINDOW_SAVE(0x2d),
  GNU_ARGS_SIZE(0x2e, Operand.ULEB),
  GNU_NEGATIVE_OFFSET_EXTENDED(0x2f, Operand.REGISTER, Operand.ULEB);

  private static final @Nullable CallFrameOp[] BY_CODE = new @Nullable CallFrameOp[256];

  static {
    for (CallFrameOp op : values()) {
      for (int i = 0; i < (op.hasInlineOperand() ? 64 : 1); i++) {
        BY_CODE[op.code + i] = op;
      }
    }
  }

  private final int code;

  @SuppressWarnings("ImmutableEnumChecker")
  private final List<Operand> operands;

  CallFrameOp(int code, Operand... operands) {
    this.code = code;
    this.operands = List.of(operands);
  }

  /** The opcode byte, with a zero operand in its low bits. */
  public int code() {
    return code;
  }

  List<Operand> operands() {
    return operands;
  }

  boolean hasInlineOperand() {
    return code >= 0x40;
  }

  /** The instruction of an opcode byte, or null if it is not known here. */
  public static @Nullable CallFrameOp of(int code) {
    return BY_CODE[code & 0xff];
  }

  /** The name in the DWARF book, such as {@code DW_CFA_def_cfa}. */
  public String text() {
    String name = name();
    if (name.startsWith("GNU_")) {
      return "DW_CFA_GNU_" + name.substring(4).toLowerCase(java.util.Locale.ROOT);
    }
    return "DW_CFA_" + name.toLowerCase(java.util.Locale.ROOT);
  }
}
