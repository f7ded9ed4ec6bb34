package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.protobuf.ByteString;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.FdType;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.InotifyFileEntry;
import dev.vestibule.checkpoint.schema.VestibuleHappened;
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
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Do watches of inotify(7), and events that nobody has read, go along? The program is
 * guests/libc/watching.c, which says so itself, and says the same on a real Linux.
 */
class WatchedFilesTest {
  @TempDir Path directory;

  @BeforeEach
  void compilers() {
    assumeThat(Path.of("/usr/bin/powerpc64le-linux-gnu-gcc")).exists();
  }

  private static String kernel(Architecture architecture, String release) {
    return architecture.id() + "-" + release;
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void goOnUnderAnotherKernel(Architecture architecture) throws Exception {
    Path program = Guest.build(architecture, "watching", directory);
    Path place = Files.createDirectory(directory.resolve("place"));
    Path output = directory.resolve("output");
    Path first = directory.resolve("first");
    Path images = directory.resolve("images");
    try (Guest guest =
        Guest.start(kernel(architecture, "5.10"), program, output, place.toString())) {
      Guest.awaitLine(output, "ready");
      guest.freeze(first, true); // what was taken from the host meanwhile is still to be read
      guest.freeze(images, false);
      assertThat(guest.await()).isEqualTo(9);
    }
    Path again = directory.resolve("again");
    try (Guest guest = Guest.thaw(images, kernel(architecture, "6.13"))) {
      guest.freeze(again, false);
      guest.await();
    }
    Files.createFile(place.resolve("go"));
    try (Guest guest = Guest.thaw(again, kernel(architecture, "6.1"))) {
      ends(guest, output);
    }
  }

  @Test
  void goOnWhereTheyAre() throws Exception {
    Path program = Guest.build(Architecture.PPC64LE, "watching", directory);
    Path place = Files.createDirectory(directory.resolve("place"));
    Path output = directory.resolve("output");
    try (Guest guest = Guest.start("ppc64le-6.1", program, output, place.toString())) {
      Guest.awaitLine(output, "ready");
      guest.freeze(directory.resolve("images"), true);
      Files.createFile(place.resolve("go"));
      ends(guest, output);
    }
  }

  private static void ends(Guest guest, Path output) throws Exception {
    int status = guest.await();
    String said = Files.readString(output);
    assertThat(said).doesNotContain("FAIL");
    assertThat(status).as(said).isZero();
  }

  /** A watch is found by its name; the guest goes on, and has its events. */
  @ParameterizedTest
  @ValueSource(strings = {"renamed", "removed"})
  void whatHasNoNameIsRefusedOrGone(String lost) throws Exception {
    Path program = Guest.build(Architecture.PPC64LE, "watching", directory);
    Path place = Files.createDirectory(directory.resolve("place"));
    Path output = directory.resolve("output");
    Path images = directory.resolve("images");
    try (Guest guest = Guest.start("ppc64le-6.1", program, output, place.toString(), lost)) {
      Guest.awaitLine(output, "ready");
      if (lost.equals("removed")) { // and with the file, its watch
        guest.freeze(images, true);
      } else {
        assertThatThrownBy(() -> guest.freeze(images, true))
            .isInstanceOf(FreezeRefusal.class)
            .hasMessageEndingWith(
                "watches a file that its name no longer leads to: " + place.resolve("lost"));
        assertThat(images).doesNotExist();
      }
      Files.createFile(place.resolve("go"));
      ends(guest, output);
    }
  }

  @Test
  void damagedImagesAndMissingFilesAreRefused() throws Exception {
    Path program = Guest.build(Architecture.PPC64LE, "watching", directory);
    Path place = Files.createDirectory(directory.resolve("place"));
    Path output = directory.resolve("output");
    Path images = directory.resolve("images");
    try (Guest guest = Guest.start("ppc64le-6.1", program, output, place.toString())) {
      Guest.awaitLine(output, "ready");
      guest.freeze(images, false);
      guest.await();
    }
    byte[] good = Files.readAllBytes(images.resolve("files.img"));
    refuses(images, good, "ify.wd.wd", ify -> ify.addWd(ify.getWd(0)));
    refuses(images, good, "ify.wd.wd", ify -> ify.getWdBuilder(0).setWd(-1));
    refuses(images, good, "ify.next", ify -> ify.setNext(1));
    refuses(images, good, "ify.wd.mask", ify -> ify.getWdBuilder(0).setMask(0x10000));
    refuses(
        images,
        good,
        "ify.wd.f_handle.path",
        ify -> ify.getWdBuilder(0).getFHandleBuilder().setPath("plain"));
    VestibuleHappened up =
        VestibuleHappened.newBuilder()
            .setWd(1)
            .setMask(2)
            .setCookie(0)
            .setName(ByteString.copyFromUtf8("../up"))
            .build();
    refuses(images, good, "ify.event.name", ify -> ify.addEvent(up));
    refuses(
        images,
        good,
        "ify.event",
        ify -> {
          for (int i = 0; i <= 16384; i++) {
            ify.addEvent(up.toBuilder().clearName());
          }
        });
    Files.write(images.resolve("files.img"), good);
    Path plain = place.resolve("plain");
    Path aside = place.resolve("aside");
    Files.move(plain, aside);
    assertThatThrownBy(() -> Guest.thaw(images, "ppc64le-6.1"))
        .isInstanceOf(FreezeRefusal.class)
        .hasMessage(plain + " cannot be watched: No such file or directory");
    Files.createDirectory(plain);
    assertThatThrownBy(() -> Guest.thaw(images, "ppc64le-6.1"))
        .isInstanceOf(FreezeRefusal.class)
        .hasMessage(plain + ": is another kind of file than the one watched");
    Files.delete(plain);
    Files.createLink(plain, place.resolve("once"));
    assertThatThrownBy(() -> Guest.thaw(images, "ppc64le-6.1"))
        .isInstanceOf(FreezeRefusal.class)
        .hasMessageEndingWith(": another watch has the same file, which it had not");
  }

  /** Changes the one inotify with several watches. */
  private static void refuses(
      Path images, byte[] good, String field, Consumer<InotifyFileEntry.Builder> change)
      throws Exception {
    Path file = images.resolve("files.img");
    ImageReader reader = ImageReader.of(ImageKind.FILES, 0, good);
    ImageWriter writer = new ImageWriter(ImageKind.FILES, 0);
    while (reader.more()) {
      Entry<FileEntry> entry = reader.next(FileEntry.parser());
      FileEntry.Builder changed = entry.message().toBuilder();
      if (changed.getType() == FdType.INOTIFY && changed.getIfy().getWdCount() > 1) {
        change.accept(changed.getIfyBuilder());
      }
      writer.add(changed.build());
    }
    Files.delete(file);
    writer.write(images);
    assertThatThrownBy(() -> FrozenTree.read(images))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("files.img: " + field + " at ");
  }
}
