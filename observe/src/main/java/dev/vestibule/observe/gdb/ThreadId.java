package dev.vestibule.observe.gdb;

/**
 * Which thread does a packet mean? The multiprocess syntax {@code pPID.TID}.
 *
 * @param pid 0 for any, -1 for all
 * @param tid 0 for any, -1 for all
 */
record ThreadId(int pid, int tid) {
  static final ThreadId ALL = new ThreadId(-1, -1);

  static ThreadId parse(String text) {
    if (!text.startsWith("p")) {
      int tid = part(text);
      return new ThreadId(tid == -1 ? -1 : 0, tid);
    }
    int dot = text.indexOf('.');
    int pid = part(dot < 0 ? text.substring(1) : text.substring(1, dot));
    return new ThreadId(pid, dot < 0 ? -1 : part(text.substring(dot + 1)));
  }

  private static int part(String text) {
    return text.equals("-1") ? -1 : Hex.small(text);
  }

  boolean matches(int otherPid, int otherTid) {
    return (pid <= 0 || pid == otherPid) && (tid <= 0 || tid == otherTid);
  }

  static String of(int pid, int tid) {
    return "p" + Integer.toHexString(pid) + "." + Integer.toHexString(tid);
  }
}
