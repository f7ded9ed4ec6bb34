package dev.vestibule.handed;

import dev.vestibule.handed.time.Reckoning;
import dev.vestibule.profile.KernelProfile;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What time is it in the guest's world? One service behind clocks, the time base, timers and the
 * data page: system calls use the numbers that the page shows, so that {@code system call <= vDSO
 * <= system call} holds to the nanosecond.
 */
public final class Timekeeper implements AutoCloseable {
  public static final int CLOCK_REALTIME = Reckoning.REALTIME;
  public static final int CLOCK_MONOTONIC = Reckoning.MONOTONIC;
  public static final int CLOCK_MONOTONIC_RAW = Reckoning.MONOTONIC_RAW;
  public static final int CLOCK_REALTIME_COARSE = Reckoning.REALTIME_COARSE;
  public static final int CLOCK_MONOTONIC_COARSE = Reckoning.MONOTONIC_COARSE;
  public static final int CLOCK_BOOTTIME = Reckoning.BOOTTIME;
  public static final int CLOCK_TAI = Reckoning.TAI;

  private static final long NANOS = TimeSource.NANOS_PER_SECOND;

  /** A difference from the source's wall clock that means somebody has set it. */
  private static final long STEP = 10_000_000;

  /** Readings of two clocks that lie further apart than this are not compared. */
  private static final long CLOSE = 50_000;

  private final TimeSource source;
  private final long hz;
  private final LongSupplier timeBase = this::ticks;
  private final Reckoning reckoning;
  private final long tick;
  private @Nullable DataPage page;
  private @Nullable Thread ticker;
  private boolean ownRealtime;
  private volatile boolean closed;

  /** Time that has passed since the source's clock began. */
  public Timekeeper(KernelProfile profile, TimeSource source) {
    this(profile, source, -1);
  }

  /**
   * Time for those to whom CLOCK_MONOTONIC and CLOCK_BOOTTIME count from another moment; the time
   * base and the clocks that count from 1970 are everybody's.
   *
   * @param monotonic what CLOCK_MONOTONIC says now, negative for the source's own
   */
  public Timekeeper(KernelProfile profile, TimeSource source, long monotonic) {
    this.source = source;
    hz = profile.cpu().timebaseHz();
    tick = profile.time().coarseNanos();
    long nanos = source.nanos();
    reckoning =
        Reckoning.of(
            profile,
            new Reckoning.Start(
                ticks(nanos), monotonic < 0 ? nanos : monotonic, source.epochNanos()));
  }

  /** The time base register. */
  public long ticks() {
    return ticks(source.nanos());
  }

  /** How many ticks there are in a second. */
  public long ticksPerSecond() {
    return hz;
  }

  /** Where machine code finds the nanoseconds that {@link #ticks} counts, or 0. */
  public long counterCell() {
    return source.counterCell();
  }

  private long ticks(long nanos) {
    return nanos / NANOS * hz + nanos % NANOS * hz / NANOS;
  }

  /**
   * A clock's time in nanoseconds.
   *
   * @param clock one of the CLOCK constants of this class
   * @throws IllegalArgumentException for any other
   */
  public long nanos(int clock) {
    refresh();
    if (clock != CLOCK_REALTIME_COARSE && clock != CLOCK_MONOTONIC_COARSE) {
      return reckoning.nanos(clock, timeBase);
    }
    return asPublished(() -> reckoning.nanos(clock, timeBase));
  }

  /** A value that changes with updates alone is not shown before the page shows it. */
  private synchronized long asPublished(LongSupplier value) {
    return value.getAsLong();
  }

  /** Where no thread does it, or has not come to it in time. */
  private void refresh() {
    if (!source.flows() || reckoning.isStale(ticks(source.peek()))) {
      tick();
    }
  }

  /** CLOCK_REALTIME in nanoseconds since 1970. */
  public long realtime() {
    return nanos(CLOCK_REALTIME);
  }

  /** What gettimeofday(2) says, in microseconds since 1970. */
  public long micros() {
    refresh();
    return reckoning.micros(timeBase);
  }

  /** CLOCK_MONOTONIC in nanoseconds. */
  public long monotonic() {
    return nanos(CLOCK_MONOTONIC);
  }

  /** What time(2) says, which may be a tick behind CLOCK_REALTIME. */
  public long seconds() {
    refresh();
    return asPublished(() -> reckoning.seconds(timeBase));
  }

  /** Host nanoseconds until CLOCK_MONOTONIC reads a time; 0 or less if it has. */
  public long hostNanosUntil(long deadline) {
    long left = deadline - monotonic();
    return left <= 0 ? left : source.hostNanosFor(left);
  }

  /** Sets CLOCK_REALTIME; the source's wall clock is not followed any more. */
  public synchronized void setRealtime(long nanos) {
    ownRealtime = true;
    long ticks = ticks(source.peek());
    reckoning.shiftRealtime(nanos - reckoning.nanos(CLOCK_REALTIME, () -> ticks), ticks);
    publish();
  }

  /** Keeps a page's numbers fresh from now on. */
  synchronized void serve(DataPage newPage) {
    page = newPage;
    newPage.startCounts(source.firstCount());
    publish();
    if (source.flows() && ticker == null) {
      Thread thread = new Thread(this::run, "timekeeper");
      thread.setDaemon(true);
      thread.start();
      ticker = thread;
    }
  }

  private void run() {
    while (!closed) {
      LockSupport.parkNanos(source.hostNanosFor(tick));
      tick();
    }
  }

  /** Renews the numbers, as a kernel does at each tick. */
  private synchronized void tick() {
    source.steer();
    long nanos = source.peek();
    long epoch = source.epochNanos();
    long between = source.peek() - nanos;
    long ticks = ticks(nanos);
    reckoning.advance(ticks);
    if (!ownRealtime && source.flows() && between < CLOSE) {
      long difference = epoch - reckoning.nanos(CLOCK_REALTIME, () -> ticks);
      if (Math.abs(difference) > STEP) {
        reckoning.shiftRealtime(difference, ticks);
      }
    }
    publish();
  }

  private void publish() {
    DataPage shown = page;
    if (shown != null) {
      reckoning.publish(shown);
    }
  }

  /** Stops refreshing pages. */
  @Override
  public void close() {
    closed = true;
    Thread thread = ticker;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }
}
