package dev.vestibule.elf.cfi;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Which bytes express this DWARF computation? One method per operation or family; operands are
 * checked against their encoding's range. Obtained from {@link CallFrameWriter}.
 */
public final class ExpressionWriter {
  /** A label bound here, or a branch distance to fill in, by position in this expression. */
  record Mark(Label label, int position, boolean bound) {}

  private final DwarfBytes out;
  private final List<Mark> marks = new ArrayList<>();

  ExpressionWriter(ByteOrder order) {
    out = new DwarfBytes(order);
  }

  byte[] toByteArray() {
    return out.toByteArray();
  }

  List<Mark> marks() {
    return marks;
  }

  /** Any operation without operands. */
  public ExpressionWriter op(DwarfOp op) {
    if (op.isFamily() || !op.operands().isEmpty()) {
      throw new IllegalArgumentException(op + " takes an operand");
    }
    out.u1(op.code());
    return this;
  }

  /** DW_OP_litN, 0 to 31. */
  public ExpressionWriter lit(int value) {
    out.u1(DwarfOp.LIT.code() + inRange(value, 31, "literal"));
    return this;
  }

  /** DW_OP_bregN for columns 0 to 31, DW_OP_bregx above: pushes a register plus an offset. */
  public ExpressionWriter breg(int column, long offset) {
    if (column < 32) {
      out.u1(DwarfOp.BREG.code() + inRange(column, 31, "register"));
    } else {
      out.u1(DwarfOp.BREGX.code());
      out.uleb(column);
    }
    out.sleb(offset);
    return this;
  }

  /** DW_OP_deref: replaces an address by the word stored there. */
  public ExpressionWriter deref() {
    return op(DwarfOp.DEREF);
  }

  /** DW_OP_deref_size: as deref, for 1 to 8 bytes zero-extended. */
  public ExpressionWriter derefSize(int bytes) {
    out.u1(DwarfOp.DEREF_SIZE.code());
    out.u1(inRange(bytes, 8, "size"));
    return this;
  }

  /** DW_OP_plus_uconst. */
  public ExpressionWriter plusUconst(long addend) {
    out.u1(DwarfOp.PLUS_UCONST.code());
    out.uleb(addend);
    return this;
  }

  /** DW_OP_const1u, 0 to 255. */
  public ExpressionWriter const1u(int value) {
    out.u1(DwarfOp.CONST1U.code());
    out.u1(inRange(value, 0xff, "constant"));
    return this;
  }

  /** DW_OP_const2u, 0 to 65535. */
  public ExpressionWriter const2u(int value) {
    out.u1(DwarfOp.CONST2U.code());
    out.fixed(inRange(value, 0xffff, "constant"), 2);
    return this;
  }

  /** DW_OP_const4u, taken as unsigned. */
  public ExpressionWriter const4u(int value) {
    out.u1(DwarfOp.CONST4U.code());
    out.fixed(value, 4);
    return this;
  }

  /** DW_OP_const8u. */
  public ExpressionWriter const8u(long value) {
    out.u1(DwarfOp.CONST8U.code());
    out.fixed(value, 8);
    return this;
  }

  /** DW_OP_constu. */
  public ExpressionWriter constu(long value) {
    out.u1(DwarfOp.CONSTU.code());
    out.uleb(value);
    return this;
  }

  /** DW_OP_consts. */
  public ExpressionWriter consts(long value) {
    out.u1(DwarfOp.CONSTS.code());
    out.sleb(value);
    return this;
  }

  /** DW_OP_skip by a distance in bytes from its own end; it may leave the expression. */
  public ExpressionWriter skip(int distance) {
    return branch(DwarfOp.SKIP, distance);
  }

  /** DW_OP_skip to a label anywhere in the same call-frame program. */
  public ExpressionWriter skip(Label label) {
    return branch(DwarfOp.SKIP, label);
  }

  /** DW_OP_bra by a distance in bytes from its own end, taken if the popped value is not zero. */
  public ExpressionWriter bra(int distance) {
    return branch(DwarfOp.BRA, distance);
  }

  /** DW_OP_bra to a label anywhere in the same call-frame program. */
  public ExpressionWriter bra(Label label) {
    return branch(DwarfOp.BRA, label);
  }

  /** Binds a label to the next operation. */
  public ExpressionWriter bind(Label label) {
    marks.add(new Mark(label, out.size(), true));
    return this;
  }

  private ExpressionWriter branch(DwarfOp op, int distance) {
    if (distance != (short) distance) {
      throw new IllegalArgumentException("distance " + distance + " does not fit 16 bits");
    }
    out.u1(op.code());
    out.fixed(distance, 2);
    return this;
  }

  private ExpressionWriter branch(DwarfOp op, Label label) {
    out.u1(op.code());
    marks.add(new Mark(label, out.size(), false));
    out.fixed(0, 2);
    return this;
  }

  private static int inRange(int value, int max, String what) {
    if (value < 0 || value > max) {
      throw new IllegalArgumentException(what + " " + value + " is not in 0 to " + max);
    }
    return value;
  }
}
