package dev.vestibule.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.handed.VdsoImage;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.profile.Profiles;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Do all readers of hostile input keep to an answer or one line? Jazzer mutates images of our own
 * and the corpus in {@code src/test/fuzz}, led by what code they reach. A few seconds each; {@code
 * -Dfuzz.seconds=36000} makes it hours and {@code -Dfuzz.corpus=DIR} keeps what was found to be
 * interesting. An input that fails is put under {@code target/fuzz}, from where it belongs into
 * {@code src/test/fuzz/TARGET}.
 */
class FuzzTest {
  private static final int SECONDS = Integer.getInteger("fuzz.seconds", 4);
  private static final List<String> SEEDS = List.of("ppc64le-6.1", "ppc-3.10", "ppc64-5.10");

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"Image", "Frames", "Real", "Symbols", "Kernel"})
  void nothingButAnAnswerOrOneLine(String target) throws Exception {
    String keep = System.getProperty("fuzz.corpus");
    Path corpus =
        Files.createDirectories(
            keep == null ? directory.resolve("corpus") : Path.of(keep).resolve(target));
    seed(corpus, target);
    Path findings = Files.createDirectories(Path.of("target", "fuzz", target));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "-Xmx600m",
            "-XX:+EnableDynamicAgentLoading",
            "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            classPath(),
            "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + FuzzTargets.class.getName() + "$" + target,
            "--instrumentation_includes=dev.vestibule.elf.**:dev.vestibule.inspect.**"
                + ":dev.vestibule.handed.**",
            "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.*",
            "--reproducer_path=" + directory,
            "-artifact_prefix=" + findings + "/",
            "-max_total_time=" + SECONDS,
            "-timeout=200",
            "-rss_limit_mb=4000",
            "-max_len=30000",
            corpus.toString()));
    Path kept = Path.of("src", "test", "fuzz", target);
    if (Files.isDirectory(kept)) {
      command.add(kept.toString());
    }
    Path log = directory.resolve("log");
    Process fuzzer =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      assertThat(fuzzer.waitFor(SECONDS + 600L, TimeUnit.SECONDS)).isTrue();
    } finally {
      fuzzer.destroyForcibly();
    }
    String said = Files.readString(log);
    assertThat(fuzzer.exitValue()).as("%s", said).isZero();
    assertThat(said).contains("Done ");
  }

  private static String classPath() {
    List<String> parts = new ArrayList<>();
    for (String property :
        List.of("java.class.path", "jdk.module.path", "surefire.test.class.path")) {
      String value = System.getProperty(property, "");
      parts.addAll(Arrays.asList(value.split(File.pathSeparator)));
    }
    // Under Surefire with modules the tests are a patch, and not on the path.
    parts.add(Path.of("target", "test-classes").toAbsolutePath().toString());
    parts.removeIf(String::isEmpty);
    return String.join(File.pathSeparator, parts);
  }

  private static void seed(Path corpus, String target) throws Exception {
    for (String name : SEEDS) {
      VdsoImage image = Objects.requireNonNull(VdsoImages.of(Profiles.load(name)));
      Files.write(corpus.resolve(name), image.file());
      if (target.equals("Kernel")) {
        Files.write(corpus.resolve(name + ".gz"), packed(image.file()));
      }
    }
  }

  private static byte[] packed(byte[] content) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(packed)) {
      out.write(content);
    }
    return packed.toByteArray();
  }
}
