package dev.vestibule.kernel.socket;

import dev.vestibule.kernel.file.OpenFile;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What must be known of a unix(7) socket to have it again elsewhere?
 *
 * @param backlog -1 unless it listens
 * @param connected whether it was connected to somebody, who may have gone since
 * @param reset whether the next transfer learns that the other one left data unread
 * @param peerName of whom it was connected to
 * @param self what others are told of its maker
 * @param links the sockets and files it holds on to
 */
public record UnixState(
    int type,
    Name name,
    int backlog,
    boolean connected,
    boolean readShut,
    boolean writeShut,
    boolean reset,
    boolean passCredentials,
    long receiveTimeout,
    long sendTimeout,
    String peerName,
    Message.Sender self,
    Message.Sender peerSelf,
    Links links) {

  /**
   * A socket's name.
   *
   * @param text as getsockname(2) tells, empty if it has no name
   * @param binding whether the name leads to it
   * @param path of its node inside the guest's root, empty if it has none
   * @param mode permissions of the node
   */
  public record Name(String text, Binding binding, String path, int mode) {}

  /** How a socket has its name. */
  public enum Binding {
    /** It has none, or that of the socket that accepted its connection. */
    NONE,
    ABSTRACT,
    NODE,
    /** It was bound to a node that has lost the name since. */
    LOST
  }

  /**
   * What a socket holds on to.
   *
   * @param peer null if there is none, or it is closed
   * @param pending connections that nobody has accepted, the first one first
   * @param queue what nobody has received, the first one first
   */
  public record Links(@Nullable UnixSocket peer, List<UnixSocket> pending, List<Sent> queue) {
    /** Of a socket that has nothing to do with others. */
    public static final Links NONE = new Links(null, List.of(), List.of());
  }

  /**
   * Bytes on their way.
   *
   * @param from name of the socket they were sent from
   * @param files descriptions in flight with them
   */
  public record Sent(byte[] bytes, String from, Message.Sender sender, List<OpenFile> files) {}
}
