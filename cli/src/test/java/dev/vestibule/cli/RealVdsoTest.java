package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.handed.VdsoImages;
import dev.vestibule.profile.Profiles;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Does {@code run --vdso FILE} find the kernel for an image, and do programs find their way? */
class RealVdsoTest {
  @TempDir private Path directory;

  private record Said(int status, String text) {}

  private static Said run(String... words) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classPath(),
            "dev.vestibule.cli.Vestibule",
            "run"));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Said(process.waitFor(), text);
  }

  private static String classPath() {
    List<String> parts = new ArrayList<>();
    for (String property : List.of("java.class.path", "jdk.module.path")) {
      parts.addAll(Arrays.asList(System.getProperty(property, "").split(File.pathSeparator)));
    }
    parts.removeIf(String::isEmpty);
    return String.join(File.pathSeparator, parts);
  }

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
      Said said = run("--vdso", image, "../guests/bin/" + guest + "/" + program);
      assertThat(said.text()).endsWith("ok " + program + "\n");
      assertThat(said.status()).isZero();
    }
  }

  @Test
  void whatDoesNotFitIsRefusedInOneLine() throws Exception {
    Path large = image("ppc64le-6.1-64k");
    String hello = "../guests/bin/ppc64le/hello";
    assertThat(run("--kernel", "6.1", "--vdso", large.toString(), hello))
        .isEqualTo(
            new Said(
                125,
                "vestibule: "
                    + large
                    + ": cannot be ppc64le-6.1's: its code looks for the data 0x20000 bytes in front"
                    + " of it, this kernel has it 0x2000 bytes: it is made for pages of 64 KiB\n"));
    Path text = Files.writeString(directory.resolve("text"), "no image");
    assertThat(run("--vdso", text.toString(), hello))
        .isEqualTo(new Said(125, "vestibule: " + text + ": e_ident at 0x0: not an ELF file\n"));
  }
}
