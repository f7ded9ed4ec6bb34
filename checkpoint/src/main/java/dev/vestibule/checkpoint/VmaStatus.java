package dev.vestibule.checkpoint;

import dev.vestibule.kernel.memory.MapFlags;
import dev.vestibule.kernel.memory.Vma;

/** What do the bits of a vma_entry's status say? Numbers: CRIU's include/image.h. */
final class VmaStatus {
  static final int REGULAR = 1;
  static final int VSYSCALL = 4;
  static final int VDSO = 8;
  static final int HEAP = 0x20;
  static final int FILE_PRIVATE = 0x40;
  static final int FILE_SHARED = 0x80;
  static final int ANON_SHARED = 0x100;
  static final int ANON_PRIVATE = 0x200;
  static final int SYSVIPC = 0x400;
  static final int VVAR = 0x1000;

  private VmaStatus() {}

  /** mmap(2)'s flags for a mapping as CRIU would have to make it. */
  static int mapFlags(Vma vma) {
    int flags = vma.shared() ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE;
    flags |= vma.backing() == null || vma.has(Vma.HANDED) ? MapFlags.MAP_ANONYMOUS : 0;
    flags |= vma.has(Vma.GROWS_DOWN) ? MapFlags.MAP_GROWSDOWN : 0;
    flags |= vma.has(Vma.LOCKED) ? MapFlags.MAP_LOCKED : 0;
    flags |= vma.has(Vma.NO_RESERVE) ? MapFlags.MAP_NORESERVE : 0;
    return flags;
  }

  /** The kernel's attributes of a mapping of which only mmap(2)'s flags are known. */
  static int attributes(int mapFlags) {
    int attributes = Vma.MAY_ALL;
    attributes |= (mapFlags & MapFlags.MAP_TYPE) == MapFlags.MAP_SHARED ? Vma.SHARED : 0;
    attributes |= (mapFlags & MapFlags.MAP_GROWSDOWN) != 0 ? Vma.GROWS_DOWN : 0;
    attributes |= (mapFlags & MapFlags.MAP_LOCKED) != 0 ? Vma.LOCKED : 0;
    attributes |= (mapFlags & MapFlags.MAP_NORESERVE) != 0 ? Vma.NO_RESERVE : 0;
    return attributes;
  }
}
