package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.call.Calling.AT_EMPTY_PATH;
import static dev.vestibule.kernel.call.Calling.AT_FDCWD;
import static dev.vestibule.kernel.call.Calling.AT_SYMLINK_NOFOLLOW;
import static dev.vestibule.kernel.call.Calling.at;
import static dev.vestibule.kernel.call.Calling.following;
import static dev.vestibule.kernel.call.Calling.with;
import static dev.vestibule.kernel.call.Calling.withAny;

import dev.vestibule.declare.Syscall;
import dev.vestibule.host.HostMemory;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Place;
import dev.vestibule.kernel.file.Truncation;
import org.jspecify.annotations.Nullable;

/** What a file is like: its permissions, owner, times, size and file system. */
public final class AttributeCalls {
  private static final long UTIME_NOW = 0x3fffffff;
  private static final long UTIME_OMIT = 0x3ffffffe;
  private static final int MOST_NANOS = 999_999_999;

  private AttributeCalls() {}

  // ---- permissions

  @Syscall(args = "path, access_mode")
  public static long access(Task t, long path, int mode) {
    return faccessat(t, AT_FDCWD, path, mode);
  }

  @Syscall(args = "dirfd, path, access_mode", since = "2.6.16")
  public static long faccessat(Task t, int dirfd, long path, int mode) {
    return faccessat2(t, dirfd, path, mode, 0);
  }

  @Syscall(args = "dirfd, path, access_mode, at_flags", since = "5.8")
  public static long faccessat2(Task t, int dirfd, long path, int mode, int flags) {
    int effective = 0x200;
    if ((mode & ~7) != 0 || (flags & ~(effective | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
      return -Errno.EINVAL;
    }
    if (isEmpty(t, path, flags) && dirfd != AT_FDCWD) {
      return withAny(t, dirfd, f -> allowed(t, f, mode));
    }
    return at(t, dirfd, path, following(flags), p -> allowed(t, p, mode));
  }

  private static long allowed(Task t, Place place, int mode) {
    OpenFile open = place.open();
    return open != null ? allowed(t, open, mode) : place.mount().access(t, place.path(), mode);
  }

  private static long allowed(Task t, OpenFile file, int mode) {
    int execute = 1;
    int anyone = 0111;
    boolean denied = (mode & execute) != 0 && (file.status(t).mode() & anyone) == 0;
    return denied ? -Errno.EACCES : 0;
  }

  private static boolean isEmpty(Task t, long path, int flags) {
    return (flags & AT_EMPTY_PATH) != 0 && t.memory().load8(path) == 0;
  }

  @Syscall(args = "path, mode")
  public static long chmod(Task t, long path, int mode) {
    return fchmodat(t, AT_FDCWD, path, mode);
  }

  @Syscall(args = "dirfd, path, mode", since = "2.6.16")
  public static long fchmodat(Task t, int dirfd, long path, int mode) {
    return at(
        t,
        dirfd,
        path,
        FileTree.FOLLOW,
        p -> {
          OpenFile open = p.open();
          return open != null
              ? open.changeMode(mode & 07777)
              : p.mount().changeMode(p.path(), mode & 07777);
        });
  }

  @Syscall(args = "fd, mode")
  public static long fchmod(Task t, int fd, int mode) {
    return with(t, fd, f -> f.changeMode(mode & 07777));
  }

  @Syscall(args = "path, uid, gid")
  public static long chown(Task t, long path, int uid, int gid) {
    return fchownat(t, AT_FDCWD, path, uid, gid, 0);
  }

  @Syscall(args = "path, uid, gid")
  public static long lchown(Task t, long path, int uid, int gid) {
    return fchownat(t, AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
  }

  @Syscall(args = "dirfd, path, uid, gid, at_flags", since = "2.6.16")
  public static long fchownat(Task t, int dirfd, long path, int uid, int gid, int flags) {
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
      return -Errno.EINVAL;
    }
    if (isEmpty(t, path, flags) && dirfd != AT_FDCWD) {
      return withAny(t, dirfd, f -> f.changeOwner(uid, gid));
    }
    return at(
        t,
        dirfd,
        path,
        following(flags),
        p -> {
          OpenFile open = p.open();
          return open != null
              ? open.changeOwner(uid, gid)
              : p.mount().changeOwner(p.path(), uid, gid);
        });
  }

  @Syscall(args = "fd, uid, gid")
  public static long fchown(Task t, int fd, int uid, int gid) {
    return with(t, fd, f -> f.changeOwner(uid, gid));
  }

  // ---- times

  @Syscall(args = "dirfd, path, timespec, at_flags", since = "2.6.22")
  public static long utimensat(Task t, int dirfd, long path, long times, int flags) {
    int word = t.abi().wordSize();
    return setTimes(t, dirfd, path, flags, times == 0 ? null : pairs(t, times, word, word, 1));
  }

  @Syscall(names = "utimensat_time64", args = "dirfd, path, timespec64, at_flags", since = "5.1")
  public static long utimensat64(Task t, int dirfd, long path, long times, int flags) {
    return setTimes(t, dirfd, path, flags, times == 0 ? null : pairs(t, times, 8, 8, 1));
  }

  @Syscall(args = "dirfd, path, timeval", since = "2.6.16")
  public static long futimesat(Task t, int dirfd, long path, long times) {
    if (times == 0) {
      return setTimes(t, dirfd, path, 0, null);
    }
    int word = t.abi().wordSize();
    long[] pairs = pairs(t, times, word, word, 1);
    for (int i = 1; i < 4; i += 2) {
      if (pairs[i] < 0 || pairs[i] >= 1_000_000) {
        return -Errno.EINVAL;
      }
      pairs[i] *= 1000;
    }
    return setTimes(t, dirfd, path, 0, pairs);
  }

  @Syscall(args = "path, timeval")
  public static long utimes(Task t, long path, long times) {
    return futimesat(t, AT_FDCWD, path, times);
  }

  @Syscall(args = "path, ptr")
  public static long utime(Task t, long path, long times) {
    if (times == 0) {
      return setTimes(t, AT_FDCWD, path, 0, null);
    }
    long accessed = t.abi().loadLong(t.memory(), times);
    long modified = t.abi().loadLong(t.memory(), times + t.abi().wordSize());
    return setTimes(t, AT_FDCWD, path, 0, new long[] {accessed, 0, modified, 0});
  }

  /** Two pairs of seconds and parts of them. */
  private static long[] pairs(Task t, long at, int secondSize, int partSize, int scale) {
    long[] values = new long[4];
    long address = at;
    for (int i = 0; i < 4; i++) {
      int size = (i & 1) == 0 ? secondSize : partSize;
      values[i] = size == 8 ? t.memory().load64(address) : t.memory().load32(address);
      values[i] *= (i & 1) == 0 ? 1 : scale;
      address += size;
    }
    return values;
  }

  private static long setTimes(Task t, int dirfd, long path, int flags, long @Nullable [] pairs) {
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
      return -Errno.EINVAL;
    }
    long[] values = pairs != null ? pairs : new long[] {0, UTIME_NOW, 0, UTIME_NOW};
    for (int i = 1; i < 4; i += 2) {
      boolean special = values[i] == UTIME_NOW || values[i] == UTIME_OMIT;
      if (!special && (values[i] < 0 || values[i] > MOST_NANOS)) {
        return -Errno.EINVAL;
      }
    }
    if (values[1] == UTIME_OMIT && values[3] == UTIME_OMIT) {
      return 0;
    }
    long host = HostMemory.allocate(32);
    try {
      for (int i = 0; i < 4; i++) {
        HostMemory.putSlot(host + 8L * i, values[i]);
      }
      if (path == 0 && dirfd != AT_FDCWD) {
        return with(t, dirfd, f -> f.changeTimes(host));
      }
      if (path == 0) {
        return -Errno.EFAULT;
      }
      if (isEmpty(t, path, flags)) {
        return withAny(t, dirfd, f -> f.changeTimes(host));
      }
      return at(t, dirfd, path, following(flags), p -> changeTimes(p, host));
    } finally {
      HostMemory.free(host);
    }
  }

  private static long changeTimes(Place place, long host) {
    OpenFile open = place.open();
    return open != null ? open.changeTimes(host) : place.mount().changeTimes(place.path(), host);
  }

  // ---- size

  @Syscall(args = "path, long")
  public static long truncate(Task t, long path, long length) {
    if (length < 0) {
      return -Errno.EINVAL;
    }
    return at(
        t,
        AT_FDCWD,
        path,
        FileTree.FOLLOW,
        p -> {
          if (p.isDirectory()) {
            return -Errno.EISDIR;
          }
          OpenFile open = p.open();
          if (open != null) {
            return open.truncate(t, length);
          }
          Truncation.announce(t, p.status(), length);
          return p.mount().truncate(p.path(), length);
        });
  }

  @Syscall(args = "fd, long")
  public static long ftruncate(Task t, int fd, long length) {
    if (length < 0) {
      return -Errno.EINVAL;
    }
    return with(t, fd, f -> f.truncate(t, length));
  }

  @Syscall(args = "path, loff")
  public static long truncate64(Task t, long path, long length) {
    return truncate(t, path, length);
  }

  @Syscall(args = "fd, loff")
  public static long ftruncate64(Task t, int fd, long length) {
    return ftruncate(t, fd, length);
  }

  // ---- file systems

  @Syscall(args = "path, out_statfs")
  public static long statfs(Task t, long path, long to) {
    return at(t, AT_FDCWD, path, FileTree.FOLLOW, p -> store(t, to, fileSystem(t, p), false));
  }

  @Syscall(args = "fd, out_statfs")
  public static long fstatfs(Task t, int fd, long to) {
    return withAny(t, fd, f -> store(t, to, f.fileSystem(), false));
  }

  @Syscall(args = "path, size, out_statfs64")
  public static long statfs64(Task t, long path, long size, long to) {
    if (size != t.abi().statfsSize(true)) {
      return -Errno.EINVAL;
    }
    return at(t, AT_FDCWD, path, FileTree.FOLLOW, p -> store(t, to, fileSystem(t, p), true));
  }

  @Syscall(args = "fd, size, out_statfs64")
  public static long fstatfs64(Task t, int fd, long size, long to) {
    if (size != t.abi().statfsSize(true)) {
      return -Errno.EINVAL;
    }
    return withAny(t, fd, f -> store(t, to, f.fileSystem(), true));
  }

  private static long[] fileSystem(Task t, Place place) {
    OpenFile open = place.open();
    return open != null ? open.fileSystem() : place.mount().fileSystem(t, place.path());
  }

  private static long store(Task t, long to, long[] values, boolean wide) {
    t.abi().storeStatfs(t.memory(), to, values, wide);
    return 0;
  }
}
