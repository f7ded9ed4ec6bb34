package dev.vestibule.kernel;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What does the host tell of the threads that guests' tasks run on? */
final class HostThreads {
  private static final int RUSAGE_THREAD = 1;
  private static final int STIME = 15;
  private static final long TICK = 10_000_000;

  private HostThreads() {}

  /**
   * Nanoseconds the host's kernel has worked for a thread: exact for the calling one, else in the
   * clock ticks of proc(5); 0 if the host does not tell.
   */
  static long systemNanos(Thread thread, int hostTid) {
    return thread == Thread.currentThread() ? ownSystemNanos() : systemTicks(hostTid) * TICK;
  }

  private static long ownSystemNanos() {
    long usage = HostMemory.allocate(144);
    try {
      if (Libc.syscall(HostCalls.GETRUSAGE, RUSAGE_THREAD, usage) < 0) {
        return 0;
      }
      return HostMemory.slot(usage + 16) * 1_000_000_000L + HostMemory.slot(usage + 24) * 1000;
    } finally {
      HostMemory.free(usage);
    }
  }

  private static long systemTicks(int hostTid) {
    if (hostTid == 0) {
      return 0;
    }
    try {
      Path stat = Path.of("/proc/self/task/" + hostTid + "/stat");
      String line = Files.readString(stat, StandardCharsets.ISO_8859_1);
      String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
      return Long.parseLong(fields[STIME - 3]); // the third is the first behind the name
    } catch (IOException | IndexOutOfBoundsException | NumberFormatException e) {
      return 0; // the thread has just ended
    }
  }
}
