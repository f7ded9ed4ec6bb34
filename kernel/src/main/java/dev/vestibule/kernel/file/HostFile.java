package dev.vestibule.kernel.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.memory.Backing;

/** A regular file of the host. */
public final class HostFile extends OpenFile {
  private static final int AT_FDCWD = -100;
  private static final int O_CLOEXEC = 02000000;
  private static final int SEEK_END = 2;

  private final HostBacking backing;
  private final String path;

  private HostFile(HostBacking backing, int flags, String path) {
    super(flags);
    this.backing = backing;
    this.path = path;
  }

  /**
   * Opens a host path for reading.
   *
   * @param hostPath bytes as chars
   * @param path what the guest calls it
   * @throws Failure the host's errno
   */
  public static HostFile open(String hostPath, String path) {
    byte[] bytes = hostPath.getBytes(ISO_8859_1);
    long name = HostMemory.allocate(bytes.length + 1);
    HostMemory.copyIn(bytes, 0, name, bytes.length);
    long fd = Libc.syscall(HostCalls.OPENAT, AT_FDCWD, name, O_CLOEXEC);
    HostMemory.free(name);
    if (fd < 0) {
      throw new Failure((int) -fd);
    }
    return new HostFile(new HostBacking((int) fd, path), 0, path);
  }

  private static final class HostBacking extends Backing {
    private final int fd;
    private final String path;

    HostBacking(int fd, String path) {
      this.fd = fd;
      this.path = path;
    }

    @Override
    public int hostFd() {
      return fd;
    }

    @Override
    public boolean hostWritable() {
      return false;
    }

    @Override
    public long size() {
      return Libc.syscall(HostCalls.LSEEK, fd, 0, SEEK_END);
    }

    @Override
    public String path() {
      return path;
    }

    @Override
    protected void close() {
      Libc.syscall(HostCalls.CLOSE, fd);
    }
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    if (offset < 0 || to.count() != 1) {
      return -Errno.EINVAL;
    }
    return Libc.syscall(HostCalls.PREAD64, backing.hostFd(), to.address(0), to.length(0), offset);
  }

  @Override
  public Backing backing() {
    return backing;
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  protected long close() {
    backing.release();
    return 0;
  }
}
