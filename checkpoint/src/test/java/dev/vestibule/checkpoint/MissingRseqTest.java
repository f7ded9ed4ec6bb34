package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.profile.Architecture;
import dev.vestibule.profile.Profiles;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How do programs that use rseq(2) go on under kernels without it? */
class MissingRseqTest {
  @TempDir Path directory;

  @BeforeEach
  void compilers() {
    Guest.needCompilers();
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void theCLibrarysRegistrationIsKeptUp(Architecture architecture) throws Exception {
    Path program = Guest.build(architecture, "rseq-kept", directory);
    Path output = directory.resolve("output");
    Path first = directory.resolve("first");
    Path second = directory.resolve("second");
    String with = architecture.id() + "-6.1";
    String without = architecture.id() + "-4.4";
    Machine machine = Machine.builder(Profiles.load(with)).cpus(2).build();
    try (Guest guest = Guest.start(machine, program, output, directory.toString())) {
      Guest.awaitLine(output, "waiting");
      guest.freeze(first, false);
    }
    refused(first, without);
    try (Guest guest = Guest.thaw(first, without, MissingRseq.EMULATE)) {
      guest.freeze(second, false);
    }
    refused(second, without);
    try (Guest guest = Guest.thaw(second, without, MissingRseq.EMULATE)) {
      Files.createFile(directory.resolve("go"));
      assertThat(guest.await()).as(Files.readString(output)).isZero();
    }
    assertThat(Files.readString(output)).doesNotContain("FAIL").endsWith("kernel has no rseq\n");
  }

  private static void refused(Path images, String kernel) {
    assertThatThrownBy(() -> Guest.thaw(images, kernel))
        .isInstanceOf(FreezeRefusal.class)
        .hasMessageContaining(
            "has registered restartable sequences, which kernel " + kernel + " has not");
  }

  @Test
  void sequencesAreStillAborted() throws Exception {
    Path program = Guest.build(Architecture.PPC64LE, "rseq-percpu", directory);
    Path output = directory.resolve("output");
    Path images = directory.resolve("images");
    try (Guest guest = Guest.start("ppc64le-6.1", program, output, "1000000", "3")) {
      guest.awaitTasks(3, t -> t.rseq().registration() != null); // one may just change its area
      guest.freeze(images, false);
    }
    refused(images, "ppc64le-4.4");
    try (Guest guest = Guest.thaw(images, "ppc64le-4.4", MissingRseq.EMULATE)) {
      assertThat(guest.await()).as(Files.readString(output)).isZero();
    }
    assertThat(Files.readString(output))
        .contains("ok the counters have counted everything")
        .doesNotContain("FAIL");
  }
}
