package dev.vestibule.kernel.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.tty.Termios;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random sequences on locks, terminals and sockets: the same calls on the host decide. */
final class HostOracleTest {
  private static final int O_RDWR = 2;
  private static final int O_NONBLOCK = 04000;
  private static final long FLOCK = GuestWorld.SCRATCH;
  private static final long BUFFER = GuestWorld.SCRATCH + 4096;

  @TempDir Path directory;
  private final long memory = HostMemory.allocate(1 << 14);
  private long seed;
  private Random random = new Random();

  @BeforeEach
  void chooseSeed() {
    seed = Long.getLong("vestibule.seed", System.nanoTime());
    random = new Random(seed);
  }

  private long hostOpen(String path, int flags) {
    byte[] bytes = GuestText.bytes(path);
    HostMemory.copyIn(bytes, 0, memory, bytes.length);
    long fd = Libc.syscall(HostCalls.OPENAT, -100, memory, flags, 0);
    assertThat(fd).as(path).isNotNegative();
    return fd;
  }

  private static String shown(long result) {
    return result < 0 ? Errno.name((int) -result) : Long.toString(result);
  }

  // ---- locks: open file description locks of three openings of one file

  @ParameterizedTest
  @ValueSource(strings = {"ppc64le-6.1", "ppc-6.1"})
  void locksConflictAsOnTheHost(String profile) throws IOException {
    Path guestFile = Files.writeString(directory.resolve("guest"), "x".repeat(64));
    Path hostFile = Files.writeString(directory.resolve("host"), "x".repeat(64));
    long[] host = new long[3];
    long[] guest = new long[3];
    try (GuestWorld g = new GuestWorld(profile, directory)) {
      for (int i = 0; i < 3; i++) {
        host[i] = hostOpen(hostFile.toString(), O_RDWR);
        guest[i] = g.open("/" + guestFile.getFileName(), O_RDWR, 0);
      }
      for (int step = 0; step < 4000; step++) {
        compareLock(g, guest, host, step);
      }
    }
    for (long fd : host) {
      Libc.syscall(HostCalls.CLOSE, fd);
    }
  }

  private void compareLock(GuestWorld g, long[] guest, long[] host, int step) {
    int ofdGet = 36;
    int ofdSet = 37;
    int who = random.nextInt(3);
    int command = random.nextInt(3) == 0 ? ofdGet : ofdSet;
    int type = random.nextInt(command == ofdGet ? 2 : 3); // F_UNLCK is tested since Linux 6.6 only
    int whence = random.nextInt(8) == 0 ? 2 : 0;
    long start = random.nextInt(20) - (whence == 2 ? 30 : random.nextInt(10) == 0 ? 3 : 0);
    long length = random.nextInt(12) - (random.nextInt(4) == 0 ? 6 : 0);
    var t = g.task;
    t.abi()
        .struct(32)
        .put16(0, type)
        .put16(2, whence)
        .put64(8, start)
        .put64(16, length)
        .store(t.memory(), FLOCK);
    HostMemory.fill(memory, 32, 0);
    HostMemory.put16le(memory, type);
    HostMemory.put16le(memory + 2, whence);
    HostMemory.put64le(memory + 8, start);
    HostMemory.put64le(memory + 16, length);
    long expected = Libc.syscall(HostCalls.FCNTL, host[who], command, memory);
    long actual =
        GuestWorld.result(() ->
            t.abi().wide()
                ? FcntlCalls.fcntl(t, (int) guest[who], command, FLOCK)
                : FcntlCalls.fcntl64(t, (int) guest[who], command, FLOCK));
    String what =
        "seed %d step %d: %d type %d %d+%d".formatted(seed, step, who, type, start, length);
    assertThat(shown(actual)).as(what).isEqualTo(shown(expected));
    if (expected == 0 && command == ofdGet) {
      int unlocked = 2; // which of several conflicting locks is told is not promised
      assertThat(t.memory().load16(FLOCK) == unlocked)
          .as(what)
          .isEqualTo(HostMemory.s16le(memory) == unlocked);
    }
  }

  // ---- terminals: what is typed, echoed, read and printed

  private static final int TCGETS = 0x5401;
  private static final int TCSETS = 0x5402;
  private static final int TIOCSPTLCK = 0x4004_5431;
  private static final int TIOCGPTN = 0x8004_5430;

  @Test
  void terminalsTreatBytesAsTheHostDoes() {
    long master = hostOpen("/dev/ptmx", O_RDWR | O_NONBLOCK | 0400);
    HostMemory.put32le(memory, 0);
    Libc.syscall(HostCalls.IOCTL, master, TIOCSPTLCK, memory);
    Libc.syscall(HostCalls.IOCTL, master, TIOCGPTN, memory);
    String name = "/dev/pts/" + HostMemory.i32le(memory);
    long slave = hostOpen(name, O_RDWR | O_NONBLOCK | 0400);
    try (GuestWorld g = new GuestWorld("ppc64le-6.1", directory)) {
      var t = g.task;
      int guestMaster = (int) g.open("/dev/ptmx", O_RDWR | O_NONBLOCK, 0);
      t.memory().store32(BUFFER, 0);
      assertThat(FcntlCalls.ioctl(t, guestMaster, 0x8004_5431, BUFFER)).isZero();
      assertThat(FcntlCalls.ioctl(t, guestMaster, 0x4004_5430, BUFFER)).isZero();
      String guestName = "/dev/pts/" + t.memory().load32(BUFFER);
      int guestSlave = (int) g.open(guestName, O_RDWR | O_NONBLOCK | 0400, 0);
      assertThat(guestSlave).isNotNegative();
      for (int step = 0; step < 1500; step++) {
        String what = "seed " + seed + " step " + step;
        if (random.nextInt(25) == 0) {
          settle(g, new long[] {guestMaster, guestSlave}, new long[] {master, slave}, what);
          setModes(g, guestSlave, slave);
        }
        byte[] bytes = someBytes();
        boolean typed = random.nextInt(4) != 0;
        write(g, typed ? guestMaster : guestSlave, typed ? master : slave, bytes, what);
        what += (typed ? " typed " : " printed ") + Arrays.toString(bytes);
        if (random.nextBoolean()) {
          compareRead(g, guestSlave, slave, 1 + random.nextInt(40), what + ", read");
        }
        compareRead(g, guestMaster, master, 4000, what + ", shown");
      }
    } finally {
      Libc.syscall(HostCalls.CLOSE, slave);
      Libc.syscall(HostCalls.CLOSE, master);
    }
  }

  private static final int[] KEYS = {
    'a', 'b', ' ', 'z', '\n', '\r', 4, 0x7f, 0x15, 0x17, 0x16, 2, 1, 0x1b, '_', '9', 0xc3
  };

  private byte[] someBytes() {
    byte[] bytes = new byte[1 + random.nextInt(6)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) KEYS[random.nextInt(KEYS.length)];
    }
    return bytes;
  }

  /**
   * Waits until the host has treated in the old modes what was typed, which a thread of its own
   * does: whatever the modes, the second of two ends of file makes something readable.
   */
  private void settle(GuestWorld g, long[] guest, long[] host, String what) {
    for (int i = 0; i < 1000; i++) {
      if (GuestWorld.result(() -> FileCalls.read(g.task, (int) guest[1], BUFFER, 4000)) < 0) {
        break;
      }
    }
    for (int i = 0; i < 1000; i++) {
      if (Libc.syscall(HostCalls.READ, host[1], memory, 4000) < 0) {
        break;
      }
    }
    write(g, (int) guest[0], host[0], new byte[] {4, 4}, what);
    long minute = 60;
    HostMemory.putSlot(memory, host[1] | 1L << 32);
    HostMemory.putSlot(memory + 8, minute);
    HostMemory.putSlot(memory + 16, 0);
    assertThat(Libc.syscall(HostCalls.PPOLL, memory, 1, memory + 8, 0, 8)).as(what).isEqualTo(1);
    LockSupport.parkNanos(20_000_000); // it may be at the second one
    compareRead(g, (int) guest[0], host[0], 4000, what + ", settled");
  }

  /** Random modes; flow control and erasure of tabs are left out. */
  private void setModes(GuestWorld g, int guestSlave, long slave) {
    var t = g.task;
    int input = random.nextInt() & (Termios.INLCR | Termios.IGNCR | Termios.ICRNL | 0x20);
    int output = random.nextInt() & (Termios.OPOST | Termios.ONLCR | Termios.OCRNL);
    int choice = Termios.ECHO | Termios.ECHONL | Termios.ECHOCTL | Termios.ICANON | Termios.IEXTEN;
    int local = random.nextInt() & choice | Termios.ECHOE | Termios.ECHOK | Termios.ECHOKE;
    Libc.syscall(HostCalls.IOCTL, slave, TCGETS, memory);
    HostMemory.put32le(memory, input);
    HostMemory.put32le(memory + 4, output);
    HostMemory.put32le(memory + 12, local);
    int flush = TCSETS + 2;
    assertThat(Libc.syscall(HostCalls.IOCTL, slave, flush, memory)).as("host's modes").isZero();
    byte[] characters = new byte[Termios.NCCS];
    HostMemory.copyOut(memory + 17, characters, 0, characters.length);
    Termios wanted = new Termios(input, output, 0xbf, local, 0, characters);
    t.abi().storeTermios(t.memory(), BUFFER, wanted);
    assertThat(FcntlCalls.ioctl(t, guestSlave, 0x802c_7416, BUFFER)).isZero();
  }

  private void write(GuestWorld g, int guestFd, long hostFd, byte[] bytes, String what) {
    g.task.memory().write(BUFFER, bytes, 0, bytes.length);
    HostMemory.copyIn(bytes, 0, memory, bytes.length);
    long expected = Libc.syscall(HostCalls.WRITE, hostFd, memory, bytes.length);
    long actual = GuestWorld.result(() -> FileCalls.write(g.task, guestFd, BUFFER, bytes.length));
    assertThat(shown(actual)).as(what).isEqualTo(shown(expected));
  }

  private void compareRead(GuestWorld g, int guestFd, long hostFd, int size, String what) {
    long actual = GuestWorld.result(() -> FileCalls.read(g.task, guestFd, BUFFER, size));
    byte[] guest = actual > 0 ? g.bytes(BUFFER, (int) actual) : new byte[0];
    ByteArrayOutputStream host = new ByteArrayOutputStream();
    long expected = -Errno.EAGAIN;
    // The host hands typed bytes on in a thread of its own: give it time, then nothing more.
    for (int i = 0; i < 60_000 && host.size() < guest.length; i++) {
      expected = Libc.syscall(HostCalls.READ, hostFd, memory, size - host.size());
      if (expected == -Errno.EAGAIN) {
        LockSupport.parkNanos(1_000_000);
        continue;
      }
      for (int k = 0; k < expected; k++) {
        host.write(HostMemory.u8(memory + k));
      }
    }
    if (guest.length == 0) {
      LockSupport.parkNanos(200_000);
      expected = Libc.syscall(HostCalls.READ, hostFd, memory, size);
      for (int k = 0; k < expected; k++) {
        host.write(HostMemory.u8(memory + k));
      }
      assertThat(Math.min(actual, 0)).as(what).isEqualTo(Math.min(expected, 0));
    }
    assertThat(text(guest)).as(what).isEqualTo(text(host.toByteArray()));
  }

  private static String text(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (byte b : bytes) {
      text.append(b < 32 || b == 127 ? "<%02x>".formatted(b) : Character.toString(b));
    }
    return text.toString();
  }

  // ---- sockets: pairs of each type

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void socketPairsBehaveAsOnTheHost(int type) {
    try (GuestWorld g = new GuestWorld("ppc64-6.1", directory)) {
      for (int round = 0; round < 60; round++) {
        pair(g, type, "seed " + seed + " round " + round);
      }
    }
  }

  private void pair(GuestWorld g, int type, String round) {
    var t = g.task;
    assertThat(SocketCalls.socketpair(t, 1, type | O_NONBLOCK, 0, BUFFER)).isZero();
    int[] guest = {t.memory().load32(BUFFER), t.memory().load32(BUFFER + 4)};
    Libc.syscall(HostCalls.SOCKETPAIR, 1, type | O_NONBLOCK, 0, memory);
    int[] host = {HostMemory.i32le(memory), HostMemory.i32le(memory + 4)};
    boolean[] closed = new boolean[2];
    for (int step = 0; step < 40; step++) {
      int end = random.nextInt(2);
      if (closed[end]) {
        continue;
      }
      String what = round + " step " + step + " end " + end;
      int noSignal = 0x4000;
      switch (random.nextInt(9)) {
        case 0, 1, 2 -> {
          byte[] bytes = someBytes();
          t.memory().write(BUFFER, bytes, 0, bytes.length);
          HostMemory.copyIn(bytes, 0, memory, bytes.length);
          long sent =
              GuestWorld.result(
                  () -> SocketCalls.send(t, guest[end], BUFFER, bytes.length, noSignal));
          long expected =
              Libc.syscall(HostCalls.SENDTO, host[end], memory, bytes.length, noSignal, 0, 0);
          boolean lonely = sent == -Errno.ENOTCONN && expected == -Errno.EPIPE;
          if (!lonely) { // newer kernels look at shutdown(2) before they look for the peer
            compare(what + " send", sent, expected);
          }
        }
        case 3, 4, 5 -> {
          int flags = random.nextInt(4) == 0 ? 2 : random.nextInt(6) == 0 ? 0x20 : 0;
          int size = 1 + random.nextInt(8);
          if (type == 1 && flags == 0x20) {
            flags = 0;
          }
          int f = flags;
          compare(
              what + " receive " + f,
              GuestWorld.result(() -> SocketCalls.recv(t, guest[end], BUFFER, size, f)),
              Libc.syscall(HostCalls.RECVFROM, host[end], memory, size, f, 0, 0));
        }
        case 6 -> {
          if (random.nextInt(3) == 0) {
            int how = random.nextInt(3);
            compare(
                what + " shutdown " + how,
                GuestWorld.result(() -> SocketCalls.shutdown(t, guest[end], how)),
                Libc.syscall(HostCalls.SHUTDOWN, host[end], how));
          }
        }
        case 7 -> {
          if (random.nextInt(5) == 0) {
            FileCalls.close(t, guest[end]);
            Libc.syscall(HostCalls.CLOSE, host[end]);
            closed[end] = true;
          }
        }
        default -> comparePoll(g, guest[end], host[end], what);
      }
    }
    for (int end = 0; end < 2; end++) {
      if (!closed[end]) {
        FileCalls.close(t, guest[end]);
        Libc.syscall(HostCalls.CLOSE, host[end]);
      }
    }
  }

  private void comparePoll(GuestWorld g, int guestFd, int hostFd, String what) {
    var t = g.task;
    int asked = 1 | 4 | 0x2000;
    t.abi().struct(8).put32(0, guestFd).put16(4, asked).store(t.memory(), BUFFER);
    HostMemory.putSlot(memory, hostFd & 0xffff_ffffL | (long) asked << 32);
    HostMemory.putSlot(memory + 8, 0);
    HostMemory.putSlot(memory + 16, 0);
    compare(
        what + " poll",
        GuestWorld.result(() -> PollCalls.poll(t, BUFFER, 1, 0)),
        Libc.syscall(HostCalls.PPOLL, memory, 1, memory + 8, 0, 8));
    assertThat(Integer.toHexString(t.memory().load16(BUFFER + 6)))
        .as(what)
        .isEqualTo(Integer.toHexString(HostMemory.s16le(memory + 6) & 0xffff));
  }

  private static void compare(String what, long actual, long expected) {
    assertThat(shown(actual)).as(what).isEqualTo(shown(expected));
  }
}
