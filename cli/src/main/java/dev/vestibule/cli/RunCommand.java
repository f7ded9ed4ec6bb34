package dev.vestibule.cli;

import java.util.List;
import java.util.Optional;

/** How does {@code vestibule run} come from words to a run? */
final class RunCommand {
  private RunCommand() {}

  /**
   * Runs a program.
   *
   * @param words the command line after {@code run}
   * @param environment the host's variables as NAME=VALUE
   * @return the exit status
   */
  static int run(List<byte[]> words, List<byte[]> environment) throws CommandFailure {
    Optional<RunOptions> options = RunOptions.parse(words, environment);
    if (options.isEmpty()) {
      System.out.print(RunOption.help());
      return 0;
    }
    Diagnostics.showStackTraces(options.get().debug());
    throw CommandFailure.ours("run: not built yet");
  }
}
