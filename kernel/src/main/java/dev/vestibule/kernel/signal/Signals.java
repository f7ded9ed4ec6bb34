package dev.vestibule.kernel.signal;

/** Which number and default action has a signal? Linux's generic numbers; sets are 64-bit masks. */
public final class Signals {
  public static final int SIGHUP = 1;
  public static final int SIGINT = 2;
  public static final int SIGQUIT = 3;
  public static final int SIGILL = 4;
  public static final int SIGTRAP = 5;
  public static final int SIGABRT = 6;
  public static final int SIGBUS = 7;
  public static final int SIGFPE = 8;
  public static final int SIGKILL = 9;
  public static final int SIGUSR1 = 10;
  public static final int SIGSEGV = 11;
  public static final int SIGUSR2 = 12;
  public static final int SIGPIPE = 13;
  public static final int SIGALRM = 14;
  public static final int SIGTERM = 15;
  public static final int SIGSTKFLT = 16;
  public static final int SIGCHLD = 17;
  public static final int SIGCONT = 18;
  public static final int SIGSTOP = 19;
  public static final int SIGTSTP = 20;
  public static final int SIGTTIN = 21;
  public static final int SIGTTOU = 22;
  public static final int SIGURG = 23;
  public static final int SIGXCPU = 24;
  public static final int SIGXFSZ = 25;
  public static final int SIGVTALRM = 26;
  public static final int SIGPROF = 27;
  public static final int SIGWINCH = 28;
  public static final int SIGIO = 29;
  public static final int SIGPWR = 30;
  public static final int SIGSYS = 31;
  public static final int SIGRTMIN = 32;
  public static final int LAST = 64;

  /** Cannot be caught, blocked or ignored. */
  public static final long UNSTOPPABLE = mask(SIGKILL) | mask(SIGSTOP);

  /** Raised by the instruction being executed; taken before others. */
  public static final long SYNCHRONOUS =
      mask(SIGSEGV) | mask(SIGBUS) | mask(SIGILL) | mask(SIGTRAP) | mask(SIGFPE) | mask(SIGSYS);

  public static final long STOPPING = mask(SIGSTOP) | mask(SIGTSTP) | mask(SIGTTIN) | mask(SIGTTOU);

  private static final long DUMPING =
      mask(SIGQUIT)
          | mask(SIGILL)
          | mask(SIGTRAP)
          | mask(SIGABRT)
          | mask(SIGBUS)
          | mask(SIGFPE)
          | mask(SIGSEGV)
          | mask(SIGXCPU)
          | mask(SIGXFSZ)
          | mask(SIGSYS);
  private static final long IGNORED = mask(SIGCONT) | mask(SIGCHLD) | mask(SIGWINCH) | mask(SIGURG);

  private static final String[] NAMES = {
    "0", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
    "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"
  };

  /** What happens where no handler is installed? */
  public enum Action {
    TERMINATE,
    CORE,
    STOP,
    CONTINUE,
    IGNORE
  }

  private Signals() {}

  public static boolean valid(int signal) {
    return signal >= 1 && signal <= LAST;
  }

  /** The set that holds just one signal, 1..64. */
  public static long mask(int signal) {
    return 1L << (signal - 1);
  }

  public static boolean contains(long set, int signal) {
    return (set & mask(signal)) != 0;
  }

  /** What the default disposition does; see signal(7). */
  public static Action defaultAction(int signal) {
    long bit = mask(signal);
    if ((STOPPING & bit) != 0) {
      return Action.STOP;
    }
    if (signal == SIGCONT) {
      return Action.CONTINUE;
    }
    if ((IGNORED & bit) != 0) {
      return Action.IGNORE;
    }
    return (DUMPING & bit) != 0 ? Action.CORE : Action.TERMINATE;
  }

  /** The name as strace(1) prints it: {@code SIGSEGV}, {@code SIGRT_2}. */
  public static String name(int signal) {
    if (signal > 0 && signal < NAMES.length) {
      return "SIG" + NAMES[signal];
    }
    if (signal == SIGRTMIN) {
      return "SIGRTMIN";
    }
    return signal > SIGRTMIN && signal <= LAST
        ? "SIGRT_" + (signal - SIGRTMIN)
        : Integer.toString(signal);
  }
}
