package dev.vestibule.elf.cfi;

import dev.vestibule.elf.ElfException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who called the function at this address? Evaluates one frame of an image mapped at a load bias.
 * Every evaluation ends: the expressions of a frame are limited to {@link #MAX_STEPS} operations
 * and 64 stack entries.
 */
public final class Unwinder {
  /** Operations that all expressions of a frame together may execute. */
  public static final int MAX_STEPS = 100_000;

  private final FrameTable table;
  private final long bias;

  /**
   * @param bias what must be added to a link-time address to get the address in memory
   */
  public Unwinder(FrameTable table, long bias) {
    this.table = table;
    this.bias = bias;
  }

  /**
   * Finds the caller's frame.
   *
   * @param pc address in memory: of the interrupted instruction in the innermost frame or below a
   *     signal frame, otherwise the return address
   * @param behindCall whether {@code pc} is a return address, so that the row in front of it counts
   * @return null if no entry covers the address
   * @throws UnwindException if the data are malformed, or need a register or memory that cannot be
   *     read
   */
  public @Nullable CallerFrame unwind(
      long pc, boolean behindCall, RegisterView registers, MemoryView memory)
      throws UnwindException {
    try {
      FrameBytes section = table.section();
      long address = section.wrap(pc - bias - (behindCall ? 1 : 0));
      CfaRow row = table.row(address);
      return row == null ? null : evaluate(row, registers, memory);
    } catch (ElfException e) {
      throw new UnwindException(e);
    }
  }

  private CallerFrame evaluate(CfaRow row, RegisterView registers, MemoryView memory)
      throws UnwindException, ElfException {
    FrameBytes section = table.section();
    ExpressionMachine machine = new ExpressionMachine(section, registers, memory);
    long cfa =
        switch (row.cfa()) {
          case CfaRow.Cfa.RegisterOffset(int column, long offset) ->
              section.wrap(registers.value(column) + offset);
          case CfaRow.Cfa.Expression(int start, int end) -> machine.run(start, end, null);
        };
    Map<Integer, CallerFrame.Place> places = new HashMap<>();
    for (Map.Entry<Integer, CfaRow.Rule> entry : row.rules().entrySet()) {
      CallerFrame.Place place =
          switch (entry.getValue()) {
            case CfaRow.Rule.Undefined() -> new CallerFrame.Place.Lost();
            case CfaRow.Rule.SameValue() -> new CallerFrame.Place.Register(entry.getKey());
            case CfaRow.Rule.Offset(long offset) ->
                new CallerFrame.Place.Memory(section.wrap(cfa + offset));
            case CfaRow.Rule.ValOffset(long offset) ->
                new CallerFrame.Place.Value(section.wrap(cfa + offset));
            case CfaRow.Rule.Register(int column) -> new CallerFrame.Place.Register(column);
            case CfaRow.Rule.Expression(int start, int end) ->
                new CallerFrame.Place.Memory(machine.run(start, end, cfa));
            case CfaRow.Rule.ValExpression(int start, int end) ->
                new CallerFrame.Place.Value(machine.run(start, end, cfa));
          };
      places.put(entry.getKey(), place);
    }
    Cie cie = row.fde().cie();
    long returnAddress =
        switch (places.get(cie.returnColumn())) {
          case null -> registers.value(cie.returnColumn());
          case CallerFrame.Place.Lost() -> 0;
          case CallerFrame.Place.Value(long value) -> value;
          case CallerFrame.Place.Register(int column) -> registers.value(column);
          case CallerFrame.Place.Memory(long address) -> machine.load(address);
        };
    return new CallerFrame(cfa, returnAddress, cie.signalFrame(), places);
  }
}
