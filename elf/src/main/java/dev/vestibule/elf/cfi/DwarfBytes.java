package dev.vestibule.elf.cfi;

import java.io.ByteArrayOutputStream;
import java.nio.ByteOrder;

/** Collects bytes in a file's byte order; package-private engine of the writers. */
final class DwarfBytes {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final boolean bigEndian;

  DwarfBytes(ByteOrder order) {
    bigEndian = order == ByteOrder.BIG_ENDIAN;
  }

  int size() {
    return bytes.size();
  }

  byte[] toByteArray() {
    return bytes.toByteArray();
  }

  void put(byte[] block) {
    bytes.writeBytes(block);
  }

  void u1(int value) {
    bytes.write(value);
  }

  void fixed(long value, int size) {
    for (int i = 0; i < size; i++) {
      int shift = 8 * (bigEndian ? size - 1 - i : i);
      bytes.write((int) (value >>> shift));
    }
  }

  void uleb(long value) {
    long rest = value;
    do {
      int b = (int) rest & 0x7f;
      rest >>>= 7;
      bytes.write(rest == 0 ? b : b | 0x80);
    } while (rest != 0);
  }

  void sleb(long value) {
    long rest = value;
    while (true) {
      int b = (int) rest & 0x7f;
      rest >>= 7;
      if (rest == ((b & 0x40) == 0 ? 0 : -1)) {
        bytes.write(b);
        return;
      }
      bytes.write(b | 0x80);
    }
  }

  void pad(int alignment, int filler) {
    while (bytes.size() % alignment != 0) {
      bytes.write(filler);
    }
  }
}
