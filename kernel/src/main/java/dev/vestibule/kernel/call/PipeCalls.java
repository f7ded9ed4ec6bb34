package dev.vestibule.kernel.call;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.pipe.PipeEnd;
import dev.vestibule.kernel.poll.Epoll;
import dev.vestibule.kernel.poll.EventFile;
import dev.vestibule.kernel.poll.SignalFile;

/** Files without names: pipe(2), eventfd(2), signalfd(2), epoll_create(2). */
public final class PipeCalls {
  private static final int O_CLOEXEC = 02000000;
  private static final int O_NONBLOCK = OpenFile.O_NONBLOCK;

  private PipeCalls() {}

  @Syscall(args = "out_fd_pair")
  public static long pipe(Task t, long fds) {
    return pipe2(t, fds, 0);
  }

  @Syscall(args = "out_fd_pair, pipe_flags", since = "2.6.27")
  public static long pipe2(Task t, long fds, int guestFlags) {
    int flags = t.abi().openFlags(guestFlags);
    if ((flags & ~(O_CLOEXEC | O_NONBLOCK | OpenFile.O_DIRECT)) != 0) {
      return -Errno.EINVAL;
    }
    PipeEnd[] ends = PipeEnd.pair(t, flags & ~O_CLOEXEC);
    return installPair(t, fds, ends[0], ends[1], (flags & O_CLOEXEC) != 0);
  }

  /** Gives two new files descriptors and tells the guest; neither if that fails. */
  static long installPair(Task t, long at, OpenFile first, OpenFile second, boolean cloexec) {
    long a = Calling.install(t, first, 0, cloexec);
    if (a < 0) {
      second.release();
      return a;
    }
    long b = Calling.install(t, second, 0, cloexec);
    if (b < 0) {
      t.files().close((int) a);
      return b;
    }
    try {
      t.memory().storable(at, 8);
    } catch (RuntimeException fault) {
      t.files().close((int) a);
      t.files().close((int) b);
      throw fault;
    }
    t.memory().store32(at, (int) a);
    t.memory().store32(at + 4, (int) b);
    return 0;
  }

  @Syscall(args = "uint", since = "2.6.22", result = Result.FD)
  public static long eventfd(Task t, int initial) {
    return eventfd2(t, initial, 0);
  }

  @Syscall(args = "uint, eventfd_flags", since = "2.6.27", result = Result.FD)
  public static long eventfd2(Task t, int initial, int flags) {
    int semaphore = 1;
    if ((flags & ~(semaphore | O_CLOEXEC | O_NONBLOCK)) != 0) {
      return -Errno.EINVAL;
    }
    EventFile file = new EventFile(initial, (flags & semaphore) != 0, flags & O_NONBLOCK);
    return Calling.install(t, file, 0, (flags & O_CLOEXEC) != 0);
  }

  @Syscall(args = "fd, sigset, size", since = "2.6.22", result = Result.FD)
  public static long signalfd(Task t, int fd, long set, long size) {
    return signalfd4(t, fd, set, size, 0);
  }

  @Syscall(args = "fd, sigset, size, signalfd_flags", since = "2.6.27", result = Result.FD)
  public static long signalfd4(Task t, int fd, long set, long size, int flags) {
    if (size != 8 || (flags & ~(O_CLOEXEC | O_NONBLOCK)) != 0) {
      return -Errno.EINVAL;
    }
    long mask = SignalCalls.loadSet(t, set);
    if (fd == -1) {
      SignalFile file = new SignalFile(t, mask, flags & O_NONBLOCK);
      return Calling.install(t, file, 0, (flags & O_CLOEXEC) != 0);
    }
    return Calling.with(
        t,
        fd,
        f -> {
          if (!(f instanceof SignalFile file)) {
            return -Errno.EINVAL;
          }
          file.setMask(mask);
          return fd;
        });
  }

  @Syscall(names = "epoll_create", args = "int", result = Result.FD)
  public static long epollCreate(Task t, int size) {
    return size <= 0 ? -Errno.EINVAL : epollCreate1(t, 0);
  }

  @Syscall(names = "epoll_create1", args = "epoll_flags", since = "2.6.27", result = Result.FD)
  public static long epollCreate1(Task t, int flags) {
    if ((flags & ~O_CLOEXEC) != 0) {
      return -Errno.EINVAL;
    }
    return Calling.install(t, new Epoll(), 0, flags != 0);
  }
}
