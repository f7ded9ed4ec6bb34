package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.ENOSYS;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.kernel.Task;

/**
 * Calls that this machine answers as a kernel does that was configured without them. Programs have
 * their ways round, so nobody needs to hear of them.
 */
public final class AbsentCalls {
  private AbsentCalls() {}

  @Syscall(
      names = "io_uring_setup",
      args = "uint, ptr",
      since = "5.1",
      level = Support.ABSENT,
      note = "as without CONFIG_IO_URING")
  public static long ioUringSetup(Task t, int entries, long parameters) {
    return -ENOSYS;
  }

  @Syscall(
      args = "int, ptr, uint",
      since = "3.18",
      level = Support.ABSENT,
      note = "as without CONFIG_BPF_SYSCALL")
  public static long bpf(Task t, int command, long attributes, int size) {
    return -ENOSYS;
  }

  @Syscall(
      names = "perf_event_open",
      args = "ptr, pid, int, int, flags",
      since = "2.6.31",
      level = Support.ABSENT,
      note = "as without CONFIG_PERF_EVENTS")
  public static long perfEventOpen(
      Task t, long attributes, int pid, int cpu, int group, int flags) {
    return -ENOSYS;
  }

  @Syscall(
      args = "flags",
      since = "4.3",
      level = Support.ABSENT,
      note = "as without CONFIG_USERFAULTFD")
  public static long userfaultfd(Task t, int flags) {
    return -ENOSYS;
  }
}
