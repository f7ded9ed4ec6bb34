package dev.vestibule.cli.vdso;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What do the commands print, and with which status do they end? */
class VdsoCommandTest {
  @TempDir private Path directory;

  private record Said(int status, String text) {
    List<String> lines() {
      return text.lines().toList();
    }
  }

  private static Said run(String... words) {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      CommandLine command = new CommandLine(new VdsoCommand());
      command.setExecutionExceptionHandler((thrown, line, parsed) -> {
        System.out.println(thrown.getMessage());
        return 125;
      });
      int status = command.execute(words);
      return new Said(status, out.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(before);
    }
  }

  @Test
  void everyEraOfPowerIsSoundAndHasItsVictims() {
    Said check = run("check", "profile:ppc64le-5.11", "profile:ppc64le-5.15");
    assertThat(check.status()).isZero();
    assertThat(check.lines())
        .containsSubsequence(
            "profile:ppc64le-5.11:",
            "consumer: CRIU 4.2: fails",
            "result: nothing wrong",
            "profile:ppc64le-5.15:",
            "consumer: CRIU 4.2: works",
            "result: nothing wrong");
    assertThat(check.text()).contains("\"ELF header magic mismatch\" (criu#1417)");
  }

  @Test
  void extractedImagesAreTheSame() throws Exception {
    Said extract = run("extract", "profile:ppc64-6.1", "-o", directory.toString());
    assertThat(extract.status()).isZero();
    Path file = directory.resolve("vdso-6.1.176-ppc64.so");
    assertThat(extract.lines().getLast()).endsWith(file.toString());
    assertThat(run("diff", file.toString(), "profile:ppc64-6.1")).isEqualTo(new Said(0, ""));
    assertThat(run("extract", "profile:ppc64-6.1", "-o", directory.toString()).status()).isZero();
    Files.writeString(file, "mine");
    Said again = run("extract", "profile:ppc64-6.1", "-o", directory.toString());
    assertThat(again.status()).isEqualTo(125);
    assertThat(again.lines().getLast()).isEqualTo(file + ": exists already and is something else");
    assertThat(Files.readString(file)).isEqualTo("mine");
  }

  @Test
  void differencesAreNamed() {
    Said diff = run("diff", "profile:ppc64-5.10", "profile:ppc64-5.11");
    assertThat(diff.status()).isEqualTo(1);
    assertThat(diff.text())
        .contains("- symbol ")
        .contains("__kernel_datapage_offset@LINUX_2.6.15")
        .contains("~ note Linux version: content 5.10.223 -> 5.11.0")
        .contains("~ symbol __kernel_clock_gettime@LINUX_2.6.15: ");
  }

  @Test
  void damageIsWrong() throws Exception {
    run("extract", "profile:ppc64-6.1", "-o", directory.toString());
    Path file = directory.resolve("vdso-6.1.176-ppc64.so");
    byte[] bytes = Files.readAllBytes(file);
    // e_type: a program instead of a shared object.
    bytes[17] = 2;
    Files.write(file, bytes);
    Said check = run("check", file.toString());
    assertThat(check.status()).isEqualTo(1);
    assertThat(check.lines())
        .contains("wrong: " + file + ": e_type at 0x10: type 2, expected 3", "result: 1 wrong");
    assertThat(run("check", "--json", file.toString()).text())
        .contains("\"wrong\": [\n      \"" + file + ": e_type at 0x10: type 2, expected 3\"\n");
  }

  @Test
  void whatIsNoTargetIsNamed() throws Exception {
    assertThat(run("show", directory.resolve("none").toString()).text())
        .isEqualTo(directory.resolve("none") + ": no such file\n");
    Path text = Files.writeString(directory.resolve("text"), "no image in here");
    assertThat(run("check", text.toString()).text()).isEqualTo(text + ": holds no vDSO image\n");
    assertThat(run("check", "pid:4194304").text()).isEqualTo("pid:4194304: no such process\n");
  }

  @Test
  void aDirectoryOfImagesIsDescribed() {
    Path real = Path.of("..", "checkpoint", "src", "test", "images", "criu-x86_64");
    Said show = run("show", real.toString());
    assertThat(show.status()).isZero();
    assertThat(show.lines())
        .containsSubsequence(
            "process: 13055 \"clock\", child of 0, group 13055, session 13055, alive, 2 threads,"
                + " X86_64",
            "auxv: AT_SYSINFO_EHDR 0x7fedccab5000");
    assertThat(show.text()).contains("no vDSO found (auxv: ");
    assertThat(run("show", "--json", real.toString()).text()).contains("\"pid\": 13057");
    Said check = run("check", real.toString());
    assertThat(check.status()).isEqualTo(125);
    assertThat(check.lines()).hasSize(1);
    assertThat(run("show", directory.toString()).lines())
        .containsExactly(directory + ": a directory without inventory.img, so not of images");
  }
}
