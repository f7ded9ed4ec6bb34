package dev.vestibule.kernel.time;

/**
 * What time is it in the guest's world? The one source behind clocks, timers, timeouts, the vDSO's
 * data page and the time base. All values are nanoseconds unless they say otherwise.
 */
public interface TimeService {
  /** CLOCK_REALTIME: since 1970. */
  long realtime();

  /** What gettimeofday(2) says: microseconds since 1970. */
  default long micros() {
    return Math.floorDiv(realtime(), 1000L);
  }

  /** CLOCK_MONOTONIC: since the machine was booted. */
  long monotonic();

  /** CLOCK_MONOTONIC_RAW. */
  default long monotonicRaw() {
    return monotonic();
  }

  /** CLOCK_REALTIME_COARSE: the last tick's. */
  default long realtimeCoarse() {
    return realtime();
  }

  /** CLOCK_MONOTONIC_COARSE: the last tick's. */
  default long monotonicCoarse() {
    return monotonic();
  }

  /** The time base register, in ticks of its frequency. */
  default long timebase() {
    return monotonic();
  }

  /** The time base register's frequency. */
  default long ticksPerSecond() {
    return 1_000_000_000L;
  }

  /**
   * The {@code host.CounterClock} cell from whose nanoseconds the time base is exactly {@code nanos
   * * ticksPerSecond / 10^9}, or 0 where only {@link #timebase} tells.
   */
  default long counterCell() {
    return 0;
  }

  /**
   * Host nanoseconds from now until CLOCK_MONOTONIC reads {@code deadline}; 0 or less if it has.
   */
  long hostNanosUntil(long deadline);
}
