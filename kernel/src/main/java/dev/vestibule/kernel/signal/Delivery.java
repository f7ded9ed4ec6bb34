package dev.vestibule.kernel.signal;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.freeze.Freezer;
import dev.vestibule.kernel.trace.Tracee;
import org.jspecify.annotations.Nullable;

/** How does a signal reach a task, and what does it do there? See signal(7). */
public final class Delivery {
  private Delivery() {}

  // ---- sending --------------------------------------------------------------------------------

  /**
   * Sends a signal to a process; callable from any thread.
   *
   * @return 0, or -EAGAIN if a real-time signal found no room
   */
  public static long send(Process process, SigInfo info) {
    synchronized (process.machine().lock()) {
      Task leader = process.anyTask();
      if (leader == null || process.ended()) {
        return 0;
      }
      prepare(process, info.signal());
      if (info.signal() == Signals.SIGKILL) {
        kill(process);
        return 0;
      }
      if (ignored(process, leader, info.signal())) {
        return 0;
      }
      if (!process.pending().add(info, room(process, info))) {
        return -Errno.EAGAIN;
      }
      process.signalled().wake();
      wakeOneFor(process, info.signal());
      return 0;
    }
  }

  /** Sends a signal to one thread; see {@link #send(Process, SigInfo)}. */
  public static long send(Task task, SigInfo info) {
    Process process = task.process();
    synchronized (process.machine().lock()) {
      if (task.ended() || process.ended()) {
        return 0;
      }
      prepare(process, info.signal());
      if (info.signal() == Signals.SIGKILL) {
        kill(process);
        return 0;
      }
      if (ignored(process, task, info.signal())) {
        return 0;
      }
      if (!task.signals().pending().add(info, room(process, info))) {
        return -Errno.EAGAIN;
      }
      process.signalled().wake();
      if (wants(task, info.signal())) {
        task.notice();
      }
      return 0;
    }
  }

  /** Sends a signal that the task cannot escape: a fault of its own. */
  public static void force(Task task, SigInfo info) {
    Process process = task.process();
    int signal = info.signal();
    synchronized (process.machine().lock()) {
      TaskSignals signals = task.signals();
      boolean blocked = Signals.contains(signals.blocked(), signal);
      if (blocked || process.actions().get(signal).handler() == SignalAction.IGNORE) {
        process.actions().set(signal, SignalAction.INITIAL);
        signals.setBlocked(signals.blocked() & ~Signals.mask(signal));
      }
      signals.pending().add(info, true);
      task.notice();
    }
  }

  private static void kill(Process process) {
    process.groupExit(Signals.SIGKILL);
    for (Task task : process.tasks()) {
      Tracee tracee = task.tracee();
      if (tracee != null) {
        tracee.killed();
      }
    }
  }

  private static boolean room(Process process, SigInfo info) {
    if (!info.fromUser() || info.signal() < Signals.SIGRTMIN) {
      return process.pendingCount() < Integer.MAX_VALUE;
    }
    return process.pendingCount() < process.limits().count(Limits.RLIMIT_SIGPENDING);
  }

  /** Stop and continue cancel each other out. */
  private static void prepare(Process process, int signal) {
    long bit = Signals.mask(signal);
    if ((Signals.STOPPING & bit) != 0) {
      process.discardPending(Signals.mask(Signals.SIGCONT));
    } else if (signal == Signals.SIGCONT) {
      process.discardPending(Signals.STOPPING);
      process.resume();
      for (Task task : process.tasks()) {
        Tracee tracee = task.tracee();
        if (tracee != null) {
          tracee.continued();
        }
      }
    }
  }

  private static boolean ignored(Process process, Task task, int signal) {
    return process.actions().ignores(signal)
        && task.tracee() == null
        && !process.machine().listener().seesIgnoredSignals()
        && !Signals.contains(task.signals().blocked() | task.signals().waitedFor(), signal);
  }

  private static boolean wants(Task task, int signal) {
    TaskSignals signals = task.signals();
    return !task.ended()
        && !task.dying()
        && (!Signals.contains(signals.blocked(), signal)
            || Signals.contains(signals.waitedFor(), signal));
  }

  private static void wakeOneFor(Process process, int signal) {
    for (Task task : process.tasks()) {
      if (wants(task, signal)) {
        task.notice();
        return;
      }
    }
  }

  /**
   * Brings the task's attention in step with what it blocks and waits for; under the machine's
   * lock.
   */
  public static void recalculate(Task task) {
    Process process = task.process();
    TaskSignals signals = task.signals();
    long pending = signals.pending().set() | process.pending().set();
    long taken = ~signals.blocked() | signals.waitedFor();
    Tracee tracee = task.tracee();
    boolean held =
        process.machine().freezer().freezing()
            || (tracee == null ? process.stopped() : tracee.pending());
    if ((pending & taken) != 0 || held) {
      task.notice();
    } else {
      task.clearNotice();
    }
  }

  /** Whether a signal is pending that the task does not block. */
  public static boolean hasSignal(Task task) {
    synchronized (task.machine().lock()) {
      long pending = task.signals().pending().set() | task.process().pending().set();
      return (pending & ~task.signals().blocked()) != 0;
    }
  }

  /** Sets a task's blocked signals; others may now have to take what it no longer does. */
  public static void setBlocked(Task task, long set) {
    synchronized (task.machine().lock()) {
      task.signals().setBlocked(set);
      recalculateAll(task);
    }
  }

  /** The task waits for no signal any more; what it left may be another's to take. */
  public static void endWait(Task task) {
    synchronized (task.machine().lock()) {
      task.signals().setWaitedFor(0);
      recalculateAll(task);
    }
  }

  private static void recalculateAll(Task task) {
    recalculate(task);
    if (task.process().pending().set() != 0) {
      for (Task other : task.process().tasks()) {
        if (other != task) {
          recalculate(other);
        }
      }
    }
  }

  // ---- delivering -----------------------------------------------------------------------------

  /** Lets pending signals take effect; on the task's own thread, between instructions. */
  public static void deliver(Task task) {
    boolean handled = false;
    while (!task.dying()) {
      awaitContinue(task);
      Tracee tracee = task.tracee();
      SigInfo info;
      SignalAction action;
      synchronized (task.machine().lock()) {
        if (held(task) && !task.dying()) {
          continue;
        }
        info = dequeue(task, ~task.signals().blocked());
        if (info == null) {
          break;
        }
      }
      if (tracee != null) {
        info = tracee.signalled(info);
        if (info == null || task.dying()) {
          continue;
        }
      }
      synchronized (task.machine().lock()) {
        if (tracee != null && Signals.contains(task.signals().blocked(), info.signal())) {
          task.signals().pending().add(info, true); // the tracer's, and blocked here
          continue;
        }
        action = task.process().actions().get(info.signal());
        if (action.handled() && action.has(SignalAction.SA_RESETHAND)) {
          task.process().actions().set(info.signal(), SignalAction.INITIAL);
        }
      }
      if (action.handled()) {
        handled |= enterHandler(task, info, action);
      } else if (action.handler() == SignalAction.DEFAULT) {
        takeDefault(task, info);
      } else {
        task.machine().listener().signal(task, info, false);
      }
    }
    if (!handled) {
      task.calls().restartWithoutHandler();
    }
    synchronized (task.machine().lock()) {
      if (!handled) {
        task.signals().undoSuspend();
      }
      recalculateAll(task);
    }
  }

  /** Takes one pending signal of a set; the task's own before the process's. */
  public static @Nullable SigInfo dequeue(Task task, long wanted) {
    SigInfo info = task.signals().pending().take(wanted);
    if (info == null) {
      info = task.process().pending().take(wanted);
    }
    return info == null ? null : task.process().timers().noticed(info);
  }

  private static void awaitContinue(Task task) {
    Freezer freezer = task.machine().freezer();
    Tracee tracee = task.tracee();
    if (tracee != null) {
      tracee.restAsAsked();
    }
    freezer.rest(task);
    while (task.process().stopped() && !task.dying() && task.tracee() == null) {
      task.sleep(task);
      freezer.rest(task);
    }
  }

  /** Whether a stop of the process, or a tracer, keeps the task from going on. */
  private static boolean held(Task task) {
    Tracee tracee = task.tracee();
    return task.machine().freezer().freezing()
        || (tracee == null ? task.process().stopped() : tracee.pending());
  }

  private static boolean enterHandler(Task task, SigInfo info, SignalAction action) {
    TaskSignals signals = task.signals();
    task.calls().endForHandler(action.has(SignalAction.SA_RESTART));
    task.machine().listener().signal(task, info, true);
    if (!task.rseq().enterHandler()) {
      failedFrame(task, info.signal());
    }
    try {
      task.abi().pushSignalFrame(task, info, action, signals.maskToRestore());
    } catch (GuestFault fault) {
      failedFrame(task, info.signal());
      return true;
    }
    synchronized (task.machine().lock()) {
      signals.maskTaken();
      long blocked = signals.blocked() | action.mask();
      if (!action.has(SignalAction.SA_NODEFER)) {
        blocked |= Signals.mask(info.signal());
      }
      if ((signals.stackFlags() & TaskSignals.SS_AUTODISARM) != 0) {
        signals.disableStack();
      }
      signals.setBlocked(blocked);
    }
    Tracee tracee = task.tracee();
    if (tracee != null) {
      tracee.enteredHandler();
    }
    return true;
  }

  private static void failedFrame(Task task, int signal) {
    if (signal == Signals.SIGSEGV) {
      synchronized (task.machine().lock()) {
        task.process().actions().set(signal, SignalAction.INITIAL);
      }
    }
    force(task, SigInfo.kernel(Signals.SIGSEGV));
  }

  private static void takeDefault(Task task, SigInfo info) {
    Process process = task.process();
    switch (Signals.defaultAction(info.signal())) {
      case IGNORE, CONTINUE -> task.machine().listener().signal(task, info, false);
      case STOP -> {
        if (info.signal() == Signals.SIGSTOP || !process.orphanedGroup()) {
          task.machine().listener().signal(task, info, false);
          process.stop(info.signal());
        }
      }
      case TERMINATE -> {
        task.machine().listener().signal(task, info, false);
        process.groupExit(info.signal());
      }
      case CORE -> {
        task.machine().listener().signal(task, info, false);
        process.dumpCore(task, info);
      }
    }
  }
}
