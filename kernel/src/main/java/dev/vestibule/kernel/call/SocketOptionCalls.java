package dev.vestibule.kernel.call;

import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.socket.Socket;
import dev.vestibule.kernel.socket.SocketNumbers;
import dev.vestibule.kernel.time.GuestTimes;
import dev.vestibule.kernel.time.GuestTimes.Form;

/** Options of sockets, and all socket calls by one number: setsockopt(2), socketcall(2). */
public final class SocketOptionCalls {
  private static final int OPTION_MAX = 4096;
  private static final int SO_RCVTIMEO_NEW = 66;
  private static final int SO_SNDTIMEO_NEW = 67;

  private SocketOptionCalls() {}

  private static boolean isTimeout(int option) {
    return switch (option) {
      case Socket.SO_RCVTIMEO, Socket.SO_SNDTIMEO, SO_RCVTIMEO_NEW, SO_SNDTIMEO_NEW -> true;
      default -> false;
    };
  }

  private static Form form(int option) {
    return option == SO_RCVTIMEO_NEW || option == SO_SNDTIMEO_NEW ? Form.WIDE : Form.WORD;
  }

  private static boolean receives(int option) {
    return option == Socket.SO_RCVTIMEO || option == SO_RCVTIMEO_NEW;
  }

  @Syscall(args = "fd, socket_level, socket_option, ptr, int")
  public static long setsockopt(
      Task t, int fd, int level, int guestOption, long value, int length) {
    if (length < 0) {
      return -Errno.EINVAL;
    }
    int option = t.abi().socketOption(level, guestOption);
    return SocketCalls.with(
        t,
        fd,
        socket -> {
          if (level == Socket.SOL_SOCKET && isTimeout(option)) {
            setTimeout(t, socket, option, value, length);
            return 0;
          }
          if (level == Socket.SOL_SOCKET && length < 4) {
            return -Errno.EINVAL;
          }
          byte[] bytes = new byte[Math.min(length, OPTION_MAX)];
          t.memory().read(value, bytes, 0, bytes.length);
          return socket.setOption(
              t, level, option, SocketNumbers.option(t.abi(), level, option, bytes));
        });
  }

  private static void setTimeout(Task t, Socket socket, int option, long value, int length) {
    Form form = form(option);
    if (length < form.size(t.abi())) {
      throw new Failure(Errno.EINVAL);
    }
    boolean wide = form.field(t.abi()) == 8;
    long seconds = wide ? t.memory().load64(value) : t.memory().load32(value);
    long micros = wide ? t.memory().load64(value + 8) : t.memory().load32(value + 4);
    if (micros < 0 || micros >= 1_000_000) {
      throw new Failure(Errno.EDOM);
    }
    long nanos = seconds < 0 ? 1 : Math.min(seconds, 1L << 32) * GuestTimes.SECOND + micros * 1000;
    if (receives(option)) {
      socket.setReceiveTimeout(nanos);
    } else {
      socket.setSendTimeout(nanos);
    }
  }

  @Syscall(args = "fd, socket_level, socket_option, out, ptr")
  public static long getsockopt(
      Task t, int fd, int level, int guestOption, long value, long lengthAt) {
    int option = t.abi().socketOption(level, guestOption);
    return SocketCalls.with(
        t,
        fd,
        socket -> {
          int room = t.memory().load32(lengthAt);
          if (room < 0) {
            return -Errno.EINVAL;
          }
          byte[] bytes =
              level == Socket.SOL_SOCKET && isTimeout(option)
                  ? timeout(t, socket, option)
                  : SocketNumbers.option(
                      t.abi(), level, option, socket.option(t, level, option, room));
          int length = Math.min(room, bytes.length);
          t.memory().write(value, bytes, 0, length);
          t.memory().store32(lengthAt, length);
          return 0;
        });
  }

  private static byte[] timeout(Task t, Socket socket, int option) {
    long nanos = receives(option) ? socket.receiveTimeout() : socket.sendTimeout();
    Form form = form(option);
    var s = t.abi().struct(form.size(t.abi()));
    long seconds = nanos / GuestTimes.SECOND;
    long micros = nanos % GuestTimes.SECOND / 1000;
    if (form.field(t.abi()) == 8) {
      s.put64(0, seconds).put64(8, micros);
    } else {
      s.put32(0, (int) seconds).put32(4, (int) micros);
    }
    return s.bytes();
  }

  /** The calls of socketcall(2) by number, and how many arguments they have. */
  private static final int[] ARGUMENTS = {
    0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4, 5, 4
  };

  @Syscall(args = "int, ptr")
  public static long socketcall(Task t, int call, long at) {
    if (call < 1 || call >= ARGUMENTS.length) {
      return -Errno.EINVAL;
    }
    long[] a = new long[6];
    for (int i = 0; i < ARGUMENTS[call]; i++) {
      a[i] = t.abi().loadWord(t.memory(), at + (long) i * t.abi().wordSize());
    }
    int fd = (int) a[0];
    return switch (call) {
      case 1 -> SocketCalls.socket(t, fd, (int) a[1], (int) a[2]);
      case 2 -> SocketCalls.bind(t, fd, a[1], (int) a[2]);
      case 3 -> SocketCalls.connect(t, fd, a[1], (int) a[2]);
      case 4 -> SocketCalls.listen(t, fd, (int) a[1]);
      case 5 -> SocketCalls.accept(t, fd, a[1], a[2]);
      case 6 -> SocketCalls.getsockname(t, fd, a[1], a[2]);
      case 7 -> SocketCalls.getpeername(t, fd, a[1], a[2]);
      case 8 -> SocketCalls.socketpair(t, fd, (int) a[1], (int) a[2], a[3]);
      case 9 -> SocketCalls.send(t, fd, a[1], a[2], (int) a[3]);
      case 10 -> SocketCalls.recv(t, fd, a[1], a[2], (int) a[3]);
      case 11 -> SocketCalls.sendto(t, fd, a[1], a[2], (int) a[3], a[4], (int) a[5]);
      case 12 -> SocketCalls.recvfrom(t, fd, a[1], a[2], (int) a[3], a[4], a[5]);
      case 13 -> SocketCalls.shutdown(t, fd, (int) a[1]);
      case 14 -> setsockopt(t, fd, (int) a[1], (int) a[2], a[3], (int) a[4]);
      case 15 -> getsockopt(t, fd, (int) a[1], (int) a[2], a[3], a[4]);
      case 16 -> SocketCalls.sendmsg(t, fd, a[1], (int) a[2]);
      case 17 -> SocketCalls.recvmsg(t, fd, a[1], (int) a[2]);
      case 18 -> SocketCalls.accept4(t, fd, a[1], a[2], (int) a[3]);
      case 19 -> SocketCalls.recvmmsg(t, fd, a[1], (int) a[2], (int) a[3], a[4]);
      default -> SocketCalls.sendmmsg(t, fd, a[1], (int) a[2], (int) a[3]);
    };
  }
}
