package dev.vestibule.elf;

import dev.vestibule.elf.ElfException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A whole file of hostile content: every access names its field and is checked against the file's
 * size; work that overlapping structures could multiply is charged against a budget.
 */
final class Input {
  final String name;
  private final ByteBuffer bytes;
  private final boolean is64;
  private long textBudget;

  Input(String name, ByteBuffer bytes, boolean is64, ByteOrder order) {
    this.name = name;
    this.bytes = bytes.slice().asReadOnlyBuffer().order(order);
    this.is64 = is64;
    textBudget = 8L * this.bytes.limit() + (1 << 16);
  }

  /** A view of the same file with a budget of its own, so that views may be used repeatedly. */
  Input fresh() {
    return new Input(name, bytes, is64, bytes.order());
  }

  long size() {
    return bytes.limit();
  }

  ElfException fail(Reason reason, String field, long offset, String problem) {
    return new ElfException(reason, name, field, offset, problem);
  }

  /** Fails unless a range lies in the file; what it holds is named by {@code what}. */
  int range(long at, long length, String field, long fieldAt, String what) throws ElfException {
    if (at < 0 || length < 0 || at > size() || length > size() - at) {
      long end = at + length;
      String where =
          at >= 0 && length >= 0 && end >= 0
              ? what + " end at " + ElfException.hex(end)
              : what + " lie at " + ElfException.hex(at);
      throw fail(
          Reason.TRUNCATED,
          field,
          fieldAt,
          where + ", beyond the end of the file (" + ElfException.hex(size()) + ")");
    }
    return (int) at;
  }

  private int at(long at, int length, String field) throws ElfException {
    if (at < 0 || at > size() - length) {
      throw fail(
          Reason.TRUNCATED,
          field,
          at,
          "beyond the end of the file (" + ElfException.hex(size()) + ")");
    }
    return (int) at;
  }

  int u8(long at, String field) throws ElfException {
    return bytes.get(at(at, 1, field)) & 0xff;
  }

  int u16(long at, String field) throws ElfException {
    return bytes.getShort(at(at, 2, field)) & 0xffff;
  }

  int i32(long at, String field) throws ElfException {
    return bytes.getInt(at(at, 4, field));
  }

  long u32(long at, String field) throws ElfException {
    return i32(at, field) & 0xffffffffL;
  }

  long i64(long at, String field) throws ElfException {
    return bytes.getLong(at(at, 8, field));
  }

  long word(long at, String field) throws ElfException {
    return is64 ? i64(at, field) : u32(at, field);
  }

  byte[] copy(long at, long length, String field) throws ElfException {
    byte[] copy = new byte[(int) length(at, length, field)];
    bytes.get((int) at, copy);
    return copy;
  }

  ByteBuffer slice(long at, long length, String field) throws ElfException {
    int size = (int) length(at, length, field);
    return bytes.slice((int) at, size).order(bytes.order());
  }

  private long length(long at, long length, String field) throws ElfException {
    range(at, length, field, at, "its bytes");
    return length;
  }

  /** A NUL-terminated name at an offset into a string table. */
  String string(long tableAt, long tableSize, long offset, String field, long fieldAt)
      throws ElfException {
    if (offset < 0 || offset >= tableSize) {
      throw fail(
          Reason.MALFORMED,
          field,
          fieldAt,
          "name at "
              + ElfException.hex(offset)
              + ", beyond the end of the string table ("
              + ElfException.hex(tableSize)
              + ")");
    }
    int start = range(tableAt + offset, 0, field, fieldAt, "the name would");
    long end = tableSize > size() - tableAt ? size() : tableAt + tableSize;
    int stop = start;
    while (stop < end && bytes.get(stop) != 0) {
      stop++;
    }
    if (stop == end) {
      throw fail(Reason.MALFORMED, field, fieldAt, "the name does not end in the string table");
    }
    textBudget -= stop - start;
    if (textBudget < 0) {
      throw fail(Reason.MALFORMED, field, fieldAt, "names overlap without reason");
    }
    byte[] text = new byte[stop - start];
    bytes.get(start, text);
    return new String(text, StandardCharsets.UTF_8);
  }
}
