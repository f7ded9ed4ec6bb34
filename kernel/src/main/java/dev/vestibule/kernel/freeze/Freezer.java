package dev.vestibule.kernel.freeze;

import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * How do all tasks of a machine come to hold still, and go on again?
 *
 * <p>A frozen task rests where it would take its signals: between two instructions of the guest,
 * its system call ended as an interrupted one ends, the decision whether it restarts still open, no
 * restartable sequence under way. So its registers, its signals and what {@link
 * dev.vestibule.kernel.Syscalls} holds of the interrupted call are all there is to know of it. No
 * timer expires meanwhile.
 */
public final class Freezer {
  /** How long tasks may take to come to rest, in nanoseconds. */
  private static final long PATIENCE = 10_000_000_000L;

  /** How long a task runs on before the next attempt where the last one met a vfork(2). */
  private static final long PAUSE = 5_000_000;

  /** How long an attempt waits once all others rest but parents of vfork children. */
  private static final long VFORK_PATIENCE = 2_000_000;

  private final Machine machine;
  private final Set<Task> resting = ConcurrentHashMap.newKeySet();
  private volatile boolean freezing;

  public Freezer(Machine machine) {
    this.machine = machine;
  }

  /** Whether tasks are to rest. */
  public boolean freezing() {
    return freezing;
  }

  /** A task rests as long as the machine is frozen; on its own thread. */
  public void rest(Task task) {
    if (!freezing) {
      return;
    }
    task.rseq().preempted(false);
    if (task.rseq().pending() && !task.rseq().resume()) {
      Delivery.force(task, SigInfo.kernel(Signals.SIGSEGV));
    }
    resting.add(task);
    while (freezing && !task.dying()) {
      task.sleep(this);
    }
    resting.remove(task);
  }

  /** Tasks that hold still until they are let go. */
  public final class Frozen implements AutoCloseable {
    private final List<Process> tree;
    private boolean released;

    private Frozen(List<Process> tree) {
      this.tree = tree;
    }

    /** The processes that were to be frozen, parents before their children. */
    public List<Process> tree() {
      return tree;
    }

    /** Ends all of them: they live on elsewhere. */
    public void kill() {
      for (Process process : tree) {
        Delivery.send(process, SigInfo.kernel(Signals.SIGKILL));
      }
    }

    /** Lets all tasks go on. */
    public void goOn() {
      if (!released) {
        released = true;
        release();
      }
    }

    /** Lets all tasks go on that have not been let go yet. */
    @Override
    public void close() {
      goOn();
    }
  }

  /**
   * Brings all tasks of the machine to rest.
   *
   * @param root the process whose tree is meant
   * @throws FreezeRefusal if that cannot be; nothing is frozen then
   */
  public synchronized Frozen freeze(Process root) throws FreezeRefusal {
    long deadline = System.nanoTime() + PATIENCE;
    while (true) {
      boolean done = false;
      try {
        ask();
        String obstacle = await(deadline);
        if (obstacle == null) {
          List<Process> tree = treeOf(root);
          done = true;
          return new Frozen(tree);
        }
        if (System.nanoTime() >= deadline) {
          throw new FreezeRefusal(obstacle);
        }
      } finally {
        if (!done) {
          release();
        }
      }
      LockSupport.parkNanos(PAUSE);
    }
  }

  private void ask() {
    machine.timers().hold(true);
    synchronized (machine.lock()) {
      freezing = true;
    }
  }

  private void release() {
    synchronized (machine.lock()) {
      freezing = false;
      for (Task task : machine.tasks()) {
        task.notice();
      }
    }
    machine.timers().hold(false);
  }

  /** Waits until all rest; else what stands in the way. */
  private @Nullable String await(long deadline) throws FreezeRefusal {
    long vforkDeadline = 0;
    while (true) {
      List<Task> moving = moving();
      long now = System.nanoTime();
      if (moving.isEmpty()) {
        if (!anyEnding()) {
          return null;
        }
        if (now >= deadline) {
          return "a process does not come to its end";
        }
        LockSupport.parkNanos(50_000);
        continue;
      }
      boolean onlyParents = true;
      for (Task task : moving) {
        if (task.tracee() != null) {
          throw new FreezeRefusal("process " + task.process().pid() + " is traced");
        }
        onlyParents &= task.waitsForChild();
      }
      Task first = moving.getFirst();
      if (onlyParents) {
        vforkDeadline = vforkDeadline == 0 ? now + VFORK_PATIENCE : vforkDeadline;
        if (now >= vforkDeadline) {
          return "process %d waits for its vfork child".formatted(first.process().pid());
        }
      }
      if (now >= deadline) {
        return "thread %d of process %d does not come to rest"
            .formatted(first.tid(), first.process().pid());
      }
      LockSupport.parkNanos(50_000);
    }
  }

  /** Whether a process has no task any more and still has to become one that has ended. */
  private boolean anyEnding() {
    synchronized (machine.lock()) {
      for (Process process : machine.processes()) {
        if (!process.ended() && process.tasks().isEmpty()) {
          return true;
        }
      }
      return false;
    }
  }

  /** Tasks that do not rest yet; each is asked once more. */
  private List<Task> moving() {
    List<Task> moving = new ArrayList<>();
    synchronized (machine.lock()) {
      for (Task task : machine.tasks()) {
        if (!resting.contains(task)) {
          moving.add(task);
          task.notice();
        }
      }
    }
    return moving;
  }

  private List<Process> treeOf(Process root) throws FreezeRefusal {
    List<Process> tree = new ArrayList<>();
    synchronized (machine.lock()) {
      if (root.ended()) {
        throw new FreezeRefusal("process " + root.pid() + " has ended");
      }
      tree.add(root);
      for (int i = 0; i < tree.size(); i++) {
        tree.addAll(tree.get(i).children());
      }
    }
    return tree;
  }
}
