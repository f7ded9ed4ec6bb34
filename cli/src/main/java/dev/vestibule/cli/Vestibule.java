package dev.vestibule.cli;

/** What does the {@code vestibule} command do with its arguments? */
public final class Vestibule {
  private Vestibule() {}

  /** Runs one command and ends the process with its status. */
  public static void main(String[] args) {
    System.err.println("vestibule: not built yet");
    System.exit(args.length > 0 && args[0].equals("--version") ? 0 : 125);
  }
}
