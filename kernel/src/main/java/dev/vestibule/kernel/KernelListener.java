package dev.vestibule.kernel;

import dev.vestibule.cpu.Stop;
import dev.vestibule.kernel.signal.SigInfo;
import java.util.List;

/**
 * What happens in a machine? Implemented by observers; called on the guest thread concerned, which
 * waits, so implementations are quick. All methods do nothing unless overridden.
 */
public interface KernelListener {
  /** Before a call is carried out; {@code arguments} are decoded as the kinds of the row say. */
  default void syscallEnter(Task task, SyscallRow row, long[] arguments) {}

  /**
   * After a call, before the result is in the register.
   *
   * @param result a value, or a negated errno, {@link Errno#ERESTARTSYS} and its siblings included
   */
  default void syscallExit(Task task, SyscallRow row, long[] arguments, long result) {}

  /** A number that the guest's kernel does not have or that we do not implement: ENOSYS. */
  default void unknownSyscall(Task task, long number, long[] registers) {}

  /** Something a guest asked for that we do not do; {@code what} names it once per kind. */
  default void unsupported(Task task, String what) {}

  /** A signal takes effect: a handler is about to run, or the default action follows. */
  default void signal(Task task, SigInfo info, boolean handled) {}

  /**
   * Whether {@link #signal} is called for ignored signals too. A traced Linux process takes them
   * like others, so they interrupt what it is doing (and that is restarted).
   */
  default boolean seesIgnoredSignals() {
    return false;
  }

  /** An instruction could not be carried out; the signal of {@code info} follows. */
  default void fault(Task task, Stop stop, SigInfo info) {}

  /** exec succeeded. */
  default void exec(Task task, String path, List<String> arguments) {}

  default void taskStarted(Task task) {}

  default void taskExited(Task task) {}

  /**
   * A process has ended.
   *
   * @param status as wait(2) reports it
   */
  default void processExited(Process process, int status) {}
}
