package dev.vestibule.kernel.file;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.memory.Backing;
import org.jspecify.annotations.Nullable;

/** A file, directory or device of the host. Regular files and directories never block. */
public final class HostFile extends OpenFile {
  private static final int O_ACCMODE = 3;
  private static final int O_APPEND = 02000;
  private static final int F_SETFL = 4;
  private static final int SEEK_END = 2;

  private final int fd;
  private final String path;
  private final @Nullable HostBacking backing;
  private final FileStatus opened;

  private HostFile(int fd, int flags, String path, FileStatus opened) {
    super(flags);
    this.fd = fd;
    this.path = path;
    this.opened = opened;
    this.backing =
        opened.type() == FileStatus.S_IFREG
            ? new HostBacking(fd, path, (flags & O_ACCMODE) != 0, opened)
            : null;
  }

  /**
   * Takes over a host descriptor.
   *
   * @param path what the guest calls it
   */
  static HostFile of(int fd, int flags, String path) {
    return new HostFile(fd, flags, path, HostTree.statusOf(fd));
  }

  /** What is mapped when the file is; keeps the host descriptor while a mapping lives. */
  private static final class HostBacking extends Backing {
    private final int fd;
    private final String path;
    private final boolean writable;
    private final FileStatus opened;

    HostBacking(int fd, String path, boolean writable, FileStatus opened) {
      this.fd = fd;
      this.path = path;
      this.writable = writable;
      this.opened = opened;
    }

    @Override
    public int hostFd() {
      return fd;
    }

    @Override
    public boolean hostWritable() {
      return writable;
    }

    @Override
    public long size() {
      return HostTree.statusOf(fd).size();
    }

    @Override
    public String path() {
      return path;
    }

    @Override
    public long device() {
      return opened.device();
    }

    @Override
    public long inode() {
      return opened.inode();
    }

    @Override
    public Object identity() {
      return new Identity(opened.device(), opened.inode());
    }

    @Override
    protected void close() {
      HostTree.close(fd);
    }
  }

  /** The same file however it was opened. */
  private record Identity(long device, long inode) {}

  /** The host's descriptor, for operations of the host between files. */
  public int hostFd() {
    return fd;
  }

  @Override
  public FileStatus status(Task task) {
    return HostTree.statusOf(fd);
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    return transfer(to, offset, HostCalls.READ, HostCalls.PREAD64);
  }

  @Override
  public long write(Task task, IoVector from, long offset) {
    return transfer(from, offset, HostCalls.WRITE, HostCalls.PWRITE64);
  }

  private long transfer(IoVector vector, long offset, int call, int positioned) {
    long done = 0;
    for (int i = 0; i < vector.count(); i++) {
      long result =
          offset == AT_POSITION
              ? Libc.syscall(call, fd, vector.address(i), vector.length(i))
              : Libc.syscall(
                  positioned, fd, vector.address(i), vector.length(i), offset + done);
      if (result < 0) {
        return done > 0 ? done : result;
      }
      done += result;
      if (result < vector.length(i)) {
        break;
      }
    }
    return vector.count() == 0 ? Libc.syscall(call, fd, 0, 0) : done;
  }

  @Override
  public long seek(Task task, long offset, int whence) {
    return Libc.syscall(HostCalls.LSEEK, fd, offset, whence);
  }

  /** Size of the file in bytes. */
  public long size() {
    return Libc.syscall(HostCalls.LSEEK, fd, 0, SEEK_END);
  }

  @Override
  public void setFlags(int flags) {
    super.setFlags(flags);
    Libc.syscall(HostCalls.FCNTL, fd, F_SETFL, flags & O_APPEND);
  }

  /** Status when it was opened: the file's type and identity do not change. */
  public FileStatus opened() {
    return opened;
  }

  @Override
  public @Nullable Backing backing() {
    return backing;
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  protected long close() {
    if (backing != null) {
      backing.release();
      return 0;
    }
    return Libc.syscall(HostCalls.CLOSE, fd);
  }
}
