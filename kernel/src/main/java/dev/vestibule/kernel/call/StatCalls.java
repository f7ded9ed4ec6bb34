package dev.vestibule.kernel.call;

import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Place;

/** What a file is: stat(2) and its relatives. */
public final class StatCalls {
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int AT_NO_AUTOMOUNT = 0x800;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int AT_STATX_SYNC = 0x6000;
  private static final int STATX_BASIC_STATS = 0x7ff;
  private static final int STATX_BTIME = 0x800;
  private static final int STATX_RESERVED = 0x80000000;
  private static final long SECOND = 1_000_000_000L;

  private StatCalls() {}

  @Syscall(args = "path, out_stat")
  public static long stat(Task t, long path, long to) {
    t.abi().storeStat(t.memory(), to, status(t, FileTree.AT_FDCWD, path, 0));
    return 0;
  }

  @Syscall(args = "path, out_stat")
  public static long lstat(Task t, long path, long to) {
    t.abi().storeStat(t.memory(), to, status(t, FileTree.AT_FDCWD, path, AT_SYMLINK_NOFOLLOW));
    return 0;
  }

  @Syscall(args = "fd, out_stat")
  public static long fstat(Task t, int fd, long to) {
    t.abi().storeStat(t.memory(), to, status(t, fd));
    return 0;
  }

  @Syscall(args = "path, out_stat64")
  public static long stat64(Task t, long path, long to) {
    t.abi().storeStat64(t.memory(), to, status(t, FileTree.AT_FDCWD, path, 0));
    return 0;
  }

  @Syscall(args = "path, out_stat64")
  public static long lstat64(Task t, long path, long to) {
    t.abi().storeStat64(t.memory(), to, status(t, FileTree.AT_FDCWD, path, AT_SYMLINK_NOFOLLOW));
    return 0;
  }

  @Syscall(args = "fd, out_stat64")
  public static long fstat64(Task t, int fd, long to) {
    t.abi().storeStat64(t.memory(), to, status(t, fd));
    return 0;
  }

  @Syscall(args = "dirfd, path, out_stat, at_flags", since = "2.6.16")
  public static long newfstatat(Task t, int dirfd, long path, long to, int flags) {
    t.abi().storeStat(t.memory(), to, status(t, dirfd, path, flags));
    return 0;
  }

  @Syscall(args = "dirfd, path, out_stat64, at_flags", since = "2.6.16")
  public static long fstatat64(Task t, int dirfd, long path, long to, int flags) {
    t.abi().storeStat64(t.memory(), to, status(t, dirfd, path, flags));
    return 0;
  }

  @Syscall(args = "dirfd, path, at_flags, statx_mask, out_statx", since = "4.11")
  public static long statx(Task t, int dirfd, long path, int flags, int mask, long to) {
    if ((mask & STATX_RESERVED) != 0 || (flags & AT_STATX_SYNC) == AT_STATX_SYNC) {
      return -Errno.EINVAL;
    }
    FileStatus f = status(t, dirfd, path, flags & ~AT_STATX_SYNC);
    Struct s = t.abi().struct(256);
    s.put32(0, STATX_BASIC_STATS | (f.born() != 0 ? STATX_BTIME : 0)).put32(4, f.blockSize());
    s.put32(16, (int) f.links()).put32(20, f.uid()).put32(24, f.gid()).put16(28, f.mode());
    s.put64(32, f.inode()).put64(40, f.size()).put64(48, f.blocks());
    time(s, 64, f.accessed());
    time(s, 80, f.born());
    time(s, 96, f.changed());
    time(s, 112, f.modified());
    device(s, 128, f.rawDevice());
    device(s, 136, f.device());
    s.store(t.memory(), to);
    return 0;
  }

  private static void time(Struct s, int offset, long nanos) {
    s.put64(offset, Math.floorDiv(nanos, SECOND));
    s.put32(offset + 8, (int) Math.floorMod(nanos, SECOND));
  }

  private static void device(Struct s, int offset, long device) {
    s.put32(offset, (int) (device >>> 8 & 0xfff | device >>> 32 & ~0xfffL));
    s.put32(offset + 4, (int) (device & 0xff | device >>> 12 & 0xfff00));
  }

  private static FileStatus status(Task t, int fd) {
    OpenFile file = t.files().get(fd);
    try {
      return file.status(t);
    } finally {
      file.release();
    }
  }

  /** Status of a name, or of a descriptor if the name is empty and AT_EMPTY_PATH is given. */
  private static FileStatus status(Task t, int dirfd, long path, int flags) {
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)) != 0) {
      throw new Failure(Errno.EINVAL);
    }
    String name = GuestText.path(t.memory(), path);
    if (name.isEmpty() && (flags & AT_EMPTY_PATH) != 0 && dirfd != FileTree.AT_FDCWD) {
      return status(t, dirfd);
    }
    String walked = name.isEmpty() && (flags & AT_EMPTY_PATH) != 0 ? "." : name;
    int options = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0 : FileTree.FOLLOW;
    Place place = t.machine().fileTree().find(t, dirfd, walked, options);
    OpenFile open = place.open();
    FileStatus status = place.status();
    if (open != null) {
      status = open.status(t);
      open.release();
    }
    if (status == null) {
      throw new Failure(Errno.ENOENT);
    }
    return status;
  }
}
