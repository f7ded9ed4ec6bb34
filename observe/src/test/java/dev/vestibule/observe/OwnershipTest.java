package dev.vestibule.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.exec.Arguments;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.file.HostMount;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.rseq.RseqOwner;
import dev.vestibule.observe.startup.StartupTrace;
import dev.vestibule.profile.Profiles;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Is it seen who owns restartable sequences, and who quarrels about it? With Debian's unmodified
 * glibc 2.36 and the libraries and programs of {@code guests/rseq}; what glibc does is what its
 * sources say (2.35 and later), what kernels answer is rseq(2)'s.
 */
final class OwnershipTest {
  private static final List<String> GUESTS =
      List.of("ppc powerpc", "ppc64 powerpc64", "ppc64le powerpc64le");
  private static final String NO_TUNABLE = "GLIBC_TUNABLES=glibc.pthread.rseq=0";
  private static final Pattern LINE =
      Pattern.compile("startup: \\d+ +[0-9.]+ (\\S+) +(.*); rseq (\\S+)( 0x[0-9a-f]+)?");

  @TempDir static Path directory;

  @BeforeAll
  static void build() throws Exception {
    List<String> command = List.of("../guests/build", "--rseq", directory.toString());
    assumeTrue(new ProcessBuilder(command).inheritIO().start().waitFor() == 0);
    for (String guest : GUESTS) {
      Path here = directory.resolve(guest.split(" ")[0]);
      Files.createSymbolicLink(here.resolve("link.so"), Path.of("preload.so"));
    }
  }

  /**
   * A run: program with arguments, environment, arbiter, exit status, and what is seen of
   * registrations: stage, what happens, and the thread's state behind it.
   */
  private record Case(
      String command, String environment, String owner, int status, List<String> seen) {
    @Override
    public String toString() {
      return (owner + " " + environment + " " + command).strip();
    }
  }

  private static final String LIBC = "rseq LOADER register: libc";
  private static final String LIBC_THREAD = "rseq libc.so.6 register: libc";
  private static final String REFUSED = "rseq LOADER register ENOSYS: unset";

  private static final List<Case> CASES =
      List.of(
          new Case("threads libc", "", "auto", 0, List.of(LIBC, "thread: preinit", LIBC_THREAD)),
          new Case("threads none", NO_TUNABLE, "auto", 0, List.of("thread: unset")),
          new Case("threads none", "", "none", 0, List.of("thread: unset")),
          new Case(
              "threads libc",
              "LD_PRELOAD=DIR/preload.so",
              "auto",
              0,
              List.of(LIBC, "thread: preinit", LIBC_THREAD)),
          new Case(
              "threads preload",
              "LD_PRELOAD=DIR/preload.so",
              "preload",
              0,
              List.of(
                  REFUSED,
                  "quarrel refused: LOADER is not the owner chosen (preload): unset",
                  "rseq preload.so register: override",
                  "thread: unset",
                  "rseq preload.so register: override")),
          new Case(
              "threads preload",
              "LD_PRELOAD=.DIR/link.so",
              "preload",
              0,
              List.of(
                  REFUSED,
                  "quarrel refused: LOADER is not the owner chosen (preload): unset",
                  "rseq preload.so register: override",
                  "thread: unset",
                  "rseq preload.so register: override")),
          new Case(
              "threads preload",
              "LD_PRELOAD=preload.so LD_LIBRARY_PATH=DIR " + NO_TUNABLE,
              "auto",
              0,
              List.of(
                  "rseq preload.so register: override",
                  "thread: unset",
                  "rseq preload.so register: override")),
          new Case(
              "threads libc",
              "LD_PRELOAD=DIR/late.so",
              "auto",
              0,
              List.of(
                  LIBC,
                  "rseq late.so register EINVAL: libc",
                  "quarrel preload library too late: late.so, but LOADER has: libc",
                  "thread: preinit",
                  LIBC_THREAD)),
          new Case(
              "threads libc",
              "LD_PRELOAD=DIR/late.so",
              "libc",
              0,
              List.of(
                  LIBC,
                  "rseq late.so register ENOSYS: libc",
                  "quarrel refused: late.so is not the owner chosen (libc): libc",
                  "thread: preinit",
                  LIBC_THREAD)),
          new Case(
              "threads preload",
              "LD_PRELOAD=DIR/takeover.so",
              "auto",
              0,
              List.of(
                  LIBC,
                  "rseq takeover.so unregister: unset",
                  "quarrel taken back: by takeover.so, though LOADER has: unset",
                  "rseq takeover.so register: override",
                  "thread: unset",
                  "rseq takeover.so register: override")),
          new Case(
              "threads libc",
              "LD_AUDIT=DIR/audit.so",
              "auto",
              0,
              List.of(
                  LIBC,
                  "rseq audit.so register EINVAL: libc",
                  "quarrel second registration: audit.so, but LOADER has: libc",
                  "thread: preinit",
                  LIBC_THREAD)),
          new Case(
              "nested dlmopen DIR/nested-libc.so",
              "",
              "auto",
              0,
              List.of(
                  LIBC,
                  "rseq nested-libc.so register EINVAL: libc",
                  "quarrel nested C library: nested-libc.so, but LOADER has: libc")),
          new Case(
              "nested-static dlopen DIR/nested-libc.so",
              "",
              "auto",
              0,
              List.of(
                  "rseq nested-static register: libc",
                  "rseq nested-libc.so register EINVAL: libc",
                  "quarrel nested C library: nested-libc.so, but nested-static has: libc")),
          new Case(
              "nested-static dlopen DIR/nested-libc.so",
              NO_TUNABLE,
              "auto",
              1,
              List.of(
                  "rseq nested-libc.so register: libc",
                  "quarrel nested C library: nested-libc.so registers,"
                      + " which is not the program's: libc")),
          new Case(
              "threads-static libc",
              "",
              "libc",
              0,
              List.of(
                  "rseq threads-static register: libc",
                  "thread: preinit",
                  "rseq threads-static register: libc")),
          new Case(
              "adopters tcmalloc librseq",
              "",
              "auto",
              1,
              List.of(
                  LIBC,
                  "rseq tcmalloc-rule.so register EINVAL: libc",
                  "quarrel second registration: tcmalloc-rule.so, but LOADER has: libc",
                  "thread: preinit",
                  LIBC_THREAD)),
          new Case(
              "adopters librseq", "", "auto", 0, List.of(LIBC, "thread: preinit", LIBC_THREAD)),
          new Case(
              "adopters tcmalloc",
              "",
              "tcmalloc-rule.so",
              0,
              List.of(
                  REFUSED,
                  "quarrel refused: LOADER is not the owner chosen (tcmalloc-rule.so): unset",
                  "rseq tcmalloc-rule.so register: override",
                  "thread: unset",
                  "rseq tcmalloc-rule.so register: override")),
          new Case(
              "adopters librseq tcmalloc",
              NO_TUNABLE,
              "auto",
              1,
              List.of(
                  "rseq librseq-rule.so register: override",
                  "rseq tcmalloc-rule.so register EINVAL: override",
                  "quarrel second registration: tcmalloc-rule.so, but librseq-rule.so has: override",
                  "thread: unset",
                  "rseq librseq-rule.so register: override")),
          new Case(
              "sequences",
              NO_TUNABLE,
              "auto",
              0,
              List.of(
                  "quarrel sequence without registration: sequences careful,"
                      + " left before its end, as a fallback does: unset",
                  "quarrel sequence without registration: sequences careless,"
                      + " committed all the same: unset")));

  static Stream<org.junit.jupiter.params.provider.Arguments> runs() {
    return GUESTS.stream()
        .flatMap(guest ->
            CASES.stream().map(c -> org.junit.jupiter.params.provider.Arguments.of(guest, c)));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void ownersAndQuarrelsAreSeen(String guest, Case expected) throws Exception {
    List<String> lines = new ArrayList<>();
    int status = run(guest, expected, lines, new Output());
    String loader = loader(guest);
    List<String> seen = new ArrayList<>();
    for (String line : lines) {
      Matcher matcher = LINE.matcher(line);
      assertThat(matcher.matches()).as(line).isTrue();
      String what = what(matcher.group(1), matcher.group(2).replace(loader, "LOADER"));
      if (!what.isEmpty()) {
        seen.add(what + ": " + matcher.group(3));
      }
    }
    assertThat(seen).isEqualTo(expected.seen);
    assertThat(status).isEqualTo(expected.status << 8);
  }

  /** Without addresses, and without functions, whose names a stripped library does not have. */
  private static String what(String stage, String text) {
    return switch (stage) {
      case "rseq" ->
          stage
              + " "
              + text.replaceFirst(" \\S+ (register|unregister) .*?(: (E\\w+))?$", " $1 $3").strip();
      case "quarrel" -> stage + " " + text.replaceAll(" 0x[0-9a-f]+", "");
      case "thread" -> stage;
      default -> "";
    };
  }

  /**
   * A library that would rather know reads it in /proc, where kernels without rseq have nothing.
   */
  @ParameterizedTest
  @ValueSource(strings = {"ppc powerpc", "ppc64 powerpc64", "ppc64le powerpc64le"})
  void theGuestCanReadIt(String guest) throws Exception {
    Case plain = new Case("curious", "LD_PRELOAD=DIR/late.so", "auto", 0, List.of());
    String text = output(guest, plain);
    String loader = "[^\\n]*/" + Pattern.quote(loader(guest));
    String pid = "\\d+ ";
    assertThat(text)
        .matches(
            "(?s)first: State:\tlibc\nfirst: Owner:\t"
                + loader
                + "\nfirst: Role:\tC library\nfirst: Area:\t0x[0-9a-f]+\nfirst: Length:\t32\n"
                + "first: Signature:\t0x0fe5000b\nfirst: Arbiter:\tauto\nfirst: Call:\t"
                + pid
                + Pattern.quote(loader(guest))
                + " register 0x[0-9a-f]+ 32 0\nfirst: Call:\t"
                + pid
                + "late.so register 0x[0-9a-f]+ 32 EINVAL; preload library too late: .*\n"
                + "second: State:\tlibc\nsecond: Owner:\t[^\\n]*/libc.so.6\n.*");
    assertThat(output(guest, new Case("curious", "", "none", 0, List.of())))
        .isEqualTo("first: no such file\nsecond: no such file\n");
  }

  private static String output(String guest, Case run) throws Exception {
    Output output = new Output();
    assertThat(run(guest, run, new ArrayList<>(), output)).isZero();
    return output.bytes.toString(StandardCharsets.UTF_8);
  }

  private static String loader(String guest) {
    return switch (guest.split(" ")[0]) {
      case "ppc" -> "ld.so.1";
      case "ppc64" -> "ld64.so.1";
      default -> "ld64.so.2";
    };
  }

  private static int run(String guest, Case what, List<String> lines, Output standardOutput)
      throws Exception {
    String[] names = guest.split(" ");
    String here = directory.resolve(names[0]).toString();
    List<String> words = Arrays.asList(what.command.replace("DIR", here).split(" "));
    String program = here + "/" + words.get(0);
    List<String> environment =
        what.environment.isEmpty()
            ? List.of()
            : List.of(what.environment.replace("DIR", here).split(" "));
    Path trace = Files.createTempFile(directory, "trace", "");
    try (LineOutput output = LineOutput.file(trace);
        Machine machine =
            Machine.builder(Profiles.load(names[0] + "-6.18"))
                .fileTree(
                    new FileTree(HostMount.of(List.of("/usr/" + names[1] + "-linux-gnu", "/"))))
                .rseqOwner(Objects.requireNonNull(RseqOwner.of(what.owner)))
                .listener(new StartupTrace(output, false))
                .build()) {
      FileTable files = new FileTable();
      files.replace(1, standardOutput, false);
      files.replace(2, new Output(), false);
      Process process =
          machine.start(
              GuestText.fromHost(program),
              new Arguments(words, environment),
              files,
              new FsContext("/", 022),
              Machine.hostCredentials(),
              new Limits());
      int status = machine.await(process);
      lines.addAll(Files.readAllLines(trace));
      return status;
    }
  }

  /** Keeps what is written. */
  private static final class Output extends OpenFile {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Output() {
      super(1);
    }

    @Override
    public synchronized long write(@Nullable Task task, IoVector from, long offset) {
      byte[] written = new byte[from.total()];
      from.get(0, written, 0, written.length);
      bytes.write(written, 0, written.length);
      return written.length;
    }

    @Override
    public FileStatus status(@Nullable Task task) {
      return FileStatus.synthetic(0, 1, FileStatus.S_IFIFO | 0600, 0, 0, 0);
    }

    @Override
    public String path() {
      return "pipe:[1]";
    }
  }
}
