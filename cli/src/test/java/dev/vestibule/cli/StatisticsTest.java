package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.cli.OwnJvm.Said;
import dev.vestibule.cpu.CodeCache;
import org.junit.jupiter.api.Test;

/** Does {@code run --stats} say what was executed, by what, and why machine code was left? */
class StatisticsTest {
  private static final String PROGRAM = "../guests/bin/ppc64le/compute";

  @Test
  void machineCodeIsAccountedFor() throws Exception {
    assumeTrue(CodeCache.refusal() == null, () -> "" + CodeCache.refusal());
    Said said = OwnJvm.run("--stats", "--engine", "translate", PROGRAM);
    assertThat(said.status()).isZero();
    assertThat(said.text())
        .containsPattern("vestibule: [1-9][0-9]* instructions interpreted in [0-9.]+ s, 1 threads")
        .containsPattern("machine code: [1-9][0-9]* blocks of [1-9][0-9]* instructions, ")
        .containsPattern("left for: [^\n]*[1-9][0-9]* branches to somewhere new")
        .containsPattern("interpreted: ([1-9][0-9]* [a-z.]+|nothing)");
  }

  @Test
  void theInterpreterHasARate() throws Exception {
    assertThat(OwnJvm.run("--stats", "--engine", "interpret", PROGRAM).text())
        .containsPattern("[1-9][0-9]* instructions in [0-9.]+ s, [0-9]+ million per second");
  }
}
