package dev.vestibule.cpu;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;

/**
 * Can the host tell which pages have been left alone since a moment? By userfaultfd(2) with
 * asynchronous write protection (Linux 6.7, Documentation/admin-guide/mm/userfaultfd.rst): the host
 * marks pages, and takes the mark away at their first write, whoever writes: guest code as machine
 * code, the kernel here, or a system call of the host. Nobody else hears of it. It needs no
 * privilege; where it cannot be had, no page ever counts as left alone.
 */
final class WriteTracking {
  private static final WriteTracking INSTANCE = new WriteTracking();

  private static final int USER_MODE_ONLY = 1;
  private static final int CLOSE_ON_EXEC = 02000000;

  private static final long API = 0xc018aa3fL;
  private static final long REGISTER = 0xc020aa00L;
  private static final long WRITE_PROTECT = 0xc018aa06L;

  private static final long VERSION = 0xaa;
  private static final long SHARED_MEMORY = 1 << 12; // FEATURE_WP_HUGETLBFS_SHMEM
  private static final long ASYNCHRONOUS = 1 << 15; // FEATURE_WP_ASYNC
  private static final long MODE_WRITE_PROTECT = 2; // UFFDIO_REGISTER_MODE_WP
  private static final long PROTECT = 1; // UFFDIO_WRITEPROTECT_MODE_WP

  private final int fd;

  private WriteTracking() {
    long result = Libc.syscall(HostCalls.USERFAULTFD, CLOSE_ON_EXEC | USER_MODE_ONLY);
    if (result >= 0 && request((int) result, API, VERSION, SHARED_MEMORY | ASYNCHRONOUS, 0) < 0) {
      Libc.syscall(HostCalls.CLOSE, result);
      result = -1;
    }
    fd = (int) Math.max(result, -1);
  }

  static WriteTracking ofThisProcess() {
    return INSTANCE;
  }

  /** Whether the host can tell at all. */
  boolean available() {
    return fd >= 0;
  }

  /** Makes marks possible in host mappings; whether they are. */
  boolean register(long address, long length) {
    return fd >= 0 && request(fd, REGISTER, address, length, MODE_WRITE_PROTECT) >= 0;
  }

  /** Marks all pages of a range; whether that was possible. */
  boolean mark(long address, long length) {
    return request(fd, WRITE_PROTECT, address, length, PROTECT) >= 0;
  }

  /** Takes the marks of a range away, all of whose pages have one. */
  void unmark(long from, long to) {
    request(fd, WRITE_PROTECT, from, to - from, 0);
  }

  private static long request(int fd, long number, long first, long second, long third) {
    long words = HostMemory.allocate(32);
    try {
      HostMemory.put64le(words, first);
      HostMemory.put64le(words + 8, second);
      HostMemory.put64le(words + 16, third);
      HostMemory.put64le(words + 24, 0);
      return Libc.syscall(HostCalls.IOCTL, fd, number, words);
    } finally {
      HostMemory.free(words);
    }
  }
}
