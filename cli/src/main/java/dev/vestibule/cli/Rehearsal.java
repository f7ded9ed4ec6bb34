package dev.vestibule.cli;

import java.util.List;

/**
 * What does a start of the command touch, so that the AOT cache can hold it ready?
 *
 * <p>The launcher runs this once after a build, with {@code -XX:AOTCacheOutput}.
 */
final class Rehearsal {
  private Rehearsal() {}

  /** Does in one process what the usual commands do first. */
  public static void main(String[] args) throws CommandFailure {
    List<String> words = List.of("--kernel=6.1", "-L", "/", "-E", "A=b", "true");
    RunOptions.parse(words, ProcessBytes.environment());
    ProcessBytes.arguments(args);
    Commands.execute(new String[] {"--version"});
  }
}
