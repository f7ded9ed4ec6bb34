package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.ENOEXEC;

import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.exec.Arguments;
import dev.vestibule.kernel.exec.Exec;

/** Starting programs: execve(2), execveat(2). */
public final class ExecCalls {
  private static final int AT_FDCWD = -100;

  private ExecCalls() {}

  @Syscall(args = "path, strings, strings")
  public static long execve(Task t, long path, long argv, long envp) {
    return execveat(t, AT_FDCWD, path, argv, envp, 0);
  }

  @Syscall(args = "dirfd, path, strings, strings, at_flags", since = "3.19")
  public static long execveat(Task t, int directory, long path, long argv, long envp, int flags) {
    String name = GuestText.path(t.memory(), path);
    Arguments arguments = Arguments.copyIn(t, argv, envp, Exec.argumentRoom(t.process()));
    try {
      Exec.execute(t, directory, name, flags, arguments);
    } catch (Failure failure) {
      if (failure.errno() == ENOEXEC) { // not where the file could not even be opened
        t.rseq().refresh();
      }
      throw failure;
    }
    t.calls().keepRegisters();
    return 0;
  }
}
