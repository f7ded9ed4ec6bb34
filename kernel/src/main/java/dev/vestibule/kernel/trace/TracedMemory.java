package dev.vestibule.kernel.trace;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Vma;
import org.jspecify.annotations.Nullable;

/**
 * What may a tracer read and write in another process's memory? As Linux's access_process_vm with
 * FOLL_FORCE: protection does not matter, but what is shared is written only where the process
 * itself may, and the kernel's data pages are neither read nor written. A write into a private page
 * gives this process a copy of its own.
 */
public final class TracedMemory {
  private TracedMemory() {}

  /**
   * Reads as many bytes as are there; callable from any thread.
   *
   * @return how many, 0 for none
   */
  public static int read(AddressSpace space, long address, byte[] to, int offset, int length) {
    return transfer(space, address, to, offset, length, false);
  }

  /** Writes as many bytes as may be written; see {@link #read}. */
  public static int write(AddressSpace space, long address, byte[] from, int offset, int length) {
    return transfer(space, address, from, offset, length, true);
  }

  private static int transfer(
      AddressSpace space, long address, byte[] bytes, int offset, int length, boolean store) {
    if (!space.tryShare()) {
      return 0;
    }
    int done = 0;
    try {
      synchronized (space) {
        while (done < length) {
          long at = (address + done) & space.memory().addressMask();
          int piece = accessible(space.find(at), at, length - done, store);
          if (piece == 0) {
            break;
          }
          if (store) {
            space.memory().poke(at, bytes, offset + done, piece);
          } else {
            space.memory().peek(at, bytes, offset + done, piece);
          }
          done += piece;
        }
      }
    } catch (GuestFault beyondFile) {
      return done;
    } finally {
      space.leave();
    }
    return done;
  }

  /** How many bytes from an address on may be accessed at once: at most to the page's end. */
  private static int accessible(@Nullable Vma vma, long address, int length, boolean store) {
    if (vma == null || vma.has(Vma.IO)) {
      return 0;
    }
    boolean writable = (vma.protection() & GuestMemory.PROT_WRITE) != 0;
    boolean allowed =
        store
            ? writable || !vma.shared() && vma.has(Vma.MAY_WRITE)
            : vma.protection() != 0 || vma.has(Vma.MAY_READ);
    if (!allowed) {
      return 0;
    }
    int page = GuestMemory.PAGE_SIZE;
    return (int) Math.min(length, page - (address & page - 1));
  }
}
