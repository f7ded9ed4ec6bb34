package dev.vestibule.lab;

import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Version;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** How is something shown for each kernel? One table for each family, with the eras across. */
final class EraTables {
  private final Map<String, List<KernelProfile>> families = new LinkedHashMap<>();
  private final boolean colours;

  /** What stands in one place. */
  record Cell(String text, Style style) {
    static final Cell EMPTY = new Cell("", Style.PLAIN);
  }

  /** What stands in each place. */
  interface Cells {
    Cell cell(String row, KernelProfile kernel);
  }

  EraTables(List<KernelProfile> kernels, boolean colours) {
    for (KernelProfile kernel : kernels) {
      families.computeIfAbsent(family(kernel), f -> new ArrayList<>()).add(kernel);
    }
    families.values().forEach(eras -> eras.sort(EraTables::byRelease));
    this.colours = colours;
  }

  private static int byRelease(KernelProfile a, KernelProfile b) {
    return Objects.compare(
        Version.parse(a.uname().release()),
        Version.parse(b.uname().release()),
        Comparator.nullsLast(Comparator.naturalOrder()));
  }

  /** {@code ppc64le-6.1-64k} belongs to {@code ppc64le 64k}, where it is 6.1. */
  private static String family(KernelProfile kernel) {
    String[] parts = kernel.name().split("-", 3);
    return parts.length == 3 ? parts[0] + " " + parts[2] : parts[0];
  }

  private static String era(KernelProfile kernel) {
    String[] parts = kernel.name().split("-", 3);
    return parts.length > 1 ? parts[1] : kernel.uname().release();
  }

  /** The tables, each with its rows; rows that are empty in a family are left out there. */
  String text(List<String> rows, Cells cells) {
    StringBuilder text = new StringBuilder();
    int first = 0;
    for (String row : rows) {
      first = Math.max(first, row.length());
    }
    for (String family : families.keySet()) {
      first = Math.max(first, family.length());
    }
    for (Map.Entry<String, List<KernelProfile>> family : families.entrySet()) {
      text.append(text.isEmpty() ? "" : "\n");
      table(text, family.getKey(), family.getValue(), rows, cells, first);
    }
    return text.toString();
  }

  private void table(
      StringBuilder text,
      String family,
      List<KernelProfile> eras,
      List<String> rows,
      Cells cells,
      int first) {
    int[] widths = new int[eras.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = era(eras.get(i)).length();
      for (String row : rows) {
        widths[i] = Math.max(widths[i], cells.cell(row, eras.get(i)).text().length());
      }
    }
    text.append(Style.BOLD.on(Style.pad(family, first), colours));
    for (int i = 0; i < widths.length; i++) {
      text.append(' ').append(Style.BOLD.on(Style.pad(era(eras.get(i)), widths[i]), colours));
    }
    text.append('\n');
    for (String row : rows) {
      StringBuilder line = new StringBuilder(Style.pad(row, first));
      boolean empty = true;
      for (int i = 0; i < widths.length; i++) {
        Cell cell = cells.cell(row, eras.get(i));
        empty &= cell.text().isEmpty();
        line.append(' ').append(cell.style().on(Style.pad(cell.text(), widths[i]), colours));
      }
      if (!empty) {
        text.append(line.toString().stripTrailing()).append('\n');
      }
    }
  }
}
