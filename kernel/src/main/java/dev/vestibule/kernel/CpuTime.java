package dev.vestibule.kernel;

/**
 * How much processor time was used, in nanoseconds?
 *
 * @param total all of it
 * @param system the part that the host's kernel took to carry out what was asked of it
 */
public record CpuTime(long total, long system) {
  public static final CpuTime NONE = new CpuTime(0, 0);

  /** What the program itself used, and the machine in its place. */
  public long user() {
    return Math.max(0, total - system);
  }

  public CpuTime plus(CpuTime other) {
    return new CpuTime(total + other.total, system + other.system);
  }
}
