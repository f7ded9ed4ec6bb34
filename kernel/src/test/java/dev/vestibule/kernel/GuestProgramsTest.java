package dev.vestibule.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vestibule.cpu.Engine;
import dev.vestibule.kernel.exec.Arguments;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.file.HostMount;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.profile.Profiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Programs with an unmodified static C library, built by Debian's cross compilers, on every guest.
 * They check themselves; the same sources pass on a real Linux.
 */
final class GuestProgramsTest {
  private static final Map<String, String> COMPILERS =
      new TreeMap<>(
          Map.of(
              "ppc", "powerpc-linux-gnu-",
              "ppc64", "powerpc64-linux-gnu-",
              "ppc64le", "powerpc64le-linux-gnu-"));

  @TempDir Path directory;

  static Stream<String> programs() {
    return COMPILERS.keySet().stream()
        .flatMap(guest ->
            Stream.of("faults", "processes", "pthreads", "seccomp", "signals", "tracing")
                .map(p -> guest + " " + p));
  }

  /** Processes, threads and signals do what POSIX and Linux promise. */
  @ParameterizedTest
  @MethodSource("programs")
  void checksItself(String guestAndProgram) throws Exception {
    String guest = guestAndProgram.substring(0, guestAndProgram.indexOf(' '));
    String program = guestAndProgram.substring(guest.length() + 1);
    Path binary = build(guest, Path.of("../guests/libc/" + program + ".c"));
    Outcome outcome = run(guest, Path.of("/"), binary.toString(), List.of());
    assertThat(outcome.output()).doesNotContain("FAIL");
    assertThat(outcome.status()).describedAs(outcome.output()).isZero();
    assertThat(outcome.diagnostics()).isEmpty();
  }

  /** Whatever a guest asks for, the machine answers and goes on. */
  @ParameterizedTest
  @ValueSource(strings = {"ppc", "ppc64", "ppc64le"})
  void livesThroughOddArguments(String guest) throws Exception {
    long seed = Long.getLong("seed", System.nanoTime() & 0xffff_ffffL);
    Path root = Files.createDirectories(directory.resolve("root/tmp")).getParent();
    Path binary = build(guest, Path.of("src/test/c/odd-arguments.c"));
    Files.copy(binary, root.resolve("program"));
    assertThat(root.resolve("program").toFile().setExecutable(true)).isTrue();
    Outcome outcome = run(guest, root, "/program", List.of(Long.toString(seed), "1500", "6"));
    assertThat(outcome.diagnostics()).describedAs("-Dseed=%d", seed).isEmpty();
    assertThat(outcome.output()).describedAs("-Dseed=%d", seed).endsWith("ok lived\n");
  }

  /**
   * The same program on this machine's Linux is the oracle, which a guest's newest kernel obeys.
   */
  @ParameterizedTest
  @CsvSource({
    "ppc, ppc-4.19-compat, 0",
    "ppc, ppc-6.18, 0",
    "ppc, ppc-6.18-compat, 3",
    "ppc64, ppc64-5.15, 2",
    "ppc64, ppc64-6.18, 4",
    "ppc64le, ppc64le-6.1, 0",
    "ppc64le, ppc64le-6.12, 1",
    "ppc64le, ppc64le-6.18, 0",
  })
  void restartsSequences(String guest, String profile, int cpus) throws Exception {
    Path binary = build(guest, Path.of("../guests/libc/rseq.c"));
    Outcome outcome =
        run(
            Machine.builder(Profiles.load(profile)).cpus(cpus),
            Path.of("/"),
            binary.toString(),
            List.of());
    assertThat(outcome.output()).doesNotContain("FAIL");
    assertThat(outcome.status()).describedAs(outcome.output()).isZero();
  }

  /** Per-CPU data of more threads than CPUs, preempted and signalled, loses nothing. */
  @ParameterizedTest
  @CsvSource({
    "ppc, ppc-6.18, 1, INTERPRET",
    "ppc, ppc-6.1-compat, 3, TRANSLATE",
    "ppc64, ppc64-6.12, 2, INTERPRET",
    "ppc64le, ppc64le-6.1, 1, TRANSLATE",
    "ppc64le, ppc64le-6.18, 3, INTERPRET",
  })
  void keepsPerCpuData(String guest, String profile, int cpus, Engine engine) throws Exception {
    Path binary = build(guest, Path.of("../guests/libc/rseq-percpu.c"));
    Machine.Builder builder =
        Machine.builder(Profiles.load(profile)).cpus(cpus).preemptRate(2000).engine(engine);
    Outcome outcome = run(builder, Path.of("/"), binary.toString(), List.of("20000", "4"));
    assertThat(outcome.output()).doesNotContain("FAIL");
    assertThat(outcome.status()).describedAs(outcome.output()).isZero();
    assertThat(outcome.output()).containsPattern("operations, [1-9][0-9]* aborts");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rseq", "rseq-percpu"})
  void hostRestartsSequences(String name) throws Exception {
    Path binary = build("host", Path.of("../guests/libc/" + name + ".c"));
    java.lang.Process program =
        new ProcessBuilder(binary.toString())
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assumeThat(output).describedAs("a kernel with rseq").doesNotContain("Function not implemented");
    assertThat(output).doesNotContain("FAIL");
    assertThat(program.waitFor()).describedAs(output).isZero();
  }

  private Path build(String guest, Path source) throws IOException, InterruptedException {
    Path binary =
        directory.resolve(guest + "-" + source.getFileName().toString().replace(".c", ""));
    List<String> command = new ArrayList<>();
    command.add(COMPILERS.getOrDefault(guest, "") + "gcc");
    command.addAll(List.of("-O1", "-w", "-D_GNU_SOURCE", "-static", "-pthread"));
    command.addAll(List.of("-o", binary.toString(), source.toString()));
    java.lang.Process compiler = new ProcessBuilder(command).inheritIO().start();
    assertThat(compiler.waitFor()).describedAs("%s", command).isZero();
    return binary;
  }

  private record Outcome(int status, String output, String diagnostics) {}

  private Outcome run(String guest, Path root, String program, List<String> arguments)
      throws Exception {
    return run(Machine.builder(Profiles.load(guest + "-6.1")), root, program, arguments);
  }

  private Outcome run(Machine.Builder builder, Path root, String program, List<String> arguments)
      throws Exception {
    ByteArrayOutputStream diagnostics = new ByteArrayOutputStream();
    Machine.Settings defaults = Machine.Settings.defaults();
    Machine.Settings settings =
        new Machine.Settings(
            defaults.mostTasks(),
            defaults.memoryLimit(),
            defaults.window(),
            defaults.firstPid(),
            null,
            true,
            "guest",
            true,
            new PrintStream(diagnostics, true, StandardCharsets.UTF_8));
    Capture capture = new Capture();
    try (Machine machine =
        builder
            .settings(settings)
            .fileTree(new FileTree(HostMount.of(List.of(root.toString()))))
            .build()) {
      FileTable files = new FileTable();
      for (int fd = 0; fd < 3; fd++) {
        files.replace(fd, capture.retain(), false);
      }
      List<String> argv = new ArrayList<>(List.of(program));
      argv.addAll(arguments);
      String home = root.equals(Path.of("/")) ? directory.toString() : "/";
      Process process =
          machine.start(
              program,
              new Arguments(argv, List.of("PATH=/bin", "HOME=/")),
              files,
              new FsContext(home, 022),
              Machine.hostCredentials(),
              new Limits());
      int status = machine.await(process);
      return new Outcome(status, capture.text(), diagnostics.toString(StandardCharsets.UTF_8));
    }
  }

  /** Standard output that is kept; standard input that is empty. */
  private static final class Capture extends OpenFile {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Capture() {
      super(O_RDWR);
    }

    String text() {
      synchronized (bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
      }
    }

    @Override
    public long read(Task task, IoVector to, long offset) {
      return 0;
    }

    @Override
    public long write(Task task, IoVector from, long offset) {
      // Odd arguments make odd output, a gigabyte at a time: the end is what is looked at.
      byte[] end = new byte[Math.min(from.total(), 1 << 16)];
      from.get(from.total() - end.length, end, 0, end.length);
      synchronized (bytes) {
        if (bytes.size() > 1 << 20) {
          bytes.reset();
        }
        bytes.write(end, 0, end.length);
      }
      return from.total();
    }

    @Override
    public FileStatus status(Task task) {
      return FileStatus.synthetic(0, 1, FileStatus.S_IFIFO | 0600, 0, 0, 0);
    }

    @Override
    public String path() {
      return "pipe:[1]";
    }
  }
}
