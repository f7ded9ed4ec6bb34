package dev.vestibule.lab;

import dev.vestibule.lab.Outcome.Pages;
import dev.vestibule.lab.Outcome.Verdict;
import dev.vestibule.profile.KernelProfile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/** How are a lab's outcomes shown on a terminal? */
public final class TextReport {
  private static final int MOST_LINES = 8;
  private static final String VDSO_CALLS = "calls into the vDSO";
  private static final String SYSTEM_CALLS = "system calls";

  private final List<KernelProfile> kernels;
  private final List<Outcome> outcomes;
  private final boolean colours;
  private final Map<String, Outcome> byPlace = new HashMap<>();
  private final Set<String> programs = new LinkedHashSet<>();

  /**
   * @param colours whether the reader is a terminal that understands them
   */
  public TextReport(List<KernelProfile> kernels, List<Outcome> outcomes, boolean colours) {
    this.kernels = kernels;
    this.outcomes = outcomes;
    this.colours = colours;
    for (Outcome outcome : outcomes) {
      programs.add(outcome.program());
      byPlace.put(place(outcome.program(), outcome.kernel()), outcome);
    }
  }

  private static String place(String program, String kernel) {
    return program + "\0" + kernel;
  }

  /** The whole report, ending in a newline. */
  public String text() {
    return outcomeTables() + "\n" + pageTable() + troubles() + "\n" + summary() + "\n";
  }

  /** Programs down, eras across: how each ended; below, what they called in all. */
  private String outcomeTables() {
    List<String> rows = new ArrayList<>(programs);
    rows.add(VDSO_CALLS);
    rows.add(SYSTEM_CALLS);
    return new EraTables(kernels, colours).text(rows, this::cell);
  }

  private EraTables.Cell cell(String row, KernelProfile kernel) {
    if (row.equals(VDSO_CALLS)) {
      return new EraTables.Cell(sum(kernel, Outcome::vdsoCallCount), Style.DIM);
    }
    if (row.equals(SYSTEM_CALLS)) {
      return new EraTables.Cell(sum(kernel, Outcome::syscallCount), Style.DIM);
    }
    Outcome outcome = byPlace.get(place(row, kernel.name()));
    if (outcome == null) {
      return EraTables.Cell.EMPTY;
    }
    Style style =
        switch (outcome.verdict()) {
          case OK -> Style.GREEN;
          case ABSENT -> Style.DIM;
          default -> Style.RED;
        };
    return new EraTables.Cell(outcome.shortly(), style);
  }

  private String sum(KernelProfile kernel, ToLongFunction<Outcome> count) {
    long sum =
        outcomes.stream()
            .filter(outcome -> outcome.kernel().equals(kernel.name()))
            .mapToLong(count)
            .sum();
    return sum < 100_000 ? Long.toString(sum) : sum / 1000 + "k";
  }

  /** Where each kernel put its pages, in the first program that ran. */
  private String pageTable() {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"kernel", "vDSO image", "its mapping", "data pages", "version"});
    for (KernelProfile kernel : kernels) {
      rows.add(pageRow(kernel));
    }
    int columns = rows.getFirst().length;
    int[] widths = new int[columns];
    for (String[] row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        line.append(i == 0 ? "" : "  ").append(Style.pad(rows.get(r)[i], widths[i]));
      }
      String row = line.toString().stripTrailing();
      text.append(r == 0 ? Style.BOLD.on(row, colours) : row).append('\n');
    }
    return text.toString();
  }

  private String[] pageRow(KernelProfile kernel) {
    Pages pages = null;
    for (Outcome outcome : outcomes) {
      if (pages == null && outcome.kernel().equals(kernel.name())) {
        pages = outcome.pages();
      }
    }
    if (pages == null || pages.vdso() == 0) {
      return new String[] {kernel.name(), "none", "", "", ""};
    }
    return new String[] {
      kernel.name(),
      "0x" + Long.toHexString(pages.vdso()),
      pages.vdsoMapping(),
      pages.dataMapping().isEmpty() ? "inside it" : pages.dataMapping(),
      kernel.vdso().version()
    };
  }

  /** The last lines of what failing programs said. */
  private String troubles() {
    StringBuilder text = new StringBuilder();
    for (Outcome outcome : outcomes) {
      if (outcome.verdict() != Verdict.OK && outcome.verdict() != Verdict.ABSENT) {
        text.append('\n')
            .append(Style.RED.on(outcome.program() + " on " + outcome.kernel(), colours))
            .append(": ")
            .append(outcome.shortly())
            .append('\n');
        List<String> lines = outcome.output().lines().toList();
        for (String line : lines.subList(Math.max(0, lines.size() - MOST_LINES), lines.size())) {
          text.append("    ").append(Style.printable(line)).append('\n');
        }
      }
    }
    return text.toString();
  }

  private String summary() {
    long ran = outcomes.stream().filter(o -> o.verdict() != Verdict.ABSENT).count();
    long ok = outcomes.stream().filter(o -> o.verdict() == Verdict.OK).count();
    long vdso = outcomes.stream().mapToLong(Outcome::vdsoCallCount).sum();
    return String.format(
        Locale.ROOT,
        "%d of %d runs ok, %d calls answered by a vDSO without a system call",
        ok,
        ran,
        vdso);
  }
}
