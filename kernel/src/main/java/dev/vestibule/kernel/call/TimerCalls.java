package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EOPNOTSUPP;

import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.time.Clock;
import dev.vestibule.kernel.time.GuestTimer;
import dev.vestibule.kernel.time.GuestTimes;
import dev.vestibule.kernel.time.GuestTimes.Form;
import dev.vestibule.kernel.time.PosixTimer;
import dev.vestibule.kernel.time.ProcessTimers;
import dev.vestibule.kernel.time.TimerFile;
import org.jspecify.annotations.Nullable;

/** Timers: setitimer(2), alarm(2), timer_create(2), timerfd_create(2). */
public final class TimerCalls {
  private static final int TIMER_ABSTIME = 1;
  private static final int TFD_TIMER_CANCEL_ON_SET = 2;
  private static final int SIGEV_SIGNAL = 0;
  private static final int SIGEV_NONE = 1;
  private static final int SIGEV_THREAD = 2;
  private static final int SIGEV_THREAD_ID = 4;
  private static final int O_NONBLOCK = 04000;
  private static final int O_CLOEXEC = 02000000;

  private TimerCalls() {}

  // ---- interval timers

  private static GuestTimer interval(Task t, int which) {
    if (which < ProcessTimers.REAL || which > ProcessTimers.PROF) {
      throw new Failure(EINVAL);
    }
    return t.process().timers().interval(which);
  }

  @Syscall(args = "itimer, out_itimerval")
  public static long getitimer(Task t, int which, long value) {
    store(t, value, interval(t, which).setting());
    return 0;
  }

  @Syscall(args = "itimer, itimerval, out_itimerval")
  public static long setitimer(Task t, int which, long value, long old) {
    long first = 0;
    long period = 0;
    if (value != 0) {
      period = GuestTimes.timeval(t, value);
      first = GuestTimes.timeval(t, value + 2L * t.abi().wordSize());
    }
    GuestTimer.Setting before = interval(t, which).set(first, false, period);
    if (old != 0) {
      store(t, old, before);
    }
    return 0;
  }

  private static void store(Task t, long address, GuestTimer.Setting setting) {
    boolean set = setting.left() != 0;
    GuestTimes.storeTimeval(t, address, setting.interval());
    long left = set ? Math.max(1000, setting.left()) : 0;
    GuestTimes.storeTimeval(t, address + 2L * t.abi().wordSize(), left);
  }

  @Syscall(args = "uint")
  public static long alarm(Task t, int seconds) {
    long value = (seconds & 0xffff_ffffL) * GuestTimes.SECOND;
    long left = interval(t, ProcessTimers.REAL).set(value, false, 0).left();
    long whole = left / GuestTimes.SECOND;
    boolean rounds = left % GuestTimes.SECOND >= GuestTimes.SECOND / 2;
    return left == 0 ? 0 : rounds || whole == 0 ? whole + 1 : whole;
  }

  // ---- POSIX timers

  @Syscall(names = "timer_create", args = "clock, sigevent, out_int")
  public static long timerCreate(Task t, int clockId, long event, long idAddress) {
    Clock clock = Clock.of(t, clockId);
    if (clock == null) {
      return -EINVAL;
    }
    if (clock instanceof Clock.OfMachine machine && !machine.timers()) {
      return -EOPNOTSUPP;
    }
    Task target = null;
    int signal = Signals.SIGALRM;
    Long value = null;
    if (event != 0) {
      int word = t.abi().wordSize();
      Struct s = t.abi().struct(t.memory(), event, word + 12);
      signal = s.i32(word);
      value = s.word(0);
      int notify = s.i32(word + 4);
      switch (notify) {
        case SIGEV_NONE -> signal = 0;
        case SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_SIGNAL | SIGEV_THREAD_ID -> {
          if (!Signals.valid(signal)) {
            return -EINVAL;
          }
          if (notify == SIGEV_THREAD_ID) {
            target = sibling(t, s.i32(word + 8));
          }
        }
        default -> {
          return -EINVAL;
        }
      }
    }
    ProcessTimers timers = t.process().timers();
    long id = timers.create(clock, clockId, target, signal, value);
    if (id >= 0) {
      try {
        t.memory().store32(idAddress, (int) id);
      } catch (dev.vestibule.cpu.GuestFault fault) {
        timers.delete((int) id);
        throw fault;
      }
      return 0;
    }
    return id;
  }

  private static Task sibling(Task t, int tid) {
    Task task = t.machine().task(tid);
    if (task == null || task.process() != t.process()) {
      throw new Failure(EINVAL);
    }
    return task;
  }

  private static PosixTimer posix(Task t, int id) {
    PosixTimer timer = t.process().timers().posix(id);
    if (timer == null) {
      throw new Failure(EINVAL);
    }
    return timer;
  }

  @Syscall(names = "timer_settime", args = "int, timer_flags, itimerspec, out_itimerspec")
  public static long timerSettime(Task t, int id, int flags, long value, long old) {
    return setPosix(t, id, flags, value, old, Form.WORD);
  }

  @Syscall(
      names = "timer_settime64",
      args = "int, timer_flags, itimerspec64, out_itimerspec64",
      since = "5.1")
  public static long timerSettime64(Task t, int id, int flags, long value, long old) {
    return setPosix(t, id, flags, value, old, Form.WIDE);
  }

  private static long setPosix(Task t, int id, int flags, long value, long old, Form form) {
    if (value == 0) {
      return -EINVAL;
    }
    Wanted wanted = wanted(t, value, form);
    boolean absolute = (flags & TIMER_ABSTIME) != 0;
    GuestTimer.Setting before = posix(t, id).set(wanted.first, absolute, wanted.period);
    if (old != 0) {
      store(t, old, before, form);
    }
    return 0;
  }

  @Syscall(names = "timer_gettime", args = "int, out_itimerspec")
  public static long timerGettime(Task t, int id, long value) {
    store(t, value, posix(t, id).setting(), Form.WORD);
    return 0;
  }

  @Syscall(names = "timer_gettime64", args = "int, out_itimerspec64", since = "5.1")
  public static long timerGettime64(Task t, int id, long value) {
    store(t, value, posix(t, id).setting(), Form.WIDE);
    return 0;
  }

  @Syscall(names = "timer_getoverrun", args = "int")
  public static long timerGetoverrun(Task t, int id) {
    return posix(t, id).overrun();
  }

  @Syscall(names = "timer_delete", args = "int")
  public static long timerDelete(Task t, int id) {
    return t.process().timers().delete(id) ? 0 : -EINVAL;
  }

  /** A struct itimerspec that was given. */
  private record Wanted(long first, long period) {}

  private static Wanted wanted(Task t, long address, Form form) {
    long period = GuestTimes.timespec(t, address, form);
    long first = GuestTimes.timespec(t, address + form.size(t.abi()), form);
    return new Wanted(first, period);
  }

  private static void store(Task t, long address, GuestTimer.Setting setting, Form form) {
    GuestTimes.storeTimespec(t, address, form, setting.interval());
    GuestTimes.storeTimespec(t, address + form.size(t.abi()), form, setting.left());
  }

  // ---- timers with a descriptor

  @Syscall(
      names = "timerfd_create",
      args = "clock, timerfd_flags",
      since = "2.6.25",
      result = Syscall.Result.FD)
  public static long timerfdCreate(Task t, int clockId, int flags) {
    int generic = t.abi().openFlags(flags);
    boolean known = (generic & ~(O_NONBLOCK | O_CLOEXEC)) == 0;
    boolean one =
        clockId == Clock.REALTIME || clockId == Clock.MONOTONIC || clockId == Clock.BOOTTIME;
    if (!known || !one || !(Clock.of(t, clockId) instanceof Clock.OfMachine clock)) {
      return -EINVAL;
    }
    TimerFile file = new TimerFile(t.machine(), clock, generic & O_NONBLOCK);
    return Calling.install(t, file, 0, (generic & O_CLOEXEC) != 0);
  }

  @Syscall(
      names = "timerfd_settime",
      args = "fd, timer_flags, itimerspec, out_itimerspec",
      since = "2.6.25")
  public static long timerfdSettime(Task t, int fd, int flags, long value, long old) {
    return setFile(t, fd, flags, value, old, Form.WORD);
  }

  @Syscall(
      names = "timerfd_settime64",
      args = "fd, timer_flags, itimerspec64, out_itimerspec64",
      since = "5.1")
  public static long timerfdSettime64(Task t, int fd, int flags, long value, long old) {
    return setFile(t, fd, flags, value, old, Form.WIDE);
  }

  private static long setFile(Task t, int fd, int flags, long value, long old, Form form) {
    Wanted wanted = wanted(t, value, form);
    if ((flags & ~(TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0) {
      return -EINVAL;
    }
    boolean absolute = (flags & TIMER_ABSTIME) != 0;
    GuestTimer.Setting before =
        onTimer(t, fd, file -> file.set(wanted.first, absolute, wanted.period));
    if (old != 0) {
      store(t, old, before, form);
    }
    return 0;
  }

  @Syscall(names = "timerfd_gettime", args = "fd, out_itimerspec", since = "2.6.25")
  public static long timerfdGettime(Task t, int fd, long value) {
    store(t, value, onTimer(t, fd, TimerFile::setting), Form.WORD);
    return 0;
  }

  @Syscall(names = "timerfd_gettime64", args = "fd, out_itimerspec64", since = "5.1")
  public static long timerfdGettime64(Task t, int fd, long value) {
    store(t, value, onTimer(t, fd, TimerFile::setting), Form.WIDE);
    return 0;
  }

  private interface OnTimer {
    GuestTimer.Setting apply(TimerFile file);
  }

  private static GuestTimer.Setting onTimer(Task t, int fd, OnTimer operation) {
    @Nullable OpenFile file = t.files().get(fd);
    try {
      if (!(file instanceof TimerFile timer)) {
        throw new Failure(EINVAL);
      }
      return operation.apply(timer);
    } finally {
      file.release();
    }
  }
}
