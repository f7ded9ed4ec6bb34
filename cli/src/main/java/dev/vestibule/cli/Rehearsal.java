package dev.vestibule.cli;

/**
 * What does a start of the command touch, so that the AOT cache can hold it ready?
 *
 * <p>The launcher runs this once after a build, with {@code -XX:AOTCacheOutput}.
 */
final class Rehearsal {
  private Rehearsal() {}

  /**
   * Does in one process what the usual commands do first.
   *
   * @param args a command line that runs a program
   */
  public static void main(String[] args) throws CommandFailure {
    Vestibule.run(new String[] {"--version"});
    System.exit(Vestibule.run(args));
  }
}
