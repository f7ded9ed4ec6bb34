package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.handed.VdsoImages;
import dev.vestibule.profile.Profiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Does {@code run --vdso FILE} find the kernel for an image, and do programs find their way? */
class RealVdsoTest {
  @TempDir private Path directory;

  private Path image(String profile) throws Exception {
    byte[] bytes = Objects.requireNonNull(VdsoImages.of(Profiles.load(profile))).file();
    return Files.write(directory.resolve(profile + ".so"), bytes);
  }

  /** The sandwich of clocks, and signal return through the image's trampolines. */
  @ParameterizedTest
  @CsvSource({"ppc64le, ppc64le-6.12-64k", "ppc64, ppc64-5.10", "ppc, ppc-6.1"})
  void programsUseIt(String guest, String profile) throws Exception {
    String image = image(profile).toString();
    for (String program : List.of("clock", "sigtramp")) {
      OwnJvm.Said said = OwnJvm.run("--vdso", image, "../guests/bin/" + guest + "/" + program);
      assertThat(said.text()).endsWith("ok " + program + "\n");
      assertThat(said.status()).isZero();
    }
  }

  @Test
  void whatDoesNotFitIsRefusedInOneLine() throws Exception {
    Path large = image("ppc64le-6.1-64k");
    String hello = "../guests/bin/ppc64le/hello";
    assertThat(OwnJvm.run("--kernel", "6.1", "--vdso", large.toString(), hello))
        .isEqualTo(
            new OwnJvm.Said(
                125,
                "vestibule: "
                    + large
                    + ": cannot be ppc64le-6.1's: its code looks for the data 0x20000 bytes in front"
                    + " of it, this kernel has it 0x2000 bytes: it is made for pages of 64 KiB\n"));
    Path text = Files.writeString(directory.resolve("text"), "no image");
    assertThat(OwnJvm.run("--vdso", text.toString(), hello))
        .isEqualTo(
            new OwnJvm.Said(125, "vestibule: " + text + ": e_ident at 0x0: not an ELF file\n"));
  }
}
