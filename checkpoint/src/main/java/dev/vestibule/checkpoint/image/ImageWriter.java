package dev.vestibule.checkpoint.image;

import com.google.protobuf.MessageLite;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** How is an image written? Magic words, then entries: a length, a message, perhaps bytes. */
public final class ImageWriter {
  private final String file;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /**
   * Begins an image in memory.
   *
   * @param id of the object it tells of; 0 where there is one file of its kind
   */
  public ImageWriter(ImageKind kind, int id) {
    file = kind.file(id);
    if (kind.prefix() != 0) {
      word(kind.prefix());
    }
    word(kind.magic());
  }

  private void word(int value) {
    out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  /** Adds an entry. */
  public ImageWriter add(MessageLite entry) {
    byte[] bytes = entry.toByteArray();
    word(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  /** Adds the bytes that follow the last entry in images whose entries have such. */
  public ImageWriter extra(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  /**
   * Writes the file.
   *
   * @throws IOException if that cannot be, or if the image is larger than any that is read
   */
  public void write(Path directory) throws IOException {
    if (out.size() > ImageReader.MOST_BYTES) {
      throw new IOException(
          "%s needs %d bytes, and such an image has at most %d"
              .formatted(file, out.size(), ImageReader.MOST_BYTES));
    }
    try (FileChannel channel =
        FileChannel.open(
            directory.resolve(file), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(out.toByteArray());
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }
}
