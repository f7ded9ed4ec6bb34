package dev.vestibule.kernel;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.Stop;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.seccomp.Seccomp;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.trace.Tracee;
import java.util.Arrays;
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
  private boolean insideCall;
  private Stop lastStop = Stop.ATTENTION;
  private @Nullable Rest rest;

  /** What restart_syscall(2) continues. */
  public record Rest(Resumable call, List<Long> words) {}

  /**
   * An interrupted call of which it is not yet decided whether it restarts.
   *
   * @param errno ERESTARTSYS or one of its siblings; 0 if there is none
   * @param firstArgument what the result has replaced in the registers
   * @param rest what restart_syscall(2) would go on with
   */
  public record Interrupted(int errno, long firstArgument, @Nullable Rest rest) {}

  Syscalls(Task task) {
    this.task = task;
  }

  /** Carries out the call the task's registers ask for, and lets a tracer look on. */
  void carryOut() {
    Tracee tracee = task.tracee();
    if (tracee == null) {
      perform();
      return;
    }
    firstArgument = task.abi().syscallArgument(task.cpu(), 0);
    tracee.enterCall();
    if (!task.dying()) {
      perform();
    }
    Tracee now = task.tracee(); // it may be another by now
    if (now != null && !task.dying()) {
      now.leaveCall();
    }
  }

  private void perform() {
    Cpu cpu = task.cpu();
    GuestAbi abi = task.abi();
    long number = abi.syscallNumber(cpu);
    firstArgument = abi.syscallArgument(cpu, 0);
    SyscallTable table = task.process().syscalls();
    Seccomp seccomp = task.seccomp();
    if (seccomp != null) {
      if (!seccomp.admits(task, number, table.name(number))) {
        return;
      }
      number = abi.syscallNumber(cpu); // a tracer may have changed it
    }
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
      task.space().findLostPages(); // a host SIGBUS: a mapped file became shorter
      return -Errno.EFAULT;
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
    int count = kinds.size();
    for (int i = 0; i < count; i++) {
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

  private void finish(long given) {
    long result = given;
    if (keepRegisters) {
      keepRegisters = false;
      return;
    }
    if (given == -Errno.EINTR && task.machine().freezer().freezing() && !Delivery.hasSignal(task)) {
      result = -Errno.ERESTARTNOHAND; // the guest has to see nothing of the freeze
    }
    if (result <= -Errno.ERESTARTSYS && result >= -Errno.ERESTART_RESTARTBLOCK) {
      restart = -result;
    }
    task.abi().setResult(task.cpu(), result);
  }

  /** The call has set all registers itself: sigreturn, exec. */
  public void keepRegisters() {
    keepRegisters = true;
  }

  /** The guest has stopped for its kernel, by a system call or otherwise. */
  void entered(Stop why) {
    insideCall = why == Stop.SYSCALL;
    lastStop = why;
  }

  /** Why the guest entered its kernel last. */
  public Stop lastStop() {
    return lastStop;
  }

  /** Whether the guest entered its kernel by a system call, as far as its tracer let that be. */
  public boolean insideCall() {
    return insideCall;
  }

  /** The call's first argument, which the result has replaced in the registers. */
  public long firstArgument() {
    return firstArgument;
  }

  /** A tracer's new idea of {@link #firstArgument} and {@link #insideCall}. */
  public void setEntry(long argument, boolean call) {
    firstArgument = argument;
    insideCall = call;
  }

  /** A tracer may have changed the registers, and with them whether a call is restarted. */
  public void registersChanged() {
    long result = insideCall ? task.abi().result(task.cpu()) : 0;
    boolean interrupted = result <= -Errno.ERESTARTSYS && result >= -Errno.ERESTART_RESTARTBLOCK;
    restart = interrupted ? -result : 0;
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
    insideCall = false;
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
    insideCall = false;
    restart = 0;
  }

  /**
   * Interrupts a call that continues later, for the rest of its time only.
   *
   * @return -ERESTART_RESTARTBLOCK, for the call to return
   */
  public long restartLater(Resumable call, long... words) {
    rest = new Rest(call, Arrays.stream(words).boxed().toList());
    return -Errno.ERESTART_RESTARTBLOCK;
  }

  /** What is left of an interrupted call; of a task that holds still. */
  public Interrupted interrupted() {
    return new Interrupted((int) restart, firstArgument, rest);
  }

  /** Takes over what was left of another task's call; its result is in the registers. */
  public void restore(Interrupted left) {
    restart = left.errno();
    firstArgument = left.firstArgument();
    insideCall = left.errno() != 0;
    rest = left.rest();
  }

  /** restart_syscall(2). */
  public long resume() {
    Rest now = rest;
    rest = null;
    return now == null ? -Errno.EINTR : now.call().resume(task, now.words());
  }
}
