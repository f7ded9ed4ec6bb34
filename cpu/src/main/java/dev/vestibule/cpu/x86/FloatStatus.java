package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.fp.Fpscr;
import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.cpu.micro.FloatOps;
import dev.vestibule.cpu.micro.Op;

/**
 * What is the FPSCR after machine code has computed?
 *
 * <p>Machine code leaves sticky exceptions to the host's MXCSR, and of what an operation overwrites
 * (FPRF, FR, FI) it notes only which operation came last and keeps its operands. {@link #settle}
 * makes the FPSCR of that: it does the operation again, as the interpreter would have, for the sake
 * of its status alone. Invalid operations, and results that the host would judge otherwise than
 * Power, never get that far: the interpreter executes them.
 *
 * <p>A compare and a conversion to an integer do not overwrite all that earlier operations left;
 * they are noted beside the last arithmetic operation.
 */
final class FloatStatus {
  private static final int FIRST = Cpu.EXECUTOR + 32;

  /** Whether the host computes as the guest wants it to: one of the three that follow. */
  static final int MODE = FIRST;

  static final int READY = 0;

  /** MXCSR is the JVM's still. */
  static final int NOT_YET = 1;

  /** An exception is enabled: the interpreter must compute. */
  static final int REFUSED = 2;

  /** The guest's MXCSR. */
  static final int CONTROL = FIRST + 1;

  /** The JVM's MXCSR. */
  static final int JVM_CONTROL = FIRST + 2;

  /**
   * Bits 0 to 9 and 10 to 19: operation and e of the last arithmetic one; byte {@link #COMPARED}
   * not 0: a compare came behind it; the high half: operation and e of a conversion to an integer
   * that came behind it. 0: nothing is to be done.
   */
  static final int PENDING = FIRST + 3;

  static final int COMPARED = 3;
  static final int CONVERTED = 4;

  /** Operands a, b and c of the last arithmetic operation. */
  static final int OPERANDS = FIRST + 4;

  /** The field that a compare delivered. */
  static final int CONDITION = FIRST + 7;

  /** The operand of a conversion to an integer. */
  static final int CONVERSION_OPERAND = FIRST + 8;

  /** A pair for results that nobody wants. */
  private static final int RESULT = FIRST + 9;

  /** For machine code, one at a time. */
  static final int SCRATCH = FIRST + 11;

  /** Behind the last of these slots. */
  static final int PAST = FIRST + 12;

  static final int MASKED = 0x1f80;
  static final int ROUNDING_SHIFT = 13;

  /** MXCSR's rounding mode, in two bits, for each of FPSCR's. */
  private static final int ROUNDING = 0b01_10_11_00;

  // the host's sticky exceptions
  static final int ZERO_DIVIDE = 4;
  static final int OVERFLOW = 8;
  static final int UNDERFLOW = 16;
  static final int INEXACT = 32;

  private FloatStatus() {}

  /** What PENDING says of an operation. */
  static int pending(long w) {
    return Op.op(w) | Op.e(w) << 10;
  }

  /** Before machine code is entered. */
  static void prepare(Cpu cpu) {
    int fpscr = (int) cpu.slot(FloatOp.FPSCR);
    cpu.setSlot(MODE, (fpscr & Fpscr.ENABLES) == 0 ? NOT_YET : REFUSED);
    int rounding = ROUNDING >> 2 * (fpscr & Fpscr.RN) & 3;
    cpu.setSlot(CONTROL, MASKED | rounding << ROUNDING_SHIFT);
  }

  /** Behind machine code: makes the FPSCR precise. */
  static void settle(Cpu cpu) {
    if (cpu.slot(MODE) == READY) {
      raise(cpu, (int) cpu.slot(CONTROL));
      long pending = cpu.slot(PENDING);
      if (pending != 0) {
        cpu.setSlot(PENDING, 0);
        repeat(cpu, pending);
      }
    }
  }

  private static void raise(Cpu cpu, int control) {
    int flags =
        ((control & OVERFLOW) != 0 ? Fpscr.OX : 0)
            | ((control & UNDERFLOW) != 0 ? Fpscr.UX : 0)
            | ((control & ZERO_DIVIDE) != 0 ? Fpscr.ZX : 0)
            | ((control & INEXACT) != 0 ? Fpscr.XX : 0);
    cpu.setSlot(FloatOp.FPSCR, Fpscr.raise(cpu.slot(FloatOp.FPSCR), flags));
  }

  private static void repeat(Cpu cpu, long pending) {
    int last = (int) pending & 0xf_ffff;
    if (last != 0) {
      repeat(cpu, last, OPERANDS, OPERANDS + 1, OPERANDS + 2);
    }
    int conversion = (int) (pending >>> 8 * CONVERTED);
    if (conversion != 0) {
      repeat(cpu, conversion, CONVERSION_OPERAND, CONVERSION_OPERAND, CONVERSION_OPERAND);
    }
    if ((pending >>> 8 * COMPARED & 0xff) != 0) {
      long fpscr = cpu.slot(FloatOp.FPSCR);
      cpu.setSlot(FloatOp.FPSCR, Fpscr.comparison(fpscr, 0, (int) cpu.slot(CONDITION)));
    }
  }

  private static void repeat(Cpu cpu, int what, int a, int b, int c) {
    FloatOps.execute(cpu, Op.encode(what & 0x3ff, RESULT + 1, a, b, c, what >>> 10));
  }
}
