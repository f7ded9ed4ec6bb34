package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.protobuf.ByteString;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.SeccompEntry;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.profile.Architecture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Does seccomp(2) hold in the machine that thaws a process? The program is guests/libc/confined.c,
 * which says so itself, and says the same on a real Linux.
 */
class ConfinedTest {
  @TempDir Path directory;

  @BeforeEach
  void compilers() {
    assumeThat(Path.of("/usr/bin/powerpc64le-linux-gnu-gcc")).exists();
  }

  private Path frozen(Architecture architecture, String release) throws Exception {
    Path program = Guest.build(architecture, "confined", directory);
    Path output = directory.resolve("output");
    Path images = directory.resolve("images");
    String kernel = architecture.id() + "-" + release;
    try (Guest guest = Guest.start(kernel, program, output, directory.toString())) {
      Guest.awaitLine(output, "ready");
      guest.freeze(images, false);
      assertThat(guest.await()).isEqualTo(9);
    }
    return images;
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void staysConfined(Architecture architecture) throws Exception {
    Path images = frozen(architecture, "5.10");
    Path again = directory.resolve("again");
    try (Guest guest = Guest.thaw(images, architecture.id() + "-6.13")) {
      guest.freeze(again, false);
      guest.await();
    }
    Files.createFile(directory.resolve("go"));
    try (Guest guest = Guest.thaw(again, architecture.id() + "-6.1")) {
      int status = guest.await();
      String said = Files.readString(directory.resolve("output"));
      assertThat(said).doesNotContain("FAIL");
      assertThat(status).as(said).isZero();
    }
  }

  /** One without its filters would do what it must not. */
  @Test
  void aKernelWithoutFiltersRefuses() throws Exception {
    Path images = frozen(Architecture.PPC64, "4.4");
    assertThatThrownBy(() -> Guest.thaw(images, "ppc64-2.6.32"))
        .isInstanceOf(FreezeRefusal.class)
        .hasMessageEndingWith(
            "is confined by seccomp(2), mode 2, which kernel ppc64-2.6.32 has not");
  }

  @Test
  void filtersThatNoKernelWouldTakeAreRefused() throws Exception {
    Path images = frozen(Architecture.PPC64LE, "6.1");
    Path file = images.resolve("seccomp.img");
    byte[] good = Files.readAllBytes(file);
    refuses(
        images,
        good,
        "seccomp_filters[0].prev: 0 is none",
        e -> {
          e.getSeccompFiltersBuilder(0).setPrev(0);
        });
    byte[] endless = new byte[8]; // a load, and no return
    endless[0] = 0x20;
    refuses(
        images,
        good,
        "seccomp_filters[1].filter: is none that",
        e -> {
          e.getSeccompFiltersBuilder(1).setFilter(ByteString.copyFrom(endless));
        });
    refuses(
        images,
        good,
        "seccomp_filters[1].filter: is none that",
        e -> {
          e.getSeccompFiltersBuilder(1).setFilter(ByteString.copyFrom(new byte[7]));
        });
    ByteString longest = returns(4096);
    refuses(
        images,
        good,
        "seccomp_filters[9].filter: is too long with those before it",
        e -> {
          for (int i = 2; i < 10; i++) {
            e.addSeccompFiltersBuilder().setFilter(longest).setPrev(i - 1);
          }
        });
    Files.delete(file);
    assertThatThrownBy(() -> FrozenTree.read(images))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("thread_core.seccomp_filter at ")
        .hasMessageContaining("seccomp.img is missing, or has no filter ");
    Files.write(file, good);
    int pid = FrozenTree.read(images).root();
    ImageReader reader = ImageReader.open(images, ImageKind.CORE, pid);
    CoreEntry.Builder core = reader.only(CoreEntry.parser()).message().toBuilder();
    core.getThreadCoreBuilder().setSeccompMode(3);
    Files.delete(images.resolve(ImageKind.CORE.file(pid)));
    new ImageWriter(ImageKind.CORE, pid).add(core.build()).write(images);
    assertThatThrownBy(() -> FrozenTree.read(images))
        .isInstanceOf(ImageException.class)
        .hasMessageEndingWith("3 is none");
  }

  private static ByteString returns(int count) {
    byte[] instructions = new byte[8 * count];
    for (int i = 0; i < count; i++) {
      instructions[8 * i] = 6;
    }
    return ByteString.copyFrom(instructions);
  }

  private static void refuses(
      Path images, byte[] good, String why, Consumer<SeccompEntry.Builder> change)
      throws Exception {
    SeccompEntry.Builder entry =
        ImageReader.of(ImageKind.SECCOMP, 0, good)
            .only(SeccompEntry.parser())
            .message()
            .toBuilder();
    assertThat(entry.getSeccompFiltersCount()).isEqualTo(2);
    change.accept(entry);
    Files.delete(images.resolve("seccomp.img"));
    new ImageWriter(ImageKind.SECCOMP, 0).add(entry.build()).write(images);
    String[] parts = why.split(": ", 2);
    assertThatThrownBy(() -> FrozenTree.read(images))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("seccomp.img: " + parts[0] + " at ")
        .hasMessageContaining(parts[1]);
  }
}
