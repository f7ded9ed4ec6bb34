package dev.vestibule.elf;

/** What is wrong with this ELF file, in which field, and where? The message is always one line. */
public final class ElfException extends Exception {
  private static final long serialVersionUID = 1;

  /** How far a reader came before it gave up; a loader derives its error number from it. */
  public enum Reason {
    /** The magic number is missing: another format may claim the file. */
    NOT_ELF,
    /** ELF, but not of a kind that can be used here (type, class, machine). */
    UNSUPPORTED,
    /** A structure reaches beyond the end of the file. */
    TRUNCATED,
    /** A field has an impossible value. */
    MALFORMED,
    /**
     * The headers can be read but the segments cannot be mapped. Linux notices this only after the
     * old program is gone, so the process dies instead of execve(2) returning an error.
     */
    UNLOADABLE
  }

  private final Reason reason;
  private final String file;
  private final String field;
  private final long offset;
  private final String problem;

  /**
   * @param file the name the user knows the file by
   * @param field the field's name as in elf(5), such as {@code e_phoff}
   * @param offset the file offset of the field in bytes
   * @param problem what is wrong, in a few words
   */
  public ElfException(Reason reason, String file, String field, long offset, String problem) {
    super(oneLine(file) + ": " + oneLine(field) + " at " + hex(offset) + ": " + oneLine(problem));
    this.reason = reason;
    this.file = file;
    this.field = field;
    this.offset = offset;
    this.problem = problem;
  }

  /** The kind of failure. */
  public Reason reason() {
    return reason;
  }

  /** The name of the file as given by the caller, not escaped. */
  public String file() {
    return file;
  }

  /** The name of the offending field. */
  public String field() {
    return field;
  }

  /** The file offset of the offending field in bytes. */
  public long offset() {
    return offset;
  }

  /** What is wrong with the field. */
  public String problem() {
    return problem;
  }

  static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }

  /** The text with control characters escaped and cut to a readable length. */
  public static String oneLine(String text) {
    int limit = 300;
    StringBuilder line = null;
    int end = Math.min(text.length(), limit);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      boolean plain = c >= 0x20 && (c < 0x7f || c >= 0xa0) && c != 0x2028 && c != 0x2029;
      if (line == null) {
        if (plain) {
          continue;
        }
        line = new StringBuilder(text.length() + 16).append(text, 0, i);
      }
      if (plain) {
        line.append(c);
      } else {
        line.append("\\u").append(Integer.toHexString(0x10000 | c), 1, 5);
      }
    }
    String kept = line == null ? text.substring(0, end) : line.toString();
    return end < text.length() ? kept + "..." : kept;
  }
}
