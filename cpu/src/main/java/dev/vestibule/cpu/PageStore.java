package dev.vestibule.cpu;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import org.jspecify.annotations.Nullable;

/**
 * Where do the bytes of anonymous memory lie that several address spaces may come to show? A sparse
 * file in the host's memory, counted by the address spaces that have mappings of it.
 */
final class PageStore {
  private static final int PUNCH_HOLE = 3; // FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
  private static final boolean USABLE = !fileSizesAreLimited();

  private final int fd;
  private int users = 1;

  private PageStore(int fd) {
    this.fd = fd;
  }

  /**
   * An empty store with one user.
   *
   * @return null if the host has none to give
   */
  static @Nullable PageStore create(long size) {
    if (!USABLE) {
      return null;
    }
    long name = HostMemory.allocate(16);
    HostMemory.putSlot(name, 'v');
    int closeOnExec = 1;
    long fd = Libc.syscall(HostCalls.MEMFD_CREATE, name, closeOnExec);
    HostMemory.free(name);
    if (fd < 0) {
      return null;
    }
    if (Libc.syscall(HostCalls.FTRUNCATE, fd, size) < 0) {
      Libc.syscall(HostCalls.CLOSE, fd);
      return null;
    }
    return new PageStore((int) fd);
  }

  /** Where RLIMIT_FSIZE is set, a sparse file would end the JVM by SIGXFSZ. */
  private static boolean fileSizesAreLimited() {
    int fileSize = 1;
    long limits = HostMemory.allocate(16);
    try {
      long result = Libc.syscall(HostCalls.PRLIMIT64, 0, fileSize, 0, limits);
      return result < 0 || HostMemory.slot(limits) != -1;
    } finally {
      HostMemory.free(limits);
    }
  }

  int fd() {
    return fd;
  }

  /** Another address space maps it too. */
  synchronized void share() {
    users++;
  }

  /** An address space has no mapping of it any more; the last one gives the memory back. */
  synchronized void leave() {
    if (--users == 0) {
      Libc.syscall(HostCalls.CLOSE, fd);
    }
  }

  /** Whether only one address space maps it. */
  synchronized boolean sole() {
    return users == 1;
  }

  /** Gives the memory of a range back; it reads as zeros then. */
  void punch(long offset, long length) {
    long result = Libc.syscall(HostCalls.FALLOCATE, fd, PUNCH_HOLE, offset, length);
    if (result < 0) {
      throw new OutOfMemoryError("host refuses to discard pages: errno " + -result);
    }
  }

  /**
   * Copies host memory into the store.
   *
   * @return whether all of it went
   */
  boolean write(long hostAddress, long length, long offset) {
    long done = 0;
    while (done < length) {
      long result =
          Libc.syscall(HostCalls.PWRITE64, fd, hostAddress + done, length - done, offset + done);
      if (result <= 0) {
        return false;
      }
      done += result;
    }
    return true;
  }
}
