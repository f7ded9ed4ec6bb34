package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.util.BitSet;

/**
 * What happens when the host faults in machine code of ours?
 *
 * <p>Only a lost page can do that (SIGBUS: somebody shortened a mapped file), for the window is
 * always mapped. The handler stands before the JVM's: a fault outside our code goes on to that one.
 * All code lies in one reserved range, so one comparison tells. A fault inside goes on at the
 * address in the record's slot {@link #FAULT_EXIT}, with its own address in {@link #FAULT_PC}.
 */
final class FaultHandler {
  /** Slot in which the handler leaves the host address of the faulting instruction. */
  static final int FAULT_PC = Cpu.EXECUTOR + 2;

  /** Slot that says where a thread goes on that faulted in our code. */
  static final int FAULT_EXIT = Cpu.EXECUTOR + 3;

  private static final long RANGE = 1L << 36;
  private static final int NONE_RESERVED = 0x4022; // MAP_NORESERVE, MAP_ANONYMOUS, MAP_PRIVATE
  private static final int SIGBUS = 7;
  private static final int KERNEL_ACTION = 32; // handler, flags, restorer, mask
  private static final int SIGSET = 8;
  // struct ucontext: gregs begins at 40; REG_RBP is 10, REG_RIP 16
  private static final int UCONTEXT_RBP = 40 + 8 * 10;
  private static final int UCONTEXT_RIP = 40 + 8 * 16;

  private final long range;
  private final BitSet taken = new BitSet();
  private boolean installed;

  private FaultHandler(long range) {
    this.range = range;
  }

  /** Made at the first use. */
  private static final class Only {
    static final FaultHandler INSTANCE =
        new FaultHandler(Libc.syscall(HostCalls.MMAP, 0, RANGE, 0, NONE_RESERVED, -1, 0));
  }

  /** The only one of this JVM. */
  static FaultHandler instance() {
    return Only.INSTANCE;
  }

  /** Takes a place in the range for code memory; -1 if the host has none. */
  synchronized long take(int capacity) {
    if (range < 0 && range > -4096) {
      return -1;
    }
    int place = taken.nextClearBit(0);
    if ((place + 1L) * capacity > RANGE) {
      return -1;
    }
    taken.set(place);
    return range + (long) place * capacity;
  }

  /** Takes back a place that nobody executes any more; its pages become inaccessible. */
  synchronized void release(long address, int capacity) {
    int fixed = 0x10;
    Libc.syscall(HostCalls.MMAP, address, capacity, 0, NONE_RESERVED | fixed, -1, 0);
    taken.clear((int) ((address - range) / capacity));
  }

  /**
   * Puts the handler before the JVM's, once.
   *
   * @param memory where its code may lie, for ever
   */
  synchronized void install(CodeMemory memory) {
    if (installed) {
      return;
    }
    installed = true;
    long action = HostMemory.allocate(KERNEL_ACTION);
    Libc.syscall(HostCalls.RT_SIGACTION, SIGBUS, 0, action, SIGSET);
    Assembler a = new Assembler();
    emit(a, HostMemory.slot(action));
    HostMemory.putSlot(action, memory.address(memory.append(a.bytes(), a.size())));
    Libc.syscall(HostCalls.RT_SIGACTION, SIGBUS, action, 0, SIGSET);
    HostMemory.free(action);
  }

  /** handler(edi = signal, rsi = siginfo, rdx = ucontext). */
  private void emit(Assembler a, long previous) {
    Assembler.Label others = new Assembler.Label();
    a.load(Assembler.RAX, Assembler.RDX, UCONTEXT_RIP);
    a.constant(Assembler.RCX, range);
    a.move(Assembler.R8, Assembler.RAX);
    a.operate(true, Assembler.SUB, Assembler.R8, Assembler.RCX);
    a.constant(Assembler.RCX, RANGE);
    a.operate(true, Assembler.CMP, Assembler.R8, Assembler.RCX);
    a.jumpIf(Assembler.ABOVE_EQUAL, others);
    a.load(Assembler.RCX, Assembler.RDX, UCONTEXT_RBP);
    a.store(Assembler.RAX, Assembler.RCX, Locations.offset(FAULT_PC));
    a.load(Assembler.RAX, Assembler.RCX, Locations.offset(FAULT_EXIT));
    a.store(Assembler.RAX, Assembler.RDX, UCONTEXT_RIP);
    a.ret();
    a.bind(others);
    a.constant(Assembler.RAX, previous);
    a.jumpRegister(Assembler.RAX);
  }
}
