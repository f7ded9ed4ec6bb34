package dev.vestibule.inspect.carve;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.SingleXZInputStream;

/**
 * How may a kernel or a package member be compressed? Begins are known by magic numbers
 * (scripts/extract-vmlinux of Linux lists them), ends by the format itself.
 */
enum Payload {
  GZIP("gzip", 0x1f, 0x8b, 0x08) {
    @Override
    InputStream open(InputStream in) throws IOException {
      return GzipCompressorInputStream.builder()
          .setInputStream(in)
          .setDecompressConcatenated(false)
          .get();
    }
  },
  XZ("xz", 0xfd, '7', 'z', 'X', 'Z', 0x00) {
    @Override
    InputStream open(InputStream in) throws IOException {
      return new SingleXZInputStream(in, MEMORY_KIB);
    }
  },
  ZSTD("zstd", 0x28, 0xb5, 0x2f, 0xfd) {
    @Override
    InputStream open(InputStream in) throws IOException {
      try {
        return new ZstdInputStreamNoFinalizer(in).setLongMax(LONGEST_WINDOW);
      } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
        throw new IOException("the zstd library cannot be loaded on this host", e);
      }
    }
  },
  LZ4("lz4", 0x02, 0x21, 0x4c, 0x18) {
    @Override
    InputStream open(InputStream in) {
      return new LegacyLz4Stream(in);
    }
  },
  BZIP2("bzip2", 'B', 'Z', 'h') {
    @Override
    InputStream open(InputStream in) throws IOException {
      return new BZip2CompressorInputStream(in, false);
    }
  },
  LZMA("lzma", 0x5d, 0x00, 0x00, 0x00) {
    @Override
    InputStream open(InputStream in) throws IOException {
      return new LZMAInputStream(in, MEMORY_KIB);
    }
  };

  /** What a decoder may take: kernels use windows of up to 128 MiB. */
  private static final int MEMORY_KIB = 256 << 10;

  private static final int LONGEST_WINDOW = 27;

  private final String text;
  private final byte[] magic;

  Payload(String text, int... magic) {
    this.text = text;
    this.magic = new byte[magic.length];
    for (int i = 0; i < magic.length; i++) {
      this.magic[i] = (byte) magic[i];
    }
  }

  /** The decompressed content of a stream that stands at the magic number. */
  abstract InputStream open(InputStream in) throws IOException;

  /** The name of the format. */
  String text() {
    return text;
  }

  /** The first byte of the magic number. */
  byte first() {
    return magic[0];
  }

  /** Whether the magic number stands in an array. */
  boolean at(byte[] bytes, int position, int limit) {
    if (limit - position < magic.length) {
      return false;
    }
    for (int i = 0; i < magic.length; i++) {
      if (bytes[position + i] != magic[i]) {
        return false;
      }
    }
    // Three bytes are met by chance: a block size and the magic number of pi follow.
    return this != BZIP2 || limit - position < 5 || bytes[position + 4] == 0x31;
  }
}
