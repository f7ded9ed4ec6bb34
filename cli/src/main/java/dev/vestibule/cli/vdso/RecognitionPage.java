package dev.vestibule.cli.vdso;

import dev.vestibule.inspect.InspectException;
import dev.vestibule.inspect.Strategy;
import dev.vestibule.lab.Programs;
import dev.vestibule.lab.Recognitions;
import dev.vestibule.lab.VdsoState;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/** What does the page docs/recognition.md say? Runs every state under every built-in kernel. */
final class RecognitionPage {
  private static final String HEAD =
      """
      # Recognising the vDSO

      Who finds a process's vDSO from outside, once the process has done something to it? A program (`vdso-place`)
      brings its vDSO into a state under every kernel profile, and is looked at by each strategy just before it
      ends: by **name** in /proc/PID/maps, by **page frame** in /proc/PID/pagemap compared with the looker's own,
      by **symbols** in every executable mapping without a file, and by AT_SYSINFO_EHDR (**auxv**). The machine knows
      the truth: *right*; *misses* it; *wrong* is something else, or something where there is none; *too many* is the
      vDSO and a copy; *cannot tell* where the kernel does not say what the strategy needs. **CRIU's choice** is the
      strategy that CRIU 4 takes: the name if its probe (a child that moves its own vDSO) finds that names survive,
      else page frames where it may see them, else symbols. The looker is root, so it may.

      What happens: 2.6.12 gave the vDSO of Power no name, and the page map came with 2.6.25. Up to 4.1 the name
      stays at the address where exec put the vDSO: a move loses it, and whatever is mapped there next has it. A page that
      was written to has a frame of its own, and so have all pages of a kernel that makes a set for each container.

      Printed by `./vestibule vdso find --table > docs/recognition.md`; a test sees to it that this page is up to date.
      `./vestibule vdso find profile:NAME --state STATE --explain` shows one of these with addresses, reasons and cost.
      """;

  private final Programs programs;
  private final List<KernelProfile> kernels = new ArrayList<>();

  private RecognitionPage(Programs programs) throws ProfileException {
    this.programs = programs;
    for (String name : Profiles.names()) {
      KernelProfile kernel = Profiles.load(name);
      if (kernel.vdso().present()) {
        kernels.add(kernel);
      }
    }
    kernels.sort(
        Comparator.comparing(RecognitionPage::family).thenComparing(k -> k.uname().linux()));
  }

  /** The page. */
  static String text()
      throws IOException, ProfileException, InspectException, InterruptedException {
    try (Programs programs = Programs.bundled(List.of())) {
      return new RecognitionPage(programs).page();
    }
  }

  private String page() throws InspectException, InterruptedException {
    Recognitions recognitions = new Recognitions(programs, true);
    StringBuilder text = new StringBuilder(HEAD);
    Map<Strategy, int[]> costs = new LinkedHashMap<>();
    for (VdsoState state : VdsoState.values()) {
      Map<String, Kernels> rows = new LinkedHashMap<>();
      for (KernelProfile kernel : kernels) {
        Recognitions.Result result = recognitions.look(kernel, state);
        rows.computeIfAbsent(cells(result), row -> new Kernels()).add(kernel);
        result.lines().forEach(line -> cost(costs, line));
      }
      text.append("\n## ").append(title(state)).append("\n\n");
      text.append("| Kernels |");
      for (Strategy strategy : Strategy.values()) {
        text.append(' ').append(strategy.text()).append(" |");
      }
      text.append(" CRIU's choice |\n|---|---|---|---|---|---|\n");
      rows.forEach((cells, where) ->
          text.append("| ").append(where.text(kernels)).append(cells).append(" |\n"));
    }
    return text.append(costs(costs)).toString();
  }

  private static String title(VdsoState state) {
    String words = state.text();
    return Character.toUpperCase(words.charAt(0)) + words.substring(1) + " (`" + state.id() + "`)";
  }

  private static String cells(Recognitions.Result result) {
    StringBuilder cells = new StringBuilder();
    for (Recognitions.Line line : result.lines()) {
      cells.append(" | ").append(line.judgement().text());
    }
    String verdict = result.line(result.chosen()).judgement().text();
    return cells + " | " + result.chosen().text() + ": " + verdict;
  }

  private static void cost(Map<Strategy, int[]> costs, Recognitions.Line line) {
    int calls = line.answer().calls();
    int[] range = costs.computeIfAbsent(line.answer().strategy(), s -> new int[] {calls, calls});
    range[0] = Math.min(range[0], calls);
    range[1] = Math.max(range[1], calls);
  }

  private static String costs(Map<Strategy, int[]> costs) {
    StringBuilder text = new StringBuilder("\n## Cost\n\n");
    text.append(
        "System calls for one process in all of the above, nothing being known before.\n\n");
    text.append("| Strategy | Fewest | Most |\n|---|---|---|\n");
    costs.forEach((strategy, range) ->
        text.append("| %s | %d | %d |\n".formatted(strategy.text(), range[0], range[1])));
    return text.toString();
  }

  /** {@code ppc64le-6.1-64k} is of the family {@code ppc64le-64k}. */
  private static String family(KernelProfile kernel) {
    return kernel.name().replaceFirst("-[0-9][^-]*", "");
  }

  private static String era(KernelProfile kernel) {
    return kernel.name().replaceFirst("^[^-]*-([0-9][^-]*).*", "$1");
  }

  /** Some of the kernels, written as ranges of each family. */
  private static final class Kernels {
    private final List<KernelProfile> members = new ArrayList<>();

    void add(KernelProfile kernel) {
      members.add(kernel);
    }

    String text(List<KernelProfile> all) {
      if (members.size() == all.size()) {
        return "all";
      }
      StringJoiner ranges = new StringJoiner(", ");
      for (int i = 0; i < members.size(); ) {
        int last = i;
        while (last + 1 < members.size()
            && follows(all, members.get(last), members.get(last + 1))) {
          last++;
        }
        KernelProfile from = members.get(i);
        String to = last == i ? "" : ".." + era(members.get(last));
        ranges.add(family(from) + " " + era(from) + to);
        i = last + 1;
      }
      return ranges.toString();
    }

    private static boolean follows(List<KernelProfile> all, KernelProfile one, KernelProfile next) {
      int at = all.indexOf(one);
      return Objects.equals(family(one), family(next)) && all.get(at + 1) == next;
    }
  }
}
