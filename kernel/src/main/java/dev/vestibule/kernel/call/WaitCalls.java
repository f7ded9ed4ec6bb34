package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.ECHILD;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ERESTARTSYS;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.kernel.CpuTime;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.trace.ProcessTracer;
import dev.vestibule.kernel.trace.TraceStop;
import dev.vestibule.kernel.wait.Wait;
import org.jspecify.annotations.Nullable;

/** Waiting for children: wait4(2), waitpid(2), waitid(2). */
public final class WaitCalls {
  private static final int WNOHANG = 1;
  private static final int WUNTRACED = 2;
  private static final int WEXITED = 4;
  private static final int WCONTINUED = 8;
  private static final int WNOWAIT = 0x0100_0000;
  private static final int WNOTHREAD = 0x2000_0000;
  private static final int WALL = 0x4000_0000;
  private static final int WCLONE = 0x8000_0000;
  private static final int P_ALL = 0;
  private static final int P_PID = 1;
  private static final int P_PGID = 2;
  private static final int P_PIDFD = 3;

  private WaitCalls() {}

  /**
   * What a child or a traced task has done.
   *
   * @param status si_status
   * @param shown what wait4(2) stores
   */
  private record Event(int id, int code, int status, int shown, CpuTime time, int uid) {}

  /** Which children are asked about. */
  private record Wanted(int type, int id, int options) {
    boolean matches(Process child) {
      boolean clone = child.exitSignal() != Signals.SIGCHLD;
      boolean kind = (options & WALL) != 0 || clone == ((options & WCLONE) != 0);
      return kind && names(child, child.pid());
    }

    /** Whether a task is named; what is traced needs no __WALL. */
    boolean names(Process process, int tid) {
      return switch (type) {
        case P_PID -> tid == id;
        case P_PGID -> process.groupId() == id;
        default -> true;
      };
    }
  }

  @Syscall(args = "pid, out_wait_status, wait_options, out_rusage", result = Result.PID)
  public static long wait4(Task t, int pid, long status, int options, long usage) {
    int known = WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | WCLONE;
    if ((options & ~known) != 0) {
      return -EINVAL;
    }
    if (pid == Integer.MIN_VALUE) {
      return -dev.vestibule.kernel.Errno.ESRCH;
    }
    int type = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
    int id = pid == 0 ? t.process().groupId() : Math.abs(pid);
    Event[] found = new Event[1];
    long result = await(t, new Wanted(type, id, options | WEXITED), found);
    Event event = found[0];
    if (result != 0 || event == null) {
      return result;
    }
    if (status != 0) {
      t.memory().store32(status, event.shown());
    }
    if (usage != 0) {
      ResourceCalls.usage(t, event.time()).store(t.memory(), usage);
    }
    return event.id();
  }

  @Syscall(args = "pid, out_wait_status, wait_options", result = Result.PID)
  public static long waitpid(Task t, int pid, long status, int options) {
    return wait4(t, pid, status, options, 0);
  }

  @Syscall(args = "id_type, pid, out_siginfo, wait_options, out_rusage", since = "2.6.10")
  public static long waitid(Task t, int type, int id, long info, int options, long usage) {
    int known = WNOHANG | WUNTRACED | WEXITED | WCONTINUED | WNOWAIT | WNOTHREAD | WALL | WCLONE;
    if ((options & ~known) != 0 || (options & (WEXITED | WUNTRACED | WCONTINUED)) == 0) {
      return -EINVAL;
    }
    if (type == P_PIDFD) {
      return waitid(t, P_PID, PidCalls.process(t, id).pid(), info, options, usage);
    }
    if (type < P_ALL || type > P_PGID || type == P_PID && id <= 0 || type == P_PGID && id < 0) {
      return -EINVAL;
    }
    int wantedId = type == P_PGID && id == 0 ? t.process().groupId() : id;
    Event[] found = new Event[1];
    long result = await(t, new Wanted(type, wantedId, options), found);
    if (result != 0) {
      return result;
    }
    Event event = found[0];
    if (info != 0) {
      Struct s =
          event == null
              ? t.abi().struct(SigInfoLayout.SIZE)
              : SigInfoLayout.build(
                  t.abi(),
                  SigInfo.child(event.code(), event.id(), event.uid(), event.status(), 0, 0));
      int written = t.abi().wordSize() == 8 ? 28 : 24;
      s.store(t.memory(), info, written);
    }
    if (usage != 0 && event != null) {
      ResourceCalls.usage(t, event.time()).store(t.memory(), usage);
    }
    return 0;
  }

  /** Finds or waits for an event; 0 with none found means WNOHANG. */
  private static long await(Task t, Wanted wanted, @Nullable Event[] found) {
    Process process = t.process();
    try (Wait wait = Wait.on(t, process.childEvents())) {
      boolean interrupted = false;
      while (true) {
        synchronized (t.machine().lock()) {
          boolean any = false;
          for (Process child : process.children()) {
            if (wanted.matches(child)) {
              any = true;
              found[0] = event(process, child, wanted.options());
              if (found[0] != null) {
                return 0;
              }
            }
          }
          if (process.isTracer()) {
            for (ProcessTracer.Held held : process.tracer().held()) {
              Task task = held.tracee().task();
              if (wanted.names(task.process(), task.tid())) {
                any = true;
                found[0] = traced(process.tracer(), held, wanted.options());
                if (found[0] != null) {
                  return 0;
                }
              }
            }
          }
          if (!any) {
            return -ECHILD;
          }
        }
        if ((wanted.options() & WNOHANG) != 0) {
          return 0;
        }
        if (interrupted) {
          return -ERESTARTSYS;
        }
        interrupted = wait.sleep() == Wait.Outcome.INTERRUPTED; // perhaps by the child's SIGCHLD
      }
    }
  }

  private static Event exit(int id, int status, CpuTime time, int uid) {
    int signal = status & 0x7f;
    int code =
        signal == 0
            ? SigInfo.CLD_EXITED
            : (status & 0x80) != 0 ? SigInfo.CLD_DUMPED : SigInfo.CLD_KILLED;
    return new Event(id, code, signal == 0 ? status >> 8 & 0xff : signal, status, time, uid);
  }

  /** What a traced task has to report; its stops are told whether they are asked for or not. */
  private static @Nullable Event traced(
      ProcessTracer tracer, ProcessTracer.Held held, int options) {
    boolean consume = (options & WNOWAIT) == 0;
    Task task = held.tracee().task();
    int uid = task.credentials().uid();
    if (held.ended()) {
      if ((options & WEXITED) == 0) {
        return null;
      }
      if (consume) {
        tracer.reap(held);
      }
      return exit(task.tid(), held.status(), CpuTime.NONE, uid);
    }
    TraceStop stop = held.reportable();
    if (stop == null) {
      return null;
    }
    if (consume) {
      held.setReported();
    }
    int shown = stop.code() << 8 | 0x7f;
    return new Event(task.tid(), SigInfo.CLD_TRAPPED, stop.code(), shown, CpuTime.NONE, uid);
  }

  private static @Nullable Event event(Process waiting, Process child, int options) {
    boolean consume = (options & WNOWAIT) == 0;
    int uid = child.uid();
    int pid = child.pid();
    if (child.endHidden()) {
      return null; // its tracer comes first
    }
    if (child.ended()) {
      if ((options & WEXITED) == 0) {
        return null;
      }
      CpuTime time = child.cpuTime().plus(child.childrenTime());
      Event event = exit(pid, child.status(), time, uid);
      if (consume) {
        child.reap();
      }
      return event;
    }
    boolean traces = waiting.isTracer() && waiting.tracer().traces(child);
    if ((options & WUNTRACED) != 0 && child.reportableStop() != 0 && !traces) {
      int signal = child.reportableStop();
      Event event =
          new Event(pid, SigInfo.CLD_STOPPED, signal, signal << 8 | 0x7f, CpuTime.NONE, uid);
      if (consume) {
        child.stopReported();
      }
      return event;
    }
    if ((options & WCONTINUED) != 0 && child.reportableContinue()) {
      if (consume) {
        child.continueReported();
      }
      return new Event(pid, SigInfo.CLD_CONTINUED, Signals.SIGCONT, 0xffff, CpuTime.NONE, uid);
    }
    return null;
  }
}
