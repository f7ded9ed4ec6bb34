package dev.vestibule.kernel;

/** How much may a process use? Soft and hard limits of getrlimit(2); -1 is unlimited. */
public final class Limits {
  public static final int RLIMIT_CPU = 0;
  public static final int RLIMIT_FSIZE = 1;
  public static final int RLIMIT_DATA = 2;
  public static final int RLIMIT_STACK = 3;
  public static final int RLIMIT_CORE = 4;
  public static final int RLIMIT_RSS = 5;
  public static final int RLIMIT_NPROC = 6;
  public static final int RLIMIT_NOFILE = 7;
  public static final int RLIMIT_MEMLOCK = 8;
  public static final int RLIMIT_AS = 9;
  public static final int RLIMIT_LOCKS = 10;
  public static final int RLIMIT_SIGPENDING = 11;
  public static final int RLIMIT_MSGQUEUE = 12;
  public static final int RLIMIT_NICE = 13;
  public static final int RLIMIT_RTPRIO = 14;
  public static final int RLIMIT_RTTIME = 15;
  public static final int COUNT = 16;

  private final long[] soft = new long[COUNT];
  private final long[] hard = new long[COUNT];

  /** What a login session on Debian has. */
  public Limits() {
    for (int i = 0; i < COUNT; i++) {
      set(i, -1, -1);
    }
    set(RLIMIT_STACK, 8L << 20, -1);
    set(RLIMIT_CORE, 0, -1);
    set(RLIMIT_NPROC, 63432, 63432);
    set(RLIMIT_NOFILE, 1024, 1048576);
    set(RLIMIT_MEMLOCK, 8L << 20, 8L << 20);
    set(RLIMIT_SIGPENDING, 63432, 63432);
    set(RLIMIT_MSGQUEUE, 819200, 819200);
    set(RLIMIT_NICE, 0, 0);
    set(RLIMIT_RTPRIO, 0, 0);
  }

  private Limits(Limits other) {
    System.arraycopy(other.soft, 0, soft, 0, COUNT);
    System.arraycopy(other.hard, 0, hard, 0, COUNT);
  }

  public synchronized long soft(int resource) {
    return soft[resource];
  }

  public synchronized long hard(int resource) {
    return hard[resource];
  }

  public synchronized void set(int resource, long newSoft, long newHard) {
    soft[resource] = newSoft;
    hard[resource] = newHard;
  }

  /** The soft limit as an int, for counts. */
  public int count(int resource) {
    long value = soft(resource);
    return value < 0 || value > Integer.MAX_VALUE ? Integer.MAX_VALUE : (int) value;
  }

  public synchronized Limits copy() {
    return new Limits(this);
  }
}
