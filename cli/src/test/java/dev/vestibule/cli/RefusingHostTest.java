package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.cli.OwnJvm.Said;
import dev.vestibule.cpu.CodeCache;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Does a program run where the host refuses executable memory, and is it said to who asked for it?
 */
class RefusingHostTest {
  private static final String PROGRAM = "../guests/bin/ppc64le/compute";
  private static final List<String> REFUSES = List.of("-Dvestibule.host.without=execution");

  @Test
  void theInterpreterRuns() throws Exception {
    assumeTrue(CodeCache.refusal() == null, () -> "" + CodeCache.refusal());
    Said expected = OwnJvm.run("--engine", "translate", PROGRAM);
    assertThat(expected.text()).endsWith("ok compute\n");
    String warning = "vestibule: --engine: the host refuses executable memory; interpreting\n";
    assertThat(OwnJvm.runIn(REFUSES, "--engine", "translate", PROGRAM))
        .isEqualTo(new Said(0, warning + expected.text()));
    assertThat(OwnJvm.runIn(REFUSES, "--engine", "both", PROGRAM).text()).startsWith(warning);
    assertThat(OwnJvm.runIn(REFUSES, PROGRAM)).isEqualTo(expected);
  }
}
