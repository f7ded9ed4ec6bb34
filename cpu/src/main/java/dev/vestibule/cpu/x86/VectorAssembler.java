package dev.vestibule.cpu.x86;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How are x86-64's vector instructions encoded, and where do their constants lie?
 *
 * <p>An instruction is written as its prefix and opcode together, 0x66_0f_38_00 for PSHUFB; SSE,
 * VEX and EVEX forms use the same number. Constants of 128 bits stand behind the code and are named
 * relative to the instruction, so that code can lie anywhere. Encodings: Intel SDM volume 2.
 */
class VectorAssembler extends Assembler {
  private static final int INTEGER = 0x66;

  // kinds of shifts by a constant, by their number in ModRM
  static final int RIGHT = 2;
  static final int RIGHT_SIGNED = 4;
  static final int LEFT = 6;

  private record Constant(long high, long low) {
    /** As of any record, whose own would be made of method handles at run time. */
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Constant theirs && high == theirs.high && low == theirs.low;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(high) * 31 + Long.hashCode(low);
    }
  }

  private final List<Constant> constants = new ArrayList<>();
  private final List<int[]> uses = new ArrayList<>(); // place, number of the constant

  @Override
  void reset() {
    super.reset();
    constants.clear();
    uses.clear();
  }

  // ---- SSE: operations with the prefix 0x66 -----------------------------------------------------

  final void integer(int op, int to, int from) {
    vector(INTEGER, false, op, to, from);
  }

  final void integer(int op, int to, int from, int immediate) {
    vector(INTEGER, false, op, to, from);
    emit8(immediate);
  }

  /** The same with a constant of 128 bits; the register is one of the first eight. */
  final void integerConstant(int op, int to, long high, long low) {
    emit8(INTEGER);
    if (op > 0xffff) {
      emit8(op >> 16);
    }
    emit8(op >> 8);
    emit8(op);
    emit8(to << 3 | 5); // relative to the next instruction
    Constant wanted = new Constant(high, low);
    int number = constants.indexOf(wanted);
    if (number < 0) {
      number = constants.size();
      constants.add(wanted);
    }
    uses.add(new int[] {size(), number});
    emit32(0);
  }

  /** Emits the constants that were named since the beginning. */
  final void emitConstants() {
    while (!constants.isEmpty() && (size() & 15) != 0) {
      emit8(0xcc); // int3: nobody comes here
    }
    int first = size();
    for (Constant constant : constants) {
      emit64(constant.low);
      emit64(constant.high);
    }
    for (int[] use : uses) {
      patch32(use[0], first + 16 * use[1] - (use[0] + 4));
    }
  }

  /** Shifts elements of 8 &lt;&lt; k bits by a constant, k from 1 to 3. */
  final void shiftElements(int k, int kind, int register, int amount) {
    vector(INTEGER, false, 0x0f70 | k, kind, register);
    emit8(amount);
  }

  /** Shifts the whole register by bytes, to the left or right of the number that it is. */
  final void shiftBytes(boolean left, int register, int amount) {
    vector(INTEGER, false, 0x0f73, left ? 7 : 3, register);
    emit8(amount);
  }

  /** Moves a general register's 64 bits into a vector register's low half and clears the other. */
  final void toVector(int to, int general) {
    vector(INTEGER, true, 0x0f6e, to, general);
  }

  final void fromVector(int general, int from) {
    vector(INTEGER, true, 0x0f7e, from, general);
  }

  // ---- AVX: a destination of its own
  // -------------------------------------------------------------

  /** An instruction with prefix 0x66 on 128 bits of the first eight registers. */
  final void vex(int op, boolean wide, int to, int first, int second) {
    int operand = ~first << 3 & 0x78 | 1;
    if (map(op) == 1 && !wide) {
      emit8(0xc5);
      emit8(0x80 | operand);
    } else {
      emit8(0xc4);
      emit8(0xe0 | map(op));
      emit8((wide ? 0x80 : 0) | operand);
    }
    emit8(op);
    emit8(0xc0 | to << 3 | second);
  }

  /** The same in the encoding of AVX-512, which has all 32 registers. */
  final void evex(int op, boolean wide, int to, int first, int second) {
    emit8(0x62);
    emit8(~to << 4 & 0x80 | ~second << 2 & 0x40 | ~second << 2 & 0x20 | ~to & 0x10 | map(op));
    emit8((wide ? 0x80 : 0) | ~first << 3 & 0x78 | 5);
    emit8(~first >> 1 & 8);
    emit8(op);
    emit8(0xc0 | (to & 7) << 3 | second & 7);
  }

  private static int map(int op) {
    return op > 0xffff ? (op >> 8 & 0xff) == 0x38 ? 2 : 3 : 1;
  }
}
