package dev.vestibule.elf.cfi;

import java.util.Map;

/**
 * How are the caller's registers found at one address? A row of the virtual unwinding table (DWARF
 * 5 section 6.4.1).
 *
 * @param cfa how the canonical frame address is computed
 * @param rules by column; columns without an entry keep their value unless the ABI says otherwise
 */
public record CfaRow(Fde fde, Cfa cfa, Map<Integer, Rule> rules) {
  /** The highest column accepted in a file. */
  public static final int MAX_COLUMN = 4095;

  /**
   * A row and where it begins to hold; it does until the next one of the same FDE.
   *
   * @param start link-time address
   */
  public record Span(long start, CfaRow row) {}

  public CfaRow {
    rules = Map.copyOf(rules);
  }

  /** How the canonical frame address is computed. */
  public sealed interface Cfa {
    /** A register plus an offset in bytes. */
    record RegisterOffset(int column, long offset) implements Cfa {}

    /** The value of an expression, from a position of .eh_frame to another. */
    record Expression(int start, int end) implements Cfa {}
  }

  /** How one register is recovered. */
  public sealed interface Rule {
    /** It is lost. */
    record Undefined() implements Rule {}

    /** It has not changed. */
    record SameValue() implements Rule {}

    /** It is saved at the CFA plus an offset in bytes. */
    record Offset(long offset) implements Rule {}

    /** It is the CFA plus an offset in bytes. */
    record ValOffset(long offset) implements Rule {}

    /** It is in another register. */
    record Register(int column) implements Rule {}

    /** It is saved where an expression says. */
    record Expression(int start, int end) implements Rule {}

    /** It is what an expression yields. */
    record ValExpression(int start, int end) implements Rule {}
  }
}
