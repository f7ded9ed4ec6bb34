package dev.vestibule.handed.time;

import dev.vestibule.handed.DataPage;
import dev.vestibule.profile.KernelProfile;
import java.math.BigInteger;
import java.util.function.LongSupplier;

/** Linux 2.6.12 to 2.6.24: microseconds made from units of 2^-20 seconds. */
final class XsecReckoning implements Reckoning {
  private static final long NANOS = 1_000_000_000L;
  private static final long MICROS = 1_000_000L;
  private static final int XSEC_BITS = 20;

  /**
   * @param toMonotonic what must be added to the time since 1970, in nanoseconds
   */
  private record Numbers(long origin, long stamp, long toMonotonic) {}

  private final long toXsec;
  private final boolean narrow;
  private volatile Numbers numbers;

  XsecReckoning(KernelProfile profile, Start start) {
    long hz = profile.cpu().timebaseHz();
    toXsec = BigInteger.ONE.shiftLeft(64 + XSEC_BITS).divide(BigInteger.valueOf(hz)).longValue();
    narrow = !profile.architecture().is64();
    long seconds = Math.floorDiv(start.realtime(), NANOS);
    long fraction = (Math.floorMod(start.realtime(), NANOS) << XSEC_BITS) / NANOS;
    long stamp = (seconds << XSEC_BITS) + fraction;
    numbers = new Numbers(start.ticks(), stamp, start.monotonic() - nanos(stamp));
  }

  private static long nanos(long xsec) {
    long fraction = xsec & (1L << XSEC_BITS) - 1;
    return (xsec >> XSEC_BITS) * NANOS + (fraction * MICROS >> XSEC_BITS) * 1000;
  }

  private long xsec(Numbers n, long ticks) {
    return n.stamp + Math.unsignedMultiplyHigh(ticks - n.origin, toXsec);
  }

  @Override
  public long nanos(int clock, LongSupplier timeBase) {
    Numbers n = numbers;
    long realtime = nanos(xsec(n, timeBase.getAsLong()));
    return switch (clock) {
      case REALTIME, REALTIME_COARSE, TAI -> realtime;
      case MONOTONIC, MONOTONIC_RAW, MONOTONIC_COARSE, BOOTTIME -> realtime + n.toMonotonic;
      default -> throw new IllegalArgumentException("clock " + clock);
    };
  }

  @Override
  public long seconds(LongSupplier timeBase) {
    Numbers n = numbers;
    return xsec(n, timeBase.getAsLong()) >> XSEC_BITS;
  }

  /** 32-bit code multiplies 32 bits of ticks only. */
  @Override
  public boolean isStale(long ticks) {
    return narrow && (ticks - numbers.origin & 0x8000_0000L) != 0;
  }

  @Override
  public void advance(long ticks) {
    if (isStale(ticks)) {
      Numbers n = numbers;
      numbers = new Numbers(ticks, xsec(n, ticks) + 1, n.toMonotonic);
    }
  }

  @Override
  public void shiftRealtime(long nanos, long ticks) {
    Numbers n = numbers;
    long old = xsec(n, ticks);
    long whole = Math.floorDiv(nanos, NANOS) << XSEC_BITS;
    long stamp = old + whole + (Math.floorMod(nanos, NANOS) << XSEC_BITS) / NANOS;
    numbers = new Numbers(ticks, stamp, n.toMonotonic + nanos(old) - nanos(stamp));
  }

  @Override
  public void publish(DataPage page) {
    Numbers n = numbers;
    page.beginUpdate("tb_update_count");
    page.put("tb_orig_stamp", n.origin);
    page.put("stamp_xsec", n.stamp);
    page.put("tb_to_xs", toXsec);
    page.put("wtom_clock_sec", Math.floorDiv(n.toMonotonic, NANOS));
    page.put("wtom_clock_nsec", Math.floorMod(n.toMonotonic, NANOS));
    page.endUpdate("tb_update_count");
  }
}
