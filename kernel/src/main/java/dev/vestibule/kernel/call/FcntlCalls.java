package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.call.Calling.install;
import static dev.vestibule.kernel.call.Calling.with;

import dev.vestibule.declare.Syscall;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.FileLocks;
import dev.vestibule.kernel.file.HostFile;
import dev.vestibule.kernel.file.Ioctls;
import dev.vestibule.kernel.file.OpenFile;
import org.jspecify.annotations.Nullable;

/** Descriptors and locks: fcntl(2), flock(2), ioctl(2). */
public final class FcntlCalls {
  private static final int F_DUPFD = 0;
  private static final int F_GETFD = 1;
  private static final int F_SETFD = 2;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int F_GETLK = 5;
  private static final int F_SETLK = 6;
  private static final int F_SETLKW = 7;
  private static final int F_SETOWN = 8;
  private static final int F_GETOWN = 9;
  private static final int F_SETSIG = 10;
  private static final int F_GETSIG = 11;
  private static final int F_GETLK64 = 12;
  private static final int F_SETLK64 = 13;
  private static final int F_SETLKW64 = 14;
  private static final int F_SETOWN_EX = 15;
  private static final int F_GETOWN_EX = 16;
  private static final int F_OFD_GETLK = 36;
  private static final int F_OFD_SETLK = 37;
  private static final int F_OFD_SETLKW = 38;
  private static final int F_SETLEASE = 1024;
  private static final int F_GETLEASE = 1025;
  private static final int F_NOTIFY = 1026;
  private static final int F_DUPFD_QUERY = 1027;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int F_SETPIPE_SZ = 1031;
  private static final int F_GETPIPE_SZ = 1032;
  private static final int F_ADD_SEALS = 1033;
  private static final int F_GET_SEALS = 1034;

  /** O_APPEND, O_NONBLOCK, O_ASYNC, O_DIRECT, O_NOATIME. */
  private static final int CHANGEABLE = 02000 | 04000 | 020000 | 040000 | 01000000;

  /** O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC, O_CLOEXEC: not shown by F_GETFL. */
  private static final int MOMENTARY = 0100 | 0200 | 0400 | 01000 | 02000000;

  private static final int O_LARGEFILE = 0100000;

  private FcntlCalls() {}

  @Syscall(args = "fd, fcntl, long")
  public static long fcntl(Task t, int fd, int command, long argument) {
    return control(t, fd, command, argument, t.abi().wide());
  }

  @Syscall(args = "fd, fcntl, long")
  public static long fcntl64(Task t, int fd, int command, long argument) {
    return switch (command) {
      case F_GETLK64, F_OFD_GETLK, F_SETLK64, F_OFD_SETLK, F_SETLKW64, F_OFD_SETLKW ->
          control(t, fd, command, argument, true);
      default -> control(t, fd, command, argument, false);
    };
  }

  private static long control(Task t, int fd, int command, long argument, boolean wide) {
    OpenFile file = t.files().get(fd);
    try {
      boolean always =
          switch (command) {
            case F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_QUERY -> true;
            default -> false;
          };
      if (!always && (file.flags() & OpenFile.O_PATH) != 0) {
        return -Errno.EBADF;
      }
      return control(t, file, fd, command, argument, wide);
    } finally {
      file.release();
    }
  }

  private static long control(
      Task t, OpenFile file, int fd, int command, long argument, boolean wide) {
    switch (command) {
      case F_DUPFD:
      case F_DUPFD_CLOEXEC:
        if ((int) argument < 0
            || (int) argument >= t.process().limits().count(Limits.RLIMIT_NOFILE)) {
          return -Errno.EINVAL;
        }
        return install(t, file.retain(), (int) argument, command == F_DUPFD_CLOEXEC);
      case F_GETFD:
        return t.files().closeOnExec(fd) ? 1 : 0;
      case F_SETFD:
        t.files().setCloseOnExec(fd, (argument & 1) != 0);
        return 0;
      case F_GETFL:
        int large = t.abi().wide() && (file.flags() & OpenFile.O_PATH) == 0 ? O_LARGEFILE : 0;
        return t.abi().guestOpenFlags(file.flags() & ~MOMENTARY | large) & 0xffff_ffffL;
      case F_SETFL:
        int changed = t.abi().openFlags((int) argument) & CHANGEABLE;
        file.setFlags(file.flags() & ~CHANGEABLE | changed);
        return 0;
      case F_SETOWN:
        file.setOwner((int) argument);
        return 0;
      case F_GETOWN:
        return file.owner();
      case F_SETSIG:
        if (argument < 0 || argument > 64) {
          return -Errno.EINVAL;
        }
        file.setOwnerSignal((int) argument);
        return 0;
      case F_GETSIG:
        return file.ownerSignal();
      case F_SETOWN_EX:
        int kind = t.memory().load32(argument);
        int pid = t.memory().load32(argument + 4);
        file.setOwner(kind == 2 ? -pid : pid);
        return 0;
      case F_GETOWN_EX:
        t.memory().store32(argument, file.owner() < 0 ? 2 : 1);
        t.memory().store32(argument + 4, Math.abs(file.owner()));
        return 0;
      case F_GETLEASE:
        return FileLocks.F_UNLCK;
      case F_SETLEASE:
      case F_NOTIFY:
        return -Errno.EINVAL;
      case F_DUPFD_QUERY:
        OpenFile other = t.files().get((int) argument);
        other.release();
        return other == file ? 1 : 0;
      case F_SETPIPE_SZ:
        return file.setCapacity(t, argument);
      case F_GETPIPE_SZ:
        return file.capacity();
      case F_ADD_SEALS:
      case F_GET_SEALS:
        return file instanceof HostFile host
            ? Libc.syscall(HostCalls.FCNTL, host.hostFd(), command, argument)
            : -Errno.EINVAL;
      default:
        return lock(t, file, command, argument, wide);
    }
  }

  // ---- locks

  private static long lock(Task t, OpenFile file, int command, long at, boolean wide) {
    switch (command) {
      case F_GETLK, F_OFD_GETLK -> {
        return test(t, file, command, at, wide);
      }
      case F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW -> {
        return setLock(t, file, command, at, wide);
      }
      case F_GETLK64 -> {
        return t.abi().wide() ? -Errno.EINVAL : test(t, file, F_GETLK, at, true);
      }
      case F_SETLK64 -> {
        return t.abi().wide() ? -Errno.EINVAL : setLock(t, file, F_SETLK, at, true);
      }
      case F_SETLKW64 -> {
        return t.abi().wide() ? -Errno.EINVAL : setLock(t, file, F_SETLKW, at, true);
      }
      default -> {
        return -Errno.EINVAL;
      }
    }
  }

  private static boolean ofFile(int command) {
    return command >= F_OFD_GETLK && command <= F_OFD_SETLKW;
  }

  private static int size(boolean wide) {
    return wide ? 32 : 16;
  }

  /** struct flock: type, whence, start, length, pid. */
  private static FileLocks.@Nullable Range range(
      Task t, OpenFile file, int command, Struct s, boolean wide) {
    int type = (short) s.u16(0);
    int whence = (short) s.u16(2);
    long start = wide ? s.i64(8) : s.i32(4);
    long length = wide ? s.i64(16) : s.i32(8);
    int pid = s.i32(wide ? 24 : 12);
    long base =
        switch (whence) {
          case 0 -> 0;
          case 1 -> file.seek(t, 0, 1);
          case 2 -> file.status(t).size();
          default -> -1;
        };
    long from = base + start;
    if (length < 0) {
      from += length;
    }
    long last = length == 0 ? Long.MAX_VALUE : from + Math.abs(length) - 1;
    boolean ofd = ofFile(command);
    if (base < 0 || from < 0 || last < from || type < 0 || type > 2 || ofd && pid != 0) {
      return null;
    }
    Object owner = ofd ? file : t.files();
    return new FileLocks.Range(owner, type, from, last, ofd ? -1 : t.process().pid());
  }

  private static long test(Task t, OpenFile file, int command, long at, boolean wide) {
    Struct s = t.abi().struct(t.memory(), at, size(wide));
    FileLocks.Range wanted = range(t, file, command, s, wide);
    if (wanted == null || wanted.type() == FileLocks.F_UNLCK) {
      return -Errno.EINVAL;
    }
    FileLocks.Range found =
        file instanceof HostFile host ? FileLocks.conflict(host.id(), wanted) : null;
    if (found == null) {
      s.put16(0, FileLocks.F_UNLCK);
    } else {
      long length = found.last() == Long.MAX_VALUE ? 0 : found.last() - found.first() + 1;
      s.put16(0, found.type()).put16(2, 0);
      if (wide) {
        s.put64(8, found.first()).put64(16, length).put32(24, found.pid());
      } else {
        s.put32(4, (int) found.first()).put32(8, (int) length).put32(12, found.pid());
      }
    }
    s.store(t.memory(), at);
    return 0;
  }

  private static long setLock(Task t, OpenFile file, int command, long at, boolean wide) {
    Struct s = t.abi().struct(t.memory(), at, size(wide));
    FileLocks.Range wanted = range(t, file, command, s, wide);
    if (wanted == null) {
      return -Errno.EINVAL;
    }
    if (wanted.type() == FileLocks.F_RDLCK && !file.readable()
        || wanted.type() == FileLocks.F_WRLCK && !file.writable()) {
      return -Errno.EBADF;
    }
    if (!(file instanceof HostFile host)) {
      return 0;
    }
    boolean waits = command == F_SETLKW || command == F_OFD_SETLKW;
    return FileLocks.set(t, host.id(), wanted, false, waits);
  }

  @Syscall(args = "fd, int")
  public static long flock(Task t, int fd, int operation) {
    int nonBlocking = 4;
    int type =
        switch (operation & ~nonBlocking) {
          case 1 -> FileLocks.F_RDLCK;
          case 2 -> FileLocks.F_WRLCK;
          case 8 -> FileLocks.F_UNLCK;
          default -> -1;
        };
    if (type < 0) {
      return -Errno.EINVAL;
    }
    return with(
        t,
        fd,
        f -> {
          if (f.hostFd() < 0) {
            return 0;
          }
          FileLocks.Range wanted = new FileLocks.Range(f, type, 0, Long.MAX_VALUE, -1);
          boolean waits = (operation & nonBlocking) == 0;
          return FileLocks.set(t, f.id(), wanted, true, waits);
        });
  }

  // ---- ioctl

  @Syscall(args = "fd, ioctl, ptr")
  public static long ioctl(Task t, int fd, int guestRequest, long argument) {
    int request = t.abi().ioctlRequest(guestRequest);
    return with(
        t,
        fd,
        f -> {
          switch (request) {
            case Ioctls.FIOCLEX, Ioctls.FIONCLEX -> {
              t.files().setCloseOnExec(fd, request == Ioctls.FIOCLEX);
              return 0;
            }
            case Ioctls.FIONBIO -> {
              boolean on = t.memory().load32(argument) != 0;
              int others = f.flags() & ~OpenFile.O_NONBLOCK;
              f.setFlags(on ? others | OpenFile.O_NONBLOCK : others);
              return 0;
            }
            default -> {
              return f.ioctl(t, request, argument);
            }
          }
        });
  }
}
