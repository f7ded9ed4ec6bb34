package dev.vestibule.kernel.call;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.poll.Inotify;

/** Watching files: inotify(7). */
public final class InotifyCalls {
  private static final int O_CLOEXEC = 02000000;
  private static final int IN_DONT_FOLLOW = 0x0200_0000;

  private InotifyCalls() {}

  @Syscall(names = "inotify_init", since = "2.6.13", result = Result.FD)
  public static long init(Task t) {
    return init1(t, 0);
  }

  @Syscall(names = "inotify_init1", args = "flags", since = "2.6.27", result = Result.FD)
  public static long init1(Task t, int flags) {
    if ((flags & ~(O_CLOEXEC | OpenFile.O_NONBLOCK)) != 0) {
      return -Errno.EINVAL;
    }
    Inotify file = new Inotify(flags & OpenFile.O_NONBLOCK);
    return Calling.install(t, file, 0, (flags & O_CLOEXEC) != 0);
  }

  @Syscall(
      names = "inotify_add_watch",
      args = "fd, path, flags",
      since = "2.6.13",
      level = Support.PARTIAL,
      note = "files of the host only")
  public static long add(Task t, int fd, long path, int mask) {
    int options = (mask & IN_DONT_FOLLOW) != 0 ? 0 : FileTree.FOLLOW;
    return Calling.with(
        t,
        fd,
        f -> {
          if (!(f instanceof Inotify inotify)) {
            return -Errno.EINVAL;
          }
          return Calling.at(t, Calling.AT_FDCWD, path, options, p -> inotify.watch(p, mask));
        });
  }

  @Syscall(names = "inotify_rm_watch", args = "fd, int", since = "2.6.13")
  public static long remove(Task t, int fd, int watch) {
    return Calling.with(
        t, fd, f -> f instanceof Inotify inotify ? inotify.unwatch(watch) : -Errno.EINVAL);
  }
}
