package dev.vestibule.lab;

import dev.vestibule.profile.KernelProfile;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Does what programs do under each kernel agree with what is known of its time? */
public final class HistoryReport {
  private static final int MOST_LINES = 6;

  private final List<Breakage> breakages;
  private final List<KernelProfile> kernels;
  private final Map<String, Outcome> outcomes = new HashMap<>();
  private final boolean colours;

  /**
   * @param outcomes of {@link Lab#history}
   * @param colours whether the reader is a terminal that understands them
   */
  public HistoryReport(
      List<Breakage> breakages,
      List<KernelProfile> kernels,
      List<Outcome> outcomes,
      boolean colours) {
    this.breakages = breakages;
    this.kernels = kernels;
    this.colours = colours;
    outcomes.forEach(o -> this.outcomes.put(o.program() + "\0" + o.kernel(), o));
  }

  private @Nullable Outcome outcome(Breakage breakage, KernelProfile kernel) {
    return outcomes.get(breakage.name() + "\0" + kernel.name());
  }

  /** The runs that were not as history says. */
  public long differences() {
    long count = 0;
    for (Breakage breakage : breakages) {
      for (KernelProfile kernel : kernels) {
        Outcome outcome = outcome(breakage, kernel);
        count += outcome != null && breakage.difference(kernel, outcome) != null ? 1 : 0;
      }
    }
    return count;
  }

  /** The whole report, ending in a newline. */
  public String text() {
    StringBuilder text = new StringBuilder();
    List<String> rows = breakages.stream().map(Breakage::name).toList();
    Map<String, Breakage> named = new HashMap<>();
    breakages.forEach(breakage -> named.put(breakage.name(), breakage));
    text.append(
        new EraTables(kernels, colours).text(rows, (row, kernel) -> cell(named.get(row), kernel)));
    text.append(explanations()).append(summary()).append('\n');
    return text.toString();
  }

  private EraTables.Cell cell(@Nullable Breakage breakage, KernelProfile kernel) {
    Outcome outcome = breakage == null ? null : outcome(breakage, kernel);
    if (breakage == null || outcome == null) {
      return EraTables.Cell.EMPTY;
    }
    if (breakage.difference(kernel, outcome) != null) {
      return new EraTables.Cell("!" + outcome.shortly(), Style.RED);
    }
    boolean works = breakage.expected(kernel) == null;
    return new EraTables.Cell(works ? "." : outcome.shortly(), works ? Style.DIM : Style.YELLOW);
  }

  private String explanations() {
    StringBuilder text = new StringBuilder();
    for (Breakage breakage : breakages) {
      for (KernelProfile kernel : kernels) {
        Outcome outcome = outcome(breakage, kernel);
        String difference = outcome == null ? null : breakage.difference(kernel, outcome);
        if (outcome == null || difference == null) {
          continue;
        }
        text.append('\n')
            .append(Style.RED.on(breakage.name() + " on " + kernel.name(), colours))
            .append(": ")
            .append(difference)
            .append('\n');
        List<String> lines = outcome.output().lines().toList();
        for (String line : lines.subList(Math.max(0, lines.size() - MOST_LINES), lines.size())) {
          text.append("    ").append(Style.printable(line)).append('\n');
        }
      }
    }
    return text.append('\n').toString();
  }

  private String summary() {
    long differences = differences();
    long failed =
        breakages.stream()
            .mapToLong(breakage ->
                kernels.stream()
                    .filter(k -> outcome(breakage, k) != null && breakage.expected(k) != null)
                    .count())
            .sum();
    String verdict =
        differences == 0 ? "as history says" : differences + " not as history says (marked !)";
    return String.format(
        Locale.ROOT,
        "%d known breakages in %d runs, %d to fail and the others (.) to work: %s",
        breakages.size(),
        outcomes.size(),
        failed,
        verdict);
  }
}
