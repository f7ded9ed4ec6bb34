package dev.vestibule.inspect.carve;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;
import org.jspecify.annotations.Nullable;

/**
 * What is in an lz4 file of the legacy framing, which kernels use? The magic number, then blocks of
 * at most 8 MiB of content, each after its compressed size (LZ4 frame format, "Legacy frame"). A
 * size that cannot be one ends the content: kernels append the size of the whole.
 */
final class LegacyLz4Stream extends InputStream {
  private static final int MAGIC = 0x184c2102;
  private static final int BLOCK = 8 << 20;

  /** The largest that a block which does not compress can become. */
  private static final int LARGEST = BLOCK + BLOCK / 255 + 16;

  private final InputStream in;
  private @Nullable InputStream block;
  private boolean ended;

  LegacyLz4Stream(InputStream in) {
    this.in = in;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) <= 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    while (!ended) {
      if (block == null) {
        block = next();
        ended = block == null;
        continue;
      }
      int count = block.read(into, offset, length);
      if (count > 0) {
        return count;
      }
      block = null;
    }
    return -1;
  }

  private @Nullable InputStream next() throws IOException {
    long size = word();
    if (size == MAGIC) {
      size = word();
    }
    if (size <= 0 || size > LARGEST) {
      return null;
    }
    byte[] content = in.readNBytes((int) size);
    return content.length < size
        ? null
        : new BlockLZ4CompressorInputStream(new ByteArrayInputStream(content));
  }

  private long word() throws IOException {
    byte[] bytes = in.readNBytes(4);
    if (bytes.length < 4) {
      return -1;
    }
    return (bytes[0] & 0xffL)
        | (bytes[1] & 0xffL) << 8
        | (bytes[2] & 0xffL) << 16
        | (bytes[3] & 0xffL) << 24;
  }
}
