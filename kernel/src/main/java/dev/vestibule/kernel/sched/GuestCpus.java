package dev.vestibule.kernel.sched;

import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.memory.AddressSpace;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which task has which guest CPU?
 *
 * <p>What tasks of one guest CPU do never happens at the same time: per-CPU data of restartable
 * sequences lives by that. A CPU changes hands when its task sleeps, yields or ends, and when
 * somebody has waited for a time slice: from a task in its kernel at once, from one that runs guest
 * code when that notices. Whoever waits looks after the time slices; no other thread does.
 */
public final class GuestCpus {
  /** How long a task keeps a CPU that others wait for, in nanoseconds: Linux's base slice. */
  private static final long SLICE = 3_000_000L;

  private final @Nullable TaskCpu[] owners;
  private final Deque<TaskCpu> waiters = new ArrayDeque<>();
  private final boolean always;
  private final LongSupplier random;
  private volatile boolean crowded;

  /**
   * @param always whether all tasks take part, not only those with restartable sequences
   * @param random where forced preemption sends tasks
   */
  public GuestCpus(int count, boolean always, LongSupplier random) {
    this.owners = new TaskCpu[count];
    this.always = always;
    this.random = random;
  }

  boolean always() {
    return always;
  }

  /** Begins to look after a task. */
  public TaskCpu placeOf(Task task) {
    return new TaskCpu(task, this, always);
  }

  /** Whether anybody waits for a CPU. */
  boolean crowded() {
    return crowded;
  }

  /** Waits until the task has a CPU; false if the task is to end instead. */
  boolean acquire(TaskCpu place) {
    synchronized (this) {
      crowded = true; // first: a task that falls asleep from now on gives its CPU up
      int free = free(place);
      if (free >= 0) {
        crowded = !waiters.isEmpty();
        give(place, free);
        place.takesUp();
        return true;
      }
      waiters.add(place);
    }
    while (!place.holds()) {
      LockSupport.parkNanos(this, SLICE);
      synchronized (this) {
        if (place.task().dying() && !place.holds()) {
          waiters.remove(place);
          crowded = !waiters.isEmpty();
          return false;
        }
        if (!place.holds()) {
          press(place);
        }
      }
    }
    place.takesUp();
    return true;
  }

  /** Lets another task have the CPU, if one waits for it or, where forced, now and then anyway. */
  void yield(TaskCpu place, boolean forced) {
    synchronized (this) {
      if (!place.revoke()) {
        return;
      }
      int former = place.number();
      vacate(place);
      grant(former);
      int elsewhere = forced ? anyFree(place) : -1;
      if (elsewhere >= 0) {
        give(place, elsewhere);
        place.takesUp();
      }
    }
  }

  void release(TaskCpu place) {
    if (place.holds()) {
      synchronized (this) {
        if (place.revoke()) {
          vacate(place);
          grant(place.number());
        }
      }
    }
  }

  /** A task may run elsewhere now; does not return before it has left where it no longer may. */
  public void affinityChanged(TaskCpu place) {
    if (!place.active() || !place.holds() || place.task().affinity().get(place.number())) {
      return;
    }
    if (place.ask(TaskCpu.MOVE) && Thread.currentThread() != place.task().thread()) {
      while (place.owes(TaskCpu.MOVE)) {
        LockSupport.parkNanos(20_000);
      }
    }
  }

  /** Preempts all tasks that run guest code, as soon as they notice. */
  public void preemptAll() {
    for (TaskCpu place : running()) {
      place.ask(TaskCpu.FORCED);
    }
  }

  /**
   * Makes restartable sequences begin anew in which other tasks of an address space are; returns
   * when that is certain.
   *
   * @param cpu the only CPU that matters, or -1 for all
   */
  public void restartSequences(Task caller, AddressSpace space, int cpu) {
    List<TaskCpu> asked = new ArrayList<>();
    for (TaskCpu place : running()) {
      Task task = place.task();
      boolean meant = cpu < 0 ? task != caller : place.number() == cpu;
      if (meant && task.process().space() == space && place.ask(TaskCpu.RESTART)) {
        asked.add(place);
      }
    }
    for (TaskCpu place : asked) {
      while (place.owes(TaskCpu.RESTART)) {
        LockSupport.parkNanos(20_000);
      }
    }
  }

  private synchronized List<TaskCpu> running() {
    List<TaskCpu> running = new ArrayList<>();
    for (TaskCpu owner : owners) {
      if (owner != null) {
        running.add(owner);
      }
    }
    return running;
  }

  // ---- under the lock ---------------------------------------------------------------------------

  /** A CPU that nobody needs now, the task's last one if possible; or -1. */
  private int free(TaskCpu place) {
    BitSet allowed = place.task().affinity();
    int last = place.number();
    if (last >= 0 && allowed.get(last) && vacant(last)) {
      return last;
    }
    for (int cpu = allowed.nextSetBit(0); cpu >= 0; cpu = allowed.nextSetBit(cpu + 1)) {
      if (vacant(cpu)) {
        return cpu;
      }
    }
    return -1;
  }

  /** A CPU without an owner, chosen by chance; -1 if there is none, or chance says so. */
  private int anyFree(TaskCpu place) {
    BitSet allowed = place.task().affinity();
    int start = (int) Math.floorMod(random.getAsLong(), (long) owners.length);
    for (int i = 0; i < owners.length; i++) {
      int cpu = (start + i) % owners.length;
      if (allowed.get(cpu) && vacant(cpu)) {
        return cpu;
      }
    }
    return -1;
  }

  private boolean vacant(int cpu) {
    TaskCpu owner = owners[cpu];
    if (owner != null && owner.asleep() && owner.revoke()) {
      vacate(owner);
      return true;
    }
    return owner == null;
  }

  /** Sees to it that a CPU changes hands; in the order in which tasks began to wait. */
  private void press(TaskCpu place) {
    if (!waiters.contains(place)) {
      crowded = true; // before it looks for one that is free, as when it began to wait
      waiters.add(place);
    }
    int cpu = take(place);
    if (cpu >= 0) {
      grant(cpu);
    }
  }

  /** A CPU for a task that has waited: a free one, or one whose owner is in its kernel too long. */
  private int take(TaskCpu place) {
    int free = free(place);
    if (free >= 0) {
      return free;
    }
    long now = System.nanoTime();
    BitSet allowed = place.task().affinity();
    TaskCpu oldest = null;
    for (int cpu = allowed.nextSetBit(0); cpu >= 0; cpu = allowed.nextSetBit(cpu + 1)) {
      TaskCpu owner = owners[cpu];
      if (owner == null || owner.comes() || now - owner.since() < SLICE) {
        continue;
      }
      if (owner.revoke()) {
        vacate(owner);
        return cpu;
      }
      if (oldest == null || owner.since() - oldest.since() < 0) {
        oldest = owner;
      }
    }
    if (oldest != null) {
      oldest.ask(TaskCpu.YIELD);
    }
    return -1;
  }

  private void give(TaskCpu place, int cpu) {
    owners[cpu] = place;
    place.given(cpu, System.nanoTime());
  }

  private void vacate(TaskCpu place) {
    owners[place.number()] = null;
    place.taken();
  }

  /** Gives a CPU without an owner to the task that has waited longest for it. */
  private void grant(int cpu) {
    for (Iterator<TaskCpu> each = waiters.iterator(); each.hasNext(); ) {
      TaskCpu waiter = each.next();
      if (waiter.task().affinity().get(cpu) && !waiter.task().dying()) {
        each.remove();
        crowded = !waiters.isEmpty();
        give(waiter, cpu);
        LockSupport.unpark(waiter.task().thread());
        return;
      }
    }
  }
}
