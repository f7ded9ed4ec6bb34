package dev.vestibule.kernel.socket;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.Ioctls;
import dev.vestibule.kernel.pipe.PipeEnd;
import dev.vestibule.kernel.poll.HostPoller;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A TCP, UDP or UDP-Lite socket: one of the host, never blocking there.
 *
 * <p>Unless the machine is allowed more, it is bound to the loopback interface, and addresses
 * beyond it are unreachable.
 */
public final class InetSocket extends Socket {
  private static final int SO_BINDTODEVICE = 25;
  private static final int IPPROTO_IP = 0;
  private static final int IPPROTO_TCP = 6;
  private static final int IPPROTO_UDP = 17;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPPROTO_UDPLITE = 136;
  private static final int IP_TOS = 1;
  private static final int IP_TTL = 2;
  private static final int IP_PKTINFO = 8;
  private static final int IPV6_2292PKTINFO = 2;
  private static final int IPV6_2292HOPLIMIT = 8;
  private static final int IPV6_FLOWINFO = 11;
  private static final int IPV6_PKTINFO = 50;
  private static final int IPV6_HOPLIMIT = 52;
  private static final int IPV6_DONTFRAG = 62;
  private static final int IPV6_TCLASS = 67;
  private static final int FIONREAD = 0x541b;
  private static final int SIOCATMARK = 0x8905;
  private static final int SEND_FLAGS = 1 | 4 | MSG_DONTWAIT | 0x80 | 0x800 | 0x8000 | 0x2000_0000;
  private static final int RECEIVE_FLAGS = 1 | MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT | 0x2000;

  /** Options whose value is plain numbers: nothing in them is an address of memory. */
  private static final Set<Integer> SOCKET_OPTIONS =
      Set.of(
          1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 18, 19, 29, 30, 35, 37, 38, 39, 40, 46, 56, 63,
          64, 65);

  private static final Set<Integer> IP_OPTIONS =
      Set.of(1, 2, 6, 8, 10, 11, 12, 13, 14, 15, 19, 20, 21, 24, 32, 33, 34, 35, 36, 49, 50);
  private static final Set<Integer> IPV6_OPTIONS =
      Set.of(
          2, 8, 11, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 49, 50, 51, 52, 53, 56, 58, 60, 61, 62,
          66, 67, 72, 74, 75);
  private static final Set<Integer> TCP_OPTIONS =
      Set.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18, 23, 24, 25, 36, 37);
  private static final Set<Integer> UDP_OPTIONS = Set.of(1, 10, 11, 101, 102, 103, 104);

  private final HostInet host;
  private final int fd;
  private final boolean anywhere;
  private final Ahead ahead = new Ahead();
  private final ArrayDeque<InetSocket> pending = new ArrayDeque<>();
  private final Map<Long, InetState.Option> options = new LinkedHashMap<>();
  private volatile @Nullable Endpoint shownName;
  private volatile @Nullable Endpoint shownPeer;
  private volatile boolean joined;
  private volatile boolean readShut;
  private volatile boolean writeShut;
  private volatile int backlog;

  private InetSocket(
      int family, int type, int protocol, int flags, HostInet host, boolean anywhere) {
    super(family, type, protocol, flags);
    this.host = host;
    this.fd = host.fd();
    this.anywhere = anywhere;
    HostPoller.watch(fd, waiters());
  }

  /**
   * Makes a socket on the host.
   *
   * @param anywhere whether it may reach beyond the loopback interface
   * @throws Failure socket(2)'s errors
   */
  public static InetSocket open(int family, int type, int protocol, int flags, boolean anywhere) {
    boolean stream = type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP);
    boolean datagram =
        type == SOCK_DGRAM
            && (protocol == 0 || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE);
    if (!stream && !datagram) {
      throw new Failure(type == 3 ? Errno.EPERM : Errno.EPROTONOSUPPORT);
    }
    HostInet host = HostInet.open(family, type, protocol, anywhere);
    int shown = protocol != 0 ? protocol : stream ? IPPROTO_TCP : IPPROTO_UDP;
    return new InetSocket(family, type, shown, flags, host, anywhere);
  }

  @Override
  public int hostFd() {
    return fd;
  }

  // ---- addresses

  /** Whether an address may be reached or bound to. */
  private boolean allowed(byte[] address) {
    if (anywhere || address.length < 2) {
      return true;
    }
    int family = address[0] & 0xff;
    if (family == AF_INET && address.length >= 8) {
      return address[4] == 127 || zero(address, 4, 8);
    }
    if (family == AF_INET6 && address.length >= 24) {
      boolean mapped =
          zero(address, 8, 18) && address[18] == -1 && address[19] == -1 && address[20] == 127;
      return mapped || zero(address, 8, 23) && (address[23] == 0 || address[23] == 1);
    }
    return true;
  }

  private static boolean zero(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }

  /** Why ancillary data must not be sent: it names another interface or route; 0 if it may. */
  private int refused(Message.Control control) {
    if (anywhere) {
      return 0;
    }
    byte[] data = control.data();
    return switch (control.level()) {
      case IPPROTO_IP ->
          switch (control.type()) {
            case IP_TOS, IP_TTL -> 0;
            case IP_PKTINFO -> data.length == 12 && !loopback(data, 0) ? Errno.ENODEV : 0;
            default -> Errno.EINVAL;
          };
      case IPPROTO_IPV6 ->
          switch (control.type()) {
            case IPV6_2292HOPLIMIT, IPV6_FLOWINFO, IPV6_HOPLIMIT, IPV6_DONTFRAG, IPV6_TCLASS -> 0;
            case IPV6_PKTINFO, IPV6_2292PKTINFO ->
                data.length >= 20 && !loopback(data, 16) ? Errno.ENODEV : 0;
            default -> Errno.EINVAL;
          };
      case IPPROTO_UDP -> 0;
      default -> Errno.EINVAL;
    };
  }

  /** Whether an interface's number is that of the loopback interface, or not given. */
  private static boolean loopback(byte[] data, int at) {
    return (data[at] == 0 || data[at] == Interfaces.LOOPBACK) && zero(data, at + 1, at + 4);
  }

  @Override
  public byte[] name() {
    Endpoint shown = shownName;
    byte[] name = shown != null ? shown.address(family()) : host.addressFrom(HostCalls.GETSOCKNAME);
    return name != null ? name : new byte[] {(byte) family(), 0};
  }

  @Override
  public byte @Nullable [] peerName() {
    byte[] name = host.addressFrom(HostCalls.GETPEERNAME);
    Endpoint shown = shownPeer;
    return name != null && shown != null ? shown.address(family()) : name;
  }

  // ---- connections

  @Override
  public long bind(Task task, byte[] address) {
    return allowed(address) ? host.withAddress(HostCalls.BIND, address) : -Errno.EADDRNOTAVAIL;
  }

  @Override
  public long connect(Task task, byte[] address) {
    if (!allowed(address)) {
      return -Errno.ENETUNREACH;
    }
    long result = host.withAddress(HostCalls.CONNECT, address);
    joined |= result == 0 || result == -Errno.EINPROGRESS;
    if (result == 0) {
      shownName = null;
      shownPeer = null;
    }
    if (result != -Errno.EINPROGRESS || nonBlocking()) {
      return result;
    }
    result =
        repeat(
            task,
            false,
            0,
            () -> HostPoller.poll(fd, POLLOUT) == 0 ? -Errno.EAGAIN : -host.error());
    joined &= result == 0 || result == -Errno.ERESTARTSYS;
    return result == -Errno.EAGAIN ? -Errno.EINPROGRESS : result;
  }

  @Override
  public long listen(Task task, int wanted) {
    long result = Libc.syscall(HostCalls.LISTEN, fd, wanted);
    backlog = result == 0 ? wanted : backlog;
    return result;
  }

  @Override
  public Socket accept(Task task, int flags) {
    InetSocket waiting = nextPending();
    if (waiting != null) {
      waiting.setFlags(flags | O_RDWR);
      return waiting;
    }
    long result = repeat(task, true, 0, host::accept);
    if (result < 0) {
      throw new Failure((int) -result);
    }
    return accepted((int) result, flags);
  }

  private @Nullable InetSocket nextPending() {
    synchronized (pending) {
      return pending.poll();
    }
  }

  /** The socket of an accepted connection, which inherits what was set. */
  private InetSocket accepted(int descriptor, int flags) {
    HostInet connection = new HostInet(descriptor);
    InetSocket socket = new InetSocket(family(), type(), protocol(), flags, connection, anywhere);
    socket.joined = true;
    synchronized (options) {
      socket.options.putAll(options);
    }
    // What outlives it at the host keeps nobody from its port who asks for SO_REUSEADDR, as the
    // listener does that is thawed there. The guest is told what it set.
    connection.setOption(SOL_SOCKET, SO_REUSEADDR, InetThaw.number(1));
    return socket;
  }

  @Override
  public long shutdown(Task task, int how) {
    long result = Libc.syscall(HostCalls.SHUTDOWN, fd, how);
    if (result == 0) {
      readShut |= how != 1;
      writeShut |= how != 0;
    }
    waiters().wake();
    return result;
  }

  // ---- transfers

  @Override
  public long send(Task task, Message message, int flags) {
    byte[] address = message.address();
    if (address != null && (address.length > HostMessage.ADDRESS || !allowed(address))) {
      return address.length > HostMessage.ADDRESS ? -Errno.EINVAL : -Errno.ENETUNREACH;
    }
    if (!message.files().isEmpty()) {
      return -Errno.EINVAL;
    }
    for (Message.Control each : message.controls()) {
      int refused = refused(each);
      if (refused != 0) {
        return -refused;
      }
    }
    int hostFlags = flags & SEND_FLAGS | MSG_NOSIGNAL | MSG_DONTWAIT;
    int total = message.data().total();
    int done = 0;
    while (true) {
      int sent = done;
      long result = repeat(task, false, flags, () -> sendNow(message, sent, hostFlags));
      if (result == -Errno.EPIPE && (flags & MSG_NOSIGNAL) == 0) {
        PipeEnd.brokenPipe(task);
      }
      if (result < 0) {
        return done > 0 ? done : result;
      }
      done += (int) result;
      boolean atOnce = nonBlocking() || (flags & MSG_DONTWAIT) != 0;
      if (type() != SOCK_STREAM || done >= total || atOnce) {
        return done;
      }
    }
  }

  private long sendNow(Message message, int from, int flags) {
    byte[] address = message.address();
    boolean controlled = !message.controls().isEmpty();
    try (HostMessage sent = new HostMessage(message.data(), from, controlled)) {
      if (address != null) {
        sent.setAddress(address);
      }
      if (controlled && !sent.setControls(message.controls())) {
        return -Errno.ENOBUFS;
      }
      return sent.send(fd, flags);
    }
  }

  @Override
  public long receive(Task task, Message message, int flags) {
    int hostFlags = flags & RECEIVE_FLAGS | MSG_DONTWAIT;
    boolean all = (flags & MSG_WAITALL) != 0 && type() == SOCK_STREAM && (flags & MSG_PEEK) == 0;
    int done = 0;
    while (true) {
      int got = done;
      long result = repeat(task, true, flags, () -> receiveNow(message, got, hostFlags));
      if (result < 0) {
        return done > 0 ? done : result;
      }
      done += (int) result;
      if (!all || result == 0 || done >= message.data().total()) {
        return done;
      }
    }
  }

  private long receiveNow(Message message, int from, int flags) {
    long before = ahead.receive(message, from, flags, type() == SOCK_STREAM);
    if (before != -Errno.EAGAIN) {
      return before;
    }
    int error = ahead.takeError();
    if (error != 0) {
      return -error;
    }
    try (HostMessage got = new HostMessage(message.data(), from, message.wantsControls())) {
      long result = got.receive(fd, flags);
      if (result >= 0) {
        message.setAddress(got.address());
        message.setControls(got.controls());
        message.addFlag(message.wantsControls() ? got.flags() : got.flags() & ~MSG_CTRUNC);
      }
      return result;
    }
  }

  // ---- options and state

  private static boolean known(int level, int option) {
    return switch (level) {
      case SOL_SOCKET -> SOCKET_OPTIONS.contains(option);
      case IPPROTO_IP -> IP_OPTIONS.contains(option);
      case IPPROTO_IPV6 -> IPV6_OPTIONS.contains(option);
      case IPPROTO_TCP -> TCP_OPTIONS.contains(option);
      case IPPROTO_UDP, IPPROTO_UDPLITE -> UDP_OPTIONS.contains(option);
      default -> false;
    };
  }

  @Override
  public byte[] option(Task task, int level, int option, int size) {
    if (!known(level, option)) {
      throw new Failure(Errno.ENOPROTOOPT);
    }
    if (level == SOL_SOCKET && option == SO_REUSEADDR && type() == SOCK_STREAM) {
      InetState.Option set;
      synchronized (options) {
        set = options.get(key(level, option));
      }
      boolean on = set != null && !zero(set.value(), 0, 4);
      return Arrays.copyOf(InetThaw.number(on ? 1 : 0), Math.clamp(size, 0, 4));
    }
    if (level == SOL_SOCKET && option == SO_ERROR && ahead.error() != 0) {
      return Arrays.copyOf(InetThaw.number(ahead.takeError()), Math.clamp(size, 0, 4));
    }
    return host.option(level, option, size);
  }

  @Override
  public long setOption(Task task, int level, int option, byte[] value) {
    if (!known(level, option)) {
      return level == SOL_SOCKET && option == SO_BINDTODEVICE ? -Errno.EPERM : -Errno.ENOPROTOOPT;
    }
    return setOption(level, option, value);
  }

  private static long key(int level, int option) {
    return (long) level << 32 | option;
  }

  private long setOption(int level, int option, byte[] value) {
    long result = host.setOption(level, option, value);
    if (result == 0) {
      InetState.Option set = new InetState.Option(level, option, value.clone());
      synchronized (options) {
        options.put(key(level, option), set);
      }
    }
    return result;
  }

  @Override
  public long ioctl(Task task, int request, long argument) {
    int hostRequest =
        switch (request) {
          case Ioctls.FIONREAD -> FIONREAD;
          case Ioctls.SIOCATMARK -> SIOCATMARK;
          default -> -1;
        };
    if (hostRequest == -1) {
      return Interfaces.ioctl(task, family(), request, argument);
    }
    boolean stream = type() == SOCK_STREAM;
    int first = request == Ioctls.FIONREAD ? ahead.available(stream) : -1;
    long value = HostMemory.allocate(16);
    try {
      long result = Libc.syscall(HostCalls.IOCTL, fd, hostRequest, value);
      if (result >= 0) {
        int later = stream || first < 0 ? HostMemory.i32le(value) : 0;
        task.memory().store32(argument, Math.max(first, 0) + later);
      }
      return result;
    } finally {
      HostMemory.free(value);
    }
  }

  @Override
  public int poll() {
    boolean waiting;
    synchronized (pending) {
      waiting = !pending.isEmpty();
    }
    int early = waiting || !ahead.isEmpty() ? POLLIN : 0;
    int failed = ahead.error() != 0 ? POLLIN | POLLERR : 0;
    return HostPoller.poll(fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP) | early | failed;
  }

  // ---- freezing

  HostInet host() {
    return host;
  }

  Ahead ahead() {
    return ahead;
  }

  /** Whether it is, or was, connected. */
  boolean joined() {
    return joined;
  }

  boolean writeShut() {
    return writeShut;
  }

  Endpoint endpoint() {
    return Endpoint.of(name());
  }

  @Nullable Endpoint peerEndpoint() {
    byte[] peer = peerName();
    return peer == null ? null : Endpoint.of(peer);
  }

  /** Takes all connections that wait at the host, to be accepted from here. */
  void acceptAll() {
    for (long next = host.accept(); next >= 0; next = host.accept()) {
      synchronized (pending) {
        pending.add(accepted((int) next, 0));
      }
    }
  }

  @Override
  protected FileState ownState(Task task) {
    return InetFreeze.state(this);
  }

  /** What has to be known of it, once all that has arrived is {@link #ahead}. */
  InetState saved(InetState.Phase phase) {
    boolean connection = type() == SOCK_STREAM && phase == InetState.Phase.OPEN;
    synchronized (options) {
      synchronized (pending) {
        return new InetState(
            family(),
            type(),
            protocol(),
            phase,
            backlog,
            endpoint(),
            connection ? null : peerEndpoint(),
            readShut,
            writeShut,
            ahead.error(),
            receiveTimeout(),
            sendTimeout(),
            List.copyOf(options.values()),
            List.copyOf(pending),
            ahead.all());
      }
    }
  }

  /** The socket of a descriptor that {@link InetThaw} has made. */
  static InetSocket restored(InetState state, HostInet host, int flags, boolean anywhere) {
    InetSocket socket =
        new InetSocket(state.family(), state.type(), state.protocol(), flags, host, anywhere);
    socket.setReceiveTimeout(state.receiveTimeout());
    socket.setSendTimeout(state.sendTimeout());
    socket.backlog = state.backlog();
    socket.ahead.fail(state.error());
    state.queue().forEach(socket.ahead::add);
    return socket;
  }

  /** Sets what the guest had set. */
  long setAgain(InetState.Option option) {
    return known(option.level(), option.option())
        ? setOption(option.level(), option.option(), option.value())
        : -Errno.ENOPROTOOPT;
  }

  /** shutdown(2), without anybody to wake. */
  void shut(int how) {
    Libc.syscall(HostCalls.SHUTDOWN, fd, how);
    readShut |= how != 1;
    writeShut |= how != 0;
  }

  /** Shows the guest a connection that the host knows by other names. */
  void show(InetState state) {
    joined = true;
    shownName = state.name();
    shownPeer = state.peer();
  }

  /** Gives a restored listener the connections that nobody has accepted; each is retained here. */
  public void link(List<InetSocket> connections) {
    synchronized (pending) {
      for (InetSocket connection : connections) {
        connection.retain();
        pending.add(connection);
      }
    }
  }

  @Override
  protected long close() {
    HostPoller.forget(fd);
    List<InetSocket> unaccepted;
    synchronized (pending) {
      unaccepted = List.copyOf(pending);
      pending.clear();
    }
    unaccepted.forEach(InetSocket::release);
    return Libc.syscall(HostCalls.CLOSE, fd);
  }
}
