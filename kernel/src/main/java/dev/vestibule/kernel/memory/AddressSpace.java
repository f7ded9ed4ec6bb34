package dev.vestibule.kernel.memory;

import static dev.vestibule.kernel.Errno.EACCES;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ENOMEM;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.MemoryFork;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.exec.HandedArea;
import dev.vestibule.kernel.exec.HandedPages;
import dev.vestibule.kernel.sched.ConcurrencyIds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
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

  private static final AtomicInteger SPACES = new AtomicInteger();

  private final int number = SPACES.incrementAndGet();
  private final GuestMemory memory;
  private final CodeCache code;
  private final Layout layout;
  private final long memoryLimit;
  private final VmaList list;
  private long brkStart;
  private long brkEnd;
  private final LongSupplier stackLimit;
  private final Placement placement;
  private final Remapping remapping;
  private final HandedPlace handed;
  private Startup startup = new Startup(0, 0, 0, 0, 0, 0);
  private int users = 1;
  private final AtomicInteger barriers = new AtomicInteger();
  private final ConcurrencyIds concurrencyIds = new ConcurrencyIds();

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
   * @param engine what executes its code
   * @throws OutOfMemoryError if the host has no room
   */
  public AddressSpace(
      Layout layout,
      long window,
      boolean wide,
      boolean bigEndian,
      long memoryLimit,
      LongSupplier stackLimit,
      Engine engine) {
    this.layout = layout;
    this.list = new VmaList(layout);
    this.placement = new Placement(layout, list);
    this.handed = new HandedPlace(layout.handed());
    this.stackLimit = stackLimit;
    this.memoryLimit = memoryLimit;
    this.memory = GuestMemory.reserve(window, wide, bigEndian);
    this.code = new CodeCache(engine);
    code.attach(memory);
    memory.onCodeChange(code);
    memory.onMissingPage(this::provide);
    this.remapping = new Remapping(this, list, placement, handed);
  }

  /** Different for each address space. */
  int number() {
    return number;
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

  /** The registering commands of membarrier(2) that were used here. */
  public AtomicInteger barriers() {
    return barriers;
  }

  public ConcurrencyIds concurrencyIds() {
    return concurrencyIds;
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
      code.close();
      memory.close();
    }
  }

  public synchronized boolean shared() {
    return users > 1;
  }

  /** The mappings in ascending order. */
  public synchronized List<Vma> mappings() {
    return list.all().stream().map(handed::named).toList();
  }

  /** The mapping that holds an address, or null. */
  public synchronized @Nullable Vma find(long address) {
    Vma vma = list.find(address);
    return vma == null ? null : handed.named(vma);
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

  boolean onPage(long value) {
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
    boolean fixed = (flags & (MapFlags.MAP_FIXED | MapFlags.MAP_FIXED_NOREPLACE)) != 0;
    long address;
    if (fixed) {
      boolean replaces = (flags & MapFlags.MAP_FIXED_NOREPLACE) == 0;
      address = placement.fixed(hint, bytes, replaces);
      clear(address, bytes);
    } else {
      address = placement.near(hint, bytes);
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

  /**
   * Finds room as mmap(2) without a hint does.
   *
   * @throws Failure ENOMEM
   */
  public synchronized long findRoom(long bytes, long alignment) {
    return placement.anywhere(bytes, alignment);
  }

  /**
   * Finds room at an address, or where mmap(2) without a hint finds it if that is taken.
   *
   * @param hint 0 for any address
   * @throws Failure ENOMEM
   */
  public synchronized long findRoomNear(long hint, long bytes) {
    return placement.near(hint, bytes);
  }

  /** Makes a mapping, replacing what was there. */
  void install(Vma vma) {
    charge(vma, list.count() + 2);
    removeRange(vma.start(), vma.end(), false);
    populate(vma);
    list.insert(vma);
  }

  /** A fixed mmap(2) is about to replace what is there. */
  private void clear(long address, long bytes) {
    if (!list.isFree(address, address + bytes)) {
      handed.unmapCalled(address, address + bytes);
      if (list.splitsWhole(address, address + bytes)) {
        throw new Failure(handed.replaceError());
      }
    }
  }

  void charge(Vma vma, int mappings) {
    if (mappings > MOST_MAPPINGS) {
      throw new Failure(ENOMEM);
    }
    if (vma.counted() && list.counted() + vma.length() > memoryLimit) {
      throw new Failure(ENOMEM);
    }
  }

  void populate(Vma vma) {
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
      long valid = present(backing.size() - vma.offset());
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

  /** Bytes of a mapping that the host can show of a file: in pages of the host, not the guest's. */
  private static long present(long bytes) {
    return Math.max(0, bytes) + GuestMemory.PAGE_SIZE - 1 & -GuestMemory.PAGE_SIZE;
  }

  private static void check(int result) {
    if (result < 0) {
      throw new Failure(-result);
    }
  }

  // ---- ranges ---------------------------------------------------------------------------------

  void removeRange(long from, long to, boolean punch) {
    for (Vma vma : list.take(from, to)) {
      handed.gone(vma);
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
    handed.unmapCalled(address, address + bytes);
    list.checkWhole(address, address + bytes);
    if (list.count() >= MOST_MAPPINGS) {
      throw new Failure(ENOMEM);
    }
    removeRange(address, address + bytes, true);
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
    return remapping.remap(address, oldLength, newLength, flags, target);
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
        list.checkWhole(part.start(), part.end());
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

  /** Where the heap begins, and the break: for a process that was saved. */
  public synchronized void setBrk(long start, long end) {
    brkStart = start;
    brkEnd = end;
  }

  public synchronized long brkStart() {
    return brkStart;
  }

  /** The break. */
  public synchronized long brkEnd() {
    return brkEnd;
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
      long valid = present(size - vma.offset());
      if (valid < vma.length()) {
        memory.setBeyondFile(vma.start() + valid, vma.length() - valid, true);
      }
    }
  }

  /**
   * Looks at all mapped files again, as one of them has been shortened outside the machine.
   *
   * @return whether pages were found that their file no longer has
   */
  public synchronized boolean findLostPages() {
    boolean found = false;
    for (Vma vma : list.all()) {
      Backing backing = vma.backing();
      if (backing == null) {
        continue;
      }
      long valid = pageUp(Math.max(0, backing.size() - vma.offset()));
      if (valid < vma.length() && !memory.isBeyondFile(vma.start() + valid)) {
        memory.setBeyondFile(vma.start() + valid, vma.length() - valid, true);
        found = true;
      }
    }
    return found;
  }

  private synchronized boolean fileHasGrown(long address) {
    Vma vma = find(address);
    if (vma == null || vma.backing() == null) {
      return false;
    }
    Backing backing = vma.backing();
    long page = address & -GuestMemory.PAGE_SIZE;
    long offset = vma.offset() + (page - vma.start());
    if (backing.has(offset)) {
      memory.setBeyondFile(page, GuestMemory.PAGE_SIZE, false);
      return true;
    }
    // The rest of the file's last page is zeros where the guest's pages are larger than the host's.
    return offset >= backing.size()
        && offset < pageUp(backing.size())
        && memory.mapAnonymous(page, GuestMemory.PAGE_SIZE, vma.protection()) == 0;
  }

  // ---- what exec leaves -----------------------------------------------------------------------

  /** Where the kernel believes the handed pages to lie. */
  public synchronized HandedPages.Handed handed() {
    return handed.pages();
  }

  /**
   * Where the handed image really lies, whatever the kernel believes and the program has copied; 0
   * where it is not mapped any more.
   */
  public synchronized long imageAddress() {
    return handed.imageAddress(list.all());
  }

  /** Notes where exec has mapped the handed pages. */
  public synchronized void setHanded(HandedPages.Handed pages) {
    handed.set(pages, pages.vdso() == 0 ? null : list.find(pages.vdso()));
  }

  /** Whose pages lie here: the running kernel's, if any, and what was kept of others. */
  public synchronized List<HandedSet> handedSets() {
    List<HandedSet> sets = new ArrayList<>();
    String kernel = "";
    long start = 0;
    long end = 0;
    for (Vma vma : list.all()) {
      if (vma.backing() instanceof HandedArea area && handed.isCurrent(vma)) {
        start = kernel.isEmpty() ? vma.start() : start;
        kernel = area.kernel();
        end = vma.end();
      }
    }
    if (!kernel.isEmpty()) {
      sets.add(new HandedSet(kernel, handed.pages().vdso(), start, end, true));
    }
    sets.addAll(handed.kept());
    return sets;
  }

  /** Notes what was kept of kernels that the process was frozen under. */
  public synchronized void setKept(List<HandedSet> sets) {
    handed.setKept(sets);
  }

  /** Functions to be answered by traps, by their addresses. */
  public synchronized void setHandedTraps(Map<Long, String> functions) {
    handed.setTraps(functions);
  }

  /** The vDSO function that a trap at an address stands for, or null. */
  public synchronized @Nullable String handedTrap(long address) {
    return handed.traps().get(address);
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
            layout,
            memory.limit(),
            memory.wide(),
            memory.bigEndian(),
            memoryLimit,
            stackLimit,
            code.engine());
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
          }
        }
        child.list.insert(copy);
      }
    } catch (Failure | OutOfMemoryError e) {
      child.leave();
      throw e;
    }
    child.handed.copyFrom(handed);
    child.startup = startup;
    child.barriers.set(barriers.get());
    child.brkStart = brkStart;
    child.brkEnd = brkEnd;
    return child;
  }
}
