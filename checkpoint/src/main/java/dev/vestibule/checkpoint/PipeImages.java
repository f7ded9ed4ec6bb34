package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.PipeDataEntry;
import dev.vestibule.kernel.pipe.PipeEnd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is in the pipes, or in the FIFOs, of a tree? */
final class PipeImages {
  private static final int LARGEST_PACKET = 4096;

  /** What is in a pipe. */
  record Content(int capacity, byte[] bytes, List<Integer> packets) {
    PipeEnd.Saved pipe() {
      return new PipeEnd.Saved(capacity, bytes, packets);
    }
  }

  private final Map<Long, Integer> ids = new LinkedHashMap<>();
  private final ImageWriter data;

  /**
   * @param kind pipes-data.img or fifo-data.img
   */
  PipeImages(ImageKind kind) {
    data = new ImageWriter(kind, 0);
  }

  /** The number of a pipe, written when it is first asked for. */
  int id(long pipe, PipeEnd end) {
    Integer known = ids.get(pipe);
    if (known != null) {
      return known;
    }
    int id = ids.size() + 1;
    ids.put(pipe, id);
    byte[] bytes = end.peek(Integer.MAX_VALUE);
    data.add(
            PipeDataEntry.newBuilder()
                .setPipeId(id)
                .setBytes(bytes.length)
                .setSize((int) end.capacity())
                .addAllPacket(end.packets())
                .build())
        .extra(bytes);
    return id;
  }

  /** Writes the image if there are any. */
  void write(Path directory) throws IOException {
    if (!ids.isEmpty()) {
      data.write(directory);
    }
  }

  /** Reads and checks an image, which may be missing; each pipe by its number. */
  static Map<Integer, Content> read(Path directory, ImageKind kind, int pageSize)
      throws ImageException {
    Map<Integer, Content> pipes = new HashMap<>();
    var found = ImageReader.find(directory, kind, 0);
    if (found.isEmpty()) {
      return pipes;
    }
    ImageReader reader = found.get();
    while (reader.more()) {
      Entry<PipeDataEntry> entry = reader.next(PipeDataEntry.parser());
      PipeDataEntry pipe = entry.message();
      byte[] bytes = reader.extra(Integer.toUnsignedLong(pipe.getBytes()));
      int capacity = pipe.hasSize() ? pipe.getSize() : 16 * pageSize;
      entry.check(
          capacity >= 4096 && capacity <= 1 << 30 && capacity >= bytes.length,
          "size",
          capacity + " is no capacity for it");
      long sum = 0;
      for (int length : pipe.getPacketList()) {
        entry.check(length > 0 && length <= LARGEST_PACKET, "packet", length + " is no length");
        sum += length;
      }
      entry.check(sum <= bytes.length, "packet", "are longer than all there is");
      Content content = new Content(capacity, bytes, pipe.getPacketList());
      entry.check(
          pipes.put(pipe.getPipeId(), content) == null,
          "pipe_id",
          "a second pipe " + pipe.getPipeId());
    }
    return pipes;
  }
}
