package dev.vestibule.kernel.socket;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What must be known of a TCP or UDP socket to have it again elsewhere?
 *
 * @param backlog of one that listens
 * @param name its own end, as the guest knows it
 * @param peer the other end, null if there is none
 * @param error what SO_ERROR has yet to tell
 * @param options what the guest has set, the first one first
 * @param pending connections that nobody has accepted, the first one first
 * @param queue what nobody has received, the first one first
 */
public record InetState(
    int family,
    int type,
    int protocol,
    Phase phase,
    int backlog,
    Endpoint name,
    @Nullable Endpoint peer,
    boolean readShut,
    boolean writeShut,
    int error,
    long receiveTimeout,
    long sendTimeout,
    List<Option> options,
    List<InetSocket> pending,
    List<Arrival> queue) {

  /** How far a socket has come. */
  public enum Phase {
    /** It may be bound, and of datagrams, connected. */
    OPEN,
    LISTENING,
    CONNECTED,
    /** The other end is closed, this one may still read and write. */
    ABANDONED,
    /** Its connection has ended in both directions. */
    ENDED
  }

  /**
   * A value that was set.
   *
   * @param value as the host lays it out
   */
  public record Option(int level, int option, byte[] value) {}

  /**
   * Bytes that have arrived: a datagram, or part of a stream.
   *
   * @param from the address they came from as the host lays it out, null for a stream's
   */
  public record Arrival(byte[] bytes, byte @Nullable [] from, List<Message.Control> controls) {}
}
