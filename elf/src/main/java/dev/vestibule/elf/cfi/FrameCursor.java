package dev.vestibule.elf.cfi;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfException.Reason;
import java.nio.ByteBuffer;

/**
 * Reads forward through a part of a frame section; every read is checked against the part's end.
 * Positions count from the section's start.
 */
final class FrameCursor {
  private final FrameBytes section;
  private final ByteBuffer bytes;
  private final int limit;
  private int at;

  FrameCursor(FrameBytes section, int start, int limit) {
    this.section = section;
    this.bytes = section.bytes();
    this.at = start;
    this.limit = limit;
  }

  int position() {
    return at;
  }

  int limit() {
    return limit;
  }

  boolean atEnd() {
    return at >= limit;
  }

  /** Address of the next byte. */
  long address() {
    return section.address() + at;
  }

  ElfException fail(String field, String problem) {
    return section.fail(field, at, problem);
  }

  private int take(int size, String field) throws ElfException {
    if (size < 0 || size > limit - at) {
      throw section.fail(
          Reason.TRUNCATED, field, at, size + " bytes reach beyond the end of the entry");
    }
    int start = at;
    at += size;
    return start;
  }

  /** Skips to a position at or behind the present one. */
  void skipTo(int position, String field) throws ElfException {
    if (position < at) {
      throw fail(field, "its data overrun their announced length");
    }
    take(position - at, field);
  }

  int u1(String field) throws ElfException {
    return bytes.get(take(1, field)) & 0xff;
  }

  long unsigned(int size, String field) throws ElfException {
    int start = take(size, field);
    return switch (size) {
      case 1 -> bytes.get(start) & 0xff;
      case 2 -> bytes.getShort(start) & 0xffff;
      case 4 -> bytes.getInt(start) & 0xffffffffL;
      default -> bytes.getLong(start);
    };
  }

  long signed(int size, String field) throws ElfException {
    long value = unsigned(size, field);
    int shift = 64 - 8 * size;
    return value << shift >> shift;
  }

  long uleb(String field) throws ElfException {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      int b = u1(field);
      if (shift == 63 && (b & 0x7e) != 0) {
        throw fail(field, "a ULEB128 number exceeds 64 bits");
      }
      value |= (long) (b & 0x7f) << shift;
      if (b < 0x80) {
        return value;
      }
    }
    throw fail(field, "a ULEB128 number exceeds 10 bytes");
  }

  long sleb(String field) throws ElfException {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      int b = u1(field);
      if (shift < 64) {
        value |= (long) (b & 0x7f) << shift;
      }
      if (b < 0x80) {
        if (shift < 57 && (b & 0x40) != 0) {
          value |= -1L << (shift + 7);
        }
        return value;
      }
    }
    throw fail(field, "an SLEB128 number exceeds 10 bytes");
  }

  /** A ULEB128 number that must be small, such as a register number. */
  int small(int max, String field) throws ElfException {
    long value = uleb(field);
    if (value < 0 || value > max) {
      throw fail(field, "number " + Long.toUnsignedString(value) + " exceeds " + max);
    }
    return (int) value;
  }

  /** A ULEB128 length of bytes that must follow within the entry. */
  int length(String field) throws ElfException {
    long value = uleb(field);
    if (value < 0 || value > limit - at) {
      throw fail(
          field,
          "a block of " + Long.toUnsignedString(value) + " bytes reaches beyond the entry's end");
    }
    return (int) value;
  }

  /** A NUL-terminated string of at most 32 bytes. */
  String string(String field) throws ElfException {
    StringBuilder text = new StringBuilder();
    for (int c = u1(field); c != 0; c = u1(field)) {
      if (text.length() == 32) {
        throw fail(field, "a string exceeds 32 bytes");
      }
      text.append((char) c);
    }
    return text.toString();
  }

  /**
   * A pointer in a DW_EH_PE encoding; indirection is not followed.
   *
   * @param dataBase what DATAREL pointers are relative to
   */
  long pointer(int encoding, long dataBase, String field) throws ElfException {
    if ((encoding & 0x70) == PointerEncoding.ALIGNED) {
      int word = section.is64() ? 8 : 4;
      take((int) (-address() & word - 1), field);
      return unsigned(word, field);
    }
    long here = address();
    long value =
        switch (encoding & 0x0f) {
          case PointerEncoding.ABSPTR -> unsigned(section.is64() ? 8 : 4, field);
          case PointerEncoding.ULEB128 -> uleb(field);
          case PointerEncoding.UDATA2 -> unsigned(2, field);
          case PointerEncoding.UDATA4 -> unsigned(4, field);
          case PointerEncoding.UDATA8 -> unsigned(8, field);
          case PointerEncoding.SLEB128 -> sleb(field);
          case PointerEncoding.SDATA2 -> signed(2, field);
          case PointerEncoding.SDATA4 -> signed(4, field);
          case PointerEncoding.SDATA8 -> signed(8, field);
          default ->
              throw fail(field, "unknown pointer encoding 0x" + Integer.toHexString(encoding));
        };
    long base =
        switch (encoding & 0x70) {
          case 0 -> 0;
          case PointerEncoding.PCREL -> here;
          case PointerEncoding.DATAREL -> dataBase;
          default ->
              throw fail(field, "unusable pointer encoding 0x" + Integer.toHexString(encoding));
        };
    return section.wrap(base + value);
  }
}
