package dev.vestibule.kernel.poll;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.Ioctls;
import dev.vestibule.kernel.file.Place;
import dev.vestibule.kernel.wait.Blocking;

/** What happened to files of the host that are being watched? See inotify(7). */
public final class Inotify extends AnonymousFile {
  private static final int BUFFER = 1 << 16;
  private static final int HEADER = 16;
  private static final int IN_DONT_FOLLOW = 0x0200_0000;
  private static final int IN_NONBLOCK = 04000;
  private static final int IN_CLOEXEC = 02000000;
  private static final int FIONREAD = 0x541b;

  private final int fd;

  public Inotify(int flags) {
    super(flags, "inotify");
    long result = Libc.syscall(HostCalls.INOTIFY_INIT1, IN_NONBLOCK | IN_CLOEXEC);
    if (result < 0) {
      throw new Failure((int) -result);
    }
    fd = (int) result;
    HostPoller.watch(fd, waiters());
  }

  /** Watches what a name means; returns the watch's number. */
  public long watch(Place place, int mask) {
    return place
        .mount()
        .byHostName(
            place.path(),
            name -> Libc.syscall(HostCalls.INOTIFY_ADD_WATCH, fd, name, mask & ~IN_DONT_FOLLOW));
  }

  public long unwatch(int watch) {
    return Libc.syscall(HostCalls.INOTIFY_RM_WATCH, fd, watch);
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    return Blocking.repeat(task, waiters(), nonBlocking(), () -> readNow(task, to));
  }

  /** The host's events with their four numbers in the guest's byte order. */
  private long readNow(Task task, IoVector to) {
    int room = Math.min(BUFFER, to.total());
    long buffer = HostMemory.allocate(Math.max(room, HEADER));
    try {
      long length = Libc.syscall(HostCalls.READ, fd, buffer, room);
      if (length <= 0) {
        return length;
      }
      Struct s = task.abi().struct((int) length);
      HostMemory.copyOut(buffer, s.bytes(), 0, (int) length);
      int at = 0;
      while (at + HEADER <= length) {
        int name = HostMemory.i32le(buffer + at + 12);
        for (int field = 0; field < HEADER; field += 4) {
          s.put32(at + field, HostMemory.i32le(buffer + at + field));
        }
        at += HEADER + name;
      }
      return to.put(0, s.bytes(), 0, (int) length);
    } finally {
      HostMemory.free(buffer);
    }
  }

  @Override
  public int poll() {
    return HostPoller.poll(fd, POLLIN);
  }

  @Override
  public long ioctl(Task task, int request, long argument) {
    if (request != Ioctls.FIONREAD) {
      return -Errno.ENOTTY;
    }
    long value = HostMemory.allocate(16);
    try {
      long result = Libc.syscall(HostCalls.IOCTL, fd, FIONREAD, value);
      task.memory().store32(argument, HostMemory.i32le(value));
      return result;
    } finally {
      HostMemory.free(value);
    }
  }

  @Override
  protected long close() {
    HostPoller.forget(fd);
    return Libc.syscall(HostCalls.CLOSE, fd);
  }
}
