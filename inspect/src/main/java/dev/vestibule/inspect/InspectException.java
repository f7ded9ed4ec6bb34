package dev.vestibule.inspect;

import dev.vestibule.elf.ElfException;

/** Why can this not be looked into? The message is always one line that names the subject. */
public final class InspectException extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * @param subject the name the user knows the file or process by
   * @param problem what is wrong, in a few words
   */
  public InspectException(String subject, String problem) {
    super(ElfException.oneLine(subject) + ": " + ElfException.oneLine(problem));
  }

  /** A damaged image. */
  public InspectException(ElfException damage) {
    super(damage.getMessage(), damage);
  }

  /** The message; there always is one. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
