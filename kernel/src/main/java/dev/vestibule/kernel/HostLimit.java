package dev.vestibule.kernel;

/** What does the host not give that no machine can do without? The message is one line. */
public final class HostLimit extends RuntimeException {
  private static final long serialVersionUID = 1;

  public HostLimit(String message) {
    super(message);
  }

  /** The line, without the leading {@code vestibule:}. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
