package dev.vestibule.observe;

import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.SyscallRow;
import dev.vestibule.kernel.Task;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often did the guests of a machine call the kernel, and how often the vDSO instead?
 *
 * <p>Calls into the vDSO make no system call; they are seen when the first instruction of one of
 * its functions executes.
 */
public final class CallCounts implements KernelListener {
  private final Map<String, LongAdder> syscalls = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> vdsoCalls = new ConcurrentHashMap<>();

  /** System calls by name, sorted. */
  public Map<String, Long> syscalls() {
    return sums(syscalls);
  }

  /** Calls of vDSO functions by name, sorted; signal trampolines are not among them. */
  public Map<String, Long> vdsoCalls() {
    return sums(vdsoCalls);
  }

  private static Map<String, Long> sums(Map<String, LongAdder> counters) {
    Map<String, Long> sums = new TreeMap<>();
    counters.forEach((name, count) -> sums.put(name, count.sum()));
    return sums;
  }

  private static void count(Map<String, LongAdder> counters, String name) {
    counters.computeIfAbsent(name, n -> new LongAdder()).increment();
  }

  @Override
  public void syscallEnter(Task task, SyscallRow row, long[] arguments) {
    count(syscalls, row.names().getFirst());
  }

  @Override
  public void unknownSyscall(Task task, long number, long[] registers) {
    count(syscalls, "syscall_" + number);
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
    VdsoEntries.watch(task, this, name -> count(vdsoCalls, name));
  }
}
