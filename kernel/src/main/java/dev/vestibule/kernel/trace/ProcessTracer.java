package dev.vestibule.kernel.trace;

import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.kernel.signal.Signals;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which tasks does a process of the guest trace by ptrace(2), and what has it yet to wait for?
 * Guarded by the machine's lock. Where Linux binds a tracee to one thread of its tracer, any thread
 * of the process will do here.
 */
public final class ProcessTracer implements Tracer {
  private final Process process;
  private final List<Held> held = new ArrayList<>();

  /** One tracee, which may have ended. */
  public static final class Held {
    private final Tracee tracee;
    private boolean reported = true;
    private boolean ended;
    private int status;
    private boolean leader;

    private Held(Tracee tracee) {
      this.tracee = tracee;
    }

    public Tracee tracee() {
      return tracee;
    }

    /** Whether it has ended and wait(2) has to say so. */
    public boolean ended() {
      return ended;
    }

    /** Its end's wait status. */
    public int status() {
      return status;
    }

    /** The stop that wait(2) has to report, or null. */
    public @Nullable TraceStop reportable() {
      return reported || ended ? null : tracee.stop();
    }

    public void setReported() {
      reported = true;
    }
  }

  public ProcessTracer(Process process) {
    this.process = process;
  }

  /** All of them, ended ones included; a copy. */
  public List<Held> held() {
    return List.copyOf(held);
  }

  /** The living tracee of a task id, or null. */
  public @Nullable Tracee find(int tid) {
    for (Held one : held) {
      if (!one.ended && one.tracee.task().tid() == tid) {
        return one.tracee;
      }
    }
    return null;
  }

  /** Whether it traces a process's first task. */
  public boolean traces(Process other) {
    for (Held one : held) {
      if (one.tracee.task().process() == other && one.tracee.task().tid() == other.pid()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public int id() {
    return process.pid();
  }

  @Override
  public void began(Tracee tracee) {
    held.add(new Held(tracee));
  }

  @Override
  public void stopped(Tracee tracee) {
    Held one = of(tracee);
    TraceStop stop = tracee.stop();
    if (one == null || stop == null) {
      return;
    }
    one.reported = false;
    boolean group = stop.kind() == TraceStop.Kind.GROUP;
    int code = group ? SigInfo.CLD_STOPPED : SigInfo.CLD_TRAPPED;
    tell(tracee, code, stop.signal(), SignalAction.SA_NOCLDSTOP);
  }

  @Override
  public void ended(Tracee tracee, int status, boolean leader) {
    Held one = of(tracee);
    if (one == null) {
      return;
    }
    if (leader && !hidesEnd(tracee)) {
      held.remove(one); // a child of its own, which wait(2) finds as such
      return;
    }
    one.ended = true;
    one.status = status;
    one.leader = leader;
    int signal = status & 0x7f;
    int code = signal == 0 ? SigInfo.CLD_EXITED : SigInfo.CLD_KILLED;
    tell(tracee, code, signal == 0 ? status >> 8 & 0xff : signal, 0);
  }

  /** SIGCHLD, unless the tracer does not want to hear of such changes. */
  private void tell(Tracee tracee, int code, int shown, int unless) {
    SignalAction action = process.actions().get(Signals.SIGCHLD);
    if (action.handler() != SignalAction.IGNORE && (unless == 0 || !action.has(unless))) {
      int uid = tracee.task().credentials().uid();
      Delivery.send(process, SigInfo.child(code, tracee.task().tid(), uid, shown, 0, 0));
    }
    process.childEvents().wake();
  }

  @Override
  public void replaced(Tracee tracee) {
    Held one = of(tracee);
    if (one != null) {
      held.remove(one);
    }
  }

  @Override
  public boolean hidesEnd(Tracee leader) {
    return leader.task().process().parent() != process;
  }

  private @Nullable Held of(Tracee tracee) {
    for (Held one : held) {
      if (one.tracee == tracee) {
        return one;
      }
    }
    return null;
  }

  /** wait(2) has reported the end: the tracee's own parent may hear of it now. */
  public void reap(Held one) {
    held.remove(one);
    if (one.leader) {
      one.tracee.task().process().announceEnd();
    }
  }

  /** Lets a tracee go. */
  public void detach(Tracee tracee, @Nullable SigInfo signal) {
    replaced(tracee);
    tracee.detach(signal);
  }

  /** The tracer has ended: everything goes on without it, or is killed if that was asked for. */
  public void end() {
    for (Held one : held()) {
      if (one.ended) {
        reap(one);
        continue;
      }
      boolean kills = (one.tracee.options() & Tracee.EXIT_KILL) != 0;
      detach(one.tracee, null);
      if (kills) {
        Delivery.send(one.tracee.task().process(), SigInfo.kernel(Signals.SIGKILL));
      }
    }
  }
}
