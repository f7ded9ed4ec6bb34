package dev.vestibule.kernel.abi.power;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Isa;
import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.power.Power;
import dev.vestibule.cpu.power.PowerState;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.SyscallTable;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.kernel.tty.Termios;
import dev.vestibule.profile.Architecture;
import dev.vestibule.profile.AuxType;
import dev.vestibule.profile.KernelProfile;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The ABI of Linux on Power: {@code ppc}, {@code ppc64} (ELFv1) and {@code ppc64le} (ELFv2). Source
 * of numbers: the kernel's public headers (asm/unistd.h, asm/mman.h, asm/fcntl.h).
 */
public final class PowerAbi implements GuestAbi {
  public static final PowerAbi PPC = new PowerAbi(Power.ppc());
  public static final PowerAbi PPC64 = new PowerAbi(Power.ppc64());
  public static final PowerAbi PPC64LE = new PowerAbi(Power.ppc64le());

  private static final int PR_FP_EXC_PRECISE = 3;
  private static final int NR_RESTART_SYSCALL = 0;
  private static final int SO = 1;
  private static final int EF_PPC64_ABI = 3;

  /** Numbers that lead nowhere in 64-bit processes (arch/powerpc/kernel/syscalls/syscall.tbl). */
  private static final Set<String> ONLY_32 =
      Set.of(
          "getrlimit",
          "oldfstat",
          "oldlstat",
          "oldolduname",
          "oldstat",
          "olduname",
          "readdir",
          "select",
          "sigaction",
          "sigpending",
          "sigprocmask",
          "sigreturn",
          "sigsuspend",
          "umount");

  private final Isa isa;
  private final boolean wide;
  private final SignalFrames frames;
  private final MachineContext context;

  private PowerAbi(Isa isa) {
    this.isa = isa;
    this.wide = isa.wide();
    this.context = new MachineContext(wide, isa.bigEndian());
    this.frames = wide ? new Frames64(context, !isa.bigEndian()) : new Frames32(context);
  }

  public static PowerAbi of(Architecture architecture) {
    return switch (architecture) {
      case PPC -> PPC;
      case PPC64 -> PPC64;
      case PPC64LE -> PPC64LE;
    };
  }

  /** The ABI of a kernel's programs, on a processor with the cache blocks that it tells of. */
  public static PowerAbi of(KernelProfile profile) {
    PowerAbi usual = of(profile.architecture());
    Long block = profile.auxv().values().get(AuxType.AT_DCACHEBSIZE);
    if (block == null || !(usual.isa instanceof Power power)) {
      return usual;
    }
    Power suited = power.withCacheBlocks(block.intValue());
    return suited.equals(power) ? usual : new PowerAbi(suited);
  }

  @Override
  public Isa isa() {
    return isa;
  }

  @Override
  public int wordSize() {
    return wide ? 8 : 4;
  }

  @Override
  public boolean bigEndian() {
    return isa.bigEndian();
  }

  @Override
  public SyscallTable syscalls(KernelProfile profile) {
    Set<String> absent = wide ? ONLY_32 : Set.of();
    return SyscallTable.load(PowerAbi.class, resource(wide), profile, absent);
  }

  private static String resource(boolean wide) {
    return wide ? "ppc64.syscalls" : "ppc.syscalls";
  }

  /** The numbers of all system calls that Linux has, by name. */
  public static Map<String, Integer> numbers(boolean wide) {
    return SyscallTable.numbers(PowerAbi.class, resource(wide));
  }

  private long word(long value) {
    return wide ? value : value & 0xffff_ffffL;
  }

  long gpr(Cpu cpu, int n) {
    return word(cpu.slot(PowerState.gpr(n)));
  }

  static void setGpr(Cpu cpu, int n, long value) {
    cpu.setSlot(PowerState.gpr(n), value);
  }

  // ---- system calls: number in r0, arguments in r3 to r8, error in CR0.SO
  // ------------------------

  @Override
  public long syscallNumber(Cpu cpu) {
    return gpr(cpu, 0);
  }

  @Override
  public void setSyscallNumber(Cpu cpu, long number) {
    setGpr(cpu, 0, number);
  }

  @Override
  public long syscallArgument(Cpu cpu, int index) {
    return gpr(cpu, 3 + index);
  }

  @Override
  public boolean alignsPairs() {
    return true;
  }

  @Override
  public long pair(long first, long second) {
    return first << 32 | second & 0xffff_ffffL;
  }

  @Override
  public void setResult(Cpu cpu, long result) {
    long cr0 = cpu.slot(PowerState.CR0) & ~SO;
    if (Errno.failed(result)) {
      setGpr(cpu, 3, guestErrno((int) -result));
      cpu.setSlot(PowerState.CR0, cr0 | SO);
    } else {
      setGpr(cpu, 3, result);
      cpu.setSlot(PowerState.CR0, cr0);
    }
  }

  @Override
  public long result(Cpu cpu) {
    long value = wide ? gpr(cpu, 3) : (int) gpr(cpu, 3);
    return (cpu.slot(PowerState.CR0) & SO) != 0 ? -value : value;
  }

  @Override
  public void restart(Cpu cpu, long firstArgument) {
    setGpr(cpu, 3, firstArgument);
    cpu.setPc(cpu.pc() - 4);
  }

  @Override
  public void restartBlock(Cpu cpu) {
    setGpr(cpu, 0, NR_RESTART_SYSCALL);
    cpu.setPc(cpu.pc() - 4);
  }

  @Override
  public int guestErrno(int errno) {
    return errno; // EDEADLOCK, 58, is the only one that differs, and no call returns it
  }

  // ---- threads and programs -------------------------------------------------------------------

  @Override
  public long stackPointer(Cpu cpu) {
    return gpr(cpu, 1);
  }

  @Override
  public long threadPointer(Cpu cpu) {
    return gpr(cpu, threadRegister());
  }

  private int threadRegister() {
    return wide ? 13 : 2;
  }

  @Override
  public long returnAddress(Cpu cpu) {
    return word(cpu.slot(PowerState.LR));
  }

  @Override
  public void startChild(Cpu child, long stack, boolean setTls, long tls) {
    if (stack != 0) {
      setGpr(child, 1, stack);
    }
    if (setTls) {
      setGpr(child, threadRegister(), tls);
    }
    setResult(child, 0);
  }

  @Override
  public void startProgram(Cpu cpu, GuestMemory memory, long entry, long stack, ElfFacts facts) {
    long floatTraps = cpu.slot(PowerState.FPEXC);
    for (int slot = 0; slot < PowerState.VSR + 128; slot++) {
      cpu.setSlot(slot, 0);
    }
    isa.reset(cpu);
    cpu.setSlot(PowerState.FPEXC, floatTraps);
    setGpr(cpu, 1, stack);
    if (!wide) {
      cpu.setPc(entry);
    } else if (elfV2(facts)) {
      setGpr(cpu, 12, entry);
      cpu.setPc(entry);
    } else {
      // The entry is a function descriptor: code, TOC, not relocated in the file.
      cpu.setPc(memory.load64(entry) + facts.loadBias());
      setGpr(cpu, 2, memory.load64(entry + 8) + facts.loadBias());
    }
  }

  /** As set_fpexc_mode does without SPE: the modes are disabled, two imprecise ones, precise. */
  @Override
  public long setFloatTraps(Task task, int mode) {
    if (mode < 0 || mode > PR_FP_EXC_PRECISE) {
      return -Errno.EINVAL;
    }
    task.cpu().setSlot(PowerState.FPEXC, mode);
    return 0;
  }

  @Override
  public int floatTraps(Task task) {
    return (int) task.cpu().slot(PowerState.FPEXC);
  }

  @Override
  public void showProcessor(Cpu cpu, int version, int processor, int node) {
    cpu.setSlot(PowerState.PVR, version & 0xffff_ffffL);
    cpu.setSlot(PowerState.SPRG_VDSO, (long) node << 16 | processor);
  }

  private static boolean elfV2(ElfFacts facts) {
    return (facts.flags() & EF_PPC64_ABI) == 2;
  }

  // ---- signals --------------------------------------------------------------------------------

  @Override
  public @Nullable SigInfo signalFor(Task task, Stop stop) {
    return PowerTraps.signalFor(task, stop);
  }

  @Override
  public void pushSignalFrame(Task task, SigInfo info, SignalAction action, long mask) {
    frames.push(task, info, action, mask);
  }

  @Override
  public long sigreturn(Task task, boolean rt) {
    return frames.sigreturn(task, rt);
  }

  @Override
  public @Nullable Struct registerSet(Task task, int note) {
    return RegisterSets.get(this, context, task, note);
  }

  @Override
  public int registerSetUnit(int note) {
    return switch (note) {
      case RegisterSets.NT_PRSTATUS -> wordSize();
      case RegisterSets.NT_PPC_VMX -> 16;
      default -> 8;
    };
  }

  @Override
  public long ptrace(Task tracer, Task tracee, int request, long address, long data) {
    return PowerPtrace.request(this, tracer, tracee, request, address, data);
  }

  @Override
  public int auditArchitecture() {
    int power = 20;
    int power64 = 21;
    int is64 = 0x8000_0000;
    int littleEndian = 0x4000_0000;
    return wide ? power64 | is64 | (bigEndian() ? 0 : littleEndian) : power;
  }

  @Override
  public boolean failed(Cpu cpu) {
    return (cpu.slot(PowerState.CR0) & SO) != 0;
  }

  /** {@code trap}, which is {@code tw 31,0,0}. */
  @Override
  public byte[] breakpoint() {
    return struct(4).put32(0, 0x7fe0_0008).bytes();
  }

  @Override
  public boolean setRegisterSet(Task task, int note, Struct set) {
    return RegisterSets.set(this, task, note, set);
  }

  /** 32-bit kernels start the first program with MSR.FE0 and FE1 set, 64-bit ones without. */
  @Override
  public int initialFloatTraps(KernelProfile profile) {
    return profile.kernelBits() == 32 ? PR_FP_EXC_PRECISE : 0;
  }

  @Override
  public long swapContext(Task task, long old, long next, long size) {
    return frames instanceof Frames32 frames32
        ? frames32.swap(task, old, next, size)
        : -Errno.ENOSYS;
  }

  // ---- numbers that differ from the generic ones ------------------------------------------------

  @Override
  public int mmapFlags(int flags) {
    int locked = 0x80;
    int noReserve = 0x40;
    int result = flags & ~(locked | noReserve | 0x2000 | 0x4000);
    if ((flags & locked) != 0) {
      result |= 0x2000;
    }
    if ((flags & noReserve) != 0) {
      result |= 0x4000;
    }
    return result;
  }

  private static final int[] OPEN_GUEST = {040000, 0100000, 0200000, 0400000};
  private static final int[] OPEN_GENERIC = {0200000, 0400000, 0100000, 040000};

  /** O_DIRECTORY 040000, O_NOFOLLOW 0100000, O_LARGEFILE 0200000, O_DIRECT 0400000. */
  @Override
  public int openFlags(int flags) {
    return swap(flags, OPEN_GUEST, OPEN_GENERIC);
  }

  @Override
  public int guestOpenFlags(int flags) {
    return swap(flags, OPEN_GENERIC, OPEN_GUEST);
  }

  private static int swap(int flags, int[] from, int[] to) {
    int result = flags;
    for (int bit : from) {
      result &= ~bit;
    }
    for (int i = 0; i < from.length; i++) {
      if ((flags & from[i]) != 0) {
        result |= to[i];
      }
    }
    return result;
  }

  @Override
  public void storeStat(GuestMemory memory, long address, FileStatus status) {
    if (!wide() && (status.size() > Integer.MAX_VALUE || status.inode() >>> 32 != 0)) {
      throw new Failure(Errno.EOVERFLOW);
    }
    Struct s = struct(wide() ? 144 : 72);
    if (wide()) {
      PowerStat.wide(s, status);
    } else {
      PowerStat.narrow(s, status);
    }
    s.store(memory, address);
  }

  @Override
  public Stat loadStat(GuestMemory memory, long address, boolean stat64) {
    int least = 64;
    return PowerStat.look(struct(memory, address, least), wide, stat64);
  }

  @Override
  public int socketOption(int option) {
    return switch (option) { // SO_RCVLOWAT to SO_PEERCRED, in another order
      case 16, 17, 18, 19 -> option + 2;
      case 20, 21 -> option - 4;
      default -> option;
    };
  }

  @Override
  public void storeStat64(GuestMemory memory, long address, FileStatus status) {
    Struct s = struct(104);
    PowerStat.stat64(s, status);
    s.store(memory, address);
  }

  @Override
  public int statfsSize(boolean large) {
    return wide ? 120 : large ? 88 : 64;
  }

  @Override
  public void storeStatfs(GuestMemory memory, long address, long[] values, boolean large) {
    Struct s = struct(statfsSize(large));
    PowerStat.statfs(s, values, wide, large);
    s.store(memory, address);
  }

  @Override
  public int ioctlRequest(int request) {
    return PowerIoctls.generic(request);
  }

  /**
   * Power numbers SO_RCVLOWAT to SO_PEERCRED (generic 16 to 21) in another order: 20, 21, 16 ...
   */
  @Override
  public int socketOption(int level, int option) {
    int socketLevel = 1;
    if (level != socketLevel || option < 16 || option > 21) {
      return option;
    }
    return option >= 20 ? option - 4 : option + 2;
  }

  @Override
  public Termios loadTermios(GuestMemory memory, long address) {
    return PowerTermios.load(struct(memory, address, PowerTermios.SIZE));
  }

  @Override
  public void storeTermios(GuestMemory memory, long address, Termios settings) {
    Struct s = struct(PowerTermios.SIZE);
    PowerTermios.store(s, settings);
    s.store(memory, address);
  }
}
