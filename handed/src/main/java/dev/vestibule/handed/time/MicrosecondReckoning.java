package dev.vestibule.handed.time;

import dev.vestibule.handed.DataPage;
import java.util.function.LongSupplier;

/** Kernels without a data page whose clocks have whole microseconds. */
record MicrosecondReckoning(GenericReckoning base) implements Reckoning {
  @Override
  public long nanos(int clock, LongSupplier timeBase) {
    long nanos = base.nanos(clock, timeBase);
    return nanos - Math.floorMod(nanos, 1000L);
  }

  @Override
  public long seconds(LongSupplier timeBase) {
    return base.seconds(timeBase);
  }

  @Override
  public boolean isStale(long ticks) {
    return base.isStale(ticks);
  }

  @Override
  public void advance(long ticks) {
    base.advance(ticks);
  }

  @Override
  public void shiftRealtime(long nanos, long ticks) {
    base.shiftRealtime(nanos, ticks);
  }

  @Override
  public void publish(DataPage page) {
    throw new IllegalStateException("this kernel has no data page");
  }
}
