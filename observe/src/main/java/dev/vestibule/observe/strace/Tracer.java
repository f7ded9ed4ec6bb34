package dev.vestibule.observe.strace;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.SyscallRow;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.Signals;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which lines would strace print of what happens in a machine? Knows of calls begun by one thread
 * while another's is still open.
 */
public final class Tracer {
  private static final int RESULT_COLUMN = 40;

  private final Consumer<CharSequence> output;
  private final boolean always;
  private final boolean paths;
  private final boolean times;
  private final Map<Task, Call> calls = new IdentityHashMap<>();
  private int living;
  private @Nullable Task open;
  private String openLine = "";

  /**
   * Makes a tracer.
   *
   * @param output takes lines
   * @param always whether every line begins with the thread's id, as with strace -o
   * @param paths whether descriptors have names
   * @param times whether each call's time is shown
   */
  public Tracer(Consumer<CharSequence> output, boolean always, boolean paths, boolean times) {
    this.output = output;
    this.always = always;
    this.paths = paths;
    this.times = times;
  }

  private String prefix(Task task) {
    if (always) {
      return String.format("%-5d ", task.tid());
    }
    return living > 1 ? String.format("[pid %5d] ", task.tid()) : "";
  }

  /** A line of its own; a call that another thread has begun is cut off first. */
  private void line(CharSequence text) {
    finishOpen();
    output.accept(text);
  }

  private void finishOpen() {
    if (open != null) {
      output.accept(openLine + " <unfinished ...>");
      open = null;
    }
  }

  /** A thread begins. */
  public synchronized void started(Task task) {
    living++;
    if (living > 1 && !always) {
      line("strace: Process " + task.tid() + " attached");
    }
  }

  /** A call begins. */
  public void enter(Task task, SyscallRow row, long[] arguments) {
    String name = task.machine().syscalls().name(task.abi().syscallNumber(task.cpu()));
    Call call = new Call(task, name == null ? row.names().get(0) : name, row, arguments, paths);
    String text = call.enter().toString();
    synchronized (this) {
      calls.put(task, call);
      finishOpen();
      open = task;
      openLine = prefix(task) + text;
    }
  }

  /** A call ends. */
  public void leave(Task task, SyscallRow row, long result) {
    Call call;
    synchronized (this) {
      call = calls.remove(task);
    }
    if (call == null) {
      return;
    }
    boolean returns = call.name().endsWith("sigreturn");
    long shown = returns ? task.abi().result(task.cpu()) : result;
    StringBuilder rest = call.leave(shown);
    if (returns) {
      StringBuilder mask = new StringBuilder("{mask=");
      SignalFormats.set(mask, task.signals().blocked());
      rest.insert(0, mask.append('}'));
    }
    StringBuilder value = new StringBuilder();
    if (task.dying() && Results.restarts(result)) {
      value.append('?');
    } else {
      Results.append(call, value, returns ? SyscallRow.Result.INT : row.result());
    }
    if (times && row.result() != SyscallRow.Result.NOTHING) {
      long nanos = System.nanoTime() - call.started();
      value.append(String.format(" <%d.%06d>", nanos / 1_000_000_000, nanos / 1000 % 1_000_000));
    }
    synchronized (this) {
      StringBuilder line = new StringBuilder();
      if (open == task) {
        line.append(openLine);
        open = null;
      } else {
        finishOpen();
        line.append(prefix(task)).append("<... ").append(call.name()).append(" resumed>");
      }
      output.accept(result(line.append(rest), value));
    }
  }

  private static StringBuilder result(StringBuilder line, CharSequence value) {
    line.append(' ');
    while (line.length() < RESULT_COLUMN) {
      line.append(' ');
    }
    return line.append("= ").append(value);
  }

  /** A call that nothing answers. */
  public synchronized void unknown(Task task, long number, long[] registers) {
    String name = task.machine().syscalls().name(number);
    StringBuilder line = new StringBuilder(prefix(task));
    line.append(name != null ? name : "syscall_0x" + Long.toHexString(number)).append('(');
    String gap = "";
    for (long register : registers) {
      line.append(gap);
      Formats.hex(line, register);
      gap = ", ";
    }
    String text = "-1 ENOSYS (" + Errno.message(Errno.ENOSYS) + ")";
    line(result(line.append(')'), text));
  }

  /** A signal takes effect. */
  public synchronized void signal(Task task, SigInfo info, boolean handled) {
    StringBuilder line = new StringBuilder(prefix(task));
    String name = Signals.name(info.signal());
    line.append("--- ").append(name).append(' ');
    SignalFormats.info(line, task.abi(), SigInfoLayout.build(task.abi(), info));
    line(line.append(" ---"));
    if (!handled && Signals.defaultAction(info.signal()) == Signals.Action.STOP) {
      line(prefix(task) + "--- stopped by " + name + " ---");
    }
  }

  /** A program begins; shown where no call has asked for it. */
  public synchronized void exec(Task task, String path, List<String> arguments) {
    if (calls.containsKey(task)) {
      return;
    }
    StringBuilder line = new StringBuilder(prefix(task)).append("execve(");
    Quoted.string(line, path);
    line.append(", [");
    String gap = "";
    for (String argument : arguments) {
      line.append(gap);
      Quoted.string(line, argument);
      gap = ", ";
    }
    line.append("], ");
    GuestAbi abi = task.abi();
    long word = abi.wordSize();
    long environment = abi.stackPointer(task.cpu()) + word * (arguments.size() + 2);
    int count = 0;
    while (abi.loadWord(task.memory(), environment + word * count) != 0) {
      count++;
    }
    line.append("0x").append(Long.toHexString(environment)).append(" /* ").append(count);
    line(result(line.append(count == 1 ? " var */)" : " vars */)"), "0"));
  }

  /**
   * A thread ends.
   *
   * @param status as wait(2) reports it
   */
  public synchronized void exited(Task task, int status) {
    Call call = calls.remove(task);
    if (call != null && open != task) {
      StringBuilder line = new StringBuilder(prefix(task));
      line.append("<... ").append(call.name()).append(" resumed>)");
      line(result(line, "?"));
    } else if (call != null) {
      open = null;
      output.accept(result(new StringBuilder(openLine).append(')'), "?"));
    }
    String prefix = prefix(task);
    int signal = status & 0x7f;
    if (signal == 0) {
      line(prefix + "+++ exited with " + (status >> 8 & 0xff) + " +++");
    } else {
      String core = (status & 0x80) != 0 ? " (core dumped)" : "";
      line(prefix + "+++ killed by " + Signals.name(signal) + core + " +++");
    }
    living--;
  }

  /** Prints a call that is still open. */
  public synchronized void close() {
    finishOpen();
  }
}
