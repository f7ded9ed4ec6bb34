package dev.vestibule.observe.gdb;

import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.profile.AuxType;
import dev.vestibule.profile.KernelProfile;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How does gdb look into a machine? Serves one client at a time on the loopback interface or on a
 * Unix socket; the machine's first process waits for it before its first instruction.
 */
public final class GdbServer implements KernelListener, Closeable {
  private static final long PPC_FEATURE_HAS_ALTIVEC = 0x1000_0000;
  private static final long PPC_FEATURE_HAS_VSX = 0x80;
  private static final long FAREWELL_MILLIS = 5000;

  private final ServerSocketChannel listening;
  private final @Nullable Path socket;
  private volatile @Nullable Inferiors inferiors;
  private volatile @Nullable Wire wire;
  private @Nullable Thread thread;

  private GdbServer(ServerSocketChannel listening, @Nullable Path socket) {
    this.listening = listening;
    this.socket = socket;
  }

  /**
   * Begins to listen.
   *
   * @param where a TCP port, 0 for any that is free, or the path of a Unix socket to make
   * @throws IOException if it is taken, or no such thing
   */
  public static GdbServer listen(String where) throws IOException {
    boolean port = !where.isEmpty() && where.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!port) {
      Path path = Path.of(where);
      return new GdbServer(open(UnixDomainSocketAddress.of(path), true), path);
    }
    int number = where.length() > 5 ? 65536 : Integer.parseInt(where);
    if (number > 65535) {
      throw new IOException("no TCP port");
    }
    InetAddress loopback = InetAddress.getLoopbackAddress();
    return new GdbServer(open(new InetSocketAddress(loopback, number), false), null);
  }

  private static ServerSocketChannel open(SocketAddress address, boolean unix) throws IOException {
    ServerSocketChannel channel =
        ServerSocketChannel.open(unix ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET);
    try {
      if (!unix) {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      }
      return channel.bind(address, 1);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** The TCP port it listens on, or -1 for a Unix socket. */
  public int port() {
    try {
      return listening.getLocalAddress() instanceof InetSocketAddress tcp ? tcp.getPort() : -1;
    } catch (IOException closed) {
      return -1;
    }
  }

  /** Holds the machine's first task. */
  @Override
  public void taskStarted(Task task) {
    if (inferiors != null) {
      return;
    }
    Machine machine = task.machine();
    Inferiors held = new Inferiors(machine, this::wake);
    inferiors = held;
    held.hold(task);
    RegisterLayout registers = layout(machine);
    Thread serving =
        Thread.ofPlatform().daemon().name("gdb").unstarted(() -> serve(held, registers));
    thread = serving;
    serving.start();
  }

  private static RegisterLayout layout(Machine machine) {
    KernelProfile profile = machine.profile();
    long features = profile.auxv().values().getOrDefault(AuxType.AT_HWCAP, 0L);
    GuestAbi abi = machine.abi();
    return new RegisterLayout(
        abi, (features & PPC_FEATURE_HAS_ALTIVEC) != 0, (features & PPC_FEATURE_HAS_VSX) != 0);
  }

  private void wake() {
    Wire current = wire;
    if (current != null) {
      current.wake();
    }
  }

  private void serve(Inferiors held, RegisterLayout registers) {
    try {
      while (true) {
        SocketChannel client = listening.accept();
        if (!(client.getRemoteAddress() instanceof UnixDomainSocketAddress)) {
          client.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        try (Wire current = new Wire(client)) {
          wire = current;
          Thread reader = Thread.ofPlatform().daemon().name("gdb-reader").start(current::read);
          new Session(current, held, registers).serve();
          reader.interrupt();
        } catch (RuntimeException mistake) {
          held.machine()
              .settings()
              .diagnostics()
              .println("vestibule: gdb: internal error, the client is left: " + mistake);
        } finally {
          wire = null;
        }
      }
    } catch (IOException closed) {
      held.detach(-1); // nobody will come any longer
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The machine has ended: waits until the client has heard of it and gone, then stops listening.
   */
  @Override
  public void close() throws IOException {
    Thread serving = thread;
    Wire current = wire;
    if (serving != null && current != null) {
      try {
        current.awaitEnd(FAREWELL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    listening.close();
    if (current != null) {
      current.close();
    }
    if (socket != null) {
      Files.deleteIfExists(socket);
    }
  }
}
