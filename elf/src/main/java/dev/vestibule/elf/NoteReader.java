package dev.vestibule.elf;

import dev.vestibule.elf.ElfException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Reads notes; all regions together may not hold more bytes than the file. */
final class NoteReader {
  private final Input input;
  private long budget;

  NoteReader(Input input) {
    this.input = input;
    budget = input.size() + 64;
  }

  void read(long start, long size, long alignment, List<ElfNote> into) throws ElfException {
    input.range(start, size, "PT_NOTE", start, "notes");
    budget -= size;
    if (budget < 0) {
      throw input.fail(Reason.MALFORMED, "PT_NOTE", start, "note segments overlap");
    }
    long unit = alignment == 8 ? 8 : 4;
    long end = start + size;
    long at = start;
    while (end - at >= 12) {
      long nameSize = input.u32(at, "n_namesz");
      long descSize = input.u32(at + 4, "n_descsz");
      int type = input.i32(at + 8, "n_type");
      long nameAt = at + 12;
      long descAt = start + align(nameAt + nameSize - start, unit);
      if (nameSize > end - nameAt) {
        throw input.fail(
            Reason.MALFORMED,
            "n_namesz",
            at,
            "a name of " + nameSize + " bytes reaches beyond the notes' end");
      }
      if (descSize > Math.max(0, end - descAt)) {
        throw input.fail(
            Reason.MALFORMED,
            "n_descsz",
            at + 4,
            "a description of " + descSize + " bytes reaches beyond the notes' end");
      }
      byte[] name = input.copy(nameAt, nameSize, "n_name");
      int length = name.length;
      if (length > 0 && name[length - 1] == 0) {
        length--;
      }
      byte[] description = descSize == 0 ? new byte[0] : input.copy(descAt, descSize, "n_desc");
      into.add(new ElfNote(new String(name, 0, length, StandardCharsets.UTF_8), type, description));
      at = start + align(descAt + descSize - start, unit);
    }
  }

  private static long align(long value, long unit) {
    return value + unit - 1 & -unit;
  }
}
