package dev.vestibule.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Profiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Do libraries that would own restartable sequences fare as is told of them, on Debian's glibc? */
final class OwnershipTest {
  private static final Lab.Progress SILENT =
      new Lab.Progress() {
        @Override
        public void started(String program, String kernel) {}

        @Override
        public void finished(Outcome outcome) {}
      };

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "ppc, powerpc, ppc-4.4 ppc-4.19-compat ppc-6.18",
    "ppc64, powerpc64, ppc64-3.10 ppc64-4.19 ppc64-6.18",
    "ppc64le, powerpc64le, ppc64le-4.4 ppc64le-5.10 ppc64le-6.18",
  })
  void ownersAreAsTold(String guest, String compiler, String names) throws Exception {
    List<String> command = List.of("../guests/build", "--rseq", directory.toString(), guest);
    assumeTrue(new ProcessBuilder(command).inheritIO().start().waitFor() == 0);
    List<KernelProfile> kernels = new ArrayList<>();
    for (String name : names.split(" ")) {
      kernels.add(Profiles.load(name));
    }
    List<Breakage> entries = Breakages.of(Path.of("../guests/rseq/ownership.toml"));
    try (Programs programs = Programs.in(directory)) {
      Lab lab = new Lab(programs, 2, Path.of("/usr/" + compiler + "-linux-gnu"));
      List<Outcome> outcomes = lab.run(Lab.history(entries, kernels), SILENT);
      HistoryReport report = new HistoryReport(entries, kernels, outcomes, false);
      assertThat(report.differences()).as(report.text()).isZero();
      assertThat(outcomes).noneMatch(each -> each.verdict() == Outcome.Verdict.ABSENT);
    }
  }
}
