package dev.vestibule.kernel.time;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Which timers has a process set? Its three interval timers and its POSIX timers. */
public final class ProcessTimers {
  public static final int REAL = 0;
  public static final int VIRTUAL = 1;
  public static final int PROF = 2;

  private static final int[] SIGNALS = {Signals.SIGALRM, Signals.SIGVTALRM, Signals.SIGPROF};

  private final Process process;
  private final @Nullable IntervalTimer[] intervals = new IntervalTimer[SIGNALS.length];
  private final Map<Integer, PosixTimer> posix = new ConcurrentHashMap<>();
  private int nextId;
  private boolean ended;

  public ProcessTimers(Process process) {
    this.process = process;
  }

  /** One of setitimer(2)'s timers. */
  private static final class IntervalTimer extends GuestTimer {
    private final Process process;
    private final int which;

    private IntervalTimer(Process process, int which) {
      super(
          process.machine(),
          which == REAL
              ? new Clock.OfMachine(Clock.MONOTONIC)
              : new Clock.OfProcessor(process, null, true));
      this.process = process;
      this.which = which;
    }

    @Override
    protected void expired() {
      Delivery.send(process, SigInfo.kernel(SIGNALS[which]));
      if (which != REAL) {
        long missed = resume();
        assert missed >= 0;
      }
    }
  }

  /** The interval timer of a number, 0 to 2. */
  public synchronized GuestTimer interval(int which) {
    IntervalTimer timer = intervals[which];
    if (timer == null) {
      timer = new IntervalTimer(process, which);
      intervals[which] = timer;
    }
    return timer;
  }

  /**
   * timer_create(2).
   *
   * @param clockId which names the clock
   * @param target the thread that gets the signal, or null for the process
   * @param signal 0 for none
   * @param value what the signal carries, or null for the timer's id
   * @return the id, or -EAGAIN
   */
  public synchronized long create(
      Clock clock, int clockId, @Nullable Task target, int signal, @Nullable Long value) {
    long limit = process.limits().soft(Limits.RLIMIT_SIGPENDING);
    if (limit >= 0 && posix.size() >= limit || ended) {
      return -Errno.EAGAIN;
    }
    int id;
    do {
      id = nextId;
      nextId = nextId + 1 & Integer.MAX_VALUE;
    } while (posix.containsKey(id));
    long carried = value == null ? id : value;
    posix.put(id, new PosixTimer(process, clock, clockId, id, target, signal, carried));
    return id;
  }

  /** A POSIX timer, or null. */
  public @Nullable PosixTimer posix(int id) {
    return posix.get(id);
  }

  /** What timer_create(2) has made, to have it again elsewhere. */
  public List<PosixTimer.Saved> saved() {
    return posix.values().stream()
        .map(PosixTimer::saved)
        .sorted(Comparator.comparingInt(PosixTimer.Saved::id))
        .toList();
  }

  /**
   * Makes a timer that was saved.
   *
   * @param target the thread that gets the signal, or null for the process
   */
  public synchronized void restore(PosixTimer.Saved saved, Clock clock, @Nullable Task target) {
    PosixTimer timer =
        new PosixTimer(
            process, clock, saved.clock(), saved.id(), target, saved.signal(), saved.value());
    posix.put(saved.id(), timer);
    nextId = Math.max(nextId, saved.id() + 1) & Integer.MAX_VALUE;
    timer.restore(saved);
  }

  /** timer_delete(2). */
  public boolean delete(int id) {
    PosixTimer timer = posix.remove(id);
    if (timer != null) {
      timer.cancel();
    }
    return timer != null;
  }

  /** exec: POSIX timers do not survive it, interval timers do. */
  public void deletePosix() {
    for (int id : posix.keySet()) {
      delete(id);
    }
  }

  /** The process ends. */
  public synchronized void end() {
    ended = true;
    deletePosix();
    for (IntervalTimer timer : intervals) {
      if (timer != null) {
        timer.cancel();
      }
    }
  }

  /**
   * A signal is about to take effect: its timer runs on.
   *
   * @return what the signal says now that its overruns are known
   */
  public SigInfo noticed(SigInfo info) {
    if (info.code() == SigInfo.SI_TIMER) {
      PosixTimer timer = posix.get(info.pid());
      return timer == null ? info : timer.noticed(info);
    }
    IntervalTimer real = intervals[REAL];
    if (info.signal() == Signals.SIGALRM && real != null) {
      long missed = real.resume();
      assert missed >= 0;
    }
    return info;
  }
}
