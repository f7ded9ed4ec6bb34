package dev.vestibule.elf.cfi;

import dev.vestibule.elf.ElfException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Writes call-frame instructions the way readelf --debug-dump=frames does. */
final class FrameText {
  private final FrameBytes section;
  private final Cie cie;
  private final IntFunction<String> columns;
  private long location;

  FrameText(FrameBytes section, Cie cie, IntFunction<String> columns) {
    this.section = section;
    this.cie = cie;
    this.columns = columns;
  }

  List<String> lines(int program, int end, long start) throws ElfException {
    FrameCursor in = new FrameCursor(section, program, end);
    List<String> lines = new ArrayList<>();
    location = start;
    while (!in.atEnd()) {
      lines.add(instruction(in));
    }
    return lines;
  }

  private String instruction(FrameCursor in) throws ElfException {
    int opcode = in.u1("call-frame instruction");
    CallFrameOp op = CallFrameOp.of(opcode);
    if (op == null) {
      throw in.fail(
          "call-frame instruction", "unknown instruction 0x" + Integer.toHexString(opcode));
    }
    String name = op.text();
    int low = opcode & 0x3f;
    return switch (op) {
      case ADVANCE_LOC -> advance(name, low);
      case ADVANCE_LOC1 -> advance(name, in.u1(name));
      case ADVANCE_LOC2 -> advance(name, in.unsigned(2, name));
      case ADVANCE_LOC4 -> advance(name, in.unsigned(4, name));
      case SET_LOC -> {
        location = in.pointer(cie.pointerEncoding(), 0, name);
        yield name + ": " + section.digits(location);
      }
      case OFFSET -> name + ": " + column(low) + " at cfa" + factored(in.uleb(name));
      case RESTORE -> name + ": " + column(low);
      case NOP, REMEMBER_STATE, RESTORE_STATE, GNU_WINDOW_SAVE -> name;
      case OFFSET_EXTENDED -> name + ": " + column(in, name) + " at cfa" + factored(in.uleb(name));
      case OFFSET_EXTENDED_SF ->
          name + ": " + column(in, name) + " at cfa" + factored(in.sleb(name));
      case GNU_NEGATIVE_OFFSET_EXTENDED ->
          name + ": " + column(in, name) + " at cfa" + factored(-in.uleb(name));
      case VAL_OFFSET -> name + ": " + column(in, name) + " is cfa" + factored(in.uleb(name));
      case VAL_OFFSET_SF -> name + ": " + column(in, name) + " is cfa" + factored(in.sleb(name));
      case RESTORE_EXTENDED, UNDEFINED, SAME_VALUE, DEF_CFA_REGISTER ->
          name + ": " + column(in, name);
      case REGISTER -> name + ": " + column(in, name) + " in " + column(in, name);
      case DEF_CFA -> name + ": " + column(in, name) + " ofs " + in.uleb(name);
      case DEF_CFA_SF ->
          name + ": " + column(in, name) + " ofs " + in.sleb(name) * cie.dataAlignment();
      case DEF_CFA_OFFSET, GNU_ARGS_SIZE -> name + ": " + in.uleb(name);
      case DEF_CFA_OFFSET_SF -> name + ": " + in.sleb(name) * cie.dataAlignment();
      case DEF_CFA_EXPRESSION -> name + " (" + expression(in, name) + ")";
      case EXPRESSION, VAL_EXPRESSION ->
          name + ": " + column(in, name) + " (" + expression(in, name) + ")";
    };
  }

  private String advance(String name, long delta) {
    long bytes = delta * cie.codeAlignment();
    location = section.wrap(location + bytes);
    return name + ": " + bytes + " to " + section.digits(location);
  }

  private String factored(long offset) {
    long bytes = offset * cie.dataAlignment();
    return bytes < 0 ? Long.toString(bytes) : "+" + bytes;
  }

  private String column(FrameCursor in, String field) throws ElfException {
    return column(in.small(CfaRow.MAX_COLUMN, field));
  }

  private String column(int number) {
    String name = columns.apply(number);
    return "r" + number + (name.isEmpty() ? "" : " (" + name + ")");
  }

  private String bare(int number) {
    String name = columns.apply(number);
    return name.isEmpty() ? "r" + number : name;
  }

  private String expression(FrameCursor in, String field) throws ElfException {
    int length = in.length(field);
    int start = in.position();
    in.skipTo(start + length, field);
    FrameCursor ops = new FrameCursor(section, start, start + length);
    StringBuilder text = new StringBuilder();
    while (!ops.atEnd()) {
      if (!text.isEmpty()) {
        text.append("; ");
      }
      text.append(operation(ops));
    }
    return text.toString();
  }

  private String operation(FrameCursor in) throws ElfException {
    int opcode = in.u1("DWARF operation");
    DwarfOp op = DwarfOp.of(opcode);
    if (op == null) {
      throw in.fail("DWARF operation", "unknown operation 0x" + Integer.toHexString(opcode));
    }
    String name = op.text(opcode);
    return switch (op) {
      case BREG -> name + " (" + bare(opcode - op.code()) + "): " + in.sleb(name);
      case REG -> name + " (" + bare(opcode - op.code()) + ")";
      case REGX -> {
        int column = in.small(CfaRow.MAX_COLUMN, name);
        yield name + ": " + column + " (" + bare(column) + ")";
      }
      case BREGX -> {
        int column = in.small(CfaRow.MAX_COLUMN, name);
        yield name + ": " + column + " (" + bare(column) + ") " + in.sleb(name);
      }
      case ADDR -> name + ": " + Long.toHexString(in.unsigned(section.is64() ? 8 : 4, name));
      default -> op.operands().isEmpty() ? name : name + ": " + operand(in, op, name);
    };
  }

  private static String operand(FrameCursor in, DwarfOp op, String name) throws ElfException {
    return switch (op.operands().getFirst()) {
      case U1 -> Long.toString(in.u1(name));
      case U2 -> Long.toString(in.unsigned(2, name));
      case U4 -> Long.toString(in.unsigned(4, name));
      case U8 -> Long.toUnsignedString(in.unsigned(8, name));
      case S1 -> Long.toString(in.signed(1, name));
      case S2, BRANCH -> Long.toString(in.signed(2, name));
      case S4 -> Long.toString(in.signed(4, name));
      case S8 -> Long.toString(in.signed(8, name));
      case ULEB, REGISTER -> Long.toUnsignedString(in.uleb(name));
      case SLEB -> Long.toString(in.sleb(name));
      case ADDRESS, BLOCK -> throw in.fail(name, "operand cannot be shown");
    };
  }
}
