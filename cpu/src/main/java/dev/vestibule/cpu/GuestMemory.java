package dev.vestibule.cpu;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.io.Closeable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What can a guest process see at an address, and may it?
 *
 * <p>One reserved host window: guest address {@code a} lies at host address {@code window() + a}
 * for 0 ≤ a &lt; {@link #limit()}. Beside it stands a table with one byte per 4 KiB page that says
 * what is mapped and allowed; every access of an interpreter and of the kernel asks it first, so a
 * wild guest pointer becomes a {@link GuestFault}, never a host fault. For the host the whole
 * window is readable and writable, mapped or not: a guest thread that passed the check while
 * another one unmaps the page touches a stray zero page of its own window instead of killing the
 * JVM. Machine code does not ask; for its sake {@link #enforce} makes the host's protection follow
 * the table.
 *
 * <p>Policy (which mappings exist, their names, files and growth) belongs to the kernel; this class
 * only keeps the host's mappings and the table in step. Methods that change mappings are called
 * under the kernel's lock of that address space.
 */
public final class GuestMemory implements Closeable {
  /** Granularity of protection: 4096 bytes. */
  public static final int PAGE_SHIFT = 12;

  public static final int PAGE_SIZE = 1 << PAGE_SHIFT;

  /** Protection bits with mprotect(2)'s values. */
  public static final int PROT_READ = 1;

  public static final int PROT_WRITE = 2;
  public static final int PROT_EXEC = 4;

  // A page's byte: what the fast path may do now, what mprotect(2) allows, and why they differ.
  public static final int LOAD_OK = 1;
  public static final int STORE_OK = 2;
  public static final int FETCH_OK = 4;
  private static final int ALLOW_SHIFT = 3; // PROT_* << 3
  private static final int MAPPED = 1 << 6;
  private static final int SPECIAL = 1 << 7; // CODE or BEYOND; see kind()

  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_FIXED = 0x10;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_NORESERVE = 0x4000;
  private static final int HOST_READ_WRITE = 3;
  private static final int HOLE = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  private static final long GUARD = 1L << 16;

  private final long window;
  private final long span;
  private final long limit;
  private final PageTable pages;
  private final long table;
  private final long reservation;
  private final long addressMask;
  private final boolean bigEndian;
  private volatile CodeWatcher codeWatcher = (from, to) -> {};
  private volatile PageSource pageSource = (address, cause) -> false;
  private final AnonymousPages anonymous;
  private volatile @Nullable Watchpoints watchpoints;
  private @Nullable PageTracking tracking;
  private Runnable whenClosed = () -> {};
  private boolean closed;

  /** Who must hear that translated code has become stale? */
  public interface CodeWatcher {
    /** The bytes of [from, to) are about to change, or are no longer executable. */
    void codeChanged(long from, long to);
  }

  /** Who can still provide a page that an access did not find? */
  @FunctionalInterface
  public interface PageSource {
    /**
     * Maps the page, or makes it accessible: a growing stack, a file that has grown.
     *
     * @param cause UNMAPPED or BEYOND_FILE
     * @return whether the access is worth another look
     */
    boolean provide(long address, GuestFault.Cause cause);
  }

  private GuestMemory(long reservation, long span, long limit, boolean wide, boolean bigEndian) {
    this.reservation = reservation;
    this.span = span;
    this.window = reservation + GUARD;
    this.limit = limit;
    this.table = window + span + GUARD;
    this.pages = new PageTable(window, limit, table);
    this.addressMask = wide ? -1L : 0xffff_ffffL;
    this.bigEndian = bigEndian;
    this.anonymous = new AnonymousPages(window, limit);
  }

  /**
   * Reserves an empty address space.
   *
   * @param limit size in bytes, a multiple of 64 KiB; 2^32 at most for 32-bit guests
   * @param wide whether addresses have 64 bits; otherwise they are truncated to 32
   * @throws OutOfMemoryError if the host has no room for the window
   */
  public static GuestMemory reserve(long limit, boolean wide, boolean bigEndian) {
    long whole = 1L << 32;
    if (!wide && limit < whole) {
      long start = map(reserved(limit, whole));
      if (!failed(start)) {
        return new GuestMemory(start, whole, limit, wide, bigEndian);
      }
    }
    long start = map(reserved(limit, limit));
    if (failed(start)) {
      throw new OutOfMemoryError("no room for a guest address space of " + limit + " bytes");
    }
    return new GuestMemory(start, limit, limit, wide, bigEndian);
  }

  private static long map(long bytes) {
    return Libc.syscall(HostCalls.MMAP, 0, bytes, HOST_READ_WRITE, HOLE, -1, 0);
  }

  private static long reserved(long limit, long span) {
    return GUARD + span + GUARD + (limit >>> PAGE_SHIFT);
  }

  /** Whether the host has room for address spaces of a size now. */
  public static boolean fits(long limit, int count) {
    long most = 1L << 60;
    if (limit > most / count) {
      return false;
    }
    long bytes = reserved(limit, limit) * count;
    long start = map(bytes);
    if (failed(start)) {
      return false;
    }
    Libc.syscall(HostCalls.MUNMAP, start, bytes);
    return true;
  }

  private static boolean failed(long result) {
    return Long.compareUnsigned(result, -4096L) > 0;
  }

  /** Host address of guest address 0; for executors only. */
  public long window() {
    return window;
  }

  /**
   * Whether the window has a host page for every address a 32-bit guest can form, so that what lies
   * beyond {@link #limit} faults there, too; for executors.
   */
  public boolean spansAll() {
    return !wide() && span == 1L << 32;
  }

  /** First guest address beyond the address space. */
  public long limit() {
    return limit;
  }

  public boolean bigEndian() {
    return bigEndian;
  }

  public boolean wide() {
    return addressMask == -1L;
  }

  /** What effective addresses are truncated to; for executors only. */
  public long addressMask() {
    return addressMask;
  }

  /**
   * Makes the host enforce what the table says, for machine code that does not ask it. The caller
   * handles the faults of both: of machine code, and of ours where a change overtook an access.
   *
   * @param whenClosed runs before the window is given back
   */
  public void enforce(Runnable whenClosed) {
    this.whenClosed = whenClosed;
    pages.enforce(GUARD, span - limit + GUARD);
  }

  /** Whether {@link #enforce} has been called. */
  public boolean enforced() {
    return pages.enforced();
  }

  /** Whether a host address lies in the window or in the guards around it. */
  public boolean guards(long hostAddress) {
    return Long.compareUnsigned(hostAddress - reservation, GUARD + span + GUARD) < 0;
  }

  /** Names who hears of changes to pages that were marked by {@link #watchCode}. */
  public void onCodeChange(CodeWatcher watcher) {
    codeWatcher = watcher;
  }

  /** Names who is asked before an access to a missing page becomes a fault. */
  public void onMissingPage(PageSource source) {
    pageSource = source;
  }

  // ---- mappings -------------------------------------------------------------------------------

  /**
   * Maps zeroed private pages over whatever was there.
   *
   * @return 0, or the host's -errno (nothing is mapped there then)
   */
  public int mapAnonymous(long address, long length, int protection) {
    checkRange(address, length);
    replace(address, length);
    pages.clear(address, length);
    boolean dense = (protection & PROT_WRITE) != 0; // what is only reserved is mapped without
    int result = anonymous.map(address, length, dense);
    if (result == 0) {
      setTable(address, length, entry(protection));
    } else {
      punch(address, length);
    }
    return result;
  }

  /**
   * Maps a host file over whatever was there.
   *
   * @param hostFd open for reading; also for writing if {@code shared} and {@code hostWritable}
   * @param offset in bytes, a multiple of the host's page size
   * @return 0, or the host's -errno (nothing is mapped there then)
   */
  public int mapFile(
      long address,
      long length,
      int protection,
      int hostFd,
      long offset,
      boolean shared,
      boolean hostWritable) {
    checkRange(address, length);
    replace(address, length);
    pages.clear(address, length);
    // A shared mapping that can never be written shows the same bytes when mapped privately, and
    // keeps the window writable for the host.
    int flags = shared && hostWritable ? MAP_SHARED : MAP_PRIVATE;
    List<AnonymousPages.Piece> old = anonymous.take(address, length);
    long result =
        Libc.syscall(
            HostCalls.MMAP,
            window + address,
            length,
            HOST_READ_WRITE,
            flags | MAP_FIXED | MAP_NORESERVE,
            hostFd,
            offset);
    anonymous.drop(old);
    if (failed(result)) {
      punch(address, length);
      return (int) result;
    }
    setTable(address, length, entry(protection));
    return 0;
  }

  /** Removes all pages of [address, address + length). */
  public void unmap(long address, long length) {
    checkRange(address, length);
    replace(address, length);
    pages.clear(address, length);
    List<AnonymousPages.Piece> old = anonymous.take(address, length);
    punch(address, length);
    anonymous.drop(old);
  }

  private void punch(long address, long length) {
    long result =
        Libc.syscall(
            HostCalls.MMAP,
            window + address,
            length,
            pages.holeProtection(),
            HOLE | MAP_FIXED,
            -1,
            0);
    if (failed(result)) {
      throw new OutOfMemoryError("host refuses to unmap: errno " + -result);
    }
  }

  /**
   * Prepares for a child that will show this memory, and copies of its own of what either writes.
   *
   * @param quiet whether no other thread can write to this memory until the fork is done
   * @throws OutOfMemoryError if the host refuses to map memory anew
   */
  public MemoryFork fork(boolean quiet) {
    PageTracking tracked = tracking;
    Ranges untouched = tracked == null ? new Ranges() : tracked.beforeFork(quiet);
    List<AnonymousPages.Run> copied = anonymous.freeze(quiet);
    if (pages.enforced()) {
      anonymous.parts(0, limit, (from, to) -> pages.apply(from, to - from));
    }
    if (tracked != null) {
      tracked.afterFork(untouched);
    }
    return new MemoryFork(this, copied);
  }

  AnonymousPages anonymous() {
    return anonymous;
  }

  /** Runs something that reads and writes a range whatever the guest may do there. */
  void open(long address, long length, Runnable action) {
    pages.open(address, length, action);
  }

  /** Sets the table for pages that somebody else has mapped on the host. */
  void show(long address, long length, int protection) {
    setTable(address, length, entry(protection));
  }

  /** Copies the pages that this process wrote from one private mapping of a file to another. */
  public void copyWithin(long from, long to, long length) {
    checkRange(from, length);
    checkRange(to, length);
    replace(to, length);
    anonymous.parts(
        from,
        from + length,
        (start, end) -> {
          mapAnonymous(start + (to - from), end - start, protection(start));
          copyOpen(start, start + (to - from), end - start);
        });
    PageMap.ofThisProcess()
        .ownRuns(
            window + from,
            window + from + length,
            (start, end) -> copyOpen(start - window, start - window + (to - from), end - start));
  }

  private void copyOpen(long from, long to, long length) {
    Runnable copy = () -> HostMemory.copy(window + from, window + to, length);
    open(from, length, () -> open(to, length, copy));
  }

  /** Changes the protection of mapped pages; unmapped pages in the range stay unmapped. */
  public void protect(long address, long length, int protection) {
    checkRange(address, length);
    forgetCode(address, length);
    for (long at = address; at < address + length; at += PAGE_SIZE) {
      int old = pages.at(at);
      if ((old & MAPPED) != 0) {
        pages.put(at, beyondFile(old) ? beyondEntry(protection) : entry(protection));
      }
    }
    pages.apply(address, length);
    watchAgain(address, length);
  }

  /** Whether a page is marked as lying beyond the end of its file. */
  public boolean isBeyondFile(long address) {
    return beyondFile(pages.at(address));
  }

  /**
   * Marks pages as lying beyond the end of their file (accesses become SIGBUS), or back as present.
   */
  public void setBeyondFile(long address, long length, boolean beyond) {
    checkRange(address, length);
    replace(address, length);
    for (long at = address; at < address + length; at += PAGE_SIZE) {
      int old = pages.at(at);
      if ((old & MAPPED) != 0) {
        int protection = (old >>> ALLOW_SHIFT) & 7;
        pages.put(at, beyond ? beyondEntry(protection) : entry(protection));
      }
    }
    pages.apply(address, length);
    watchAgain(address, length);
  }

  /**
   * Moves anonymous pages with their contents and protection; the destination's old pages vanish,
   * the source becomes unmapped. The ranges do not overlap.
   *
   * @throws OutOfMemoryError if the host refuses to map memory anew
   */
  public void move(long from, long to, long length) {
    checkRange(from, length);
    checkRange(to, length);
    replace(from, length);
    replace(to, length);
    byte[] entries = new byte[Math.toIntExact(length >>> PAGE_SHIFT)];
    HostMemory.copyOut(table + (from >>> PAGE_SHIFT), entries, 0, entries.length);
    pages.clear(from, length);
    pages.clear(to, length);
    anonymous.move(from, to, length);
    punch(from, length);
    HostMemory.copyIn(entries, 0, table + (to >>> PAGE_SHIFT), entries.length);
    pages.apply(to, length);
    watchAgain(to, length);
  }

  /** Drops the contents of private pages, as MADV_DONTNEED; file pages show the file again. */
  public void discard(long address, long length) {
    checkRange(address, length);
    replace(address, length);
    pages.open(address, length, () -> anonymous.discard(address, length));
    pages.apply(address, length);
    if (!anonymous.covers(address, address + length)) {
      int dontNeed = 4;
      Libc.syscall(HostCalls.MADVISE, window + address, length, dontNeed);
    }
  }

  /** Whether something is mapped at the page that holds {@code address}. */
  public boolean isMapped(long address) {
    return inside(address) && (pages.at(address) & MAPPED) != 0;
  }

  /** Whether the host holds something for any of {@code count} pages of 4096 bytes. */
  public boolean isResident(long address, int count) {
    long bytes = (long) count << PAGE_SHIFT;
    checkRange(address, bytes);
    return anonymous.covers(address, address + bytes)
        ? anonymous.anyResident(address, count)
        : PageMap.ofThisProcess().anyPresent(window + address, count);
  }

  /** Whether private pages of a range hold anything of the process's own. */
  public boolean hasOwnPages(long address, long length) {
    checkRange(address, length);
    boolean[] found = {false};
    anonymous.parts(
        address,
        address + length,
        (from, to) -> found[0] |= anonymous.anyResident(from, Math.toIntExact(to - from >> 12)));
    if (!found[0] && !anonymous.covers(address, address + length)) {
      PageMap.ofThisProcess()
          .ownRuns(window + address, window + address + length, (from, to) -> found[0] = true);
    }
    return found[0];
  }

  /** The PROT_* bits of the page that holds {@code address}; 0 if unmapped. */
  public int protection(long address) {
    return inside(address) ? (pages.at(address) >>> ALLOW_SHIFT) & 7 : 0;
  }

  private static int entry(int protection) {
    int fast = 0;
    if ((protection & (PROT_READ | PROT_WRITE | PROT_EXEC)) != 0) {
      fast |= LOAD_OK; // Power has no execute-only or write-only pages
    }
    if ((protection & PROT_WRITE) != 0) {
      fast |= STORE_OK;
    }
    if ((protection & PROT_EXEC) != 0) {
      fast |= FETCH_OK;
    }
    return MAPPED | protection << ALLOW_SHIFT | fast;
  }

  private static int beyondEntry(int protection) {
    return MAPPED | SPECIAL | protection << ALLOW_SHIFT;
  }

  private static boolean beyondFile(int entry) {
    return (entry & (SPECIAL | LOAD_OK)) == SPECIAL;
  }

  /** Sets the table for pages that were just mapped. */
  private void setTable(long address, long length, int entry) {
    pages.fill(address, length, entry);
    watchAgain(address, length);
  }

  private void checkRange(long address, long length) {
    if (address < 0 || length <= 0 || address > limit - length || (address & 0xfff) != 0) {
      throw new IllegalArgumentException(
          "range 0x%x+0x%x outside 0x%x".formatted(address, length, limit));
    }
  }

  private boolean inside(long address) {
    return address >= 0 && address < limit;
  }

  /** Which pages are untouched since somebody has begun to ask, or null before. */
  public @Nullable PageTracking tracking() {
    return tracking;
  }

  /** Begins to look anew which pages remain untouched; none is until it is marked. */
  public PageTracking track(String since) {
    PageTracking anew = new PageTracking(this, since);
    tracking = anew;
    return anew;
  }

  // ---- watched data -----------------------------------------------------------------------------

  /** What a debugger watches, or null while nothing is watched. */
  public @Nullable Watchpoints watchpoints() {
    Watchpoints set = watchpoints;
    return set == null || set.none() ? null : set;
  }

  /** What a debugger watches, to be added to. */
  public synchronized Watchpoints watching() {
    Watchpoints set = watchpoints;
    if (set == null) {
      set = new Watchpoints(this);
      watchpoints = set;
    }
    return set;
  }

  /** Brings a page in step with whether something on it is watched. */
  void refresh(long page) {
    if (inside(page)) {
      forgetCode(page, PAGE_SIZE);
      int old = pages.at(page);
      if ((old & MAPPED) != 0 && !beyondFile(old)) {
        pages.put(page, guarded(page, entry((old >>> ALLOW_SHIFT) & 7)));
      }
    }
  }

  /** The page's byte without permission for the fast path if something on it is watched. */
  private int guarded(long at, int entry) {
    Watchpoints set = watchpoints;
    boolean watched = set != null && set.any(at & -PAGE_SIZE, (at & -PAGE_SIZE) + PAGE_SIZE);
    return watched ? entry & ~(LOAD_OK | STORE_OK) : entry;
  }

  /** After the table was set for pages that are mapped. */
  private void watchAgain(long address, long length) {
    Watchpoints set = watchpoints;
    if (set != null) {
      set.refresh(address, address + length);
    }
  }

  // ---- translated code ------------------------------------------------------------------------

  /**
   * Makes stores to the page visible to the code watcher: called before its code is translated.
   * Only pages that may be stored to need it; changes of mappings are always reported.
   */
  void watchCode(long address) {
    if (!inside(address)) {
      return; // the fetch will fault
    }
    int old = pages.at(address);
    boolean watched = (old & LOAD_OK) == 0; // all stores go slowly
    if ((old & MAPPED) != 0 && !watched && (old & SPECIAL) == 0) {
      if ((old & STORE_OK) != 0) {
        pages.set(address, (old | SPECIAL) & ~STORE_OK);
      } else {
        pages.put(address, old | SPECIAL);
      }
      HostMemory.fullFence();
    }
  }

  /** The pages are about to show something else, without being written. */
  private void replace(long address, long length) {
    forgetCode(address, length);
    if (tracking != null) {
      tracking.forget(address, length);
    }
  }

  private void forgetCode(long address, long length) {
    codeWatcher.codeChanged(address, address + length);
  }

  // ---- checked accesses -----------------------------------------------------------------------

  /** Host address of {@code size} readable guest bytes. */
  public long loadable(long address, int size) {
    return checked(address, size, LOAD_OK);
  }

  /** Host address of {@code size} writable guest bytes. */
  public long storable(long address, int size) {
    return checked(address, size, STORE_OK);
  }

  private long checked(long address, int size, int need) {
    long a = address & addressMask;
    if (Long.compareUnsigned(a, limit) < 0
        && (HostMemory.u8(table + (a >>> PAGE_SHIFT)) & need) != 0
        && (a & (PAGE_SIZE - 1)) + size <= PAGE_SIZE) {
      return window + a;
    }
    return checkedSlowly(a, size, need);
  }

  /**
   * Checks every page of an access that the fast path did not allow.
   *
   * @param need one of LOAD_OK, STORE_OK, FETCH_OK
   * @return the host address, contiguous for {@code size} bytes
   * @throws GuestFault naming the first address that is not accessible
   */
  public long checkedSlowly(long address, int size, int need) {
    long a = address & addressMask;
    for (long at = a; ; at = (at & -PAGE_SIZE) + PAGE_SIZE) {
      if (Long.compareUnsigned(at - a, size) >= 0) {
        return window + a;
      }
      if (!inside(at)) {
        throw new GuestFault(at, accessOf(need), GuestFault.Cause.UNMAPPED);
      }
      int entry = pages.at(at);
      if ((entry & need) == 0 && ((entry & MAPPED) == 0 || beyondFile(entry))) {
        GuestFault.Cause cause =
            (entry & MAPPED) == 0 ? GuestFault.Cause.UNMAPPED : GuestFault.Cause.BEYOND_FILE;
        if (pageSource.provide(at, cause)) {
          entry = pages.at(at);
        }
      }
      if ((entry & need) == 0) {
        allowOrFault(at, entry, need);
        Watchpoints set = watchpoints;
        if (set != null) {
          set.check(a, size, need == STORE_OK);
        }
      }
    }
  }

  private void allowOrFault(long at, int entry, int need) {
    if ((entry & MAPPED) == 0) {
      throw new GuestFault(at, accessOf(need), GuestFault.Cause.UNMAPPED);
    }
    if (beyondFile(entry)) {
      throw new GuestFault(at, accessOf(need), GuestFault.Cause.BEYOND_FILE);
    }
    int protection = (entry >>> ALLOW_SHIFT) & 7;
    if ((entry(protection) & need) == 0) {
      throw new GuestFault(at, accessOf(need), GuestFault.Cause.FORBIDDEN);
    }
    long page = at & -PAGE_SIZE;
    if (need == STORE_OK) {
      codeWatcher.codeChanged(page, page + PAGE_SIZE);
      pages.set(at, guarded(at, (entry & ~SPECIAL) | STORE_OK));
    }
  }

  private static Access accessOf(int need) {
    return switch (need) {
      case STORE_OK -> Access.STORE;
      case FETCH_OK -> Access.FETCH;
      default -> Access.LOAD;
    };
  }

  public int load8(long address) {
    return HostMemory.u8(loadable(address, 1));
  }

  public int load16(long address) {
    long at = loadable(address, 2);
    return (bigEndian ? HostMemory.s16be(at) : HostMemory.s16le(at)) & 0xffff;
  }

  public int load32(long address) {
    long at = loadable(address, 4);
    return bigEndian ? HostMemory.i32be(at) : HostMemory.i32le(at);
  }

  public long load64(long address) {
    long at = loadable(address, 8);
    return bigEndian ? HostMemory.i64be(at) : HostMemory.i64le(at);
  }

  public void store8(long address, int value) {
    HostMemory.put8(storable(address, 1), value);
  }

  public void store16(long address, int value) {
    long at = storable(address, 2);
    if (bigEndian) {
      HostMemory.put16be(at, value);
    } else {
      HostMemory.put16le(at, value);
    }
  }

  public void store32(long address, int value) {
    long at = storable(address, 4);
    if (bigEndian) {
      HostMemory.put32be(at, value);
    } else {
      HostMemory.put32le(at, value);
    }
  }

  public void store64(long address, long value) {
    long at = storable(address, 8);
    if (bigEndian) {
      HostMemory.put64be(at, value);
    } else {
      HostMemory.put64le(at, value);
    }
  }

  /** Fetches one 32-bit instruction word. */
  public int fetch32(long address) {
    long at = checked(address, 4, FETCH_OK);
    return bigEndian ? HostMemory.i32be(at) : HostMemory.i32le(at);
  }

  /** Copies guest bytes out; throws before anything is copied if any byte is unreadable. */
  public void read(long address, byte[] to, int offset, int length) {
    if (length > 0) {
      HostMemory.copyOut(loadable(address, length), to, offset, length);
    }
  }

  /** Copies bytes into the guest; throws before anything is copied if any byte is unwritable. */
  public void write(long address, byte[] from, int offset, int length) {
    if (length > 0) {
      HostMemory.copyIn(from, offset, storable(address, length), length);
    }
  }

  /** Writes into mapped pages whatever their protection is: program loading and debuggers. */
  public void poke(long address, byte[] from, int offset, int length) {
    checkMapped(address, length);
    if (length > 0) {
      open(address, length, () -> HostMemory.copyIn(from, offset, window + address, length));
      codeWatcher.codeChanged(
          address & -PAGE_SIZE, (address + length + PAGE_SIZE - 1) & -PAGE_SIZE);
    }
  }

  /** Reads mapped pages whatever their protection is: debuggers and core files. */
  public void peek(long address, byte[] to, int offset, int length) {
    checkMapped(address, length);
    if (length > 0 && pages.allow(address, length, LOAD_OK)) {
      HostMemory.copyOut(window + address, to, offset, length);
    } else if (length > 0) {
      open(address, length, () -> HostMemory.copyOut(window + address, to, offset, length));
    }
  }

  private void checkMapped(long address, int length) {
    for (long at = address & -PAGE_SIZE; at < address + length; at += PAGE_SIZE) {
      if (!inside(at)) {
        throw new GuestFault(at, Access.LOAD, GuestFault.Cause.UNMAPPED);
      }
      int entry = pages.at(at);
      if ((entry & MAPPED) == 0) {
        throw new GuestFault(at, Access.LOAD, GuestFault.Cause.UNMAPPED);
      }
      if (beyondFile(entry) && !pageSource.provide(at, GuestFault.Cause.BEYOND_FILE)) {
        throw new GuestFault(at, Access.LOAD, GuestFault.Cause.BEYOND_FILE);
      }
    }
  }

  /** Gives the window back to the host; no thread of the guest may run afterwards. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      whenClosed.run();
      anonymous.close();
      Libc.syscall(HostCalls.MUNMAP, reservation, reserved(limit, span));
    }
  }
}
