package dev.vestibule.host;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.LongSupplier;

/**
 * What time is it by the counter of the host's processor? A straight line from counts to
 * nanoseconds that follows a reference clock, the host's CLOCK_MONOTONIC, at half the price of
 * reading that, and which machine code can evaluate without leaving.
 *
 * <p>Until the line is known, and where the host's kernel itself does not trust the counter, the
 * reference is read. No reading is less than an earlier one, whichever threads make them and
 * however.
 *
 * <p>For machine code: {@link #cell} is the address of a word, which is 0 or the address of a
 * record of three: a count, the nanoseconds then, and nanoseconds for each count times 2^32. A
 * reading is good if the word is the same behind it as before; where it is 0, {@link #nanos} has to
 * be asked.
 */
public final class CounterClock {
  /** Offsets in a record. */
  public static final int COUNT = 0;

  public static final int NANOS = 8;
  public static final int SLOPE = 16;

  private static final int RECORD = 24;

  /** So many that none is written again while a thread may have stood still with its address. */
  private static final int RECORDS = 4096;

  private static final double ONE = 0x1p32;
  private static final long FIRST_INTERVAL = 20_000_000;
  private static final long INTERVAL = 250_000_000;

  /** Beyond this the clock jumps forward to the reference, or waits for it as well as it can. */
  private static final long FAR = 1_000_000;

  /** Most by which the line's slope differs from the counter's own pace, to meet the reference. */
  private static final double STEEPEST = 5e-4;

  private static final int TRIES = 8;

  private static final CounterClock HOST =
      new CounterClock(CounterClock::counter, System::nanoTime, CounterClock::trusted);

  private final LongSupplier counter;
  private final LongSupplier reference;
  private final Trust trust;
  private final long cell = HostMemory.allocate(Long.BYTES);
  private long records;
  private int next;
  private volatile boolean active;
  private boolean sampled;
  private boolean given;
  private long count;
  private long nanos;
  private volatile long due = Long.MIN_VALUE;

  /** May the counter be used? */
  @FunctionalInterface
  interface Trust {
    boolean get();
  }

  /** For tests, with a counter and a reference of their own. */
  CounterClock(LongSupplier counter, LongSupplier reference, Trust trust) {
    this.counter = counter;
    this.reference = reference;
    this.trust = trust;
  }

  /** The host's; it counts from the same moment as System.nanoTime. */
  public static CounterClock host() {
    return HOST;
  }

  private static long counter() {
    return Libc.counter();
  }

  /** Whether the host's kernel makes its own time of the counter. */
  private static boolean trusted() {
    if (!Libc.direct()) {
      return false;
    }
    String source = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    try (InputStream in = new FileInputStream(source)) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip().equals("tsc");
    } catch (IOException e) {
      return false;
    }
  }

  /** Address of the word that machine code begins with. */
  public long cell() {
    return cell;
  }

  /** Nanoseconds of the reference clock, as far as the line follows it. */
  public long nanos() {
    while (true) {
      long record = HostMemory.slotVolatile(cell);
      if (record != 0) {
        long now = at(record, counter.getAsLong());
        if (HostMemory.slotVolatile(cell) == record) {
          return now;
        }
      } else if (active) {
        awaitLine();
      } else {
        long now = reference.getAsLong();
        if (!active) { // else the line may have begun before this reading
          return now;
        }
      }
    }
  }

  /** Somebody draws a new line at this moment. */
  private synchronized void awaitLine() {}

  private static long at(long record, long count) {
    long counts = count - HostMemory.slot(record + COUNT);
    long slope = HostMemory.slot(record + SLOPE);
    long high = Math.multiplyHigh(counts, slope);
    return HostMemory.slot(record + NANOS) + (high << 32 | counts * slope >>> 32);
  }

  /**
   * Lets the line follow the reference clock; to be called every now and then, the more often than
   * every quarter of a second the better.
   */
  public void steer() {
    if (reference.getAsLong() >= due) {
      draw();
    }
  }

  private synchronized void draw() {
    if (given || reference.getAsLong() < due) {
      return;
    }
    if (!sampled && !trust.get()) {
      giveUp();
      return;
    }
    long lastCount = count;
    long lastNanos = nanos;
    sample();
    due = nanos + (sampled ? INTERVAL : FIRST_INTERVAL);
    if (!sampled) {
      sampled = true;
      return;
    }
    double pace = (double) (nanos - lastNanos) / (count - lastCount);
    if (!(pace > 0.01 && pace < 1000)) {
      giveUp(); // the counter stood still or was set back: the host slept
    } else if (active) {
      bend(pace);
    } else {
      begin(pace);
    }
  }

  /** Reads both at the same time, as nearly as can be had. */
  private void sample() {
    long closest = Long.MAX_VALUE;
    for (int i = 0; i < TRIES; i++) {
      long before = counter.getAsLong();
      long now = reference.getAsLong();
      long between = counter.getAsLong() - before;
      if (between < closest) {
        closest = between;
        count = before + between / 2;
        nanos = now;
      }
    }
  }

  /** From here on readers wait for the line, which begins no earlier than they have read. */
  private void begin(double pace) {
    records = HostMemory.allocate((long) RECORD * RECORDS);
    active = true;
    long start = counter.getAsLong();
    publish(start, reference.getAsLong(), pace);
  }

  private void bend(double pace) {
    long record = HostMemory.slot(cell);
    long error = nanos - at(record, count);
    double slope = pace;
    if (Math.abs(error) <= FAR) {
      slope *= 1 + Math.clamp((double) error / INTERVAL, -STEEPEST, STEEPEST);
    } else if (error < 0) {
      slope *= 1 - STEEPEST;
    }
    HostMemory.putSlotVolatile(cell, 0); // readings that go on meanwhile are made again
    long start = counter.getAsLong();
    publish(start, at(record, start) + (error > FAR ? error : 0), slope);
  }

  private void publish(long start, long then, double slope) {
    long record = records + (long) RECORD * next;
    next = (next + 1) % RECORDS;
    HostMemory.putSlot(record + COUNT, start);
    HostMemory.putSlot(record + NANOS, then);
    HostMemory.putSlot(record + SLOPE, Math.round(slope * ONE));
    HostMemory.putSlotVolatile(cell, record);
  }

  private void giveUp() {
    given = true;
    due = Long.MAX_VALUE;
    HostMemory.putSlotVolatile(cell, 0);
    active = false;
  }

  /** Whether readings come from the counter now. */
  public boolean active() {
    return active;
  }
}
