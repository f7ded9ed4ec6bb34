package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vestibule.profile.Architecture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Do a client and its server come to the result of an undisturbed run if they are frozen again and
 * again, at any moment, and go on in another machine under another kernel? The program is
 * guests/libc/traffic.c, which checks each answer.
 */
class TrafficTest {
  private static final List<String> KERNELS = List.of("-6.1", "-5.10", "-5.11", "-6.13", "-4.19");
  private static final int ROUNDS = Integer.getInteger("test.rounds", 1500);
  private static final int HOPS = Integer.getInteger("test.hops", 5);

  private final long seed = Long.getLong("test.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir Path directory;

  @BeforeEach
  void compilers() {
    assumeThat(Path.of("/usr/bin/powerpc64le-linux-gnu-gcc")).exists();
  }

  @ParameterizedTest
  @ValueSource(strings = {"stream", "seqpacket", "dgram", "tcp", "tcp6", "udp", "udp6"})
  void comesToTheSameResult(String kind) throws Exception {
    Architecture architecture = Architecture.values()[random.nextInt(Architecture.values().length)];
    Path program = Guest.build(architecture, "traffic", directory);
    String undisturbed = undisturbed(architecture, program, kind);
    Path place = Files.createDirectory(directory.resolve("disturbed"));
    Path output = place.resolve("output");
    String what = "%s, %s, seed %d".formatted(architecture, kind, seed);
    int frozen = 0;
    Guest guest = start(architecture, program, kind, output);
    try {
      for (int hop = 0; hop < HOPS; hop++) {
        Thread.sleep(random.nextInt(60));
        if (guest.process().ended()) {
          break;
        }
        Path images = directory.resolve("images" + hop);
        guest.freeze(images, false);
        guest.await();
        guest.close();
        frozen++;
        guest = Guest.thaw(images, any(architecture));
      }
      assertThat(guest.await()).as(what + ": " + Files.readString(output)).isZero();
    } finally {
      guest.close();
    }
    assertThat(Files.readString(output)).as(what).isEqualTo(undisturbed);
    assertThat(frozen).as(what).isPositive();
  }

  private String undisturbed(Architecture architecture, Path program, String kind)
      throws Exception {
    Path place = Files.createDirectory(directory.resolve("undisturbed"));
    Path output = place.resolve("output");
    try (Guest guest = start(architecture, program, kind, output)) {
      assertThat(guest.await()).as(Files.readString(output)).isZero();
    }
    return Files.readString(output);
  }

  private Guest start(Architecture architecture, Path program, String kind, Path output)
      throws Exception {
    String place = String.valueOf(output.getParent());
    String rounds = Integer.toString(ROUNDS);
    return Guest.start(any(architecture), program, output, kind, place, rounds);
  }

  /** A kernel; of the ppc ones, those whose processes have the same room everywhere. */
  private String any(Architecture architecture) {
    String kernel = architecture.id() + KERNELS.get(random.nextInt(KERNELS.size()));
    return architecture == Architecture.PPC ? kernel + "-compat" : kernel;
  }
}
