package dev.vestibule.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Does the corpus mean what it says? */
class BreakagesTest {
  @ParameterizedTest
  @CsvSource({
    "*, ppc64-6.1, true",
    "ppc64, ppc64le-6.1, false",
    "ppc, ppc-2.6.12-compat, false",
    "ppc-compat ..2.6.12, ppc-2.6.12-compat, true",
    "ppc64 2.6.13.., ppc64-2.6.12, false",
    "ppc64 2.6..2.6, ppc64-2.6.12, true",
    "ppc64 6.1, ppc64-6.1, true",
    "ppc64 6.0..6.2, ppc64-6.1, true",
    "ppc64 6.2.., ppc64-6.1, false",
  })
  void setsOfKernelsIncludeBothEnds(String set, String kernel, boolean contained)
      throws ProfileException {
    KernelSet parsed = KernelSet.parse(set);
    assertThat(parsed != null && parsed.contains(Profiles.load(kernel))).isEqualTo(contained);
  }

  @Test
  void aWrongReasonIsADifference() throws ProfileException {
    KernelProfile kernel = Profiles.load("ppc64-6.1");
    Breakage breakage =
        Breakages.parse(
                "own.toml",
                """
                [[breakage]]
                name = "a"
                change = ""
                broke = ""
                source = ""
                program = "p"
                kernels = ["*"]
                [[breakage.fails]]
                kernels = ["ppc64"]
                how = "exit 1"
                says = "because"
                """)
            .getFirst();
    assertThat(breakage.difference(kernel, outcome(Outcome.Verdict.FAILED, 256, "because\n")))
        .isNull();
    assertThat(breakage.difference(kernel, outcome(Outcome.Verdict.FAILED, 256, "for fun\n")))
        .isEqualTo("exit 1, but without saying \"because\"");
    assertThat(breakage.difference(kernel, outcome(Outcome.Verdict.OK, 0, "")))
        .isEqualTo("ok, but history says exit 1");
  }

  private static Outcome outcome(Outcome.Verdict verdict, int status, String output) {
    return new Outcome(
        "a", "ppc64-6.1", verdict, status, output, 0, java.util.Map.of(), java.util.Map.of(), null);
  }

  @Test
  void mistakesNameFileLineAndField() {
    assertThatThrownBy(() ->
            Breakages.parse(
                "own.toml",
                """
                [[breakage]]
                name = "a"
                change = ""
                broke = ""
                source = ""
                program = "p"
                kernels = ["sparc 2.4"]
                fails = []
                """))
        .isInstanceOf(ProfileException.class)
        .hasMessage(
            "own.toml: breakage[0].kernels at line 7:"
                + " 'sparc 2.4' is no family with a range, like ppc64 5.11..5.15");
    assertThat(List.of("a b", "ppc64 x", "ppc64 5.11-", ""))
        .allMatch(t -> KernelSet.parse(t) == null);
  }
}
