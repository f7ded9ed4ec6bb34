package dev.vestibule.elf.cfi;

/** Why can the caller of this frame not be found? The message is one line. */
public final class UnwindException extends Exception {
  private static final long serialVersionUID = 1;

  /** A reason that lies in the program's state. */
  public UnwindException(String message) {
    super(message);
  }

  /** A reason that lies in the file's call-frame data. */
  public UnwindException(dev.vestibule.elf.ElfException cause) {
    super(cause.getMessage(), cause);
  }
}
