package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EOPNOTSUPP;
import static dev.vestibule.kernel.Errno.EPERM;
import static dev.vestibule.kernel.Errno.ERESTARTNOHAND;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.kernel.CpuTime;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Resumable;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.time.Clock;
import dev.vestibule.kernel.time.GuestTimes;
import dev.vestibule.kernel.time.GuestTimes.Form;
import dev.vestibule.kernel.wait.Wait;

/** Reading clocks and sleeping: clock_gettime(2), gettimeofday(2), nanosleep(2), times(2). */
public final class ClockCalls {
  private static final int TIMER_ABSTIME = 1;
  private static final long CLOCK_TICK = 10_000_000;

  private ClockCalls() {}

  private static Clock clock(Task t, int id) {
    Clock clock = Clock.of(t, id);
    if (clock == null) {
      throw new Failure(EINVAL);
    }
    return clock;
  }

  // ---- reading

  @Syscall(args = "clock, out_timespec")
  public static long clock_gettime(Task t, int clock, long time) {
    GuestTimes.storeTimespec(t, time, Form.WORD, clock(t, clock).read(t.machine()));
    return 0;
  }

  @Syscall(args = "clock, out_timespec64", since = "5.1")
  public static long clock_gettime64(Task t, int clock, long time) {
    GuestTimes.storeTimespec(t, time, Form.WIDE, clock(t, clock).read(t.machine()));
    return 0;
  }

  @Syscall(args = "clock, out_timespec")
  public static long clock_getres(Task t, int clock, long resolution) {
    return resolution(t, clock, resolution, Form.WORD);
  }

  @Syscall(args = "clock, out_timespec64", since = "5.1")
  public static long clock_getres_time64(Task t, int clock, long resolution) {
    return resolution(t, clock, resolution, Form.WIDE);
  }

  private static long resolution(Task t, int clock, long address, Form form) {
    long nanos = clock(t, clock).resolution(t.machine().profile());
    if (address != 0) {
      GuestTimes.storeTimespec(t, address, form, nanos);
    }
    return 0;
  }

  @Syscall(args = "out_timeval, out_timezone")
  public static long gettimeofday(Task t, long time, long zone) {
    if (time != 0) {
      GuestTimes.storeTimeval(t, time, t.machine().time().micros() * 1000);
    }
    if (zone != 0) {
      t.abi().struct(8).store(t.memory(), zone);
    }
    return 0;
  }

  @Syscall(args = "out")
  public static long time(Task t, long address) {
    long seconds = Math.floorDiv(t.machine().time().realtimeCoarse(), GuestTimes.SECOND);
    if (address != 0) {
      t.abi().storeWord(t.memory(), address, seconds);
    }
    return seconds;
  }

  @Syscall(args = "out_tms")
  public static long times(Task t, long buffer) {
    if (buffer != 0) {
      int word = t.abi().wordSize();
      CpuTime own = t.process().cpuTime();
      CpuTime children = t.process().childrenTime();
      t.abi()
          .struct(4 * word)
          .putWord(0, own.user() / CLOCK_TICK)
          .putWord(word, own.system() / CLOCK_TICK)
          .putWord(2 * word, children.user() / CLOCK_TICK)
          .putWord(3 * word, children.system() / CLOCK_TICK)
          .store(t.memory(), buffer);
    }
    return t.machine().time().monotonic() / CLOCK_TICK;
  }

  // ---- setting: nobody may

  @Syscall(args = "clock, timespec", level = Support.REFUSED, note = "EPERM")
  public static long clock_settime(Task t, int clock, long time) {
    return refuse(t, clock, GuestTimes.signedTimespec(t, time, Form.WORD));
  }

  @Syscall(args = "clock, timespec64", since = "5.1", level = Support.REFUSED, note = "EPERM")
  public static long clock_settime64(Task t, int clock, long time) {
    return refuse(t, clock, GuestTimes.signedTimespec(t, time, Form.WIDE));
  }

  private static long refuse(Task t, int id, long nanos) {
    boolean settable = id == Clock.REALTIME && nanos >= 0;
    boolean processor = clock(t, id) instanceof Clock.OfProcessor;
    return settable || processor ? -EPERM : -EINVAL;
  }

  @Syscall(args = "timeval, ptr", level = Support.REFUSED, note = "EPERM")
  public static long settimeofday(Task t, long time, long zone) {
    if (time != 0) {
      long unused = GuestTimes.timeval(t, time);
    }
    return -EPERM;
  }

  @Syscall(args = "ptr", level = Support.REFUSED, note = "EPERM")
  public static long stime(Task t, long time) {
    long unused = t.abi().loadWord(t.memory(), time);
    return -EPERM;
  }

  // ---- struct timex

  private static final int TIME_ERROR = 5;
  private static final int STA_UNSYNC = 0x40;
  private static final int WORST_ERROR = 16_000_000;
  private static final int TICK_MICROS = 10_000;
  private static final int TOLERANCE = 500 << 16;

  @Syscall(args = "ptr", level = Support.PARTIAL, note = "reads; EPERM for changes")
  public static long adjtimex(Task t, long timex) {
    return timex(t, timex, Form.WORD);
  }

  @Syscall(
      args = "clock, ptr",
      since = "2.6.39",
      level = Support.PARTIAL,
      note = "reads; EPERM for changes")
  public static long clock_adjtime(Task t, int clock, long timex) {
    return adjustable(t, clock) ? timex(t, timex, Form.WORD) : -EOPNOTSUPP;
  }

  @Syscall(
      args = "clock, ptr",
      since = "5.1",
      level = Support.PARTIAL,
      note = "reads; EPERM for changes")
  public static long clock_adjtime64(Task t, int clock, long timex) {
    return adjustable(t, clock) ? timex(t, timex, Form.WIDE) : -EOPNOTSUPP;
  }

  private static boolean adjustable(Task t, int id) {
    return clock(t, id) instanceof Clock.OfMachine clock && clock.id() == Clock.REALTIME;
  }

  private static long timex(Task t, long address, Form form) {
    int field = form.field(t.abi());
    int size = field == 8 ? 208 : 128;
    int modes = t.memory().load32(address);
    if (modes != 0) {
      return -EPERM;
    }
    Struct s = t.abi().struct(size);
    long now = t.machine().time().realtime();
    long[] values = new long[20];
    values[3] = WORST_ERROR;
    values[4] = WORST_ERROR;
    values[5] = STA_UNSYNC;
    values[6] = 2;
    values[7] = 1;
    values[8] = TOLERANCE;
    values[9] = Math.floorDiv(now, GuestTimes.SECOND);
    values[10] = Math.floorMod(now, GuestTimes.SECOND) / 1000;
    values[11] = TICK_MICROS;
    for (int i = 1; i <= 11; i++) {
      put(s, i, field, values[i], i == 5);
    }
    s.store(t.memory(), address);
    return TIME_ERROR;
  }

  private static void put(Struct s, int index, int field, long value, boolean isInt) {
    if (field == 8 && !isInt) {
      s.put64(8 * index, value);
    } else {
      s.put32(field * index, (int) value);
    }
  }

  // ---- sleeping

  @Syscall(args = "timespec, out_timespec")
  public static long nanosleep(Task t, long request, long remaining) {
    long nanos = GuestTimes.timespec(t, request, Form.WORD);
    return sleepFor(t, nanos, remaining, Form.WORD);
  }

  @Syscall(args = "clock, timer_flags, timespec, out_timespec")
  public static long clock_nanosleep(Task t, int clock, int flags, long request, long remaining) {
    return sleep(t, clock, flags, request, remaining, Form.WORD);
  }

  @Syscall(args = "clock, timer_flags, timespec64, out_timespec64", since = "5.1")
  public static long clock_nanosleep_time64(
      Task t, int clock, int flags, long request, long remaining) {
    return sleep(t, clock, flags, request, remaining, Form.WIDE);
  }

  private static long sleep(Task t, int id, int flags, long request, long remaining, Form form) {
    Clock clock = clock(t, id);
    boolean absolute = (flags & TIMER_ABSTIME) != 0;
    return switch (clock) {
      case Clock.OfMachine c -> {
        if (!c.timers()) {
          yield -EOPNOTSUPP;
        }
        long nanos = GuestTimes.timespec(t, request, form);
        if (!absolute) {
          yield sleepFor(t, nanos, remaining, form);
        }
        long deadline =
            nanos == GuestTimes.FOREVER ? nanos : Math.max(0, nanos + c.toMonotonic(t.machine()));
        yield sleepUntil(t, deadline) ? 0 : -ERESTARTNOHAND;
      }
      case Clock.OfProcessor c -> {
        if (c.thread() != null) {
          yield id == Clock.THREAD_CPUTIME ? -EOPNOTSUPP : -EINVAL;
        }
        long nanos = GuestTimes.timespec(t, request, form);
        long end = absolute ? nanos : GuestTimes.sum(c.read(t.machine()), nanos);
        yield sleepOnProcessor(t, id, end, absolute ? 0 : remaining, form);
      }
    };
  }

  private static long sleepFor(Task t, long nanos, long remaining, Form form) {
    t.rseq().preempted(false); // also where the host takes so long that nothing is left to sleep
    long deadline = GuestTimes.sum(t.machine().time().monotonic(), nanos);
    return sleepTo(t, deadline, remaining, form);
  }

  /** The rest of a sleep until a time of CLOCK_MONOTONIC. */
  public static long sleepTo(Task t, long deadline, long remaining, Form form) {
    if (sleepUntil(t, deadline)) {
      return 0;
    }
    long left = deadline - t.machine().time().monotonic();
    if (left <= 0) {
      return 0;
    }
    if (remaining != 0) {
      GuestTimes.storeTimespec(t, remaining, form, left);
    }
    return t.calls().restartLater(Resumable.SLEEP, deadline, remaining, form.ordinal());
  }

  /** Whether the time came; false if a signal did. */
  private static boolean sleepUntil(Task t, long deadline) {
    try (Wait wait = Wait.on(t)) {
      return wait.sleepUntil(deadline) == Wait.Outcome.TIMED_OUT;
    }
  }

  /**
   * Processor time passes at most as fast as there are threads; looks again when it might be up.
   */
  public static long sleepOnProcessor(Task t, int id, long end, long remaining, Form form) {
    if (!(clock(t, id) instanceof Clock.OfProcessor clock)) {
      return -EINVAL;
    }
    long left = end - clock.read(t.machine());
    while (left > 0) {
      long nap = Math.max(left / clock.threads(), 1_000_000);
      if (!sleepUntil(t, GuestTimes.sum(t.machine().time().monotonic(), nap))) {
        if (remaining != 0) {
          GuestTimes.storeTimespec(t, remaining, form, left);
        }
        return t.calls()
            .restartLater(Resumable.PROCESSOR_SLEEP, id, end, remaining, form.ordinal());
      }
      left = end - clock.read(t.machine());
    }
    return 0;
  }
}
