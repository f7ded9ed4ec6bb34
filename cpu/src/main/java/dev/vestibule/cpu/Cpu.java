package dev.vestibule.cpu;

import dev.vestibule.cpu.fp.FpEnv;
import dev.vestibule.cpu.micro.Interpreter;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.io.Closeable;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What are one guest thread's registers, and what happens when it runs?
 *
 * <p>All architected state lies in one native record of 8-byte slots, so that every executor, and
 * machine code later, works on the same bytes. Which slot holds which register is the instruction
 * set's affair (see {@link Isa#registers()}).
 *
 * <p>One host thread at a time uses a Cpu; only {@link #interrupt} may be called by others.
 */
public final class Cpu implements Closeable {
  /** Slots in a record, temporaries of micro-operations included. */
  public static final int SLOTS = 1024;

  /** For executors: slot that is not 0 while {@link #attention()} holds. */
  public static final int ATTENTION = 448;

  /** For executors: slots for pointers of their own. */
  public static final int EXECUTOR = 449;

  private static final int REGISTERS = 448;

  /** Pairs of guest pc and machine code behind the slots, for emitters; no jump is all zeros. */
  public static final int JUMP_TABLE = 1 << 16;

  /** Bytes of the record and the table; only what is used of them becomes memory. */
  private static final long RECORD = SLOTS * 8L + JUMP_TABLE * 16L;

  private static final int READ_WRITE = 3;
  private static final int UNTOUCHED = 0x4022; // MAP_NORESERVE, MAP_ANONYMOUS, MAP_PRIVATE

  private final Isa isa;
  private GuestMemory memory;
  private CodeCache code;
  private final long context;
  private final @Nullable Block[] jumpCache = new Block[JUMP_CACHE];
  private volatile boolean attention;
  private boolean closed;
  private @Nullable GuestFault fault;
  private long executed;
  private LongSupplier timebase = System::nanoTime;
  private long counterCell;
  private long ticksPerSecond;
  private final FpEnv floats = new FpEnv();
  private LongConsumer entryListener = address -> {};
  private @Nullable Object executorState;

  static final int JUMP_CACHE = 4096;

  public Cpu(Isa isa, GuestMemory memory, CodeCache code) {
    this.isa = isa;
    this.memory = memory;
    this.code = code;
    this.context = Libc.syscall(HostCalls.MMAP, 0, RECORD, READ_WRITE, UNTOUCHED, -1, 0);
    if (context < 0) {
      throw new OutOfMemoryError("the host has no memory for a guest thread");
    }
    hideJumpToZero();
    code.attach(memory);
    isa.reset(this);
  }

  public Isa isa() {
    return isa;
  }

  public GuestMemory memory() {
    return memory;
  }

  public CodeCache code() {
    return code;
  }

  /** Continues in another address space, as exec does. */
  public void enter(GuestMemory newMemory, CodeCache newCode) {
    code.executor().forget(this);
    memory = newMemory;
    code = newCode;
    java.util.Arrays.fill(jumpCache, null);
    forgetJumps();
  }

  /** Empties the table of jumps behind the slots; for executors. The host gives zeros instead. */
  public void forgetJumps() {
    int dontNeed = 4;
    Libc.syscall(HostCalls.MADVISE, context + SLOTS * 8L, JUMP_TABLE * 16L, dontNeed);
    hideJumpToZero();
  }

  /** A pair of zeros is no jump, not even to address 0. */
  private void hideJumpToZero() {
    setSlot(SLOTS, -1);
  }

  /** Host address of the record. */
  public long context() {
    return context;
  }

  public long slot(int index) {
    return HostMemory.slot(context + index * 8L);
  }

  public void setSlot(int index, long value) {
    HostMemory.putSlot(context + index * 8L, value);
  }

  /** Address of the next instruction. */
  public long pc() {
    return slot(isa.pcSlot());
  }

  public void setPc(long pc) {
    setSlot(isa.pcSlot(), pc);
  }

  /** Copies all registers of another thread: clone(2). */
  public void copyRegistersFrom(Cpu other) {
    HostMemory.copy(other.context, context, REGISTERS * 8L);
  }

  /**
   * Runs until the guest needs its kernel. Afterwards {@link #pc()} is the address of the
   * instruction that stopped it, except for {@link Stop#SYSCALL}, where it is the next one.
   */
  public Stop run() {
    Watchpoints watches = memory.watchpoints();
    if (watches == null) {
      return code.executor().run(this);
    }
    watches.run(this);
    try {
      return code.executor().run(this);
    } finally {
      watches.run(null);
    }
  }

  /**
   * Runs one instruction.
   *
   * @return {@link Stop#ATTENTION} if it was carried out, else as {@link #run}
   */
  public Stop step() {
    long start = pc();
    Block one;
    try {
      one = code.single(isa, memory, start);
    } catch (GuestFault unreadable) {
      fault = unreadable;
      return Stop.FAULT;
    }
    Watchpoints watches = memory.watchpoints();
    if (watches != null) {
      watches.run(this);
    }
    attention = true; // the executor looks at it behind the block
    Stop stop = Interpreter.run(this, one, 0);
    if (watches != null) {
      watches.run(null);
    }
    if (stop == null) {
      throw new IllegalStateException("attention was not noticed");
    }
    boolean branched = stop == Stop.FAULT && fault().access() == Access.FETCH && pc() != start;
    return branched ? Stop.ATTENTION : stop;
  }

  /** The fault that ended the last {@link #run}, if it returned {@link Stop#FAULT}. */
  public GuestFault fault() {
    GuestFault last = fault;
    if (last == null) {
      throw new IllegalStateException("no fault");
    }
    return last;
  }

  /** For executors. */
  public void setFault(GuestFault fault) {
    this.fault = fault;
  }

  /** Makes {@link #run} return {@link Stop#ATTENTION} soon; callable from any thread. */
  public synchronized void interrupt() {
    attention = true;
    if (!closed) {
      HostMemory.putSlotVolatile(context + ATTENTION * 8L, 1);
    }
  }

  /**
   * Makes machine code come back to its executor soon, while {@link #run} goes on; for executors,
   * from any thread.
   */
  public synchronized void nudge() {
    if (!closed) {
      HostMemory.putSlotVolatile(context + ATTENTION * 8L, 1);
    }
  }

  /** Forgets {@link #nudge}, unless there is an interrupt, too; for executors. */
  public void calm() {
    if (slot(ATTENTION) != 0 && !attention) {
      synchronized (this) {
        if (!attention) {
          HostMemory.putSlotVolatile(context + ATTENTION * 8L, 0);
        }
      }
    }
  }

  /** What the executor of this address space has to remember of the thread; for executors. */
  public @Nullable Object executorState() {
    return executorState;
  }

  /** Sets {@link #executorState}; for executors. */
  public void setExecutorState(Object state) {
    executorState = state;
  }

  /** Whether {@link #interrupt} was called; for executors. */
  public boolean attention() {
    return attention;
  }

  /** Forgets an interrupt that has been noticed; called before looking for its cause. */
  public void clearInterrupt() {
    // Both are looked at, as an interrupt may have set but one yet; writing costs two fences.
    if (attention || slot(ATTENTION) != 0) {
      HostMemory.putSlotVolatile(context + ATTENTION * 8L, 0); // first: see interrupt
      attention = false;
    }
  }

  /** Names what the guest's timebase register counts. */
  public void setTimebase(LongSupplier ticks) {
    timebase = ticks;
  }

  /**
   * Says from what an executor may compute {@link #timebase} itself, to the same tick.
   *
   * @param cell a {@code host.CounterClock} cell, or 0 if it cannot
   * @param ticksPerSecond ticks are nanoseconds times this, divided by 10^9
   */
  public void setTimebaseCounter(long cell, long ticksPerSecond) {
    counterCell = cell;
    this.ticksPerSecond = ticksPerSecond;
  }

  /** The cell of {@link #setTimebaseCounter}; for executors. */
  public long counterCell() {
    return counterCell;
  }

  /** Ticks of the timebase in a second, where there is a {@link #counterCell}; for executors. */
  public long ticksPerSecond() {
    return ticksPerSecond;
  }

  /** The timebase register's value now, in ticks. */
  public long timebase() {
    return timebase.getAsLong();
  }

  /** Who hears that an address watched by {@link CodeCache#watchEntries} is about to execute? */
  public void onEntry(LongConsumer listener) {
    entryListener = listener;
  }

  /** A watched address is about to execute; for instruction sets. */
  public void entered(long address) {
    entryListener.accept(address);
  }

  /** Where floating-point operations of this thread find their modes; for executors. */
  public FpEnv floats() {
    return floats;
  }

  /** Guest instructions executed so far, counted when blocks end; for statistics. */
  public long executed() {
    return executed;
  }

  /** For executors. */
  public void addExecuted(long instructions) {
    executed += instructions;
  }

  /**
   * The block at a guest address; for executors.
   *
   * @throws GuestFault if its first instruction cannot be fetched
   */
  public Block block(long pc) {
    int index = (int) (pc >>> 2) & (JUMP_CACHE - 1);
    Block block = jumpCache[index];
    if (block == null || block.pc() != pc || !block.valid()) {
      block = code.get(isa, memory, pc);
      jumpCache[index] = block;
    }
    return block;
  }

  @Override
  public synchronized void close() {
    code.executor().forget(this);
    closed = true;
    Libc.syscall(HostCalls.MUNMAP, context, RECORD);
  }
}
