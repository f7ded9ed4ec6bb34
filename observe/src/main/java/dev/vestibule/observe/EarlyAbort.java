package dev.vestibule.observe;

import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.SyscallRow;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.signal.Signals;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Did the machine's first process kill itself with SIGABRT before it had done anything of its own?
 *
 * <p>If so it can be started again, and nobody but a reader of standard error can tell. Doing
 * something means: a system call that could be seen outside the process or that takes input from
 * there. What only reads files or arranges the process itself does not count, nor do threads, nor
 * what is written to descriptor 2. A call that is not listed here counts.
 */
public final class EarlyAbort implements KernelListener {
  /** Calls whose effects end with the process. */
  private static final Set<String> OWN =
      Set.of(
          ("brk mprotect munmap mremap madvise mincore mlock mlock2 munlock msync"
                  + " access faccessat faccessat2 stat stat64 lstat lstat64 fstat fstat64 fstatat64"
                  + " newfstatat statx statfs statfs64 fstatfs fstatfs64 readlink readlinkat getcwd"
                  + " chdir fchdir umask pread64 preadv preadv2 lseek _llseek getdents getdents64"
                  + " dup fcntl fcntl64 poll ppoll ppoll_time64 select"
                  + " _newselect pselect6 pselect6_time64 pipe pipe2 eventfd eventfd2 memfd_create"
                  + " epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2"
                  + " clone clone3 exit exit_group execve execveat futex futex_time64 rseq membarrier"
                  + " set_tid_address set_robust_list get_robust_list sched_yield sched_getaffinity"
                  + " sched_setaffinity sched_getparam sched_getscheduler sched_get_priority_max"
                  + " sched_get_priority_min getcpu personality prctl rt_sigaction sigaction signal"
                  + " rt_sigprocmask sigprocmask rt_sigpending sigpending rt_sigreturn sigreturn"
                  + " sigaltstack rt_sigsuspend sigsuspend restart_syscall getpid gettid getppid"
                  + " getpgid getpgrp getsid getuid geteuid getgid getegid getresuid getresgid"
                  + " getgroups capget getrlimit ugetrlimit setrlimit prlimit64 getrusage times"
                  + " sysinfo uname olduname oldolduname getrandom time gettimeofday clock_gettime"
                  + " clock_gettime64 clock_getres clock_getres_time64 nanosleep clock_nanosleep"
                  + " clock_nanosleep_time64 alarm setitimer getitimer timer_create timer_settime"
                  + " timer_settime64 timer_gettime timer_gettime64 timer_delete timerfd_create"
                  + " timerfd_settime timerfd_settime64 swapcontext")
              .split(" "));

  private static final int STANDARD_INPUT = 0;
  private static final int STANDARD_ERROR = 2;

  /** mmap(2): writes into a MAP_SHARED mapping reach others. */
  private static final int MAP_SHARED = 1;

  private static final int PROT_WRITE = 2;

  /** open(2), generic numbers: O_CREAT, O_TRUNC, or room for writing. */
  private static final int CHANGES_FILES = 3 | 0100 | 01000;

  /** Requests of ioctl(2), generic numbers, that only ask: TCGETS, TIOCGPGRP, TIOCGWINSZ. */
  private static final Set<Integer> ASKS = Set.of(0x5401, 0x540f, 0x5413);

  private final Object lock = new Object();
  private @Nullable Process first;
  private boolean acted;
  private boolean aborting;
  private boolean found;

  /** Whether the process has ended that way. */
  public boolean found() {
    synchronized (lock) {
      return found;
    }
  }

  @Override
  public void taskStarted(Task task) {
    synchronized (lock) {
      if (first == null) {
        first = task.process();
      } else if (task.process() != first) {
        acted = true;
      }
    }
  }

  @Override
  public void syscallEnter(Task task, SyscallRow row, long[] arguments) {
    String name = row.names().getFirst();
    boolean acts =
        switch (name) {
          case "kill", "tkill", "tgkill" -> !abortsItself(task, name, arguments);
          case "read", "readv" -> arguments[0] == STANDARD_INPUT;
          case "write", "writev" -> arguments[0] != STANDARD_ERROR;
          case "open" -> (task.abi().openFlags((int) arguments[1]) & CHANGES_FILES) != 0;
          case "openat" -> (task.abi().openFlags((int) arguments[2]) & CHANGES_FILES) != 0;
          case "ioctl" -> !ASKS.contains(task.abi().ioctlRequest((int) arguments[1]));
          case "mmap", "mmap2" ->
              (arguments[2] & PROT_WRITE) != 0 && (arguments[3] & MAP_SHARED) != 0;
          case "close" -> arguments[0] == STANDARD_ERROR;
          case "dup2", "dup3" -> arguments[1] == STANDARD_ERROR;
          default -> !OWN.contains(name);
        };
    if (acts) {
      synchronized (lock) {
        acted = true;
      }
    }
  }

  /** Whether a call of the kill(2) family sends SIGABRT to its own process. */
  private boolean abortsItself(Task task, String name, long[] arguments) {
    boolean two = !name.equals("tgkill");
    long target = two ? arguments[0] : arguments[1];
    long signal = two ? arguments[1] : arguments[2];
    long own = name.equals("kill") ? task.process().pid() : task.tid();
    boolean aborts = signal == Signals.SIGABRT && target == own;
    synchronized (lock) {
      aborting |= aborts && task.process() == first;
    }
    return aborts || signal == 0;
  }

  @Override
  public void processExited(Process process, int status) {
    synchronized (lock) {
      if (process == first) {
        found = aborting && !acted && (status & 0x7f) == Signals.SIGABRT;
      }
    }
  }
}
