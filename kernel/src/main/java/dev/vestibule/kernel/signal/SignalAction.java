package dev.vestibule.kernel.signal;

/**
 * What does a process do with one signal? See sigaction(2).
 *
 * @param handler guest address, {@link #DEFAULT} or {@link #IGNORE}
 * @param flags SA_ bits
 * @param restorer guest address, unused on Power
 * @param mask signals blocked in addition while the handler runs
 */
public record SignalAction(long handler, long flags, long restorer, long mask) {
  public static final long DEFAULT = 0;
  public static final long IGNORE = 1;

  public static final int SA_NOCLDSTOP = 1;
  public static final int SA_NOCLDWAIT = 2;
  public static final int SA_SIGINFO = 4;
  public static final int SA_ONSTACK = 0x08000000;
  public static final int SA_RESTART = 0x10000000;
  public static final int SA_NODEFER = 0x40000000;
  public static final int SA_RESETHAND = 0x80000000;

  /** The default action of every signal. */
  public static final SignalAction INITIAL = new SignalAction(DEFAULT, 0, 0, 0);

  public boolean has(int flag) {
    return (flags & (flag & 0xffffffffL)) != 0;
  }

  /** Whether a handler of the guest runs. */
  public boolean handled() {
    return handler != DEFAULT && handler != IGNORE;
  }
}
