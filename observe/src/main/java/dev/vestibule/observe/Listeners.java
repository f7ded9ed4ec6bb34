package dev.vestibule.observe;

import dev.vestibule.cpu.Stop;
import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.SyscallRow;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.signal.SigInfo;
import java.util.List;

/** How do several observers watch one machine? Each is told in turn. */
public final class Listeners implements KernelListener {
  private final List<KernelListener> all;

  private Listeners(List<KernelListener> all) {
    this.all = List.copyOf(all);
  }

  /** One listener that tells all. */
  public static KernelListener of(List<KernelListener> listeners) {
    return listeners.size() == 1 ? listeners.get(0) : new Listeners(listeners);
  }

  @Override
  public boolean seesIgnoredSignals() {
    for (KernelListener one : all) {
      if (one.seesIgnoredSignals()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void syscallEnter(Task task, SyscallRow row, long[] arguments) {
    for (KernelListener one : all) {
      one.syscallEnter(task, row, arguments);
    }
  }

  @Override
  public void syscallExit(Task task, SyscallRow row, long[] arguments, long result) {
    for (KernelListener one : all) {
      one.syscallExit(task, row, arguments, result);
    }
  }

  @Override
  public void unknownSyscall(Task task, long number, long[] registers) {
    for (KernelListener one : all) {
      one.unknownSyscall(task, number, registers);
    }
  }

  @Override
  public void unsupported(Task task, String what) {
    for (KernelListener one : all) {
      one.unsupported(task, what);
    }
  }

  @Override
  public void signal(Task task, SigInfo info, boolean handled) {
    for (KernelListener one : all) {
      one.signal(task, info, handled);
    }
  }

  @Override
  public void fault(Task task, Stop stop, SigInfo info) {
    for (KernelListener one : all) {
      one.fault(task, stop, info);
    }
  }

  @Override
  public void exec(Task task, String path, List<String> arguments) {
    for (KernelListener one : all) {
      one.exec(task, path, arguments);
    }
  }

  @Override
  public void taskStarted(Task task) {
    for (KernelListener one : all) {
      one.taskStarted(task);
    }
  }

  @Override
  public void taskExited(Task task) {
    for (KernelListener one : all) {
      one.taskExited(task);
    }
  }

  @Override
  public void processExited(Process process, int status) {
    for (KernelListener one : all) {
      one.processExited(process, status);
    }
  }
}
