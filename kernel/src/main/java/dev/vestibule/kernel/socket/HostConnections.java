package dev.vestibule.kernel.socket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What does the host's kernel know of the other end of a connection? See proc_pid_net(5). */
final class HostConnections {
  private static final List<Path> TABLES =
      List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

  private HostConnections() {}

  /**
   * One end of a connection.
   *
   * @param unsent bytes that the other one does not have yet, as far as is known
   * @param owned whether somebody has it open
   */
  record End(long unsent, boolean owned) {}

  /** The end that has a name and a peer; null if there is none. */
  static @Nullable End find(Endpoint name, Endpoint peer) {
    for (Path table : TABLES) {
      try {
        for (String line : Files.readAllLines(table, StandardCharsets.ISO_8859_1)) {
          String[] fields = line.strip().split("\\s+");
          int inode = 9;
          if (fields.length > inode
              && name.equals(endpoint(fields[1]))
              && peer.equals(endpoint(fields[2]))) {
            long unsent = Long.parseLong(fields[4], 0, fields[4].indexOf(':'), 16);
            return new End(unsent, !fields[inode].equals("0"));
          }
        }
      } catch (IOException | IndexOutOfBoundsException | NumberFormatException unknown) {
        continue; // a host without this family
      }
    }
    return null;
  }

  private static Endpoint endpoint(String text) {
    int colon = text.indexOf(':');
    if (colon != 8 && colon != 32) {
      return Endpoint.NONE;
    }
    ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
    for (int i = 0; i < colon; i += 8) {
      bytes.putInt(Integer.parseUnsignedInt(text, i, i + 8, 16));
    }
    bytes.order(ByteOrder.BIG_ENDIAN).flip();
    int port = Integer.parseInt(text, colon + 1, text.length(), 16);
    return colon == 8
        ? Endpoint.ofInt(bytes.getInt(0), port)
        : new Endpoint(bytes.getLong(0), bytes.getLong(8), port);
  }
}
