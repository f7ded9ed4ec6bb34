package dev.vestibule.kernel.socket;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import java.nio.charset.StandardCharsets;

/**
 * Which network interfaces does a guest see, and how? The loopback interface alone, whatever the
 * host has: netdevice(7).
 */
final class Interfaces {
  /** Its number; Linux gives every network namespace this one first. */
  static final int LOOPBACK = 1;

  static final String NAME = "lo";
  static final int MTU = 65_536;
  static final int QUEUE_LENGTH = 1000;

  /** ARPHRD_LOOPBACK of linux/if_arp.h. */
  static final int HARDWARE = 772;

  /** IFF_UP, IFF_LOOPBACK and IFF_RUNNING of linux/if.h. */
  static final int FLAGS = 0x49;

  private static final int NAME_SIZE = 16;

  private static final int SIOCGIFNAME = 0x8910;
  private static final int SIOCGIFCONF = 0x8912;
  private static final int SIOCGIFFLAGS = 0x8913;
  private static final int SIOCSIFFLAGS = 0x8914;
  private static final int SIOCGIFADDR = 0x8915;
  private static final int SIOCGIFDSTADDR = 0x8917;
  private static final int SIOCGIFBRDADDR = 0x8919;
  private static final int SIOCGIFNETMASK = 0x891b;
  private static final int SIOCGIFMETRIC = 0x891d;
  private static final int SIOCGIFMTU = 0x8921;
  private static final int SIOCSIFMTU = 0x8922;
  private static final int SIOCSIFNAME = 0x8923;
  private static final int SIOCSIFHWADDR = 0x8924;
  private static final int SIOCGIFHWADDR = 0x8927;
  private static final int SIOCGIFINDEX = 0x8933;
  private static final int SIOCGIFTXQLEN = 0x8942;
  private static final int SIOCSIFTXQLEN = 0x8943;
  private static final int SIOCGIFMAP = 0x8970;

  private Interfaces() {}

  /** An ioctl(2) on a socket that its own protocol does not know; ENOTTY if none knows it. */
  static long ioctl(Task t, int family, int request, long argument) {
    return switch (request) {
      case SIOCGIFCONF -> list(t, argument);
      case SIOCGIFADDR, SIOCGIFDSTADDR, SIOCGIFBRDADDR, SIOCGIFNETMASK ->
          family == Socket.AF_INET ? ask(t, request, argument) : -Errno.ENOTTY;
      case SIOCGIFNAME,
          SIOCGIFFLAGS,
          SIOCGIFMETRIC,
          SIOCGIFMTU,
          SIOCGIFHWADDR,
          SIOCGIFINDEX,
          SIOCGIFTXQLEN,
          SIOCGIFMAP ->
          ask(t, request, argument);
      case SIOCSIFFLAGS, SIOCSIFMTU, SIOCSIFNAME, SIOCSIFHWADDR, SIOCSIFTXQLEN -> -Errno.EPERM;
      default -> -Errno.ENOTTY;
    };
  }

  /** Bytes of struct ifreq: a name and a union as big as struct ifmap. */
  private static int requestSize(GuestAbi abi) {
    return NAME_SIZE + (abi.wide() ? 24 : 16);
  }

  private static long ask(Task t, int request, long argument) {
    Struct s = t.abi().struct(t.memory(), argument, requestSize(t.abi()));
    if (request == SIOCGIFNAME) {
      if (s.i32(NAME_SIZE) != LOOPBACK) {
        return -Errno.ENODEV;
      }
      putName(s);
    } else if (!named(s)) {
      return -Errno.ENODEV;
    } else {
      fill(s, request);
    }
    s.store(t.memory(), argument);
    return 0;
  }

  private static void fill(Struct s, int request) {
    switch (request) {
      case SIOCGIFFLAGS -> s.put16(NAME_SIZE, FLAGS);
      case SIOCGIFMTU -> s.put32(NAME_SIZE, MTU);
      case SIOCGIFINDEX -> s.put32(NAME_SIZE, LOOPBACK);
      case SIOCGIFTXQLEN -> s.put32(NAME_SIZE, QUEUE_LENGTH);
      case SIOCGIFMETRIC -> s.put32(NAME_SIZE, 0);
      case SIOCGIFADDR, SIOCGIFDSTADDR -> putAddress(s, 127, 1);
      case SIOCGIFNETMASK -> putAddress(s, 255, 0);
      case SIOCGIFBRDADDR -> putAddress(s, 0, 0);
      case SIOCGIFHWADDR -> {
        clear(s);
        s.put16(NAME_SIZE, HARDWARE);
      }
      default -> clear(s); // SIOCGIFMAP
    }
  }

  private static void clear(Struct s) {
    for (int i = NAME_SIZE; i < s.bytes().length; i++) {
      s.put8(i, 0);
    }
  }

  /** A sockaddr_in of an address like 127.0.0.1. */
  private static void putAddress(Struct s, int first, int last) {
    clear(s);
    s.put16(NAME_SIZE, Socket.AF_INET).put8(NAME_SIZE + 4, first).put8(NAME_SIZE + 7, last);
  }

  private static void putName(Struct s) {
    byte[] name = NAME.getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < NAME_SIZE; i++) {
      s.put8(i, i < name.length ? name[i] : 0);
    }
  }

  private static boolean named(Struct s) {
    return s.u8(0) == NAME.charAt(0) && s.u8(1) == NAME.charAt(1) && s.u8(2) == 0;
  }

  /** SIOCGIFCONF: one entry, since there is one IPv4 address. */
  private static long list(Task t, long argument) {
    int word = t.abi().wordSize();
    Struct s = t.abi().struct(t.memory(), argument, 2 * word);
    long buffer = s.word(word);
    int size = requestSize(t.abi());
    if (buffer != 0 && s.i32(0) < size) {
      size = 0;
    } else if (buffer != 0) {
      Struct entry = t.abi().struct(size);
      putName(entry);
      putAddress(entry, 127, 1);
      entry.store(t.memory(), buffer);
    }
    t.memory().store32(argument, size);
    return 0;
  }
}
