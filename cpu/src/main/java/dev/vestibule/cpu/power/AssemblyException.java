package dev.vestibule.cpu.power;

/** What is wrong with this assembly text, and on which line? */
public final class AssemblyException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int line;

  AssemblyException(int line, String problem) {
    super("line " + line + ": " + problem);
    this.line = line;
  }

  /** Line from 1. */
  public int line() {
    return line;
  }
}
