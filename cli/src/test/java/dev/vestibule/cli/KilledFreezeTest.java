package dev.vestibule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vestibule.checkpoint.Control;
import dev.vestibule.checkpoint.FreezeRequest;
import dev.vestibule.checkpoint.FreezeRequest.Then;
import dev.vestibule.checkpoint.FrozenTree;
import dev.vestibule.checkpoint.ImageException;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is left of a freeze whose JVM is killed, or whose disk has no room? Nothing, or images that
 * go on as they should: the guest is guests/libc/changing.c, which knows what its pages hold.
 */
class KilledFreezeTest {
  private static final Path SOURCE = Path.of("..", "guests", "libc", "changing.c");
  private static final String COMPILER = "/usr/bin/powerpc64le-linux-gnu-gcc";

  private final long seed = Long.getLong("test.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final List<Process> started = new ArrayList<>();

  @TempDir Path directory;

  @BeforeEach
  void build() throws Exception {
    assumeThat(Path.of(COMPILER)).exists();
    List<String> command =
        List.of(
            COMPILER,
            "-O1",
            "-static",
            "-D_GNU_SOURCE",
            "-o",
            directory.resolve("changing").toString(),
            SOURCE.toString());
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }

  @AfterEach
  void end() throws Exception {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void leavesNothingOrAllOfIt() throws Exception {
    int whole = 0;
    int rounds = Integer.getInteger("test.kills", 6);
    for (int round = 0; round < rounds; round++) {
      boolean chained = round % 2 == 1;
      boolean existing = random.nextBoolean();
      String what =
          "round %d, %schained, %sexisting, seed %d"
              .formatted(round, chained ? "" : "not ", existing ? "" : "not ", seed);
      Path place = Files.createDirectory(directory.resolve("round" + round));
      Process guest = start(List.of(), place);
      int pid = (int) guest.pid();
      FreezeRequest request =
          FreezeRequest.of(place.resolve("images"), random.nextBoolean() ? Then.KILL : Then.GO_ON);
      if (chained) {
        Control.checkpoint(pid, FreezeRequest.of(place.resolve("before"), Then.PRE_DUMP));
        request = request.withPrevious(Path.of("../before"));
      }
      if (existing) {
        Files.createDirectory(request.directory());
      }
      kill(guest, pid, request);
      whole += check(place, existing, what) ? 1 : 0;
    }
    System.err.printf("killed %d freezes, %d of them too late (seed %d)%n", rounds, whole, seed);
  }

  /** Kills the JVM at some moment of a freeze. */
  private void kill(Process guest, int pid, FreezeRequest request) throws Exception {
    CompletableFuture<Void> asking =
        CompletableFuture.runAsync(() -> {
          try {
            Control.checkpoint(pid, request);
          } catch (FreezeRefusal ended) {
            // It was killed before it could answer.
          }
        });
    Thread.sleep(random.nextInt(1 << 5 + random.nextInt(7))); // the first freeze takes its time
    guest.destroyForcibly().waitFor();
    asking.get(5, TimeUnit.MINUTES);
  }

  /** Whether there are images; those that there are go on. */
  private boolean check(Path place, boolean existing, String what) throws Exception {
    Path images = place.resolve("images");
    if (Files.notExists(images)) {
      assertThat(existing).as(what).isFalse();
      return false;
    }
    try (Stream<Path> entries = Files.list(images)) {
      if (entries.findAny().isEmpty()) {
        assertThat(existing).as(what).isTrue();
        return false;
      }
    }
    Process thawed =
        OwnJvm.start(List.of(), place.resolve("thawed"), "restore", "-D", images.toString());
    started.add(thawed);
    Thread.sleep(random.nextInt(250));
    Files.createFile(place.resolve("go"));
    int status = thawed.waitFor();
    assertThat(Files.readString(place.resolve("thawed")))
        .as(what)
        .contains("ok all pages are what they were made to be");
    assertThat(status).as(what).isZero();
    return true;
  }

  @Test
  void aSignalFreezesFromInside() throws Exception {
    Path place = Files.createDirectory(directory.resolve("signal"));
    Path images = place.resolve("images");
    Process guest =
        start(List.of(), place, "--checkpoint-on", "USR1", "--checkpoint-dir", images.toString());
    Process kill = new ProcessBuilder("kill", "-USR1", Long.toString(guest.pid())).start();
    assertThat(kill.waitFor()).isZero();
    assertThat(guest.waitFor()).as(Files.readString(place.resolve("output"))).isEqualTo(128 + 9);
    assertThat(check(place, false, "frozen by a signal, seed " + seed)).isTrue();
  }

  @Test
  void aFullDiskLeavesTheGuestAlone() throws Exception {
    Path place = Files.createDirectory(directory.resolve("full"));
    String mostBlocks = "ulimit -f 2000; exec \"$0\" \"$@\""; // of 512 bytes or 1 KiB, by the shell
    Process guest = start(List.of("sh", "-c", mostBlocks), place);
    assertThatThrownBy(() ->
            Control.checkpoint(
                (int) guest.pid(), FreezeRequest.of(place.resolve("images"), Then.KILL)))
        .isInstanceOf(FreezeRefusal.class)
        .hasMessageContaining("images: pages-1.img: File too large");
    goesOn(guest, place);
  }

  @Test
  void anUnwritablePlaceLeavesTheGuestAlone() throws Exception {
    Path place = Files.createDirectory(directory.resolve("unwritable"));
    Path kept = Files.createDirectory(place.resolve("kept"));
    Files.writeString(kept.resolve("inventory.img"), "somebody's");
    Process guest = start(List.of(), place);
    for (Path where : List.of(Path.of("/proc/images"), place.resolve("no/images"), kept)) {
      assertThatThrownBy(
              () -> Control.checkpoint((int) guest.pid(), FreezeRequest.of(where, Then.KILL)))
          .isInstanceOf(FreezeRefusal.class)
          .hasMessageContaining(where.getParent().toString())
          .hasMessageNotContaining("\n");
    }
    assertThat(kept.resolve("inventory.img")).hasContent("somebody's");
    assertThatThrownBy(() -> FrozenTree.read(kept)).isInstanceOf(ImageException.class);
    Files.delete(kept.resolve("inventory.img"));
    Files.delete(kept);
    goesOn(guest, place);
  }

  private static void goesOn(Process guest, Path place) throws Exception {
    try (Stream<Path> entries = Files.list(place)) {
      assertThat(entries.map(entry -> entry.getFileName().toString()))
          .containsExactlyInAnyOrder("output");
    }
    Files.createFile(place.resolve("go"));
    assertThat(guest.waitFor()).as(Files.readString(place.resolve("output"))).isZero();
  }

  /** A guest whose pages change, in a JVM of its own. */
  private Process start(List<String> launcher, Path place, String... options) throws Exception {
    Path output = place.resolve("output");
    List<String> words = new ArrayList<>(List.of("run", "--kernel", "5.10"));
    words.addAll(List.of(options));
    words.add(directory.resolve("changing").toString());
    words.add(place.toString());
    words.add(Integer.toString(random.nextInt()));
    Process guest = OwnJvm.start(launcher, output, words.toArray(String[]::new));
    started.add(guest);
    long deadline = System.nanoTime() + 300_000_000_000L;
    while (!Files.readString(output).contains("running\n")) {
      assertThat(System.nanoTime()).as(Files.readString(output)).isLessThan(deadline);
      Thread.sleep(5);
    }
    return guest;
  }
}
