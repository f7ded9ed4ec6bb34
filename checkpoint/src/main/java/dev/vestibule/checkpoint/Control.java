package dev.vestibule.checkpoint;

import dev.vestibule.inspect.EditedVdso;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How does somebody outside ask a running machine for something? By a socket in a directory that
 * only its owner may enter, one for each JVM, named by its process id. A request is a few lines;
 * the answer is {@code ok}, {@code none} where the machine has no such process, or a reason.
 */
public final class Control implements AutoCloseable {
  /** A machine listens from then on: short runs pay nothing. */
  private static final long DELAY = 250_000_000;

  /**
   * After this time a machine gets ready for a freeze, which then begins 150 ms of processor time
   * sooner: so long takes {@link Preparation}. Done while somebody waits it would delay the freeze,
   * done at once it would delay the guest, and in the AOT cache of {@code run} every start would
   * link what few runs need. A thread that is parked until then, and ended with the JVM, costs
   * neither.
   */
  private static final long SETTLED = 3_000_000_000L;

  /** How long a client looks for a machine that may just have started, in milliseconds. */
  private static final long PATIENCE = 2000;

  /** The same where there is a JVM of that number that does not listen yet: the host is busy. */
  private static final long MOST_PATIENCE = 30_000;

  private static final int LONGEST = 1 << 16;
  private static final String OK = "ok";
  private static final String NONE = "none";

  private final Machine machine;
  private final Thread thread;

  /** Held until an answer is out: what was frozen may be killed, and the machine end, before. */
  private final Object answering = new Object();

  private volatile boolean closed;
  private @Nullable ServerSocketChannel server;

  private Control(Machine machine) {
    this.machine = machine;
    this.thread = Thread.ofPlatform().daemon().name("control").unstarted(this::run);
  }

  /** Begins to listen; where that cannot be, nobody can ask, and all else is as usual. */
  public static Control serve(Machine machine) {
    Control control = new Control(machine);
    control.thread.start();
    return control;
  }

  private static Path directory() {
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    int user = Machine.hostCredentials().uid();
    return runtime != null && runtime.startsWith("/")
        ? Path.of(runtime, "vestibule")
        : Path.of("/tmp", "vestibule-" + user);
  }

  /** Makes sure that the directory is ours alone. */
  private static void makeOwn(Path directory) throws IOException {
    Set<PosixFilePermission> owner = PosixFilePermissions.fromString("rwx------");
    if (Files.notExists(directory, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(owner));
    }
    checkOwn(directory);
  }

  private static void checkOwn(Path directory) throws IOException {
    Map<String, Object> found =
        Files.readAttributes(directory, "unix:uid,mode,isDirectory", LinkOption.NOFOLLOW_LINKS);
    boolean mine = Objects.equals(found.get("uid"), Machine.hostCredentials().uid());
    int others = 077;
    if (!mine
        || !Objects.equals(found.get("isDirectory"), true)
        || !(found.get("mode") instanceof Integer mode)
        || (mode & others) != 0) {
      throw new IOException(directory + ": is not a directory of this user alone");
    }
  }

  // ---- the machine's side
  // -------------------------------------------------------------------------

  private void run() {
    LockSupport.parkNanos(DELAY);
    Path socket = directory().resolve(Long.toString(ProcessHandle.current().pid()));
    try (ServerSocketChannel channel = open(socket)) {
      Thread.ofPlatform().daemon().name("prepare").start(this::prepare);
      while (!closed && channel != null) {
        try (SocketChannel client = channel.accept()) {
          String request = read(client);
          synchronized (answering) {
            String answer = answer(request);
            client.write(ByteBuffer.wrap((answer + "\n").getBytes(StandardCharsets.UTF_8)));
          }
        } catch (IOException gone) {
          // A client that went away, or the end of the machine: the loop knows.
        }
      }
    } catch (IOException e) {
      // Nobody can ask then; a client that tries will say that it found no machine.
    } finally {
      delete(socket);
    }
  }

  private void prepare() {
    LockSupport.parkNanos(SETTLED);
    if (!closed) {
      Preparation.prepare();
    }
  }

  private @Nullable ServerSocketChannel open(Path socket) throws IOException {
    if (closed) {
      return null;
    }
    makeOwn(directory());
    Files.deleteIfExists(socket);
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(UnixDomainSocketAddress.of(socket));
    synchronized (this) {
      server = channel;
    }
    return channel;
  }

  private static void delete(Path socket) {
    try {
      Files.deleteIfExists(socket);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String answer(String request) {
    List<String> lines = request.lines().toList();
    if (lines.size() != 7 || !lines.getFirst().equals("checkpoint")) {
      return "not a request of this version";
    }
    try {
      int pid = Integer.parseInt(lines.get(1));
      if (machine.process(pid) == null) {
        return NONE;
      }
      FreezeRequest wanted =
          new FreezeRequest(
              Path.of(lines.get(6)),
              FreezeRequest.Then.valueOf(lines.get(2)),
              EditedVdso.valueOf(lines.get(3)),
              lines.get(5).isEmpty() ? null : Path.of(lines.get(5)),
              Boolean.parseBoolean(lines.get(4)));
      Freeze.freeze(machine, pid, wanted);
      return OK;
    } catch (FreezeRefusal refusal) {
      return refusal.getMessage();
    } catch (RuntimeException e) {
      return "internal error: " + e;
    }
  }

  private static String read(SocketChannel from) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(4096);
    while (from.read(buffer) >= 0 && all.size() < LONGEST) {
      all.write(buffer.array(), 0, buffer.position());
      buffer.clear();
      byte[] bytes = all.toByteArray();
      if (bytes.length > 0 && bytes[bytes.length - 1] == 0) {
        break;
      }
    }
    return all.toString(StandardCharsets.UTF_8).replace("\0", "");
  }

  /**
   * Freezes as if somebody outside had asked: the machine does not end before it is done.
   *
   * @throws FreezeRefusal with the reason; the tree goes on then
   */
  public void freeze(int pid, FreezeRequest request) throws FreezeRefusal {
    synchronized (answering) {
      Freeze.freeze(machine, pid, request);
    }
  }

  /** Ends listening. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    synchronized (answering) {
      stopListening();
    }
  }

  private void stopListening() {
    synchronized (this) {
      if (server != null) {
        try {
          server.close();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    delete(directory().resolve(Long.toString(ProcessHandle.current().pid())));
  }

  // ---- the client's side
  // --------------------------------------------------------------------------

  /**
   * Has the machine that has a process freeze its tree.
   *
   * @param pid as its guest knows it
   * @throws FreezeRefusal with the reason
   */
  public static void checkpoint(int pid, FreezeRequest wanted) throws FreezeRefusal {
    String to = wanted.directory().toAbsolutePath().normalize().toString();
    String previous = wanted.previous() == null ? "" : wanted.previous().toString();
    if ((to + previous).contains("\n") || (to + previous).contains("\0")) {
      throw new FreezeRefusal("a directory whose name has several lines");
    }
    String request =
        "checkpoint\n%d\n%s\n%s\n%s\n%s\n%s\n\0"
            .formatted(pid, wanted.then(), wanted.edited(), wanted.track(), previous, to);
    long begun = System.nanoTime();
    Set<Path> deserted = null;
    while (true) {
      Set<Path> refusing = new HashSet<>();
      String answer = askAll(request, refusing);
      if (answer.equals(OK)) {
        return;
      }
      if (!answer.equals(NONE)) {
        throw new FreezeRefusal(answer);
      }
      if (deserted == null) {
        deserted = refusing;
      }
      deserted.retainAll(refusing);
      long waited = (System.nanoTime() - begun) / 1_000_000;
      if (waited >= MOST_PATIENCE || waited >= PATIENCE && !starts(pid)) {
        throw new FreezeRefusal(nobody(pid, deserted));
      }
      LockSupport.parkNanos(20_000_000);
    }
  }

  /** Whether a JVM may have a machine that will listen soon. */
  private static boolean starts(int pid) throws FreezeRefusal {
    return Files.notExists(directory().resolve(Integer.toString(pid)))
        && ProcessHandle.of(pid)
            .flatMap(process -> process.info().command())
            .filter(command -> command.endsWith("/java"))
            .isPresent();
  }

  /**
   * Why nobody has a process; what killed machines have left is removed.
   *
   * @param deserted sockets at which nobody has listened all the time
   */
  private static String nobody(int pid, Set<Path> deserted) {
    boolean killed = false;
    for (Path socket : deserted) {
      String name = socket.getFileName().toString();
      killed |= name.equals(Integer.toString(pid));
      // A machine's socket comes a while after its process: none can have come since.
      if (name.matches("[0-9]{1,10}") && ProcessHandle.of(Long.parseLong(name)).isEmpty()) {
        delete(socket);
      }
    }
    return killed
        ? "the machine of process %d is gone: it was killed".formatted(pid)
        : "no running machine of this user has a process " + pid;
  }

  /**
   * The first answer that is not {@link #NONE}.
   *
   * @param refusing receives the sockets at which nobody listens
   */
  private static String askAll(String request, Set<Path> refusing) throws FreezeRefusal {
    Path directory = directory();
    if (Files.notExists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return NONE;
    }
    try {
      checkOwn(directory);
      List<Path> sockets;
      try (Stream<Path> entries = Files.list(directory)) {
        sockets = entries.toList();
      }
      for (Path socket : sockets) {
        String answer = ask(socket, request, refusing);
        if (!answer.equals(NONE)) {
          return answer;
        }
      }
      return NONE;
    } catch (IOException e) {
      throw new FreezeRefusal(directory + ": " + e.getMessage());
    }
  }

  private static String ask(Path socket, String request, Set<Path> refusing) {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      ByteBuffer bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      String answer = read(channel).strip();
      return answer.isEmpty() ? "the machine ended before it answered" : answer;
    } catch (ConnectException deserted) {
      if (isSocket(socket)) {
        refusing.add(socket);
      }
      return NONE;
    } catch (IOException nobody) {
      return NONE; // of a machine that has ended, or is about to
    }
  }

  private static boolean isSocket(Path path) {
    int type = 0170000;
    int socket = 0140000;
    try {
      Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      return mode instanceof Integer is && (is & type) == socket;
    } catch (IOException gone) {
      return false;
    }
  }
}
