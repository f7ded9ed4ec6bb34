package dev.vestibule.kernel.abi.power;

import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EIO;
import static dev.vestibule.kernel.Errno.ENOENT;
import static dev.vestibule.kernel.Errno.ENOSPC;

import dev.vestibule.cpu.Watchpoints;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.trace.Tracee;
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
  private static final int SET_DEBUGREG = 26;
  private static final int GETVSRREGS = 27;
  private static final int SETVSRREGS = 28;
  private static final int DELHWDEBUG = 0x87;
  private static final int SETHWDEBUG = 0x88;
  private static final int GETHWDBGINFO = 0x89;

  /** The kernel's own errno for an operation that is not supported. */
  private static final int ENOTSUPP = 524;

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
      case SET_DEBUGREG -> setDebugRegister(tracee, address, data);
      case GETHWDBGINFO -> debugInfo(abi, tracer, data);
      case SETHWDEBUG -> setHardware(abi, tracer, tracee, data);
      case DELHWDEBUG -> {
        Tracee held = tracee.tracee();
        if (data != 1) {
          yield -EINVAL;
        }
        if (held == null || !held.watches()) {
          yield -ENOENT;
        }
        held.watch(null);
        yield 0;
      }
      default -> -EIO;
    };
  }

  /** DABR: an address, and in its low bits translation 4, stores 2, loads 1. */
  private static long setDebugRegister(Task tracee, long register, long value) {
    Tracee held = tracee.tracee();
    if (register > 0 || held == null) {
      return -EINVAL;
    }
    held.watch(null);
    if ((value & 3) != 0) {
      long from = value & -8L;
      held.watch(watch(tracee, from, from + 8, (value & 1) != 0, (value & 2) != 0));
    }
    return 0;
  }

  private static Watchpoints.Watch watch(
      Task tracee, long from, long to, boolean loads, boolean stores) {
    return new Watchpoints.Watch(from, to, loads, stores, tracee.cpu());
  }

  /** struct ppc_debug_info: one data breakpoint with a range, aligned to 8 bytes. */
  private static long debugInfo(PowerAbi abi, Task tracer, long data) {
    int ranges = 4;
    int dawr = 0x10;
    Struct s = abi.struct(32);
    s.put32(0, 1).put32(8, 1).put32(16, abi.wide() ? 8 : 4);
    s.put64(24, ranges | dawr);
    s.store(tracer.memory(), data);
    return 0;
  }

  /** struct ppc_hw_breakpoint: version, trigger, address mode, condition mode, two addresses. */
  private static long setHardware(PowerAbi abi, Task tracer, Task tracee, long data) {
    Struct s = abi.struct(tracer.memory(), data, 40);
    Tracee held = tracee.tracee();
    int trigger = s.i32(4);
    int mode = s.i32(8);
    int inclusive = 1;
    if (s.i32(0) != 1) {
      return -ENOTSUPP;
    }
    if (held == null
        || (trigger & 6) == 0
        || (trigger & ~6) != 0
        || mode < 0
        || mode > inclusive
        || s.i32(12) != 0) {
      return -EINVAL;
    }
    long from = s.i64(16);
    long to = mode == inclusive ? s.i64(24) : from + 1;
    if (mode != inclusive) {
      from &= -8L;
      to = from + 8;
    }
    if (from < 0 || to <= from || to > tracee.space().memory().limit() || to - from > 512) {
      return -EINVAL;
    }
    boolean set = held.watch(watch(tracee, from, to, (trigger & 2) != 0, (trigger & 4) != 0));
    return set ? 1 : -ENOSPC;
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
