package dev.vestibule.cli;

import dev.vestibule.host.AtExit;
import java.util.List;
import java.util.Objects;

/**
 * What does a run touch, so that the AOT cache can hold it ready?
 *
 * <p>The launcher runs this once after a build, with {@code -XX:AOTCacheOutput}. Every class met
 * here is linked at each start, so other commands have a cache of their own.
 */
final class Rehearsal {
  /**
   * Programs of {@code guests/bin}: what a dynamic program's start touches as well. A cache of
   * twice as many makes the smallest start no slower that one could measure.
   */
  private static final List<String> PROGRAMS =
      List.of(
          "hello",
          "fork-wait",
          "pipe",
          "maps",
          "files",
          "mmap",
          "vectors",
          "rounding",
          "compute",
          "threads",
          "getrandom");

  private Rehearsal() {}

  /**
   * Runs programs as {@code run} would.
   *
   * @param args directories of programs
   */
  public static void main(String[] args) throws CommandFailure {
    Objects.requireNonNull(Vestibule.class); // loads it
    List<String> environment = ProcessBytes.environment();
    for (String directory : ProcessBytes.arguments(args)) {
      for (String program : PROGRAMS) {
        expectSuccess(RunCommand.run(List.of(directory + '/' + program), environment));
      }
      List<String> translated = List.of("--engine", "translate", directory + "/hello");
      expectSuccess(RunCommand.run(translated, environment));
    }
    AtExit.exit(0);
  }

  private static void expectSuccess(int status) throws CommandFailure {
    if (status != 0) {
      throw CommandFailure.ours("rehearsal: a program ended with status " + status);
    }
  }
}
