package dev.vestibule.observe;

import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Task;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;

/** How much did guests execute, and how fast? One line in the end. */
public final class RunStatistics implements KernelListener {
  private final long start = System.nanoTime();
  private final LongAdder instructions = new LongAdder();
  private final LongAdder tasks = new LongAdder();
  private final LineOutput output;

  public RunStatistics(LineOutput output) {
    this.output = output;
  }

  @Override
  public void taskExited(Task task) {
    instructions.add(task.cpu().executed());
    tasks.increment();
  }

  /** Prints the line: instructions of all threads over the time of the whole run. */
  public void print() {
    long nanos = System.nanoTime() - start;
    output.line(
        String.format(
            Locale.ROOT,
            "vestibule: %d instructions in %.3f s, %.0f million per second, %d threads",
            instructions.sum(),
            nanos / 1e9,
            instructions.sum() * 1e3 / nanos,
            tasks.sum()));
  }
}
