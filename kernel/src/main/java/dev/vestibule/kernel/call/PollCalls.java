package dev.vestibule.kernel.call;

import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Resumable;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.poll.Epoll;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.time.GuestTimes;
import dev.vestibule.kernel.time.GuestTimes.Form;
import dev.vestibule.kernel.wait.Wait;
import dev.vestibule.kernel.wait.WaitQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Waiting for many files: poll(2), select(2), epoll_wait(2). */
public final class PollCalls {
  private static final long MILLISECOND = 1_000_000;
  private static final int ALWAYS = OpenFile.POLLERR | OpenFile.POLLHUP;
  private static final int NORMAL_IN = OpenFile.POLLIN | 0x40; // POLLRDNORM
  private static final int NORMAL_OUT = OpenFile.POLLOUT | 0x100; // POLLWRNORM

  private PollCalls() {}

  // ---- time limits and signal masks

  private static long deadlineIn(Task t, long nanos) {
    return GuestTimes.sum(t.machine().time().monotonic(), nanos);
  }

  private static long deadline(Task t, long timespec, Form form) {
    return timespec == 0 ? Wait.FOREVER : deadlineIn(t, GuestTimes.timespec(t, timespec, form));
  }

  private static void storeRest(Task t, long timespec, Form form, long deadline) {
    if (timespec != 0 && deadline != Wait.FOREVER) {
      long rest = Math.max(0, deadline - t.machine().time().monotonic());
      try {
        GuestTimes.storeTimespec(t, timespec, form, rest);
      } catch (RuntimeException readOnly) {
        // As on Linux, a timeout in read-only memory is no error.
      }
    }
  }

  /** Runs a call under another signal mask; an interrupted one keeps it until signals are taken. */
  private static long masked(Task t, long set, long size, LongSupplier call) {
    if (set == 0) {
      return call.getAsLong();
    }
    if (size != 8) {
      return -Errno.EINVAL;
    }
    long mask = SignalCalls.loadSet(t, set);
    synchronized (t.machine().lock()) {
      t.signals().suspendMask(mask);
      Delivery.recalculate(t);
    }
    long result = -Errno.EFAULT;
    try {
      result = call.getAsLong();
    } finally {
      if (result != -Errno.ERESTARTNOHAND && result != -Errno.EINTR) {
        synchronized (t.machine().lock()) {
          t.signals().undoSuspend();
          Delivery.recalculate(t);
        }
      }
    }
    return result;
  }

  /** Sleeps until a look at the files finds something; 0 at the deadline. */
  private static long await(
      Task t, List<OpenFile> files, long deadline, int interrupted, LongSupplier look) {
    long found = look.getAsLong();
    if (found != 0 || deadline != Wait.FOREVER && deadline <= t.machine().time().monotonic()) {
      return found;
    }
    WaitQueue[] queues = files.stream().map(OpenFile::waiters).toArray(WaitQueue[]::new);
    try (Wait wait = Wait.on(t, queues)) {
      while (true) {
        found = look.getAsLong();
        if (found != 0) {
          return found;
        }
        switch (wait.sleepUntil(deadline)) {
          case TIMED_OUT -> {
            return look.getAsLong();
          }
          case INTERRUPTED -> {
            return -interrupted;
          }
          case WOKEN -> {}
        }
      }
    }
  }

  // ---- poll

  @Syscall(args = "pollfds, uint, int")
  public static long poll(Task t, long fds, int count, int timeout) {
    long deadline = timeout < 0 ? Wait.FOREVER : deadlineIn(t, timeout * MILLISECOND);
    return pollUntil(t, fds, count, deadline);
  }

  /** The rest of a poll(2) until a time of CLOCK_MONOTONIC. */
  public static long pollUntil(Task t, long fds, int count, long deadline) {
    long result = pollFiles(t, fds, count, deadline, Errno.EINTR);
    return result == -Errno.EINTR
        ? t.calls().restartLater(Resumable.POLL, fds, count, deadline)
        : result;
  }

  @Syscall(args = "pollfds, uint, timespec, sigset, size", since = "2.6.16")
  public static long ppoll(Task t, long fds, int count, long timeout, long set, long size) {
    return ppoll(t, fds, count, timeout, set, size, Form.WORD);
  }

  @Syscall(names = "ppoll_time64", args = "pollfds, uint, timespec64, sigset, size", since = "5.1")
  public static long ppoll64(Task t, long fds, int count, long timeout, long set, long size) {
    return ppoll(t, fds, count, timeout, set, size, Form.WIDE);
  }

  private static long ppoll(
      Task t, long fds, int count, long timeout, long set, long size, Form form) {
    long deadline = deadline(t, timeout, form);
    return masked(
        t,
        set,
        size,
        () -> {
          long result = pollFiles(t, fds, count, deadline, Errno.ERESTARTNOHAND);
          storeRest(t, timeout, form, deadline);
          return result;
        });
  }

  private static long pollFiles(Task t, long fds, int count, long deadline, int interrupted) {
    int entry = 8;
    if (count < 0 || count > t.process().limits().count(Limits.RLIMIT_NOFILE)) {
      return -Errno.EINVAL;
    }
    Struct array = t.abi().struct(t.memory(), fds, count * entry);
    @Nullable OpenFile[] files = new OpenFile[count];
    List<OpenFile> open = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        int fd = array.i32(i * entry);
        files[i] = fd < 0 ? null : t.files().find(fd);
        OpenFile file = files[i];
        if (file != null) {
          open.add(file);
        }
      }
      long result = await(t, open, deadline, interrupted, () -> look(array, files));
      for (int i = 0; result >= 0 && i < count; i++) {
        t.memory().store16(fds + (long) i * entry + 6, array.u16(i * entry + 6));
      }
      return result;
    } finally {
      open.forEach(OpenFile::release);
    }
  }

  /** Fills in what holds; returns how many entries have something. */
  private static int look(Struct array, @Nullable OpenFile[] files) {
    int found = 0;
    for (int i = 0; i < files.length; i++) {
      int fd = array.i32(i * 8);
      int wanted = array.u16(i * 8 + 4);
      OpenFile file = files[i];
      int holds = fd < 0 ? 0 : OpenFile.POLLNVAL;
      if (file != null) {
        holds = normal(file.poll()) & (wanted | ALWAYS);
      }
      array.put16(i * 8 + 6, holds);
      found += holds != 0 ? 1 : 0;
    }
    return found;
  }

  /** POLLRDNORM goes with POLLIN, POLLWRNORM with POLLOUT. */
  private static int normal(int events) {
    return events
        | ((events & OpenFile.POLLIN) != 0 ? NORMAL_IN : 0)
        | ((events & OpenFile.POLLOUT) != 0 ? NORMAL_OUT : 0);
  }

  // ---- select

  @Syscall(names = "_newselect", args = "int, fd_set, fd_set, fd_set, timeval")
  public static long select(Task t, int n, long in, long out, long except, long timeout) {
    long deadline = timeout == 0 ? Wait.FOREVER : deadlineIn(t, GuestTimes.timeval(t, timeout));
    long result = selectFiles(t, n, in, out, except, deadline);
    if (timeout != 0) {
      long rest = Math.max(0, deadline - t.machine().time().monotonic());
      try {
        GuestTimes.storeTimeval(t, timeout, rest);
      } catch (RuntimeException readOnly) {
        // As on Linux, a timeout in read-only memory is no error.
      }
    }
    return result;
  }

  @Syscall(args = "int, fd_set, fd_set, fd_set, timespec, ptr", since = "2.6.16")
  public static long pselect6(
      Task t, int n, long in, long out, long except, long timeout, long mask) {
    return pselect(t, n, new long[] {in, out, except}, timeout, mask, Form.WORD);
  }

  @Syscall(
      names = "pselect6_time64",
      args = "int, fd_set, fd_set, fd_set, timespec64, ptr",
      since = "5.1")
  public static long pselect64(
      Task t, int n, long in, long out, long except, long timeout, long mask) {
    return pselect(t, n, new long[] {in, out, except}, timeout, mask, Form.WIDE);
  }

  private static long pselect(Task t, int n, long[] sets, long timeout, long mask, Form form) {
    long deadline = deadline(t, timeout, form);
    int word = t.abi().wordSize();
    long set = mask == 0 ? 0 : t.abi().loadWord(t.memory(), mask);
    long size = mask == 0 ? 0 : t.abi().loadWord(t.memory(), mask + word);
    return masked(
        t,
        set,
        size,
        () -> {
          long result = selectFiles(t, n, sets[0], sets[1], sets[2], deadline);
          storeRest(t, timeout, form, deadline);
          return result;
        });
  }

  private static final int[] SELECT_EVENTS = {
    OpenFile.POLLIN | OpenFile.POLLHUP | OpenFile.POLLERR,
    OpenFile.POLLOUT | OpenFile.POLLERR,
    OpenFile.POLLPRI
  };

  private static long selectFiles(Task t, int n, long in, long out, long except, long deadline) {
    if (n < 0) {
      return -Errno.EINVAL;
    }
    int count = Math.min(n, t.files().size());
    long[] addresses = {in, out, except};
    long[][] wanted = new long[3][];
    for (int i = 0; i < 3; i++) {
      wanted[i] = loadSet(t, addresses[i], count);
    }
    List<OpenFile> open = new ArrayList<>();
    @Nullable OpenFile[] files = new OpenFile[count];
    try {
      for (int fd = 0; fd < count; fd++) {
        if (has(wanted[0], fd) || has(wanted[1], fd) || has(wanted[2], fd)) {
          OpenFile file = t.files().get(fd);
          files[fd] = file;
          open.add(file);
        }
      }
      long[][] found = new long[3][(count + 63) / 64];
      long result =
          await(t, open, deadline, Errno.ERESTARTNOHAND, () -> look(files, wanted, found));
      for (int i = 0; result >= 0 && i < 3; i++) {
        storeSet(t, addresses[i], count, found[i]);
      }
      return result;
    } finally {
      open.forEach(OpenFile::release);
    }
  }

  private static boolean has(long[] set, int fd) {
    return set.length > fd >> 6 && (set[fd >> 6] & 1L << (fd & 63)) != 0;
  }

  private static int look(@Nullable OpenFile[] files, long[][] wanted, long[][] found) {
    int count = 0;
    for (int fd = 0; fd < files.length; fd++) {
      OpenFile file = files[fd];
      if (file == null) {
        continue;
      }
      int holds = file.poll();
      for (int i = 0; i < 3; i++) {
        boolean yes = has(wanted[i], fd) && (holds & SELECT_EVENTS[i]) != 0;
        long bit = 1L << (fd & 63);
        found[i][fd >> 6] = found[i][fd >> 6] & ~bit | (yes ? bit : 0);
        count += yes ? 1 : 0;
      }
    }
    return count;
  }

  /** Reads an fd_set: words of the guest, the lowest descriptor in bit 0 of the first. */
  private static long[] loadSet(Task t, long address, int count) {
    if (address == 0) {
      return new long[0];
    }
    long[] set = new long[(count + 63) / 64];
    int word = t.abi().wordSize();
    int bits = word * 8;
    for (int at = 0; at < count; at += bits) {
      long value = t.abi().loadWord(t.memory(), address + at / 8);
      set[at >> 6] |= value << (at & 63);
    }
    return set;
  }

  private static void storeSet(Task t, long address, int count, long[] set) {
    if (address == 0) {
      return;
    }
    int bits = t.abi().wordSize() * 8;
    for (int at = 0; at < count; at += bits) {
      t.abi().storeWord(t.memory(), address + at / 8, set[at >> 6] >>> (at & 63));
    }
  }

  // ---- epoll

  private static final int EPOLL_CTL_ADD = 1;
  private static final int EPOLL_CTL_DEL = 2;
  private static final int EPOLL_CTL_MOD = 3;

  @Syscall(names = "epoll_ctl", args = "fd, epoll_op, fd, epoll_event")
  public static long epollControl(Task t, int epfd, int operation, int fd, long event) {
    int events = 0;
    long data = 0;
    if (operation != EPOLL_CTL_DEL) {
      Struct s = t.abi().struct(t.memory(), event, 16);
      events = s.i32(0);
      data = s.i64(8);
    }
    int wanted = events;
    long cookie = data;
    return Calling.with(
        t,
        epfd,
        e ->
            Calling.with(
                t,
                fd,
                f -> {
                  if (!(e instanceof Epoll epoll)) {
                    return -Errno.EINVAL;
                  }
                  return switch (operation) {
                    case EPOLL_CTL_ADD -> epoll.add(fd, f, wanted, cookie);
                    case EPOLL_CTL_MOD -> epoll.modify(fd, f, wanted, cookie);
                    case EPOLL_CTL_DEL -> epoll.remove(fd, f);
                    default -> -Errno.EINVAL;
                  };
                }));
  }

  @Syscall(names = "epoll_wait", args = "fd, out_epoll_events, int, int")
  public static long epollWait(Task t, int fd, long events, int most, int timeout) {
    long deadline = timeout < 0 ? Wait.FOREVER : deadlineIn(t, timeout * MILLISECOND);
    return wait(t, fd, events, most, deadline);
  }

  @Syscall(
      names = "epoll_pwait",
      args = "fd, out_epoll_events, int, int, sigset, size",
      since = "2.6.19")
  public static long epollPwait(
      Task t, int fd, long events, int most, int timeout, long set, long size) {
    return masked(t, set, size, () -> epollWait(t, fd, events, most, timeout));
  }

  @Syscall(
      names = "epoll_pwait2",
      args = "fd, out_epoll_events, int, timespec64, sigset, size",
      since = "5.11")
  public static long epollPwait2(
      Task t, int fd, long events, int most, long timeout, long set, long size) {
    long deadline = deadline(t, timeout, Form.WIDE);
    return masked(t, set, size, () -> wait(t, fd, events, most, deadline));
  }

  private static long wait(Task t, int fd, long at, int most, long deadline) {
    int size = 16;
    if (most <= 0 || most > Integer.MAX_VALUE / size) {
      return -Errno.EINVAL;
    }
    return Calling.with(
        t,
        fd,
        f -> {
          if (!(f instanceof Epoll epoll)) {
            return -Errno.EINVAL;
          }
          List<Epoll.Event> taken = new ArrayList<>();
          long result =
              await(
                  t,
                  List.of(epoll),
                  deadline,
                  Errno.EINTR,
                  () -> {
                    taken.addAll(epoll.take(most - taken.size()));
                    return taken.size();
                  });
          for (int i = 0; i < taken.size(); i++) {
            Epoll.Event event = taken.get(i);
            Struct s = t.abi().struct(size).put32(0, event.events()).put64(8, event.data());
            s.store(t.memory(), at + (long) i * size);
          }
          return result;
        });
  }
}
