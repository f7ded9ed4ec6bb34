package dev.vestibule.kernel.socket;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.poll.HostPoller;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What state is a socket of the host in, and what is on its way to it? Whatever has arrived is
 * taken to where the guest receives it from first, so it goes on as before if the machine does.
 */
final class InetFreeze {
  private static final int TCP_INFO = 11;
  private static final int TCP_QUICKACK = 12;
  private static final int IPPROTO_TCP = 6;
  private static final int ESTABLISHED = 1;
  private static final int SYN_SENT = 2;
  private static final int SYN_RECEIVED = 3;
  private static final int FIN_WAIT_1 = 4;
  private static final int FIN_WAIT_2 = 5;
  private static final int CLOSED = 7;
  private static final int LISTENING = 10;
  private static final int LARGEST = 1 << 17;
  private static final long PATIENCE = 5_000_000_000L;
  private static final long PAUSE = 200_000;

  private final InetSocket socket;
  private final HostInet host;
  private final Ahead ahead;

  private InetFreeze(InetSocket socket) {
    this.socket = socket;
    this.host = socket.host();
    this.ahead = socket.ahead();
  }

  /** Takes what has arrived, and tells the state. */
  static FileState state(InetSocket socket) {
    InetFreeze freeze = new InetFreeze(socket);
    return socket.type() == Socket.SOCK_STREAM ? freeze.stream() : freeze.datagrams();
  }

  private FileState datagrams() {
    boolean more = true;
    while (more) {
      more = takeOne();
    }
    return known(InetState.Phase.OPEN);
  }

  private FileState stream() {
    int tcp = tcpState();
    if (tcp == SYN_SENT || tcp == SYN_RECEIVED) {
      return unknown("a connection that is about to be made");
    }
    if (tcp == LISTENING) {
      socket.acceptAll();
      return known(InetState.Phase.LISTENING);
    }
    if (tcp == CLOSED) {
      ahead.fail(host.error());
      takeAll();
      boolean refused = ahead.error() == Errno.ECONNREFUSED;
      return known(socket.joined() && !refused ? InetState.Phase.ENDED : InetState.Phase.OPEN);
    }
    if ((HostPoller.poll(host.fd(), OpenFile.POLLPRI) & OpenFile.POLLPRI) != 0) {
      return unknown("a connection with urgent data");
    }
    return connected();
  }

  private FileState connected() {
    Endpoint name = socket.endpoint();
    Endpoint peer = socket.peerEndpoint();
    byte[] hostName = host.addressFrom(HostCalls.GETSOCKNAME);
    byte[] hostPeer = host.addressFrom(HostCalls.GETPEERNAME);
    if (hostName == null || hostPeer == null || peer == null) {
      return known(InetState.Phase.ENDED);
    }
    host.setOption(Socket.SOL_SOCKET, Socket.SO_REUSEADDR, InetThaw.number(1)); // see accept(2)'s
    HostConnections.End far = await(Endpoint.of(hostName), Endpoint.of(hostPeer));
    if (far != null && far.unsent() > 0) {
      return unknown(
          "a connection from %s to %s that does not come to rest"
              .formatted(name.text(), peer.text()));
    }
    int tcp = tcpState();
    if (tcp == CLOSED) {
      ahead.fail(host.error());
      return known(InetState.Phase.ENDED);
    }
    boolean open = tcp == ESTABLISHED || tcp == FIN_WAIT_1 || tcp == FIN_WAIT_2;
    boolean abandoned = !open && (far == null || !far.owned());
    return known(
        !abandoned
            ? InetState.Phase.CONNECTED
            : socket.writeShut() ? InetState.Phase.ENDED : InetState.Phase.ABANDONED);
  }

  /** Takes what arrives until the other end has nothing more to send. */
  private HostConnections.@Nullable End await(Endpoint name, Endpoint peer) {
    long deadline = System.nanoTime() + PATIENCE;
    while (true) {
      host.setOption(IPPROTO_TCP, TCP_QUICKACK, new byte[] {1, 0, 0, 0});
      HostConnections.End far = HostConnections.find(peer, name);
      boolean some = takeAll();
      if (!some && (far == null || far.unsent() == 0) || System.nanoTime() >= deadline) {
        return far;
      }
      if (!some) {
        LockSupport.parkNanos(PAUSE);
      }
    }
  }

  private boolean takeAll() {
    boolean some = false;
    while (takeOne()) {
      some = true;
    }
    return some;
  }

  /** Takes one datagram, or what there is of a stream; whether there was something. */
  private boolean takeOne() {
    boolean stream = socket.type() == Socket.SOCK_STREAM;
    long buffer = HostMemory.allocate(LARGEST);
    try (HostMessage message = new HostMessage(IoVector.host(buffer, LARGEST), 0, !stream)) {
      long length = message.receive(host.fd(), Socket.MSG_DONTWAIT);
      if (length < 0 && length != -Errno.EAGAIN && length != -Errno.ENOTCONN) {
        ahead.fail((int) -length);
        return length == -Errno.ECONNREFUSED && !stream; // it is told once
      }
      if (length < 0 || stream && length == 0) {
        return false;
      }
      byte[] bytes = new byte[(int) length];
      HostMemory.copyOut(buffer, bytes, 0, bytes.length);
      ahead.add(
          new InetState.Arrival(bytes, stream ? null : message.address(), message.controls()));
      return true;
    } finally {
      HostMemory.free(buffer);
    }
  }

  private int tcpState() {
    return host.option(IPPROTO_TCP, TCP_INFO, 8)[0];
  }

  private FileState known(InetState.Phase phase) {
    return new FileState.Inet(socket.saved(phase), socket.flags());
  }

  private FileState unknown(String what) {
    return new FileState.Unknown(what, socket.flags());
  }
}
