package dev.vestibule.kernel.socket;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Task;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What does the kernel tell of itself in messages? A socket of netlink(7), of its family
 * NETLINK_ROUTE; nothing ever changes in the network a guest sees, so there are no events.
 */
public final class NetlinkSocket extends Socket {
  private static final int NETLINK_ROUTE = 0;
  private static final int SOCK_RAW = 3;
  private static final int SOL_NETLINK = 270;
  private static final int NETLINK_CAP_ACK = 10;
  private static final int MOST_OPTION = 12;
  private static final int ADDRESS = 12;
  private static final int BUFFER = 212_992;

  /** Port numbers in use; every machine numbers its own. */
  private static final Set<Port> PORTS = new HashSet<>();

  private record Port(Machine machine, int number) {}

  private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
  private final Map<Integer, Integer> options = new HashMap<>();
  private @Nullable Port port;
  private int groups;
  private int queued;
  private boolean passCredentials;

  private NetlinkSocket(int type, int flags) {
    super(AF_NETLINK, type, NETLINK_ROUTE, flags);
  }

  /**
   * Makes a socket.
   *
   * @throws Failure ESOCKTNOSUPPORT, EPROTONOSUPPORT
   */
  public static NetlinkSocket open(int type, int protocol, int flags) {
    if (type != SOCK_RAW && type != SOCK_DGRAM) {
      throw new Failure(Errno.ESOCKTNOSUPPORT);
    }
    if (protocol != NETLINK_ROUTE) {
      throw new Failure(Errno.EPROTONOSUPPORT);
    }
    return new NetlinkSocket(type, flags);
  }

  // ---- names

  private static ByteBuffer inHostOrder(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] address(int number, int groups) {
    byte[] bytes = new byte[ADDRESS];
    inHostOrder(bytes).putShort(0, (short) AF_NETLINK).putInt(4, number).putInt(8, groups);
    return bytes;
  }

  @Override
  public byte[] name() {
    Port bound = port;
    return address(bound == null ? 0 : bound.number, groups);
  }

  @Override
  public byte[] peerName() {
    return address(0, 0);
  }

  /** Takes a port: the one asked for, or for 0 the process's number if that is free. */
  private long take(Task task, int wanted) {
    synchronized (PORTS) {
      if (port != null) {
        return wanted == 0 || wanted == port.number ? 0 : -Errno.EINVAL;
      }
      Port candidate = new Port(task.machine(), wanted != 0 ? wanted : task.process().pid());
      if (!PORTS.add(candidate)) {
        if (wanted != 0) {
          return -Errno.EADDRINUSE;
        }
        int number = -4097;
        do {
          candidate = new Port(task.machine(), number--);
        } while (!PORTS.add(candidate));
      }
      port = candidate;
      return 0;
    }
  }

  @Override
  public long bind(Task task, byte[] address) {
    if (address.length < ADDRESS) {
      return -Errno.EINVAL;
    }
    long result = take(task, inHostOrder(address).getInt(4));
    if (result == 0) {
      groups = inHostOrder(address).getInt(8);
    }
    return result;
  }

  /** Why an address cannot be sent to: only the kernel listens; 0 if it can. */
  private static long unreachable(byte[] address) {
    if (address.length < ADDRESS) {
      return -Errno.EINVAL;
    }
    ByteBuffer fields = inHostOrder(address);
    return fields.getInt(4) != 0 || fields.getInt(8) != 0 ? -Errno.EPERM : 0;
  }

  @Override
  public long connect(Task task, byte[] address) {
    if (address[0] == AF_UNSPEC && address[1] == 0) {
      return 0;
    }
    long refused = unreachable(address);
    return refused != 0 ? refused : take(task, 0);
  }

  @Override
  public long listen(Task task, int backlog) {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public Socket accept(Task task, int flags) {
    throw new Failure(Errno.EOPNOTSUPP);
  }

  @Override
  public long shutdown(Task task, int how) {
    return -Errno.EOPNOTSUPP;
  }

  // ---- messages

  @Override
  public long send(Task task, Message message, int flags) {
    byte[] to = message.address();
    long refused = to == null ? 0 : unreachable(to);
    if (refused == 0) {
      refused = take(task, 0);
    }
    if (refused != 0) {
      return refused;
    }
    int total = message.data().total();
    if (total > BUFFER - 32) {
      return -Errno.EMSGSIZE;
    }
    byte[] requests = new byte[total];
    message.data().get(0, requests, 0, total);
    synchronized (queue) {
      boolean shortErrors = options.getOrDefault(NETLINK_CAP_ACK, 0) != 0;
      Port bound = port;
      int number = bound == null ? 0 : bound.number;
      for (byte[] each : new RouteMessages(task.abi(), number, shortErrors).answer(requests)) {
        if (queued + each.length > BUFFER) {
          break; // what a full socket does not take is lost
        }
        queue.add(each);
        queued += each.length;
      }
    }
    waiters().wake(POLLIN);
    return total;
  }

  @Override
  public long receive(Task task, Message message, int flags) {
    return repeat(task, true, flags, () -> take(message, flags));
  }

  private long take(Message message, int flags) {
    byte[] first;
    synchronized (queue) {
      first = (flags & MSG_PEEK) != 0 ? queue.peek() : queue.poll();
      if (first == null) {
        return -Errno.EAGAIN;
      }
      if ((flags & MSG_PEEK) == 0) {
        queued -= first.length;
      }
    }
    int taken = message.data().put(0, first, 0, first.length);
    message.setAddress(address(0, 0));
    if (passCredentials) {
      message.setSender(new Message.Sender(0, 0, 0));
    }
    if (taken < first.length) {
      message.addFlag(MSG_TRUNC);
    }
    return (flags & MSG_TRUNC) != 0 ? first.length : taken;
  }

  @Override
  public int poll() {
    synchronized (queue) {
      return POLLOUT | (queue.isEmpty() ? 0 : POLLIN);
    }
  }

  // ---- options

  private static byte[] number(int value) {
    byte[] bytes = new byte[4];
    inHostOrder(bytes).putInt(0, value);
    return bytes;
  }

  @Override
  public byte[] option(Task task, int level, int option, int size) {
    if (level == SOL_NETLINK && option > 0 && option <= MOST_OPTION) {
      synchronized (queue) {
        return number(options.getOrDefault(option, 0));
      }
    }
    if (level != SOL_SOCKET) {
      throw new Failure(Errno.ENOPROTOOPT);
    }
    return number(
        switch (option) {
          case SO_TYPE -> type();
          case SO_DOMAIN -> AF_NETLINK;
          case SO_PROTOCOL, SO_ERROR, SO_REUSEADDR, SO_ACCEPTCONN -> 0;
          case SO_SNDBUF, SO_RCVBUF -> BUFFER;
          case SO_PASSCRED -> passCredentials ? 1 : 0;
          default -> throw new Failure(Errno.ENOPROTOOPT);
        });
  }

  @Override
  public long setOption(Task task, int level, int option, byte[] value) {
    boolean own = level == SOL_NETLINK && option > 0 && option <= MOST_OPTION;
    if (!own && level != SOL_SOCKET) {
      return -Errno.ENOPROTOOPT;
    }
    if (value.length < 4) {
      return -Errno.EINVAL;
    }
    int number = inHostOrder(value).getInt(0);
    synchronized (queue) {
      if (own) {
        options.put(option, number);
      } else if (option == SO_PASSCRED) {
        passCredentials = number != 0;
      }
    }
    return 0;
  }

  @Override
  public long ioctl(Task task, int request, long argument) {
    return Interfaces.ioctl(task, AF_NETLINK, request, argument);
  }

  @Override
  protected long close() {
    synchronized (PORTS) {
      if (port != null) {
        PORTS.remove(port);
      }
    }
    return 0;
  }
}
