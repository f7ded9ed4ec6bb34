package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.call.Calling.AT_FDCWD;
import static dev.vestibule.kernel.call.Calling.gather;
import static dev.vestibule.kernel.call.Calling.install;
import static dev.vestibule.kernel.call.Calling.with;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Place;
import dev.vestibule.kernel.file.Truncation;
import dev.vestibule.kernel.pipe.PipeEnd;

/** Open files: open(2), read(2), write(2), close(2) and their relatives. */
public final class FileCalls {
  private static final int O_ACCMODE = 3;
  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_TRUNC = 01000;
  private static final int O_DIRECTORY = 0200000;
  private static final int O_NOFOLLOW = 0400000;
  private static final int O_CLOEXEC = 02000000;
  private static final int O_PATH = OpenFile.O_PATH;
  private static final int O_TMPFILE = 020000000 | O_DIRECTORY;
  private static final int O_WRONLY = 1;
  private static final int O_KNOWN =
      O_ACCMODE
          | 0100
          | 0200
          | 0400
          | 01000
          | 02000
          | 04000
          | 010000
          | 020000
          | 040000
          | 0100000
          | O_DIRECTORY
          | O_NOFOLLOW
          | 01000000
          | O_CLOEXEC
          | 04000000
          | O_PATH
          | 020000000;

  private FileCalls() {}

  // ---- opening and closing

  @Syscall(args = "path, open_flags, mode", result = Result.FD)
  public static long open(Task t, long path, int flags, int mode) {
    return openat(t, AT_FDCWD, path, flags, mode);
  }

  @Syscall(args = "path, mode", result = Result.FD)
  public static long creat(Task t, long path, int mode) {
    return open(t, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
  }

  @Syscall(args = "dirfd, path, open_flags, mode", since = "2.6.16", result = Result.FD)
  public static long openat(Task t, int dirfd, long path, int flags, int mode) {
    return open(t, dirfd, path, t.abi().openFlags(flags), mode);
  }

  private static long open(Task t, int dirfd, long path, int flags, int mode) {
    OpenFile file = open(t, dirfd, GuestText.path(t.memory(), path), flags, mode, 0);
    return install(t, file, 0, (flags & O_CLOEXEC) != 0);
  }

  @Syscall(args = "dirfd, path, ptr, size", since = "5.6", result = Result.FD)
  public static long openat2(Task t, int dirfd, long path, long how, long size) {
    int known = 24;
    if (Long.compareUnsigned(size, 4096) > 0) {
      return -Errno.E2BIG;
    }
    if (size < known) {
      return -Errno.EINVAL;
    }
    Struct s = t.abi().struct(t.memory(), how, (int) size);
    for (int i = known; i < size; i++) {
      if (s.u8(i) != 0) {
        return -Errno.E2BIG;
      }
    }
    long mode = s.i64(8);
    long resolve = s.i64(16);
    int flags = t.abi().openFlags((int) s.i64(0));
    boolean creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    boolean path0 = (flags & O_PATH) != 0;
    if (s.i64(0) >>> 32 != 0
        || (flags & ~O_KNOWN) != 0
        || (resolve & ~0x3fL) != 0
        || (mode & ~07777L) != 0
        || mode != 0 && !creates
        || path0 && (flags & ~(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) != 0
        || (resolve & 0x18) == 0x18) {
      return -Errno.EINVAL;
    }
    OpenFile file =
        open(t, dirfd, GuestText.path(t.memory(), path), flags, (int) mode, (int) resolve);
    return install(t, file, 0, (flags & O_CLOEXEC) != 0);
  }

  private static final int RESOLVE_NO_XDEV = 1;
  private static final int RESOLVE_NO_MAGICLINKS = 2;
  private static final int RESOLVE_NO_SYMLINKS = 4;
  private static final int RESOLVE_BENEATH = 8;
  private static final int RESOLVE_IN_ROOT = 0x10;
  private static final int RESOLVE_CACHED = 0x20;

  private static int options(int resolve) {
    return ((resolve & RESOLVE_NO_XDEV) != 0 ? FileTree.SAME_MOUNT : 0)
        | ((resolve & RESOLVE_NO_MAGICLINKS) != 0 ? FileTree.NO_MAGIC : 0)
        | ((resolve & RESOLVE_NO_SYMLINKS) != 0 ? FileTree.NO_LINKS : 0)
        | ((resolve & RESOLVE_BENEATH) != 0 ? FileTree.BENEATH : 0);
  }

  /**
   * Opens a file for a task as open(2) does, but with generic flags and no descriptor.
   *
   * @throws Failure with open(2)'s errors
   */
  public static OpenFile open(Task t, String name, int flags, int mode) {
    return open(t, AT_FDCWD, name, flags, mode, 0);
  }

  /** Opens a name; flags are generic numbers. */
  private static OpenFile open(Task t, int dirfd, String name, int asked, int mode, int resolve) {
    if ((resolve & RESOLVE_CACHED) != 0) {
      throw new Failure(Errno.EAGAIN);
    }
    boolean path = (asked & O_PATH) != 0;
    int flags = path ? asked & (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : asked;
    boolean unnamed = (flags & O_TMPFILE) == O_TMPFILE;
    boolean create = (flags & O_CREAT) != 0;
    if (create && (flags & O_DIRECTORY) != 0 || unnamed && (flags & O_ACCMODE) == 0) {
      throw new Failure(Errno.EINVAL);
    }
    boolean exclusive = create && (flags & O_EXCL) != 0;
    boolean follow = (flags & O_NOFOLLOW) == 0 && !exclusive;
    boolean slash = create && name.endsWith("/");
    int options =
        (follow && !slash ? FileTree.FOLLOW : 0)
            | (create ? FileTree.MAY_CREATE : 0)
            | (slash ? FileTree.ENTRY : 0);
    Place place = find(t, dirfd, name, options | options(resolve), resolve);
    if (slash && (!exclusive || !DirectoryCalls.endsInDots(name))) {
      throw new Failure(Errno.EISDIR);
    }
    FileStatus status = place.status();
    OpenFile already = place.open();
    if (already != null) {
      return reopened(t, already, flags);
    }
    if (status != null) {
      check(status, flags, exclusive, create, unnamed);
    }
    if (status != null && status.type() == FileStatus.S_IFIFO && (flags & O_PATH) == 0) {
      return openFifo(t, place, status, flags);
    }
    if ((flags & O_TRUNC) != 0) {
      Truncation.announce(t, status, 0);
    }
    int bits = mode & 07777 & ~t.fs().umask();
    return place.mount().open(t, place.path(), place.name(), flags, create || unnamed ? bits : 0);
  }

  private static Place find(Task t, int dirfd, String name, int options, int resolve) {
    FileTree tree = t.machine().fileTree();
    if ((resolve & RESOLVE_IN_ROOT) == 0) {
      return tree.find(t, dirfd, name, options);
    }
    Place root = tree.find(t, dirfd, ".", FileTree.FOLLOW);
    return tree.find(t, root.name(), root.name(), name, options | FileTree.NO_MAGIC);
  }

  private static void check(
      FileStatus status, int flags, boolean exclusive, boolean create, boolean unnamed) {
    boolean path = (flags & O_PATH) != 0;
    if (exclusive) {
      throw new Failure(Errno.EEXIST);
    }
    if (status.isLink() && !path) {
      throw new Failure((flags & O_DIRECTORY) != 0 ? Errno.ENOTDIR : Errno.ELOOP);
    }
    if (!status.isDirectory() && (flags & O_DIRECTORY) != 0) {
      throw new Failure(Errno.ENOTDIR);
    }
    if (status.isDirectory() && !unnamed && !path && ((flags & O_ACCMODE) != 0 || create)) {
      throw new Failure(Errno.EISDIR);
    }
    if (status.type() == FileStatus.S_IFSOCK && !path) {
      throw new Failure(Errno.ENXIO);
    }
  }

  private static OpenFile openFifo(Task t, Place place, FileStatus status, int flags) {
    int access = flags & O_ACCMODE;
    int wanted = access == 0 ? 4 : access == O_WRONLY ? 2 : 6;
    long allowed = place.mount().access(t, place.path(), wanted);
    if (allowed < 0) {
      throw new Failure((int) -allowed);
    }
    return PipeEnd.openFifo(t, status, place.name(), flags);
  }

  /** What opening /proc/PID/fd/N gives. */
  private static OpenFile reopened(Task t, OpenFile file, int flags) {
    try {
      return (flags & O_PATH) != 0 ? file.retain() : file.reopen(t, flags);
    } finally {
      file.release();
    }
  }

  @Syscall(args = "fd")
  public static long close(Task t, int fd) {
    return t.files().close(fd);
  }

  @Syscall(names = "close_range", args = "uint, uint, flags", since = "5.9")
  public static long closeRange(Task t, int first, int last, int flags) {
    int unshare = 2;
    int cloexec = 4;
    if ((flags & ~(unshare | cloexec)) != 0 || Integer.compareUnsigned(first, last) > 0) {
      return -Errno.EINVAL;
    }
    if ((flags & unshare) != 0 && t.files().shared()) {
      var own = t.files().copy();
      t.files().leave();
      t.setFiles(own);
    }
    int end = last < 0 ? Integer.MAX_VALUE : last;
    for (int fd = first < 0 ? -1 : t.files().next(first);
        fd >= 0 && fd <= end;
        fd = t.files().next(fd + 1)) {
      if ((flags & cloexec) != 0) {
        t.files().setCloseOnExec(fd, true);
      } else {
        t.files().close(fd);
      }
    }
    return 0;
  }

  @Syscall(args = "fd", result = Result.FD)
  public static long dup(Task t, int fd) {
    return install(t, t.files().get(fd), 0, false);
  }

  @Syscall(args = "fd, fd", result = Result.FD)
  public static long dup2(Task t, int fd, int newFd) {
    if (fd == newFd) {
      t.files().get(fd).release();
      return fd;
    }
    return dup3(t, fd, newFd, 0);
  }

  @Syscall(args = "fd, fd, open_flags", since = "2.6.27", result = Result.FD)
  public static long dup3(Task t, int fd, int newFd, int flags) {
    int generic = t.abi().openFlags(flags);
    if (fd == newFd || (generic & ~O_CLOEXEC) != 0) {
      return -Errno.EINVAL;
    }
    if (newFd < 0 || newFd >= t.process().limits().count(Limits.RLIMIT_NOFILE)) {
      return -Errno.EBADF;
    }
    OpenFile file = t.files().get(fd);
    OpenFile old = t.files().replace(newFd, file, (generic & O_CLOEXEC) != 0);
    if (old != null) {
      old.closedIn(t.files());
      old.release();
    }
    return newFd;
  }

  // ---- reading and writing

  @Syscall(args = "fd, out_buffer, size")
  public static long read(Task t, int fd, long buffer, long size) {
    return with(t, fd, f -> fill(t, f, buffer, size, OpenFile.AT_POSITION));
  }

  @Syscall(args = "fd, in_buffer, size")
  public static long write(Task t, int fd, long buffer, long size) {
    return with(t, fd, f -> empty(t, f, buffer, size, OpenFile.AT_POSITION));
  }

  @Syscall(args = "fd, out_buffer, size, loff")
  public static long pread64(Task t, int fd, long buffer, long size, long offset) {
    return offset < 0 ? -Errno.EINVAL : with(t, fd, f -> fill(t, f, buffer, size, offset));
  }

  @Syscall(args = "fd, in_buffer, size, loff")
  public static long pwrite64(Task t, int fd, long buffer, long size, long offset) {
    return offset < 0 ? -Errno.EINVAL : with(t, fd, f -> empty(t, f, buffer, size, offset));
  }

  private static long fill(Task t, OpenFile file, long buffer, long size, long offset) {
    long error = mayRead(file, offset);
    if (error != 0) {
      return error;
    }
    if (size < 0) { // more than there are addresses
      return -Errno.EFAULT;
    }
    return file.read(t, IoVector.writable(t.memory(), buffer, size), offset);
  }

  private static long empty(Task t, OpenFile file, long buffer, long size, long offset) {
    long error = mayWrite(file, offset);
    if (error != 0) {
      return error;
    }
    if (size < 0) { // more than there are addresses
      return -Errno.EFAULT;
    }
    return file.write(t, IoVector.readable(t.memory(), buffer, size), offset);
  }

  private static long mayRead(OpenFile file, long offset) {
    if (!file.readable()) {
      return -Errno.EBADF;
    }
    return offset != OpenFile.AT_POSITION && !file.seekable() ? -Errno.ESPIPE : 0;
  }

  private static long mayWrite(OpenFile file, long offset) {
    if (!file.writable()) {
      return -Errno.EBADF;
    }
    return offset != OpenFile.AT_POSITION && !file.seekable() ? -Errno.ESPIPE : 0;
  }

  private static long fill(Task t, int fd, long vector, long count, long offset) {
    return with(
        t,
        fd,
        f -> {
          long error = mayRead(f, offset);
          return error != 0 ? error : f.read(t, gather(t, vector, count, true), offset);
        });
  }

  private static long empty(Task t, int fd, long vector, long count, long offset) {
    return with(
        t,
        fd,
        f -> {
          long error = mayWrite(f, offset);
          return error != 0 ? error : f.write(t, gather(t, vector, count, false), offset);
        });
  }

  @Syscall(args = "fd, out_iovec, ulong")
  public static long readv(Task t, int fd, long vector, long count) {
    return fill(t, fd, vector, count, OpenFile.AT_POSITION);
  }

  @Syscall(args = "fd, in_iovec, ulong")
  public static long writev(Task t, int fd, long vector, long count) {
    return empty(t, fd, vector, count, OpenFile.AT_POSITION);
  }

  @Syscall(args = "fd, out_iovec, ulong, ulong, ulong", since = "2.6.30")
  public static long preadv(Task t, int fd, long vector, long count, long low, long high) {
    long offset = offset(t, low, high);
    return offset < 0 ? -Errno.EINVAL : fill(t, fd, vector, count, offset);
  }

  @Syscall(args = "fd, in_iovec, ulong, ulong, ulong", since = "2.6.30")
  public static long pwritev(Task t, int fd, long vector, long count, long low, long high) {
    long offset = offset(t, low, high);
    return offset < 0 ? -Errno.EINVAL : empty(t, fd, vector, count, offset);
  }

  private static final int RWF_KNOWN = 0x1f;

  @Syscall(
      args = "fd, out_iovec, ulong, ulong, ulong, flags",
      since = "4.6",
      level = Syscall.Support.PARTIAL,
      note = "RWF_ flags are hints only")
  public static long preadv2(
      Task t, int fd, long vector, long count, long low, long high, int flags) {
    long offset = offset(t, low, high);
    if ((flags & ~RWF_KNOWN) != 0) {
      return -Errno.EOPNOTSUPP;
    }
    return offset < -1 ? -Errno.EINVAL : fill(t, fd, vector, count, offset);
  }

  @Syscall(
      args = "fd, in_iovec, ulong, ulong, ulong, flags",
      since = "4.6",
      level = Syscall.Support.PARTIAL,
      note = "RWF_ flags are hints only")
  public static long pwritev2(
      Task t, int fd, long vector, long count, long low, long high, int flags) {
    long offset = offset(t, low, high);
    if ((flags & ~RWF_KNOWN) != 0) {
      return -Errno.EOPNOTSUPP;
    }
    return offset < -1 ? -Errno.EINVAL : empty(t, fd, vector, count, offset);
  }

  private static long offset(Task t, long low, long high) {
    return t.abi().wide() ? low : high << 32 | low & 0xffff_ffffL;
  }

  @Syscall(args = "fd, long, whence")
  public static long lseek(Task t, int fd, long offset, int whence) {
    return with(t, fd, f -> f.seek(t, offset, whence));
  }

  @Syscall(names = "_llseek", args = "fd, high_half, uint, out_loff, whence")
  public static long llseek(Task t, int fd, int high, int low, long result, int whence) {
    long offset = (long) high << 32 | low & 0xffff_ffffL;
    long position = with(t, fd, f -> f.seek(t, offset, whence));
    if (position < 0) {
      return position;
    }
    t.memory().store64(result, position);
    return 0;
  }
}
