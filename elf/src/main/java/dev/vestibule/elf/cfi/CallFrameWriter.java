package dev.vestibule.elf.cfi;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Which bytes tell an unwinder where a function's caller's registers are? Writes one call-frame
 * program: the initial instructions of a CIE, or those of an FDE.
 *
 * <p>Columns are the DWARF register numbers of the architecture's ABI; offsets are in bytes and
 * must be multiples of the CIE's data alignment, locations multiples of its code alignment.
 */
public final class CallFrameWriter {
  private record Branch(Label label, int position) {}

  private final ByteOrder order;
  private final int codeAlignment;
  private final int dataAlignment;
  private final DwarfBytes out;
  private final List<Branch> branches = new ArrayList<>();

  /**
   * @param codeAlignment the CIE's code alignment factor, such as 4
   * @param dataAlignment the CIE's data alignment factor, such as -8
   */
  public CallFrameWriter(ByteOrder order, int codeAlignment, int dataAlignment) {
    if (codeAlignment < 1 || dataAlignment == 0) {
      throw new IllegalArgumentException("alignment factors must not be zero");
    }
    this.order = order;
    this.codeAlignment = codeAlignment;
    this.dataAlignment = dataAlignment;
    out = new DwarfBytes(order);
  }

  /** A writer with the alignment factors of a CIE. */
  public static CallFrameWriter forCie(ByteOrder order, CieSpec cie) {
    return new CallFrameWriter(order, cie.codeAlignment(), cie.dataAlignment());
  }

  /** Moves the row's first address forward by a number of bytes, in the shortest form. */
  public CallFrameWriter advance(int bytes) {
    if (bytes < 0 || bytes % codeAlignment != 0) {
      throw new IllegalArgumentException(
          "cannot advance by " + bytes + " bytes in units of " + codeAlignment);
    }
    int delta = bytes / codeAlignment;
    if (delta < 0x40) {
      out.u1(CallFrameOp.ADVANCE_LOC.code() | delta);
    } else if (delta < 0x100) {
      out.u1(CallFrameOp.ADVANCE_LOC1.code());
      out.u1(delta);
    } else if (delta < 0x10000) {
      out.u1(CallFrameOp.ADVANCE_LOC2.code());
      out.fixed(delta, 2);
    } else {
      out.u1(CallFrameOp.ADVANCE_LOC4.code());
      out.fixed(delta, 4);
    }
    return this;
  }

  /** The CFA is a register plus an offset. */
  public CallFrameWriter defCfa(int column, long offset) {
    if (offset < 0) {
      out.u1(CallFrameOp.DEF_CFA_SF.code());
      out.uleb(column);
      out.sleb(factored(offset));
    } else {
      out.u1(CallFrameOp.DEF_CFA.code());
      out.uleb(column);
      out.uleb(offset);
    }
    return this;
  }

  /** The CFA's register changes, its offset stays. */
  public CallFrameWriter defCfaRegister(int column) {
    return withColumn(CallFrameOp.DEF_CFA_REGISTER, column);
  }

  /** The CFA's offset changes, its register stays. */
  public CallFrameWriter defCfaOffset(long offset) {
    if (offset < 0) {
      out.u1(CallFrameOp.DEF_CFA_OFFSET_SF.code());
      out.sleb(factored(offset));
    } else {
      out.u1(CallFrameOp.DEF_CFA_OFFSET.code());
      out.uleb(offset);
    }
    return this;
  }

  /** The CFA is the value of an expression. */
  public CallFrameWriter defCfaExpression(Consumer<ExpressionWriter> body) {
    out.u1(CallFrameOp.DEF_CFA_EXPRESSION.code());
    return block(body);
  }

  /** The register is saved at the CFA plus an offset. */
  public CallFrameWriter offset(int column, long offset) {
    long factored = factored(offset);
    if (factored < 0) {
      out.u1(CallFrameOp.OFFSET_EXTENDED_SF.code());
      out.uleb(column);
      out.sleb(factored);
    } else if (column < 0x40) {
      out.u1(CallFrameOp.OFFSET.code() | column);
      out.uleb(factored);
    } else {
      out.u1(CallFrameOp.OFFSET_EXTENDED.code());
      out.uleb(column);
      out.uleb(factored);
    }
    return this;
  }

  /** The register's value is the CFA plus an offset. */
  public CallFrameWriter valOffset(int column, long offset) {
    long factored = factored(offset);
    out.u1((factored < 0 ? CallFrameOp.VAL_OFFSET_SF : CallFrameOp.VAL_OFFSET).code());
    out.uleb(column);
    if (factored < 0) {
      out.sleb(factored);
    } else {
      out.uleb(factored);
    }
    return this;
  }

  /** The register is in another register. */
  public CallFrameWriter register(int column, int holder) {
    withColumn(CallFrameOp.REGISTER, column);
    out.uleb(holder);
    return this;
  }

  /** The register is saved at the address an expression yields; the CFA is on its stack. */
  public CallFrameWriter expression(int column, Consumer<ExpressionWriter> body) {
    return withColumn(CallFrameOp.EXPRESSION, column).block(body);
  }

  /** The register's value is what an expression yields; the CFA is on its stack. */
  public CallFrameWriter valExpression(int column, Consumer<ExpressionWriter> body) {
    return withColumn(CallFrameOp.VAL_EXPRESSION, column).block(body);
  }

  /** The register cannot be recovered; for the return column: there is no caller. */
  public CallFrameWriter undefined(int column) {
    return withColumn(CallFrameOp.UNDEFINED, column);
  }

  /** The register was not changed. */
  public CallFrameWriter sameValue(int column) {
    return withColumn(CallFrameOp.SAME_VALUE, column);
  }

  /** The register's rule is again that of the CIE. */
  public CallFrameWriter restore(int column) {
    if (column < 0x40) {
      out.u1(CallFrameOp.RESTORE.code() | column);
      return this;
    }
    return withColumn(CallFrameOp.RESTORE_EXTENDED, column);
  }

  /** Puts the current rules on a stack. */
  public CallFrameWriter rememberState() {
    out.u1(CallFrameOp.REMEMBER_STATE.code());
    return this;
  }

  /** Takes the rules from the stack. */
  public CallFrameWriter restoreState() {
    out.u1(CallFrameOp.RESTORE_STATE.code());
    return this;
  }

  /** The finished program, without padding. */
  public byte[] toByteArray() {
    byte[] bytes = out.toByteArray();
    for (Branch branch : branches) {
      if (branch.label.position < 0) {
        throw new IllegalStateException("an expression branches to a label that is not bound");
      }
      int distance = branch.label.position - (branch.position + 2);
      if (distance != (short) distance) {
        throw new IllegalStateException("branch distance " + distance + " does not fit 16 bits");
      }
      boolean big = order == ByteOrder.BIG_ENDIAN;
      bytes[branch.position] = (byte) (big ? distance >> 8 : distance);
      bytes[branch.position + 1] = (byte) (big ? distance : distance >> 8);
    }
    return bytes;
  }

  private CallFrameWriter withColumn(CallFrameOp op, int column) {
    out.u1(op.code());
    out.uleb(column);
    return this;
  }

  private CallFrameWriter block(Consumer<ExpressionWriter> body) {
    ExpressionWriter expression = new ExpressionWriter(order);
    body.accept(expression);
    byte[] bytes = expression.toByteArray();
    out.uleb(bytes.length);
    int base = out.size();
    for (ExpressionWriter.Mark mark : expression.marks()) {
      if (mark.bound()) {
        if (mark.label().position >= 0) {
          throw new IllegalArgumentException("a label is bound twice");
        }
        mark.label().position = base + mark.position();
      } else {
        branches.add(new Branch(mark.label(), base + mark.position()));
      }
    }
    out.put(bytes);
    return this;
  }

  private long factored(long offset) {
    if (offset % dataAlignment != 0) {
      throw new IllegalArgumentException(
          "offset " + offset + " is not a multiple of " + dataAlignment);
    }
    return offset / dataAlignment;
  }
}
