package dev.vestibule.kernel.time;

import dev.vestibule.handed.Timekeeper;

/** What does the timekeeper say, whose numbers the vDSO's data page shows? */
public record MachineTime(Timekeeper keeper) implements TimeService {
  @Override
  public long realtime() {
    return keeper.realtime();
  }

  @Override
  public long micros() {
    return keeper.micros();
  }

  @Override
  public long monotonic() {
    return keeper.monotonic();
  }

  @Override
  public long monotonicRaw() {
    return keeper.nanos(Timekeeper.CLOCK_MONOTONIC_RAW);
  }

  @Override
  public long realtimeCoarse() {
    return keeper.nanos(Timekeeper.CLOCK_REALTIME_COARSE);
  }

  @Override
  public long monotonicCoarse() {
    return keeper.nanos(Timekeeper.CLOCK_MONOTONIC_COARSE);
  }

  @Override
  public long timebase() {
    return keeper.ticks();
  }

  @Override
  public long ticksPerSecond() {
    return keeper.ticksPerSecond();
  }

  @Override
  public long counterCell() {
    return keeper.counterCell();
  }

  @Override
  public long hostNanosUntil(long deadline) {
    return keeper.hostNanosUntil(deadline);
  }
}
