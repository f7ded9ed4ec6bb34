package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.call.Calling.gather;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.socket.InetSocket;
import dev.vestibule.kernel.socket.Message;
import dev.vestibule.kernel.socket.NetlinkSocket;
import dev.vestibule.kernel.socket.Socket;
import dev.vestibule.kernel.socket.UnixSocket;
import dev.vestibule.kernel.time.GuestTimes;
import dev.vestibule.kernel.time.GuestTimes.Form;
import dev.vestibule.kernel.wait.Wait;
import dev.vestibule.profile.Version;
import org.jspecify.annotations.Nullable;

/** Sockets: socket(2), connect(2), sendmsg(2) and their relatives. */
public final class SocketCalls {
  private static final int SOCK_CLOEXEC = 02000000;
  private static final int SOCK_NONBLOCK = 04000;
  private static final int SOCK_TYPE = 0xf;
  private static final int ADDRESS_MAX = 128;
  private static final int IPPROTO_UDPLITE = 136;
  private static final Version UDP_LITE_SINCE = new Version(2, 6, 20);
  private static final int MSG_WAITFORONE = 0x10000;

  private SocketCalls() {}

  /** An operation on a socket. */
  interface OnSocket {
    long apply(Socket socket);
  }

  /** Applies an operation to a descriptor's socket; ENOTSOCK if it is something else. */
  static long with(Task t, int fd, OnSocket operation) {
    return Calling.with(
        t, fd, f -> f instanceof Socket socket ? operation.apply(socket) : -Errno.ENOTSOCK);
  }

  // ---- making

  @Syscall(
      args = "socket_domain, socket_type, socket_protocol",
      result = Result.FD,
      level = Syscall.Support.PARTIAL,
      note =
          "AF_UNIX; TCP, UDP and UDP-Lite of AF_INET and AF_INET6; of AF_NETLINK, the loopback"
              + " interface and its addresses")
  public static long socket(Task t, int domain, int typeAndFlags, int protocol) {
    int type = typeAndFlags & SOCK_TYPE;
    int flags = typeAndFlags & SOCK_NONBLOCK;
    if ((typeAndFlags & ~(SOCK_TYPE | SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) {
      return -Errno.EINVAL;
    }
    Socket socket =
        switch (domain) {
          case Socket.AF_UNIX -> unix(t, type, protocol, flags);
          case Socket.AF_NETLINK -> NetlinkSocket.open(type, protocol, flags);
          case Socket.AF_INET, Socket.AF_INET6 -> inet(t, domain, type, protocol, flags);
          default -> throw new Failure(Errno.EAFNOSUPPORT);
        };
    return Calling.install(t, socket, 0, (typeAndFlags & SOCK_CLOEXEC) != 0);
  }

  private static InetSocket inet(Task t, int domain, int type, int protocol, int flags) {
    Version linux = t.machine().profile().uname().linux();
    if (protocol == IPPROTO_UDPLITE && !linux.atLeast(UDP_LITE_SINCE)) {
      throw new Failure(Errno.EPROTONOSUPPORT);
    }
    return InetSocket.open(domain, type, protocol, flags, t.machine().reachesNetwork());
  }

  private static UnixSocket unix(Task t, int type, int protocol, int flags) {
    if (protocol != 0 && protocol != Socket.AF_UNIX) {
      throw new Failure(Errno.EPROTONOSUPPORT);
    }
    return switch (type) {
      case Socket.SOCK_STREAM, Socket.SOCK_DGRAM, Socket.SOCK_SEQPACKET ->
          new UnixSocket(t, type, flags);
      case 3 -> new UnixSocket(t, Socket.SOCK_DGRAM, flags);
      default -> throw new Failure(Errno.ESOCKTNOSUPPORT);
    };
  }

  @Syscall(args = "socket_domain, socket_type, socket_protocol, out_fd_pair")
  public static long socketpair(Task t, int domain, int typeAndFlags, int protocol, long fds) {
    if (domain != Socket.AF_UNIX) {
      return domain == Socket.AF_INET || domain == Socket.AF_INET6
          ? -Errno.EOPNOTSUPP
          : -Errno.EAFNOSUPPORT;
    }
    if ((typeAndFlags & ~(SOCK_TYPE | SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) {
      return -Errno.EINVAL;
    }
    int flags = typeAndFlags & SOCK_NONBLOCK;
    int type = unix(t, typeAndFlags & SOCK_TYPE, protocol, flags).type();
    UnixSocket[] pair = UnixSocket.pair(t, type, flags);
    return PipeCalls.installPair(t, fds, pair[0], pair[1], (typeAndFlags & SOCK_CLOEXEC) != 0);
  }

  // ---- addresses

  /** Reads a struct sockaddr; its family becomes the host's order. */
  static byte[] loadAddress(Task t, long at, long length) {
    if (length < 0 || length > ADDRESS_MAX) {
      throw new Failure(Errno.EINVAL);
    }
    Struct s = t.abi().struct(t.memory(), at, (int) length);
    byte[] bytes = s.bytes();
    if (bytes.length >= 2) {
      int family = s.u16(0);
      bytes[0] = (byte) family;
      bytes[1] = (byte) (family >> 8);
      turnNumbers(t, family, bytes);
    }
    return bytes;
  }

  /** Turns what is neither the family nor in network order. */
  private static void turnNumbers(Task t, int family, byte[] bytes) {
    if (family == Socket.AF_INET6 && bytes.length >= 28) {
      toHostInt(t, bytes, 24); // the scope
    } else if (family == Socket.AF_NETLINK && bytes.length >= 12) {
      toHostInt(t, bytes, 4);
      toHostInt(t, bytes, 8);
    }
  }

  private static void toHostInt(Task t, byte[] bytes, int at) {
    if (t.abi().bigEndian()) {
      for (int i = 0; i < 2; i++) {
        byte b = bytes[at + i];
        bytes[at + i] = bytes[at + 3 - i];
        bytes[at + 3 - i] = b;
      }
    }
  }

  private static byte[] guestAddress(Task t, byte[] address) {
    byte[] bytes = address.clone();
    if (bytes.length >= 2) {
      int family = bytes[0] & 0xff;
      if (t.abi().bigEndian()) {
        bytes[0] = 0;
        bytes[1] = (byte) family;
      }
      turnNumbers(t, family, bytes);
    }
    return bytes;
  }

  /** Writes an address and its length as getsockname(2) does: cut to the room there is. */
  private static void storeAddress(Task t, byte @Nullable [] address, long at, long lengthAt) {
    if (at == 0) {
      return;
    }
    int room = t.memory().load32(lengthAt);
    if (room < 0) {
      throw new Failure(Errno.EINVAL);
    }
    byte[] bytes = address == null ? new byte[0] : guestAddress(t, address);
    t.memory().write(at, bytes, 0, Math.min(room, bytes.length));
    t.memory().store32(lengthAt, bytes.length);
  }

  private static byte[] checkedAddress(Task t, Socket s, long at, int length) {
    byte[] address = loadAddress(t, at, length);
    int family = address.length < 2 ? -1 : address[0] & 0xff | (address[1] & 0xff) << 8;
    if (family < 0) {
      throw new Failure(Errno.EINVAL);
    }
    boolean unspecified = family == Socket.AF_UNSPEC;
    if (family != s.family() && !unspecified) {
      boolean mixed = s.family() == Socket.AF_INET6 && family == Socket.AF_INET;
      if (!mixed) {
        throw new Failure(s.family() == Socket.AF_UNIX ? Errno.EINVAL : Errno.EAFNOSUPPORT);
      }
    }
    return address;
  }

  @Syscall(args = "fd, sockaddr, int")
  public static long bind(Task t, int fd, long address, int length) {
    return with(t, fd, s -> s.bind(t, checkedAddress(t, s, address, length)));
  }

  @Syscall(args = "fd, sockaddr, int")
  public static long connect(Task t, int fd, long address, int length) {
    return with(t, fd, s -> s.connect(t, checkedAddress(t, s, address, length)));
  }

  @Syscall(args = "fd, int")
  public static long listen(Task t, int fd, int backlog) {
    return with(t, fd, s -> s.listen(t, backlog));
  }

  @Syscall(args = "fd, out_sockaddr, ptr", result = Result.FD)
  public static long accept(Task t, int fd, long address, long length) {
    return accept4(t, fd, address, length, 0);
  }

  @Syscall(args = "fd, out_sockaddr, ptr, socket_type", since = "2.6.28", result = Result.FD)
  public static long accept4(Task t, int fd, long address, long length, int flags) {
    if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) {
      return -Errno.EINVAL;
    }
    return with(
        t,
        fd,
        s -> {
          Socket taken = s.accept(t, flags & SOCK_NONBLOCK);
          try {
            storeAddress(t, taken.peerName(), address, length);
          } catch (RuntimeException fault) {
            taken.release();
            throw fault;
          }
          return Calling.install(t, taken, 0, (flags & SOCK_CLOEXEC) != 0);
        });
  }

  @Syscall(args = "fd, out_sockaddr, ptr")
  public static long getsockname(Task t, int fd, long address, long length) {
    return with(
        t,
        fd,
        s -> {
          storeAddress(t, s.name(), address, length);
          return 0;
        });
  }

  @Syscall(args = "fd, out_sockaddr, ptr")
  public static long getpeername(Task t, int fd, long address, long length) {
    return with(
        t,
        fd,
        s -> {
          byte[] peer = s.peerName();
          if (peer == null) {
            return -Errno.ENOTCONN;
          }
          storeAddress(t, peer, address, length);
          return 0;
        });
  }

  @Syscall(args = "fd, shutdown_how")
  public static long shutdown(Task t, int fd, int how) {
    return how < 0 || how > 2 ? -Errno.EINVAL : with(t, fd, s -> s.shutdown(t, how));
  }

  // ---- sending and receiving

  @Syscall(args = "fd, in_buffer, size, msg_flags")
  public static long send(Task t, int fd, long buffer, long size, int flags) {
    return sendto(t, fd, buffer, size, flags, 0, 0);
  }

  @Syscall(args = "fd, in_buffer, size, msg_flags, sockaddr, int")
  public static long sendto(
      Task t, int fd, long buffer, long size, int flags, long address, int length) {
    return with(
        t,
        fd,
        s -> {
          Message message = new Message(IoVector.readable(t.memory(), buffer, size));
          if (address != 0) {
            message.setAddress(checkedAddress(t, s, address, length));
          }
          return s.send(t, message, flags);
        });
  }

  @Syscall(args = "fd, out_buffer, size, msg_flags")
  public static long recv(Task t, int fd, long buffer, long size, int flags) {
    return recvfrom(t, fd, buffer, size, flags, 0, 0);
  }

  @Syscall(args = "fd, out_buffer, size, msg_flags, out_sockaddr, ptr")
  public static long recvfrom(
      Task t, int fd, long buffer, long size, int flags, long address, long length) {
    return with(
        t,
        fd,
        s -> {
          Message message = new Message(IoVector.writable(t.memory(), buffer, size));
          long result = s.receive(t, message, flags);
          message.files().forEach(OpenFile::release);
          if (result >= 0) {
            storeAddress(t, message.address(), address, length);
          }
          return result;
        });
  }

  @Syscall(args = "fd, msghdr, msg_flags")
  public static long sendmsg(Task t, int fd, long header, int flags) {
    return with(t, fd, s -> send(t, s, header, flags));
  }

  private static long send(Task t, Socket s, long at, int flags) {
    MessageHeader header = MessageHeader.load(t, at);
    Message message = new Message(gather(t, header.vector(), header.count(), false));
    if (header.name() != 0 && header.nameLength() != 0) {
      message.setAddress(checkedAddress(t, s, header.name(), header.nameLength()));
    }
    try {
      header.loadControl(t, message);
      return s.send(t, message, flags);
    } finally {
      message.files().forEach(OpenFile::release);
    }
  }

  @Syscall(args = "fd, out_msghdr, msg_flags")
  public static long recvmsg(Task t, int fd, long header, int flags) {
    return with(t, fd, s -> receive(t, s, header, flags));
  }

  private static long receive(Task t, Socket s, long at, int flags) {
    MessageHeader header = MessageHeader.load(t, at);
    Message message = new Message(gather(t, header.vector(), header.count(), true));
    message.wantControls();
    long result = s.receive(t, message, flags);
    if (result >= 0) {
      byte[] address = message.address();
      header.store(t, message, address == null ? null : guestAddress(t, address), flags);
    }
    return result;
  }

  @Syscall(args = "fd, msghdr, uint, msg_flags", since = "3.0")
  public static long sendmmsg(Task t, int fd, long headers, int count, int flags) {
    return with(
        t,
        fd,
        s -> {
          int size = MessageHeader.size(t);
          int step = size + t.abi().wordSize();
          int most = Math.min(count & 0x7fff_ffff, 1024);
          for (int i = 0; i < most; i++) {
            long at = headers + (long) i * step;
            long result = send(t, s, at, flags);
            if (result < 0) {
              return i > 0 ? i : result;
            }
            t.memory().store32(at + size, (int) result);
          }
          return most;
        });
  }

  @Syscall(args = "fd, out_msghdr, uint, msg_flags, timespec", since = "2.6.33")
  public static long recvmmsg(Task t, int fd, long headers, int count, int flags, long timeout) {
    return receiveMany(t, fd, headers, count, flags, timeout, Form.WORD);
  }

  @Syscall(
      names = "recvmmsg_time64",
      args = "fd, out_msghdr, uint, msg_flags, timespec64",
      since = "5.1")
  public static long recvmmsg64(Task t, int fd, long headers, int count, int flags, long timeout) {
    return receiveMany(t, fd, headers, count, flags, timeout, Form.WIDE);
  }

  private static long receiveMany(
      Task t, int fd, long headers, int count, int flags, long timeout, Form form) {
    long now = t.machine().time().monotonic();
    long deadline =
        timeout == 0 ? Wait.FOREVER : GuestTimes.sum(now, GuestTimes.timespec(t, timeout, form));
    return with(
        t,
        fd,
        s -> {
          int size = MessageHeader.size(t);
          int step = size + t.abi().wordSize();
          int most = Math.min(count & 0x7fff_ffff, 1024);
          int each = flags & ~MSG_WAITFORONE;
          for (int i = 0; i < most; i++) {
            long at = headers + (long) i * step;
            long result = receive(t, s, at, each);
            if (result < 0) {
              return i > 0 ? i : result;
            }
            t.memory().store32(at + size, (int) result);
            if ((flags & MSG_WAITFORONE) != 0) {
              each |= Socket.MSG_DONTWAIT;
            }
            if (t.machine().time().monotonic() >= deadline) {
              return i + 1;
            }
          }
          return most;
        });
  }
}
