package dev.vestibule.lab;

import dev.vestibule.lab.Outcome.Pages;
import dev.vestibule.lab.Outcome.Verdict;
import dev.vestibule.profile.KernelProfile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How are a lab's outcomes shown on a terminal? */
public final class TextReport {
  private static final String BOLD = "\u001b[1m";
  private static final String DIM = "\u001b[2m";
  private static final String RED = "\u001b[31m";
  private static final String GREEN = "\u001b[32m";
  private static final String PLAIN = "\u001b[0m";
  private static final int MOST_LINES = 8;

  private final List<KernelProfile> kernels;
  private final List<Outcome> outcomes;
  private final boolean colours;

  /**
   * @param colours whether the reader is a terminal that understands them
   */
  public TextReport(List<KernelProfile> kernels, List<Outcome> outcomes, boolean colours) {
    this.kernels = kernels;
    this.outcomes = outcomes;
    this.colours = colours;
  }

  /** The whole report, ending in a newline. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(outcomeTable());
    text.append('\n').append(pageTable());
    text.append(troubles());
    text.append('\n').append(summary()).append('\n');
    return text.toString();
  }

  private String style(String style, String text) {
    return colours ? style + text + PLAIN : text;
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  private Map<String, Map<String, Outcome>> byProgram() {
    Map<String, Map<String, Outcome>> rows = new LinkedHashMap<>();
    for (Outcome outcome : outcomes) {
      rows.computeIfAbsent(outcome.program(), p -> new LinkedHashMap<>())
          .put(outcome.kernel(), outcome);
    }
    return rows;
  }

  private static String cell(Outcome outcome) {
    if (outcome.verdict() == Verdict.ABSENT) {
      return "-";
    }
    return String.format(
        Locale.ROOT,
        "%-6s %4d/%d",
        outcome.shortly(),
        outcome.vdsoCallCount(),
        outcome.syscallCount());
  }

  /** Programs down, kernels across: how each ended, calls into the vDSO / system calls. */
  private String outcomeTable() {
    StringBuilder text = new StringBuilder();
    int first = "program".length();
    for (Outcome outcome : outcomes) {
      first = Math.max(first, outcome.program().length());
    }
    int width = 16;
    for (Outcome outcome : outcomes) {
      width = Math.max(width, Math.max(cell(outcome).length(), outcome.kernel().length()));
    }
    text.append(style(BOLD, pad("program", first)));
    for (KernelProfile kernel : kernels) {
      text.append("  ").append(style(BOLD, pad(kernel.name(), width)));
    }
    text.append('\n');
    for (Map.Entry<String, Map<String, Outcome>> row : byProgram().entrySet()) {
      text.append(pad(row.getKey(), first));
      for (KernelProfile kernel : kernels) {
        Outcome outcome = row.getValue().get(kernel.name());
        String cell = outcome == null ? "" : cell(outcome);
        String colour =
            outcome == null || outcome.verdict() == Verdict.ABSENT
                ? DIM
                : outcome.verdict() == Verdict.OK ? GREEN : RED;
        text.append("  ").append(style(colour, pad(cell, width)));
      }
      trimEnd(text);
      text.append('\n');
    }
    text.append(style(DIM, "Each cell: outcome, calls into the vDSO / system calls."));
    return text.append('\n').toString();
  }

  private static void trimEnd(StringBuilder text) {
    while (!text.isEmpty() && text.charAt(text.length() - 1) == ' ') {
      text.setLength(text.length() - 1);
    }
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
        line.append(i == 0 ? "" : "  ").append(pad(rows.get(r)[i], widths[i]));
      }
      trimEnd(line);
      text.append(r == 0 ? style(BOLD, line.toString()) : line).append('\n');
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
            .append(style(RED, outcome.program() + " on " + outcome.kernel()))
            .append(": ")
            .append(outcome.shortly())
            .append('\n');
        List<String> lines = outcome.output().lines().toList();
        for (String line : lines.subList(Math.max(0, lines.size() - MOST_LINES), lines.size())) {
          text.append("    ").append(printable(line)).append('\n');
        }
      }
    }
    return text.toString();
  }

  /** Guest output must not steer the reader's terminal. */
  private static String printable(String line) {
    StringBuilder safe = new StringBuilder();
    line.codePoints().forEach(c -> safe.appendCodePoint(Character.isISOControl(c) ? '.' : c));
    return safe.toString();
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
