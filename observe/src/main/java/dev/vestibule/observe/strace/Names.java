package dev.vestibule.observe.strace;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which names do the values or bits of one kind of number have, in strace's order? */
final class Names {
  private final Map<Long, String> names = new LinkedHashMap<>();
  private final String other;

  private Names(String other) {
    this.other = other;
  }

  /**
   * Makes a table.
   *
   * @param other prefix of the comment behind numbers without a name, as {@code MAP_}; may be empty
   * @param entries {@code NAME=number} or {@code NAME}, which follows the one before; separated by
   *     spaces
   */
  static Names of(String other, String entries) {
    Names table = new Names(other);
    long next = 0;
    for (String entry : entries.strip().split("\\s+")) {
      int equals = entry.indexOf('=');
      String name = equals < 0 ? entry : entry.substring(0, equals);
      long value = equals < 0 ? next : number(entry.substring(equals + 1));
      table.names.put(value, name);
      next = value + 1;
    }
    return table;
  }

  private static long number(String text) {
    if (text.startsWith("0x")) {
      return Long.parseUnsignedLong(text.substring(2), 16);
    }
    boolean octal = text.length() > 1 && text.charAt(0) == '0';
    return Long.parseLong(text, octal ? 8 : 10);
  }

  @Nullable String get(long value) {
    return names.get(value);
  }

  /** Appends one name, or the number in hexadecimal with a comment. */
  void value(StringBuilder text, long value) {
    String name = names.get(value);
    text.append(name != null ? name : hex(value) + comment());
  }

  private String comment() {
    return other.isEmpty() ? "" : " /* " + other + "??? */";
  }

  /** Appends the names of all bits joined by bars; 0 as a name of its own or the number. */
  void flags(StringBuilder text, long value) {
    String whole = names.get(value);
    if (whole != null) {
      text.append(whole);
      return;
    }
    if (value == 0) {
      text.append('0');
      return;
    }
    long left = value;
    int start = text.length();
    for (Map.Entry<Long, String> entry : names.entrySet()) {
      long bits = entry.getKey();
      if (bits != 0 && (left & bits) == bits) {
        text.append(text.length() == start ? "" : "|").append(entry.getValue());
        left &= ~bits;
      }
    }
    if (left != 0) {
      boolean none = text.length() == start;
      text.append(none ? "" : "|").append(hex(left)).append(none ? comment() : "");
    }
  }

  private static String hex(long value) {
    return value == 0 ? "0" : "0x" + Long.toHexString(value);
  }

  /** A format that shows an argument as one name. */
  ArgFormat oneOf() {
    return (call, index) -> value(call.text(), call.argument(index) & 0xffff_ffffL);
  }

  /** A format that shows an argument as bits. */
  ArgFormat bits() {
    return (call, index) -> flags(call.text(), call.argument(index) & 0xffff_ffffL);
  }
}
