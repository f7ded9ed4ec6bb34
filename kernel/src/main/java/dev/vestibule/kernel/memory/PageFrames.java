package dev.vestibule.kernel.memory;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Version;

/**
 * What does a kernel tell of the page frame behind an address? An entry of /proc/PID/pagemap
 * (Documentation/admin-guide/mm/pagemap.rst): bit 63 for a page that is there, bit 61 for one of a
 * file or shared, the frame's number below. A page that its process has not touched is not there,
 * the handed pages included.
 */
public final class PageFrames {
  /** A page of the process is in memory. */
  public static final long PRESENT = 1L << 63;

  /** The frame's number. */
  public static final long FRAME = (1L << 55) - 1;

  private static final long OF_FILE = 1L << 61;

  /** Private pages get numbers by address space and address, far from those of handed pages. */
  private static final long PRIVATE = 1L << 54;

  private static final int SPACE_SHIFT = 38;
  private static final long SPACES = 0xffff;

  /** pagemap came with Linux 2.6.25. */
  private static final Version FIRST = new Version(2, 6, 25);

  /** Since Linux 4.0 frames are hidden from those who are not root. */
  private static final Version HIDDEN = new Version(4, 0, 0);

  private PageFrames() {}

  /** Whether a kernel has the file. */
  public static boolean supported(KernelProfile kernel) {
    return kernel.uname().linux().atLeast(FIRST);
  }

  /** Whether a kernel shows frames to a reader. */
  public static boolean shown(KernelProfile kernel, boolean privileged) {
    return supported(kernel) && (privileged || !kernel.uname().linux().atLeast(HIDDEN));
  }

  /**
   * One entry.
   *
   * @param frames whether the reader may see frames
   */
  public static long entry(AddressSpace space, long address, boolean frames) {
    Vma vma = space.find(address);
    int pageSize = space.layout().pageSize();
    long page = address & -pageSize;
    if (vma == null || !isTouched(space, page, pageSize)) {
      return 0;
    }
    Backing backing = vma.backing();
    if (backing == null || !vma.shared() && space.memory().hasOwnPages(page, pageSize)) {
      long number = PRIVATE | (space.number() & SPACES) << SPACE_SHIFT | page / pageSize;
      return PRESENT | (frames ? number : 0);
    }
    long first = backing.firstFrame();
    long number = first == 0 ? 0 : first + (vma.offset() + page - vma.start()) / pageSize;
    return PRESENT | OF_FILE | (frames ? number : 0);
  }

  private static boolean isTouched(AddressSpace space, long page, int pageSize) {
    return space.memory().isResident(page, Math.max(1, pageSize >> GuestMemory.PAGE_SHIFT));
  }
}
