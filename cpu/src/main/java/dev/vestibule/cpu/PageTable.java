package dev.vestibule.cpu;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;

/**
 * What may be done with each page of a window, and does the host enforce it?
 *
 * <p>A byte for each page of 4 KiB says what the interpreter and the kernel may do ({@link
 * GuestMemory#LOAD_OK} and so on). While it is not enforced, the host lets everybody read and write
 * the whole window. Machine code does not ask the table: for it the host's own protection is kept
 * the same, so that an access that is not allowed faults.
 *
 * <p>Whoever asked the table and is overtaken by a change faults as well; then the fault handler
 * gives the page back to the host. It stays so until its next change, which harms nobody but guests
 * that race with their own munmap.
 */
final class PageTable {
  private static final int HOST_NONE = 0;
  private static final int HOST_READ = 1;
  private static final int HOST_READ_WRITE = 3;

  private final long window;
  private final long limit;
  private final long table;
  private boolean empty = true;
  private volatile boolean enforced;

  PageTable(long window, long limit, long table) {
    this.window = window;
    this.limit = limit;
    this.table = table;
  }

  /** Host address of the first byte. */
  long address() {
    return table;
  }

  /** The byte of the page that holds an address within the window. */
  int at(long address) {
    return HostMemory.u8(table + (address >>> GuestMemory.PAGE_SHIFT));
  }

  /** Sets the byte of one page. */
  void set(long address, int entry) {
    put(address, entry);
    if (enforced) {
      protect(address & -GuestMemory.PAGE_SIZE, GuestMemory.PAGE_SIZE, hostProtection(entry));
    }
  }

  /** Sets the byte of one page and leaves the host's protection as it is. */
  void put(long address, int entry) {
    HostMemory.put8(table + (address >>> GuestMemory.PAGE_SHIFT), entry);
  }

  /** Sets the bytes of pages that the host lets everybody read and write: just mapped ones. */
  void fill(long address, long length, int entry) {
    empty = false;
    HostMemory.fill(table + first(address), pages(address, length), entry);
    if (enforced && hostProtection(entry) != HOST_READ_WRITE) {
      protect(address, length, hostProtection(entry));
    }
  }

  /**
   * Clears the bytes of pages whose mapping is about to be replaced, without making the host commit
   * memory for untouched parts of the table.
   */
  void clear(long address, long length) {
    long from = table + first(address);
    long to = from + pages(address, length);
    if (to - from <= 1 << 16) {
      HostMemory.fill(from, to - from, 0);
      return;
    }
    long page = GuestMemory.PAGE_SIZE;
    long innerFrom = from + page - 1 & -page;
    long innerTo = to & -page;
    HostMemory.fill(from, innerFrom - from, 0);
    HostMemory.fill(innerTo, to - innerTo, 0);
    int dontNeed = 4;
    Libc.syscall(HostCalls.MADVISE, innerFrom, innerTo - innerFrom, dontNeed);
  }

  /** How the host shall map a hole. */
  int holeProtection() {
    return enforced ? HOST_NONE : HOST_READ_WRITE;
  }

  // ---- the host's protection --------------------------------------------------------------------

  /**
   * From now on the host enforces what the table says.
   *
   * @param before bytes in front of the window that nobody may touch
   * @param behind bytes behind it
   */
  void enforce(long before, long behind) {
    enforced = true;
    if (empty) {
      protect(-before, before + limit + behind, HOST_NONE);
    } else {
      protect(-before, before, HOST_NONE);
      protect(limit, behind, HOST_NONE);
      apply(0, limit);
    }
  }

  boolean enforced() {
    return enforced;
  }

  /** Brings the host's protection of a range in step with the table, whatever it is now. */
  void apply(long address, long length) {
    if (!enforced) {
      return;
    }
    long end = first(address) + pages(address, length);
    for (long page = first(address); page < end; ) {
      long start = page;
      int protection = hostProtection(HostMemory.u8(table + page));
      do {
        page++;
      } while (page < end && hostProtection(HostMemory.u8(table + page)) == protection);
      protect(start << GuestMemory.PAGE_SHIFT, page - start << GuestMemory.PAGE_SHIFT, protection);
    }
  }

  /** Runs something that reads and writes a range whatever the guest may do there. */
  void open(long address, long length, Runnable action) {
    boolean closed = enforced && !allow(address, length, GuestMemory.STORE_OK);
    if (closed) {
      long from = address & -GuestMemory.PAGE_SIZE;
      protect(from, address + length - from, HOST_READ_WRITE);
    }
    try {
      action.run();
    } finally {
      if (closed) {
        apply(address, length);
      }
    }
  }

  /** Whether all pages of a range allow something. */
  boolean allow(long address, long length, int need) {
    long end = first(address) + pages(address, length);
    for (long page = first(address); page < end; page++) {
      if ((HostMemory.u8(table + page) & need) == 0) {
        return false;
      }
    }
    return true;
  }

  private static int hostProtection(int entry) {
    return (entry & GuestMemory.STORE_OK) != 0
        ? HOST_READ_WRITE
        : (entry & GuestMemory.LOAD_OK) != 0 ? HOST_READ : HOST_NONE;
  }

  private void protect(long address, long length, int protection) {
    long result = Libc.syscall(HostCalls.MPROTECT, window + address, length, protection);
    if (result != 0) {
      throw new OutOfMemoryError("host refuses to protect guest memory: errno " + -result);
    }
  }

  private static long first(long address) {
    return address >>> GuestMemory.PAGE_SHIFT;
  }

  private static long pages(long address, long length) {
    return (address + length + GuestMemory.PAGE_SIZE - 1 >>> GuestMemory.PAGE_SHIFT)
        - first(address);
  }
}
