package dev.vestibule.kernel.call;

import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Place;

/** Open files: open(2), read(2), write(2), close(2) and their relatives. */
public final class FileCalls {
  private static final int O_ACCMODE = 3;
  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_TRUNC = 01000;
  private static final int O_DIRECTORY = 0200000;
  private static final int O_NOFOLLOW = 0400000;
  private static final int O_CLOEXEC = 02000000;
  private static final int O_PATH = 010000000;
  private static final int O_WRONLY = 1;
  private static final int IOV_MAX = 1024;

  private FileCalls() {}

  // ---- opening and closing

  @Syscall(args = "path, open_flags, mode", result = Syscall.Result.FD)
  public static long open(Task t, long path, int flags, int mode) {
    return openat(t, FileTree.AT_FDCWD, path, flags, mode);
  }

  @Syscall(args = "path, mode", result = Syscall.Result.FD)
  public static long creat(Task t, long path, int mode) {
    return open(t, FileTree.AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
  }

  @Syscall(
      args = "dirfd, path, open_flags, mode",
      since = "2.6.16",
      result = Syscall.Result.FD)
  public static long openat(Task t, int dirfd, long path, int flags, int mode) {
    return open(t, dirfd, path, t.abi().openFlags(flags), mode);
  }

  private static long open(Task t, int dirfd, long path, int flags, int mode) {
    OpenFile file = open(t, dirfd, GuestText.path(t.memory(), path), flags, mode);
    return install(t, file, 0, (flags & O_CLOEXEC) != 0);
  }

  /** Opens a name; flags are generic numbers. */
  private static OpenFile open(Task t, int dirfd, String name, int flags, int mode) {
    boolean create = (flags & O_CREAT) != 0;
    boolean exclusive = create && (flags & O_EXCL) != 0;
    boolean follow = (flags & O_NOFOLLOW) == 0 && !exclusive;
    int options = (follow ? FileTree.FOLLOW : 0) | (create ? FileTree.MAY_CREATE : 0);
    Place place = t.machine().fileTree().find(t, dirfd, name, options);
    OpenFile already = place.open();
    if (already != null) {
      return already;
    }
    FileStatus status = place.status();
    if (status != null) {
      if (exclusive) {
        throw new Failure(Errno.EEXIST);
      }
      if (status.isLink() && (flags & O_PATH) == 0) {
        throw new Failure(Errno.ELOOP);
      }
      if (status.isDirectory() && ((flags & O_ACCMODE) != 0 || create)) {
        throw new Failure(Errno.EISDIR);
      }
      if (!status.isDirectory() && (flags & O_DIRECTORY) != 0) {
        throw new Failure(Errno.ENOTDIR);
      }
    } else if (name.endsWith("/")) {
      throw new Failure(Errno.EISDIR);
    }
    int bits = mode & 07777 & ~t.fs().umask();
    return place.mount().open(t, place.path(), place.name(), flags, create ? bits : 0);
  }

  /** Gives a new file a descriptor, or closes it if there is none left. */
  static long install(Task t, OpenFile file, int lowest, boolean cloexec) {
    int most = (int) Math.min(Integer.MAX_VALUE, t.process().limits().soft(Limits.RLIMIT_NOFILE));
    int fd = t.files().install(file, lowest, most, cloexec);
    if (fd < 0) {
      file.release();
    }
    return fd;
  }

  @Syscall(args = "fd")
  public static long close(Task t, int fd) {
    OpenFile file = t.files().remove(fd);
    return file == null ? -Errno.EBADF : file.release();
  }

  @Syscall(args = "fd", result = Syscall.Result.FD)
  public static long dup(Task t, int fd) {
    return install(t, t.files().get(fd), 0, false);
  }

  @Syscall(args = "fd, fd", result = Syscall.Result.FD)
  public static long dup2(Task t, int fd, int newFd) {
    if (fd == newFd) {
      t.files().get(fd).release();
      return fd;
    }
    return dup3(t, fd, newFd, 0);
  }

  @Syscall(args = "fd, fd, open_flags", since = "2.6.27", result = Syscall.Result.FD)
  public static long dup3(Task t, int fd, int newFd, int flags) {
    int generic = t.abi().openFlags(flags);
    if (fd == newFd || (generic & ~O_CLOEXEC) != 0) {
      return -Errno.EINVAL;
    }
    if (newFd < 0 || newFd >= t.process().limits().soft(Limits.RLIMIT_NOFILE)) {
      return -Errno.EBADF;
    }
    OpenFile file = t.files().get(fd);
    OpenFile old = t.files().replace(newFd, file, (generic & O_CLOEXEC) != 0);
    if (old != null) {
      old.release();
    }
    return newFd;
  }

  // ---- reading and writing

  /** An operation on an open file. */
  private interface OnFile {
    long apply(OpenFile file);
  }

  private static long with(Task t, int fd, OnFile operation) {
    OpenFile file = t.files().get(fd);
    try {
      return operation.apply(file);
    } finally {
      file.release();
    }
  }

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
    if ((file.flags() & O_ACCMODE) == O_WRONLY || (file.flags() & O_PATH) != 0) {
      return -Errno.EBADF;
    }
    return file.read(t, IoVector.writable(t.memory(), buffer, size), offset);
  }

  private static long empty(Task t, OpenFile file, long buffer, long size, long offset) {
    if ((file.flags() & O_ACCMODE) == 0 || (file.flags() & O_PATH) != 0) {
      return -Errno.EBADF;
    }
    return file.write(t, IoVector.readable(t.memory(), buffer, size), offset);
  }

  @Syscall(args = "fd, out_iovec, ulong")
  public static long readv(Task t, int fd, long vector, long count) {
    return with(t, fd, f -> f.read(t, gather(t, vector, count, true), OpenFile.AT_POSITION));
  }

  @Syscall(args = "fd, in_iovec, ulong")
  public static long writev(Task t, int fd, long vector, long count) {
    return with(t, fd, f -> f.write(t, gather(t, vector, count, false), OpenFile.AT_POSITION));
  }

  /** The stretches of a struct iovec array. */
  static IoVector gather(Task t, long vector, long count, boolean store) {
    if (count < 0 || count > IOV_MAX) {
      throw new Failure(Errno.EINVAL);
    }
    int word = t.abi().wordSize();
    IoVector all = IoVector.empty();
    for (int i = 0; i < count; i++) {
      long at = vector + 2L * word * i;
      long length = t.abi().loadLong(t.memory(), at + word);
      if (length < 0) {
        throw new Failure(Errno.EINVAL);
      }
      all.add(t.memory(), t.abi().loadWord(t.memory(), at), length, store);
    }
    return all;
  }

  @Syscall(args = "fd, long, whence")
  public static long lseek(Task t, int fd, long offset, int whence) {
    return with(t, fd, f -> f.seek(t, offset, whence));
  }

  @Syscall(names = "_llseek", args = "fd, uint, uint, out, whence")
  public static long llseek(Task t, int fd, int high, int low, long result, int whence) {
    long offset = (long) high << 32 | low & 0xffff_ffffL;
    long position = with(t, fd, f -> f.seek(t, offset, whence));
    if (position < 0) {
      return position;
    }
    t.memory().store64(result, position);
    return 0;
  }

  // ---- names

  @Syscall(args = "path, out_buffer, size")
  public static long readlink(Task t, long path, long buffer, int size) {
    return readlinkat(t, FileTree.AT_FDCWD, path, buffer, size);
  }

  @Syscall(args = "dirfd, path, out_buffer, size", since = "2.6.16")
  public static long readlinkat(Task t, int dirfd, long path, long buffer, int size) {
    if (size <= 0) {
      return -Errno.EINVAL;
    }
    Place place =
        t.machine().fileTree().find(t, dirfd, GuestText.path(t.memory(), path), 0);
    if (place.status() == null || !place.status().isLink()) {
      return -Errno.EINVAL;
    }
    String target = place.mount().readLink(t, place.path());
    byte[] bytes = target.getBytes(GuestText.BYTES);
    int length = Math.min(bytes.length, size);
    t.memory().write(buffer, bytes, 0, length);
    return length;
  }

  @Syscall(args = "path, access_mode")
  public static long access(Task t, long path, int mode) {
    return faccessat(t, FileTree.AT_FDCWD, path, mode);
  }

  @Syscall(args = "dirfd, path, access_mode", since = "2.6.16")
  public static long faccessat(Task t, int dirfd, long path, int mode) {
    return faccessat2(t, dirfd, path, mode, 0);
  }

  @Syscall(args = "dirfd, path, access_mode, at_flags", since = "5.8")
  public static long faccessat2(Task t, int dirfd, long path, int mode, int flags) {
    int noFollow = 0x100;
    if ((mode & ~7) != 0) {
      return -Errno.EINVAL;
    }
    int options = (flags & noFollow) != 0 ? 0 : FileTree.FOLLOW;
    Place place =
        t.machine().fileTree().find(t, dirfd, GuestText.path(t.memory(), path), options);
    return place.mount().access(t, place.path(), mode);
  }

  @Syscall(args = "out_buffer, size")
  public static long getcwd(Task t, long buffer, long size) {
    String root = t.fs().root();
    String directory = t.fs().directory();
    String shown =
        directory.startsWith(root) ? directory.substring(root.length()) : "(unreachable)" + directory;
    byte[] bytes = GuestText.bytes(shown.isEmpty() ? "/" : shown);
    if (bytes.length > size) {
      return -Errno.ERANGE;
    }
    t.memory().write(buffer, bytes, 0, bytes.length);
    return bytes.length;
  }

  @Syscall(args = "path")
  public static long chdir(Task t, long path) {
    String name = GuestText.path(t.memory(), path);
    Place place = t.machine().fileTree().find(t, FileTree.AT_FDCWD, name, FileTree.FOLLOW);
    if (!place.isDirectory()) {
      return -Errno.ENOTDIR;
    }
    long allowed = place.mount().access(t, place.path(), 1);
    if (allowed == 0) {
      t.fs().setDirectory(place.name());
    }
    return allowed;
  }

  @Syscall(args = "fd")
  public static long fchdir(Task t, int fd) {
    return with(
        t,
        fd,
        f -> {
          if (!f.status(t).isDirectory()) {
            return -Errno.ENOTDIR;
          }
          t.fs().setDirectory(f.path());
          return 0;
        });
  }

  @Syscall(args = "mode")
  public static long umask(Task t, int mask) {
    return t.fs().setUmask(mask);
  }
}
