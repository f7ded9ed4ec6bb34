package dev.vestibule.kernel.sched;

import dev.vestibule.kernel.Task;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * On which guest CPU is one task, and may it run guest code there?
 *
 * <p>A task that takes part runs guest code only between {@link #enter} and {@link #leave}, and
 * nobody else has its CPU meanwhile. In its kernel it keeps the CPU, but anybody who needs it may
 * take it away. A task that does not take part runs whenever the host lets it.
 */
public final class TaskCpu {
  /** Another task waits for the CPU, and the time slice is over. */
  static final int YIELD = 1;

  /** The machine's preemption asks for it. */
  static final int FORCED = 2;

  /** membarrier(2) wants its restartable sequence to begin anew. */
  static final int RESTART = 4;

  /** It may no longer run on this CPU. */
  static final int MOVE = 8;

  private static final int NOWHERE = 0;
  private static final int IN_KERNEL = 1;
  private static final int IN_GUEST = 2;

  /** It has a CPU that it does not know of yet: the host has still to let its thread run. */
  private static final int COMING = 3;

  private static final VarHandle STATE;
  private static final VarHandle REQUESTS;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      STATE = lookup.findVarHandle(TaskCpu.class, "state", int.class);
      REQUESTS = lookup.findVarHandle(TaskCpu.class, "requests", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Task task;
  private final GuestCpus cpus;
  private volatile boolean active;
  private volatile int state = NOWHERE;
  private volatile int requests;
  private volatile boolean asleep;
  private volatile int number = -1;
  private volatile long since;
  private int shown = -1;
  private @Nullable ConcurrencyIds ids;
  private int concurrencyId;

  TaskCpu(Task task, GuestCpus cpus, boolean active) {
    this.task = task;
    this.cpus = cpus;
    this.active = active;
  }

  /** Whether the task needs a guest CPU to run. */
  public boolean active() {
    return active;
  }

  /** The guest CPU it runs on, or ran on last; -1 before the first. */
  public int number() {
    return number;
  }

  /** Its number among the running tasks of its address space, as far as it holds a CPU. */
  public int concurrencyId() {
    return concurrencyId;
  }

  Task task() {
    return task;
  }

  // ---- on the task's own thread -----------------------------------------------------------------

  /** From now on the task needs a guest CPU. */
  public void join() {
    active = true;
  }

  /** The task needs a CPU no longer, unless all tasks of the machine do. */
  public void resign() {
    active = cpus.always();
    release();
  }

  /**
   * Waits for a guest CPU; guest code may run afterwards.
   *
   * @return false if the task is to end instead
   */
  public boolean enter() {
    while (true) {
      if (STATE.compareAndSet(this, IN_KERNEL, IN_GUEST)) {
        if (requests == 0 && number == shown) {
          return true;
        }
        state = IN_KERNEL;
        answer((int) REQUESTS.getAndSet(this, 0));
      } else if (cpus.acquire(this)) {
        arrived();
      } else {
        return false;
      }
    }
  }

  /** Guest code runs no longer; the CPU stays the task's until somebody needs it. */
  public void leave() {
    STATE.setRelease(this, IN_KERNEL);
  }

  /** sched_yield(2): lets others run that wait for the CPU. */
  public void yield() {
    if (active && cpus.crowded()) {
      cpus.yield(this, false);
    } else {
      Thread.yield();
    }
  }

  /** The task is about to sleep: its CPU is free for others, and Linux would switch tasks. */
  public void sleeps() {
    if (active) {
      asleep = true; // first: see GuestCpus.acquire
      task.rseq().preempted(false);
      if (cpus.crowded()) {
        release();
      }
    }
  }

  /** The task sleeps no longer. */
  public void wakes() {
    asleep = false;
  }

  /** Gives the CPU up: the task ends, or enters another address space. */
  public void release() {
    cpus.release(this);
  }

  private void answer(int asked) {
    if ((asked & RESTART) != 0) {
      task.rseq().preempted(false);
    }
    boolean forced = (asked & FORCED) != 0;
    boolean moves = !task.affinity().get(number);
    if (forced || moves || (asked & YIELD) != 0 && cpus.crowded()) {
      task.rseq().preempted(false);
      cpus.yield(this, forced);
    }
    if (number != shown) {
      arrived();
    }
  }

  private void arrived() {
    int now = number;
    task.rseq().preempted(shown >= 0 && now != shown);
    if (now != shown) {
      shown = now;
      task.showProcessor();
    }
  }

  // ---- for GuestCpus, any thread ----------------------------------------------------------------

  /** Asks a task that runs guest code to look at something; whether it does run some. */
  boolean ask(int request) {
    REQUESTS.getAndBitwiseOr(this, request);
    if (state == IN_GUEST) {
      task.cpu().interrupt();
      return true;
    }
    return false;
  }

  /** Whether it has not yet looked at a request while it runs guest code. */
  boolean owes(int request) {
    return state == IN_GUEST && (requests & request) != 0;
  }

  boolean inGuest() {
    return state == IN_GUEST;
  }

  boolean holds() {
    return state != NOWHERE;
  }

  boolean asleep() {
    return asleep;
  }

  long since() {
    return since;
  }

  /** Whether its time slice has still to begin, however long the host takes. */
  boolean comes() {
    return state == COMING;
  }

  /** Takes the CPU away, unless the task runs guest code, is about to, or has none. */
  boolean revoke() {
    return STATE.compareAndSet(this, IN_KERNEL, NOWHERE);
  }

  /** The CPU is the task's now; under the lock of {@link GuestCpus}. */
  void given(int cpu, long now) {
    ids = task.space().concurrencyIds();
    concurrencyId = ids.take();
    number = cpu;
    since = now;
    state = COMING;
  }

  /** Its time slice begins; on its own thread. */
  void takesUp() {
    since = System.nanoTime();
    state = IN_KERNEL;
  }

  /** The CPU is the task's no longer; under the lock of {@link GuestCpus}. */
  void taken() {
    ConcurrencyIds former = ids;
    if (former != null) {
      former.give(concurrencyId);
      ids = null;
    }
  }
}
