package dev.vestibule.kernel.trace;

import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import org.jspecify.annotations.Nullable;

/**
 * Why does a traced task rest? See ptrace(2), "Stopped states".
 *
 * @param kind what it is about to do, or has done
 * @param code what wait(2) shows in its second byte and above: a signal, and an event times 256
 * @param info the signal's information; null for a group stop, which has none
 * @param message what PTRACE_GETEVENTMSG tells
 */
public record TraceStop(Kind kind, int code, @Nullable SigInfo info, long message) {
  /** What a task is about to do, or has done. */
  public enum Kind {
    /** A signal is about to be delivered. */
    SIGNAL,
    SYSCALL_ENTRY,
    SYSCALL_EXIT,
    /** One of the events below. */
    EVENT,
    /** A stop signal holds the whole process. */
    GROUP
  }

  public static final int EVENT_FORK = 1;
  public static final int EVENT_VFORK = 2;
  public static final int EVENT_CLONE = 3;
  public static final int EVENT_EXEC = 4;
  public static final int EVENT_VFORK_DONE = 5;
  public static final int EVENT_EXIT = 6;
  public static final int EVENT_SECCOMP = 7;
  public static final int EVENT_STOP = 128;

  /** What tells a system call's stop from a SIGTRAP, with PTRACE_O_TRACESYSGOOD. */
  public static final int SYSGOOD = 0x80;

  static TraceStop signal(SigInfo info) {
    return new TraceStop(Kind.SIGNAL, info.signal(), info, 0);
  }

  /** An event, or a stop of a seized task, whose signal is told along with it. */
  static TraceStop event(Tracee tracee, int event, int signal, long message) {
    int code = signal | event << 8;
    return new TraceStop(Kind.EVENT, code, trap(tracee, code), message);
  }

  static TraceStop syscall(Tracee tracee, boolean entry, boolean sysGood) {
    int code = Signals.SIGTRAP | (sysGood ? SYSGOOD : 0);
    return new TraceStop(
        entry ? Kind.SYSCALL_ENTRY : Kind.SYSCALL_EXIT, code, trap(tracee, code), entry ? 1 : 2);
  }

  static TraceStop group(Tracee tracee, int signal, boolean seized) {
    int code = seized ? signal | EVENT_STOP << 8 : signal;
    return new TraceStop(Kind.GROUP, code, seized ? trap(tracee, code) : null, 0);
  }

  /** What the kernel tells of a stop of its own: si_code is the stop's code. */
  private static SigInfo trap(Tracee tracee, int code) {
    int uid = tracee.task().credentials().uid();
    return new SigInfo(Signals.SIGTRAP, code, tracee.task().tid(), uid, 0, 0, 0, null);
  }

  /** One of the events, or 0. */
  public int event() {
    return code >>> 8;
  }

  /** The signal that is told, without {@link #SYSGOOD}. */
  public int signal() {
    return code & 0x7f;
  }
}
