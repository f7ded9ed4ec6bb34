package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.profile.Architecture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Does work come to the same result however often it is frozen, at whatever moments? The work is
 * guests/libc/working.c: threads that allocate, pack and hash, and processes behind pipes. {@code
 * -Dtest.freezes=200} is the long form; none may be lost.
 */
class WorkloadTest {
  private static final int FREEZES = Integer.getInteger("test.freezes", 10);

  private final long seed = Long.getLong("test.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir Path directory;

  @BeforeEach
  void compilers() {
    Guest.needCompilers();
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void comesToTheSameResult(Architecture architecture) throws Exception {
    Path program = Guest.build(architecture, "working", directory);
    Path output = directory.resolve("output");
    String what = "%s, %d freezes, seed %d".formatted(architecture, FREEZES, seed);
    Guest guest =
        Guest.start(Guest.anyKernel(architecture, random), program, output, directory.toString());
    try {
      for (int freeze = 0; freeze < FREEZES; freeze++) {
        Thread.sleep(random.nextInt(40));
        Path images = directory.resolve("images" + freeze);
        boolean goesOn = random.nextInt(4) == 0;
        guest.freeze(images, goesOn);
        if (goesOn) {
          assertThat(FrozenTree.read(images).processes()).as(what).isNotEmpty();
          continue;
        }
        guest.await();
        guest.close();
        guest = Guest.thaw(images, Guest.anyKernel(architecture, random));
      }
      Files.createFile(directory.resolve("go"));
      assertThat(guest.await()).as(what + ": " + Files.readString(output)).isZero();
    } finally {
      guest.close();
    }
    String result = Files.readString(output);
    assertThat(undisturbed(architecture, program, result.split(" "))).as(what).isEqualTo(result);
  }

  /** What as many rounds come to when nobody freezes them. */
  private String undisturbed(Architecture architecture, Path program, String[] result)
      throws Exception {
    assertThat(result).as(Arrays.toString(result)).hasSize(7);
    Path alone = directory.resolve("alone");
    try (Guest guest =
        Guest.start(
            Guest.anyKernel(architecture, random),
            program,
            alone,
            directory.toString(),
            result[1],
            result[2],
            result[3],
            result[4])) {
      assertThat(guest.await()).as(Files.readString(alone)).isZero();
    }
    return Files.readString(alone);
  }
}
