package dev.vestibule.kernel.socket;

import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;

/**
 * Which bytes of a socket option's value, or of ancillary data, are numbers in the byte order of
 * who reads them, and which are addresses, names or numbers in network order? Layouts are those of
 * linux/in.h, in6.h, ipv6.h, tcp.h, udp.h and errqueue.h, and of ip(7), ipv6(7), tcp(7).
 */
public final class SocketNumbers {
  private static final int IPPROTO_IP = 0;
  private static final int IPPROTO_TCP = 6;
  private static final int IPPROTO_IPV6 = 41;

  private static final int IP_RECVOPTS = 6;
  private static final int IP_RETOPTS = 7;
  private static final int IP_PKTINFO = 8;
  private static final int IP_RECVERR = 11;
  private static final int IP_ORIGDSTADDR = 20;
  private static final int IP_MULTICAST_IF = 32;
  private static final int IP_ADD_MEMBERSHIP = 35;
  private static final int IP_DROP_MEMBERSHIP = 36;
  private static final int IP_UNICAST_IF = 50;

  private static final int IPV6_2292PKTINFO = 2;
  private static final int IPV6_FLOWINFO = 11;
  private static final int IPV6_JOIN_GROUP = 20;
  private static final int IPV6_LEAVE_GROUP = 21;
  private static final int IPV6_RECVERR = 25;
  private static final int IPV6_PKTINFO = 50;
  private static final int IPV6_HOPOPTS = 54;
  private static final int IPV6_RTHDRDSTOPTS = 55;
  private static final int IPV6_RTHDR = 57;
  private static final int IPV6_DSTOPTS = 59;
  private static final int IPV6_PATHMTU = 61;
  private static final int IPV6_ORIGDSTADDR = 74;

  private static final int TCP_INFO = 11;
  private static final int TCP_CONGESTION = 13;

  private static final int SO_TIMESTAMP = 29;
  private static final int SO_TIMESTAMPNS = 35;
  private static final int SO_TIMESTAMPING = 37;
  private static final int SO_TIMESTAMP_NEW = 63;
  private static final int SO_TIMESTAMPING_NEW = 65;

  private SocketNumbers() {}

  /**
   * An option's value of the host as the guest's, or the other way round; may be the same array.
   */
  public static byte[] option(GuestAbi abi, int level, int option, byte[] value) {
    if (!abi.bigEndian()) {
      return value;
    }
    byte[] turned = value.clone();
    switch (level) {
      case IPPROTO_IP -> turnIpOption(option, turned);
      case IPPROTO_IPV6 -> turnIpv6(option, turned, false);
      case IPPROTO_TCP -> turnTcpOption(option, turned);
      default -> turnAll(turned);
    }
    return turned;
  }

  /** Ancillary data the guest sends, as the host's. */
  public static byte[] controlToHost(GuestAbi abi, int level, int type, byte[] data) {
    return turnedControl(abi, level, type, data);
  }

  /** Ancillary data of the host as the guest's; the times in it become its long. */
  public static byte[] controlToGuest(GuestAbi abi, Message.Control control) {
    boolean times = control.level() == Socket.SOL_SOCKET;
    return switch (control.type()) {
      case SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMPING ->
          times ? longs(abi, control.data(), abi.wordSize()) : turnedControl(abi, control);
      case SO_TIMESTAMP_NEW, SO_TIMESTAMP_NEW + 1, SO_TIMESTAMPING_NEW ->
          times ? longs(abi, control.data(), 8) : turnedControl(abi, control);
      default -> turnedControl(abi, control);
    };
  }

  private static byte[] turnedControl(GuestAbi abi, Message.Control control) {
    return turnedControl(abi, control.level(), control.type(), control.data());
  }

  private static byte[] turnedControl(GuestAbi abi, int level, int type, byte[] data) {
    if (!abi.bigEndian()) {
      return data;
    }
    byte[] turned = data.clone();
    switch (level) {
      case IPPROTO_IP -> turnIpControl(type, turned);
      case IPPROTO_IPV6 -> turnIpv6(type, turned, true);
      default -> turnAll(turned);
    }
    return turned;
  }

  private static byte[] longs(GuestAbi abi, byte[] host, int width) {
    int count = host.length / 8;
    Struct s = abi.struct(count * width);
    for (int i = 0; i < count; i++) {
      long value = 0;
      for (int b = 7; b >= 0; b--) {
        value = value << 8 | host[8 * i + b] & 0xff;
      }
      if (width == 8) {
        s.put64(8 * i, value);
      } else {
        s.put32(4 * i, (int) value);
      }
    }
    return s.bytes();
  }

  // ---- layouts

  private static void turnIpOption(int option, byte[] b) {
    switch (option) {
      case IP_UNICAST_IF -> {} // in network order
      case IP_MULTICAST_IF, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP ->
          turn(b, 8, 4); // struct ip_mreqn: two addresses, then the interface
      default -> turnWord(b);
    }
  }

  private static void turnIpControl(int type, byte[] b) {
    switch (type) {
      case IP_RECVOPTS, IP_RETOPTS -> {}
      case IP_PKTINFO -> turn(b, 0, 4);
      case IP_RECVERR -> turnExtendedError(b);
      case IP_ORIGDSTADDR -> turn(b, 0, 2);
      default -> turnWord(b);
    }
  }

  private static void turnIpv6(int type, byte[] b, boolean control) {
    switch (type) {
      case IPV6_FLOWINFO, IPV6_HOPOPTS, IPV6_RTHDRDSTOPTS, IPV6_RTHDR, IPV6_DSTOPTS -> {
        if (!control) {
          turnWord(b);
        }
      }
      case IPV6_JOIN_GROUP, IPV6_LEAVE_GROUP -> turn(b, 16, 4);
      case IPV6_PKTINFO, IPV6_2292PKTINFO -> {
        if (b.length >= 20) {
          turn(b, 16, 4);
        } else {
          turnWord(b);
        }
      }
      case IPV6_RECVERR -> {
        if (control) {
          turnExtendedError(b);
        } else {
          turnWord(b);
        }
      }
      case IPV6_PATHMTU -> {
        turnAddress(b, 0);
        turn(b, 28, 4);
      }
      case IPV6_ORIGDSTADDR -> {
        if (control) {
          turnAddress(b, 0);
        } else {
          turnWord(b);
        }
      }
      default -> turnWord(b);
    }
  }

  /** struct sock_extended_err with the offender's address behind it. */
  private static void turnExtendedError(byte[] b) {
    turn(b, 0, 4);
    turn(b, 8, 4);
    turn(b, 12, 4);
    turnAddress(b, 16);
  }

  /** struct sockaddr_in or sockaddr_in6: ports and addresses are in network order anyhow. */
  private static void turnAddress(byte[] b, int at) {
    turn(b, at, 2);
    turn(b, at + 24, 4);
  }

  private static void turnTcpOption(int option, byte[] b) {
    switch (option) {
      case TCP_CONGESTION -> {}
      case TCP_INFO -> turnTcpInfo(b);
      default -> turnWord(b);
    }
  }

  /** struct tcp_info: seven bytes and bit fields, 24 ints, then longs and ints as they came. */
  private static void turnTcpInfo(byte[] b) {
    if (b.length > 6) {
      b[6] = (byte) (b[6] << 4 | (b[6] & 0xf0) >> 4);
    }
    turnMany(b, 8, 104, 4);
    turnMany(b, 104, 136, 8);
    turnMany(b, 136, 160, 4);
    turnMany(b, 160, 192, 8);
    turnMany(b, 192, 200, 4);
    turnMany(b, 200, 216, 8);
    turnMany(b, 216, b.length, 4);
  }

  private static void turnWord(byte[] b) {
    if (b.length == 2 || b.length == 4) {
      turn(b, 0, b.length);
    }
  }

  /** Plain ints, as many as there are. */
  private static void turnAll(byte[] b) {
    if (b.length == 2) {
      turn(b, 0, 2);
    } else {
      turnMany(b, 0, b.length, 4);
    }
  }

  private static void turnMany(byte[] b, int from, int to, int width) {
    for (int at = from; at < to; at += width) {
      turn(b, at, width);
    }
  }

  /** Reverses a field if all of it is there. */
  private static void turn(byte[] b, int at, int width) {
    if (at + width > b.length) {
      return;
    }
    for (int i = 0; i < width / 2; i++) {
      byte first = b[at + i];
      b[at + i] = b[at + width - 1 - i];
      b[at + width - 1 - i] = first;
    }
  }
}
