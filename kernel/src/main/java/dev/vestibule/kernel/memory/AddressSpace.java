package dev.vestibule.kernel.memory;

import static dev.vestibule.kernel.Errno.EACCES;
import static dev.vestibule.kernel.Errno.EEXIST;
import static dev.vestibule.kernel.Errno.EFAULT;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ENOMEM;
import static dev.vestibule.kernel.Errno.EPERM;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.MemoryFork;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.exec.HandedPages;
import dev.vestibule.profile.KernelProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What is mapped in a process, and what may it map?
 *
 * <p>Keeps the list of mappings (Linux's VMAs) and the guest memory behind it in step. Shared by
 * all threads of a process, and between processes by CLONE_VM; counted. Methods that change
 * something return 0 or an address, or throw {@link Failure}, having changed nothing unless Linux
 * would have.
 */
public final class AddressSpace {
  /** vm.max_map_count. */
  static final int MOST_MAPPINGS = 65530;

  private static final int PROT_WRITE = GuestMemory.PROT_WRITE;
  private static final int PROT_ALL =
      GuestMemory.PROT_READ | GuestMemory.PROT_WRITE | GuestMemory.PROT_EXEC;

  private final GuestMemory memory;
  private final CodeCache code;
  private final Layout layout;
  private final long memoryLimit;
  private final VmaList list;
  private long brkStart;
  private long brkEnd;
  private final LongSupplier stackLimit;
  private HandedPages.Handed handed = HandedPages.Handed.NONE;
  private Startup startup = new Startup(0, 0, 0, 0, 0, 0);
  private int users = 1;

  /**
   * What exec left on the stack, for /proc.
   *
   * @param arguments address of the first argument's text
   * @param environment address of the first variable's text, behind the last argument
   * @param textEnd first address behind the environment
   * @param auxv address of the auxiliary vector
   * @param auxvLength its bytes, AT_NULL included
   * @param stack the stack pointer at the start
   */
  public record Startup(
      long arguments, long environment, long textEnd, long auxv, int auxvLength, long stack) {}

  /**
   * An empty address space.
   *
   * @param memoryLimit bytes of private writable memory it may have
   * @param stackLimit how far a stack may grow in bytes, negative for unlimited
   * @throws OutOfMemoryError if the host has no room
   */
  public AddressSpace(
      Layout layout,
      long window,
      boolean wide,
      boolean bigEndian,
      long memoryLimit,
      LongSupplier stackLimit) {
    this.layout = layout;
    this.list = new VmaList(layout);
    this.stackLimit = stackLimit;
    this.memoryLimit = memoryLimit;
    this.memory = GuestMemory.reserve(window, wide, bigEndian);
    this.code = new CodeCache();
    memory.onCodeChange(code);
    memory.onMissingPage(this::provide);
  }

  public GuestMemory memory() {
    return memory;
  }

  public CodeCache code() {
    return code;
  }

  public Layout layout() {
    return layout;
  }

  /** Another process uses this address space too: vfork, CLONE_VM. */
  public synchronized AddressSpace share() {
    users++;
    return this;
  }

  /** Keeps the address space for a while, for an observer; false if it is already gone. */
  public synchronized boolean tryShare() {
    if (users == 0) {
      return false;
    }
    users++;
    return true;
  }

  /** A process stops using it; the last one gives everything back. */
  public synchronized void leave() {
    if (--users == 0) {
      for (Vma vma : list.all()) {
        if (vma.backing() != null) {
          vma.backing().release();
        }
      }
      memory.close();
    }
  }

  public synchronized boolean shared() {
    return users > 1;
  }

  /** The mappings in ascending order. */
  public synchronized List<Vma> mappings() {
    return list.all();
  }

  /** The mapping that holds an address, or null. */
  public synchronized @Nullable Vma find(long address) {
    return list.find(address);
  }

  /** Bytes mapped in all. */
  public synchronized long size() {
    long size = 0;
    for (Vma vma : list.all()) {
      size += vma.length();
    }
    return size;
  }

  /** Rounds up to whole pages. */
  public long pageUp(long value) {
    return (value + layout.pageSize() - 1) & -layout.pageSize();
  }

  private boolean onPage(long value) {
    return (value & (layout.pageSize() - 1)) == 0;
  }

  // ---- mmap -----------------------------------------------------------------------------------

  /**
   * Maps memory as mmap(2) does.
   *
   * @param flags generic MAP_ bits
   * @param backing what to show; retained by the mapping; null for MAP_ANONYMOUS
   * @param offset in bytes, a multiple of the page size
   * @return the address
   */
  public synchronized long map(
      long hint, long length, int protection, int flags, @Nullable Backing backing, long offset) {
    if (length == 0) {
      throw new Failure(EINVAL);
    }
    long bytes = pageUp(length);
    if (bytes <= 0 || bytes > layout.taskSize()) {
      throw new Failure(ENOMEM);
    }
    int vmaFlags = vmaFlags(flags, backing, protection);
    long address = place(hint, bytes, flags);
    boolean fixed = (flags & (MapFlags.MAP_FIXED | MapFlags.MAP_FIXED_NOREPLACE)) != 0;
    if (fixed) {
      list.checkWhole(address, address + bytes);
    }
    Vma vma =
        new Vma(
            address,
            address + bytes,
            protection & PROT_ALL,
            vmaFlags,
            backing,
            backing == null ? 0 : offset,
            "");
    if (vma.has(Vma.SHARED) && backing == null) {
      SharedMemory shared = new SharedMemory(bytes, "/dev/zero (deleted)");
      try {
        install(new Vma(address, address + bytes, vma.protection(), vmaFlags, shared, 0, ""));
      } finally {
        shared.release();
      }
    } else {
      install(vma);
    }
    return address;
  }

  private int vmaFlags(int flags, @Nullable Backing backing, int protection) {
    int result = Vma.MAY_ALL;
    int type = flags & MapFlags.MAP_TYPE;
    if (type == MapFlags.MAP_SHARED || type == MapFlags.MAP_SHARED_VALIDATE) {
      result |= Vma.SHARED;
      if (backing != null && !backing.hostWritable()) {
        if ((protection & PROT_WRITE) != 0) {
          throw new Failure(EACCES);
        }
        result &= ~Vma.MAY_WRITE;
      }
    } else if (type == MapFlags.MAP_DROPPABLE) {
      result |= Vma.WIPE_ON_FORK;
    } else if (type != MapFlags.MAP_PRIVATE) {
      throw new Failure(EINVAL);
    }
    if ((flags & MapFlags.MAP_GROWSDOWN) != 0) {
      if ((result & Vma.SHARED) != 0) {
        throw new Failure(EINVAL);
      }
      result |= Vma.GROWS_DOWN;
    }
    if ((flags & MapFlags.MAP_LOCKED) != 0) {
      result |= Vma.LOCKED;
    }
    if ((flags & MapFlags.MAP_NORESERVE) != 0) {
      result |= Vma.NO_RESERVE;
    }
    return result;
  }

  private long place(long hint, long bytes, int flags) {
    if ((flags & (MapFlags.MAP_FIXED | MapFlags.MAP_FIXED_NOREPLACE)) != 0) {
      if (!onPage(hint)) {
        throw new Failure(EINVAL);
      }
      if (hint < 0 || hint > layout.taskSize() - bytes) {
        throw new Failure(ENOMEM);
      }
      if (hint < layout.minAddress()) {
        throw new Failure(EPERM);
      }
      if ((flags & MapFlags.MAP_FIXED_NOREPLACE) != 0 && !list.isFree(hint, hint + bytes)) {
        throw new Failure(EEXIST);
      }
      return hint;
    }
    if (hint != 0) {
      long wanted = Math.max(pageUp(hint), layout.minAddress());
      if (wanted > 0
          && wanted <= layout.taskSize() - bytes
          && list.isFree(wanted, wanted + bytes)) {
        return wanted;
      }
    }
    return findRoom(bytes, layout.pageSize());
  }

  /**
   * Finds room as mmap(2) without a hint does.
   *
   * @throws Failure ENOMEM
   */
  public synchronized long findRoom(long bytes, long alignment) {
    long found = layout.topDown() ? list.searchDown(bytes, alignment) : -1;
    if (found < 0) {
      found = list.searchUp(bytes, alignment);
    }
    if (found < 0) {
      throw new Failure(ENOMEM);
    }
    return found;
  }

  /**
   * Finds room at an address, or where mmap(2) without a hint finds it if that is taken.
   *
   * @param hint 0 for any address
   * @throws Failure ENOMEM
   */
  public synchronized long findRoomNear(long hint, long bytes) {
    return place(hint, bytes, 0);
  }

  /** Makes a mapping, replacing what was there. */
  private void install(Vma vma) {
    charge(vma, list.count() + 2);
    removeRange(vma.start(), vma.end(), false);
    populate(vma);
    list.insert(vma);
  }

  private void charge(Vma vma, int mappings) {
    if (mappings > MOST_MAPPINGS) {
      throw new Failure(ENOMEM);
    }
    if (vma.counted() && list.counted() + vma.length() > memoryLimit) {
      throw new Failure(ENOMEM);
    }
  }

  private void populate(Vma vma) {
    populate(memory, vma);
  }

  private void populate(GuestMemory target, Vma vma) {
    Backing backing = vma.backing();
    int result =
        backing == null
            ? target.mapAnonymous(vma.start(), vma.length(), vma.protection())
            : target.mapFile(
                vma.start(),
                vma.length(),
                vma.protection(),
                backing.hostFd(),
                vma.offset(),
                vma.shared(),
                backing.hostWritable());
    check(result);
    if (backing != null) {
      long valid = pageUp(Math.max(0, backing.size() - vma.offset()));
      fillLastPage(target, vma, backing);
      if (valid < vma.length()) {
        target.setBeyondFile(vma.start() + valid, vma.length() - valid, true);
      }
      for (long hole : backing.holes()) {
        long at = vma.start() + hole - vma.offset();
        if (at >= vma.start() && at < vma.end()) {
          target.setBeyondFile(at, layout.pageSize(), true);
        }
      }
    }
  }

  /**
   * The offset in a mapping at which the host's last page of a file ends. Where our pages are
   * larger, the rest of the file's last one is zeros.
   */
  private static long shown(Vma vma, Backing backing) {
    long present = Math.max(0, backing.size() - vma.offset());
    return present + GuestMemory.PAGE_SIZE - 1 & -GuestMemory.PAGE_SIZE;
  }

  private void fillLastPage(GuestMemory target, Vma vma, Backing backing) {
    long from = shown(vma, backing);
    long to = Math.min(pageUp(from), vma.length());
    if (from < to) {
      check(target.mapAnonymous(vma.start() + from, to - from, vma.protection()));
    }
  }

  private int giveLastPage(MemoryFork pages, GuestMemory child, Vma vma, Backing backing) {
    long from = shown(vma, backing);
    long to = Math.min(pageUp(from), vma.length());
    return from < to ? pages.give(child, vma.start() + from, to - from, vma.protection()) : 0;
  }

  private static void check(int result) {
    if (result < 0) {
      throw new Failure(-result);
    }
  }

  // ---- ranges ---------------------------------------------------------------------------------

  private void removeRange(long from, long to, boolean punch) {
    for (Vma vma : list.take(from, to)) {
      if (punch) {
        memory.unmap(vma.start(), vma.length());
      }
      if (vma.backing() != null) {
        vma.backing().release();
      }
    }
  }

  /** munmap(2). */
  public synchronized void unmap(long address, long length) {
    if (!onPage(address) || length == 0) {
      throw new Failure(EINVAL);
    }
    long bytes = pageUp(length);
    if (bytes <= 0 || address < 0 || address > layout.taskSize() - bytes) {
      throw new Failure(EINVAL);
    }
    list.checkWhole(address, address + bytes);
    if (list.count() >= MOST_MAPPINGS) {
      throw new Failure(ENOMEM);
    }
    removeRange(address, address + bytes, true);
    boolean covers = handed.vdso() >= address && handed.vdso() < address + bytes;
    if (covers && layout.handed().onUnmap() != KernelProfile.OnUnmap.STALE) {
      handed = HandedPages.Handed.NONE;
    }
  }

  /** mprotect(2). */
  public synchronized void protect(long address, long length, int protection) {
    if (!onPage(address) || (protection & ~PROT_ALL) != 0) {
      throw new Failure(EINVAL);
    }
    long bytes = pageUp(length);
    if (bytes == 0) {
      return;
    }
    if (bytes < 0 || address < 0 || address > layout.taskSize() - bytes) {
      throw new Failure(ENOMEM);
    }
    long end = address + bytes;
    list.checkWhole(address, end);
    long at = address;
    if (list.find(address) == null) {
      throw new Failure(ENOMEM);
    }
    List<Vma> changed = new ArrayList<>();
    int errno = 0;
    for (Vma vma : list.isolate(address, end)) {
      if (vma.start() != at) {
        break; // a hole: what lies below it stays changed, as on Linux
      }
      errno = protectable(vma, protection);
      if (errno != 0) {
        break;
      }
      memory.protect(vma.start(), vma.length(), protection);
      changed.add(vma.withProtection(protection));
      at = vma.end();
    }
    list.replace(changed);
    list.joinAt(address);
    list.joinAt(end);
    if (at != end) {
      throw new Failure(errno != 0 ? errno : ENOMEM);
    }
  }

  private int protectable(Vma vma, int protection) {
    if ((protection & PROT_WRITE) != 0 && !vma.has(Vma.MAY_WRITE)
        || (protection & GuestMemory.PROT_EXEC) != 0 && !vma.has(Vma.MAY_EXEC)) {
      return EACCES;
    }
    Vma now = vma.withProtection(protection);
    return now.counted() && !vma.counted() && list.counted() + vma.length() > memoryLimit
        ? ENOMEM
        : 0;
  }

  // ---- mremap ---------------------------------------------------------------------------------

  /**
   * mremap(2).
   *
   * @param target where to, for MREMAP_FIXED and as a hint for MREMAP_DONTUNMAP
   * @return the address
   */
  public synchronized long remap(
      long address, long oldLength, long newLength, int flags, long target) {
    boolean mayMove = (flags & MapFlags.MREMAP_MAYMOVE) != 0;
    boolean fixed = (flags & MapFlags.MREMAP_FIXED) != 0;
    boolean keep = (flags & MapFlags.MREMAP_DONTUNMAP) != 0;
    long oldBytes = pageUp(oldLength);
    long newBytes = pageUp(newLength);
    if ((flags & ~7) != 0
        || fixed && !mayMove
        || keep && (!mayMove || oldLength != newLength)
        || !onPage(address)
        || newBytes <= 0
        || oldBytes < 0) {
      throw new Failure(EINVAL);
    }
    if (fixed) {
      return remapTo(address, oldBytes, newBytes, target, keep);
    }
    if (!keep && oldBytes >= newBytes) {
      if (find(address) == null) {
        throw new Failure(EFAULT); // only the first page is looked at
      }
      if (oldBytes > newBytes) {
        unmap(address + newBytes, oldBytes - newBytes);
      }
      return address;
    }
    Vma vma = resizable(address, oldBytes, newBytes, keep);
    if (!keep && grownInPlace(vma, address, oldBytes, newBytes)) {
      return address;
    }
    if (!mayMove) {
      throw new Failure(ENOMEM);
    }
    long to = placeMoved(keep ? target : 0, newBytes);
    moveMapping(vma, address, oldBytes, newBytes, to, keep);
    return to;
  }

  /** MREMAP_FIXED: makes room first, as Linux does, even if the rest fails then. */
  private long remapTo(long address, long oldBytes, long newBytes, long target, boolean keep) {
    checkTarget(address, oldBytes, newBytes, target);
    list.checkWhole(target, target + newBytes);
    removeRange(target, target + newBytes, true);
    long kept = oldBytes;
    if (oldBytes > newBytes) {
      unmap(address + newBytes, oldBytes - newBytes);
      kept = newBytes;
    }
    Vma vma = resizable(address, kept, newBytes, keep);
    moveMapping(vma, address, kept, newBytes, target, keep);
    return target;
  }

  private Vma resizable(long address, long oldBytes, long newBytes, boolean keep) {
    Vma vma = checkRemapRange(address, oldBytes);
    if (oldBytes == 0 && (!vma.shared() || keep)) {
      throw new Failure(EINVAL);
    }
    if (newBytes > oldBytes && vma.has(Vma.SPECIAL)) {
      throw new Failure(EFAULT);
    }
    return vma;
  }

  private void checkTarget(long address, long oldBytes, long newBytes, long target) {
    if (!onPage(target)
        || target < 0
        || target > layout.taskSize() - newBytes
        || address + oldBytes > target && target + newBytes > address) {
      throw new Failure(EINVAL);
    }
    if (target < layout.minAddress()) {
      throw new Failure(EPERM);
    }
  }

  private Vma checkRemapRange(long address, long bytes) {
    Vma vma = find(address);
    if (vma == null || bytes > vma.end() - address) {
      throw new Failure(EFAULT);
    }
    list.checkWhole(address, address + bytes);
    return vma;
  }

  private boolean grownInPlace(Vma vma, long address, long oldBytes, long newBytes) {
    long end = address + oldBytes;
    long newEnd = address + newBytes;
    if (vma.end() != end || newEnd > layout.taskSize() || !list.isFree(end, newEnd)) {
      return false;
    }
    install(
        new Vma(
            end,
            newEnd,
            vma.protection(),
            vma.flags(),
            vma.backing(),
            vma.offset() + (end - vma.start()),
            vma.name()));
    return true;
  }

  private long placeMoved(long hint, long bytes) {
    if (hint != 0
        && onPage(hint)
        && hint <= layout.taskSize() - bytes
        && list.isFree(hint, hint + bytes)) {
      return hint;
    }
    return findRoom(bytes, layout.pageSize());
  }

  private void moveMapping(Vma vma, long from, long kept, long newBytes, long to, boolean keepOld) {
    Vma moved =
        new Vma(
            to,
            to + newBytes,
            vma.protection(),
            vma.flags(),
            vma.backing(),
            vma.offset() + (from - vma.start()),
            layout.handed().onMove() != KernelProfile.OnMove.STALE || !vma.has(Vma.SPECIAL)
                ? vma.name()
                : "");
    charge(moved, list.count() + 2);
    if (vma.backing() == null && kept > 0) {
      memory.move(from, to, kept);
      if (newBytes > kept) {
        populate(moved.part(to + kept, moved.end()));
      }
      list.insert(moved);
      if (keepOld) {
        populate(vma.part(from, from + kept));
        return;
      }
    } else {
      populate(moved);
      if (!vma.shared() && kept > 0) {
        memory.copyWithin(from, to, kept);
      }
      list.insert(moved);
      if (keepOld) {
        memory.discard(from, kept);
        return;
      }
    }
    if (kept > 0) {
      removeRange(from, from + kept, true);
      moveHanded(from, kept, to);
    }
  }

  /** The kernel keeps track of its vDSO where the profile says so. */
  private void moveHanded(long from, long bytes, long to) {
    HandedPages.Handed old = handed;
    if (layout.handed().onMove() != KernelProfile.OnMove.STALE
        && old.vdso() >= from
        && old.vdso() < from + bytes) {
      handed = old.movedBy(to - from);
    }
  }

  // ---- advice ---------------------------------------------------------------------------------

  /** What madvise(2) does with one mapping. */
  @FunctionalInterface
  public interface Advice {
    /** Returns the mapping's new flags; may act on the memory. */
    int apply(Vma vma);
  }

  /**
   * Applies something to all mappings of a range.
   *
   * @throws Failure ENOMEM if there are holes, after the rest was dealt with
   */
  public synchronized void advise(long address, long length, boolean splits, Advice advice) {
    long bytes = pageUp(length);
    if (!onPage(address) || bytes < 0 || length != 0 && bytes == 0) {
      throw new Failure(EINVAL);
    }
    if (bytes == 0) {
      return;
    }
    if (address < 0 || address > layout.taskSize() - bytes) {
      throw new Failure(ENOMEM);
    }
    long end = address + bytes;
    long at = address;
    boolean holes = false;
    List<Vma> changed = new ArrayList<>();
    for (Vma vma : list.covering(address, end)) {
      holes |= vma.start() > at;
      at = vma.end();
      Vma part = vma.part(Math.max(vma.start(), address), Math.min(vma.end(), end));
      int flags = advice.apply(part);
      if (flags != vma.flags() && splits) {
        list.splitAt(part.start());
        list.splitAt(part.end());
        changed.add(part.withFlags(flags));
      }
    }
    list.replace(changed);
    if (holes || at < end) {
      throw new Failure(ENOMEM);
    }
  }

  // ---- brk ------------------------------------------------------------------------------------

  /** Where the heap begins; set by exec. */
  public synchronized void setBrk(long start) {
    brkStart = start;
    brkEnd = start;
  }

  /** brk(2): returns the break, changed or not. */
  public synchronized long brk(long wanted) {
    if (wanted < brkStart || wanted > layout.taskSize()) {
      return brkEnd;
    }
    long oldPages = pageUp(brkEnd);
    long newPages = pageUp(wanted);
    try {
      if (newPages < oldPages) {
        removeRange(newPages, oldPages, true);
      } else if (newPages > oldPages) {
        if (!list.isFree(oldPages, newPages + layout.pageSize())) {
          return brkEnd;
        }
        int readWrite = GuestMemory.PROT_READ | PROT_WRITE;
        install(new Vma(oldPages, newPages, readWrite, Vma.MAY_ALL, null, 0, "[heap]"));
      }
    } catch (Failure full) {
      return brkEnd;
    }
    brkEnd = wanted;
    return brkEnd;
  }

  // ---- missing pages --------------------------------------------------------------------------

  /** Lets a stack grow, and notices that a file has grown. */
  private boolean provide(long address, GuestFault.Cause cause) {
    return cause == GuestFault.Cause.UNMAPPED ? growStack(address) : fileHasGrown(address);
  }

  private synchronized boolean growStack(long address) {
    Vma stack = list.above(address);
    if (stack == null || !stack.has(Vma.GROWS_DOWN) || find(address) != null) {
      return find(address) != null;
    }
    long start = address & -layout.pageSize();
    long limit = stackLimit.getAsLong();
    if (start < layout.minAddress() || limit >= 0 && stack.end() - start > limit) {
      return false;
    }
    Vma neighbour = list.below(stack.start());
    if (neighbour != null) {
      boolean guard = !neighbour.has(Vma.GROWS_DOWN) && neighbour.protection() != 0;
      if (neighbour.end() > start - (guard ? VmaList.STACK_GUARD * layout.pageSize() : 0)) {
        return false;
      }
    }
    Vma more =
        new Vma(start, stack.start(), stack.protection(), stack.flags(), null, 0, stack.name());
    try {
      charge(more, list.count());
      populate(more);
    } catch (Failure full) {
      return false;
    }
    list.insert(more);
    return true;
  }

  /** A mapped file is about to end at {@code size} bytes: its pages behind that raise SIGBUS. */
  public synchronized void fileShrinks(Object file, long size) {
    for (Vma vma : list.all()) {
      Backing backing = vma.backing();
      if (backing == null || !backing.identity().equals(file)) {
        continue;
      }
      long valid = pageUp(Math.max(0, size - vma.offset()));
      if (valid < vma.length()) {
        memory.setBeyondFile(vma.start() + valid, vma.length() - valid, true);
      }
    }
  }

  private synchronized boolean fileHasGrown(long address) {
    Vma vma = find(address);
    if (vma == null || vma.backing() == null) {
      return false;
    }
    long page = address & -layout.pageSize();
    if (!vma.backing().has(vma.offset() + (page - vma.start()))) {
      return false;
    }
    memory.setBeyondFile(page, layout.pageSize(), false);
    return true;
  }

  // ---- what exec leaves -----------------------------------------------------------------------

  /** Where the handed pages lie. */
  public synchronized HandedPages.Handed handed() {
    return handed;
  }

  public synchronized void setHanded(HandedPages.Handed pages) {
    handed = pages;
  }

  public synchronized Startup startup() {
    return startup;
  }

  public synchronized void setStartup(Startup left) {
    startup = left;
  }

  // ---- mappings made by the kernel --------------------------------------------------------------

  /**
   * Maps zeroed or backed pages with given attributes over whatever is there: exec, handed pages.
   */
  public synchronized void mapKernel(Vma vma) {
    install(vma);
  }

  /**
   * Copies this address space for fork: private pages become the child's own once they are written.
   *
   * @param quiet whether the process has no other thread that could write meanwhile
   */
  public synchronized AddressSpace fork(boolean quiet) {
    AddressSpace child =
        new AddressSpace(
            layout, memory.limit(), memory.wide(), memory.bigEndian(), memoryLimit, stackLimit);
    try {
      MemoryFork pages = memory.fork(quiet && users == 1);
      for (Vma vma : list.all()) {
        if (vma.has(Vma.DONT_FORK)) {
          continue;
        }
        Vma copy = vma.withFlags(vma.flags() & ~Vma.LOCKED);
        if (vma.backing() == null && !vma.has(Vma.WIPE_ON_FORK)) {
          check(pages.give(child.memory, vma.start(), vma.length(), vma.protection()));
        } else {
          populate(child.memory, copy);
          if (vma.backing() != null && !vma.shared()) {
            pages.copyWritten(child.memory, vma.start(), vma.length());
            check(giveLastPage(pages, child.memory, vma, vma.backing()));
          }
        }
        child.list.insert(copy);
      }
    } catch (Failure | OutOfMemoryError e) {
      child.leave();
      throw e;
    }
    child.handed = handed;
    child.startup = startup;
    child.brkStart = brkStart;
    child.brkEnd = brkEnd;
    return child;
  }
}
