package dev.vestibule.kernel.wait;

import dev.vestibule.kernel.Task;
import java.util.concurrent.locks.LockSupport;

/**
 * How does a task sleep until something happens?
 *
 * <pre>{@code
 * try (Wait wait = Wait.on(task, queue)) {
 *   while (!ready()) {
 *     switch (wait.sleepUntil(deadline)) {
 *       case INTERRUPTED -> { return -ERESTARTSYS; }
 *       case TIMED_OUT -> { return -ETIMEDOUT; }
 *       case WOKEN -> {}
 *     }
 *   }
 * }
 * }</pre>
 */
public final class Wait implements WaitQueue.Listener, AutoCloseable {
  /** A deadline that never comes. */
  public static final long FOREVER = Long.MAX_VALUE;

  /** Why did a sleep end? */
  public enum Outcome {
    WOKEN,
    TIMED_OUT,
    /** A signal that is not blocked is pending, or the task must die or stop. */
    INTERRUPTED
  }

  private final Task task;
  private final WaitQueue[] queues;
  private volatile boolean woken;

  private Wait(Task task, WaitQueue[] queues) {
    this.task = task;
    this.queues = queues;
  }

  /** Registers the task's interest; look at the awaited state after this. */
  public static Wait on(Task task, WaitQueue... queues) {
    Wait wait = new Wait(task, queues);
    for (WaitQueue queue : queues) {
      queue.add(wait);
    }
    return wait;
  }

  @Override
  public void woken(int events) {
    woken = true;
    LockSupport.unpark(task.thread());
  }

  /** Sleeps without a time limit. */
  public Outcome sleep() {
    return sleepUntil(FOREVER);
  }

  /**
   * Sleeps until woken, interrupted, or a time.
   *
   * @param deadline nanoseconds of the guest's CLOCK_MONOTONIC, or {@link #FOREVER}
   */
  public Outcome sleepUntil(long deadline) {
    return sleep(deadline, true);
  }

  /** Like {@link #sleepUntil}, but only a fatal signal interrupts. */
  public Outcome sleepKillable(long deadline) {
    return sleep(deadline, false);
  }

  private Outcome sleep(long deadline, boolean interruptible) {
    while (!woken) {
      if (interruptible ? task.mustLeaveSleep() : task.dying()) {
        return Outcome.INTERRUPTED;
      }
      if (deadline == FOREVER) {
        task.sleep(this);
      } else {
        long nanos = task.machine().time().hostNanosUntil(deadline);
        if (nanos <= 0) {
          return Outcome.TIMED_OUT;
        }
        task.sleep(this, nanos);
      }
    }
    woken = false;
    return Outcome.WOKEN;
  }

  @Override
  public void close() {
    for (WaitQueue queue : queues) {
      queue.remove(this);
    }
  }
}
