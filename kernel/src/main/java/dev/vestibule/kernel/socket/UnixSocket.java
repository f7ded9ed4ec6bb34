package dev.vestibule.kernel.socket;

import dev.vestibule.kernel.Credentials;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.Ioctls;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.pipe.PipeEnd;
import dev.vestibule.kernel.wait.Blocking;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A socket between processes of the machine: unix(7). Streams, datagrams and sequenced packets
 * differ in how much of a message one receive takes and in what connects.
 */
public final class UnixSocket extends Socket {
  /** Guards the state of all sockets of this family: two of them change together. */
  private static final Object LOCK = new Object();

  /** Bytes that wait for a receiver at most: SO_RCVBUF. */
  public static final int BUFFER = 212_992;

  /** Connections that wait for accept(2) at most: SOMAXCONN. */
  public static final int MOST_PENDING = 4096;

  private static final int MOST_DATAGRAMS = 512;

  private final ArrayDeque<Packet> queue = new ArrayDeque<>();
  private final ArrayDeque<UnixSocket> pending = new ArrayDeque<>();
  private int queued;
  private int backlog = -1;
  private @Nullable UnixSocket peer;
  private boolean connected;
  private boolean readShut;
  private boolean writeShut;
  private boolean closed;
  private boolean reset;
  private boolean passCredentials;
  private String name = "";
  private @Nullable String peerText;
  private UnixNames.@Nullable Bound bound;
  private Message.Sender self = new Message.Sender(0, -1, -1);
  private Message.Sender peerSelf = new Message.Sender(0, -1, -1);

  public UnixSocket(Task maker, int type, int flags) {
    super(AF_UNIX, type, 0, flags);
    self = senderOf(maker);
  }

  /** Bytes on their way, with what travels beside them. */
  private static final class Packet {
    private final byte[] bytes;
    private final String from;
    private final Message.Sender sender;
    private List<OpenFile> files;
    private int taken;

    Packet(byte[] bytes, String from, Message.Sender sender, List<OpenFile> files) {
      this.bytes = bytes;
      this.from = from;
      this.sender = sender;
      this.files = files;
    }

    int left() {
      return bytes.length - taken;
    }
  }

  private static Message.Sender senderOf(Task task) {
    Credentials c = task.credentials();
    return new Message.Sender(task.process().pid(), c.euid(), c.egid());
  }

  /** Two sockets connected to each other. */
  public static UnixSocket[] pair(Task task, int type, int flags) {
    UnixSocket a = new UnixSocket(task, type, flags);
    UnixSocket b = new UnixSocket(task, type, flags);
    synchronized (LOCK) {
      join(a, b);
    }
    return new UnixSocket[] {a, b};
  }

  private static void join(UnixSocket a, UnixSocket b) {
    a.peer = b;
    b.peer = a;
    a.connected = true;
    b.connected = true;
    a.peerSelf = b.self;
    b.peerSelf = a.self;
  }

  private boolean stream() {
    return type() == SOCK_STREAM;
  }

  private boolean datagrams() {
    return type() == SOCK_DGRAM;
  }

  // ---- names and connections

  void bound(UnixNames.Bound to, String text) {
    synchronized (LOCK) {
      bound = to;
      name = text;
    }
  }

  @Override
  public long bind(Task task, byte[] address) {
    synchronized (LOCK) {
      if (bound != null) {
        return -Errno.EINVAL;
      }
    }
    String text = UnixNames.text(address);
    if (text.isEmpty()) {
      UnixNames.bindAnywhere(task, this);
      return 0;
    }
    if (text.length() > 108) {
      return -Errno.EINVAL;
    }
    int end = text.indexOf('\0', 1);
    String kept = text.startsWith("\0") ? text : (end < 0 ? text : text.substring(0, end)) + "\0";
    bound(UnixNames.bind(task, this, text), kept);
    return 0;
  }

  @Override
  public long connect(Task task, byte[] address) {
    if (datagrams()) {
      return connectDatagrams(task, address);
    }
    String text = UnixNames.text(address);
    synchronized (LOCK) {
      if (backlog >= 0) {
        return -Errno.EINVAL;
      }
      if (connected) {
        return -Errno.EISCONN;
      }
    }
    UnixSocket listener = UnixNames.find(task, text);
    if (listener.type() != type()) {
      return -Errno.EPROTOTYPE;
    }
    self = senderOf(task);
    UnixSocket served = new UnixSocket(task, type(), 0);
    long result =
        Blocking.repeat(task, listener.waiters(), nonBlocking(), () -> offer(listener, served));
    if (result == 0) {
      listener.waiters().wake();
      waiters().wake();
    }
    return result;
  }

  private long offer(UnixSocket listener, UnixSocket served) {
    synchronized (LOCK) {
      if (listener.backlog < 0 || listener.closed) {
        return -Errno.ECONNREFUSED;
      }
      if (listener.pending.size() > listener.backlog) {
        return -Errno.EAGAIN;
      }
      served.self = listener.self;
      served.name = listener.name;
      served.passCredentials = listener.passCredentials;
      join(this, served);
      peerText = listener.name;
      served.peerText = name;
      listener.pending.add(served);
      return 0;
    }
  }

  private long connectDatagrams(Task task, byte[] address) {
    int family = address.length < 2 ? AF_UNSPEC : address[0] | address[1] << 8;
    UnixSocket other = family == AF_UNSPEC ? null : UnixNames.find(task, UnixNames.text(address));
    if (other != null && other.type() != type()) {
      return -Errno.EPROTOTYPE;
    }
    synchronized (LOCK) {
      peer = other;
      connected = other != null;
      peerText = other == null ? null : other.name;
    }
    waiters().wake();
    return 0;
  }

  @Override
  public long listen(Task task, int wanted) {
    if (datagrams()) {
      return -Errno.EOPNOTSUPP;
    }
    synchronized (LOCK) {
      if (bound == null || connected) {
        return -Errno.EINVAL;
      }
      backlog = wanted < 0 || wanted > MOST_PENDING ? MOST_PENDING : wanted;
      self = senderOf(task);
    }
    waiters().wake();
    return 0;
  }

  @Override
  public Socket accept(Task task, int flags) {
    if (datagrams()) {
      throw new Failure(Errno.EOPNOTSUPP);
    }
    UnixSocket[] taken = new UnixSocket[1];
    long result =
        repeat(
            task,
            true,
            0,
            () -> {
              synchronized (LOCK) {
                if (backlog < 0 || readShut) {
                  return -Errno.EINVAL;
                }
                UnixSocket next = pending.poll();
                if (next != null) {
                  taken[0] = next;
                }
                return next == null ? -Errno.EAGAIN : 0;
              }
            });
    if (result < 0) {
      throw new Failure((int) -result);
    }
    waiters().wake(POLLOUT);
    taken[0].setFlags(flags | O_RDWR);
    return taken[0];
  }

  @Override
  public byte[] name() {
    synchronized (LOCK) {
      return UnixNames.address(name);
    }
  }

  @Override
  public byte @Nullable [] peerName() {
    synchronized (LOCK) {
      String text = peerText;
      return connected ? UnixNames.address(text == null ? "" : text) : null;
    }
  }

  // ---- sending

  @Override
  public long send(Task task, Message message, int flags) {
    byte[] address = message.address();
    UnixSocket target = null;
    if (address != null && datagrams()) {
      target = UnixNames.find(task, UnixNames.text(address));
    } else if (address != null && stream()) {
      synchronized (LOCK) {
        return connected ? -Errno.EISCONN : -Errno.EOPNOTSUPP;
      }
    }
    return stream() ? sendStream(task, message, flags) : sendWhole(task, message, flags, target);
  }

  private Message.Sender credentials(Task task, Message message) {
    Message.Sender given = message.sender();
    return given != null ? given : senderOf(task);
  }

  private long sendStream(Task task, Message message, int flags) {
    IoVector data = message.data();
    int[] done = new int[1];
    Message.Sender sender = credentials(task, message);
    while (true) {
      long result =
          repeat(task, false, flags, () -> append(message, sender, done[0], data.total()));
      if (result < 0) {
        if (result == -Errno.EPIPE && (flags & MSG_NOSIGNAL) == 0) {
          PipeEnd.brokenPipe(task);
        }
        return done[0] > 0 ? done[0] : result;
      }
      done[0] += (int) result;
      if (done[0] >= data.total()) {
        return done[0];
      }
    }
  }

  private long append(Message message, Message.Sender sender, int from, int total) {
    UnixSocket to;
    int length;
    synchronized (LOCK) {
      to = peer;
      if (!connected && !closedPeer()) {
        return -Errno.ENOTCONN;
      }
      if (writeShut || to == null || to.closed || to.readShut) {
        return -Errno.EPIPE;
      }
      int room = BUFFER - to.queued;
      if (room <= 0) {
        return -Errno.EAGAIN;
      }
      length = Math.min(room, total - from);
      byte[] bytes = new byte[length];
      message.data().get(from, bytes, 0, length);
      List<OpenFile> files = from == 0 ? message.files() : List.of();
      if (from == 0) {
        message.setFiles(List.of());
      }
      if (length > 0 || !files.isEmpty()) {
        to.queue.add(new Packet(bytes, name, sender, files));
        to.queued += length;
      }
    }
    to.waiters().wake(POLLIN);
    return length;
  }

  private boolean closedPeer() {
    return connected && peer == null;
  }

  private long sendWhole(Task task, Message message, int flags, @Nullable UnixSocket target) {
    int total = message.data().total();
    if (total > BUFFER) {
      return -Errno.EMSGSIZE;
    }
    byte[] bytes = new byte[total];
    message.data().get(0, bytes, 0, total);
    Message.Sender sender = credentials(task, message);
    if (datagrams()) {
      UnixSocket to = target != null ? target : connectedTo();
      if (to == null) {
        return -Errno.ENOTCONN;
      }
      boolean atOnce = nonBlocking() || (flags & MSG_DONTWAIT) != 0;
      return Blocking.repeat(task, to.waiters(), atOnce, () -> deliver(to, message, bytes, sender));
    }
    long result =
        repeat(
            task,
            false,
            flags,
            () -> {
              UnixSocket to = connectedTo();
              if (to == null) {
                synchronized (LOCK) {
                  if (reset) {
                    reset = false;
                    return -Errno.ECONNRESET;
                  }
                  return connected ? -Errno.EPIPE : -Errno.ENOTCONN;
                }
              }
              return deliver(to, message, bytes, sender);
            });
    if (result == -Errno.EPIPE && (flags & MSG_NOSIGNAL) == 0) {
      PipeEnd.brokenPipe(task);
    }
    return result;
  }

  private @Nullable UnixSocket connectedTo() {
    synchronized (LOCK) {
      return peer;
    }
  }

  private long deliver(UnixSocket to, Message message, byte[] bytes, Message.Sender sender) {
    synchronized (LOCK) {
      if (reset && !datagrams()) {
        reset = false;
        return -Errno.ECONNRESET;
      }
      if (writeShut) {
        return -Errno.EPIPE;
      }
      if (to.closed && datagrams()) {
        if (peer == to) {
          peer = null;
          connected = false;
          queue.forEach(packet -> packet.files.forEach(OpenFile::release));
          queue.clear();
          queued = 0;
        }
        return -Errno.ECONNREFUSED;
      }
      if (to.closed || to.readShut) {
        return -Errno.EPIPE;
      }
      if (datagrams() && to.peer != null && to.peer != this) {
        return -Errno.EPERM;
      }
      if (to.queued + bytes.length > BUFFER || to.queue.size() >= MOST_DATAGRAMS) {
        return -Errno.EAGAIN;
      }
      to.queue.add(new Packet(bytes, name, sender, message.files()));
      message.setFiles(List.of());
      to.queued += bytes.length;
    }
    to.waiters().wake(POLLIN);
    return bytes.length;
  }

  // ---- receiving

  @Override
  public long receive(Task task, Message message, int flags) {
    int[] done = new int[1];
    boolean peek = (flags & MSG_PEEK) != 0;
    boolean all = (flags & MSG_WAITALL) != 0 && stream() && !peek;
    if (stream() && message.data().total() == 0) {
      return 0;
    }
    while (true) {
      long result =
          repeat(
              task,
              true,
              flags,
              () -> stream() ? takeStream(message, done[0], peek) : takeWhole(message, flags));
      if (result <= 0) {
        return done[0] > 0 ? done[0] : result;
      }
      tellSender();
      done[0] += (int) result;
      if (!all || done[0] >= message.data().total() || !message.files().isEmpty()) {
        return done[0];
      }
    }
  }

  private void tellSender() {
    UnixSocket sender = connectedTo();
    if (sender != null) {
      sender.waiters().wake(POLLOUT);
    }
    if (datagrams()) {
      waiters().wake(POLLOUT);
    }
  }

  private long atEnd() {
    if (reset) {
      reset = false;
      return -Errno.ECONNRESET;
    }
    UnixSocket other = peer;
    boolean gone = other == null || other.closed || other.writeShut;
    if (!datagrams() && (readShut || connected && gone)) {
      return 0;
    }
    if (!connected && !datagrams()) {
      return readShut ? 0 : -Errno.EINVAL;
    }
    return readShut ? 0 : -Errno.EAGAIN;
  }

  private long takeStream(Message message, int from, boolean peek) {
    synchronized (LOCK) {
      if (queue.isEmpty()) {
        return atEnd();
      }
      int done = 0;
      Message.Sender first = null;
      List<Packet> used = new ArrayList<>();
      int room = message.data().total() - from;
      for (Packet packet : queue) {
        boolean boundary =
            !packet.files.isEmpty() && done > 0
                || passCredentials && first != null && !first.equals(packet.sender);
        if (boundary || done == room && packet.left() > 0) {
          break;
        }
        first = packet.sender;
        int piece = Math.min(packet.left(), room - done);
        message.data().put(from + done, packet.bytes, packet.taken, piece);
        done += piece;
        boolean carriesFiles = !packet.files.isEmpty();
        hand(message, packet, peek);
        if (!peek) {
          packet.taken += piece;
          queued -= piece;
          if (packet.left() == 0) {
            used.add(packet);
          }
        }
        if (carriesFiles) {
          break;
        }
      }
      queue.removeAll(used);
      message.setSender(passCredentials ? first : null);
      return done;
    }
  }

  private void hand(Message message, Packet packet, boolean peek) {
    if (packet.files.isEmpty()) {
      return;
    }
    List<OpenFile> files = packet.files;
    if (peek) {
      files.forEach(OpenFile::retain);
    } else {
      packet.files = List.of();
    }
    message.setFiles(files);
  }

  private long takeWhole(Message message, int flags) {
    boolean peek = (flags & MSG_PEEK) != 0;
    Packet packet;
    int length;
    synchronized (LOCK) {
      packet = reset ? null : queue.peek();
      if (packet == null) {
        boolean atOnce = nonBlocking() || (flags & MSG_DONTWAIT) != 0;
        return datagrams() && atOnce ? -Errno.EAGAIN : atEnd();
      }
      length = Math.min(packet.bytes.length, message.data().total());
      message.data().put(0, packet.bytes, 0, length);
      hand(message, packet, peek);
      if (!peek) {
        queue.remove();
        queued -= packet.bytes.length;
      }
    }
    message.setAddress(UnixNames.address(packet.from));
    message.setSender(passCredentials ? packet.sender : null);
    if (length < packet.bytes.length) {
      message.addFlag(MSG_TRUNC);
    }
    tellSender();
    return (flags & MSG_TRUNC) != 0 ? packet.bytes.length : length;
  }

  // ---- state

  @Override
  public long shutdown(Task task, int how) {
    UnixSocket other;
    synchronized (LOCK) {
      other = peer;
      boolean read = how != 1;
      boolean write = how != 0;
      readShut |= read;
      writeShut |= write;
      if (other != null && !datagrams()) {
        other.readShut |= write;
        other.writeShut |= read;
      }
    }
    waiters().wake();
    if (other != null) {
      other.waiters().wake();
    }
    return 0;
  }

  @Override
  public int poll() {
    synchronized (LOCK) {
      if (backlog >= 0) {
        return pending.isEmpty() ? 0 : POLLIN;
      }
      UnixSocket other = peer;
      boolean gone = connected && (other == null || other.closed);
      int events = queue.isEmpty() ? 0 : POLLIN;
      if (datagrams()) {
        boolean room = other == null || other.queue.size() < MOST_DATAGRAMS;
        events |= readShut && writeShut ? POLLHUP : 0;
        return events | (room ? POLLOUT : 0) | (readShut ? POLLIN | POLLRDHUP : 0);
      }
      if (readShut || gone) {
        events |= POLLIN | POLLRDHUP;
      }
      if (!connected || gone || readShut && writeShut) {
        events |= POLLHUP;
      }
      boolean room = other == null || other.queued < BUFFER * 3 / 4;
      return events | (room ? POLLOUT : 0) | (reset ? POLLERR : 0);
    }
  }

  @Override
  public byte[] option(Task task, int level, int option, int size) {
    if (level != SOL_SOCKET) {
      throw new Failure(Errno.EOPNOTSUPP);
    }
    synchronized (LOCK) {
      return switch (option) {
        case SO_TYPE -> ints(type());
        case SO_DOMAIN -> ints(AF_UNIX);
        case SO_PROTOCOL, SO_ERROR, SO_REUSEADDR -> ints(0);
        case SO_SNDBUF, SO_RCVBUF -> ints(BUFFER);
        case SO_ACCEPTCONN -> ints(backlog >= 0 ? 1 : 0);
        case SO_PASSCRED -> ints(passCredentials ? 1 : 0);
        case SO_PEERCRED -> ints(peerSelf.pid(), peerSelf.uid(), peerSelf.gid());
        case 9, 10, 6, 5, 15 -> ints(0); // KEEPALIVE, OOBINLINE, BROADCAST, DONTROUTE, REUSEPORT
        case 13 -> ints(0, 0); // LINGER
        default -> throw new Failure(Errno.ENOPROTOOPT);
      };
    }
  }

  private static byte[] ints(int... values) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.nativeOrder());
    for (int value : values) {
      buffer.putInt(value);
    }
    return buffer.array();
  }

  @Override
  public long setOption(Task task, int level, int option, byte[] value) {
    if (level != SOL_SOCKET) {
      return -Errno.EOPNOTSUPP;
    }
    if (option == SO_PASSCRED) {
      synchronized (LOCK) {
        passCredentials = ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()).getInt(0) != 0;
      }
    }
    return 0;
  }

  @Override
  public long ioctl(Task task, int request, long argument) {
    if (request != Ioctls.FIONREAD) {
      return Interfaces.ioctl(task, AF_UNIX, request, argument);
    }
    int available;
    synchronized (LOCK) {
      Packet first = queue.peek();
      available = stream() ? queued : first == null ? 0 : first.bytes.length;
    }
    task.memory().store32(argument, available);
    return 0;
  }

  // ---- freezing

  @Override
  protected FileState ownState(Task task) {
    synchronized (LOCK) {
      List<UnixState.Sent> sent = new ArrayList<>();
      for (Packet packet : queue) {
        byte[] rest = Arrays.copyOfRange(packet.bytes, packet.taken, packet.bytes.length);
        sent.add(new UnixState.Sent(rest, packet.from, packet.sender, packet.files));
      }
      UnixSocket other = peer == null || peer.closed ? null : peer;
      return new FileState.Unix(
          new UnixState(
              type(),
              UnixNames.state(task, name, bound),
              backlog,
              connected,
              readShut,
              writeShut,
              reset,
              passCredentials,
              receiveTimeout(),
              sendTimeout(),
              peerText == null ? "" : peerText,
              self,
              peerSelf,
              new UnixState.Links(other, List.copyOf(pending), sent)),
          flags());
    }
  }

  /**
   * Makes a socket that was saved, with its name; {@link #link} has to follow.
   *
   * @throws Failure if it cannot have its name
   */
  public static UnixSocket restored(Task task, UnixState state, int flags) {
    UnixSocket socket = new UnixSocket(task, state.type(), flags);
    socket.setReceiveTimeout(state.receiveTimeout());
    socket.setSendTimeout(state.sendTimeout());
    UnixNames.Bound bound = UnixNames.restore(task, socket, state.name());
    synchronized (LOCK) {
      socket.bound = bound;
      socket.name = state.name().text();
      socket.backlog = state.backlog();
      socket.connected = state.connected();
      socket.readShut = state.readShut();
      socket.writeShut = state.writeShut();
      socket.reset = state.reset();
      socket.passCredentials = state.passCredentials();
      socket.peerText = state.peerName();
      socket.self = state.self();
      socket.peerSelf = state.peerSelf();
    }
    return socket;
  }

  /** Gives a restored socket what it held on to; each of it is retained here. */
  public void link(Task task, UnixState.Links links) {
    synchronized (LOCK) {
      peer = links.peer();
      if (peer == null && connected && datagrams()) {
        peer = new UnixSocket(task, type(), 0); // it is connected to one that is closed
        peer.closed = true;
      }
      for (UnixSocket connection : links.pending()) {
        connection.retain();
        pending.add(connection);
      }
      for (UnixState.Sent sent : links.queue()) {
        sent.files().forEach(OpenFile::retain);
        queue.add(new Packet(sent.bytes(), sent.from(), sent.sender(), sent.files()));
        queued += sent.bytes().length;
      }
    }
  }

  /** For whom it is to be named: its name, else the number that /proc shows. */
  public String shown() {
    synchronized (LOCK) {
      String text = GuestText.toHost(name.replace('\0', '@'));
      boolean path = text.endsWith("@");
      return path ? text.substring(0, text.length() - 1) : text.isEmpty() ? path() : text;
    }
  }

  /** The process that made, connected or bound it last. */
  public int maker() {
    synchronized (LOCK) {
      return self.pid();
    }
  }

  @Override
  protected long close() {
    List<OpenFile> undelivered = new ArrayList<>();
    List<UnixSocket> others = new ArrayList<>();
    synchronized (LOCK) {
      closed = true;
      UnixSocket other = peer;
      if (other != null && !datagrams()) {
        others.add(other);
        other.reset |= !queue.isEmpty();
        other.peer = null;
      }
      peer = null;
      queue.forEach(packet -> undelivered.addAll(packet.files));
      queue.clear();
      undelivered.addAll(pending);
      pending.clear();
    }
    UnixNames.Bound named = bound;
    if (named != null) {
      UnixNames.forget(named.key(), this);
    }
    undelivered.forEach(OpenFile::release);
    others.forEach(other -> other.waiters().wake());
    waiters().wake();
    return 0;
  }
}
