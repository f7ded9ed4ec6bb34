package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.call.Calling.with;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.HostFile;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.pipe.PipeEnd;

/** Bytes between files, and their way to the disk: sendfile(2), splice(2), fsync(2) ... */
public final class TransferCalls {
  private static final int BUFFER = 1 << 16;

  private TransferCalls() {}

  // ---- to the disk

  /** Applies a host call to a regular file, directory or device of the host. */
  private static long onHost(Task t, int fd, int otherwise, Calling.OnFile operation) {
    return with(t, fd, f -> f.hostFd() < 0 || !f.seekable() ? -otherwise : operation.apply(f));
  }

  @Syscall(args = "fd")
  public static long fsync(Task t, int fd) {
    return onHost(t, fd, Errno.EINVAL, f -> Libc.syscall(HostCalls.FSYNC, f.hostFd()));
  }

  @Syscall(args = "fd")
  public static long fdatasync(Task t, int fd) {
    return onHost(t, fd, Errno.EINVAL, f -> Libc.syscall(HostCalls.FDATASYNC, f.hostFd()));
  }

  @Syscall
  public static long sync(Task t) {
    Libc.syscall(HostCalls.SYNC);
    return 0;
  }

  @Syscall(args = "fd", since = "2.6.39")
  public static long syncfs(Task t, int fd) {
    return with(t, fd, f -> f.hostFd() < 0 ? 0 : Libc.syscall(HostCalls.SYNCFS, f.hostFd()));
  }

  @Syscall(names = "sync_file_range2", args = "fd, flags, loff, loff", since = "2.6.22")
  public static long syncFileRange(Task t, int fd, int flags, long offset, long count) {
    return onHost(
        t,
        fd,
        Errno.ESPIPE,
        f -> Libc.syscall(HostCalls.SYNC_FILE_RANGE, f.hostFd(), offset, count, flags));
  }

  @Syscall(args = "fd, loff, size, int")
  public static long fadvise64(Task t, int fd, long offset, long length, int advice) {
    return onHost(
        t,
        fd,
        Errno.ESPIPE,
        f -> Libc.syscall(HostCalls.FADVISE64, f.hostFd(), offset, length, advice));
  }

  @Syscall(names = "fadvise64_64", args = "fd, int, loff, loff")
  public static long fadvise6464(Task t, int fd, int advice, long offset, long length) {
    return fadvise64(t, fd, offset, length, advice);
  }

  @Syscall(args = "fd, loff, size")
  public static long readahead(Task t, int fd, long offset, long count) {
    return onHost(
        t, fd, Errno.EINVAL, f -> Libc.syscall(HostCalls.READAHEAD, f.hostFd(), offset, count));
  }

  @Syscall(args = "fd, flags, loff, loff", since = "2.6.23")
  public static long fallocate(Task t, int fd, int mode, long offset, long length) {
    int collapses = 0x08 | 0x20;
    if (offset < 0 || length <= 0) {
      return -Errno.EINVAL;
    }
    if ((mode & collapses) != 0) {
      return -Errno.EOPNOTSUPP;
    }
    return onHost(
        t,
        fd,
        Errno.ESPIPE,
        f ->
            f.writable()
                ? Libc.syscall(HostCalls.FALLOCATE, f.hostFd(), mode, offset, length)
                : -Errno.EBADF);
  }

  // ---- between files

  /** An operation on two open files. */
  private interface OnFiles {
    long apply(OpenFile from, OpenFile to);
  }

  private static long between(Task t, int in, int out, OnFiles operation) {
    return with(t, in, from -> with(t, out, to -> operation.apply(from, to)));
  }

  @Syscall(args = "fd, fd, ptr, size")
  public static long sendfile(Task t, int out, int in, long offset, long count) {
    return send(t, out, in, offset, count, t.abi().wide());
  }

  @Syscall(args = "fd, fd, ptr, size")
  public static long sendfile64(Task t, int out, int in, long offset, long count) {
    return send(t, out, in, offset, count, true);
  }

  private static long send(Task t, int out, int in, long at, long count, boolean wide) {
    return between(
        t,
        in,
        out,
        (from, to) -> {
          if (!from.readable() || !to.writable()) {
            return -Errno.EBADF;
          }
          if (!from.seekable() && at != 0) {
            return -Errno.ESPIPE;
          }
          if (!from.seekable() || (to.flags() & OpenFile.O_APPEND) != 0 || count < 0) {
            return -Errno.EINVAL;
          }
          if (at == 0) {
            return move(t, from, OpenFile.AT_POSITION, to, OpenFile.AT_POSITION, count);
          }
          long offset = wide ? t.memory().load64(at) : t.memory().load32(at);
          if (offset < 0) {
            return -Errno.EINVAL;
          }
          long moved = move(t, from, offset, to, OpenFile.AT_POSITION, count);
          if (moved > 0) {
            store(t, at, offset + moved, wide);
          }
          return moved;
        });
  }

  private static void store(Task t, long at, long offset, boolean wide) {
    if (wide) {
      t.memory().store64(at, offset);
    } else {
      t.memory().store32(at, (int) offset);
    }
  }

  /** Copies bytes between files by way of a buffer; returns how many arrived. */
  private static long move(
      Task t, OpenFile from, long fromOffset, OpenFile to, long toOffset, long count) {
    long buffer = HostMemory.allocate(BUFFER);
    long done = 0;
    try {
      while (done < count) {
        int piece = (int) Math.min(BUFFER, count - done);
        long got =
            from.read(t, IoVector.host(buffer, piece), fromOffset < 0 ? -1 : fromOffset + done);
        if (got <= 0) {
          return done > 0 ? done : got;
        }
        long put =
            to.write(t, IoVector.host(buffer, (int) got), toOffset < 0 ? -1 : toOffset + done);
        if (put < got && fromOffset < 0 && from.seekable()) {
          from.seek(t, Math.max(0, put) - got, 1);
        }
        if (put < 0) {
          return done > 0 ? done : put;
        }
        done += put;
        if (put < got || got < piece) {
          break;
        }
      }
      return done;
    } finally {
      HostMemory.free(buffer);
    }
  }

  @Syscall(names = "copy_file_range", args = "fd, ptr, fd, ptr, size, flags", since = "4.5")
  public static long copyFileRange(
      Task t, int in, long inAt, int out, long outAt, long count, int flags) {
    if (flags != 0) {
      return -Errno.EINVAL;
    }
    return between(
        t,
        in,
        out,
        (from, to) -> {
          if (!from.readable() || !to.writable() || (to.flags() & OpenFile.O_APPEND) != 0) {
            return -Errno.EBADF;
          }
          if (!(from instanceof HostFile a) || !(to instanceof HostFile b)) {
            return -Errno.EINVAL;
          }
          return copy(t, a, inAt, b, outAt, count);
        });
  }

  private static long copy(Task t, HostFile from, long inAt, HostFile to, long outAt, long count) {
    long offsets = HostMemory.allocate(16);
    try {
      if (inAt != 0) {
        HostMemory.putSlot(offsets, t.memory().load64(inAt));
      }
      if (outAt != 0) {
        HostMemory.putSlot(offsets + 8, t.memory().load64(outAt));
      }
      long result =
          Libc.syscall(
              HostCalls.COPY_FILE_RANGE,
              from.hostFd(),
              inAt == 0 ? 0 : offsets,
              to.hostFd(),
              outAt == 0 ? 0 : offsets + 8,
              count,
              0);
      if (result > 0 && inAt != 0) {
        t.memory().store64(inAt, HostMemory.slot(offsets));
      }
      if (result > 0 && outAt != 0) {
        t.memory().store64(outAt, HostMemory.slot(offsets + 8));
      }
      return result;
    } finally {
      HostMemory.free(offsets);
    }
  }

  @Syscall(
      args = "fd, ptr, fd, ptr, size, flags",
      since = "2.6.17",
      level = Support.PARTIAL,
      note = "copies; SPLICE_F_NONBLOCK counts only where the file itself does not block")
  public static long splice(Task t, int in, long inAt, int out, long outAt, long count, int flags) {
    return between(
        t,
        in,
        out,
        (from, to) -> {
          boolean pipeIn = from instanceof PipeEnd;
          boolean pipeOut = to instanceof PipeEnd;
          if (!from.readable() || !to.writable()) {
            return -Errno.EBADF;
          }
          if (!(pipeIn && pipeOut) && (!pipeIn && !pipeOut || count < 0)) {
            return -Errno.EINVAL;
          }
          if (pipeIn && inAt != 0 || pipeOut && outAt != 0) {
            return -Errno.ESPIPE;
          }
          long fromOffset = inAt == 0 ? -1 : t.memory().load64(inAt);
          long toOffset = outAt == 0 ? -1 : t.memory().load64(outAt);
          long most = count < 0 ? BUFFER : Math.min(count, BUFFER);
          long moved = move(t, from, fromOffset, to, toOffset, most);
          if (moved > 0 && inAt != 0) {
            t.memory().store64(inAt, fromOffset + moved);
          }
          if (moved > 0 && outAt != 0) {
            t.memory().store64(outAt, toOffset + moved);
          }
          return moved;
        });
  }

  @Syscall(
      args = "fd, fd, size, flags",
      since = "2.6.17",
      level = Support.PARTIAL,
      note = "does not wait for the first byte")
  public static long tee(Task t, int in, int out, long count, int flags) {
    return between(
        t,
        in,
        out,
        (from, to) -> {
          if (!(from instanceof PipeEnd a) || !(to instanceof PipeEnd b) || a.samePipe(b)) {
            return -Errno.EINVAL;
          }
          byte[] bytes = a.peek(count < 0 ? BUFFER : (int) Math.min(BUFFER, count));
          if (bytes.length == 0) {
            return (a.poll() & OpenFile.POLLHUP) != 0 ? 0 : -Errno.EAGAIN;
          }
          long buffer = HostMemory.allocate(bytes.length);
          try {
            HostMemory.copyIn(bytes, 0, buffer, bytes.length);
            return b.write(t, IoVector.host(buffer, bytes.length), -1);
          } finally {
            HostMemory.free(buffer);
          }
        });
  }

  @Syscall(args = "fd, in_iovec, ulong, flags", since = "2.6.17")
  public static long vmsplice(Task t, int fd, long vector, long count, int flags) {
    return with(
        t,
        fd,
        f -> {
          if (!(f instanceof PipeEnd)) {
            return -Errno.EBADF;
          }
          return f.writable()
              ? f.write(t, Calling.gather(t, vector, count, false), -1)
              : f.read(t, Calling.gather(t, vector, count, true), -1);
        });
  }

  // ---- files without names

  @Syscall(names = "memfd_create", args = "string, flags", since = "3.17", result = Result.FD)
  public static long memfdCreate(Task t, long name, int flags) {
    int cloexec = 1;
    int sealable = 2;
    int huge = 4;
    int hugeSize = 0x3f << 26;
    int noExec = 8;
    int exec = 0x10;
    if ((flags & ~(cloexec | sealable | noExec | exec)) != 0) {
      boolean otherwiseGood =
          (flags & ~(cloexec | sealable | huge | noExec | exec | hugeSize)) == 0;
      return (flags & huge) != 0 && otherwiseGood ? -Errno.ENODEV : -Errno.EINVAL;
    }
    String text = GuestText.path(t.memory(), name);
    if (text.length() > 249) {
      return -Errno.EINVAL;
    }
    HostFile file = HostFile.inMemory(text, flags & sealable | cloexec);
    return Calling.install(t, file, 0, (flags & cloexec) != 0);
  }

  @Syscall(
      names = "name_to_handle_at",
      args = "dirfd, path, ptr, out, at_flags",
      since = "2.6.39",
      level = Support.REFUSED,
      note = "file handles are the host's")
  public static long nameToHandle(Task t, int dirfd, long path, long handle, long id, int flags) {
    return -Errno.EOPNOTSUPP;
  }

  @Syscall(
      names = "open_by_handle_at",
      args = "fd, ptr, open_flags",
      since = "2.6.39",
      level = Support.REFUSED,
      note = "file handles are the host's")
  public static long openByHandle(Task t, int fd, long handle, int flags) {
    return -Errno.EPERM;
  }
}
