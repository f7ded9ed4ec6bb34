package dev.vestibule.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Are images found, byte for byte, wherever a kernel may have them? */
class KernelImagesTest {
  private static final byte[] IMAGE = Samples.image().build().bytes();

  /** Where a kernel may have its image; a window of the scanner ends near each. */
  private static final int[] OFFSETS = {0, 4096, (3 << 20) - 1, (4 << 20) - 100, (7 << 20) + 3};

  @TempDir private Path directory;

  /** How the content of vmlinuz is packed; the encoders are those of the formats' own libraries. */
  enum Packing {
    GZIP {
      @Override
      OutputStream open(OutputStream out) throws IOException {
        return new GZIPOutputStream(out);
      }
    },
    XZ {
      @Override
      OutputStream open(OutputStream out) throws IOException {
        return new XZOutputStream(out, new LZMA2Options(), org.tukaani.xz.XZ.CHECK_CRC32);
      }
    },
    ZSTD {
      @Override
      OutputStream open(OutputStream out) throws IOException {
        return new ZstdOutputStream(out).setLong(27);
      }
    },
    BZIP2 {
      @Override
      OutputStream open(OutputStream out) throws IOException {
        return new BZip2CompressorOutputStream(out);
      }
    },
    LZ4 {
      @Override
      OutputStream open(OutputStream out) {
        return new LegacyLz4(out);
      }
    };

    abstract OutputStream open(OutputStream out) throws IOException;

    byte[] pack(byte[] content) throws IOException {
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      try (OutputStream out = open(packed)) {
        out.write(content);
      }
      return packed.toByteArray();
    }
  }

  /** Writes the framing of {@code lz4 -l}. */
  private static final class LegacyLz4 extends ByteArrayOutputStream {
    private final OutputStream out;

    LegacyLz4(OutputStream out) {
      this.out = out;
    }

    private void word(int value) throws IOException {
      out.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    }

    @Override
    public void close() throws IOException {
      word(0x184c2102);
      byte[] content = toByteArray();
      for (int at = 0; at < content.length; at += 8 << 20) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        try (OutputStream packed = new BlockLZ4CompressorOutputStream(block)) {
          packed.write(content, at, Math.min(8 << 20, content.length - at));
        }
        word(block.size());
        out.write(block.toByteArray());
      }
    }
  }

  /** What a linker makes of a kernel: megabytes around the image, and the banner. */
  private static byte[] vmlinux(int before) {
    byte[] banner = "Linux version 6.1.0-50-test (a@b)".getBytes(StandardCharsets.US_ASCII);
    byte[] kernel = new byte[before + IMAGE.length + (100 << 10)];
    new Random(before).nextBytes(kernel);
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] &= 0x77;
    }
    System.arraycopy(IMAGE, 0, kernel, before, IMAGE.length);
    System.arraycopy(banner, 0, kernel, before + IMAGE.length + 1000, banner.length);
    return kernel;
  }

  private static byte[] concat(byte[]... parts) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.write(part);
    }
    return all.toByteArray();
  }

  private List<KernelImage> in(byte[] file) throws IOException, InspectException {
    return KernelImages.in(Files.write(directory.resolve("file"), file));
  }

  private static void assertFound(List<KernelImage> images) {
    assertThat(images).hasSize(1);
    KernelImage image = images.getFirst();
    assertThat(image.bytes()).isEqualTo(IMAGE);
    assertThat(image.kernel()).isEqualTo("6.1.0-50-test");
    assertThat(image.fileName()).isEqualTo("vdso-6.1.0-50-test-ppc64le.so");
    assertThat(Notes.of(image.file()).linuxVersion()).isEqualTo("6.1.176");
  }

  @Test
  void plainKernels() throws Exception {
    for (int before : OFFSETS) {
      List<KernelImage> images = in(vmlinux(before));
      assertFound(images);
      assertThat(images.getFirst().offset()).isEqualTo(before);
    }
  }

  /** A loader in front, the size of the whole behind, as arch/x86/boot and the EFI stub have it. */
  @ParameterizedTest
  @EnumSource
  void packedKernels(Packing packing) throws Exception {
    byte[] loader = new byte[100_001];
    new Random(1).nextBytes(loader);
    byte[] size = {0, 0, 0x50, 0};
    List<KernelImage> images = in(concat(loader, packing.pack(vmlinux(300_000)), size, loader));
    assertFound(images);
    assertThat(images.getFirst().where())
        .isEqualTo(packing.name().toLowerCase(Locale.ROOT) + " at 0x186a1");
    assertThat(images.getFirst().offset()).isEqualTo(300_000);
  }

  @ParameterizedTest
  @EnumSource(names = {"GZIP", "XZ", "ZSTD"})
  void packages(Packing packing) throws Exception {
    ByteArrayOutputStream members = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(members)) {
      member(tar, "./boot/config-6.1", "CONFIG_64BIT=y".getBytes(StandardCharsets.US_ASCII));
      member(tar, "./boot/vmlinuz-6.1", Packing.GZIP.pack(vmlinux(4096)));
      member(tar, "./lib/modules/6.1/x.ko", IMAGE);
    }
    ByteArrayOutputStream deb = new ByteArrayOutputStream();
    try (ArArchiveOutputStream ar = new ArArchiveOutputStream(deb)) {
      member(ar, "debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII));
      member(ar, "control.tar", new byte[1024]);
      member(ar, "data.tar." + packing.ordinal(), packing.pack(members.toByteArray()));
    }
    List<KernelImage> images = in(deb.toByteArray());
    assertFound(images);
    assertThat(images.getFirst().where())
        .isEqualTo("data.tar." + packing.ordinal() + ", boot/vmlinuz-6.1, gzip at 0x0");
  }

  private static void member(TarArchiveOutputStream tar, String name, byte[] content)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  private static void member(ArArchiveOutputStream ar, String name, byte[] content)
      throws IOException {
    ar.putArchiveEntry(new ArArchiveEntry(name, content.length));
    ar.write(content);
    ar.closeArchiveEntry();
  }

  @Test
  void sameContentIsNamedOnce() throws Exception {
    byte[] kernel = vmlinux(4096);
    assertFound(in(concat(kernel, kernel)));
  }

  @Test
  void damageIsOneLine() throws Exception {
    byte[] packed = Packing.XZ.pack(vmlinux(1 << 20));
    Path cut = Files.write(directory.resolve("cut"), Arrays.copyOf(packed, packed.length / 2));
    assertThatThrownBy(() -> KernelImages.in(cut))
        .isInstanceOf(InspectException.class)
        .hasMessage(cut + ": xz at 0x0: the compressed data ends too early");
    Path noPackage = Files.writeString(directory.resolve("no.deb"), "!<arch>\n");
    assertThatThrownBy(() -> KernelImages.in(noPackage))
        .hasMessage(noPackage + ": an archive without data.tar, so no Debian package");
    assertThat(in(new byte[0])).isEmpty();
    assertThat(in(new byte[5 << 20])).isEmpty();
  }

  /** Nothing but one line may come of damage; the seed is in the message. */
  @Test
  void damagedContainersNeverThrowAnythingElse() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    byte[] kernel = Arrays.copyOf(vmlinux(20_000), 60_000);
    List<byte[]> whole = new ArrayList<>();
    for (Packing packing : Packing.values()) {
      whole.add(packing.pack(kernel));
    }
    for (int round = 0; round < 100; round++) {
      Packing packing = Packing.values()[round % Packing.values().length];
      byte[] packed = whole.get(packing.ordinal()).clone();
      for (int flips = random.nextInt(1, 8); flips > 0; flips--) {
        packed[random.nextInt(packed.length)] = (byte) random.nextInt();
      }
      if (random.nextInt(4) == 0) {
        packed = Arrays.copyOf(packed, random.nextInt(packed.length));
      }
      try {
        in(packed);
      } catch (InspectException e) {
        assertThat(e.getMessage()).doesNotContain("\n");
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + ", round " + round + ", " + packing, e);
      }
    }
  }
}
