package dev.vestibule.checkpoint.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.checkpoint.ImageException;
import dev.vestibule.checkpoint.schema.PipeDataEntry;
import dev.vestibule.checkpoint.schema.PstreeEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Are images read as they were written, and is everything else refused with its place? */
class ImageReaderTest {
  private static final PstreeEntry ENTRY =
      PstreeEntry.newBuilder()
          .setPid(7)
          .setPpid(0)
          .setPgid(7)
          .setSid(7)
          .addThreads(7)
          .addThreads(300)
          .build();

  private static byte[] written(Path directory) throws Exception {
    Files.deleteIfExists(directory.resolve("pstree.img"));
    new ImageWriter(ImageKind.PSTREE, 0).add(ENTRY).add(ENTRY).write(directory);
    return Files.readAllBytes(directory.resolve("pstree.img"));
  }

  @Test
  void bytesAreThoseOfTheFormat(@TempDir Path directory) throws Exception {
    // Common magic, the image's own, length, and the fields: unpacked, in ascending order.
    assertThat(Arrays.copyOf(written(directory), 8 + 4 + 13))
        .containsExactly(
            0x19,
            0x43,
            0x56,
            0x54,
            0x30,
            0x30,
            0x27,
            0x50,
            13,
            0,
            0,
            0,
            0x08,
            7,
            0x10,
            0,
            0x18,
            7,
            0x20,
            7,
            0x28,
            7,
            0x28,
            (byte) 0xac,
            2);
  }

  @Test
  void readsWhatWasWritten(@TempDir Path directory) throws Exception {
    written(directory);
    ImageReader reader = ImageReader.open(directory, ImageKind.PSTREE, 0);
    assertThat(reader.all(PstreeEntry.parser()))
        .extracting(ImageReader.Entry::message)
        .containsExactly(ENTRY, ENTRY);
  }

  @Test
  void readsBytesBehindAnEntry(@TempDir Path directory) throws Exception {
    PipeDataEntry entry = PipeDataEntry.newBuilder().setPipeId(1).setBytes(3).build();
    new ImageWriter(ImageKind.PIPES_DATA, 0)
        .add(entry)
        .extra(new byte[] {1, 2, 3})
        .write(directory);
    ImageReader reader = ImageReader.open(directory, ImageKind.PIPES_DATA, 0);
    reader.next(PipeDataEntry.parser());
    assertThat(reader.extra(3)).containsExactly(1, 2, 3);
    assertThat(reader.more()).isFalse();
    assertThatThrownBy(() -> reader.extra(1)).hasMessageContaining("the file has 0 more");
  }

  @Test
  void namesThePlaceOfWhatIsWrong(@TempDir Path directory) throws Exception {
    byte[] good = written(directory);
    refused(new byte[3], "pstree.img: magic at 0x0: the file ends before it");
    byte[] otherKind = good.clone();
    otherKind[4] = 1;
    refused(otherKind, "pstree.img: magic at 0x4: 0x50273001 is not that of such an image");
    refused(
        Arrays.copyOf(good, 20), "pstree.img: length at 0x8: 13 bytes, and the file has 8 more");
    refused(Arrays.copyOf(good, 27), "pstree.img: length at 0x19: the file ends inside it");
    byte[] huge = good.clone();
    huge[11] = (byte) 0xff;
    refused(huge, "pstree.img: length at 0x8: 4278190093 bytes, and the file has 30 more");
    byte[] noPid = good.clone();
    noPid[12] = 0x30; // an unknown field instead
    refused(noPid, "pstree.img: pid at 0x8: is missing");
    byte[] badTag = good.clone();
    badTag[12] = 0x0f;
    assertThatThrownBy(() -> parse(badTag))
        .isInstanceOf(ImageException.class)
        .hasMessageStartingWith("pstree.img: entry at 0xd: is no message");
  }

  private static void refused(byte[] bytes, String message) {
    assertThatThrownBy(() -> parse(bytes)).isInstanceOf(ImageException.class).hasMessage(message);
  }

  private static void parse(byte[] bytes) throws ImageException {
    ImageReader.of(ImageKind.PSTREE, 0, bytes).all(PstreeEntry.parser());
  }

  @Test
  void missingAndOddFiles(@TempDir Path directory) throws Exception {
    assertThatThrownBy(() -> ImageReader.open(directory, ImageKind.CORE, 9))
        .hasMessage("core-9.img: file at 0x0: is missing");
    Files.createDirectory(directory.resolve("core-9.img"));
    assertThatThrownBy(() -> ImageReader.open(directory, ImageKind.CORE, 9))
        .hasMessage("core-9.img: file at 0x0: is not a plain file");
  }

  @Test
  void anyBytesAreReadOrRefused(@TempDir Path directory) throws Exception {
    byte[] good = written(directory);
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      byte[] mutated = Arrays.copyOf(good, random.nextInt(good.length) + 1);
      for (int change = random.nextInt(4); change >= 0; change--) {
        mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
      }
      try {
        parse(mutated);
      } catch (ImageException refusal) {
        assertThat(refusal.getMessage()).as("seed %d", seed).startsWith("pstree.img: ");
      }
    }
  }
}
