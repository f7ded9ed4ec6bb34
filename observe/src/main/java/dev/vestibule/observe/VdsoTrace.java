package dev.vestibule.observe;

import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.SyscallRow;
import dev.vestibule.kernel.SyscallTable;
import dev.vestibule.kernel.Task;
import dev.vestibule.observe.strace.Arguments;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which functions of the vDSO do guests call? One line for each call, when it begins: {@code vdso:
 * clock_gettime(CLOCK_MONOTONIC, 0x7ffc0010)}. What a function shares its name with a system call
 * for, it takes the arguments of.
 */
public final class VdsoTrace implements KernelListener {
  private static final String PREFIX = "__kernel_";

  /** Functions that are no system calls, by number of arguments. */
  private static final Map<String, Integer> OTHERS =
      Map.of("get_tbfreq", 0, "get_syscall_map", 1, "sync_dicache", 2, "sync_dicache_p5", 2);

  private final LineOutput output;
  private final Map<String, SyscallRow> rows = new HashMap<>();

  public VdsoTrace(LineOutput output) {
    this.output = output;
    for (SyscallRow row : SyscallTable.declarations()) {
      row.names().forEach(name -> rows.put(name, row));
    }
  }

  @Override
  public void exec(Task task, String path, List<String> arguments) {
    watch(task);
  }

  @Override
  public void taskStarted(Task task) {
    watch(task);
  }

  @Override
  public void taskExited(Task task) {
    CodeEntries.forget(task);
  }

  private void watch(Task task) {
    VdsoEntries.watch(task, this, symbol -> entered(task, symbol));
  }

  private void entered(Task task, String symbol) {
    String name = symbol.startsWith(PREFIX) ? symbol.substring(PREFIX.length()) : symbol;
    SyscallRow row = rows.get(name);
    StringBuilder line = new StringBuilder(TaskPrefix.of(task)).append("vdso: ");
    if (row != null) {
      long[] arguments = new long[row.kinds().size()];
      for (int i = 0; i < arguments.length; i++) {
        arguments[i] = task.abi().syscallArgument(task.cpu(), i);
      }
      line.append(Arguments.call(task, name, row, arguments));
    } else {
      line.append(name).append('(');
      for (int i = 0; i < OTHERS.getOrDefault(name, 0); i++) {
        long value = task.abi().syscallArgument(task.cpu(), i);
        line.append(i == 0 ? "" : ", ");
        line.append(value == 0 ? "NULL" : "0x" + Long.toHexString(value));
      }
      line.append(')');
    }
    output.line(line);
  }
}
