package dev.vestibule.kernel.time;

import java.time.Instant;

/** What do the host's clocks say? */
final class HostTime implements TimeService {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  @Override
  public long realtime() {
    Instant now = Instant.now();
    return now.getEpochSecond() * NANOS_PER_SECOND + now.getNano();
  }

  @Override
  public long monotonic() {
    return System.nanoTime();
  }

  @Override
  public long hostNanosUntil(long deadline) {
    return deadline - monotonic();
  }
}
