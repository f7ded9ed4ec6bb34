package dev.vestibule.kernel.signal;

import org.jspecify.annotations.Nullable;

/**
 * Why was a signal sent, and by whom? The fields of siginfo_t that the code's family uses; the
 * others are zero.
 *
 * @param signal 1..64
 * @param code si_code
 * @param pid si_pid, or si_timerid for SI_TIMER
 * @param uid si_uid, or si_overrun for SI_TIMER
 * @param value si_value as a guest word, si_status for SIGCHLD, si_band for SIGIO
 * @param address si_addr for faults; si_utime for SIGCHLD
 * @param extra si_stime for SIGCHLD; si_fd for SIGIO
 * @param raw the bytes behind si_code as rt_sigqueueinfo(2) gave them, if it did
 */
public record SigInfo(
    int signal,
    int code,
    int pid,
    int uid,
    long value,
    long address,
    long extra,
    byte @Nullable [] raw) {
  public static final int SI_USER = 0;
  public static final int SI_KERNEL = 0x80;
  public static final int SI_QUEUE = -1;
  public static final int SI_TIMER = -2;
  public static final int SI_MESGQ = -3;
  public static final int SI_TKILL = -6;

  public static final int ILL_ILLOPC = 1;
  public static final int ILL_PRVOPC = 5;
  public static final int FPE_INTDIV = 1;
  public static final int FPE_FLTDIV = 3;
  public static final int FPE_FLTOVF = 4;
  public static final int FPE_FLTUND = 5;
  public static final int FPE_FLTRES = 6;
  public static final int FPE_FLTINV = 7;
  public static final int SEGV_MAPERR = 1;
  public static final int SEGV_ACCERR = 2;
  public static final int BUS_ADRALN = 1;
  public static final int BUS_ADRERR = 2;
  public static final int TRAP_BRKPT = 1;
  public static final int TRAP_TRACE = 2;
  public static final int TRAP_HWBKPT = 4;
  public static final int CLD_EXITED = 1;
  public static final int CLD_KILLED = 2;
  public static final int CLD_DUMPED = 3;
  public static final int CLD_TRAPPED = 4;
  public static final int CLD_STOPPED = 5;
  public static final int CLD_CONTINUED = 6;

  /** Sent by the kernel itself, without a process: SI_KERNEL. */
  public static SigInfo kernel(int signal) {
    return new SigInfo(signal, SI_KERNEL, 0, 0, 0, 0, 0, null);
  }

  /** Raised by an instruction. */
  public static SigInfo fault(int signal, int code, long address) {
    return new SigInfo(signal, code, 0, 0, 0, address, 0, null);
  }

  /** Sent by a process: SI_USER, SI_TKILL, SI_QUEUE. */
  public static SigInfo sent(int signal, int code, int pid, int uid, long value) {
    return new SigInfo(signal, code, pid, uid, value, 0, 0, null);
  }

  /** A timer expired. */
  public static SigInfo timer(int signal, int timer, int overrun, long value) {
    return new SigInfo(signal, SI_TIMER, timer, overrun, value, 0, 0, null);
  }

  /** A child changed its state; times in clock ticks. */
  public static SigInfo child(int code, int pid, int uid, int status, long utime, long stime) {
    return new SigInfo(Signals.SIGCHLD, code, pid, uid, status, utime, stime, null);
  }

  /** Input or output became possible: fcntl(2) F_SETSIG. */
  public static SigInfo poll(int signal, int code, long band, int fd) {
    return new SigInfo(signal, code, 0, 0, band, 0, fd, null);
  }

  /** Whether a user process sent it, so that more of them than RLIMIT_SIGPENDING may be refused. */
  public boolean fromUser() {
    return code <= 0;
  }
}
