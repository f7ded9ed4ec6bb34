package dev.vestibule.cli;

import org.jspecify.annotations.Nullable;

/** Why does a command end without having done its work, and with which exit status? */
public final class CommandFailure extends Exception {
  private static final long serialVersionUID = 1;

  /** Exit status for everything that is our own failure or a wrong command line. */
  public static final int OURS = 125;

  /** Exit status where the program is there but cannot be executed, as env(1) has it. */
  public static final int NOT_EXECUTABLE = 126;

  /** Exit status where there is no such program, as env(1) has it. */
  public static final int NOT_FOUND = 127;

  private final int status;

  /**
   * @param status the exit status, one of the constants of this class
   * @param message one line without the leading {@code vestibule:}, often that of another exception
   */
  public CommandFailure(int status, @Nullable String message) {
    super(String.valueOf(message));
    this.status = status;
  }

  /** A failure with status 125. */
  public static CommandFailure ours(@Nullable String message) {
    return new CommandFailure(OURS, message);
  }

  /** The exit status. */
  public int status() {
    return status;
  }

  /** The message as a string; a failure always has one. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
