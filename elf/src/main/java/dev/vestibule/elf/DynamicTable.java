package dev.vestibule.elf;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What does this file tell the dynamic linker?
 *
 * @param entries in file order, without DT_NULL and what follows it
 * @param offset file offset of the table in bytes
 * @param terminated whether a DT_NULL entry ends the table
 */
public record DynamicTable(List<Entry> entries, long offset, boolean terminated) {

  /**
   * One entry.
   *
   * @param tag DT value, sign-extended on ELF32
   * @param value number, address or string offset, zero-extended on ELF32
   */
  public record Entry(long tag, long value) {}

  /** The value of a tag, of its last entry as the C library takes it, or null. */
  public @Nullable Long value(long tag) {
    for (int i = entries.size() - 1; i >= 0; i--) {
      if (entries.get(i).tag == tag) {
        return entries.get(i).value;
      }
    }
    return null;
  }

  /** Whether there is an entry with this tag. */
  public boolean has(long tag) {
    return value(tag) != null;
  }
}
