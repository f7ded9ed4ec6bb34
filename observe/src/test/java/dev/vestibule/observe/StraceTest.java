package dev.vestibule.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.kernel.Machine;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Are the lines those of strace? One program makes calls of every kind; what the real strace prints
 * of its x86 build is recorded (-Dgolden.write=true does it anew), and compared again where the
 * host can.
 */
class StraceTest {
  private static final Path SOURCE = Path.of("src/test/guest/strace-lines.c");
  private static final Path GOLDEN = Path.of("src/test/golden/strace-lines.txt");

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "ppc-6.1, powerpc-linux-gnu-gcc",
    "ppc64-6.1, powerpc64-linux-gnu-gcc",
    "ppc64le-6.1, powerpc64le-linux-gnu-gcc"
  })
  void guestsLinesAreStraces(String profile, String compiler) throws Exception {
    String program = compile(compiler);
    Path file = directory.resolve("lines");
    try (LineOutput output = LineOutput.file(file);
        StraceListener strace =
            new StraceListener(output, new StraceListener.Options(false, false, false))) {
      Machine machine = Machine.builder(Profiles.load(profile)).listener(strace).build();
      int status = machine.run(program, List.of(program), List.of(), directory.toString());
      assertThat(status & 0x7f).as("the signal it dies by").isEqualTo(11);
    }
    assertThat(String.join("\n", normalised(file)))
        .isEqualTo(String.join("\n", Files.readAllLines(GOLDEN)));
  }

  @Test
  void recordedLinesAreRealStraces() throws Exception {
    String program = compile("gcc");
    Path file = directory.resolve("lines");
    assumeTrue(run("strace", "-f", "-o", file.toString(), program) >= 0 && Files.size(file) > 0);
    List<String> lines = normalised(file);
    if (Boolean.getBoolean("golden.write")) {
      Files.write(GOLDEN, lines);
    }
    assertThat(String.join("\n", lines)).isEqualTo(String.join("\n", Files.readAllLines(GOLDEN)));
  }

  private String compile(String compiler) throws Exception {
    String program = directory.resolve("guest").toString();
    int status =
        run(compiler, "-w", "-O1", "-static", "-o", program, SOURCE.toAbsolutePath().toString());
    assumeTrue(status == 0, compiler);
    return program;
  }

  /** The exit status, or -1 if there is no such command. */
  private int run(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("output").toFile())
              .start();
      assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
      return process.exitValue();
    } catch (IOException e) {
      return -1;
    }
  }

  /**
   * The lines from the mark on without what may differ: addresses, ids, columns, and names that an
   * architecture alone has. Those of each thread stand together, calls in one piece.
   */
  private static List<String> normalised(Path file) throws IOException {
    Map<String, List<String>> threads = new LinkedHashMap<>();
    Pattern form = Pattern.compile("(\\d+) +(.*)");
    boolean begun = false;
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      Matcher matcher = form.matcher(line);
      assertThat(matcher.matches()).as(line).isTrue();
      begun |= line.contains("chdir(\"/begin\")");
      if (begun) {
        add(threads.computeIfAbsent(matcher.group(1), pid -> new ArrayList<>()), matcher.group(2));
      }
    }
    List<String> all = new ArrayList<>();
    for (List<String> lines : threads.values()) {
      for (String line : lines) {
        all.add(neutral(line, threads));
      }
    }
    return all;
  }

  private static void add(List<String> lines, String text) {
    String cut = " <unfinished ...>";
    Matcher resumed = Pattern.compile("<\\.\\.\\. \\w+ resumed>(.*)").matcher(text);
    if (resumed.matches()) {
      String begin = lines.removeLast();
      lines.add(begin.substring(0, begin.length() - cut.length()) + resumed.group(1));
    } else {
      lines.add(text);
    }
  }

  private static String neutral(String line, Map<String, List<String>> threads) {
    String text = line;
    for (String pid : threads.keySet()) {
      text = text.replaceAll("\\b" + pid + "\\b", "PID");
    }
    return text.replaceAll("0x[0-9a-f]{4,}", "ADDRESS")
        .replaceAll(" +=", " =")
        .replaceAll("si_uid=\\d+", "si_uid=UID")
        .replaceAll("getuid\\(\\) = \\d+", "getuid() = UID")
        .replaceAll("si_([us])time=\\d+", "si_$1time=N")
        .replace("SA_RESTORER|", "")
        .replace(", sa_restorer=ADDRESS", "")
        .replace(" (core dumped)", "")
        .replaceAll("^(set_robust_list.*), \\d+\\)", "$1, SIZE)")
        .replaceAll("^mmap2\\(", "mmap(")
        .replaceAll("^fcntl64\\(", "fcntl(");
  }
}
