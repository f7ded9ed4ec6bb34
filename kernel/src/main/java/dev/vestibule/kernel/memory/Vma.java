package dev.vestibule.kernel.memory;

import dev.vestibule.cpu.GuestMemory;
import org.jspecify.annotations.Nullable;

/**
 * What is mapped between two addresses? One line of /proc/PID/maps; immutable.
 *
 * @param start first address, a multiple of the page size
 * @param end first address behind it
 * @param protection PROT_ bits
 * @param flags the constants of this class
 * @param backing what it shows, or null for private zeroed memory
 * @param offset position of the first byte inside the backing, in bytes
 * @param name what maps shows for memory without a file: {@code [heap]}, {@code [vdso]}, or empty
 */
public record Vma(
    long start,
    long end,
    int protection,
    int flags,
    @Nullable Backing backing,
    long offset,
    String name) {
  public static final int SHARED = 1;

  /** Grows towards lower addresses when touched below: the stack. */
  public static final int GROWS_DOWN = 2;

  /** mprotect(2) may add PROT_WRITE. */
  public static final int MAY_WRITE = 4;

  public static final int MAY_READ = 8;
  public static final int MAY_EXEC = 0x10;

  /** MADV_DONTFORK. */
  public static final int DONT_FORK = 0x20;

  /** MADV_WIPEONFORK. */
  public static final int WIPE_ON_FORK = 0x40;

  /** mlock(2). */
  public static final int LOCKED = 0x80;

  /** mremap(2) must not enlarge it. */
  public static final int DONT_EXPAND = 0x100;

  /** Must not be split by any call; EINVAL instead. */
  public static final int WHOLE = 0x200;

  /** VM_IO | VM_PFNMAP: the kernel's data pages. */
  public static final int IO = 0x400;

  /** MADV_DONTDUMP. */
  public static final int DONT_DUMP = 0x800;

  /** MAP_NORESERVE: not counted against the limit of memory. */
  public static final int NO_RESERVE = 0x1000;

  /** Mapped by the kernel itself: the handed pages. */
  public static final int HANDED = 0x2000;

  public static final int MAY_ALL = MAY_READ | MAY_WRITE | MAY_EXEC;

  public long length() {
    return end - start;
  }

  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  public boolean shared() {
    return has(SHARED);
  }

  /** Whether its pages are the process's own and count as its memory. */
  public boolean counted() {
    return !shared() && !has(NO_RESERVE) && (protection & GuestMemory.PROT_WRITE) != 0;
  }

  boolean holds(long address) {
    return address >= start && address < end;
  }

  /** The part between two addresses inside it. */
  Vma part(long from, long to) {
    return new Vma(from, to, protection, flags, backing, offset + (from - start), name);
  }

  Vma withProtection(int newProtection) {
    return new Vma(start, end, newProtection, flags, backing, offset, name);
  }

  Vma withFlags(int newFlags) {
    return new Vma(start, end, protection, newFlags, backing, offset, name);
  }

  Vma withName(String newName) {
    return new Vma(start, end, protection, flags, backing, offset, newName);
  }

  /** The same mapping somewhere else, with its own length. */
  Vma at(long newStart) {
    return new Vma(newStart, newStart + length(), protection, flags, backing, offset, name);
  }

  /** Whether {@code next}, which begins where this ends, continues this mapping. */
  boolean continuedBy(Vma next) {
    return end == next.start
        && protection == next.protection
        && flags == next.flags
        && backing == next.backing
        && name.equals(next.name)
        && !has(DONT_EXPAND)
        && (backing == null || offset + length() == next.offset);
  }
}
