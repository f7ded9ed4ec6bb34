package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.handed.TimeSource;
import dev.vestibule.kernel.Machine;
import dev.vestibule.profile.Profiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of the machine's settings go along with what it ran? */
class KeptSettingsTest {
  private static final String KERNEL = "ppc64le-6.1";

  @TempDir Path directory;

  @Test
  void processorsAndPace() throws Exception {
    Machine.Builder settings =
        Machine.builder(Profiles.load(KERNEL))
            .cpus(3)
            .timeSource(TimeSource.scaled(Instant.EPOCH, 4));
    Path images = freeze(settings);
    FrozenTree tree = FrozenTree.read(images);
    assertThat(tree.cpus()).isEqualTo(3);
    assertThat(tree.timeRate()).isEqualTo(4);
    TimeSource.Continuing time = new TimeSource.Continuing(tree.monotonic(), tree.timeRate());
    try (Machine machine = tree.machine(Profiles.load(KERNEL), time).build()) {
      assertThat(machine.processors()).isEqualTo(3);
      assertThat(machine.timeRate()).isEqualTo(4);
    }
  }

  @Test
  void whatTheHostDecidedItDecidesAgain() throws Exception {
    FrozenTree tree = FrozenTree.read(freeze(Machine.builder(Profiles.load(KERNEL))));
    assertThat(tree.cpus()).isZero();
    assertThat(tree.timeRate()).isEqualTo(1);
  }

  @Test
  void aFasterClockGoesOnFaster() throws Exception {
    TimeSource.Continuing time = new TimeSource.Continuing(5_000_000_000L, 1000);
    assertThat(time.nanos()).isBetween(5_000_000_000L, 5_001_000_000L);
    time.go();
    long epoch = time.epochNanos();
    Thread.sleep(20);
    assertThat(time.nanos()).isGreaterThan(10_000_000_000L);
    assertThat(time.epochNanos() - epoch).isGreaterThan(5_000_000_000L);
    assertThat(time.hostNanosFor(1_000_000)).isEqualTo(1000);
  }

  private Path freeze(Machine.Builder settings) throws Exception {
    Path output = directory.resolve("output");
    Path images = directory.resolve("images");
    String never = directory.resolve("never").toString(); // it runs until there is such a file
    try (Guest guest = Guest.start(settings.build(), "freeze", output, never)) {
      guest.freeze(images, false);
    }
    assertThat(Files.readString(output)).isEmpty();
    return images;
  }
}
