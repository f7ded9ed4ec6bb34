package dev.vestibule.kernel.socket;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What does the kernel answer to a request of rtnetlink(7)? It shows the loopback interface and its
 * two addresses, and lets nothing be changed.
 */
final class RouteMessages {
  static final int HEADER = 16;

  private static final int NLMSG_ERROR = 2;
  private static final int NLMSG_DONE = 3;
  private static final int FIRST_TYPE = 16;
  private static final int RTM_NEWLINK = 16;
  private static final int RTM_GETLINK = 18;
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_GETADDR = 22;

  private static final int NLM_F_REQUEST = 1;
  private static final int NLM_F_MULTI = 2;
  private static final int NLM_F_ACK = 4;
  private static final int NLM_F_DUMP = 0x300;

  private static final int IFINFOMSG = 16;
  private static final int IFLA_ADDRESS = 1;
  private static final int IFLA_BROADCAST = 2;
  private static final int IFLA_IFNAME = 3;
  private static final int IFLA_MTU = 4;
  private static final int IFLA_QDISC = 6;
  private static final int IFLA_TXQLEN = 13;
  private static final int IFLA_OPERSTATE = 16;
  private static final int IFLA_LINKMODE = 17;
  private static final int IFLA_GROUP = 27;
  private static final int IFLA_CARRIER = 33;
  private static final int IFF_LOWER_UP = 0x1_0000;

  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int IFA_LABEL = 3;
  private static final int IFA_CACHEINFO = 6;
  private static final int IFA_FLAGS = 8;
  private static final int IFA_F_PERMANENT = 0x80;
  private static final int SCOPE_HOST = 254;

  private final GuestAbi abi;
  private final int port;
  private final boolean shortErrors;
  private final List<byte[]> answers = new ArrayList<>();

  /**
   * @param port who asks: the answers' nlmsg_pid
   * @param shortErrors whether an error repeats the request's header only: NETLINK_CAP_ACK
   */
  RouteMessages(GuestAbi abi, int port, boolean shortErrors) {
    this.abi = abi;
    this.port = port;
    this.shortErrors = shortErrors;
  }

  /** The answers to a datagram of requests, one array for each that is received. */
  List<byte[]> answer(byte[] requests) {
    int at = 0;
    while (requests.length - at >= HEADER) {
      Struct request = part(requests, at, requests.length - at);
      long length = request.u32(0);
      if (length < HEADER || length > requests.length - at) {
        break;
      }
      request = part(requests, at, (int) length);
      carryOut(request);
      at += (int) length + 3 & -4;
    }
    return answers;
  }

  private Struct part(byte[] from, int at, int length) {
    Struct s = abi.struct(length);
    System.arraycopy(from, at, s.bytes(), 0, length);
    return s;
  }

  private void carryOut(Struct request) {
    int type = request.u16(4);
    int flags = request.u16(6);
    int error = 0;
    if ((flags & NLM_F_REQUEST) != 0 && type >= FIRST_TYPE) {
      boolean dump = (flags & NLM_F_DUMP) == NLM_F_DUMP;
      boolean asks = (type & 3) == 2; // of each four: new, delete, get, set
      if (!asks) {
        error = Errno.EPERM;
      } else if (type == RTM_GETLINK) {
        error = links(request, dump);
      } else if (type == RTM_GETADDR && dump) {
        addresses(request);
      } else {
        error = Errno.EOPNOTSUPP;
      }
      if (error == 0 && dump) {
        answers.add(message(request, NLMSG_DONE, NLM_F_MULTI, new byte[4]));
        return; // a dump is not acknowledged beside its end
      }
    }
    if (error != 0 || (flags & NLM_F_ACK) != 0) {
      acknowledge(request, error);
    }
  }

  private void acknowledge(Struct request, int error) {
    int repeated = error == 0 || shortErrors ? HEADER : request.bytes().length;
    Struct body = abi.struct(4 + repeated).put32(0, -error);
    System.arraycopy(request.bytes(), 0, body.bytes(), 4, repeated);
    answers.add(message(request, NLMSG_ERROR, 0, body.bytes()));
  }

  private byte[] message(Struct request, int type, int flags, byte[] body) {
    Struct s = abi.struct(HEADER + body.length);
    s.put32(0, HEADER + body.length).put16(4, type).put16(6, flags);
    s.put32(8, request.i32(8)).put32(12, port);
    System.arraycopy(body, 0, s.bytes(), HEADER, body.length);
    return s.bytes();
  }

  // ---- links

  private int links(Struct request, boolean dump) {
    if (!dump && !namesLoopback(request)) {
      return request.bytes().length < HEADER + IFINFOMSG ? Errno.EINVAL : Errno.ENODEV;
    }
    Struct info = abi.struct(IFINFOMSG);
    info.put16(2, Interfaces.HARDWARE).put32(4, Interfaces.LOOPBACK);
    info.put32(8, Interfaces.FLAGS | IFF_LOWER_UP);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(info.bytes());
    attribute(out, IFLA_IFNAME, text(Interfaces.NAME));
    attribute(out, IFLA_TXQLEN, number(Interfaces.QUEUE_LENGTH));
    attribute(out, IFLA_OPERSTATE, new byte[1]);
    attribute(out, IFLA_LINKMODE, new byte[1]);
    attribute(out, IFLA_MTU, number(Interfaces.MTU));
    attribute(out, IFLA_GROUP, number(0));
    attribute(out, IFLA_CARRIER, new byte[] {1});
    attribute(out, IFLA_QDISC, text("noqueue"));
    attribute(out, IFLA_ADDRESS, new byte[6]);
    attribute(out, IFLA_BROADCAST, new byte[6]);
    answers.add(message(request, RTM_NEWLINK, dump ? NLM_F_MULTI : 0, out.toByteArray()));
    return 0;
  }

  private boolean namesLoopback(Struct request) {
    byte[] bytes = request.bytes();
    if (bytes.length < HEADER + IFINFOMSG) {
      return false;
    }
    int index = request.i32(HEADER + 4);
    if (index != 0) {
      return index == Interfaces.LOOPBACK;
    }
    int at = HEADER + IFINFOMSG;
    while (bytes.length - at >= 4) {
      int length = request.u16(at);
      if (length < 4 || length > bytes.length - at) {
        break;
      }
      if (request.u16(at + 2) == IFLA_IFNAME) {
        String name = new String(bytes, at + 4, length - 4, StandardCharsets.ISO_8859_1);
        return name.equals(Interfaces.NAME) || name.equals(Interfaces.NAME + "\0");
      }
      at += length + 3 & -4;
    }
    return false;
  }

  // ---- addresses

  private void addresses(Struct request) {
    int family = request.bytes().length > HEADER ? request.u8(HEADER) : 0;
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    if (family != Socket.AF_INET6) {
      byte[] local = {127, 0, 0, 1};
      all.writeBytes(address(request, Socket.AF_INET, 8, local));
    }
    if (family != Socket.AF_INET) {
      byte[] local = new byte[16];
      local[15] = 1;
      all.writeBytes(address(request, Socket.AF_INET6, 128, local));
    }
    answers.add(all.toByteArray());
  }

  private byte[] address(Struct request, int family, int prefix, byte[] address) {
    Struct info = abi.struct(8);
    info.put8(0, family).put8(1, prefix).put8(2, IFA_F_PERMANENT).put8(3, SCOPE_HOST);
    info.put32(4, Interfaces.LOOPBACK);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(info.bytes());
    attribute(out, IFA_ADDRESS, address);
    if (family == Socket.AF_INET) {
      attribute(out, IFA_LOCAL, address);
      attribute(out, IFA_LABEL, text(Interfaces.NAME));
    }
    attribute(out, IFA_CACHEINFO, abi.struct(16).put32(0, -1).put32(4, -1).bytes());
    attribute(out, IFA_FLAGS, number(IFA_F_PERMANENT));
    return message(request, RTM_NEWADDR, NLM_F_MULTI, out.toByteArray());
  }

  // ---- attributes

  private void attribute(ByteArrayOutputStream out, int type, byte[] value) {
    Struct s = abi.struct(4 + value.length + 3 & -4);
    s.put16(0, 4 + value.length).put16(2, type);
    System.arraycopy(value, 0, s.bytes(), 4, value.length);
    out.writeBytes(s.bytes());
  }

  private byte[] number(int value) {
    return abi.struct(4).put32(0, value).bytes();
  }

  private static byte[] text(String text) {
    return (text + "\0").getBytes(StandardCharsets.US_ASCII);
  }
}
