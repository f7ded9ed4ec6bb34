package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EPERM;
import static dev.vestibule.kernel.Errno.ESRCH;

import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Credentials;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.Signals;

/** Sending signals: kill(2), tgkill(2), rt_sigqueueinfo(2). */
public final class KillCalls {
  private KillCalls() {}

  private static boolean allowed(Task t, Process target, int signal) {
    Credentials mine = t.credentials();
    Task other = target.anyTask();
    if (mine.privileged() || target == t.process() || other == null) {
      return true;
    }
    Credentials theirs = other.credentials();
    return mine.euid() == theirs.suid()
        || mine.euid() == theirs.uid()
        || mine.uid() == theirs.suid()
        || mine.uid() == theirs.uid()
        || signal == Signals.SIGCONT && target.sessionId() == t.process().sessionId();
  }

  static SigInfo from(Task t, int signal, int code) {
    return SigInfo.sent(signal, code, t.process().pid(), t.credentials().uid(), 0);
  }

  static long send(Task t, Process target, SigInfo info) {
    if (!allowed(t, target, info.signal())) {
      return -EPERM;
    }
    return info.signal() == 0 ? 0 : Delivery.send(target, info);
  }

  @Syscall(args = "pid, signal")
  public static long kill(Task t, int pid, int signal) {
    if (signal != 0 && !Signals.valid(signal)) {
      return -EINVAL;
    }
    SigInfo info = from(t, signal, SigInfo.SI_USER);
    if (pid > 0) {
      Process target = t.machine().process(pid);
      if (target == null) {
        Task thread = t.machine().task(pid);
        target = thread == null ? null : thread.process();
      }
      return target == null ? -ESRCH : send(t, target, info);
    }
    if (pid == Integer.MIN_VALUE) {
      return -ESRCH;
    }
    int group = pid == 0 ? t.process().groupId() : -pid;
    long result = -ESRCH;
    for (Process target : t.machine().processes()) {
      boolean chosen =
          pid == -1 ? target != t.process() && target.pid() > 1 : target.groupId() == group;
      if (chosen) {
        long one = send(t, target, info);
        result = result == -ESRCH || one == 0 ? one : result;
      }
    }
    return result;
  }

  @Syscall(args = "pid, signal")
  public static long tkill(Task t, int tid, int signal) {
    return tid <= 0 ? -EINVAL : toThread(t, 0, tid, signal, from(t, signal, SigInfo.SI_TKILL));
  }

  @Syscall(args = "pid, pid, signal")
  public static long tgkill(Task t, int pid, int tid, int signal) {
    return tid <= 0 || pid <= 0
        ? -EINVAL
        : toThread(t, pid, tid, signal, from(t, signal, SigInfo.SI_TKILL));
  }

  private static long toThread(Task t, int pid, int tid, int signal, SigInfo info) {
    if (signal != 0 && !Signals.valid(signal)) {
      return -EINVAL;
    }
    Task target = t.machine().task(tid);
    if (target == null || pid > 0 && target.process().pid() != pid) {
      return -ESRCH;
    }
    if (!allowed(t, target.process(), signal)) {
      return -EPERM;
    }
    return signal == 0 ? 0 : Delivery.send(target, info);
  }

  static boolean mayClaim(Task t, int code, int target) {
    return code < 0 && code != SigInfo.SI_TKILL || target == t.process().pid();
  }

  @Syscall(names = "rt_sigqueueinfo", args = "pid, signal, siginfo")
  public static long rtSigqueueinfo(Task t, int pid, int signal, long address) {
    Struct s = t.abi().struct(t.memory(), address, SigInfoLayout.SIZE);
    SigInfo info = SigInfoLayout.parse(t.abi(), s, signal);
    if (!mayClaim(t, info.code(), pid)) {
      return -EPERM;
    }
    if (signal != 0 && !Signals.valid(signal)) {
      return -EINVAL;
    }
    Process target = t.machine().process(pid);
    return target == null ? -ESRCH : send(t, target, info);
  }

  @Syscall(names = "rt_tgsigqueueinfo", args = "pid, pid, signal, siginfo", since = "2.6.31")
  public static long rtTgsigqueueinfo(Task t, int pid, int tid, int signal, long address) {
    if (pid <= 0 || tid <= 0) {
      return -EINVAL;
    }
    Struct s = t.abi().struct(t.memory(), address, SigInfoLayout.SIZE);
    SigInfo info = SigInfoLayout.parse(t.abi(), s, signal);
    return mayClaim(t, info.code(), pid) ? toThread(t, pid, tid, signal, info) : -EPERM;
  }
}
