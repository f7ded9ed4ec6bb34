package dev.vestibule.observe.strace;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.kernel.ArgKind;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.abi.Struct;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;

/** How are sockets' kinds, addresses, options and messages shown? */
final class SocketFormats {
  private static final Names DOMAINS =
      Names.of(
          "AF_",
          """
          AF_UNSPEC=0 AF_UNIX AF_INET AF_INET6=10 AF_NETLINK=16 AF_PACKET AF_VSOCK=40
          """);
  private static final Names TYPES =
      Names.of("SOCK_", "SOCK_STREAM=1 SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET SOCK_DCCP");
  private static final Names TYPE_FLAGS =
      Names.of("SOCK_", "SOCK_CLOEXEC=02000000 SOCK_NONBLOCK=04000");
  private static final Names PROTOCOLS =
      Names.of(
          "IPPROTO_", "IPPROTO_IP=0 IPPROTO_ICMP IPPROTO_TCP=6 IPPROTO_UDP=17 IPPROTO_IPV6=41");
  private static final Names LEVELS =
      Names.of("SOL_", "SOL_IP=0 SOL_SOCKET=1 SOL_TCP=6 SOL_UDP=17 SOL_IPV6=41 SOL_RAW=255");
  private static final Names SOCKET_OPTIONS =
      Names.of(
          "SO_",
          """
          SO_DEBUG=1 SO_REUSEADDR SO_TYPE SO_ERROR SO_DONTROUTE SO_BROADCAST SO_SNDBUF SO_RCVBUF
          SO_KEEPALIVE SO_OOBINLINE SO_NO_CHECK SO_PRIORITY SO_LINGER SO_BSDCOMPAT SO_REUSEPORT
          SO_PASSCRED SO_PEERCRED SO_RCVLOWAT SO_SNDLOWAT SO_RCVTIMEO_OLD SO_SNDTIMEO_OLD
          SO_BINDTODEVICE=25 SO_PEERNAME=28 SO_TIMESTAMP_OLD SO_ACCEPTCONN SO_PEERSEC
          SO_SNDBUFFORCE SO_RCVBUFFORCE SO_PASSSEC SO_MARK=36 SO_PROTOCOL=38 SO_DOMAIN
          SO_PEEK_OFF=42 SO_INCOMING_CPU=49 SO_COOKIE=57 SO_PEERGROUPS=59 SO_ZEROCOPY
          SO_RCVTIMEO_NEW=66 SO_SNDTIMEO_NEW
          """);
  private static final Names TCP_OPTIONS =
      Names.of(
          "TCP_",
          """
          TCP_NODELAY=1 TCP_MAXSEG TCP_CORK TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT TCP_SYNCNT
          TCP_LINGER2 TCP_DEFER_ACCEPT TCP_WINDOW_CLAMP TCP_INFO TCP_QUICKACK TCP_CONGESTION
          TCP_USER_TIMEOUT=18 TCP_FASTOPEN=23
          """);
  private static final Names IP_OPTIONS =
      Names.of("IP_", "IP_TOS=1 IP_TTL IP_HDRINCL IP_OPTIONS IP_RECVERR=11 IP_MULTICAST_TTL=33");
  private static final Names IPV6_OPTIONS =
      Names.of("IPV6_", "IPV6_UNICAST_HOPS=16 IPV6_RECVERR=25 IPV6_V6ONLY=26");
  private static final Names MESSAGE_FLAGS =
      Names.of(
          "MSG_",
          """
          MSG_OOB=1 MSG_PEEK=2 MSG_DONTROUTE=4 MSG_CTRUNC=8 MSG_PROBE=0x10 MSG_TRUNC=0x20
          MSG_DONTWAIT=0x40 MSG_EOR=0x80 MSG_WAITALL=0x100 MSG_FIN=0x200 MSG_SYN=0x400
          MSG_CONFIRM=0x800 MSG_RST=0x1000 MSG_ERRQUEUE=0x2000 MSG_NOSIGNAL=0x4000 MSG_MORE=0x8000
          MSG_WAITFORONE=0x10000 MSG_CMSG_CLOEXEC=0x40000000
          """);
  private static final Names SHUTDOWN = Names.of("SHUT_", "SHUT_RD=0 SHUT_WR SHUT_RDWR");
  private static final int AF_UNIX = 1;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int AF_NETLINK = 16;
  private static final int SOL_SOCKET = 1;

  private SocketFormats() {}

  static void register(Map<ArgKind, ArgFormat> all) {
    all.put(ArgKind.SOCKET_DOMAIN, DOMAINS.oneOf());
    all.put(ArgKind.SOCKET_TYPE, SocketFormats::type);
    all.put(ArgKind.SOCKET_PROTOCOL, SocketFormats::protocol);
    all.put(ArgKind.SOCKET_LEVEL, LEVELS.oneOf());
    all.put(ArgKind.SOCKET_OPTION, OPTION);
    all.put(ArgKind.SOCKADDR, SocketFormats::given);
    all.put(ArgKind.OUT_SOCKADDR, FILLED);
    all.put(ArgKind.MSGHDR, ArgFormat.in((call, i) -> message(call, i, -1)));
    all.put(ArgKind.OUT_MSGHDR, RECEIVED);
    all.put(ArgKind.MSG_FLAGS, MESSAGE_FLAGS.bits());
    all.put(ArgKind.SHUTDOWN_HOW, SHUTDOWN.oneOf());
  }

  private static void type(Call call, int index) {
    long type = call.argument(index);
    TYPES.value(call.text(), type & 0xf);
    if ((type & ~0xf) != 0) {
      call.text().append('|');
      TYPE_FLAGS.flags(call.text(), type & ~0xfL & 0xffff_ffffL);
    }
  }

  private static void protocol(Call call, int index) {
    long domain = call.argument(0);
    if (domain == AF_INET || domain == AF_INET6) {
      PROTOCOLS.value(call.text(), call.argument(index));
    } else {
      Formats.INT.append(call, index);
    }
  }

  /** Names the option; its value is an int where it has the size of one. */
  private static final ArgFormat OPTION =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          option(call, index);
        }

        @Override
        public void prepare(Call call, int index) {
          if (call.kind(index + 2) == ArgKind.INT) {
            call.reformat(index + 1, ArgFormat.in(SocketFormats::given4));
            return;
          }
          try {
            call.keep(index + 1, call.memory().load32(call.argument(index + 2)));
          } catch (dev.vestibule.cpu.GuestFault notThere) {
            return;
          }
          call.reformat(index + 1, ArgFormat.out(SocketFormats::filled4));
          call.reformat(index + 2, (c, i) -> length(c, i, c.kept(i - 1)));
        }
      };

  private static void given4(Call call, int index) {
    value(call, index, (int) call.argument(index + 1));
  }

  private static void filled4(Call call, int index) {
    value(call, index, call.memory().load32(call.argument(index + 1)));
  }

  private static void value(Call call, int index, int length) {
    if (length == 4) {
      ControlFormats.integer(call, index);
    } else {
      Quoted.buffer(call, call.argument(index), Math.max(0, length));
    }
  }

  private static void option(Call call, int index) {
    Names names =
        switch ((int) call.argument(index - 1)) {
          case SOL_SOCKET -> SOCKET_OPTIONS;
          case 6 -> TCP_OPTIONS;
          case 41 -> IPV6_OPTIONS;
          default -> IP_OPTIONS;
        };
    int level = (int) call.argument(index - 1);
    int option = (int) call.argument(index);
    names.value(call.text(), level == SOL_SOCKET ? call.abi().socketOption(option) : option);
  }

  // ---- addresses

  private static void given(Call call, int index) {
    if (call.argument(index) == 0) {
      call.address(0);
    } else {
      address(call, call.argument(index), (int) call.argument(index + 1));
    }
  }

  private static final ArgFormat FILLED =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          long length = call.argument(index + 1);
          if (call.failed() || call.argument(index) == 0 || length == 0) {
            call.address(call.argument(index));
          } else {
            address(call, call.argument(index), call.memory().load32(length));
          }
        }

        @Override
        public boolean late() {
          return true;
        }

        @Override
        public void prepare(Call call, int index) {
          long length = call.argument(index + 1);
          if (length != 0) {
            try {
              call.keep(index, call.memory().load32(length));
            } catch (dev.vestibule.cpu.GuestFault notThere) {
              return;
            }
          }
          call.reformat(index + 1, (c, i) -> length(c, i, c.kept(i - 1)));
        }
      };

  /** A length that the call changes: before and after, if they differ. */
  static void length(Call call, int index, @org.jspecify.annotations.Nullable Object before) {
    if (call.argument(index) == 0 || before == null) {
      call.address(call.argument(index));
      return;
    }
    int after = call.memory().load32(call.argument(index));
    call.text().append('[').append(before);
    if (!call.failed() && after != (Integer) before) {
      call.text().append(" => ").append(after);
    }
    call.text().append(']');
  }

  /** Appends a struct sockaddr. */
  private static void address(Call call, long at, int length) {
    if (length < 2) {
      call.address(at);
      return;
    }
    int size = Math.min(length, 128);
    Struct s = call.abi().struct(call.memory(), at, size);
    StringBuilder text = call.text().append("{sa_family=");
    int family = s.u16(0);
    DOMAINS.value(text, family);
    if (family == AF_UNIX) {
      unix(text, s.bytes());
    } else if (family == AF_INET && size >= 8) {
      text.append(", sin_port=htons(").append(port(s)).append("), sin_addr=inet_addr(\"");
      text.append(number(s.bytes(), 4, 4)).append("\")");
    } else if (family == AF_INET6 && size >= 28) {
      text.append(", sin6_port=htons(").append(port(s)).append("), sin6_flowinfo=htonl(0)");
      text.append(", inet_pton(AF_INET6, \"").append(number(s.bytes(), 8, 16));
      text.append("\", &sin6_addr), sin6_scope_id=").append(s.u32(24));
    } else if (family == AF_NETLINK && size >= 12) {
      text.append(", nl_pid=").append(s.u32(4)).append(", nl_groups=");
      text.append(String.format("%08x", s.u32(8)));
    } else if (size > 2) {
      text.append(", sa_data=");
      byte[] data = java.util.Arrays.copyOfRange(s.bytes(), 2, size);
      Quoted.bytes(text, data, false);
    }
    text.append('}');
  }

  private static int port(Struct s) {
    return s.u8(2) << 8 | s.u8(3);
  }

  private static void unix(StringBuilder text, byte[] bytes) {
    if (bytes.length == 2) {
      return;
    }
    boolean unnamedSpace = bytes[2] == 0;
    int end = 3;
    while (end < bytes.length && (unnamedSpace || bytes[end] != 0)) {
      end++;
    }
    text.append(unnamedSpace ? ", sun_path=@" : ", sun_path=");
    int start = unnamedSpace ? 3 : 2;
    Quoted.string(text, new String(bytes, start, end - start, GuestText.BYTES));
  }

  private static String number(byte[] bytes, int offset, int length) {
    byte[] address = java.util.Arrays.copyOfRange(bytes, offset, offset + length);
    try {
      String text = String.valueOf(InetAddress.getByAddress(address).getHostAddress());
      return length == 4 ? text : shortened(address);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** An IPv6 address as inet_ntop(3) writes it: the longest run of zeros left out. */
  private static String shortened(byte[] address) {
    int bestStart = -1;
    int bestLength = 1;
    for (int i = 0; i < 8; i++) {
      int n = i;
      while (n < 8 && address[2 * n] == 0 && address[2 * n + 1] == 0) {
        n++;
      }
      if (n - i > bestLength) {
        bestStart = i;
        bestLength = n - i;
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      if (i == bestStart) {
        text.append("::");
        i += bestLength - 1;
        continue;
      }
      if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      int group = (address[2 * i] & 0xff) << 8 | address[2 * i + 1] & 0xff;
      text.append(Integer.toHexString(group));
    }
    return text.toString();
  }

  // ---- messages

  private static final ArgFormat RECEIVED =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          long at = call.argument(index);
          if (at == 0) {
            call.address(at);
          } else if (call.failed()) {
            int length = call.memory().load32(at + call.abi().wordSize());
            call.text().append("{msg_namelen=").append(length).append('}');
          } else {
            message(call, index, call.result());
          }
        }

        @Override
        public boolean late() {
          return true;
        }
      };

  private static void message(Call call, int index, long valid) {
    GuestAbi abi = call.abi();
    GuestMemory memory = call.memory();
    int word = abi.wordSize();
    Struct s = abi.struct(memory, call.argument(index), 7 * word);
    StringBuilder text = call.text().append("{msg_name=");
    int nameLength = s.i32(word);
    if (s.word(0) == 0 || nameLength == 0) {
      call.address(s.word(0));
    } else {
      address(call, s.word(0), nameLength);
    }
    text.append(", msg_namelen=").append(nameLength).append(", msg_iov=");
    Formats.vector(call, s.word(2 * word), s.word(3 * word), valid);
    text.append(", msg_iovlen=").append(s.word(3 * word));
    long control = s.word(5 * word);
    if (control != 0 && s.word(4 * word) != 0) {
      text.append(", msg_control=");
      call.address(s.word(4 * word));
    }
    text.append(", msg_controllen=").append(control).append(", msg_flags=");
    MESSAGE_FLAGS.flags(text, s.u32(6 * word));
    text.append('}');
  }
}
