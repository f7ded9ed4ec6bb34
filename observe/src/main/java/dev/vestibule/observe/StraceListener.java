package dev.vestibule.observe;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.SyscallRow;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.observe.strace.Tracer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What would strace -f print of a machine's processes? */
public final class StraceListener implements KernelListener, AutoCloseable {
  private final LineOutput output;
  private final @Nullable Tracer tracer;
  private final CallSummary summary = new CallSummary();
  private final Map<Task, Long> starts = new ConcurrentHashMap<>();
  private boolean closed;

  /**
   * What is shown?
   *
   * @param paths descriptors with their files' names (-y)
   * @param times each call's time (-T)
   * @param summary only counts in the end (-c)
   */
  public record Options(boolean paths, boolean times, boolean summary) {}

  public StraceListener(LineOutput output, Options options) {
    this.output = output;
    this.tracer =
        options.summary()
            ? null
            : new Tracer(output::line, output.file(), options.paths(), options.times());
  }

  @Override
  public boolean seesIgnoredSignals() {
    return true;
  }

  @Override
  public void syscallEnter(Task task, SyscallRow row, long[] arguments) {
    if (tracer != null) {
      tracer.enter(task, row, arguments);
    } else {
      starts.put(task, System.nanoTime());
    }
  }

  @Override
  public void syscallExit(Task task, SyscallRow row, long[] arguments, long result) {
    if (tracer != null) {
      tracer.leave(task, row, result);
      return;
    }
    Long start = starts.remove(task);
    long nanos = start == null ? 0 : System.nanoTime() - start;
    String name = task.machine().syscalls().name(task.abi().syscallNumber(task.cpu()));
    summary.add(name == null ? row.names().get(0) : name, nanos, Errno.failed(result));
  }

  @Override
  public void unknownSyscall(Task task, long number, long[] registers) {
    if (tracer != null) {
      tracer.unknown(task, number, registers);
    } else {
      String name = task.machine().syscalls().name(number);
      summary.add(name == null ? "syscall_0x" + Long.toHexString(number) : name, 0, true);
    }
  }

  @Override
  public void signal(Task task, SigInfo info, boolean handled) {
    if (tracer != null) {
      tracer.signal(task, info, handled);
    }
  }

  @Override
  public void exec(Task task, String path, List<String> arguments) {
    if (tracer != null) {
      tracer.exec(task, path, arguments);
    } else if (!starts.containsKey(task)) {
      summary.add("execve", 0, false);
    }
  }

  @Override
  public void taskStarted(Task task) {
    if (tracer != null) {
      tracer.started(task);
    }
  }

  @Override
  public void taskExited(Task task) {
    if (tracer != null) {
      tracer.exited(task, task.exitStatus());
    }
  }

  /** Prints what is still to be printed. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (tracer != null) {
      tracer.close();
    } else {
      summary.lines().forEach(output::line);
    }
  }
}
