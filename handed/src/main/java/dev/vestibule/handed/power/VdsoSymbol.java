package dev.vestibule.handed.power;

import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.KernelProfile.TrampolineStart;
import dev.vestibule.profile.Version;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is one function of a vDSO? An entry per symbol, word size and arithmetic; the image of a
 * profile is made of the entries that its kernel has.
 *
 * @param since first release that has it
 * @param until first release that has it no more
 * @param bits 32 or 64: the size of the program's pointers
 * @param kernelBits 32 or 64 if only such kernels have it, otherwise 0
 * @param start how kernels that have it begin a trampoline, or null if it is all the same
 * @param frame what an unwinder must know about it
 * @param code assembly; fields of the data page are defined as constants by their names, {@code
 *     data_page} as its address, {@code NR} as the number of system calls
 */
record VdsoSymbol(
    String name,
    Version since,
    Version until,
    int bits,
    int kernelBits,
    @Nullable TrampolineStart start,
    Frame frame,
    String code) {
  static final Version EVER = new Version(0, 0, 0);
  static final Version NEVER = new Version(999, 0, 0);

  VdsoSymbol(String name, Version since, Version until, int bits, Frame frame, String code) {
    this(name, since, until, bits, 0, null, frame, code);
  }

  /** The same for kernels of one word size alone. */
  VdsoSymbol onKernel(int newKernelBits) {
    return new VdsoSymbol(name, since, until, bits, newKernelBits, start, frame, code);
  }

  /** The same for kernels that begin their trampolines in one way alone. */
  VdsoSymbol startedBy(TrampolineStart newStart) {
    return new VdsoSymbol(name, since, until, bits, kernelBits, newStart, frame, code);
  }

  /** How a caller's registers are found. */
  enum Frame {
    /** The return address stays in LR. */
    LEAF,
    /** Between labels {@code name$kept} and {@code name$back} the return address is in r12. */
    LINK_IN_R12,
    /**
     * As LINK_IN_R12, and from {@code name$framed} on there is a frame, which has all registers
     * from {@code name$saved} on until {@code name$restored}, and again from {@code name$cipher}
     * on.
     */
    STACK,
    /** Trampoline of an old-style signal frame, from label {@code name$start} on. */
    SIGNAL,
    /** Trampoline of an rt signal frame, from label {@code name$start} on. */
    SIGNAL_RT
  }

  static Version release(String text) {
    return Objects.requireNonNull(Version.parse(text));
  }

  boolean belongsTo(KernelProfile profile) {
    Version kernel = profile.uname().linux();
    return bits == 8 * profile.architecture().wordBytes()
        && (kernelBits == 0 || kernelBits == profile.kernelBits())
        && (start == null || start == profile.vdso().trampolineStart())
        && kernel.atLeast(since)
        && !kernel.atLeast(until)
        && !profile.vdso().without().contains(name);
  }

  /** The fields of the data page that the code reads. */
  Set<String> fields(KernelProfile profile) {
    Set<String> used = new TreeSet<>();
    for (String word : code.split("[^a-z0-9_]+", -1)) {
      if (profile.data().field(word) != null) {
        used.add(word);
      }
    }
    return used;
  }
}
