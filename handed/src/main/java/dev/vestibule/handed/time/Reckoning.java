package dev.vestibule.handed.time;

import dev.vestibule.handed.DataPage;
import dev.vestibule.profile.KernelProfile;
import java.util.function.LongSupplier;

/**
 * How does one era make time from the time base? The same numbers are read by system calls, here,
 * and by the image's code, in the data page, so both yield the same nanosecond for the same tick.
 *
 * <p>Not thread-safe but for the reading methods, which see either the old or the new numbers, all
 * of one moment.
 */
public interface Reckoning {
  int REALTIME = 0;
  int MONOTONIC = 1;
  int MONOTONIC_RAW = 4;
  int REALTIME_COARSE = 5;
  int MONOTONIC_COARSE = 6;
  int BOOTTIME = 7;
  int TAI = 11;

  /** The arithmetic of a profile's kernel. */
  static Reckoning of(KernelProfile profile, Start start) {
    return switch (profile.data().form()) {
      case GENERIC -> new GenericReckoning(profile, start);
      case XSEC -> new XsecReckoning(profile, start);
      case STAMP -> new StampReckoning(profile, start);
      case NONE -> new MicrosecondReckoning(new GenericReckoning(profile, start));
    };
  }

  /**
   * Where time starts.
   *
   * @param ticks of the time base
   * @param monotonic nanoseconds of CLOCK_MONOTONIC then
   * @param realtime nanoseconds since 1970 then
   */
  record Start(long ticks, long monotonic, long realtime) {}

  /**
   * A clock's nanoseconds, for an id of this interface.
   *
   * @param timeBase asked once, after the numbers were read: an older tick than theirs would make a
   *     negative distance
   */
  long nanos(int clock, LongSupplier timeBase);

  /** What gettimeofday(2) says, in microseconds since 1970. */
  default long micros(LongSupplier timeBase) {
    return Math.floorDiv(nanos(REALTIME, timeBase), 1000L);
  }

  /** The second of the last update, which is what time(2) says. */
  long seconds(LongSupplier timeBase);

  /** Whether the numbers must be renewed soon, lest a product overflow. */
  boolean isStale(long ticks);

  /** Renews the numbers as of a tick; no clock jumps by it. */
  void advance(long ticks);

  /** Moves the clocks that count from 1970. */
  void shiftRealtime(long nanos, long ticks);

  /** Writes the numbers, under the page's sequence count. */
  void publish(DataPage page);
}
