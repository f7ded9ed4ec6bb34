package dev.vestibule.kernel.exec;

import dev.vestibule.kernel.memory.AddressSpace;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How do the pages a kernel hands to every process get into a new address space? */
public interface HandedPages {
  /** Maps them, for exec. */
  Handed map(AddressSpace space);

  /**
   * The page frame that the mapping with the image begins with, the same in every process; or 0.
   */
  default long firstFrame() {
    return 0;
  }

  /** The same pages as another set, in frames of their own, which no guest of this machine has. */
  default HandedPages elsewhere() {
    return this;
  }

  /** The image as the kernel maps it, whole pages; empty without one. */
  default byte[] pristine() {
    return new byte[0];
  }

  /**
   * Where they lie in one address space.
   *
   * @param vdso address of the vDSO's ELF header for AT_SYSINFO_EHDR, 0 without one
   * @param signalReturn address of the trampoline for old-style frames, 0 for one on the stack
   * @param rtSignalReturn address of the trampoline for rt frames, 0 for one on the stack
   * @param rtSignalStart where a handler is entered if not at its own address (Linux 5.10), or 0
   * @param functions the vDSO's functions by their offset from its ELF header
   */
  record Handed(
      long vdso,
      long signalReturn,
      long rtSignalReturn,
      long rtSignalStart,
      Map<Long, String> functions) {
    public static final Handed NONE = new Handed(0, 0, 0, 0, Map.of());

    /** The vDSO function that begins at an address, or null. */
    public @Nullable String functionAt(long address) {
      return functions.get(address - vdso);
    }

    /** The same after mremap(2) moved the image. */
    public Handed movedBy(long distance) {
      return new Handed(
          vdso + distance,
          signalReturn == 0 ? 0 : signalReturn + distance,
          rtSignalReturn == 0 ? 0 : rtSignalReturn + distance,
          rtSignalStart == 0 ? 0 : rtSignalStart + distance,
          functions);
    }
  }

  /** No vDSO at all. */
  HandedPages NONE = new None();

  /** Not a lambda: the JVM's cache of a start keeps none of a type that has to be initialised. */
  record None() implements HandedPages {
    @Override
    public Handed map(AddressSpace space) {
      return Handed.NONE;
    }
  }
}
