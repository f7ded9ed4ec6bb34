package dev.vestibule.lab;

/** How does a report look on a terminal, and what does it look like elsewhere? */
enum Style {
  PLAIN(""),
  BOLD("\u001b[1m"),
  DIM("\u001b[2m"),
  RED("\u001b[31m"),
  GREEN("\u001b[32m"),
  YELLOW("\u001b[33m");

  private static final String END = "\u001b[0m";

  private final String start;

  Style(String start) {
    this.start = start;
  }

  /** The text in this style, or as it is where the reader takes no colours. */
  String on(String text, boolean colours) {
    return colours && this != PLAIN ? start + text + END : text;
  }

  static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  /** Guest output must not steer the reader's terminal. */
  static String printable(String line) {
    StringBuilder safe = new StringBuilder();
    line.codePoints().forEach(c -> safe.appendCodePoint(Character.isISOControl(c) ? '.' : c));
    return safe.toString();
  }
}
