package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.profile.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Are changed images refused with one line, or else thawed, without harm to the machine? */
class HostileImagesTest {
  private static final String KERNEL = "ppc64le-6.1";

  private static Path frozen(Path directory) throws Exception {
    Path images = directory.resolve("images");
    Path output = directory.resolve("output");
    try (Guest guest =
        Guest.start(KERNEL, "freeze", output, directory.resolve("never").toString())) {
      guest.freeze(images, false);
    }
    return images;
  }

  @Test
  void anyChangeIsRefusedOrHarmless(@TempDir Path directory) throws Exception {
    changes(frozen(directory));
  }

  /** The same of what a program has open. */
  @ParameterizedTest
  @ValueSource(strings = {"listening", "rights", "tcp", "udp", "fifo", "packets"})
  void anyChangeOfFilesIsRefusedOrHarmless(String kind, @TempDir Path directory) throws Exception {
    assumeThat(Path.of("/usr/bin/powerpc64le-linux-gnu-gcc")).exists();
    Path program = Guest.build(Architecture.PPC64LE, "held", directory);
    Path images = directory.resolve("images");
    Path output = directory.resolve("output");
    try (Guest guest = Guest.start(KERNEL, program, output, kind, directory.toString())) {
      Guest.awaitLine(output, "ready");
      guest.freeze(images, false);
      assertThat(guest.await()).isEqualTo(9);
    }
    changes(images, "files.img", "sk-queues.img", "fifo-data.img", "pipes-data.img");
  }

  private static void changes(Path images, String... only) throws Exception {
    List<Path> files;
    try (Stream<Path> entries = Files.list(images)) {
      files =
          entries
              .filter(file -> !file.toString().contains("pages-"))
              .filter(file -> only.length == 0 || List.of(only).contains(name(file)))
              .sorted()
              .toList();
    }
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    int rounds = Integer.getInteger("test.rounds", 3000) / (only.length == 0 ? 1 : 6);
    int thawed = 0;
    for (int round = 0; round < rounds; round++) {
      Path file = files.get(random.nextInt(files.size()));
      byte[] good = Files.readAllBytes(file);
      byte[] bad = mutated(good, random);
      String what = file.getFileName() + ", round " + round + ", seed " + seed;
      Files.write(file, bad);
      try {
        FrozenTree.read(images);
        if (thawed < rounds / 60) {
          thawed++;
          Guest.thaw(images, KERNEL).close();
        }
      } catch (ImageException | FreezeRefusal refusal) {
        assertThat(refusal.getMessage()).as(what).isNotBlank().doesNotContain("\n");
      } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
        throw new AssertionError(what, e);
      } finally {
        Files.write(file, good);
      }
    }
    assertThat(thawed).isPositive();
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static byte[] mutated(byte[] good, Random random) {
    byte[] bad = good.clone();
    for (int change = random.nextInt(3); change >= 0; change--) {
      int at = 8 + random.nextInt(Math.max(1, bad.length - 8));
      if (at < bad.length) {
        bad[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (bad[at] ^ 1);
      }
    }
    return random.nextInt(8) == 0 ? java.util.Arrays.copyOf(bad, random.nextInt(bad.length)) : bad;
  }

  @Test
  void aMissingOrShortFileIsNamed(@TempDir Path directory) throws Exception {
    Path images = frozen(directory);
    try (Stream<Path> entries = Files.list(images)) {
      for (Path file : entries.toList()) {
        if (file.endsWith(ImageKind.STATS_DUMP.file(0))) {
          continue; // of no importance to anything
        }
        Path aside = directory.resolve("aside");
        Files.move(file, aside);
        assertThatThrownBy(() -> FrozenTree.read(images))
            .isInstanceOf(ImageException.class)
            .hasMessageContaining(String.valueOf(file.getFileName()))
            .hasMessageContaining("missing");
        Files.move(aside, file);
      }
    }
    Path pages = images.resolve("pages-1.img");
    Files.write(pages, new byte[4096]);
    assertThatThrownBy(() -> FrozenTree.read(images))
        .hasMessageContaining("pages-1.img has 4096 bytes, and this needs ");
  }

  @Test
  void aChangedFileOfTheHostIsRefused(@TempDir Path directory) throws Exception {
    Path images = frozen(directory);
    Files.writeString(directory.resolve("output"), "something");
    assertThatThrownBy(() -> Guest.thaw(images, KERNEL))
        .isInstanceOf(FreezeRefusal.class)
        .hasMessageEndingWith("output: has 9 bytes, and had 0");
  }

  @Test
  void aFailedFreezeLeavesTheGuestRunningAndNothingElse(@TempDir Path directory) throws Exception {
    Path output = directory.resolve("output");
    Path stop = directory.resolve("stop");
    Path taken = Files.createDirectory(directory.resolve("taken"));
    Files.createFile(taken.resolve("file"));
    try (Guest guest = Guest.start(KERNEL, "freeze", output, stop.toString())) {
      assertThatThrownBy(() -> guest.freeze(taken, false)).isInstanceOf(FreezeRefusal.class);
      assertThatThrownBy(() -> guest.freeze(directory.resolve("no/where"), false))
          .isInstanceOf(FreezeRefusal.class);
      Path images = directory.resolve("images");
      guest.freeze(images, true);
      Files.createFile(stop);
      assertThat(guest.await()).as(Files.readString(output)).isZero();
    }
    assertThat(names(directory)).containsExactlyInAnyOrder("output", "stop", "taken", "images");
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(HostileImagesTest::name).toList();
    }
  }
}
