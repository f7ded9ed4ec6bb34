package dev.vestibule.inspect;

import dev.vestibule.elf.ElfException;

/** Why is a vDSO image not taken? The message is one line with the field and its offset. */
public final class RejectedImage extends Exception {
  private static final long serialVersionUID = 1;

  /** By which rule? */
  public enum Rule {
    /** No ELF header of a known class and byte order. */
    HEADER,
    /** EI_OSABI is neither System V (0) nor GNU (3). */
    OSABI,
    /** Program headers reach beyond the image, or are not of their size. */
    PROGRAM_HEADERS,
    /**
     * Not exactly one PT_LOAD, or it does not begin with the header, or not exactly one PT_DYNAMIC.
     */
    SEGMENTS,
    /** The dynamic table reaches beyond the image. */
    DYNAMIC,
    /** An entry of the dynamic table is missing or impossible. */
    TAGS,
    /** A hash table without buckets, beyond the image, or with a chain that does not end. */
    HASH,
    /** More symbols than any image has. */
    TOO_MANY,
    /** A symbol, its name or its value lies outside. */
    SYMBOLS
  }

  private final Rule rule;

  RejectedImage(Rule rule, String name, String field, long offset, String problem) {
    super(
        ElfException.oneLine(name)
            + ": %s at 0x%x: %s".formatted(field, offset, ElfException.oneLine(problem)));
    this.rule = rule;
  }

  RejectedImage(Rule rule, ElfException damage) {
    super(damage.getMessage(), damage);
    this.rule = rule;
  }

  /** The rule that is broken. */
  public Rule rule() {
    return rule;
  }

  /** The message; there always is one. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
