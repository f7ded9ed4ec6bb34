package dev.vestibule.kernel.poll;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.Ioctls;
import dev.vestibule.kernel.file.Place;
import dev.vestibule.kernel.wait.Blocking;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happened to files of the host that are being watched? See inotify(7). The host watches; the
 * guest's numbers of watches are the machine's own, so that they stay when the process goes on in
 * another one.
 */
public final class Inotify extends AnonymousFile {
  /** As many events as Linux keeps unless it is told otherwise: max_queued_events. */
  public static final int MOST_EVENTS = 16384;

  private static final int BUFFER = 1 << 16;
  private static final int HEADER = 16;
  private static final int IN_Q_OVERFLOW = 0x4000;
  private static final int IN_IGNORED = 0x8000;
  private static final int IN_DONT_FOLLOW = 0x0200_0000;
  private static final int IN_MASK_ADD = 0x2000_0000;
  private static final int IN_NONBLOCK = 04000;
  private static final int IN_CLOEXEC = 02000000;
  private static final int FIONREAD = 0x541b;

  private final int fd;
  private final HostWatches watches;

  /** What was taken from the host and not yet read by the guest: after a freeze. */
  private final Deque<FileState.Happened> held = new ArrayDeque<>();

  /**
   * @param flags O_NONBLOCK or 0
   * @throws Failure the host's errno
   */
  public Inotify(int flags) {
    super(flags, "inotify");
    long result = Libc.syscall(HostCalls.INOTIFY_INIT1, IN_NONBLOCK | IN_CLOEXEC);
    if (result < 0) {
      throw new Failure((int) -result);
    }
    fd = (int) result;
    watches = new HostWatches(fd);
    HostPoller.watch(fd, waiters());
  }

  /**
   * One with events that wait to be read; what it watches is yet to be added.
   *
   * @throws Failure the host's errno
   */
  public static Inotify restored(FileState.Notify state) {
    Inotify file = new Inotify(state.flags());
    file.held.addAll(state.events());
    file.watches.continueAt(state.next());
    return file;
  }

  /** Watches what a name means; returns the watch's number. */
  public synchronized long watch(Place place, int mask) {
    if (!place.exists()) {
      return -Errno.ENOENT;
    }
    if (watches.crowded()) {
      drain(); // numbers of those that are gone are needed until that has been told
      watches.forgetGone();
    }
    long host = add(place, mask);
    return host < 0 ? host : watches.put((int) host, place, mask, (mask & IN_MASK_ADD) != 0);
  }

  /**
   * Watches again what a saved watch did, by its number.
   *
   * @return 0 or a negated errno; EEXIST if another watch has the same file
   */
  public synchronized long watch(Place place, FileState.Watch saved) {
    long host = add(place, saved.mask());
    return host < 0 ? host : watches.putAgain((int) host, place, saved);
  }

  private long add(Place place, int mask) {
    return place
        .mount()
        .byHostName(
            place.path(),
            name -> Libc.syscall(HostCalls.INOTIFY_ADD_WATCH, fd, name, mask & ~IN_DONT_FOLLOW));
  }

  public synchronized long unwatch(int watch) {
    int host = watches.host(watch);
    return host < 0 ? -Errno.EINVAL : Libc.syscall(HostCalls.INOTIFY_RM_WATCH, fd, host);
  }

  // ---- events -----------------------------------------------------------------------------------

  @Override
  public long read(Task task, IoVector to, long offset) {
    return Blocking.repeat(task, waiters(), nonBlocking(), () -> readNow(task, to));
  }

  private synchronized long readNow(Task task, IoVector to) {
    int room = Math.min(BUFFER, to.total());
    while (held.isEmpty()) {
      long result = take(room);
      if (result <= 0) {
        return result;
      }
    }
    Struct s = task.abi().struct(room);
    int at = 0;
    while (!held.isEmpty() && size(held.peek()) <= room - at) {
      at += put(held.remove(), s, at);
    }
    return at == 0 ? -Errno.EINVAL : to.put(0, s.bytes(), 0, at);
  }

  /** The size of a struct inotify_event: the name has a NUL and fills up whole headers. */
  private static int size(FileState.Happened event) {
    int name = event.name().length();
    return HEADER + (name == 0 ? 0 : name / HEADER * HEADER + HEADER);
  }

  private static int put(FileState.Happened event, Struct s, int at) {
    int size = size(event);
    s.put32(at, event.watch());
    s.put32(at + 4, event.mask());
    s.put32(at + 8, event.cookie());
    s.put32(at + 12, size - HEADER);
    byte[] name = event.name().getBytes(GuestText.BYTES);
    System.arraycopy(name, 0, s.bytes(), at + HEADER, name.length);
    return size;
  }

  /** Takes events from the host; their bytes, or a negated errno. */
  private long take(int room) {
    long buffer = HostMemory.allocate(Math.max(room, HEADER));
    try {
      long length = Libc.syscall(HostCalls.READ, fd, buffer, room);
      for (long at = buffer; at + HEADER <= buffer + length; ) {
        int name = HostMemory.i32le(at + 12);
        hold(
            HostMemory.i32le(at),
            HostMemory.i32le(at + 4),
            HostMemory.i32le(at + 8),
            name(at + HEADER, name));
        at += HEADER + name;
      }
      return length;
    } finally {
      HostMemory.free(buffer);
    }
  }

  private static String name(long address, int room) {
    int length = 0;
    while (length < room && HostMemory.u8(address + length) != 0) {
      length++;
    }
    byte[] name = new byte[length];
    HostMemory.copyOut(address, name, 0, length);
    return new String(name, GuestText.BYTES);
  }

  private void hold(int host, int mask, int cookie, String name) {
    int watch = (mask & IN_Q_OVERFLOW) != 0 ? -1 : watches.number(host);
    if ((mask & IN_IGNORED) != 0) {
      watches.remove(host);
    }
    if (held.size() < MOST_EVENTS) {
      held.add(new FileState.Happened(watch, mask, cookie, name));
    } else if (held.size() == MOST_EVENTS) {
      held.add(new FileState.Happened(-1, IN_Q_OVERFLOW, 0, ""));
    }
  }

  /** Takes all that the host has. */
  private void drain() {
    while (take(BUFFER) > 0) {}
  }

  @Override
  public synchronized int poll() {
    return held.isEmpty() ? HostPoller.poll(fd, POLLIN) : POLLIN;
  }

  @Override
  public long ioctl(Task task, int request, long argument) {
    if (request != Ioctls.FIONREAD) {
      return -Errno.ENOTTY;
    }
    long value = HostMemory.allocate(16);
    try {
      int bytes;
      synchronized (this) {
        long result = Libc.syscall(HostCalls.IOCTL, fd, FIONREAD, value);
        if (result < 0) {
          return result;
        }
        bytes = HostMemory.i32le(value) + held.stream().mapToInt(Inotify::size).sum();
      }
      task.memory().store32(argument, bytes);
      return 0;
    } finally {
      HostMemory.free(value);
    }
  }

  // ---- freezing ---------------------------------------------------------------------------------

  @Override
  protected synchronized FileState ownState(Task task) {
    drain();
    watches.forgetGone();
    List<FileState.Watch> saved = new ArrayList<>();
    for (HostWatches.Watch watch : watches.all()) {
      FileStatus then = watch.status();
      FileStatus now = status(task.machine().fileTree(), watch.path());
      saved.add(
          new FileState.Watch(
              watch.number(),
              watch.path(),
              watch.mask(),
              then.device(),
              then.inode(),
              then.mode(),
              now != null && now.inode() == then.inode() && now.device() == then.device()));
    }
    return new FileState.Notify(saved, watches.next(), List.copyOf(held), flags());
  }

  private static @Nullable FileStatus status(FileTree files, String path) {
    try {
      return files.at(null, path).status();
    } catch (Failure gone) {
      return null;
    }
  }

  @Override
  protected long close() {
    HostPoller.forget(fd);
    return Libc.syscall(HostCalls.CLOSE, fd);
  }
}
