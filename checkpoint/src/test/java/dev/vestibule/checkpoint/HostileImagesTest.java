package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.checkpoint.fuzz.MutationRun;
import dev.vestibule.checkpoint.fuzz.TamperedImages;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.profile.Architecture;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Are changed images refused with one line, or else thawed, without harm to the machine? */
class HostileImagesTest {
  private static final String KERNEL = "ppc64le-6.1";

  private final long seed = Long.getLong("test.seed", System.nanoTime());

  private static Path frozen(Path directory) throws Exception {
    Path images = directory.resolve("images");
    Path output = directory.resolve("output");
    try (Guest guest =
        Guest.start(KERNEL, "freeze", output, directory.resolve("never").toString())) {
      guest.awaitTasks(2, task -> true); // its pipes, its child and its timer are made before
      guest.freeze(images, false);
    }
    return images;
  }

  /** Images with entries of every kind, or of what there is without a compiler. */
  private static Path assorted(Path directory) throws Exception {
    Path place = Files.createDirectory(directory.resolve("assorted"));
    Path program = Guest.build(Architecture.of("ppc64le"), "assorted", place);
    Path images = directory.resolve("assorted-images");
    Path output = place.resolve("output");
    try (Guest guest = Guest.start(KERNEL, program, output, place.resolve("never").toString())) {
      Guest.awaitLine(output, "ready");
      assertThat(Files.readString(output)).doesNotContain("FAIL");
      guest.freeze(images, false);
    }
    return images;
  }

  /** In a JVM with a small heap, from memory: ten million of them with -Dtest.mutations. */
  @Test
  void anyChangeIsRefusedOrAccepted(@TempDir Path directory) throws Exception {
    Guest.needCompilers();
    Path corpus = Path.of("src", "test", "fuzz", "images");
    String keep = System.getProperty("test.keep");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx48m",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            classPath(),
            MutationRun.class.getName(),
            System.getProperty("test.mutations", "8000"),
            Long.toString(seed),
            corpus.toString(),
            keep == null ? "test" : "keep",
            corpus.resolveSibling("base").toString(),
            assorted(directory).toString(),
            frozen(directory).toString());
    Path log = directory.resolve("log");
    Process run =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      // No other bound than that of a loop without end: work is bounded by what is allocated.
      long minutes = 10 + Long.getLong("test.mutations", 0) / 50_000;
      assertThat(run.waitFor(minutes, TimeUnit.MINUTES)).as("an end").isTrue();
    } finally {
      run.destroyForcibly();
    }
    String said = Files.readString(log);
    assertThat(run.exitValue()).as("%s", said).isZero();
    assertThat(said).contains("kinds of refusal");
    System.out.print(said);
  }

  private static String classPath() {
    List<String> parts = new ArrayList<>();
    for (String property :
        List.of("java.class.path", "jdk.module.path", "surefire.test.class.path")) {
      parts.addAll(List.of(System.getProperty(property, "").split(File.pathSeparator)));
    }
    // Under Surefire with modules the tests are a patch, and not on the path.
    parts.add(Path.of("target", "test-classes").toAbsolutePath().toString());
    parts.removeIf(String::isEmpty);
    return String.join(File.pathSeparator, parts);
  }

  /** What is accepted may still be refused when it is thawed, or runs, whatever it is then. */
  @Test
  void whatIsAcceptedHarmsNobody(@TempDir Path directory) throws Exception {
    boolean compiler = Files.exists(Path.of("/usr/bin/powerpc64le-linux-gnu-gcc"));
    thawChanged(frozen(directory), directory);
    if (compiler) {
      thawChanged(assorted(directory), directory);
    }
  }

  /** The same of what a program has open. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "listening",
        "rights",
        "tcp",
        "udp",
        "fifo",
        "packets",
        "deleted",
        "memfd",
        "terminal"
      })
  void anyChangeOfFilesIsRefusedOrHarmless(String kind, @TempDir Path directory) throws Exception {
    Guest.needCompilers();
    Path program = Guest.build(Architecture.PPC64LE, "held", directory);
    Path images = directory.resolve("images");
    Path output = directory.resolve("output");
    try (Guest guest = Guest.start(KERNEL, program, output, kind, directory.toString())) {
      Guest.awaitLine(output, "ready");
      guest.freeze(images, false);
      assertThat(guest.await()).isEqualTo(9);
    }
    thawChanged(
        images,
        directory,
        "files.img",
        "sk-queues.img",
        "fifo-data.img",
        "pipes-data.img",
        "memfd.img",
        "tty-info.img",
        "remap-fpath.img",
        "ghost-file-1.img");
  }

  private void thawChanged(Path images, Path directory, String... only) throws Exception {
    Path place = directory.resolve("changed-" + images.getFileName());
    TamperedImages tampered = new TamperedImages(images, place, new Random(seed), only);
    int wanted = Integer.getInteger("test.thaws", 60);
    int thawed = 0;
    for (int round = 0, accepted = 0; accepted < wanted && round < 20 * wanted; round++) {
      tampered.next();
      try {
        FrozenTree.read(place);
        accepted++;
        try (Guest guest = Guest.thaw(place, KERNEL)) {
          Thread.sleep(2);
          assertThat(guest.process().pid()).isPositive();
          thawed++;
        }
      } catch (ImageException | FreezeRefusal refusal) {
        assertThat(refusal.getMessage()).isNotBlank().doesNotContain("\n");
      } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
        throw new AssertionError("round " + round + ", seed " + seed, e);
      }
    }
    assertThat(thawed).isPositive();
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
      return entries.map(entry -> String.valueOf(entry.getFileName())).toList();
    }
  }
}
