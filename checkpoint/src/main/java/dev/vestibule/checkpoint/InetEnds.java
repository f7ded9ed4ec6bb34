package dev.vestibule.checkpoint;

import dev.vestibule.kernel.socket.Endpoint;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which sockets of a tree are at the two ends of a connection? Each question is one look-up, so
 * that a tree with very many sockets, or images that say so, takes no more time than its size.
 *
 * @param <S> what a socket is known by
 */
final class InetEnds<S> {
  private record Connection(Endpoint name, Endpoint peer) {}

  private final Map<Connection, S> streams = new HashMap<>();
  private final Map<Endpoint, Integer> datagrams = new HashMap<>();
  private final Map<Integer, Integer> datagramsAnywhere = new HashMap<>();

  /**
   * Adds an end of a TCP connection.
   *
   * @return whether it is the first with these addresses
   */
  boolean addStream(Endpoint name, Endpoint peer, S socket) {
    return streams.putIfAbsent(new Connection(name, peer), socket) == null;
  }

  /** Adds a socket for datagrams. */
  void addDatagrams(Endpoint name) {
    if (name.anyAddress()) {
      datagramsAnywhere.merge(name.port(), 1, Integer::sum);
    } else {
      datagrams.merge(name, 1, Integer::sum);
    }
  }

  /** The other end of a TCP connection; null if there is none, or only the socket itself. */
  @Nullable S other(Endpoint name, Endpoint peer) {
    return name.equals(peer) ? null : streams.get(new Connection(peer, name));
  }

  /** Whether datagrams to a peer arrive at a socket that was added, other than the sender's own. */
  boolean arrive(Endpoint name, Endpoint peer) {
    int found =
        datagramsAnywhere.getOrDefault(peer.port(), 0)
            + (peer.anyAddress() ? 0 : datagrams.getOrDefault(peer, 0));
    boolean own = name.port() == peer.port() && (name.equals(peer) || name.anyAddress());
    return found > (own ? 1 : 0);
  }
}
