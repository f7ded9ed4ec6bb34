package dev.vestibule.elf;

import java.nio.ByteOrder;

/** Reads fixed-size fields out of an array in the file's class and byte order; no checks. */
@SuppressWarnings("ArrayRecordComponent")
record Fields(byte[] bytes, boolean is64, ByteOrder order) {
  int u16(int at) {
    int a = bytes[at] & 0xff;
    int b = bytes[at + 1] & 0xff;
    return order == ByteOrder.BIG_ENDIAN ? a << 8 | b : b << 8 | a;
  }

  int i32(int at) {
    int a = u16(at);
    int b = u16(at + 2);
    return order == ByteOrder.BIG_ENDIAN ? a << 16 | b : b << 16 | a;
  }

  long u32(int at) {
    return i32(at) & 0xffffffffL;
  }

  long i64(int at) {
    long a = u32(at);
    long b = u32(at + 4);
    return order == ByteOrder.BIG_ENDIAN ? a << 32 | b : b << 32 | a;
  }

  /** A field of the class's word size, zero-extended. */
  long word(int at) {
    return is64 ? i64(at) : u32(at);
  }

  ProgramHeader programHeader(int at) {
    if (is64) {
      return new ProgramHeader(
          i32(at),
          i32(at + 4),
          i64(at + 8),
          i64(at + 16),
          i64(at + 24),
          i64(at + 32),
          i64(at + 40),
          i64(at + 48));
    }
    return new ProgramHeader(
        i32(at),
        i32(at + 24),
        u32(at + 4),
        u32(at + 8),
        u32(at + 12),
        u32(at + 16),
        u32(at + 20),
        u32(at + 28));
  }
}
