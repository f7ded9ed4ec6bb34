package dev.vestibule.cli;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;

/** How does the host see that a guest was killed by a signal? */
final class Death {
  private static final int RLIMIT_CORE = 4;
  private static final int SIGSET_BYTES = 8;

  /** Bytes of the kernel's struct sigaction, which all zero means SIG_DFL. */
  private static final int SIGACTION_BYTES = 32;

  private Death() {}

  /**
   * The exit status for a wait status. Death by a signal is raised again on the host, so that
   * whoever waits for us sees the same; should that not end us, it is 128 + the signal. The host
   * dumps no core: it would be the JVM's.
   */
  static int statusFor(int waitStatus) {
    int signal = waitStatus & 0x7f;
    if (signal == 0) {
      return waitStatus >> 8 & 0xff;
    }
    System.out.flush();
    System.err.flush();
    long zeros = HostMemory.allocate(SIGACTION_BYTES);
    Libc.syscall(HostCalls.PRLIMIT64, 0, RLIMIT_CORE, zeros, 0);
    Libc.syscall(HostCalls.RT_SIGACTION, signal, zeros, 0, SIGSET_BYTES);
    Libc.syscall(HostCalls.KILL, ProcessHandle.current().pid(), signal);
    return 128 + signal;
  }
}
