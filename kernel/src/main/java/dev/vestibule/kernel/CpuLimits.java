package dev.vestibule.kernel;

import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Which processes have used more processor time than RLIMIT_CPU allows? SIGXCPU each second from
 * the soft limit on, SIGKILL at the hard one. A thread looks while any process has a limit.
 */
final class CpuLimits {
  private static final long SECOND = 1_000_000_000L;
  private static final long INTERVAL = 20_000_000L;

  private final Machine machine;
  private final Map<Process, Long> nextWarning = new HashMap<>();
  private @Nullable Thread watcher;

  CpuLimits(Machine machine) {
    this.machine = machine;
  }

  /** A process got a limit. */
  synchronized void watch() {
    if (watcher == null) {
      watcher = Thread.ofPlatform().daemon().name("cpu-limits").start(this::run);
    }
  }

  private void run() {
    while (look()) {
      LockSupport.parkNanos(INTERVAL);
    }
  }

  /** Whether there is anything left to look at. */
  private synchronized boolean look() {
    boolean any = false;
    for (Process process : machine.processes()) {
      if (process.ended() || process.limits().soft(Limits.RLIMIT_CPU) < 0) {
        nextWarning.remove(process);
      } else {
        any = true;
        check(process);
      }
    }
    if (!any) {
      watcher = null;
      nextWarning.clear();
    }
    return any;
  }

  private void check(Process process) {
    long used = process.cpuNanos() / SECOND;
    long hard = process.limits().hard(Limits.RLIMIT_CPU);
    if (hard >= 0 && used >= hard) {
      Delivery.send(process, SigInfo.kernel(Signals.SIGKILL));
      return;
    }
    long soft = process.limits().soft(Limits.RLIMIT_CPU);
    if (used >= nextWarning.getOrDefault(process, soft)) {
      Delivery.send(process, SigInfo.kernel(Signals.SIGXCPU));
      nextWarning.put(process, used + 1);
    }
  }
}
