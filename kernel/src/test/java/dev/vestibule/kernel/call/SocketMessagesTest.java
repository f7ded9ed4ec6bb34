package dev.vestibule.kernel.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What do guests of either byte order and word size send and receive beside the bytes? */
final class SocketMessagesTest {
  private static final long ADDRESS = GuestWorld.SCRATCH;
  private static final long HEADER = GuestWorld.SCRATCH + 0x200;
  private static final long VECTOR = GuestWorld.SCRATCH + 0x300;
  private static final long DATA = GuestWorld.SCRATCH + 0x400;
  private static final long CONTROL = GuestWorld.SCRATCH + 0x1000;
  private static final int AF_INET6 = 10;
  private static final int AF_NETLINK = 16;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_RAW = 3;
  private static final int SOL_IPV6 = 41;
  private static final int IPV6_RECVPKTINFO = 49;
  private static final int IPV6_PKTINFO = 50;
  private static final int IPV6_RECVHOPLIMIT = 51;
  private static final int IPV6_HOPLIMIT = 52;
  private static final int IPV6_RECVTCLASS = 66;
  private static final int IPV6_TCLASS = 67;
  private static final int MSG_CTRUNC = 8;
  private static final int MSG_DONTWAIT = 0x40;

  @TempDir Path directory;

  private static long ok(long result) {
    assertThat(result).as("result, errno " + Errno.name((int) -result)).isNotNegative();
    return result;
  }

  private static void putHeader(Task t, int nameLength, int length, int controlLength) {
    int word = t.abi().wordSize();
    t.abi().struct(2 * word).putWord(0, DATA).putWord(word, length).store(t.memory(), VECTOR);
    t.abi()
        .struct(7 * word)
        .putWord(0, nameLength == 0 ? 0 : ADDRESS)
        .put32(word, nameLength)
        .putWord(2 * word, VECTOR)
        .putWord(3 * word, 1)
        .putWord(4 * word, CONTROL)
        .putWord(5 * word, controlLength)
        .store(t.memory(), HEADER);
  }

  private static int cmsg(Task t, int at, int type, int... values) {
    int word = t.abi().wordSize();
    int length = word + 8 + 4 * values.length;
    Struct s = t.abi().struct(length);
    s.putWord(0, length).put32(word, SOL_IPV6).put32(word + 4, type);
    for (int i = 0; i < values.length; i++) {
      s.put32(word + 8 + 4 * i, values[i]);
    }
    s.store(t.memory(), CONTROL + at);
    return at + length + word - 1 & -word;
  }

  /** Receives; the control messages by type, each as ints. */
  private static Map<Integer, List<Integer>> receive(Task t, int fd, int room) {
    int word = t.abi().wordSize();
    putHeader(t, 0, 16, room);
    ok(SocketCalls.recvmsg(t, fd, HEADER, MSG_DONTWAIT));
    Map<Integer, List<Integer>> found = new TreeMap<>();
    int used = (int) t.abi().struct(t.memory(), HEADER, 7 * word).word(5 * word);
    int at = 0;
    while (at + word + 8 <= used) {
      Struct s = t.abi().struct(t.memory(), CONTROL + at, used - at);
      int length = (int) s.word(0);
      assertThat(s.i32(word)).isEqualTo(SOL_IPV6);
      List<Integer> values = new ArrayList<>();
      for (int i = word + 8; i + 4 <= length; i += 4) {
        values.add(s.i32(i));
      }
      found.put(s.i32(word + 4), values);
      at += length + word - 1 & -word;
    }
    return found;
  }

  private static int flags(Task t) {
    return t.memory().load32(HEADER + 6L * t.abi().wordSize());
  }

  private static void enable(Task t, int fd, int option) {
    t.memory().store32(DATA, 1);
    ok(SocketOptionCalls.setsockopt(t, fd, SOL_IPV6, option, DATA, 4));
  }

  @ParameterizedTest
  @CsvSource({"ppc64le-6.1, 0", "ppc-6.1, 0", "ppc64-6.1, 136"})
  void controlMessagesOfIpv6ArriveInTheGuestsLayout(String profile, int protocol) {
    try (GuestWorld g = new GuestWorld(profile, directory)) {
      Task t = g.task;
      long made = GuestWorld.result(() -> SocketCalls.socket(t, AF_INET6, SOCK_DGRAM, protocol));
      assumeThat(made).as("the host has the protocol").isNotEqualTo(-Errno.EPROTONOSUPPORT);
      int fd = (int) ok(made);
      t.abi().struct(28).put16(0, AF_INET6).put8(23, 1).store(t.memory(), ADDRESS);
      ok(SocketCalls.bind(t, fd, ADDRESS, 28));
      t.memory().store32(DATA, 28);
      ok(SocketCalls.getsockname(t, fd, ADDRESS, DATA));
      enable(t, fd, IPV6_RECVHOPLIMIT);
      enable(t, fd, IPV6_RECVTCLASS);
      enable(t, fd, IPV6_RECVPKTINFO);
      int end = cmsg(t, cmsg(t, 0, IPV6_HOPLIMIT, 7), IPV6_TCLASS, 0x20);
      for (int i = 0; i < 3; i++) {
        cmsg(t, cmsg(t, 0, IPV6_HOPLIMIT, 7), IPV6_TCLASS, 0x20);
        putHeader(t, 28, 5, end);
        assertThat(SocketCalls.sendmsg(t, fd, HEADER, 0)).isEqualTo(5);
        if (i == 0) {
          Map<Integer, List<Integer>> got = receive(t, fd, 512);
          assertThat(flags(t) & MSG_CTRUNC).isZero();
          assertThat(got.get(IPV6_HOPLIMIT)).containsExactly(7);
          assertThat(got.get(IPV6_TCLASS)).containsExactly(0x20);
          int loopbackEnd = t.abi().bigEndian() ? 1 : 0x0100_0000;
          assertThat(got.get(IPV6_PKTINFO)).containsExactly(0, 0, 0, loopbackEnd, 1);
        } else {
          // A header that does not fit is left out, data that does not fit is cut.
          assertThat(receive(t, fd, i == 1 ? 4 : t.abi().wordSize() + 8)).hasSize(i - 1);
          assertThat(flags(t) & MSG_CTRUNC).isNotZero();
        }
      }
      // No other interface may be named: a guest has the loopback interface alone.
      end = cmsg(t, 0, IPV6_PKTINFO, 0, 0, 0, 0, 2);
      putHeader(t, 28, 5, end);
      assertThat(SocketCalls.sendmsg(t, fd, HEADER, 0)).isEqualTo(-Errno.ENODEV);
    }
  }

  @Test
  void oldKernelsHaveNoUdpLite() {
    try (GuestWorld g = new GuestWorld("ppc-2.6.12", directory)) {
      assertThat(GuestWorld.result(() -> SocketCalls.socket(g.task, AF_INET6, SOCK_DGRAM, 136)))
          .isEqualTo(-Errno.EPROTONOSUPPORT);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ppc64le-6.1", "ppc-6.1"})
  void netlinkAndIoctlShowTheSameLoopbackInterface(String profile) {
    try (GuestWorld g = new GuestWorld(profile, directory)) {
      Task t = g.task;
      int fd = (int) ok(SocketCalls.socket(t, AF_NETLINK, SOCK_RAW, 0));
      int getLink = 18;
      Struct request = t.abi().struct(20).put32(0, 20).put16(4, getLink).put16(6, 0x301);
      request.put32(8, 77).store(t.memory(), DATA);
      assertThat(SocketCalls.send(t, fd, DATA, 20, 0)).isEqualTo(20);
      int length = (int) ok(SocketCalls.recv(t, fd, DATA, 4096, MSG_DONTWAIT));
      Struct link = t.abi().struct(t.memory(), DATA, length);
      assertThat(link.i32(0)).isEqualTo(length);
      assertThat(link.u16(4)).isEqualTo(16);
      assertThat(link.i32(8)).isEqualTo(77);
      assertThat(link.i32(16 + 4)).isEqualTo(1);
      assertThat(link.u16(32)).isEqualTo(4 + 3);
      assertThat(link.bytes()).containsSequence('l', 'o', 0);
      ok(SocketCalls.recv(t, fd, DATA, 4096, MSG_DONTWAIT));
      assertThat(t.abi().struct(t.memory(), DATA, 16).u16(4)).isEqualTo(3);
      assertThat(GuestWorld.result(() -> SocketCalls.recv(t, fd, DATA, 4096, MSG_DONTWAIT)))
          .isEqualTo(-Errno.EAGAIN);

      int getName = 0x8910;
      t.abi().struct(40).put32(16, 1).store(t.memory(), DATA);
      ok(FcntlCalls.ioctl(t, fd, getName, DATA));
      assertThat(g.bytes(DATA, 3)).containsExactly('l', 'o', 0);
      t.abi().struct(40).put32(16, 2).store(t.memory(), DATA);
      assertThat(FcntlCalls.ioctl(t, fd, getName, DATA)).isEqualTo(-Errno.ENODEV);
    }
  }
}
