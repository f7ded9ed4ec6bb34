package dev.vestibule.kernel.call;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.kernel.Task;

/** Processes: their identity and their end. */
public final class ProcessCalls {
  private ProcessCalls() {}

  @Syscall(args = "int", result = Result.NOTHING)
  public static long exit(Task t, int status) {
    t.kill((status & 0xff) << 8);
    return 0;
  }

  @Syscall(names = "exit_group", args = "int", result = Result.NOTHING)
  public static long exitGroup(Task t, int status) {
    t.process().groupExit((status & 0xff) << 8);
    return 0;
  }

  @Syscall(result = Result.PID)
  public static long getpid(Task t) {
    return t.process().pid();
  }

  @Syscall(result = Result.PID)
  public static long gettid(Task t) {
    return t.tid();
  }

  @Syscall(result = Result.PID)
  public static long getppid(Task t) {
    return t.process().parentPid();
  }
}
