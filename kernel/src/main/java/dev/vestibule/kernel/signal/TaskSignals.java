package dev.vestibule.kernel.signal;

import dev.vestibule.kernel.Errno;

/** Which signals does one task block and have pending? Guarded by the machine's lock. */
public final class TaskSignals {
  /** SS_DISABLE. */
  public static final int SS_DISABLE = 2;

  /** SS_ONSTACK. */
  public static final int SS_ONSTACK = 1;

  /** SS_AUTODISARM. */
  public static final int SS_AUTODISARM = 0x8000_0000;

  private final SignalQueue pending = new SignalQueue();
  private long blocked;
  private long savedMask;
  private boolean restoreMask;
  private long waitedFor;
  private long stackBase;
  private long stackSize;
  private int stackFlags = SS_DISABLE;

  public SignalQueue pending() {
    return pending;
  }

  public long blocked() {
    return blocked;
  }

  /**
   * Sets the blocked signals; SIGKILL and SIGSTOP cannot be. Call Delivery.recalculate after it.
   */
  public void setBlocked(long set) {
    blocked = set & ~Signals.UNSTOPPABLE;
  }

  /** Blocks a set for the duration of a call; the old one returns when signals were delivered. */
  public void suspendMask(long set) {
    if (!restoreMask) {
      savedMask = blocked;
      restoreMask = true;
    }
    setBlocked(set);
  }

  /** Whether {@link #suspendMask} waits to be undone. */
  public boolean maskSuspended() {
    return restoreMask;
  }

  /** The mask that a handler's return restores. */
  public long maskToRestore() {
    return restoreMask ? savedMask : blocked;
  }

  /** The suspended mask has found its way into a frame. */
  public void maskTaken() {
    restoreMask = false;
  }

  /** Undoes {@link #suspendMask} where no handler ran. */
  public void undoSuspend() {
    if (restoreMask) {
      restoreMask = false;
      blocked = savedMask;
    }
  }

  /** The set sigtimedwait(2) waits for, although blocked; 0 if none. */
  public long waitedFor() {
    return waitedFor;
  }

  public void setWaitedFor(long set) {
    waitedFor = set;
  }

  public long stackBase() {
    return stackBase;
  }

  public long stackSize() {
    return stackSize;
  }

  public int stackFlags() {
    return stackFlags;
  }

  /** sigaltstack(2). */
  public void setStack(long base, long size, int flags) {
    stackBase = base;
    stackSize = size;
    stackFlags = flags;
  }

  /**
   * sigaltstack(2).
   *
   * @param sp the stack pointer now
   * @param minimum least size
   * @return 0 or a negated errno
   */
  public long changeStack(long base, long size, int flags, long sp, long minimum) {
    int mode = flags & ~SS_AUTODISARM;
    if (onStack(sp)) {
      return -Errno.EPERM;
    }
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0) {
      return -Errno.EINVAL;
    }
    if (mode == SS_DISABLE) {
      setStack(0, 0, flags);
      return 0;
    }
    if (Long.compareUnsigned(size, minimum) < 0) {
      return -Errno.ENOMEM;
    }
    setStack(base, size, flags);
    return 0;
  }

  public void disableStack() {
    setStack(0, 0, SS_DISABLE);
  }

  /** Whether a stack pointer lies on the alternate stack; never with SS_AUTODISARM. */
  public boolean onStack(long sp) {
    return (stackFlags & SS_AUTODISARM) == 0
        && stackSize != 0
        && Long.compareUnsigned(sp, stackBase) > 0
        && Long.compareUnsigned(sp - stackBase, stackSize) <= 0;
  }

  /** What ss_flags says for a stack pointer. */
  public int stackStatus(long sp) {
    if (stackSize == 0) {
      return SS_DISABLE;
    }
    return onStack(sp) ? SS_ONSTACK : stackFlags & SS_AUTODISARM;
  }
}
