package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.ECHILD;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ERESTARTSYS;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.Signals;
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

  /** What a child has done. */
  private record Event(Process child, int code, int status, long nanos, int uid) {}

  /** Which children are asked about. */
  private record Wanted(int type, int id, int options) {
    boolean matches(Process child) {
      boolean clone = child.exitSignal() != Signals.SIGCHLD;
      if ((options & WALL) == 0 && clone != ((options & WCLONE) != 0)) {
        return false;
      }
      return switch (type) {
        case P_PID -> child.pid() == id;
        case P_PGID -> child.groupId() == id;
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
      t.memory().store32(status, waitStatus(event));
    }
    if (usage != 0) {
      ResourceCalls.usage(t, event.nanos()).store(t.memory(), usage);
    }
    return event.child().pid();
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
                  SigInfo.child(
                      event.code(), event.child().pid(), event.uid(), event.status(), 0, 0));
      int written = t.abi().wordSize() == 8 ? 28 : 24;
      s.store(t.memory(), info, written);
    }
    if (usage != 0 && event != null) {
      ResourceCalls.usage(t, event.nanos()).store(t.memory(), usage);
    }
    return 0;
  }

  private static int waitStatus(Event event) {
    return switch (event.code()) {
      case SigInfo.CLD_STOPPED -> event.status() << 8 | 0x7f;
      case SigInfo.CLD_CONTINUED -> 0xffff;
      default -> event.child().status();
    };
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
              found[0] = event(child, wanted.options());
              if (found[0] != null) {
                return 0;
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

  private static @Nullable Event event(Process child, int options) {
    boolean consume = (options & WNOWAIT) == 0;
    int uid = child.uid();
    if (child.ended()) {
      if ((options & WEXITED) == 0) {
        return null;
      }
      int status = child.status();
      int signal = status & 0x7f;
      int code =
          signal == 0
              ? SigInfo.CLD_EXITED
              : (status & 0x80) != 0 ? SigInfo.CLD_DUMPED : SigInfo.CLD_KILLED;
      Event event =
          new Event(
              child,
              code,
              signal == 0 ? status >> 8 & 0xff : signal,
              child.cpuNanos() + child.childrenNanos(),
              uid);
      if (consume) {
        child.reap();
      }
      return event;
    }
    if ((options & WUNTRACED) != 0 && child.reportableStop() != 0) {
      Event event = new Event(child, SigInfo.CLD_STOPPED, child.reportableStop(), 0, uid);
      if (consume) {
        child.stopReported();
      }
      return event;
    }
    if ((options & WCONTINUED) != 0 && child.reportableContinue()) {
      if (consume) {
        child.continueReported();
      }
      return new Event(child, SigInfo.CLD_CONTINUED, Signals.SIGCONT, 0, uid);
    }
    return null;
  }
}
