package dev.vestibule.observe.gdb;

/** Which number has a Linux signal in gdb's protocol? Source: gdb's include/gdb/signals.def. */
final class GdbSignals {
  private static final int UNKNOWN = 143;
  private static final int FIRST_REALTIME = 33;
  private static final int LAST_REALTIME = 63;
  private static final int REALTIME_OFFSET = 12;
  private static final int REALTIME_32 = 77;
  private static final int REALTIME_64 = 78;

  /** gdb's number of Linux's signals 0 to 31. */
  private static final int[] CLASSIC = {
    0, 1, 2, 3, 4, 5, 6, 10, 8, 9, 30, 11, 31, 13, 14, 15, UNKNOWN, 20, 19, 17, 18, 21, 22, 16, 24,
    25, 26, 27, 28, 23, 32, 12
  };

  private GdbSignals() {}

  static int toGdb(int signal) {
    if (signal < CLASSIC.length) {
      return CLASSIC[signal];
    }
    if (signal == 32) {
      return REALTIME_32;
    }
    return signal <= LAST_REALTIME ? signal + REALTIME_OFFSET : REALTIME_64;
  }

  /** The Linux signal of gdb's number, or 0 if there is none. */
  static int toLinux(int number) {
    for (int signal = 1; signal < CLASSIC.length; signal++) {
      if (CLASSIC[signal] == number) {
        return signal;
      }
    }
    int signal = number - REALTIME_OFFSET;
    if (signal >= FIRST_REALTIME && signal <= LAST_REALTIME) {
      return signal;
    }
    return number == REALTIME_32 ? 32 : number == REALTIME_64 ? 64 : 0;
  }
}
