package dev.vestibule.observe.gdb;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** How are numbers and bytes written in gdb's protocol? */
final class Hex {
  private static final HexFormat FORMAT = HexFormat.of();

  private Hex() {}

  static String of(byte[] bytes) {
    return FORMAT.formatHex(bytes);
  }

  static String of(byte[] bytes, int from, int to) {
    return FORMAT.formatHex(bytes, from, to);
  }

  static String ofText(String text) {
    return FORMAT.formatHex(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /**
   * The bytes of pairs of digits.
   *
   * @throws PacketException if they are none
   */
  static byte[] bytes(String digits) {
    try {
      return FORMAT.parseHex(digits);
    } catch (IllegalArgumentException e) {
      throw new PacketException("no pairs of hexadecimal digits");
    }
  }

  static String text(String digits) {
    return new String(bytes(digits), StandardCharsets.ISO_8859_1);
  }

  /** An unsigned number. */
  static long number(String digits) {
    try {
      return Long.parseUnsignedLong(digits, 16);
    } catch (NumberFormatException e) {
      throw new PacketException("no hexadecimal number");
    }
  }

  /** A number that fits in an int and is not negative. */
  static int small(String digits) {
    long value = number(digits);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw new PacketException("number too large");
    }
    return (int) value;
  }
}
