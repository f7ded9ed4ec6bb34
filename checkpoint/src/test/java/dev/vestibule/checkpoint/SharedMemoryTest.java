package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vestibule.profile.Profiles;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Does shared memory keep its pages, whatever size those of the kernel are, and those that nobody
 * has mapped? The program is guests/libc/sharing.c, which says the same on a real Linux.
 */
class SharedMemoryTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"ppc-5.10, ppc-6.1", "ppc64-5.10, ppc64-6.13", "ppc64le-6.1-64k, ppc64le-6.12-64k"})
  void keepsAllItsPages(String from, String to) throws Exception {
    assumeThat(Path.of("/usr/bin/powerpc64le-linux-gnu-gcc")).exists();
    Path program = Guest.build(Profiles.load(from).architecture(), "sharing", directory);
    Path output = directory.resolve("output");
    Path images = directory.resolve("images");
    try (Guest guest = Guest.start(from, program, output, directory.toString())) {
      Guest.awaitLine(output, "ready");
      guest.freeze(images, false);
      assertThat(guest.await()).isEqualTo(9);
    }
    Files.createFile(directory.resolve("go"));
    try (Guest guest = Guest.thaw(images, to)) {
      int status = guest.await();
      String said = Files.readString(output);
      assertThat(said).doesNotContain("FAIL");
      assertThat(status).as(said).isZero();
    }
  }
}
