package dev.vestibule.inspect;

/** By which way does somebody who looks at a process from outside find its vDSO? */
public enum Strategy {
  /** The name in /proc/PID/maps: CRIU where names survive a move, debuggers. */
  NAME("name"),
  /** The page frame in /proc/PID/pagemap, compared with one's own: CRIU where it may see frames. */
  FRAME("page frame"),
  /** An image with symbols in any executable memory without a file: CRIU where it may not. */
  SYMBOLS("symbols"),
  /** AT_SYSINFO_EHDR: C libraries, and nobody else's business after a move. */
  VECTOR("auxv");

  private final String text;

  Strategy(String text) {
    this.text = text;
  }

  /** In words. */
  public String text() {
    return text;
  }
}
