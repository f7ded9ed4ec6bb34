package dev.vestibule.profile;

/** What is wrong with a profile, in which file, line and field? The message is one line. */
public final class ProfileException extends Exception {
  private static final long serialVersionUID = 1;

  /** A profile that cannot be found or read. */
  public ProfileException(String message) {
    super(message);
  }

  /**
   * @param line from 1; 0 if the whole file is meant
   * @param field dotted key, or empty
   */
  public ProfileException(String file, int line, String field, String problem) {
    super(file + ": " + place(field, line) + problem.replaceAll("[\\p{Cntrl}]+", " "));
  }

  private static String place(String field, int line) {
    if (field.isEmpty()) {
      return line > 0 ? "line " + line + ": " : "";
    }
    return line > 0 ? field + " at line " + line + ": " : field + ": ";
  }
}
