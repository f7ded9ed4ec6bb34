package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.micro.Interpreter;
import dev.vestibule.cpu.micro.Op;
import org.jspecify.annotations.Nullable;

/**
 * What does machine code know at a place in it, that the record does not say?
 *
 * <p>A compare is not carried out: it is pending until somebody reads its result, and branches on
 * it compare by themselves. Most are replaced by the next compare before that. A block's code is
 * made for what is pending when it begins, so there may be several versions of it.
 *
 * @param first a pending compare, as its micro-operation with operands that still have their
 *     values; 0 if there is none
 * @param second another one, of another result
 * @param inside general registers, as bits, whose values are addresses within the window
 * @param pins which slots lie in host registers; null for those that all other code has there
 */
record Context(long first, long second, int inside, @Nullable Pins pins) {
  static final Context NOTHING = new Context(0, 0, 0, null);

  /** As of any record, whose own would be made of method handles at run time: 10 ms of a start. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Context theirs
        && is(theirs.first, theirs.second, theirs.inside, theirs.pins);
  }

  boolean is(long otherFirst, long otherSecond, int otherInside, @Nullable Pins otherPins) {
    return first == otherFirst
        && second == otherSecond
        && inside == otherInside
        && pins == otherPins;
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Long.hashCode(first) + Long.hashCode(second)) + inside;
  }

  /** Whether the record says all. */
  boolean settled() {
    return first == 0 && second == 0;
  }

  Context without(int registers) {
    return (inside & registers) == 0 ? this : new Context(first, second, inside & ~registers, pins);
  }

  Context with(@Nullable Pins others) {
    return new Context(first, second, inside, others);
  }

  /** Whether code made for this context may be entered with another one. */
  boolean accepts(Context other) {
    return first == other.first
        && second == other.second
        && (inside & ~other.inside) == 0
        && pins == other.pins;
  }

  /** Carries out what is pending; changes the pc. */
  void settle(Cpu cpu) {
    if (!settled()) {
      long leave = Op.encodeImmediate(Op.GOTO, 0, 0, 0);
      long[] code = second == 0 ? new long[] {first, leave} : new long[] {first, second, leave};
      Interpreter.run(cpu, Block.alone(0, 0, code, new long[0]), 0);
    }
  }
}
