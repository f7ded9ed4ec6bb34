package dev.vestibule.checkpoint.image;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import dev.vestibule.checkpoint.ImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is in an image? Every byte may be hostile: lengths are held against what is there before
 * anything is allocated, and the first thing wrong ends the reading.
 */
public final class ImageReader {
  /** The largest image that holds no pages: a million mappings take less. */
  public static final int MOST_BYTES = 64 << 20;

  private final String file;
  private final ByteBuffer bytes;
  private final int first;

  private ImageReader(String file, byte[] content, int first) {
    this.file = file;
    this.first = first;
    this.bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).position(first);
  }

  /**
   * Opens an image that must be there.
   *
   * @param id see {@link ImageKind#file}
   */
  public static ImageReader open(Path directory, ImageKind kind, int id) throws ImageException {
    return find(directory, kind, id)
        .orElseThrow(() -> new ImageException(kind.file(id), "file", 0, "is missing"));
  }

  /** Opens an image if it is there. */
  public static Optional<ImageReader> find(Path directory, ImageKind kind, int id)
      throws ImageException {
    String file = kind.file(id);
    Path path = directory.resolve(file);
    try {
      if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
        if (Files.notExists(path, LinkOption.NOFOLLOW_LINKS)) {
          return Optional.empty();
        }
        throw new ImageException(file, "file", 0, "is not a plain file");
      }
      long size = Files.size(path);
      if (size > MOST_BYTES) {
        throw new ImageException(file, "file", 0, size + " bytes are too many for such an image");
      }
      return Optional.of(of(kind, id, Files.readAllBytes(path)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new ImageException(file, "file", 0, "cannot be read: " + e.getMessage());
    }
  }

  /** Reads an image from memory. */
  public static ImageReader of(ImageKind kind, int id, byte[] content) throws ImageException {
    String file = kind.file(id);
    ByteBuffer words = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    int first = kind.prefix() != 0 ? 8 : 4;
    if (content.length < first) {
      throw new ImageException(file, "magic", 0, "the file ends before it");
    }
    String packing = packing(words.getInt(0));
    if (packing != null) {
      throw new ImageException(file, "magic", 0, "is that of " + packing + ": unpack it first");
    }
    if (kind.prefix() != 0 && words.getInt() != kind.prefix()) {
      throw new ImageException(file, "magic", 0, "is not that of an image");
    }
    int found = words.getInt();
    if (found != kind.magic()) {
      throw new ImageException(
          file, "magic", first - 4, "0x%x is not that of such an image".formatted(found));
    }
    return new ImageReader(file, content, first);
  }

  /** Who has compressed a file that begins with a word, or null. Numbers: file(1)'s. */
  private static @Nullable String packing(int word) {
    return switch (word) {
      case 0x184d2204 -> "lz4";
      case 0xfd2fb528 -> "zstd";
      case 0x587a37fd -> "xz";
      default -> (word & 0xffff) == 0x8b1f ? "gzip" : null;
    };
  }

  /**
   * One entry and where it came from.
   *
   * @param offset of its length word
   */
  public record Entry<T extends Message>(T message, String file, long offset) {
    /** The complaint that a field of this entry is wrong. */
    public ImageException bad(String field, String problem) {
      return new ImageException(file, field, offset, problem);
    }

    /** Complains unless something holds of a field. */
    public void check(boolean holds, String field, String problem) throws ImageException {
      if (!holds) {
        throw bad(field, problem);
      }
    }
  }

  /** Whether anything follows. */
  public boolean more() {
    return bytes.hasRemaining();
  }

  /** The next entry; there must be one. */
  public <T extends Message> Entry<T> next(Parser<T> parser) throws ImageException {
    int offset = bytes.position();
    if (bytes.remaining() < 4) {
      throw new ImageException(file, "length", offset, "the file ends inside it");
    }
    long length = Integer.toUnsignedLong(bytes.getInt());
    if (length > bytes.remaining()) {
      throw new ImageException(
          file,
          "length",
          offset,
          "%d bytes, and the file has %d more".formatted(length, bytes.remaining()));
    }
    int start = bytes.position();
    CodedInputStream in = CodedInputStream.newInstance(bytes.array(), start, (int) length);
    T message;
    try {
      message = parser.parsePartialFrom(in);
      in.checkLastTagWas(0);
    } catch (InvalidProtocolBufferException e) {
      throw new ImageException(
          file,
          "entry",
          start + in.getTotalBytesRead(),
          "is no message: " + String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
    }
    if (!message.isInitialized()) {
      List<String> missing = message.findInitializationErrors();
      throw new ImageException(file, missing.getFirst(), offset, "is missing");
    }
    bytes.position(start + (int) length);
    return new Entry<>(message, file, offset);
  }

  /** All entries of an image with but one kind of them. */
  public <T extends Message> List<Entry<T>> all(Parser<T> parser) throws ImageException {
    List<Entry<T>> entries = new ArrayList<>();
    while (more()) {
      entries.add(next(parser));
    }
    return entries;
  }

  /** The only entry. */
  public <T extends Message> Entry<T> only(Parser<T> parser) throws ImageException {
    Entry<T> entry = next(parser);
    if (more()) {
      throw new ImageException(file, "length", bytes.position(), "a second entry");
    }
    return entry;
  }

  /** The bytes that follow an entry. */
  public byte[] extra(long length) throws ImageException {
    if (length < 0 || length > bytes.remaining()) {
      throw new ImageException(
          file,
          "bytes",
          bytes.position(),
          "%d bytes, and the file has %d more".formatted(length, bytes.remaining()));
    }
    byte[] extra = new byte[(int) length];
    bytes.get(extra);
    return extra;
  }

  /** All bytes that follow. */
  public byte[] rest() {
    byte[] rest = new byte[bytes.remaining()];
    bytes.get(rest);
    return rest;
  }

  /** The file's name. */
  public String file() {
    return file;
  }

  /** Back to the first entry. */
  public ImageReader again() {
    bytes.position(first);
    return this;
  }
}
