package dev.vestibule.kernel.memory;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;

/** Zeroed memory that several processes map: MAP_SHARED | MAP_ANONYMOUS, System V shared memory. */
public final class SharedMemory extends Backing {
  private final int fd;
  private final long size;
  private final String path;

  /**
   * @throws Failure ENOMEM or the host's errno
   */
  public SharedMemory(long size, String path) {
    this.size = size;
    this.path = path;
    long name = HostMemory.allocate(16);
    try {
      HostMemory.putSlot(name, 'v');
      int closeOnExec = 1;
      long result = Libc.syscall(HostCalls.MEMFD_CREATE, name, closeOnExec);
      if (result < 0) {
        throw new Failure((int) -result);
      }
      fd = (int) result;
    } finally {
      HostMemory.free(name);
    }
    if (Libc.syscall(HostCalls.FTRUNCATE, fd, size) < 0) {
      Libc.syscall(HostCalls.CLOSE, fd);
      throw new Failure(Errno.ENOMEM);
    }
  }

  @Override
  public int hostFd() {
    return fd;
  }

  @Override
  public boolean hostWritable() {
    return true;
  }

  @Override
  public long size() {
    return size;
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
