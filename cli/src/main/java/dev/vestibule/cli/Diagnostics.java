package dev.vestibule.cli;

/** What does the user see when a command fails? */
final class Diagnostics {
  private static boolean stackTraces;

  private Diagnostics() {}

  static void showStackTraces(boolean show) {
    stackTraces |= show;
  }

  /**
   * Prints one line for a failure; with {@code --debug} the stack trace of an internal error too.
   *
   * @return the exit status
   */
  static int report(Throwable thrown) {
    if (thrown instanceof CommandFailure failure) {
      System.err.println("vestibule: " + failure.getMessage());
      return failure.status();
    }
    System.err.println(
        "vestibule: internal error: " + thrown + (stackTraces ? "" : " (--debug shows where)"));
    if (stackTraces) {
      thrown.printStackTrace();
    }
    return CommandFailure.OURS;
  }
}
