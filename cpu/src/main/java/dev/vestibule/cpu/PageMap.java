package dev.vestibule.cpu;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.LongPredicate;

/**
 * Which host pages of a private mapping has somebody written? Reads /proc/self/pagemap, whose flag
 * bits need no privilege (Documentation/admin-guide/mm/pagemap.rst).
 */
final class PageMap {
  private static final PageMap INSTANCE = new PageMap();
  private static final long PRESENT = 1L << 63;
  private static final long SWAPPED = 1L << 62;
  private static final long FILE_OR_SHARED = 1L << 61;
  private static final long MARKED = 1L << 57; // write-protected by userfaultfd(2)
  private static final int STEP = 1 << 22; // bytes of memory for each read
  private final int fd;

  private PageMap() {
    byte[] name = "/proc/self/pagemap".getBytes(StandardCharsets.US_ASCII);
    long path = HostMemory.allocate(name.length + 1);
    HostMemory.copyIn(name, 0, path, name.length);
    int closeOnExec = 02000000;
    fd = (int) Libc.syscall(HostCalls.OPENAT, -100, path, closeOnExec);
    HostMemory.free(path);
  }

  static PageMap ofThisProcess() {
    return INSTANCE;
  }

  /** Whether the page is the process's own copy, in memory or swapped out. */
  private static boolean isOwn(long entry) {
    return (entry & (PRESENT | SWAPPED)) != 0 && (entry & FILE_OR_SHARED) == 0;
  }

  /** Tells of the runs of pages in [from, to) that are this process's own copies. */
  void ownRuns(long from, long to, Ranges.Visitor visitor) {
    runs(from, to, PageMap::isOwn, visitor);
  }

  /** Tells of the runs of pages in [from, to) whose mark {@link WriteTracking} has not lost. */
  void markedRuns(long from, long to, Ranges.Visitor visitor) {
    runs(from, to, entry -> (entry & MARKED) != 0, visitor);
  }

  private void runs(long from, long to, LongPredicate wanted, Ranges.Visitor visitor) {
    long[] entries = new long[(int) (Math.min(STEP, to - from) >>> GuestMemory.PAGE_SHIFT)];
    long start = -1;
    for (long at = from; at < to; at += STEP) {
      int count = (int) (Math.min(STEP, to - at) >>> GuestMemory.PAGE_SHIFT);
      read(at, entries, count);
      for (int page = 0; page < count; page++) {
        long here = at + ((long) page << GuestMemory.PAGE_SHIFT);
        boolean found = wanted.test(entries[page]);
        if (found && start < 0) {
          start = here;
        } else if (!found && start >= 0) {
          visitor.range(start, here);
          start = -1;
        }
      }
    }
    if (start >= 0) {
      visitor.range(start, to);
    }
  }

  /** Whether any of some consecutive pages is in memory or swapped out. */
  boolean anyPresent(long address, int count) {
    long[] entries = new long[count];
    read(address, entries, count);
    for (long entry : entries) {
      if ((entry & (PRESENT | SWAPPED)) != 0) {
        return true;
      }
    }
    return false;
  }

  /** Reads the entries of consecutive pages; where the host has no page map, all count as own. */
  private void read(long address, long[] entries, int count) {
    long buffer = HostMemory.allocate(count * 8L);
    try {
      long offset = (address >>> GuestMemory.PAGE_SHIFT) * 8;
      long result = Libc.syscall(HostCalls.PREAD64, fd, buffer, count * 8L, offset);
      if (result != count * 8L) {
        Arrays.fill(entries, 0, count, PRESENT);
        return;
      }
      for (int i = 0; i < count; i++) {
        entries[i] = HostMemory.slot(buffer + i * 8L);
      }
    } finally {
      HostMemory.free(buffer);
    }
  }
}
