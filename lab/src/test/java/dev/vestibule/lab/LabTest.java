package dev.vestibule.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.lab.Outcome.Pages;
import dev.vestibule.lab.Outcome.Verdict;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Profiles;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every bundled program checks itself; here all of them do, under every kernel. */
final class LabTest {
  private static final Lab.Progress SILENT =
      new Lab.Progress() {
        @Override
        public void started(String program, String kernel) {}

        @Override
        public void finished(Outcome outcome) {}
      };

  @Test
  void bundledProgramsEndWellUnderEveryKernel() throws Exception {
    List<KernelProfile> kernels = new ArrayList<>();
    for (String name : Profiles.names()) {
      kernels.add(Profiles.load(name));
    }
    List<Outcome> outcomes;
    try (Programs programs = Programs.bundled(List.of())) {
      outcomes = new Lab(programs, 2).run(Lab.all(programs.names(), kernels), SILENT);
    }
    assertThat(outcomes).hasSizeGreaterThanOrEqualTo(17 * kernels.size());
    for (Outcome outcome : outcomes) {
      assertThat(outcome.verdict())
          .as("%s on %s:%n%s", outcome.program(), outcome.kernel(), outcome.output())
          .isEqualTo(Verdict.OK);
    }
    for (KernelProfile kernel : kernels) {
      Outcome clock =
          outcomes.stream()
              .filter(o -> o.program().equals("clock") && o.kernel().equals(kernel.name()))
              .findFirst()
              .orElseThrow();
      assertThat(clock.vdsoCallCount() > 0)
          .as("%s answers clock_gettime in user space", kernel.name())
          .isEqualTo(kernel.vdso().present());
      Pages pages = clock.pages();
      assertThat(pages != null && pages.vdso() != 0).isEqualTo(kernel.vdso().present());
    }
  }

  @Test
  void knownBreakagesBreakAsHistorySays() throws Exception {
    List<KernelProfile> kernels = new ArrayList<>();
    for (String name : Profiles.names()) {
      kernels.add(Profiles.load(name));
    }
    List<Breakage> breakages = Breakages.bundled();
    try (Programs programs = Programs.bundled(breakages)) {
      List<Outcome> outcomes = new Lab(programs, 2).run(Lab.history(breakages, kernels), SILENT);
      HistoryReport report = new HistoryReport(breakages, kernels, outcomes, false);
      assertThat(report.differences()).as(report.text()).isZero();
    }
  }

  @Test
  void jsonNamesEveryOutcome() {
    Outcome outcome =
        new Outcome(
            "a\"b",
            "ppc-6.1",
            Verdict.KILLED,
            11,
            "line\n\u001b",
            5,
            java.util.Map.of("__kernel_time", 2L),
            java.util.Map.of(),
            new Pages(0x100000, "100000-102000", ""));
    assertThat(JsonReport.of(List.of(outcome), List.of()))
        .contains("\"program\": \"a\\\"b\"")
        .contains("\"verdict\": \"killed\"")
        .contains("\"vdso\": \"0x100000\"")
        .contains("\"__kernel_time\": 2")
        .contains("line\\n\\u001b");
  }
}
