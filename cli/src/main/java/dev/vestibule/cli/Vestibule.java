package dev.vestibule.cli;

import dev.vestibule.host.AtExit;
import java.util.Arrays;

/** What does the {@code vestibule} command do with its arguments? */
public final class Vestibule {
  private Vestibule() {}

  /** Runs one command and ends the process with its status. */
  public static void main(String[] args) {
    int status;
    try {
      status = run(args);
    } catch (Throwable thrown) {
      status = Diagnostics.report(thrown);
    }
    System.out.flush();
    System.err.flush();
    AtExit.exit(status);
  }

  /** Runs one command and returns its status. */
  static int run(String[] args) throws CommandFailure {
    // Not by way of picocli, whose model of the commands takes longer to build than a JVM to start.
    if (args.length > 0 && args[0].equals("run")) {
      return RunCommand.run(
          ProcessBytes.arguments(Arrays.copyOfRange(args, 1, args.length)),
          ProcessBytes.environment());
    }
    return Commands.execute(args);
  }
}
