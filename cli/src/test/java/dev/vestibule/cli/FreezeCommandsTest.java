package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What do checkpoint and restore do to what lies around them on the host? */
class FreezeCommandsTest {
  private static final Path SOURCE = Path.of("..", "guests", "libc", "changing.c");
  private static final String COMPILER = "/usr/bin/powerpc64le-linux-gnu-gcc";

  private final List<Process> started = new ArrayList<>();

  @TempDir Path directory;

  @BeforeEach
  void build() throws Exception {
    assumeThat(Path.of(COMPILER)).exists();
    List<String> command = new ArrayList<>(List.of(COMPILER, "-O1", "-static", "-D_GNU_SOURCE"));
    command.addAll(List.of("-o", directory.resolve("changing").toString(), SOURCE.toString()));
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }

  @AfterEach
  void end() throws Exception {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void whatIsAppendedToStays() throws Exception {
    Process guest = start();
    String images = directory.resolve("images").toString();
    assertThat(say("checkpoint", "--pid", Long.toString(guest.pid()), "-D", images)).isEmpty();
    guest.waitFor();
    Path log = Files.writeString(directory.resolve("log"), "a first line\n");
    Files.createFile(directory.resolve("go"));
    String appending = "exec \"$0\" \"$@\" >> '" + log + "'";
    Path errors = directory.resolve("errors");
    Process thawed = OwnJvm.start(List.of("sh", "-c", appending), errors, "restore", "-D", images);
    started.add(thawed);
    assertThat(thawed.waitFor()).as(Files.readString(log)).isZero();
    assertThat(Files.readString(log))
        .startsWith("a first line\n")
        .contains("ok all pages are what they were made to be");
  }

  @Test
  void aKilledMachineIsGone() throws Exception {
    Process guest = start();
    String pid = Long.toString(guest.pid());
    String images = directory.resolve("images").toString();
    assertThat(say("checkpoint", "--pid", pid, "-D", images, "--leave-running")).isEmpty();
    guest.destroyForcibly().waitFor();
    String other = directory.resolve("other").toString();
    assertThat(say("checkpoint", "--pid", pid, "-D", other))
        .contains("checkpoint: the machine of process " + pid + " is gone: it was killed")
        .hasLineCount(1);
    assertThat(say("checkpoint", "--pid", pid, "-D", other)) // and nothing of it is left
        .contains("checkpoint: no running machine of this user has a process " + pid);
    assertThat(Path.of(other)).doesNotExist();
  }

  private String say(String... words) throws Exception {
    Path said = Files.createTempFile(directory, "said", "");
    Process process = OwnJvm.start(List.of(), said, words);
    started.add(process);
    process.waitFor();
    return Files.readString(said);
  }

  /** A guest that can be frozen; its output does not append. */
  private Process start() throws Exception {
    Path output = directory.resolve("output");
    String program = directory.resolve("changing").toString();
    String[] words = {"run", "--kernel", "5.10", program, directory.toString(), "7"};
    Process guest = OwnJvm.start(List.of(), output, words);
    started.add(guest);
    long deadline = System.nanoTime() + 300_000_000_000L;
    while (!Files.readString(output).contains("running\n")) {
      assertThat(System.nanoTime()).as(Files.readString(output)).isLessThan(deadline);
      Thread.sleep(5);
    }
    return guest;
  }
}
