package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.schema.Timespec;

/** How do nanoseconds stand in images? */
final class Nanos {
  static final long SECOND = 1_000_000_000L;
  private static final long MICRO = 1000;
  private static final long MOST_SECONDS = Long.MAX_VALUE / SECOND - 1;

  private Nanos() {}

  static Timespec timespec(long nanos) {
    return Timespec.newBuilder().setTvSec(nanos / SECOND).setTvNsec(nanos % SECOND).build();
  }

  /** Microseconds behind the seconds; what is not 0 stays so. */
  static long micros(long nanos) {
    return Math.min((nanos % SECOND + MICRO - 1) / MICRO, SECOND / MICRO - 1);
  }

  /** Whether both parts are such of a time. */
  static boolean valid(long seconds, long parts, long partsPerSecond) {
    return seconds >= 0 && seconds <= MOST_SECONDS && parts >= 0 && parts < partsPerSecond;
  }

  static long of(long seconds, long nanos) {
    return seconds * SECOND + nanos;
  }

  static long ofMicros(long seconds, long micros) {
    return seconds * SECOND + micros * MICRO;
  }
}
