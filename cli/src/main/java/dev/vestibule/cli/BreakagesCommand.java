package dev.vestibule.cli;

import dev.vestibule.lab.Breakage;
import dev.vestibule.lab.Breakages;
import dev.vestibule.lab.KernelSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Which breakages of the past does the lab reproduce? */
@Command(
    name = "breakages",
    description = "List the known breakages that the lab reproduces.",
    sortOptions = false)
final class BreakagesCommand implements Callable<Integer> {
  @Option(names = "--markdown", description = "print the page docs/breakages.md")
  private boolean markdown;

  @Override
  public Integer call() {
    System.out.print(markdown ? page() : plain());
    return 0;
  }

  private static String plain() {
    StringBuilder text = new StringBuilder();
    for (Breakage breakage : Breakages.bundled()) {
      text.append(breakage.name()).append("\n  ").append(breakage.change()).append("\n  ");
      text.append(breakage.broke()).append('\n');
      for (Breakage.Failing failing : breakage.failures()) {
        text.append("  ").append(failing.how()).append(": ");
        text.append(kernels(failing.kernels())).append('\n');
      }
    }
    return text.toString();
  }

  private static String kernels(List<KernelSet> sets) {
    return sets.stream().map(KernelSet::text).collect(Collectors.joining(", "));
  }

  /** The page in docs. */
  static String page() {
    StringBuilder text = new StringBuilder("# Known breakages\n\n");
    text.append("What kernels changed about the pages they hand to processes, and what broke. ");
    text.append("`./vestibule lab` runs the\nprogram named for each of these under all kernels ");
    text.append("and compares what happens with the last column;\nwhere that names nothing, the ");
    text.append("program must end with status 0. Families of kernels: `ppc` (32-bit),\n");
    text.append("`ppc-compat` (32-bit programs on a 64-bit kernel), `ppc64`, `ppc64le`, `*` all; ");
    text.append("ranges of releases\ninclude both ends. Printed by ");
    text.append("`./vestibule breakages --markdown > docs/breakages.md` from\n");
    text.append(
        "`lab/src/main/resources/dev/vestibule/lab/breakages.toml`; a test sees to it that ");
    text.append(
        "this page is up to date.\nOne's own: `./vestibule lab --programs DIR --breakages ");
    text.append("FILE` with a file of the same form.\n\n");
    text.append("| Name | What changed | What broke | Shown by | Looked at under | Fails |\n");
    text.append("|---|---|---|---|---|---|\n");
    for (Breakage breakage : Breakages.bundled()) {
      String arguments = String.join(" ", breakage.arguments());
      String program =
          "`" + breakage.program() + (arguments.isEmpty() ? "" : " " + arguments) + "`";
      String fails =
          breakage.failures().stream()
              .map(failing -> failing.how() + ": " + kernels(failing.kernels()))
              .collect(Collectors.joining("; "));
      text.append("| ")
          .append(breakage.name())
          .append(" | ")
          .append(cell(breakage.change()))
          .append(" | ")
          .append(cell(breakage.broke() + " (" + breakage.source() + ")"))
          .append(" | ")
          .append(program)
          .append(breakage.vdso() ? "" : ", without vDSO")
          .append(" | ")
          .append(cell(kernels(breakage.kernels())))
          .append(" | ")
          .append(cell(fails))
          .append(" |\n");
    }
    return text.toString();
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replace("*", "\\*");
  }
}
