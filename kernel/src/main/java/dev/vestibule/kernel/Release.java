package dev.vestibule.kernel;

/**
 * Which kernel release is older? Compares the leading numbers of texts like {@code
 * 6.1.0-50-powerpc64le}.
 */
public record Release(String text, int version) {
  public static Release of(String text) {
    return new Release(text, number(text));
  }

  /** Whether this release is {@code other} or later. */
  public boolean atLeast(String other) {
    return version >= number(other);
  }

  /** Whether something that came with {@code since} and went with {@code until} exists. */
  public boolean has(String since, String until) {
    return (since.isEmpty() || atLeast(since)) && (until.isEmpty() || !atLeast(until));
  }

  private static int number(String text) {
    int result = 0;
    int at = 0;
    for (int part = 0; part < 3; part++) {
      int value = 0;
      while (at < text.length() && Character.isDigit(text.charAt(at))) {
        value = Math.min(value * 10 + text.charAt(at++) - '0', 1023);
      }
      result = result << 10 | value;
      if (at < text.length() && text.charAt(at) == '.') {
        at++;
      } else {
        return result << 10 * (2 - part);
      }
    }
    return result;
  }
}
