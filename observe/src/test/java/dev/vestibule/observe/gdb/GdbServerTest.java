package dev.vestibule.observe.gdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.exec.Arguments;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Does gdb-multiarch get on with the server, and does the server outlive clients that lie? */
class GdbServerTest {
  private static final Path SOURCE = Path.of("src/test/guest/debugged.c");
  private static final long MOST_SECONDS = 600;

  @TempDir Path directory;

  /** What one debugged run left: gdb's words and the guest's wait status. */
  private record Outcome(String said, int status) {}

  // ---- with gdb

  @ParameterizedTest
  @CsvSource({
    "ppc-6.1, powerpc-linux-gnu",
    "ppc64-6.1, powerpc64-linux-gnu",
    "ppc64le-6.1, powerpc64le-linux-gnu"
  })
  void stopsInTheVdsoOfOneProcessAlone(String profile, String target) throws Exception {
    Outcome outcome =
        debug(
            profile,
            target,
            "break main",
            "continue",
            "break __kernel_clock_gettime",
            "continue",
            "backtrace",
            "stepi",
            "info symbol $pc",
            "info auxv",
            "info proc mappings",
            "p $_siginfo.si_signo",
            "delete",
            "continue");
    assertThat(outcome.said())
        .contains("Detaching after fork from child")
        .containsPattern("Breakpoint 2, 0x[0-9a-f]+ in __kernel_clock_gettime")
        .containsPattern("(?s)#0 +0x[0-9a-f]+ in __kernel_clock_gettime.*#[234] .* main \\(")
        .containsPattern("__kernel_clock_gettime \\+ \\d+ in section .text")
        .contains("AT_SYSINFO_EHDR")
        .contains("[vdso]")
        .contains("$1 = 5");
    assertThat(outcome.status()).isEqualTo(75 << 8);
  }

  @ParameterizedTest
  @CsvSource({"ppc-6.1, powerpc-linux-gnu", "ppc64le-6.1, powerpc64le-linux-gnu"})
  void showsThreadsAndWatchesData(String profile, String target) throws Exception {
    Outcome outcome =
        debug(
            profile,
            target,
            "break main",
            "continue",
            "watch watched",
            "continue",
            "print watched",
            "break together",
            "continue",
            "info threads",
            "thread 3",
            "backtrace",
            "set var $vr2.v4_int32 = {1, 2, 3, 4}",
            "print $vr2.v4_int32",
            "continue");
    assertThat(outcome.said())
        .containsPattern("(?s)Hardware watchpoint 2: watched.*Old value = 0.*New value = 42")
        .contains("$1 = 42")
        .containsPattern("\\* 1 +Thread")
        .containsPattern("(?s)\\[Switching to thread 3 .*in work \\(")
        .contains("$2 = {1, 2, 3, 4}");
    assertThat(outcome.status()).isEqualTo(75 << 8);
  }

  @Test
  void followsChildrenAndNewPrograms() throws Exception {
    Outcome outcome =
        debug(
            "ppc64le-6.1",
            "powerpc64le-linux-gnu",
            "catch vfork",
            "catch exec",
            "continue",
            "set follow-fork-mode child",
            "continue",
            "break main",
            "continue",
            "print count",
            "print $vs3.v2_double",
            "continue");
    assertThat(outcome.said())
        .containsPattern("Catchpoint 1 \\(vforked process \\d+\\)")
        .contains("is executing new program")
        .containsPattern("Catchpoint 2 \\(exec'd .*guest")
        .containsPattern("hit Breakpoint 3(.1)?, .*main \\(count=2")
        .contains("$1 = 2")
        .containsPattern("Inferior 2 \\(process \\d+\\) exited with code 05");
    assertThat(outcome.status()).isEqualTo(75 << 8);
  }

  private Outcome debug(String profile, String target, String... commands) throws Exception {
    String program = compile(target);
    try (GdbServer server = GdbServer.listen("0");
        Machine machine = Machine.builder(Profiles.load(profile)).listener(server).build()) {
      Process process = start(machine, program);
      List<String> gdb = new ArrayList<>(List.of("gdb-multiarch", "-nx", "-batch"));
      add(gdb, "set sysroot target:", "set pagination off", "set confirm off");
      add(gdb, "set debug-file-directory /nonexistent", "set width 0");
      add(gdb, "set remotetimeout 300"); // two seconds unless told otherwise
      add(gdb, "target remote 127.0.0.1:" + server.port());
      add(gdb, commands);
      Path said = directory.resolve("said");
      java.lang.Process client =
          new ProcessBuilder(gdb)
              .redirectErrorStream(true)
              .redirectOutput(said.toFile())
              .redirectInput(Path.of("/dev/null").toFile())
              .start();
      try {
        assertThat(client.waitFor(MOST_SECONDS, TimeUnit.SECONDS))
            .as(Files.readString(said, StandardCharsets.ISO_8859_1))
            .isTrue();
      } finally {
        client.destroyForcibly();
      }
      String words = Files.readString(said, StandardCharsets.ISO_8859_1);
      return new Outcome(words, machine.await(process));
    }
  }

  private static void add(List<String> command, String... words) {
    for (String word : words) {
      command.add("-ex");
      command.add(word);
    }
  }

  private Process start(Machine machine, String program) {
    return machine.start(
        program,
        new Arguments(List.of(program), List.of()),
        new FileTable(),
        new FsContext("/", 022),
        Machine.hostCredentials(),
        new Limits());
  }

  private String compile(String target) throws Exception {
    String program = directory.resolve("guest").toString();
    String[] command = {
      target + "-gcc", "-g", "-O1", "-w", "-static", "-pthread", "-o", program, SOURCE.toString()
    };
    try {
      assumeTrue(new ProcessBuilder(command).inheritIO().start().waitFor() == 0, target);
    } catch (IOException missing) {
      assumeTrue(false, target);
    }
    return program;
  }

  // ---- with clients of our own

  /** Random packets, damaged in random ways: the server answers or drops them, and goes on. */
  @Test
  void outlivesHostileClients() throws Exception {
    long seed = Long.getLong("vestibule.seed", System.nanoTime());
    Random random = new Random(seed);
    String program = compile("powerpc64le-linux-gnu");
    try (GdbServer server = GdbServer.listen("0");
        Machine machine = Machine.builder(Profiles.load("ppc64le-6.1")).listener(server).build()) {
      Process process = start(machine, program);
      for (int round = 0; round < 8; round++) {
        try (Socket client = connect(server)) {
          OutputStream out = client.getOutputStream();
          for (int i = 0; i < 300; i++) {
            out.write(oddPacket(random));
          }
          out.flush();
          client.shutdownOutput();
          client.getInputStream().readAllBytes();
        } catch (IOException reset) {
          // the server may hang up, but not end
        }
      }
      try (Socket client = connect(server)) {
        String answer = ask(client, "qSupported:multiprocess+");
        assertThat(answer).as("-Dvestibule.seed=%d", seed).contains("PacketSize=");
        client.getOutputStream().write(packet("k"));
        client.getOutputStream().flush();
        assertThat(machine.await(process) & 0x7f).as("-Dvestibule.seed=%d", seed).isNotNegative();
      }
    }
  }

  private static Socket connect(GdbServer server) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(300_000);
    return socket;
  }

  private static final List<String> SEEDS =
      List.of(
          "?",
          "g",
          "G00",
          "p20",
          "P20=0011",
          "m10000000,40",
          "x10000000,ffff",
          "M0,4:00000000",
          "X0,0:",
          "Z0,10000000,4",
          "z0,10000000,4",
          "Z2,10000000,7fffffff",
          "Z9,,",
          "Hgp0.0",
          "Hcp-1.-1",
          "Tp1.1",
          "qC",
          "qfThreadInfo",
          "qsThreadInfo",
          "qThreadExtraInfo,p1.1",
          "qXfer:features:read:target.xml:0,fff",
          "qXfer:auxv:read::0,1000",
          "qXfer:siginfo:read::",
          "qXfer:siginfo:write::0:xxxx",
          "qXfer:threads:read::7fffffff,1",
          "qXfer:exec-file:read:1:",
          "vFile:open:2f,0,0",
          "vFile:open:2e2e2f2e2e,0,0",
          "vFile:pread:3,ffffffff,0",
          "vFile:fstat:3",
          "vFile:readlink:2f70726f632f73656c66",
          "vCont?",
          "vCont;s:p0.0",
          "vCont;",
          "QPassSignals:e;10;zz",
          "QCatchSyscalls:1;4;",
          "QNonStop:1",
          "D;ffffffff",
          "vKill;0",
          "qSupported",
          "vCont;r10,20:p1.1",
          "!",
          "");

  private static byte[] oddPacket(Random random) {
    StringBuilder text = new StringBuilder(SEEDS.get(random.nextInt(SEEDS.size())));
    for (int i = random.nextInt(4); i > 0; i--) {
      int at = random.nextInt(text.length() + 1);
      switch (random.nextInt(4)) {
        case 0 -> text.insert(at, (char) random.nextInt(256));
        case 1 -> text.setLength(at);
        case 2 -> text.insert(at, "f".repeat(random.nextInt(40)));
        default -> text.append(SEEDS.get(random.nextInt(SEEDS.size())));
      }
    }
    if (random.nextInt(50) == 0) {
      text.append("0".repeat(0x8000));
    }
    byte[] bytes = packet(text.toString().replaceAll("[$#]", ""));
    if (random.nextInt(20) == 0) {
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return bytes;
  }

  private static byte[] packet(String text) {
    int sum = 0;
    for (byte b : text.getBytes(StandardCharsets.ISO_8859_1)) {
      sum += b;
    }
    return ("$" + text + "#" + "%02x".formatted(sum & 0xff)).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String ask(Socket client, String text) throws IOException {
    client.getOutputStream().write(packet(text));
    client.getOutputStream().flush();
    InputStream in = client.getInputStream();
    StringBuilder answer = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '#'; c = in.read()) {
      answer.append((char) c);
    }
    return answer.toString();
  }
}
