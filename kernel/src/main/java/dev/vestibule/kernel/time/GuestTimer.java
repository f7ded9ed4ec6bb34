package dev.vestibule.kernel.time;

import dev.vestibule.kernel.Machine;

/**
 * When does a timer that a guest has set expire, and how much of its time is left?
 *
 * <p>A periodic timer rests after it expired until {@link #resume} says that the expiry was
 * noticed; only then the periods in between are counted. So no timer, however short its period, can
 * keep the machine busy.
 */
public abstract class GuestTimer {
  /** How often processor time is looked at, in nanoseconds, at least and at most. */
  private static final long SHORTEST_LOOK = 1_000_000;

  private static final long LONGEST_LOOK = 20_000_000;

  private final Machine machine;
  private final Clock clock;
  private final TimerQueue.Alarm alarm;
  private long expires;
  private long interval;
  private boolean armed;
  private boolean resting;
  private long seen;
  private long look = SHORTEST_LOOK;

  /** What is left of a timer, and its period; in nanoseconds, 0 for a timer that is not set. */
  public record Setting(long left, long interval) {
    public static final Setting OFF = new Setting(0, 0);
  }

  protected GuestTimer(Machine machine, Clock clock) {
    this.machine = machine;
    this.clock = clock;
    this.alarm = machine.timers().alarm(this::due);
  }

  protected final Machine machine() {
    return machine;
  }

  protected final Clock clock() {
    return clock;
  }

  /** The timer has expired; called on the timers' thread, under no lock, after {@link #noted}. */
  protected abstract void expired();

  /** The timer has expired; called under the timer's monitor. */
  protected void noted() {}

  /** The timer is about to be set anew; called under the timer's monitor. */
  protected void forgotten() {}

  /** Whether expiry matters to somebody; if not, only times are told. */
  protected boolean silent() {
    return false;
  }

  /**
   * Sets the timer.
   *
   * @param value when it expires: a time of its clock, or a duration; 0 for never
   * @param period time between later expiries, 0 for none
   * @return what was set before
   */
  public synchronized Setting set(long value, boolean absolute, long period) {
    Setting old = setting();
    alarm.cancel();
    forgotten();
    armed = value != 0;
    resting = false;
    interval = period;
    if (armed) {
      long now = clock.read(machine);
      expires = absolute ? value : GuestTimes.sum(now, value);
      seen = now;
      look = SHORTEST_LOOK;
      schedule();
    }
    return old;
  }

  /** Ends the timer for good. */
  public synchronized void cancel() {
    armed = false;
    resting = false;
    alarm.cancel();
  }

  /** What timer_gettime(2) tells. */
  public synchronized Setting setting() {
    if (!armed) {
      return new Setting(0, interval);
    }
    long now = clock.read(machine);
    long next = expires;
    if (next <= now && interval != 0 && (resting || silent())) {
      next += ((now - next) / interval + 1) * interval;
    }
    if (next <= now) {
      return new Setting(silent() ? 0 : 1, interval);
    }
    return new Setting(next - now, interval);
  }

  /**
   * Lets a resting periodic timer run on.
   *
   * @return how often it would have expired since it did
   */
  public synchronized long resume() {
    if (!resting) {
      return 0;
    }
    resting = false;
    long late = clock.read(machine) - expires;
    long missed = late < 0 ? 0 : late / interval;
    expires = GuestTimes.sum(expires, (missed + 1) * interval);
    schedule();
    return missed;
  }

  private void schedule() {
    if (silent()) {
      return;
    }
    switch (clock) {
      case Clock.OfMachine c -> {
        long offset = c.toMonotonic(machine);
        alarm.set(expires == GuestTimes.FOREVER ? expires : GuestTimes.sum(expires, offset));
      }
      case Clock.OfProcessor c -> {
        long left = Math.max(0, expires - c.read(machine)) / c.threads();
        long nap = Math.max(left, look);
        alarm.set(GuestTimes.sum(machine.time().monotonic(), nap));
      }
    }
  }

  private void due() {
    synchronized (this) {
      if (!armed || resting) {
        return;
      }
      long now = clock.read(machine);
      if (now < expires) {
        look = now == seen ? Math.min(2 * look, LONGEST_LOOK) : SHORTEST_LOOK;
        seen = now;
        schedule();
        return;
      }
      if (interval != 0) {
        resting = true;
      } else {
        armed = false;
      }
      noted();
    }
    expired();
  }
}
