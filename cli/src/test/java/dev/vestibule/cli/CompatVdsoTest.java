package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cli.OwnJvm.Said;
import org.junit.jupiter.api.Test;

/** Does {@code run --compat-vdso} start a program again that cannot live with the vDSO's place? */
class CompatVdsoTest {
  private static final String PROGRAM = "../guests/bin/ppc64/fixed-vdso";

  @Test
  void theSecondStartHasNoVdso() throws Exception {
    String abort = "fixed-vdso: the vDSO is not at 0x100000\n";
    Said without = OwnJvm.run("--kernel", "6.1", PROGRAM);
    assertThat(without.status()).isEqualTo(128 + 6);
    assertThat(without.text()).startsWith(abort);
    assertThat(OwnJvm.run("--kernel", "6.1", "--compat-vdso", PROGRAM))
        .isEqualTo(
            new Said(
                0,
                abort
                    + "vestibule: "
                    + PROGRAM
                    + ": aborted before it did anything; starting it once more without a vDSO\n"
                    + "no vDSO\nok fixed-vdso\n"));
    assertThat(OwnJvm.run("--kernel", "2.6.12", "--compat-vdso", PROGRAM).text())
        .isEqualTo("the vDSO is where it always was\nok fixed-vdso\n");
  }
}
