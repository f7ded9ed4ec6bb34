package dev.vestibule.cpu.fp;

/**
 * Is the host's {@code Math.fma} an instruction, or slow decimal arithmetic? Only speed depends on
 * the answer: without the instruction the integer path is the faster one.
 */
final class HostFma {
  private static final int ATTEMPTS = 3;

  /** Well above a few instructions even when interpreted, well below cold decimal arithmetic. */
  private static final long LIMIT_NANOS = 20_000;

  static final boolean IS_FAST = isFast();

  private HostFma() {}

  private static boolean isFast() {
    double value = 1.1;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      long start = System.nanoTime();
      for (int i = 0; i < 16; i++) {
        value = Math.fma(value, 1.1, -0.1);
      }
      if (System.nanoTime() - start < LIMIT_NANOS && value > 0) {
        return true;
      }
    }
    return false;
  }
}
