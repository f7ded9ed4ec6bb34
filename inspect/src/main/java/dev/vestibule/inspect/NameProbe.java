package dev.vestibule.inspect;

/**
 * Does a vDSO that a program moves keep its name in /proc/PID/maps under this kernel? CRIU asks a
 * child of its own that, and looks no further than the name where it does (its criu/kerndat.c).
 */
public enum NameProbe {
  SURVIVES("a moved vDSO keeps its name"),
  LOST("a moved vDSO loses its name"),
  UNKNOWN("whether a moved vDSO keeps its name cannot be tried here");

  private final String text;

  NameProbe(String text) {
    this.text = text;
  }

  /** In words. */
  public String text() {
    return text;
  }
}
