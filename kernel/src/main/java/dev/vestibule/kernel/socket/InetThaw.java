package dev.vestibule.kernel.socket;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.poll.HostPoller;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * How does a task have its TCP and UDP sockets again? Those that others find by their port are
 * bound to it once more. Both ends of a connection are made anew, at ports that the host chooses,
 * and the guest is shown those it knows.
 */
public final class InetThaw {
  /** How long the host may take for what it is about to do, in milliseconds. */
  private static final int PATIENCE = 2000;

  /** How long the frozen machine may take to end, in nanoseconds. */
  private static final long CLOSING = 3_000_000_000L;

  private static final long PAUSE = 5_000_000;
  private static final int SO_LINGER = 13;
  private static final int SHUT_READ = 0;
  private static final int SHUT_WRITE = 1;

  private InetThaw() {}

  /**
   * Makes any socket but one end of a living connection.
   *
   * @throws FreezeRefusal if an address cannot be had
   */
  public static InetSocket open(Task task, FileState.Inet file) throws FreezeRefusal {
    InetState state = file.socket();
    return switch (state.phase()) {
      case OPEN, LISTENING -> openAlone(task, file);
      case ABANDONED, ENDED -> openRest(task, file);
      case CONNECTED -> throw new IllegalArgumentException(state.name().text());
    };
  }

  private static InetSocket openAlone(Task task, FileState.Inet file) throws FreezeRefusal {
    InetState state = file.socket();
    InetSocket socket = make(task, file);
    String what = "address " + state.name().text();
    try {
      setOptions(socket, state);
      if (state.name().port() != 0) {
        name(task, socket, state);
      }
      Endpoint peer = state.peer();
      if (peer != null) {
        what = "a connection to " + peer.text();
        done(socket.connect(task, peer.address(state.family())));
      }
      shut(socket, state);
      return socket;
    } catch (Failure failure) {
      socket.release();
      throw new FreezeRefusal(what + " cannot be had: " + Errno.message(failure.errno()));
    }
  }

  /** Gives a socket its port; what is left of old connections does not stand in the way. */
  private static void name(Task task, InetSocket socket, InetState state) {
    HostInet host = socket.host();
    boolean stream = state.type() == Socket.SOCK_STREAM;
    byte[] own = host.option(Socket.SOL_SOCKET, Socket.SO_REUSEADDR, 4);
    if (stream) {
      done(host.setOption(Socket.SOL_SOCKET, Socket.SO_REUSEADDR, number(1)));
    }
    done(bind(task, socket, state.name().address(state.family())));
    if (state.phase() == InetState.Phase.LISTENING) {
      done(socket.listen(task, state.backlog()));
    }
    if (stream) {
      done(host.setOption(Socket.SOL_SOCKET, Socket.SO_REUSEADDR, own));
    }
  }

  /**
   * Binds a socket; the machine that was frozen may be about to close the one that has its port.
   */
  private static long bind(Task task, InetSocket socket, byte[] address) {
    long deadline = System.nanoTime() + CLOSING;
    long result = socket.bind(task, address);
    while (result == -Errno.EADDRINUSE && System.nanoTime() < deadline) {
      LockSupport.parkNanos(PAUSE);
      result = socket.bind(task, address);
    }
    return result;
  }

  /** Makes what is left of a connection whose other end is closed. */
  private static InetSocket openRest(Task task, FileState.Inet file) throws FreezeRefusal {
    InetState state = file.socket();
    boolean anywhere = task.machine().reachesNetwork();
    try {
      HostInet[] ends = ends(state.family(), state.family(), anywhere);
      InetSocket socket = InetSocket.restored(state, ends[0], file.flags(), anywhere);
      setOptions(socket, state);
      socket.show(state);
      shut(socket, state);
      if (state.phase() == InetState.Phase.ENDED) {
        int[] abort = {1, 0};
        ByteBuffer linger = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
        linger.asIntBuffer().put(abort);
        ends[1].setOption(Socket.SOL_SOCKET, SO_LINGER, linger.array());
        ends[1].close();
        HostPoller.await(ends[0].fd(), InetSocket.POLLHUP, PATIENCE);
        ends[0].error(); // the guest is told what it had yet to be told, not of this
      } else {
        ends[1].close();
        HostPoller.await(ends[0].fd(), InetSocket.POLLRDHUP, PATIENCE);
      }
      return socket;
    } catch (Failure failure) {
      throw unmade(state, failure);
    }
  }

  /**
   * Makes a connection of which both ends were frozen.
   *
   * @return the ends in the same order
   */
  public static InetSocket[] connection(Task task, FileState.Inet one, FileState.Inet other)
      throws FreezeRefusal {
    boolean anywhere = task.machine().reachesNetwork();
    try {
      HostInet[] hosts = ends(one.socket().family(), other.socket().family(), anywhere);
      InetSocket[] sockets = new InetSocket[2];
      for (int i = 0; i < 2; i++) {
        FileState.Inet file = i == 0 ? one : other;
        sockets[i] = InetSocket.restored(file.socket(), hosts[i], file.flags(), anywhere);
        setOptions(sockets[i], file.socket());
        sockets[i].show(file.socket());
      }
      shut(sockets[0], one.socket());
      shut(sockets[1], other.socket());
      return sockets;
    } catch (Failure failure) {
      throw unmade(one.socket(), failure);
    }
  }

  private static FreezeRefusal unmade(InetState state, Failure failure) {
    return new FreezeRefusal(
        "a connection of %s cannot be had: %s"
            .formatted(state.name().text(), Errno.message(failure.errno())));
  }

  private static InetSocket make(Task task, FileState.Inet file) throws FreezeRefusal {
    InetState state = file.socket();
    boolean anywhere = task.machine().reachesNetwork();
    try {
      HostInet host = HostInet.open(state.family(), state.type(), state.protocol(), anywhere);
      return InetSocket.restored(state, host, file.flags(), anywhere);
    } catch (Failure failure) {
      throw unmade(state, failure);
    }
  }

  /** What cannot be set on a connection any more was of use only before there was one. */
  private static void setOptions(InetSocket socket, InetState state) {
    for (InetState.Option option : state.options()) {
      long result = socket.setAgain(option);
      if (state.phase() == InetState.Phase.OPEN || state.phase() == InetState.Phase.LISTENING) {
        done(result);
      }
    }
  }

  private static void shut(InetSocket socket, InetState state) {
    if (state.readShut()) {
      socket.shut(SHUT_READ);
    }
    if (state.writeShut()) {
      socket.shut(SHUT_WRITE);
    }
  }

  private static void done(long result) {
    if (result < 0) {
      throw new Failure((int) -result);
    }
  }

  /** An int as an option's value. */
  static byte[] number(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array();
  }

  /** Two sockets of the host, connected over its loopback interface. */
  private static HostInet[] ends(int one, int other, boolean anywhere) {
    boolean swap = one == Socket.AF_INET6 && other == Socket.AF_INET;
    int connecting = swap ? other : one;
    int accepting = swap ? one : other;
    boolean mapped = connecting != accepting;
    HostInet listener = HostInet.open(accepting, Socket.SOCK_STREAM, 0, anywhere);
    HostInet client = null;
    try {
      client = HostInet.open(connecting, Socket.SOCK_STREAM, 0, anywhere);
      boolean four = accepting == Socket.AF_INET || mapped;
      Endpoint any = four ? Endpoint.ofInt(0x7f00_0001, 0) : new Endpoint(0, 1, 0);
      done(listener.withAddress(HostCalls.BIND, any.address(accepting)));
      done(Libc.syscall(HostCalls.LISTEN, listener.fd(), 1));
      byte[] name = Objects.requireNonNull(listener.addressFrom(HostCalls.GETSOCKNAME));
      long begun = client.withAddress(HostCalls.CONNECT, Endpoint.of(name).address(connecting));
      if (begun != -Errno.EINPROGRESS) {
        done(begun);
      }
      HostInet server = accept(listener, client);
      return swap ? new HostInet[] {server, client} : new HostInet[] {client, server};
    } catch (Failure failure) {
      close(client);
      throw failure;
    } finally {
      listener.close();
    }
  }

  private static void close(@Nullable HostInet socket) {
    if (socket != null) {
      socket.close();
    }
  }

  /** Accepts the client's connection; anybody else who found the port is turned away. */
  private static HostInet accept(HostInet listener, HostInet client) {
    while (true) {
      HostPoller.await(listener.fd(), InetSocket.POLLIN, PATIENCE);
      long accepted = listener.accept();
      done(accepted);
      HostInet server = new HostInet((int) accepted);
      byte[] peer = server.addressFrom(HostCalls.GETPEERNAME);
      byte[] own = client.addressFrom(HostCalls.GETSOCKNAME);
      if (peer != null && own != null && Endpoint.of(peer).equals(Endpoint.of(own))) {
        return server;
      }
      server.close();
    }
  }
}
