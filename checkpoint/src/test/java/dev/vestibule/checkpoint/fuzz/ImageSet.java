package dev.vestibule.checkpoint.fuzz;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A directory's images by their names, as bytes; those of pages may be left empty. */
final class ImageSet {
  private ImageSet() {}

  static Map<String, byte[]> read(Path directory) throws IOException {
    Map<String, byte[]> images = new TreeMap<>();
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path entry : entries.toList()) {
        images.put(String.valueOf(entry.getFileName()), Files.readAllBytes(entry));
      }
    }
    return images;
  }

  /** Makes a directory hold just these images, touching only those that differ from before. */
  static void write(Path directory, Map<String, byte[]> before, Map<String, byte[]> images)
      throws IOException {
    for (Map.Entry<String, byte[]> image : images.entrySet()) {
      if (before.get(image.getKey()) != image.getValue()) {
        Files.write(directory.resolve(image.getKey()), image.getValue());
      }
    }
    for (String name : before.keySet()) {
      if (!images.containsKey(name)) {
        Files.deleteIfExists(directory.resolve(name));
      }
    }
  }

  /** What differs from another set, as one file: count, then name, length and bytes of each. */
  static byte[] difference(Map<String, byte[]> from, Map<String, byte[]> to) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    for (Map.Entry<String, byte[]> image : to.entrySet()) {
      byte[] was = from.get(image.getKey());
      if (was == null || !Arrays.equals(was, image.getValue())) {
        out.writeUTF(image.getKey());
        out.writeInt(image.getValue().length);
        out.write(image.getValue());
      }
    }
    for (String name : from.keySet()) {
      if (!to.containsKey(name)) {
        out.writeUTF(name);
        out.writeInt(-1);
      }
    }
    return bytes.toByteArray();
  }

  /** A set and a difference. */
  static Map<String, byte[]> with(Map<String, byte[]> from, byte[] difference) throws IOException {
    Map<String, byte[]> images = new TreeMap<>(from);
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(difference));
    while (in.available() > 0) {
      String name = in.readUTF();
      int length = in.readInt();
      if (length < 0) {
        images.remove(name);
      } else {
        images.put(name, in.readNBytes(length));
      }
    }
    return images;
  }
}
