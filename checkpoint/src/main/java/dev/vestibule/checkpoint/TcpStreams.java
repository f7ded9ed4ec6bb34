package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.FdType;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.InetSkEntry;
import dev.vestibule.checkpoint.schema.TcpStreamEntry;
import dev.vestibule.kernel.socket.Socket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** How does what has arrived at TCP connections, and was not received yet, stand in images? */
final class TcpStreams {
  /** What has arrived at all sockets together, in bytes. */
  static final long MOST_ARRIVED = 256 << 20;

  private TcpStreams() {}

  /**
   * Writes a tcp-stream.img.
   *
   * @param number the socket's inode
   */
  static void write(Path directory, int number, byte[] arrived) throws IOException {
    new ImageWriter(ImageKind.TCP_STREAM, number)
        .add(
            TcpStreamEntry.newBuilder()
                .setInqLen(arrived.length)
                .setInqSeq(0)
                .setOutqLen(0)
                .setOutqSeq(0)
                .setOptMask(0)
                .setSndWscale(0)
                .setMssClamp(0)
                .build())
        .extra(arrived)
        .write(directory);
  }

  /** Reads what has arrived at connections, by their sockets' ids. */
  static Map<Integer, byte[]> read(Path directory, Map<Integer, Entry<FileEntry>> files)
      throws ImageException {
    Map<Integer, byte[]> streams = new HashMap<>();
    Set<Integer> numbers = new HashSet<>();
    long arrived = 0;
    for (Entry<FileEntry> entry : files.values()) {
      InetSkEntry socket = entry.message().getIsk();
      if (entry.message().getType() != FdType.INETSK || socket.getType() != Socket.SOCK_STREAM) {
        continue;
      }
      entry.check(numbers.add(socket.getIno()), "isk.ino", socket.getIno() + " is no own one");
      var found = ImageReader.find(directory, ImageKind.TCP_STREAM, socket.getIno());
      entry.check(
          found.isPresent()
              || socket.getState() != SocketEntries.CONNECTED
                  && socket.getState() != SocketEntries.ABANDONED,
          "isk.ino",
          ImageKind.TCP_STREAM.file(socket.getIno()) + " is missing");
      if (found.isPresent()) {
        ImageReader reader = found.get();
        Entry<TcpStreamEntry> stream = reader.next(TcpStreamEntry.parser());
        stream.check(stream.message().getOutqLen() == 0, "outq_len", "is not where it arrives");
        byte[] bytes = reader.extra(Integer.toUnsignedLong(stream.message().getInqLen()));
        arrived += bytes.length;
        stream.check(arrived <= MOST_ARRIVED, "inq_len", "is too much with all others together");
        streams.put(entry.message().getId(), bytes);
        stream.check(!reader.more(), "inq_len", "is followed by more");
      }
    }
    return streams;
  }
}
