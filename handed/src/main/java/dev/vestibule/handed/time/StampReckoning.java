package dev.vestibule.handed.time;

import dev.vestibule.handed.DataPage;
import dev.vestibule.profile.KernelProfile;
import java.math.BigInteger;
import java.util.function.LongSupplier;

/**
 * Linux 2.6.25 to 5.10: seconds of the last update, and units of 2^-32 seconds since then. At first
 * nanoseconds are added to nanoseconds, and microseconds counted apart in units of 2^-20 seconds;
 * from 2.6.36 on units are added to units.
 *
 * <p>An update never sets a clock back: what a division leaves over becomes a whole unit. The
 * clocks gain 0.03 millionths by that.
 */
final class StampReckoning implements Reckoning {
  private static final long NANOS = 1_000_000_000L;
  private static final int UNIT_BITS = 32;
  private static final int XSEC_BITS = 20;
  private static final long FRACTION = 0xffff_ffffL;

  /**
   * @param fraction units beyond the second
   * @param nanos nanoseconds beyond the second
   * @param xsec the same moment in units of 2^-20 seconds
   * @param toMonotonic what must be added to the time since 1970, in nanoseconds
   */
  private record Numbers(
      long origin, long seconds, long fraction, long nanos, long xsec, long toMonotonic) {}

  private final long hz;
  private final long toXsec;
  private final long multiplier;
  private final boolean units;
  private final boolean narrow;
  private volatile Numbers numbers;

  StampReckoning(KernelProfile profile, Start start) {
    hz = profile.cpu().timebaseHz();
    toXsec = BigInteger.ONE.shiftLeft(64 + XSEC_BITS).divide(BigInteger.valueOf(hz)).longValue();
    narrow = !profile.architecture().is64();
    units = profile.data().field("stamp_sec_fraction") != null;
    // 32-bit code uses the high half of the factor alone.
    multiplier = units && narrow ? toXsec & ~FRACTION : toXsec;
    numbers = numbers(start.ticks(), start.realtime(), start.monotonic() - start.realtime());
  }

  private static Numbers numbers(long ticks, long realtime, long toMonotonic) {
    long seconds = Math.floorDiv(realtime, NANOS);
    long nanos = Math.floorMod(realtime, NANOS);
    long fraction = ((nanos << UNIT_BITS) + NANOS - 1) / NANOS;
    long xsec = (seconds << XSEC_BITS) + (nanos << XSEC_BITS) / NANOS;
    return new Numbers(ticks, seconds, fraction, nanos, xsec, toMonotonic);
  }

  /** Units since the last update. */
  private long units(Numbers n, long ticks) {
    return Math.unsignedMultiplyHigh(ticks - n.origin << UNIT_BITS - XSEC_BITS, multiplier);
  }

  private long realtime(Numbers n, long ticks) {
    long passed = units(n, ticks);
    if (units) {
      passed += n.fraction;
      return (n.seconds + (passed >>> UNIT_BITS)) * NANOS
          + ((passed & FRACTION) * NANOS >>> UNIT_BITS);
    }
    return (n.seconds + (passed >>> UNIT_BITS)) * NANOS
        + n.nanos
        + ((passed & FRACTION) * NANOS >>> UNIT_BITS);
  }

  @Override
  public long nanos(int clock, LongSupplier timeBase) {
    Numbers n = numbers;
    return switch (clock) {
      case REALTIME, TAI -> realtime(n, timeBase.getAsLong());
      case MONOTONIC, MONOTONIC_RAW, BOOTTIME -> realtime(n, timeBase.getAsLong()) + n.toMonotonic;
      case REALTIME_COARSE -> lastTick(n, timeBase);
      case MONOTONIC_COARSE -> lastTick(n, timeBase) + n.toMonotonic;
      default -> throw new IllegalArgumentException("clock " + clock);
    };
  }

  /** Where updates are rare, the coarse clocks are as fine as the others. */
  private long lastTick(Numbers n, LongSupplier timeBase) {
    return units ? n.seconds * NANOS + n.nanos : realtime(n, timeBase.getAsLong());
  }

  @Override
  public long micros(LongSupplier timeBase) {
    Numbers n = numbers;
    if (units) {
      long passed = units(n, timeBase.getAsLong()) + n.fraction;
      return (n.seconds + (passed >>> UNIT_BITS)) * 1_000_000
          + ((passed & FRACTION) * 1_000_000 >>> UNIT_BITS);
    }
    long xsec = n.xsec + Math.unsignedMultiplyHigh(timeBase.getAsLong() - n.origin, toXsec);
    return (xsec >> XSEC_BITS) * 1_000_000
        + ((xsec & (1L << XSEC_BITS) - 1) * 1_000_000 >> XSEC_BITS);
  }

  @Override
  public long seconds(LongSupplier timeBase) {
    return Math.floorDiv(lastTick(numbers, timeBase), NANOS);
  }

  /** The product has 64 bits only, and 32-bit code multiplied 32 bits of ticks. */
  @Override
  public boolean isStale(long ticks) {
    long longest = narrow && !units ? 0x8000_0000L : hz * 3600;
    return ticks - numbers.origin >= longest;
  }

  @Override
  public void advance(long ticks) {
    Numbers n = numbers;
    if (units && ticks != n.origin) {
      long passed = units(n, ticks) + 1 + n.fraction;
      long fraction = passed & FRACTION;
      numbers =
          new Numbers(
              ticks,
              n.seconds + (passed >>> UNIT_BITS),
              fraction,
              fraction * NANOS >>> UNIT_BITS,
              0,
              n.toMonotonic);
    } else if (!units && isStale(ticks)) {
      // Two divisions leave something over here, one more for the microseconds.
      long realtime = realtime(n, ticks) + 2;
      long xsec = n.xsec + Math.unsignedMultiplyHigh(ticks - n.origin, toXsec) + 1;
      numbers =
          new Numbers(
              ticks,
              Math.floorDiv(realtime, NANOS),
              0,
              Math.floorMod(realtime, NANOS),
              xsec,
              n.toMonotonic);
    }
  }

  @Override
  public void shiftRealtime(long nanos, long ticks) {
    Numbers n = numbers;
    long old = realtime(n, ticks);
    numbers = numbers(ticks, old + nanos, n.toMonotonic - nanos);
  }

  @Override
  public void publish(DataPage page) {
    Numbers n = numbers;
    page.beginUpdate("tb_update_count");
    page.put("tb_orig_stamp", n.origin);
    page.put("tb_to_xs", toXsec);
    page.put("stamp_xsec", n.xsec);
    page.put("stamp_xtime_sec", n.seconds);
    page.put("stamp_xtime_nsec", n.nanos);
    page.put("stamp_sec_fraction", n.fraction);
    page.put("wtom_clock_sec", Math.floorDiv(n.toMonotonic, NANOS));
    page.put("wtom_clock_nsec", Math.floorMod(n.toMonotonic, NANOS));
    page.endUpdate("tb_update_count");
  }
}
