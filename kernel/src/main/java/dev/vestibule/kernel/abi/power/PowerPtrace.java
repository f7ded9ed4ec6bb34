package dev.vestibule.kernel.abi.power;

import static dev.vestibule.kernel.Errno.EIO;

import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import org.jspecify.annotations.Nullable;

/**
 * What do the requests of ptrace(2) mean that only Power has? Numbers from the kernel's
 * asm/ptrace.h; without the older and the SPE ones, which answer EIO.
 */
final class PowerPtrace {
  private static final int PEEKUSR = 3;
  private static final int POKEUSR = 6;
  private static final int GETREGS = 12;
  private static final int SETREGS = 13;
  private static final int GETFPREGS = 14;
  private static final int SETFPREGS = 15;
  private static final int GETVRREGS = 18;
  private static final int SETVRREGS = 19;
  private static final int GETREGS64 = 22;
  private static final int SETREGS64 = 23;
  private static final int GETVSRREGS = 27;
  private static final int SETVSRREGS = 28;

  /** Words of struct pt_regs that GETREGS copies. */
  private static final int GENERAL_WORDS = 44;

  private static final int FPR0 = 48;

  private PowerPtrace() {}

  static long request(
      PowerAbi abi, Task tracer, Task tracee, int request, long address, long data) {
    int word = abi.wordSize();
    int vectors = 33 * 16 + 4;
    return switch (request) {
      case PEEKUSR -> peek(abi, tracer, tracee, address, data);
      case POKEUSR -> poke(abi, tracee, address, data);
      case GETREGS, GETREGS64 ->
          load(abi, tracer, tracee, RegisterSets.NT_PRSTATUS, GENERAL_WORDS * word, data);
      case SETREGS, SETREGS64 ->
          store(abi, tracer, tracee, RegisterSets.NT_PRSTATUS, GENERAL_WORDS * word, data);
      case GETFPREGS -> load(abi, tracer, tracee, RegisterSets.NT_FPREGSET, 33 * 8, data);
      case SETFPREGS -> store(abi, tracer, tracee, RegisterSets.NT_FPREGSET, 33 * 8, data);
      case GETVRREGS -> load(abi, tracer, tracee, RegisterSets.NT_PPC_VMX, vectors, data);
      case SETVRREGS -> store(abi, tracer, tracee, RegisterSets.NT_PPC_VMX, vectors, data);
      case GETVSRREGS -> load(abi, tracer, tracee, RegisterSets.NT_PPC_VSX, 32 * 8, data);
      case SETVSRREGS -> store(abi, tracer, tracee, RegisterSets.NT_PPC_VSX, 32 * 8, data);
      default -> -EIO;
    };
  }

  private static long load(
      PowerAbi abi, Task tracer, Task tracee, int note, int length, long data) {
    Struct set = abi.registerSet(tracee, note);
    if (set == null) {
      return -EIO;
    }
    set.store(tracer.memory(), data, length);
    return 0;
  }

  private static long store(
      PowerAbi abi, Task tracer, Task tracee, int note, int length, long data) {
    Struct set = abi.registerSet(tracee, note);
    if (set == null) {
      return -EIO;
    }
    tracer.memory().read(data, set.bytes(), 0, length);
    abi.setRegisterSet(tracee, note, set);
    return 0;
  }

  /** Where a word of struct user lies: in general or floating-point registers. */
  private record Place(int note, int offset) {
    static @Nullable Place of(PowerAbi abi, long address) {
      int word = abi.wordSize();
      int fpscr = abi.wide() ? FPR0 + 32 : FPR0 + 2 * 32 + 1;
      long index = Long.divideUnsigned(address, word);
      if ((address & word - 1) != 0 || Long.compareUnsigned(index, fpscr) > 0) {
        return null;
      }
      return index < FPR0
          ? new Place(RegisterSets.NT_PRSTATUS, (int) address)
          : new Place(RegisterSets.NT_FPREGSET, (int) address - FPR0 * word);
    }
  }

  private static long peek(PowerAbi abi, Task tracer, Task tracee, long address, long data) {
    Place place = Place.of(abi, address);
    Struct set = place == null ? null : abi.registerSet(tracee, place.note);
    if (place == null || set == null) {
      return -EIO;
    }
    abi.storeWord(tracer.memory(), data, set.word(place.offset));
    return 0;
  }

  private static long poke(PowerAbi abi, Task tracee, long address, long data) {
    Place place = Place.of(abi, address);
    Struct set = place == null ? null : abi.registerSet(tracee, place.note);
    int index = (int) (address / abi.wordSize());
    boolean general = place != null && place.note == RegisterSets.NT_PRSTATUS;
    if (place == null
        || set == null
        || general && index > RegisterSets.CCR && index != RegisterSets.TRAP) {
      return -EIO;
    }
    set.putWord(place.offset, data);
    abi.setRegisterSet(tracee, place.note, set);
    return 0;
  }
}
