package dev.vestibule.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.HostMount;
import dev.vestibule.observe.startup.StartupTrace;
import dev.vestibule.profile.Profiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Is the order that of glibc's sources? In dynamic programs, and in static ones on Power, rseq is
 * registered before any IFUNC resolver runs; constructors follow when everything is relocated.
 */
final class StartupTraceTest {
  private static final Path SOURCE = Path.of("src/test/guest/startup.c");
  private static final Pattern LINE =
      Pattern.compile("startup: \\d+ +[0-9.]+ (\\S+) +(.*); rseq (\\S+)( 0x[0-9a-f]+)?");

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"ppc powerpc", "ppc64 powerpc64", "ppc64le powerpc64le"})
  void dynamicProgram(String guest) throws Exception {
    List<String> steps = steps(run(guest, false));
    assertThat(steps)
        .containsSubsequence(
            "exec",
            "set_tid_address",
            "set_robust_list",
            "rseq",
            "ifunc startup choose",
            "relocated startup",
            "preinit_array startup before_all",
            "init_array libc",
            "entry startup _start",
            "init startup _init",
            "init_array startup frame_dummy",
            "init_array startup construct",
            "main startup main",
            "thread",
            "rseq",
            "set_robust_list");
    assertThat(steps.subList(0, steps.indexOf("rseq"))).noneMatch(step -> step.startsWith("ifunc"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ppc powerpc", "ppc64 powerpc64", "ppc64le powerpc64le"})
  void staticProgram(String guest) throws Exception {
    List<String> steps = steps(run(guest, false, "-static"));
    assertThat(steps)
        .containsSubsequence(
            "exec",
            "entry startup _start",
            "set_tid_address",
            "set_robust_list",
            "rseq",
            "ifunc startup choose",
            "preinit_array startup before_all",
            "init startup _init",
            "init_array startup construct",
            "main startup main",
            "thread",
            "rseq");
    assertThat(steps.subList(0, steps.indexOf("rseq"))).noneMatch(step -> step.startsWith("ifunc"));
  }

  /** A page of 64 KiB holds the beginning of a small object's file and of its data. */
  @Test
  void anObjectIsMappedOnce() throws Exception {
    List<String> steps = steps(run("ppc64le powerpc64le 6.1-64k", false));
    assertThat(steps).filteredOn(step -> step.contains("/startup at ")).hasSize(1);
  }

  /** Without symbols every step is still seen, main included. */
  @ParameterizedTest
  @ValueSource(strings = {"ppc powerpc", "ppc64 powerpc64", "ppc64le powerpc64le"})
  void strippedProgram(String guest) throws Exception {
    List<String> stages = new ArrayList<>();
    for (String line : run(guest, true, "-s")) {
      assertThat(line)
          .matches("\\{\"seconds\":[0-9.]+,\"pid\":\\d+,\"tid\":\\d+(,\"[a-z]+\":.+)+}");
      if (line.contains("\"object\":\"startup\"")) {
        stages.add(line.replaceFirst(".*\"stage\":\"([a-z_]+)\".*", "$1"));
      }
    }
    assertThat(stages)
        .containsExactly(
            "ifunc",
            "relocated",
            "preinit_array",
            "entry",
            "init",
            "init_array",
            "init_array",
            "main");
  }

  /** Stage, object and function of each line; only the stage where another object is the cause. */
  private static List<String> steps(List<String> lines) {
    List<String> steps = new ArrayList<>();
    boolean registered = false;
    for (String line : lines) {
      Matcher matcher = LINE.matcher(line);
      assertThat(matcher.matches()).as(line).isTrue();
      String stage = matcher.group(1);
      String who = matcher.group(2);
      registered |= stage.equals("rseq");
      if (!stage.equals("thread") && !stage.equals("map")) {
        assertThat(matcher.group(3)).as(line).isEqualTo(registered ? "libc" : "preinit");
      } else if (stage.equals("thread")) {
        registered = false;
      }
      boolean calls = stage.startsWith("set_") || stage.equals("rseq") || stage.equals("thread");
      if (calls || stage.equals("exec")) {
        steps.add(stage);
      } else if (stage.equals("init_array") && who.startsWith("libc")) {
        steps.add(stage + " libc");
      } else {
        steps.add(stage + " " + who);
      }
    }
    return steps;
  }

  private List<String> run(String guest, boolean json, String... options) throws Exception {
    String[] names = guest.split(" ");
    String program = directory.resolve("startup").toString();
    List<String> command = new ArrayList<>(List.of(names[1] + "-linux-gnu-gcc", "-O1", "-pthread"));
    command.addAll(List.of(options));
    command.addAll(List.of("-o", program, SOURCE.toAbsolutePath().toString()));
    assumeTrue(new ProcessBuilder(command).inheritIO().start().waitFor() == 0);
    Path file = directory.resolve("lines");
    try (LineOutput output = LineOutput.file(file)) {
      Machine machine =
          Machine.builder(Profiles.load(names[0] + "-" + (names.length > 2 ? names[2] : "6.1")))
              .fileTree(new FileTree(HostMount.of(List.of("/usr/" + names[1] + "-linux-gnu", "/"))))
              .listener(new StartupTrace(output, json))
              .build();
      assertThat(machine.run(program, List.of(program), List.of(), "/")).isZero();
    }
    return Files.readAllLines(file);
  }
}
