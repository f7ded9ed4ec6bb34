package dev.vestibule.observe;

import dev.vestibule.cpu.EngineStatistics;
import dev.vestibule.cpu.EngineStatistics.Departure;
import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Task;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How much did guests execute, how fast, and by what? A few lines in the end. */
public final class RunStatistics implements KernelListener {
  private static final int MOST_SHOWN = 12;

  private final long start = System.nanoTime();
  private final LongAdder instructions = new LongAdder();
  private final LongAdder tasks = new LongAdder();
  private final LineOutput output;

  public RunStatistics(LineOutput output) {
    this.output = output;
    EngineStatistics.nameInstructions();
  }

  @Override
  public void taskExited(Task task) {
    instructions.add(task.cpu().executed());
    tasks.increment();
  }

  /** Prints the lines: instructions of all threads over the time of the whole run, and so on. */
  public void print() {
    long nanos = System.nanoTime() - start;
    long interpreted = instructions.sum();
    if (EngineStatistics.blocks() == 0) {
      double rate = interpreted * 1e3 / nanos;
      line(
          "%d instructions in %.3f s, %.0f million per second, %d threads",
          interpreted, nanos / 1e9, rate, tasks.sum());
      return;
    }
    line(
        "%d instructions interpreted in %.3f s, %d threads", interpreted, nanos / 1e9, tasks.sum());
    line(
        "machine code: %d blocks of %d instructions, %d KiB, dropped %d times",
        EngineStatistics.blocks(),
        EngineStatistics.instructions(),
        EngineStatistics.bytes() + 1023 >> 10,
        EngineStatistics.drops());
    line(
        "left for: %s",
        most(Stream.of(Departure.values()), EngineStatistics::departures, Departure::text));
    line(
        "interpreted: %s",
        most(
            EngineStatistics.interpreted().entrySet().stream(),
            Map.Entry::getValue,
            Map.Entry::getKey));
  }

  private void line(String format, Object... values) {
    output.line("vestibule: " + String.format(Locale.ROOT, format, values));
  }

  /** The most frequent of some things, with their numbers. */
  private static <T> String most(Stream<T> all, ToLongFunction<T> count, Function<T, String> text) {
    String shown =
        all.filter(one -> count.applyAsLong(one) > 0)
            .sorted(Comparator.comparingLong(count).reversed())
            .limit(MOST_SHOWN)
            .map(one -> count.applyAsLong(one) + " " + text.apply(one))
            .collect(Collectors.joining(", "));
    return shown.isEmpty() ? "nothing" : shown;
  }
}
