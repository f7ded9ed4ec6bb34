package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EBADF;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ESRCH;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.Directory;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.PidFile;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.Signals;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Descriptors of processes: pidfd_open(2), pidfd_send_signal(2). */
public final class PidCalls {
  private PidCalls() {}

  /** The process behind a descriptor; EBADF if it is none. */
  static Process process(Task t, int fd) {
    OpenFile file = t.files().get(fd);
    try {
      if (file instanceof PidFile pid) {
        return pid.process();
      }
      throw new Failure(EBADF);
    } finally {
      file.release();
    }
  }

  private static final Pattern PROC_DIRECTORY = Pattern.compile("/proc/([0-9]{1,7})");

  /** Besides a pidfd, the process's directory in /proc will do; see pidfd_send_signal(2). */
  private static Process signallable(Task t, int fd) {
    OpenFile file = t.files().get(fd);
    try {
      Matcher matcher = PROC_DIRECTORY.matcher(file.path());
      if (file instanceof Directory && matcher.matches()) {
        Process process = t.machine().process(Integer.parseInt(matcher.group(1)));
        if (process == null) {
          throw new Failure(ESRCH);
        }
        return process;
      }
    } finally {
      file.release();
    }
    return process(t, fd);
  }

  /** Opens a descriptor of a process, closed on exec. */
  static long open(Task t, Process process, int flags) {
    PidFile file = new PidFile(process, flags);
    int limit = t.process().limits().count(Limits.RLIMIT_NOFILE);
    long fd = t.files().install(file, 0, limit, true);
    if (fd < 0) {
      file.release();
    }
    return fd;
  }

  @Syscall(names = "pidfd_open", args = "pid, open_flags", since = "5.3", result = Result.FD)
  public static long pidfdOpen(Task t, int pid, int flags) {
    if (pid <= 0 || (flags & ~OpenFile.O_NONBLOCK) != 0) {
      return -EINVAL;
    }
    Process process = t.machine().process(pid);
    if (process == null) {
      return t.machine().task(pid) == null ? -ESRCH : -EINVAL;
    }
    return open(t, process, flags);
  }

  @Syscall(names = "pidfd_send_signal", args = "fd, signal, siginfo, flags", since = "5.1")
  public static long pidfdSendSignal(Task t, int fd, int signal, long info, int flags) {
    if (flags != 0) {
      return -EINVAL;
    }
    Process process = signallable(t, fd);
    SigInfo sent = KillCalls.from(t, signal, SigInfo.SI_USER);
    if (info != 0) {
      Struct s = t.abi().struct(t.memory(), info, SigInfoLayout.SIZE);
      if (s.i32(0) != signal) {
        return -EINVAL;
      }
      sent = SigInfoLayout.parse(t.abi(), s, signal);
      if (!KillCalls.mayClaim(t, sent.code(), process.pid())) {
        return -dev.vestibule.kernel.Errno.EPERM;
      }
    }
    if (signal != 0 && !Signals.valid(signal)) {
      return -EINVAL;
    }
    return process.ended() ? -ESRCH : KillCalls.send(t, process, sent);
  }
}
