package dev.vestibule.handed;

import dev.vestibule.host.CounterClock;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What makes the guest's time pass? The host's clocks, or an invented clock; everything else about
 * time is the {@link Timekeeper}'s.
 */
public interface TimeSource {
  long NANOS_PER_SECOND = 1_000_000_000L;

  /** The largest rate of a clock. */
  double FASTEST = 1e6;

  /** Nanoseconds since some moment; never negative, never less than an earlier answer. */
  long nanos();

  /** The same without moving a clock that readings move. */
  long peek();

  /** Nanoseconds since 1970 now. */
  long epochNanos();

  /**
   * How long the host must wait until {@link #nanos} has grown by some nanoseconds; invented clocks
   * may jump there at once.
   */
  long hostNanosFor(long nanos);

  /** Whether time passes by itself, so that data pages must be refreshed while nobody asks. */
  boolean flows();

  /** How many of its seconds pass in one of the host's. */
  default double rate() {
    return 1;
  }

  /** What the sequence counts of data pages begin with, an even number. */
  default int firstCount() {
    return 0;
  }

  /** Keeps the source in step with what it follows; called at each tick. */
  default void steer() {}

  /**
   * The {@link CounterClock#cell} from which machine code can compute {@link #nanos} itself, or 0
   * where it has to ask.
   */
  default long counterCell() {
    return 0;
  }

  /** The host's clocks. */
  static TimeSource host() {
    CounterClock clock = CounterClock.host();
    return new TimeSource() {
      @Override
      public long nanos() {
        return clock.nanos();
      }

      @Override
      public long peek() {
        return clock.nanos();
      }

      @Override
      public void steer() {
        clock.steer();
      }

      @Override
      public long counterCell() {
        return clock.cell();
      }

      @Override
      public long epochNanos() {
        Instant now = Instant.now();
        return now.getEpochSecond() * NANOS_PER_SECOND + now.getNano();
      }

      @Override
      public long hostNanosFor(long nanos) {
        return nanos;
      }

      @Override
      public boolean flows() {
        return true;
      }
    };
  }

  /**
   * The host's clocks, the steady one set so that it goes on from another machine's, perhaps at
   * another pace.
   */
  final class Continuing implements TimeSource {
    /** More than the time that any kernel's vDSO tells is behind its clock, in nanoseconds. */
    private static final long COARSE = 10_000;

    private final TimeSource host = host();
    private final long from;
    private final double rate;
    private long begun;
    private long epoch;
    private volatile boolean goes;

    /**
     * @param from nanoseconds that it read there last; it tells a little more until {@link #go}
     */
    public Continuing(long from) {
      this(from, 1);
    }

    /**
     * @param from nanoseconds that it read there last; it tells a little more until {@link #go}
     * @param rate its seconds per host second, above 0
     */
    public Continuing(long from, double rate) {
      if (!(rate > 0) || rate > FASTEST) {
        throw new IllegalArgumentException("a clock cannot run at rate " + rate);
      }
      this.from = from + COARSE;
      this.rate = rate;
    }

    /** Lets time pass from now on. */
    public void go() {
      begun = host.nanos();
      epoch = host.epochNanos();
      goes = true;
    }

    @Override
    public double rate() {
      return rate;
    }

    private long since(long hostNanos) {
      return rate == 1 ? hostNanos - begun : (long) ((hostNanos - begun) * rate);
    }

    @Override
    public long nanos() {
      return goes ? from + since(host.nanos()) : from;
    }

    @Override
    public long peek() {
      return goes ? from + since(host.peek()) : from;
    }

    @Override
    public void steer() {
      host.steer();
    }

    @Override
    public int firstCount() {
      return ThreadLocalRandom.current().nextInt(1 << 29) & -2;
    }

    @Override
    public long epochNanos() {
      return goes && rate != 1 ? epoch + since(host.peek()) : host.epochNanos();
    }

    @Override
    public long hostNanosFor(long nanos) {
      return rate == 1 ? nanos : (long) Math.ceil(nanos / rate);
    }

    @Override
    public boolean flows() {
      return true;
    }
  }

  /**
   * A clock that starts at a chosen moment and runs at a multiple of the host's pace.
   *
   * @param rate guest seconds per host second, above 0
   */
  static TimeSource scaled(Instant start, double rate) {
    if (!(rate > 0) || rate > FASTEST) {
      throw new IllegalArgumentException("a clock cannot run at rate " + rate);
    }
    long first = System.nanoTime();
    long epoch = start.getEpochSecond() * NANOS_PER_SECOND + start.getNano();
    return new TimeSource() {
      @Override
      public long nanos() {
        return NANOS_PER_SECOND + (long) ((System.nanoTime() - first) * rate);
      }

      @Override
      public long peek() {
        return nanos();
      }

      @Override
      public long epochNanos() {
        return epoch + nanos() - NANOS_PER_SECOND;
      }

      @Override
      public long hostNanosFor(long nanos) {
        return (long) Math.ceil(nanos / rate);
      }

      @Override
      public double rate() {
        return rate;
      }

      @Override
      public boolean flows() {
        return true;
      }
    };
  }

  /**
   * A clock that stands still but for a step at each reading, and jumps over waits: runs of a
   * single thread are the same each time.
   *
   * @param step nanoseconds by which each reading moves it, at least 0
   */
  static TimeSource stepped(Instant start, long step) {
    if (step < 0) {
      throw new IllegalArgumentException("a clock cannot step back");
    }
    long epoch = start.getEpochSecond() * NANOS_PER_SECOND + start.getNano();
    AtomicLong now = new AtomicLong(NANOS_PER_SECOND);
    return new TimeSource() {
      @Override
      public long nanos() {
        return now.addAndGet(step);
      }

      @Override
      public long peek() {
        return now.get();
      }

      @Override
      public long epochNanos() {
        return epoch + now.get() - NANOS_PER_SECOND;
      }

      @Override
      public long hostNanosFor(long nanos) {
        now.addAndGet(Math.max(0, nanos));
        return 0;
      }

      @Override
      public boolean flows() {
        return false;
      }
    };
  }
}
