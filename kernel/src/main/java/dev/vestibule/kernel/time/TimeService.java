package dev.vestibule.kernel.time;

/**
 * What time is it in the guest's world? The one source behind clocks, timers, timeouts, the vDSO's
 * data page and the time base.
 */
public interface TimeService {
  /** CLOCK_REALTIME in nanoseconds since 1970. */
  long realtime();

  /** CLOCK_MONOTONIC in nanoseconds. */
  long monotonic();

  /**
   * Host nanoseconds from now until CLOCK_MONOTONIC reads {@code deadline}; 0 or less if it has.
   */
  long hostNanosUntil(long deadline);

  /** The host's clocks. */
  static TimeService host() {
    return new HostTime();
  }
}
