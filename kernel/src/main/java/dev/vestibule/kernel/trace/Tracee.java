package dev.vestibule.kernel.trace;

import dev.vestibule.cpu.Watchpoints;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What does a tracer hold of one task? A task without a tracer has none of this, and pays a null
 * check at every entry to the kernel. State is guarded by the machine's lock; methods that rest are
 * called on the task's own thread, without it.
 */
public final class Tracee {
  public static final int TRACE_SYSGOOD = 1;
  public static final int TRACE_EXIT = 1 << TraceStop.EVENT_EXIT;
  public static final int TRACE_EXEC = 1 << TraceStop.EVENT_EXEC;
  public static final int TRACE_VFORK_DONE = 1 << TraceStop.EVENT_VFORK_DONE;
  public static final int EXIT_KILL = 0x100000;

  /** How does a task go on? */
  public enum Resume {
    CONTINUE,
    /** To the next entry to or exit from a system call. */
    SYSCALL,
    /** By one instruction. */
    STEP,
    /** It keeps resting for its tracer's sake, but hears SIGCONT: PTRACE_LISTEN. */
    LISTEN
  }

  private final Task task;
  private final Tracer tracer;
  private final boolean seized;
  private int options;
  private @Nullable TraceStop stop;
  private @Nullable SigInfo injected;
  private volatile Resume how = Resume.CONTINUE;
  private volatile boolean asked;
  private boolean notified;
  private boolean insideCall;
  private boolean listening;
  private boolean killed;
  private Watchpoints.@Nullable Watch watch;
  private boolean watchHit;
  private int groupStopsSeen;
  private long message;

  private Tracee(Task task, Tracer tracer, boolean seized, int options) {
    this.task = task;
    this.tracer = tracer;
    this.seized = seized;
    this.options = options;
  }

  // ---- by the tracer ----------------------------------------------------------------------------

  /**
   * Begins to trace a task; under the machine's lock.
   *
   * @param seized as PTRACE_SEIZE, without a stop and with its stops told apart
   * @param options PTRACE_O_ bits
   * @return null if somebody traces it already, or it has ended
   */
  public static @Nullable Tracee attach(Task task, Tracer tracer, boolean seized, int options) {
    if (task.tracee() != null || task.ended() || task.dying()) {
      return null;
    }
    Tracee tracee = new Tracee(task, tracer, seized, options);
    task.setTracee(tracee);
    if (task.process().stopped()) {
      task.notice();
    }
    return tracee;
  }

  /** Lets the task go, with a signal or none; under the machine's lock. */
  public void detach(@Nullable SigInfo signal) {
    if (task.tracee() == this) {
      task.setTracee(null);
    }
    if (!task.ended()) {
      watch(null);
    }
    if (stop != null) {
      injected = signal;
      wake();
    }
    task.notice();
  }

  /**
   * Lets a resting task go on; under the machine's lock.
   *
   * @param signal what it takes instead of the signal it rests for, or null for none
   */
  public void resume(Resume way, @Nullable SigInfo signal) {
    how = way;
    if (way == Resume.LISTEN) {
      listening = true;
      if (notified) {
        trapAgain(); // SIGCONT came first
      }
      return;
    }
    injected = signal;
    wake();
  }

  private void wake() {
    stop = null;
    listening = false;
    LockSupport.unpark(task.thread());
  }

  /** Asks the task to rest soon, wherever it is: PTRACE_INTERRUPT; under the machine's lock. */
  public void interrupt() {
    if (listening) {
      trapAgain();
    } else {
      asked = true;
      task.notice();
    }
  }

  /** Takes back an {@link #interrupt} that has not been heard yet. */
  public void forgetInterrupt() {
    asked = false;
  }

  public Task task() {
    return task;
  }

  public Tracer tracer() {
    return tracer;
  }

  public boolean seized() {
    return seized;
  }

  /** PTRACE_O_ bits. */
  public int options() {
    return options;
  }

  public void setOptions(int bits) {
    options = bits;
  }

  /** Why it rests, or null while it runs or listens. */
  public @Nullable TraceStop stop() {
    return listening ? null : stop;
  }

  /** Whether its registers hold still: it rests, or waits for a vfork child. */
  public boolean still() {
    return stop != null || task.waitsForChild();
  }

  /** Whether it rests by {@link Resume#LISTEN}. */
  public boolean listening() {
    return listening;
  }

  /** What the last event told. */
  public long message() {
    return message;
  }

  /** Changes the information of the signal it rests for. */
  public void setInfo(SigInfo info) {
    TraceStop now = stop;
    if (now != null) {
      stop = new TraceStop(now.kind(), now.code(), info, now.message());
    }
  }

  /**
   * Sets the one hardware breakpoint of the task, or takes it away; under the machine's lock.
   *
   * @return false if there is one already
   */
  public boolean watch(Watchpoints.@Nullable Watch wanted) {
    Watchpoints.Watch old = watch;
    if (wanted != null && old != null && !watchHit) {
      return false;
    }
    if (old != null) {
      task.process().space().memory().watching().remove(old);
    }
    watch = wanted;
    watchHit = false;
    if (wanted != null) {
      task.process().space().memory().watching().add(wanted);
    }
    return true;
  }

  /** Whether a hardware breakpoint is set, hit or not. */
  public boolean watches() {
    return watch != null;
  }

  /** The hardware breakpoint was hit: it does nothing more until it is set again. */
  public void watchHit() {
    synchronized (task.machine().lock()) {
      Watchpoints.Watch old = watch;
      if (old != null) {
        watchHit = true;
        task.process().space().memory().watching().remove(old);
      }
    }
  }

  // ---- by the kernel, about the task ------------------------------------------------------------

  /** Whether the task must look at what is asked of it; under the machine's lock. */
  public boolean pending() {
    Process process = task.process();
    return asked || notified || process.stopped() && groupStopsSeen != process.groupStops();
  }

  /** Whether it runs one instruction at a time. */
  public boolean stepping() {
    return how == Resume.STEP;
  }

  /** SIGKILL ends every rest; under the machine's lock. */
  public void killed() {
    killed = true;
    LockSupport.unpark(task.thread());
  }

  /**
   * SIGCONT was sent to the process: a seized task tells so by a stop; under the machine's lock.
   */
  public void continued() {
    if (listening) {
      trapAgain();
    } else if (seized) {
      notified = true;
      task.notice();
    }
  }

  private void trapAgain() {
    listening = false;
    notified = false;
    int signal = task.process().stopped() ? task.process().stopSignal() : Signals.SIGTRAP;
    stop = TraceStop.event(this, TraceStop.EVENT_STOP, signal, 0);
    tracer.stopped(this);
  }

  // ---- on the task's own thread -----------------------------------------------------------------

  /** Rests until the tracer resumes; what the task is to take then, or null. */
  private @Nullable SigInfo rest(TraceStop why) {
    boolean last = why.event() == TraceStop.EVENT_EXIT;
    synchronized (task.machine().lock()) {
      if (task.tracee() != this) {
        return why.kind() == TraceStop.Kind.SIGNAL ? why.info() : null;
      }
      if (killed || task.dying() && !last) {
        return null;
      }
      stop = why;
      asked = false;
      notified &= why.event() != TraceStop.EVENT_STOP;
      injected = null;
      if (why.kind() == TraceStop.Kind.EVENT) {
        message = why.message();
      }
      tracer.stopped(this);
    }
    while (true) {
      synchronized (task.machine().lock()) {
        if (killed || task.dying() && !last) {
          stop = null;
        }
        if (stop == null) {
          break;
        }
      }
      task.sleep(this);
    }
    task.calls().registersChanged();
    return injected;
  }

  /** Rests for whatever asks it to: the tracer, or a stop of the whole process. */
  public void restAsAsked() {
    while (!task.dying() && task.tracee() == this) {
      TraceStop why;
      synchronized (task.machine().lock()) {
        Process process = task.process();
        boolean group = process.stopped() && groupStopsSeen != process.groupStops();
        if (group) {
          groupStopsSeen = process.groupStops();
          why = TraceStop.group(this, process.stopSignal(), seized);
        } else if (asked || notified) {
          int signal = process.stopped() ? process.stopSignal() : Signals.SIGTRAP;
          why = TraceStop.event(this, TraceStop.EVENT_STOP, signal, 0);
        } else {
          return;
        }
      }
      rest(why);
    }
  }

  /** A signal is about to be delivered; what is delivered instead, or null for nothing. */
  public @Nullable SigInfo signalled(SigInfo info) {
    return rest(TraceStop.signal(info));
  }

  /** Before a system call; its registers may be others afterwards. */
  public void enterCall() {
    insideCall = true;
    if (how == Resume.SYSCALL) {
      callStop(true);
    }
  }

  /** After a system call, its result in the registers. */
  public void leaveCall() {
    insideCall = false;
    if (how == Resume.SYSCALL) {
      callStop(false);
    }
  }

  private void callStop(boolean entry) {
    SigInfo signal = rest(TraceStop.syscall(this, entry, (options & TRACE_SYSGOOD) != 0));
    if (signal != null) {
      Delivery.send(task, signal);
    }
  }

  /** Whether it is between entry to and exit from a system call. */
  public boolean insideCall() {
    return insideCall;
  }

  /** One instruction has been carried out. */
  public void stepped() {
    if (how == Resume.STEP && task.tracee() == this && !task.dying()) {
      Delivery.force(task, SigInfo.fault(Signals.SIGTRAP, SigInfo.TRAP_TRACE, task.cpu().pc()));
    }
  }

  /** While stepping, a handler has been entered and has not begun. */
  public void enteredHandler() {
    if (how == Resume.STEP) {
      rest(TraceStop.event(this, 0, Signals.SIGTRAP, 0));
    }
  }

  /** Whether the tracer wants to hear of an event. */
  public boolean wants(int event) {
    return (options & 1 << event) != 0;
  }

  /** Rests for an event if the tracer wants to hear of it. */
  public void event(int event, long about) {
    if (wants(event)) {
      rest(TraceStop.event(this, event, Signals.SIGTRAP, about));
    }
  }

  /** exec succeeded. Without the option the new program gets a SIGTRAP, as of old. */
  public void executed(int formerTid) {
    watch = null; // it went with the old memory
    if (wants(TraceStop.EVENT_EXEC)) {
      event(TraceStop.EVENT_EXEC, formerTid);
    } else if (!seized) {
      Delivery.send(task, SigInfo.sent(Signals.SIGTRAP, SigInfo.SI_USER, task.tid(), 0, 0));
    }
  }

  /** A task made by this one is traced too; before it starts. */
  public void inherit(Task child) {
    synchronized (task.machine().lock()) {
      Tracee tracee = attach(child, tracer, seized, options);
      if (tracee == null) {
        return;
      }
      if (seized) {
        tracee.interrupt();
      } else {
        child
            .signals()
            .pending()
            .add(SigInfo.sent(Signals.SIGSTOP, SigInfo.SI_USER, 0, 0, 0), true);
        child.notice();
      }
      tracer.began(tracee);
    }
  }
}
