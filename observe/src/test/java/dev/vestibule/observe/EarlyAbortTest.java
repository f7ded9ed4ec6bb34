package dev.vestibule.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.kernel.Machine;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which programs may be started again because nobody can have noticed that they ran? */
class EarlyAbortTest {
  private static final Path SOURCE = Path.of("src/test/guest/early-abort.c");
  private static final Path FIXED = Path.of("../guests/bin/ppc64/fixed-vdso");

  @TempDir Path directory;

  private boolean found(String kernel, List<String> argv) throws Exception {
    EarlyAbort early = new EarlyAbort();
    Machine machine = Machine.builder(Profiles.load(kernel)).listener(early).build();
    machine.run(argv.getFirst(), argv, List.of(), directory.toString());
    return early.found();
  }

  /** It asserts that the vDSO is at 1 MiB, where 2.6.12 has it and 6.1 has not. */
  @Test
  void aProgramThatWasBuiltForAnOldPlace() throws Exception {
    List<String> argv = List.of(FIXED.toRealPath().toString());
    assertThat(found("ppc64-6.1", argv)).isTrue();
    assertThat(found("ppc64-2.6.12", argv)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "nothing, true",
    "standard-error, true",
    "read-file, true",
    "thread, true",
    "standard-output, false",
    "standard-input, false",
    "fork, false",
    "create-file, false",
    "shared-mapping, false",
    "close-error, false",
    "other-signal, false",
    "exit, false"
  })
  void whatItDidBeforeDecides(String what, boolean found) throws Exception {
    Path program = directory.resolve("guest");
    compile(program);
    String file = what.equals("read-file") ? program.toString() : directory.resolve("f").toString();
    assertThat(found("ppc64-6.1", List.of(program.toString(), what, file))).isEqualTo(found);
  }

  private static void compile(Path program) throws InterruptedException {
    int status;
    try {
      String[] command = {
        "powerpc64-linux-gnu-gcc", "-w", "-O1", "-static", "-o", program.toString(), "" + SOURCE
      };
      Process compiler = new ProcessBuilder(command).inheritIO().start();
      assertThat(compiler.waitFor(10, TimeUnit.MINUTES)).isTrue();
      status = compiler.exitValue();
    } catch (IOException e) {
      status = -1;
    }
    assumeTrue(status == 0, "no compiler for ppc64");
  }
}
