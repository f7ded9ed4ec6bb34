package dev.vestibule.observe.strace;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.kernel.abi.GuestText;

/** How does strace write bytes? As C string literals, with octal escapes as short as possible. */
final class Quoted {
  /** Bytes shown of a buffer. */
  static final int LIMIT = 32;

  private Quoted() {}

  /** Appends at most {@link #LIMIT} of {@code length} bytes of memory. */
  static void buffer(Call call, long address, long length) {
    int shown = (int) Math.min(length, LIMIT);
    byte[] bytes = new byte[shown];
    try {
      call.memory().read(address, bytes, 0, shown);
    } catch (GuestFault fault) {
      call.address(address);
      return;
    }
    bytes(call.text(), bytes, length > LIMIT);
  }

  /** Appends bytes, and dots if there are more. */
  static void bytes(StringBuilder text, byte[] bytes, boolean more) {
    text.append('"');
    for (int i = 0; i < bytes.length; i++) {
      append(text, bytes[i] & 0xff, i + 1 < bytes.length ? bytes[i + 1] & 0xff : -1);
    }
    text.append(more ? "\"..." : "\"");
  }

  /** Appends bytes that are no text, all in hexadecimal. */
  static void hex(StringBuilder text, byte[] bytes, boolean more) {
    text.append('"');
    for (byte b : bytes) {
      text.append("\\x").append(String.format("%02x", b & 0xff));
    }
    text.append(more ? "\"..." : "\"");
  }

  /** Appends a text of one char per byte. */
  static void string(StringBuilder text, String value) {
    bytes(text, value.getBytes(GuestText.BYTES), false);
  }

  /** Appends the text at an address that ends in NUL. */
  static void cString(Call call, long address) {
    if (address == 0) {
      call.address(0);
      return;
    }
    string(call.text(), GuestText.path(call.memory(), address));
  }

  /** Reads a text of at most {@code limit} bytes that a NUL may end. */
  static String field(GuestMemory memory, long address, int limit) {
    byte[] bytes = new byte[limit];
    memory.read(address, bytes, 0, limit);
    int length = 0;
    while (length < limit && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, GuestText.BYTES);
  }

  private static void append(StringBuilder text, int c, int next) {
    switch (c) {
      case '"' -> text.append("\\\"");
      case '\\' -> text.append("\\\\");
      case '\f' -> text.append("\\f");
      case '\n' -> text.append("\\n");
      case '\r' -> text.append("\\r");
      case '\t' -> text.append("\\t");
      case 0x0b -> text.append("\\v");
      default -> {
        if (c >= ' ' && c < 0x7f) {
          text.append((char) c);
        } else if (next >= '0' && next <= '7') {
          text.append(String.format("\\%03o", c));
        } else {
          text.append('\\').append(Integer.toOctalString(c));
        }
      }
    }
  }
}
