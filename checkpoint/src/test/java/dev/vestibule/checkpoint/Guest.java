package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vestibule.handed.TimeSource;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.inspect.EditedVdso;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.exec.Arguments;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.file.HostFile;
import dev.vestibule.profile.Architecture;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;

/** A guest program in a machine of its own, with its output in a file. */
final class Guest implements AutoCloseable {
  private static final Path PROGRAMS = Path.of("..", "guests", "bin").toAbsolutePath().normalize();

  /**
   * How long a guest may take to do something, in nanoseconds: others may need the host as well.
   */
  private static final long PATIENCE = 300_000_000_000L;

  private static final Map<Architecture, String> COMPILERS =
      Map.of(
          Architecture.PPC, "powerpc-linux-gnu-gcc",
          Architecture.PPC64, "powerpc64-linux-gnu-gcc",
          Architecture.PPC64LE, "powerpc64le-linux-gnu-gcc");

  private static final List<String> KERNELS = List.of("-6.1", "-5.10", "-5.11", "-6.13", "-4.19");

  private final Machine machine;
  private final Process process;

  private Guest(Machine machine, Process process) {
    this.machine = machine;
    this.process = process;
  }

  static List<String> kernels(Architecture architecture) throws Exception {
    List<String> names = new ArrayList<>();
    for (String name : Profiles.names()) {
      if (Profiles.load(name).architecture() == architecture) {
        names.add(name);
      }
    }
    return names;
  }

  /** Leaves a test out where Debian's cross compilers are not installed. */
  static void needCompilers() {
    assumeThat(Path.of("/usr/bin/powerpc64le-linux-gnu-gcc")).exists();
  }

  /**
   * One of the kernels between which programs move freely; of 32-bit ones a 64-bit one, since the
   * others do not leave all the same room.
   */
  static String anyKernel(Architecture architecture, Random random) {
    String kernel = architecture.id() + KERNELS.get(random.nextInt(KERNELS.size()));
    return architecture == Architecture.PPC ? kernel + "-compat" : kernel;
  }

  /** Starts a bundled program. */
  static Guest start(String kernel, String program, Path output, String... arguments)
      throws Exception {
    String guest = Profiles.load(kernel).architecture().id();
    return start(kernel, PROGRAMS.resolve(guest).resolve(program), output, arguments);
  }

  /** Starts any program. */
  static Guest start(String kernel, Path program, Path output, String... arguments)
      throws Exception {
    return start(Machine.builder(Profiles.load(kernel)).build(), program, output, arguments);
  }

  /** Starts a bundled program in a machine with settings of its own. */
  static Guest start(Machine machine, String program, Path output, String... arguments)
      throws Exception {
    String guest = machine.profile().architecture().id();
    return start(machine, PROGRAMS.resolve(guest).resolve(program), output, arguments);
  }

  /** Starts any program in a machine with settings of its own. */
  static Guest start(Machine machine, Path program, Path output, String... arguments)
      throws Exception {
    String path = program.toString();
    List<String> argv = new ArrayList<>(List.of(path));
    argv.addAll(List.of(arguments));
    FileTable files = new FileTable();
    for (int fd = 0; fd < 3; fd++) {
      files.replace(fd, open(fd == 0 ? Path.of("/dev/null") : output), false);
    }
    Process process =
        machine.start(
            path,
            new Arguments(argv, List.of()),
            files,
            new FsContext(output.getParent().toString(), 022),
            Machine.hostCredentials(),
            new Limits());
    return new Guest(machine, process);
  }

  private static HostFile open(Path path) throws IOException {
    if (Files.notExists(path)) {
      Files.createFile(path);
    }
    int readWriteAppend = 2 | 02000;
    byte[] name = (path + "\0").getBytes(StandardCharsets.UTF_8);
    long address = HostMemory.allocate(name.length);
    HostMemory.copyIn(name, 0, address, name.length);
    int fd = (int) Libc.syscall(HostCalls.OPENAT, -100, address, readWriteAppend);
    HostMemory.free(address);
    return HostFile.of(fd, readWriteAppend, path.toString());
  }

  /** Builds one of guests/libc with Debian's cross compiler, statically. */
  static Path build(Architecture architecture, String name, Path directory) throws Exception {
    Path binary = directory.resolve(name);
    List<String> command =
        List.of(
            COMPILERS.getOrDefault(architecture, ""),
            "-O1",
            "-static",
            "-pthread",
            "-D_GNU_SOURCE",
            "-D_FILE_OFFSET_BITS=64",
            "-o",
            binary.toString(),
            PROGRAMS.resolveSibling("libc").resolve(name + ".c").toString());
    Path log = Files.createTempFile(directory, "compiler", "");
    int status =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    assertThat(status).as(Files.readString(log)).isZero();
    Files.delete(log);
    return binary;
  }

  /** Goes on as what was frozen. */
  static Guest thaw(Path images, String kernel) throws Exception {
    return thaw(images, kernel, MissingRseq.REFUSE);
  }

  static Guest thaw(Path images, String kernel, MissingRseq missingRseq) throws Exception {
    FrozenTree tree = FrozenTree.read(images);
    TimeSource.Continuing time = new TimeSource.Continuing(tree.monotonic());
    Machine machine = tree.machine(Profiles.load(kernel), time).build();
    try {
      return new Guest(machine, Thaw.thaw(tree, machine, missingRseq, time::go));
    } catch (Exception refused) {
      machine.close();
      throw refused;
    }
  }

  Process process() {
    return process;
  }

  Machine machine() {
    return machine;
  }

  /** Waits until the output has a line, all of it. */
  static void awaitLine(Path output, String line) throws Exception {
    long deadline = System.nanoTime() + PATIENCE;
    while (!("\n" + Files.readString(output)).contains("\n" + line + "\n")) {
      assertThat(System.nanoTime()).as(Files.readString(output)).isLessThan(deadline);
      Thread.sleep(2);
    }
  }

  /** Waits until enough of the first process's tasks are as they should be. */
  void awaitTasks(int count, Predicate<Task> state) throws Exception {
    long deadline = System.nanoTime() + PATIENCE;
    while (process.tasks().stream().filter(state).count() < count) {
      assertThat(process.ended()).as("the guest has ended").isFalse();
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(1);
    }
  }

  void freeze(Path images, boolean leaveRunning) throws Exception {
    freeze(images, leaveRunning, EditedVdso.REFUSE);
  }

  void freeze(Path images, boolean leaveRunning, EditedVdso edited) throws Exception {
    FreezeRequest.Then then = leaveRunning ? FreezeRequest.Then.GO_ON : FreezeRequest.Then.KILL;
    Freeze.freeze(machine, process.pid(), FreezeRequest.of(images, then).withEdited(edited));
  }

  int await() throws InterruptedException {
    return machine.await(process);
  }

  @Override
  public void close() {
    machine.close();
  }
}
