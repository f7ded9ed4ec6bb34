package dev.vestibule.observe.strace;

import dev.vestibule.kernel.SyscallRow;
import dev.vestibule.kernel.Task;

/** How are the arguments of a call shown that nobody sees the end of? */
public final class Arguments {
  private Arguments() {}

  /** Name and arguments; what the call fills in is shown as its address. */
  public static String call(Task task, String name, SyscallRow row, long[] arguments) {
    return new Call(task, name, row, arguments, false).begin();
  }
}
