package dev.vestibule.profile;

import org.jspecify.annotations.Nullable;

/** Which kernel release is it? Ordered; {@code since} and {@code until} of anything compare it. */
public record Version(int major, int minor, int patch) implements Comparable<Version> {

  /** Reads {@code 6.1}, {@code 2.6.12} or {@code 6.1.176-suffix}; null if it is none of these. */
  public static @Nullable Version parse(String text) {
    int dash = text.indexOf('-');
    String digits = dash < 0 ? text : text.substring(0, dash);
    int[] numbers = new int[4];
    int parts = 0;
    for (int at = 0; at <= digits.length(); parts++) {
      int dot = digits.indexOf('.', at);
      int end = dot < 0 ? digits.length() : dot;
      if (parts == numbers.length || end == at || end - at > 5) {
        return null;
      }
      for (; at < end; at++) {
        int digit = digits.charAt(at) - '0';
        if (digit < 0 || digit > 9) {
          return null;
        }
        numbers[parts] = numbers[parts] * 10 + digit;
      }
      at++;
    }
    if (parts < 2) {
      return null;
    }
    return new Version(numbers[0], numbers[1], numbers[2]);
  }

  /** LINUX_VERSION_CODE; the last number is clamped to 255, as kernels do since 2021. */
  public int code() {
    return major << 16 | minor << 8 | Math.min(patch, 255);
  }

  /** Whether this release is the given one or later. */
  public boolean atLeast(Version other) {
    return compareTo(other) >= 0;
  }

  @Override
  public int compareTo(Version other) {
    int order = Integer.compare(major, other.major);
    if (order == 0) {
      order = Integer.compare(minor, other.minor);
    }
    return order != 0 ? order : Integer.compare(patch, other.patch);
  }

  @Override
  public String toString() {
    return patch == 0 ? major + "." + minor : major + "." + minor + "." + patch;
  }
}
