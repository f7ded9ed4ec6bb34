package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.util.BitSet;

/**
 * What happens when the host faults in machine code of ours, or in a guest's window?
 *
 * <p>The handler stands before the JVM's for SIGSEGV and SIGBUS. All machine code lies in one
 * reserved range, so one comparison tells whose fault it is. Ours goes on at the address in the
 * record's slot {@link #FAULT_EXIT}, with its own address in {@link #FAULT_PC}, the signal's number
 * in {@link #FAULT_SIGNAL} and what it accessed in {@link #FAULT_ADDRESS}. A SIGSEGV of other code
 * in a guest's window is an access of the interpreter or the kernel that asked the page table and
 * was overtaken by a change: the page is made accessible and the access done again. All else goes
 * on to the JVM's handler.
 */
final class FaultHandler extends Assembler {
  /** Slot in which the handler leaves the host address of the faulting instruction. */
  static final int FAULT_PC = Cpu.EXECUTOR + 2;

  /** Slot that says where a thread goes on that faulted in our code. */
  static final int FAULT_EXIT = Cpu.EXECUTOR + 3;

  /** Slot in which the handler leaves the signal's number. */
  static final int FAULT_SIGNAL = Cpu.EXECUTOR + 4;

  /** Slot in which the handler leaves the host address of the access. */
  static final int FAULT_ADDRESS = Cpu.EXECUTOR + 7;

  static final int SIGBUS = 7;
  private static final int SIGSEGV = 11;

  /** The most bytes that the code of one address space may have. */
  static final int PLACE = 64 << 20;

  private static final long RANGE = 1L << 36;
  private static final int NONE_RESERVED = 0x4022; // MAP_NORESERVE, MAP_ANONYMOUS, MAP_PRIVATE
  private static final int READ_WRITE = 3;
  private static final int KERNEL_ACTION = 32; // handler, flags, restorer, mask
  private static final int SIGSET = 8;
  // struct ucontext: gregs begins at 40; REG_RBP is 10, REG_RIP 16
  private static final int UCONTEXT_RBP = 40 + 8 * 10;
  private static final int UCONTEXT_RIP = 40 + 8 * 16;
  private static final int SIGINFO_ADDRESS = 16;
  private static final int MOST_WINDOWS = 1 << 16;

  private final long range;
  private final BitSet taken = new BitSet();

  /** How many pairs follow, then the first and the last address of each window. */
  private final long windows;

  private final BitSet used = new BitSet();
  private boolean installed;

  private FaultHandler() {
    range = Libc.syscall(HostCalls.MMAP, 0, RANGE, 0, NONE_RESERVED, -1, 0);
    int bytes = 8 + 16 * MOST_WINDOWS;
    windows = Libc.syscall(HostCalls.MMAP, 0, bytes, READ_WRITE, NONE_RESERVED, -1, 0);
  }

  /** Made at the first use. */
  private static final class Only {
    static final FaultHandler INSTANCE = new FaultHandler();
  }

  /** The only one of this JVM. */
  static FaultHandler instance() {
    return Only.INSTANCE;
  }

  private static boolean failed(long result) {
    return result < 0 && result > -4096;
  }

  /** Takes a place of {@link #PLACE} bytes for code memory; -1 if there is none. */
  synchronized long take() {
    if (failed(range) || failed(windows)) {
      return -1;
    }
    int place = taken.nextClearBit(0);
    if ((place + 1L) * PLACE > RANGE) {
      return -1;
    }
    taken.set(place);
    return range + (long) place * PLACE;
  }

  /** Takes back a place that nobody executes any more; its pages become inaccessible. */
  synchronized void release(long address) {
    int fixed = 0x10;
    Libc.syscall(HostCalls.MMAP, address, PLACE, 0, NONE_RESERVED | fixed, -1, 0);
    taken.clear((int) ((address - range) / PLACE));
  }

  /** Makes the host enforce what a window's table says, and takes care of it until it is closed. */
  synchronized void guard(GuestMemory memory) {
    int index = used.nextClearBit(0);
    if (index >= MOST_WINDOWS) {
      throw new OutOfMemoryError("more than " + MOST_WINDOWS + " guest address spaces");
    }
    used.set(index);
    long pair = windows + 8 + 16L * index;
    HostMemory.putSlotVolatile(pair, memory.window());
    HostMemory.putSlotVolatile(pair + 8, memory.window() + memory.limit() - 1);
    if (used.length() > HostMemory.slot(windows)) {
      HostMemory.putSlotVolatile(windows, used.length());
    }
    memory.enforce(() -> forget(index));
  }

  private synchronized void forget(int index) {
    long pair = windows + 8 + 16L * index;
    HostMemory.putSlotVolatile(pair + 8, 0);
    HostMemory.putSlotVolatile(pair, -1);
    used.clear(index);
  }

  /**
   * Puts the handler before the JVM's, once.
   *
   * @param memory where its code may lie, for ever
   */
  synchronized void install(CodeMemory memory) {
    if (!installed && !failed(windows)) {
      installed = true;
      install(memory, SIGBUS);
      install(memory, SIGSEGV);
    }
  }

  private void install(CodeMemory memory, int signal) {
    long action = HostMemory.allocate(KERNEL_ACTION);
    Libc.syscall(HostCalls.RT_SIGACTION, signal, 0, action, SIGSET);
    reset();
    emit(HostMemory.slot(action), signal);
    HostMemory.putSlot(action, memory.address(memory.append(bytes(), size())));
    Libc.syscall(HostCalls.RT_SIGACTION, signal, action, 0, SIGSET);
    HostMemory.free(action);
  }

  /** handler(edi = signal, rsi = siginfo, rdx = ucontext). */
  private void emit(long previous, int signal) {
    Label others = new Label();
    load(RAX, RDX, UCONTEXT_RIP);
    constant(RCX, range);
    move(R8, RAX);
    operate(true, SUB, R8, RCX);
    constant(RCX, RANGE);
    operate(true, CMP, R8, RCX);
    jumpIf(ABOVE_EQUAL, others);
    load(RCX, RDX, UCONTEXT_RBP);
    store(RAX, RCX, Locations.offset(FAULT_PC));
    storeConstant(signal, RCX, Locations.offset(FAULT_SIGNAL));
    load(RAX, RSI, SIGINFO_ADDRESS);
    store(RAX, RCX, Locations.offset(FAULT_ADDRESS));
    load(RAX, RCX, Locations.offset(FAULT_EXIT));
    store(RAX, RDX, UCONTEXT_RIP);
    ret();
    bind(others);
    if (signal == SIGSEGV) {
      emitOvertaken();
    }
    constant(RAX, previous);
    jumpRegister(RAX);
  }

  /** Gives a page of a window back to the host and returns, or goes on behind. */
  private void emitOvertaken() {
    Label next = new Label();
    Label again = new Label();
    Label none = new Label();
    load(R8, RSI, SIGINFO_ADDRESS);
    constant(RCX, windows);
    load(RAX, RCX, 0);
    bind(again);
    operateConstant(true, SUB, RAX, 1);
    jumpIf(BELOW, none);
    operateConstant(true, ADD, RCX, 16);
    operateMemory(true, CMP, R8, RCX, -8);
    jumpIf(BELOW, next);
    operateMemory(true, CMP, R8, RCX, 0);
    jumpIf(ABOVE, next);
    for (int register : new int[] {RDI, RSI, RDX}) {
      push(register);
    }
    move(RDI, R8);
    operateConstant(true, AND, RDI, -GuestMemory.PAGE_SIZE);
    constant(RSI, GuestMemory.PAGE_SIZE);
    constant(RDX, READ_WRITE);
    constant(RAX, HostCalls.MPROTECT);
    syscall();
    for (int register : new int[] {RDX, RSI, RDI}) {
      pop(register);
    }
    test(false, RAX, RAX);
    jumpIf(NOT_EQUAL, none);
    ret();
    bind(next);
    jump(again);
    bind(none);
  }
}
