package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.micro.MicroBuilder;
import dev.vestibule.cpu.micro.Op;

/**
 * What do the micro-operations behind one want of it?
 *
 * <p>Only those are looked at that follow as machine code and can neither fault nor leave: what
 * nobody sees in between need not be there in between.
 */
final class Ahead {
  /** A carry that somebody may want to find in its slot. */
  static final int KEPT = -1;

  /** A carry that is overwritten before anybody wants it. */
  static final int DEAD = -2;

  /** How many micro-operations are looked at. */
  private static final int FAR = 12;

  private Ahead() {}

  /**
   * What becomes of the carry that an operation delivers.
   *
   * @param end where those end that follow as machine code
   * @param products whether products leave the host's flags alone, if their halves are computed
   *     together
   * @return KEPT, DEAD, or the index of the operation that can take it from the host's flags, and
   *     delivers one itself
   */
  static int carry(long[] code, int index, int end, boolean products) {
    int slot = Op.c(code[index]);
    boolean flags = true;
    for (int i = index + 1; i < Math.min(end, index + FAR); i++) {
      long w = code[i];
      int op = Op.op(w);
      if (Op.carries(op) && Op.c(w) == slot) {
        boolean reads = op == Op.ADC64 || op == Op.ADC32;
        return !reads ? DEAD : flags ? i : KEPT;
      }
      if (!computes(w) || CompareEmitter.reads(w, slot) || Op.d(w) == slot) {
        return KEPT;
      }
      flags &= keepsFlags(code, i, end, products);
    }
    return KEPT;
  }

  /**
   * The index of the operation that wants the other half of a product, or -1 if there is none that
   * could have it now.
   */
  static int otherHalf(long[] code, int index, int end) {
    long w = code[index];
    int other = Op.op(w) == Op.MUL ? Op.MULHU64 : Op.MUL;
    int a = Op.a(w);
    int b = Op.b(w);
    if (Op.d(w) == a || Op.d(w) == b) {
      return -1;
    }
    for (int i = index + 1; i < Math.min(end, index + FAR); i++) {
      long then = code[i];
      boolean same = Op.a(then) == a && Op.b(then) == b || Op.a(then) == b && Op.b(then) == a;
      if (Op.op(then) == other && same && Op.d(then) < Values.REGISTERS && Op.d(then) != Op.d(w)) {
        return isUntouched(code, index, i, Op.d(then)) ? i : -1;
      }
      if (!computes(then) || writes(then, a) || writes(then, b)) {
        return -1;
      }
    }
    return -1;
  }

  private static boolean isUntouched(long[] code, int from, int to, int slot) {
    for (int i = from + 1; i < to; i++) {
      if (CompareEmitter.reads(code[i], slot) || writes(code[i], slot)) {
        return false;
      }
    }
    return true;
  }

  private static boolean writes(long w, int slot) {
    return Op.d(w) == slot || Op.carries(Op.op(w)) && Op.c(w) == slot;
  }

  /** Whether an operation does nothing but compute a general register or a CR field from others. */
  private static boolean computes(long w) {
    int op = Op.op(w);
    boolean constant = op == Op.CONST || op == Op.POOL;
    return op < Op.LDU8
        && (constant || Values.isGeneral(Op.a(w)))
        && (CompareEmitter.isCompare(op) || Values.isGeneral(Op.d(w)));
  }

  /** Whether an operation is emitted without instructions that change the host's flags. */
  private static boolean keepsFlags(long[] code, int index, int end, boolean products) {
    long w = code[index];
    boolean general = Values.isGeneral(Op.d(w)) && Values.isGeneral(Op.a(w));
    return switch (Op.op(w)) {
      case Op.CONST, Op.POOL -> Op.d(w) >= MicroBuilder.TEMPORARIES; // known while translating
      case Op.MOV -> Op.d(w) < Values.REGISTERS && Op.a(w) < Values.REGISTERS;
      case Op.NOT, Op.ADDI -> general;
      case Op.MULHU64 -> general && products;
      case Op.MUL -> general && products && otherHalf(code, index, end) >= 0;
      default -> false;
    };
  }
}
