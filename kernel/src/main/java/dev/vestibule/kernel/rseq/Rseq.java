package dev.vestibule.kernel.rseq;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.profile.KernelProfile;
import org.jspecify.annotations.Nullable;

/**
 * Which area has a task registered for restartable sequences, and what does its kernel do to it?
 * See rseq(2) and kernel/rseq.c.
 *
 * <p>Before user code goes on after the task was preempted, moved or is about to handle a signal,
 * the area is told the CPU, and a sequence that was interrupted is continued at its abort handler.
 * The task's program counter is then always the address of the next instruction, so either the
 * sequence's last instruction has been carried out and the counter lies behind it, or it has not.
 */
public final class Rseq {
  /** Offsets in struct rseq, linux/rseq.h. */
  private static final int CPU_ID_START = 0;

  private static final int CPU_ID = 4;
  private static final int RSEQ_CS = 8;
  private static final int FLAGS = 16;
  private static final int NODE_ID = 20;
  private static final int MM_CID = 24;

  /** Offsets in struct rseq_cs. */
  private static final int CS_VERSION = 0;

  private static final int CS_FLAGS = 4;
  private static final int CS_START = 8;
  private static final int CS_LENGTH = 16;
  private static final int CS_ABORT = 24;

  private static final int UNREGISTER = 1;
  private static final int UNINITIALIZED = -1;

  /** The size of struct rseq before it could grow, and the alignment that went with it. */
  private static final int ORIGINAL_SIZE = 32;

  /** Events, which are the bits of the flags that once let a sequence survive them. */
  private static final int PREEMPTED = 1;

  private static final int SIGNALLED = 2;
  private static final int MIGRATED = 4;

  private final Task task;
  private volatile @Nullable Registration registration;
  private volatile @Nullable RseqCall owner;
  private volatile @Nullable RseqCall last;
  private int events;
  private boolean pending;

  /** What a task has registered. */
  public record Registration(long address, int length, int signature) {}

  public Rseq(Task task) {
    this.task = task;
  }

  /** What is registered, or null. */
  public @Nullable Registration registration() {
    return registration;
  }

  /** The call that has registered it, or null. */
  public @Nullable RseqCall owner() {
    return owner;
  }

  /** The task's last call of rseq(2), or null. */
  public @Nullable RseqCall lastCall() {
    return last;
  }

  /** A call has been answered. */
  void called(RseqCall call) {
    last = call;
    if (call.result() == 0) {
      owner = call.registers() ? call : null;
    }
  }

  private KernelProfile.Rseq rules() {
    return task.process().rseqOwnership().rules();
  }

  // ---- rseq(2) ----------------------------------------------------------------------------------

  /** What the kernel answers to rseq(2). */
  long call(long address, int length, int flags, int signature) {
    Registration now = registration;
    if ((flags & UNREGISTER) != 0) {
      return flags != UNREGISTER ? -Errno.EINVAL : unregister(now, address, length, signature);
    }
    if (flags != 0) {
      return -Errno.EINVAL;
    }
    if (now != null) {
      boolean other = now.address != address || now.length != length;
      return other ? -Errno.EINVAL : now.signature != signature ? -Errno.EPERM : -Errno.EBUSY;
    }
    return register(address, length, signature);
  }

  private long register(long address, int length, int signature) {
    if (!fits(address, Integer.toUnsignedLong(length))) {
      return -Errno.EINVAL;
    }
    if (!inUserSpace(address, Integer.toUnsignedLong(length))) {
      return -Errno.EFAULT;
    }
    if (rules().clearsDescriptor() && task.memory().load64(address + RSEQ_CS) != 0) {
      task.memory().store64(address + RSEQ_CS, 0);
    }
    if (address != 0) { // kernels take 0 for an area, and then for none
      registration = new Registration(address, length, signature);
      task.place().join();
      pending = true;
    }
    return 0;
  }

  /** Whether an area of this size may lie there: a fixed size until Linux 6.2, then a least one. */
  private boolean fits(long address, long length) {
    if (length == ORIGINAL_SIZE) {
      return (address & ORIGINAL_SIZE - 1) == 0;
    }
    KernelProfile.Rseq rules = rules();
    return rules.featureSize() > 0
        && length > ORIGINAL_SIZE
        && length >= rules.featureSize()
        && (address & rules.alignment() - 1) == 0;
  }

  /** Where user space ends for this kernel; the host may have room for less. */
  private long taskSize() {
    return task.machine().profile().memory().taskSize();
  }

  private boolean inUserSpace(long address, long length) {
    long end = taskSize();
    return Long.compareUnsigned(address, end) <= 0
        && Long.compareUnsigned(length, end - address) <= 0;
  }

  private long unregister(@Nullable Registration now, long address, int length, int signature) {
    if (now == null || now.address != address || now.length != length) {
      return -Errno.EINVAL;
    }
    if (now.signature != signature) {
      return -Errno.EPERM;
    }
    storeIds(address, 0, UNINITIALIZED, 0, 0);
    forget();
    return 0;
  }

  /** Nothing is registered any more: unregistration, exec. */
  public void forget() {
    registration = null;
    owner = null;
    events = 0;
    pending = false;
    task.place().resign();
  }

  /** Takes over what was saved of another task. */
  public void restore(Registration saved) {
    registration = saved;
    task.place().join();
    pending = true;
  }

  /** A new task goes on with a copy of another's registration: fork(2). */
  public void copyFrom(Rseq other) {
    registration = other.registration;
    owner = other.owner;
    if (registration != null) {
      events = other.events;
      pending = true;
      task.place().join();
    }
  }

  // ---- events, on the task's own thread ---------------------------------------------------------

  /** Others may have run on its CPU, or it runs on another one now. */
  public void preempted(boolean migrated) {
    if (registration != null) {
      events |= migrated ? PREEMPTED | MIGRATED : PREEMPTED;
      pending = true;
    }
  }

  /** exec(2) has failed: the area is written again, as kernels do. */
  public void refresh() {
    pending = registration != null;
  }

  /** Whether {@link #resume} has anything to do. */
  public boolean pending() {
    return pending;
  }

  /**
   * Before user code goes on.
   *
   * @return false if the area or the sequence's descriptor is bad: SIGSEGV
   */
  public boolean resume() {
    pending = false;
    Registration now = registration;
    if (now == null) {
      return true;
    }
    try {
      if (!continueOrAbort(now)) {
        return false;
      }
      int cpu = task.processor();
      storeIds(now.address, cpu, cpu, 0, task.place().concurrencyId());
      return true;
    } catch (GuestFault unreachable) {
      return false;
    }
  }

  /** Before a handler's frame is made of the registers; as {@link #resume}. */
  public boolean enterHandler() {
    if (registration == null) {
      return true;
    }
    events |= SIGNALLED;
    return resume();
  }

  private void storeIds(long address, int start, int cpu, int node, int concurrencyId) {
    task.memory().store32(address + CPU_ID_START, start);
    task.memory().store32(address + CPU_ID, cpu);
    int known = rules().featureSize();
    if (known >= NODE_ID + 4) {
      task.memory().store32(address + NODE_ID, node);
    }
    if (known >= MM_CID + 4) {
      task.memory().store32(address + MM_CID, concurrencyId);
    }
  }

  /** False where the kernel kills. */
  private boolean continueOrAbort(Registration now) {
    long descriptor = task.memory().load64(now.address + RSEQ_CS);
    if (descriptor == 0) {
      return true;
    }
    if (!below(descriptor)) {
      return false;
    }
    int version = task.memory().load32(descriptor + CS_VERSION);
    int flags = task.memory().load32(descriptor + CS_FLAGS);
    long start = task.memory().load64(descriptor + CS_START);
    long length = task.memory().load64(descriptor + CS_LENGTH);
    long abort = task.memory().load64(descriptor + CS_ABORT);
    boolean sound =
        version == 0
            && below(start)
            && below(start + length)
            && below(abort)
            && Long.compareUnsigned(start + length, start) >= 0
            && Long.compareUnsigned(abort - start, length) >= 0
            && below(abort - 4)
            && task.memory().load32(abort - 4) == now.signature;
    if (!sound) {
      return false;
    }
    if (Long.compareUnsigned(task.cpu().pc() - start, length) >= 0) {
      task.memory().store64(now.address + RSEQ_CS, 0);
      return true;
    }
    flags |= task.memory().load32(now.address + FLAGS);
    if (!admissible(flags)) {
      return false;
    }
    int happened = events & ~flags;
    events = 0;
    if (happened != 0) {
      task.memory().store64(now.address + RSEQ_CS, 0);
      task.cpu().setPc(abort);
    }
    return true;
  }

  private boolean below(long address) {
    return Long.compareUnsigned(address, taskSize()) < 0;
  }

  /** Until 5.19 flags let sequences survive events, signals only along with the others. */
  private boolean admissible(int flags) {
    if (!rules().obeysFlags()) {
      return flags == 0;
    }
    int others = PREEMPTED | MIGRATED;
    return (flags & SIGNALLED) == 0 || (flags & others) == others;
  }
}
