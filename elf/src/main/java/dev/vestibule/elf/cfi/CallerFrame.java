package dev.vestibule.elf.cfi;

import java.util.Map;

/**
 * Where are the caller's registers?
 *
 * @param cfa the canonical frame address: on most architectures the caller's stack pointer
 * @param returnAddress where the caller goes on; 0 if the data say that there is no caller
 * @param signalFrame whether the callee was a signal trampoline, so that the return address is the
 *     interrupted instruction itself and not behind a call
 * @param registers by column; those without an entry keep their value, except that the stack
 *     pointer becomes the CFA
 */
public record CallerFrame(
    long cfa, long returnAddress, boolean signalFrame, Map<Integer, Place> registers) {

  public CallerFrame {
    registers = Map.copyOf(registers);
  }

  /** Where one register of the caller is. */
  public sealed interface Place {
    /** In memory, in the register's own size. */
    record Memory(long address) implements Place {}

    /** Known by value. */
    record Value(long value) implements Place {}

    /** In another register of the callee. */
    record Register(int column) implements Place {}

    /** Lost. */
    record Lost() implements Place {}
  }
}
