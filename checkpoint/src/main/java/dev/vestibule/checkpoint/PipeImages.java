package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.PipeDataEntry;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.freeze.FreezeRefusal;
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

  private static final class Held {
    final int id;
    final PipeEnd any;
    int sides;

    Held(int id, PipeEnd any) {
      this.id = id;
      this.any = any;
    }
  }

  private final Map<Long, Held> pipes = new LinkedHashMap<>();
  private final ImageWriter data;

  /**
   * @param kind pipes-data.img or fifo-data.img
   */
  PipeImages(ImageKind kind) {
    data = new ImageWriter(kind, 0);
  }

  /** The number of a pipe, one of whose ends the tree has open; to be asked once for each. */
  int id(long pipe, PipeEnd end) {
    Held held = pipes.get(pipe);
    if (held == null) {
      held = new Held(pipes.size() + 1, end);
      pipes.put(pipe, held);
      add(held.id, end);
    }
    held.sides += end.sides();
    return held.id;
  }

  private void add(int id, PipeEnd end) {
    byte[] bytes = end.peek(Integer.MAX_VALUE);
    data.add(
            PipeDataEntry.newBuilder()
                .setPipeId(id)
                .setBytes(bytes.length)
                .setSize((int) end.capacity())
                .addAllPacket(end.packets())
                .build())
        .extra(bytes);
  }

  /** Refuses pipes of which somebody outside the tree has an end. */
  void finish() throws FreezeRefusal {
    for (Held held : pipes.values()) {
      if (held.any.allSides() != held.sides) {
        throw new FreezeRefusal(
            "%s is open in a process that is not frozen along"
                .formatted(GuestText.toHost(held.any.path())));
      }
    }
  }

  /** Writes the image if there are any. */
  void write(Path directory) throws IOException {
    if (!pipes.isEmpty()) {
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
