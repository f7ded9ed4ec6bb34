package dev.vestibule.cli;

import dev.vestibule.kernel.SyscallCatalogue;
import dev.vestibule.kernel.SyscallRow.Support;
import java.util.List;

/** How is the catalogue of system calls printed? */
final class SyscallPage {
  private SyscallPage() {}

  /** A table for a terminal. */
  static String plain() {
    StringBuilder text = new StringBuilder();
    text.append(String.format("%-24s", "call"));
    SyscallCatalogue.TABLES.forEach(table -> text.append(String.format("%6s", table)));
    text.append("  support\n");
    for (SyscallCatalogue.Entry entry : SyscallCatalogue.entries()) {
      text.append(String.format("%-24s", entry.name()));
      entry.numbers().forEach(n -> text.append(String.format("%6s", n == null ? "-" : n)));
      String kernels = entry.kernels();
      text.append("  ").append(entry.support());
      text.append(kernels.isEmpty() ? "" : " [" + kernels + "]").append('\n');
    }
    return text.append(summary()).append('\n').toString();
  }

  /** The page in docs. */
  static String markdown() {
    StringBuilder text = new StringBuilder("# System calls\n\n");
    text.append("What Linux offers and how far Vestibule supports it, by name; the numbers of ");
    text.append("`ppc64le` are those\nof `ppc64`. Printed by ");
    text.append("`./vestibule syscalls --markdown > docs/syscalls.md` from the declarations in\n");
    text.append("the module `kernel`; a test sees to it that this page is up to date.\n\n");
    text.append(summary()).append("\n\n| Call | ");
    text.append(String.join(" | ", SyscallCatalogue.TABLES)).append(" | Support | Kernels |\n");
    text.append("|---|");
    text.append("--:|".repeat(SyscallCatalogue.TABLES.size())).append("---|---|\n");
    for (SyscallCatalogue.Entry entry : SyscallCatalogue.entries()) {
      text.append("| `").append(entry.name()).append("` |");
      entry.numbers().forEach(n -> text.append(n == null ? " |" : " " + n + " |"));
      text.append(' ').append(entry.support().replace("|", "\\|")).append(" | ");
      text.append(entry.kernels()).append(" |\n");
    }
    return text.toString();
  }

  private static String summary() {
    List<SyscallCatalogue.Entry> all = SyscallCatalogue.entries();
    long full = count(all, Support.FULL);
    long partial = count(all, Support.PARTIAL);
    long refused = count(all, Support.REFUSED);
    long ours = all.stream().filter(e -> e.support().startsWith("no ")).count();
    return all.size()
        + " calls: "
        + full
        + " supported, "
        + partial
        + " partly, "
        + refused
        + " refused on purpose, "
        + ours
        + " not supported; the others Linux itself has only the numbers of.";
  }

  private static long count(List<SyscallCatalogue.Entry> all, Support support) {
    return all.stream().filter(e -> e.row() != null && e.row().support() == support).count();
  }
}
