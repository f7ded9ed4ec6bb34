package dev.vestibule.kernel.abi;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Isa;
import dev.vestibule.cpu.Stop;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.SyscallTable;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.kernel.tty.Termios;
import dev.vestibule.profile.KernelProfile;
import org.jspecify.annotations.Nullable;

/**
 * What differs between guest architectures as far as the kernel is concerned? Registers, system
 * call convention, numbers that deviate from the generic ones, layouts of structures, signal
 * frames. Everything else in the kernel works with generic numbers and asks this.
 */
public interface GuestAbi {
  Isa isa();

  /** Bytes of a C long and of a pointer: 4 or 8. */
  int wordSize();

  boolean bigEndian();

  /** The system calls a kernel has on this architecture. */
  SyscallTable syscalls(KernelProfile profile);

  // ---- system call convention -----------------------------------------------------------------

  long syscallNumber(Cpu cpu);

  void setSyscallNumber(Cpu cpu, long number);

  /** The register of an argument, 0..5; zero-extended on a 32-bit guest. */
  long syscallArgument(Cpu cpu, int index);

  /** Whether a 64-bit argument of a 32-bit guest begins at an even argument register. */
  boolean alignsPairs();

  /** Joins two registers of a 32-bit guest, in argument order. */
  long pair(long first, long second);

  /** Leaves a result or a negated errno where the guest expects it. */
  void setResult(Cpu cpu, long result);

  /** The result or negated errno that the guest finds. */
  long result(Cpu cpu);

  /**
   * Makes the guest execute the system call instruction again, with its first argument as it was.
   */
  void restart(Cpu cpu, long firstArgument);

  /** Makes the guest execute restart_syscall(2) next. */
  void restartBlock(Cpu cpu);

  // ---- threads and programs -------------------------------------------------------------------

  long stackPointer(Cpu cpu);

  long threadPointer(Cpu cpu);

  /**
   * Where the function returns to that is being executed, as long as it has called no other: right
   * for a function that only makes a system call.
   */
  long returnAddress(Cpu cpu);

  /** Prepares the registers of a new thread or process that continues behind clone(2). */
  void startChild(Cpu child, long stack, boolean setTls, long tls);

  /** Prepares the registers for a new program: exec. {@code entry} is the header's, relocated. */
  void startProgram(Cpu cpu, GuestMemory memory, long entry, long stack, ElfFacts facts);

  /** What of the ELF header matters for starting a program. */
  record ElfFacts(int flags, long loadBias) {}

  /**
   * Sets what a program can read of the processor it runs on.
   *
   * @param version the processor's kind, as the profile has it
   */
  void showProcessor(Cpu cpu, int version, int processor, int node);

  /** Whether clone(2) takes the thread pointer before the address of the child's id. */
  default boolean tlsBeforeChildTid() {
    return true;
  }

  // ---- signals --------------------------------------------------------------------------------

  /**
   * The signal for a stop that is neither a system call nor attention.
   *
   * @return null if the instruction has been dealt with
   */
  @Nullable SigInfo signalFor(Task task, Stop stop);

  /**
   * Makes the task enter a handler: writes the frame and sets the registers.
   *
   * @param mask the blocked signals to be restored when the handler returns
   * @throws dev.vestibule.cpu.GuestFault if the stack is not writable
   */
  void pushSignalFrame(Task task, SigInfo info, SignalAction action, long mask);

  /** sigreturn(2) and rt_sigreturn(2): restores registers and blocked signals from the stack. */
  long sigreturn(Task task, boolean rt);

  // ---- tracing ----------------------------------------------------------------------------------

  /**
   * A register set of a task that holds still, as ptrace(2) and core files lay it out.
   *
   * @param note its NT_ number
   * @return null where the architecture has no such set
   */
  default @Nullable Struct registerSet(Task task, int note) {
    return null;
  }

  /** The unit in which a register set is transferred, in bytes. */
  default int registerSetUnit(int note) {
    return wordSize();
  }

  /**
   * The requests of ptrace(2) that only this architecture has.
   *
   * @param tracee rests
   */
  default long ptrace(Task tracer, Task tracee, int request, long address, long data) {
    return -Errno.EIO;
  }

  /** AUDIT_ARCH_ of linux/audit.h. */
  int auditArchitecture();

  /** Whether the last system call has failed as far as the guest can tell. */
  boolean failed(Cpu cpu);

  /** The instruction that debuggers plant. */
  byte[] breakpoint();

  /** Changes all registers of a set; false where there is no such set. */
  default boolean setRegisterSet(Task task, int note, Struct set) {
    return false;
  }

  // ---- structures -----------------------------------------------------------------------------

  /** Writes struct stat of the guest's own word size. */
  void storeStat(GuestMemory memory, long address, FileStatus status);

  /** What a struct stat or stat64 in guest memory says; for observers. */
  Stat loadStat(GuestMemory memory, long address, boolean stat64);

  /** The fields of struct stat that are worth a look. */
  record Stat(int mode, long size, long rawDevice) {}

  /** The generic number of a SOL_SOCKET option. */
  default int socketOption(int option) {
    return option;
  }

  /** Bytes in front of the data in struct epoll_event. */
  default int epollDataOffset() {
    return 8;
  }

  /** Writes struct stat64 of a 32-bit guest. */
  void storeStat64(GuestMemory memory, long address, FileStatus status);

  /** swapcontext(2) where the architecture has it. */
  default long swapContext(Task task, long old, long next, long size) {
    return -Errno.ENOSYS;
  }

  /** prctl(PR_SET_FPEXC) where the architecture has it. */
  default long setFloatTraps(Task task, int mode) {
    return -Errno.EINVAL;
  }

  /** The mode the first program starts with. */
  default int initialFloatTraps(KernelProfile profile) {
    return 0;
  }

  /** prctl(PR_GET_FPEXC). */
  default int floatTraps(Task task) {
    throw new Failure(Errno.EINVAL);
  }

  /** MINSIGSTKSZ as sigaltstack(2) checks it. */
  default long minimumSignalStack() {
    return 2048;
  }

  /** Bytes of struct statfs, or of struct statfs64. */
  int statfsSize(boolean large);

  /** Writes struct statfs or statfs64; the values as the file system's own record lists them. */
  void storeStatfs(GuestMemory memory, long address, long[] values, boolean large);

  // ---- numbers --------------------------------------------------------------------------------

  /** mmap(2)'s flags as generic numbers. */
  int mmapFlags(int flags);

  /** open(2)'s flags as generic numbers. */
  int openFlags(int flags);

  /** Generic open(2) flags as the guest's numbers: fcntl(F_GETFL). */
  int guestOpenFlags(int flags);

  /** The generic number of a request of ioctl(2). */
  int ioctlRequest(int request);

  /** Reads struct termios. */
  Termios loadTermios(GuestMemory memory, long address);

  void storeTermios(GuestMemory memory, long address, Termios settings);

  /** The generic number of a socket option. */
  default int socketOption(int level, int option) {
    return option;
  }

  /** A generic errno as the guest's number. */
  default int guestErrno(int errno) {
    return errno;
  }

  // ---- words ----------------------------------------------------------------------------------

  default boolean wide() {
    return wordSize() == 8;
  }

  /** Reads an unsigned long or pointer. */
  default long loadWord(GuestMemory memory, long address) {
    return wide() ? memory.load64(address) : memory.load32(address) & 0xffff_ffffL;
  }

  /** Reads a signed long. */
  default long loadLong(GuestMemory memory, long address) {
    return wide() ? memory.load64(address) : memory.load32(address);
  }

  default void storeWord(GuestMemory memory, long address, long value) {
    if (wide()) {
      memory.store64(address, value);
    } else {
      memory.store32(address, (int) value);
    }
  }

  /** An empty structure of {@code size} bytes in the guest's byte order and word size. */
  default Struct struct(int size) {
    return new Struct(size, wordSize(), bigEndian());
  }

  /** A structure read from guest memory. */
  default Struct struct(GuestMemory memory, long address, int size) {
    Struct struct = struct(size);
    memory.read(address, struct.bytes(), 0, size);
    return struct;
  }
}
