package dev.vestibule.handed.power;

import dev.vestibule.elf.cfi.CallFrameWriter;
import dev.vestibule.elf.cfi.CieSpec;
import dev.vestibule.elf.cfi.DwarfOp;
import dev.vestibule.elf.cfi.Label;
import dev.vestibule.elf.cfi.PointerEncoding;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.KernelProfile.Conditions;
import java.nio.ByteOrder;

/**
 * Where does a signal frame keep the interrupted program's registers? Call-frame data of the
 * trampolines: everything is found through the pointer to the saved registers that lies at a fixed
 * distance from the stack pointer.
 *
 * <p>Columns are those of GCC: 0-31 general, 32-63 floating point, 65 LR, 67 the next instruction,
 * 68-75 condition fields, 77-108 vectors, 109 VRSAVE, 110 VSCR.
 */
final class SignalFrames {
  private static final int STACK_POINTER = 1;
  private static final int NEXT_INSTRUCTION = 67;
  private static final int LINK = 65;
  private static final int CR0 = 68;
  private static final int CR2 = 70;
  private static final int FIRST_FLOAT = 32;
  private static final int FIRST_VECTOR = 77;
  private static final int VRSAVE = 109;
  private static final int VSCR = 110;

  /** MSR[VEC]: whether vectors were in use. */
  private static final int VECTORS_USED = 1 << 25;

  /** A branch distance that unwinders take for the end of the expression. */
  private static final int TO_END = 0x7fff;

  private final boolean is64;
  private final ByteOrder order;
  private final boolean marked;
  private final Conditions conditions;
  private final int word;

  SignalFrames(KernelProfile profile) {
    is64 = profile.architecture().is64();
    order = profile.architecture().order();
    marked = profile.vdso().signalFrames();
    conditions = profile.vdso().conditions();
    word = profile.architecture().wordBytes();
  }

  CieSpec cie() {
    int encoding = is64 ? PointerEncoding.UDATA8 : PointerEncoding.SDATA4;
    return new CieSpec(
        marked ? "zRS" : "zR",
        4,
        -word,
        NEXT_INSTRUCTION,
        PointerEncoding.PCREL | encoding,
        word,
        new CallFrameWriter(order, 4, -word).defCfa(STACK_POINTER, 0).toByteArray());
  }

  /**
   * The rules of one trampoline.
   *
   * @param rt whether the frame has a siginfo in front of its context
   */
  byte[] program(CieSpec cie, boolean rt) {
    // Distance of the pointer: caller's frame, then what precedes it in the signal frame.
    int regs = is64 ? 128 + 168 + 56 : rt ? 64 + 16 + 128 + 20 + 28 : 64 + 28;
    CallFrameWriter out = CallFrameWriter.forCie(order, cie);
    out.defCfaExpression(e -> e.breg(STACK_POINTER, regs).deref().plusUconst(word).deref());
    for (int r = 0; r < 32; r++) {
      if (r != STACK_POINTER) {
        saved(out, r, regs, r * word);
      }
    }
    saved(out, NEXT_INSTRUCTION, regs, 32 * word);
    saved(out, LINK, regs, 36 * word);
    boolean whole = conditions == Conditions.CR2_DOUBLEWORD || !is64;
    int lowHalf = order == ByteOrder.BIG_ENDIAN && !whole ? 4 : 0;
    int firstCondition = conditions == Conditions.ALL ? CR0 : CR2;
    int lastCondition = conditions == Conditions.ALL ? CR0 + 7 : CR2;
    for (int column = firstCondition; column <= lastCondition; column++) {
      saved(out, column, regs, 38 * word + lowHalf);
    }
    for (int f = 0; f < 32; f++) {
      saved(out, FIRST_FLOAT + f, regs, 48 * word + 8 * f);
    }
    vectors(out, regs);
    return out.toByteArray();
  }

  private static void saved(CallFrameWriter out, int column, int regs, int offset) {
    out.expression(
        column,
        e -> {
          e.breg(STACK_POINTER, regs).deref();
          if (offset != 0) {
            e.plusUconst(offset);
          }
        });
  }

  /** All but the first vector's rule jump into the first one's. */
  private void vectors(CallFrameWriter out, int regs) {
    int area = is64 ? 48 * 8 + 33 * 8 : 48 * 4 + 34 * 8;
    Label times16 = new Label();
    Label ifUsed = new Label();
    out.expression(
        FIRST_VECTOR,
        e -> {
          e.lit(0).bind(times16).lit(16).op(DwarfOp.MUL).bind(ifUsed);
          e.breg(STACK_POINTER, regs).deref().op(DwarfOp.DUP).plusUconst(33L * word).deref();
          e.const4u(VECTORS_USED).op(DwarfOp.AND).op(DwarfOp.DUP).lit(0).op(DwarfOp.EQ);
          e.bra(TO_END).op(DwarfOp.DROP).plusUconst(area);
          if (is64) {
            e.deref();
          }
          e.op(DwarfOp.PLUS).skip(TO_END);
        });
    for (int v = 1; v < 32; v++) {
      int number = v;
      out.expression(FIRST_VECTOR + v, e -> e.lit(number).skip(times16));
    }
    out.expression(VSCR, e -> e.const2u(32 * 16 + 12).skip(ifUsed));
    out.expression(
        VRSAVE,
        e -> {
          e.breg(STACK_POINTER, regs).deref().plusUconst(area);
          if (is64) {
            e.deref();
          }
          e.plusUconst((is64 ? 33 : 32) * 16L);
        });
  }
}
