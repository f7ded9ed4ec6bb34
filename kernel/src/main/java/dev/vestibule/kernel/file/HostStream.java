package dev.vestibule.kernel.file;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.pipe.PipeEnd;
import dev.vestibule.kernel.poll.HostPoller;
import dev.vestibule.kernel.tty.HostTerminal;
import dev.vestibule.kernel.tty.TerminalFile;
import dev.vestibule.kernel.wait.Blocking;
import dev.vestibule.kernel.wait.Wait;
import org.jspecify.annotations.Nullable;

/**
 * A pipe, socket or terminal of the host that the JVM was started with.
 *
 * <p>The descriptor is shared with the JVM's parent, so it is never made non-blocking; instead the
 * host is asked before every transfer, and transfers are small enough not to block.
 */
public final class HostStream extends OpenFile {
  private static final int PIECE = 4096;
  private static final int F_GETFL = 3;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int FIONREAD = 0x541b;

  private final int hostFd;
  private final String path;

  private HostStream(int hostFd, int flags, String path) {
    super(flags);
    this.hostFd = hostFd;
    this.path = path;
    HostPoller.watch(hostFd, waiters());
  }

  /** A table with the JVM's own standard streams at 0, 1 and 2. */
  public static FileTable standardTable(Machine machine) {
    FileTable files = new FileTable();
    for (int fd = 0; fd < 3; fd++) {
      OpenFile stream = standard(machine, fd);
      if (stream != null) {
        files.replace(fd, stream, false);
      }
    }
    return files;
  }

  /**
   * Opens one of the JVM's own standard streams.
   *
   * @return null if the JVM was started without it
   */
  public static @Nullable OpenFile standard(Machine machine, int hostFd) {
    int kept = 3 | O_APPEND;
    long flags = Libc.syscall(HostCalls.FCNTL, hostFd, F_GETFL);
    if (flags < 0) {
      return null;
    }
    HostTerminal terminal = machine.terminals().host(hostFd);
    if (terminal != null) {
      return new TerminalFile(terminal, (int) flags & kept, terminal.path(), () -> {})
          .asStream(hostFd);
    }
    int own = (int) HostTree.check(Libc.syscall(HostCalls.FCNTL, hostFd, F_DUPFD_CLOEXEC, 3));
    String path = HostTree.readLinkOf("/proc/self/fd/" + own);
    FileStatus status = HostTree.statusOf(own);
    boolean nullDevice = status.type() == FileStatus.S_IFCHR && status.rawDevice() == 0x103;
    if (status.type() == FileStatus.S_IFREG || nullDevice) {
      return new GivenFile(own, (int) flags & kept, path, status).asStream(hostFd);
    }
    return new HostStream(own, (int) flags & kept, path).asStream(hostFd);
  }

  /** A file that was handed over open: opening it again must not allow more. */
  private static final class GivenFile extends HostFile {
    GivenFile(int fd, int flags, String path, FileStatus opened) {
      super(fd, flags, path, opened);
    }

    @Override
    public OpenFile reopen(Task task, int flags) {
      int truncate = 01000;
      int access = flags & O_ACCMODE;
      boolean reads = access != O_WRONLY;
      boolean writes = access != 0 || (flags & truncate) != 0;
      if (reads && !readable() || writes && !writable()) {
        throw new Failure(Errno.EACCES);
      }
      return super.reopen(task, flags);
    }

    @Override
    public boolean foreign() {
      return true;
    }
  }

  /** The device number of a host descriptor that is a device. */
  public static long rawDevice(int hostFd) {
    return HostTree.statusOf(hostFd).rawDevice();
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    if (to.count() == 0) {
      return 0;
    }
    return Blocking.repeat(
        task,
        waiters(),
        nonBlocking(),
        () ->
            HostPoller.poll(hostFd, POLLIN) == 0
                ? -Errno.EAGAIN
                : Libc.syscall(HostCalls.READ, hostFd, to.address(0), to.length(0)));
  }

  @Override
  public long write(Task task, IoVector from, long offset) {
    long done = 0;
    try (Wait wait = Wait.on(task, waiters())) {
      for (int i = 0; i < from.count(); i++) {
        int at = 0;
        while (at < from.length(i)) {
          long result = writePiece(from.address(i) + at, Math.min(PIECE, from.length(i) - at));
          if (result >= 0) {
            at += (int) result;
            done += result;
            continue;
          }
          if (result == -Errno.EPIPE) {
            PipeEnd.brokenPipe(task);
          }
          if (result != -Errno.EAGAIN || nonBlocking()) {
            return done > 0 ? done : result;
          }
          if (wait.sleep() == Wait.Outcome.INTERRUPTED) {
            return done > 0 ? done : -Errno.ERESTARTSYS;
          }
        }
      }
    }
    return done;
  }

  private long writePiece(long address, int length) {
    return HostPoller.poll(hostFd, POLLOUT) == 0
        ? -Errno.EAGAIN
        : Libc.syscall(HostCalls.WRITE, hostFd, address, length);
  }

  @Override
  public int poll() {
    return HostPoller.poll(hostFd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP);
  }

  @Override
  public long ioctl(Task task, int request, long argument) {
    if (request == Ioctls.FIONREAD) {
      return Libc.syscall(HostCalls.IOCTL, hostFd, FIONREAD, scratchFor(task, argument));
    }
    return -Errno.ENOTTY;
  }

  private static long scratchFor(Task task, long argument) {
    return task.memory().storable(argument, 4);
  }

  @Override
  public int hostFd() {
    return hostFd;
  }

  @Override
  public OpenFile reopen(Task task, int flags) {
    return retain();
  }

  @Override
  public FileStatus status(Task task) {
    return HostTree.statusOf(hostFd);
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  protected long close() {
    HostPoller.forget(hostFd);
    return Libc.syscall(HostCalls.CLOSE, hostFd);
  }
}
