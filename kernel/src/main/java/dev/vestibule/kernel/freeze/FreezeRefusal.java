package dev.vestibule.kernel.freeze;

/** Why can a tree of processes not be frozen or thawed? One line for its user. */
public final class FreezeRefusal extends Exception {
  private static final long serialVersionUID = 1;

  public FreezeRefusal(String reason) {
    super(line(reason));
  }

  /** A text as one line: names may hold any character; control characters become \xNN. */
  public static String line(String text) {
    if (text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      line.append(Character.isISOControl(c) ? "\\x%02x".formatted((int) c) : c);
    }
    return line.toString();
  }

  /** The message as a string; there is always one. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
