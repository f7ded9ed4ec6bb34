package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.profile.Architecture;
import java.nio.file.Files;
import java.nio.file.Path;
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
  private static final int HOPS = Integer.getInteger("test.hops", 5);

  private final long seed = Long.getLong("test.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir Path directory;

  @BeforeEach
  void compilers() {
    Guest.needCompilers();
  }

  @ParameterizedTest
  @ValueSource(strings = {"stream", "seqpacket", "dgram", "tcp", "tcp6", "udp", "udp6"})
  void comesToTheSameResult(String kind) throws Exception {
    Architecture architecture = Architecture.values()[random.nextInt(Architecture.values().length)];
    Path program = Guest.build(architecture, "traffic", directory);
    Path place = Files.createDirectory(directory.resolve("disturbed"));
    Path output = place.resolve("output");
    String what = "%s, %s, seed %d".formatted(architecture, kind, seed);
    Guest guest = start(architecture, program, output, kind, place.toString());
    try {
      Guest.awaitLine(output, "running");
      for (int hop = 0; hop < HOPS; hop++) {
        Thread.sleep(random.nextInt(60));
        Path images = directory.resolve("images" + hop);
        guest.freeze(images, false);
        guest.await();
        guest.close();
        guest = Guest.thaw(images, Guest.anyKernel(architecture, random));
      }
      Files.createFile(place.resolve("go"));
      assertThat(guest.await()).as(what + ": " + Files.readString(output)).isZero();
    } finally {
      guest.close();
    }
    String result = Files.readString(output);
    assertThat(undisturbed(architecture, program, kind, result)).as(what).isEqualTo(result);
  }

  /** What as many rounds come to when nobody freezes them. */
  private String undisturbed(Architecture architecture, Path program, String kind, String result)
      throws Exception {
    assertThat(result).matches("running\nrounds [0-9]+ sum [0-9a-f]{8}\n");
    Path place = Files.createDirectory(directory.resolve("undisturbed"));
    Path output = place.resolve("output");
    String rounds = result.split(" ")[1];
    try (Guest guest = start(architecture, program, output, kind, place.toString(), rounds)) {
      assertThat(guest.await()).as(Files.readString(output)).isZero();
    }
    return Files.readString(output);
  }

  private Guest start(Architecture architecture, Path program, Path output, String... arguments)
      throws Exception {
    return Guest.start(Guest.anyKernel(architecture, random), program, output, arguments);
  }
}
