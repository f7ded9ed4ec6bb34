package dev.vestibule.handed.time;

import dev.vestibule.handed.DataPage;
import dev.vestibule.profile.KernelProfile;
import java.util.function.LongSupplier;

/** Linux 5.11 and later: {@code (base + (ticks - last) * mult) >> shift}, base kept shifted. */
final class GenericReckoning implements Reckoning {
  private static final long NANOS = 1_000_000_000L;

  /** The longest time between two updates that the choice of mult allows for, in seconds. */
  private static final long LONGEST = 600;

  private static final int COUNTER_MODE = 1;

  /** One moment's numbers; nanoseconds are shifted left. */
  private record Numbers(long last, long mono, long monoNanos, long real, long realNanos) {}

  private final int shift;
  private final int mult;
  private final long staleAfter;
  private volatile Numbers numbers;

  GenericReckoning(KernelProfile profile, Start start) {
    long hz = profile.cpu().timebaseHz();
    shift = shift(hz);
    mult = (int) (((NANOS << shift) + hz / 2) / hz);
    staleAfter = hz * LONGEST / 2;
    long mono = start.monotonic();
    long real = start.realtime();
    numbers =
        new Numbers(
            start.ticks(),
            mono / NANOS,
            mono % NANOS << shift,
            Math.floorDiv(real, NANOS),
            Math.floorMod(real, NANOS) << shift);
  }

  /** The largest shift for which {@link #LONGEST} seconds of ticks times mult fit 64 bits. */
  private static int shift(long hz) {
    int room = 32;
    for (long high = LONGEST * hz >>> 32; high != 0; high >>>= 1) {
      room--;
    }
    int shift = 32;
    while (shift > 0 && ((NANOS << shift) + hz / 2) / hz >>> room != 0) {
      shift--;
    }
    return shift;
  }

  @Override
  public long nanos(int clock, LongSupplier timeBase) {
    Numbers n = numbers;
    return switch (clock) {
      case REALTIME, TAI -> at(n.real, n.realNanos, (timeBase.getAsLong() - n.last) * mult);
      case MONOTONIC, BOOTTIME, MONOTONIC_RAW ->
          at(n.mono, n.monoNanos, (timeBase.getAsLong() - n.last) * mult);
      case REALTIME_COARSE -> at(n.real, n.realNanos, 0);
      case MONOTONIC_COARSE -> at(n.mono, n.monoNanos, 0);
      default -> throw new IllegalArgumentException("clock " + clock);
    };
  }

  private long at(long seconds, long shifted, long more) {
    return seconds * NANOS + (shifted + more >>> shift);
  }

  @Override
  public long seconds(LongSupplier timeBase) {
    return numbers.real;
  }

  @Override
  public boolean isStale(long ticks) {
    return ticks - numbers.last > staleAfter;
  }

  @Override
  public void advance(long ticks) {
    for (long left = ticks - numbers.last; left > 0; ) {
      long some = Math.min(left, staleAfter);
      renew(numbers.last + some, 0);
      left -= some;
    }
  }

  @Override
  public void shiftRealtime(long nanos, long ticks) {
    renew(ticks, nanos);
  }

  private void renew(long ticks, long realtimeShift) {
    Numbers n = numbers;
    long more = (ticks - n.last) * mult;
    long second = NANOS << shift;
    long mono = n.monoNanos + more;
    long real = n.realNanos + more + (Math.floorMod(realtimeShift, NANOS) << shift);
    numbers =
        new Numbers(
            ticks,
            n.mono + mono / second,
            mono % second,
            n.real + Math.floorDiv(realtimeShift, NANOS) + real / second,
            real % second);
  }

  @Override
  public void publish(DataPage page) {
    Numbers n = numbers;
    page.beginUpdate("seq", "raw_seq");
    page.put("clock_mode", COUNTER_MODE);
    page.put("cycle_last", n.last);
    page.put("mask", -1L);
    page.put("mult", mult);
    page.put("shift", shift);
    base(page, "basetime", REALTIME, n.real, n.realNanos);
    base(page, "basetime", TAI, n.real, n.realNanos);
    base(page, "basetime", MONOTONIC, n.mono, n.monoNanos);
    base(page, "basetime", BOOTTIME, n.mono, n.monoNanos);
    base(page, "basetime", REALTIME_COARSE, n.real, n.realNanos >>> shift);
    base(page, "basetime", MONOTONIC_COARSE, n.mono, n.monoNanos >>> shift);
    page.put("raw_clock_mode", COUNTER_MODE);
    page.put("raw_cycle_last", n.last);
    page.put("raw_mask", -1L);
    page.put("raw_mult", mult);
    page.put("raw_shift", shift);
    base(page, "raw_basetime", MONOTONIC_RAW, n.mono, n.monoNanos);
    page.endUpdate("seq", "raw_seq");
  }

  private static void base(DataPage page, String field, int clock, long seconds, long nanos) {
    page.put(field, 2 * clock, seconds);
    page.put(field, 2 * clock + 1, nanos);
  }
}
