package dev.vestibule.kernel;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.kernel.abi.GuestAbi;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which system call is a task carrying out, and how does it end? */
public final class Syscalls {
  private static final int MOST_ARGUMENTS = 6;

  private final Task task;
  private final long[] arguments = new long[MOST_ARGUMENTS];
  private long firstArgument;
  private long restart;
  private boolean keepRegisters;
  private @Nullable Restart restartBlock;

  /** What restart_syscall(2) continues. */
  @FunctionalInterface
  public interface Restart {
    long resume(Task task);
  }

  Syscalls(Task task) {
    this.task = task;
  }

  /** Carries out the call the task's registers ask for. */
  void carryOut() {
    Cpu cpu = task.cpu();
    GuestAbi abi = task.abi();
    long number = abi.syscallNumber(cpu);
    firstArgument = abi.syscallArgument(cpu, 0);
    SyscallTable table = task.process().syscalls();
    SyscallRow row = table.row(number);
    if (row == null) {
      unknown(table, number);
      return;
    }
    decode(abi, cpu, row.kinds());
    KernelListener listener = task.machine().listener();
    listener.syscallEnter(task, row, arguments);
    long result = call(row);
    listener.syscallExit(task, row, arguments, result);
    finish(result);
  }

  private long call(SyscallRow row) {
    try {
      return Calls.call(row.row(), task, arguments);
    } catch (GuestFault fault) {
      return -Errno.EFAULT;
    } catch (Failure failure) {
      return -failure.errno();
    } catch (InternalError lostPage) {
      return -Errno.EFAULT; // a host SIGBUS: a mapped file became shorter
    } catch (OutOfMemoryError e) {
      return -Errno.ENOMEM;
    }
  }

  private void unknown(SyscallTable table, long number) {
    String name = table.name(number);
    if (name != null && SyscallTable.missing(name)) {
      task.machine().unsupported(task, name + " (ENOSYS)");
    }
    long[] registers = new long[MOST_ARGUMENTS];
    for (int i = 0; i < MOST_ARGUMENTS; i++) {
      registers[i] = task.abi().syscallArgument(task.cpu(), i);
    }
    task.machine().listener().unknownSyscall(task, number, registers);
    task.abi().setResult(task.cpu(), -Errno.ENOSYS);
  }

  private void decode(GuestAbi abi, Cpu cpu, List<ArgKind> kinds) {
    boolean wide = abi.wide();
    int register = 0;
    for (int i = 0; i < kinds.size(); i++) {
      arguments[i] =
          switch (kinds.get(i).width()) {
            case INT -> (int) abi.syscallArgument(cpu, register++);
            case SIGNED -> {
              long value = abi.syscallArgument(cpu, register++);
              yield wide ? value : (int) value;
            }
            case UNSIGNED -> abi.syscallArgument(cpu, register++);
            case PAIR -> {
              if (wide) {
                yield abi.syscallArgument(cpu, register++);
              }
              if (abi.alignsPairs() && (register & 1) != 0) {
                register++;
              }
              long first = abi.syscallArgument(cpu, register++);
              yield abi.pair(first, abi.syscallArgument(cpu, register++));
            }
          };
    }
  }

  private void finish(long result) {
    if (keepRegisters) {
      keepRegisters = false;
      return;
    }
    if (result <= -Errno.ERESTARTSYS && result >= -Errno.ERESTART_RESTARTBLOCK) {
      restart = -result;
      return;
    }
    task.abi().setResult(task.cpu(), result);
  }

  /** The call has set all registers itself: sigreturn, exec. */
  public void keepRegisters() {
    keepRegisters = true;
  }

  /** Whether an interrupted call waits for the decision whether it is restarted. */
  boolean restartPending() {
    return restart != 0;
  }

  /**
   * Ends an interrupted call because a handler is about to run.
   *
   * @param restarts whether the handler has SA_RESTART
   */
  public void endForHandler(boolean restarts) {
    if (restart == 0) {
      return;
    }
    if (restart == Errno.ERESTARTNOINTR || restart == Errno.ERESTARTSYS && restarts) {
      task.abi().restart(task.cpu(), firstArgument);
    } else {
      task.abi().setResult(task.cpu(), -Errno.EINTR);
    }
    restart = 0;
  }

  /** Restarts an interrupted call because no handler runs. */
  public void restartWithoutHandler() {
    if (restart == 0) {
      return;
    }
    if (restart == Errno.ERESTART_RESTARTBLOCK) {
      task.abi().restartBlock(task.cpu());
    } else {
      task.abi().restart(task.cpu(), firstArgument);
    }
    restart = 0;
  }

  /**
   * Interrupts a call that continues later, for the rest of its time only.
   *
   * @return -ERESTART_RESTARTBLOCK, for the call to return
   */
  public long restartLater(Restart rest) {
    restartBlock = rest;
    return -Errno.ERESTART_RESTARTBLOCK;
  }

  /** restart_syscall(2). */
  public long resume() {
    Restart rest = restartBlock;
    restartBlock = null;
    return rest == null ? -Errno.EINTR : rest.resume(task);
  }
}
