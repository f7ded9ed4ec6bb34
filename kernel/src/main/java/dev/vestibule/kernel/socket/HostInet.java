package dev.vestibule.kernel.socket;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import org.jspecify.annotations.Nullable;

/**
 * How is one of the host's TCP or UDP sockets told and asked something?
 *
 * @param fd its descriptor of the host
 */
record HostInet(int fd) {
  private static final int SOCK_NONBLOCK = 04000;
  private static final int SOCK_CLOEXEC = 02000000;
  private static final int SO_BINDTODEVICE = 25;
  private static final int MOST_OPTION = 512;

  /**
   * Makes one that never blocks.
   *
   * @param anywhere whether it may reach beyond the loopback interface
   * @throws Failure socket(2)'s errors
   */
  static HostInet open(int family, int type, int protocol, boolean anywhere) {
    long fd = Libc.syscall(HostCalls.SOCKET, family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) {
      throw new Failure((int) -fd);
    }
    HostInet socket = new HostInet((int) fd);
    byte[] loopback = {'l', 'o', 0};
    if (!anywhere && socket.setOption(Socket.SOL_SOCKET, SO_BINDTODEVICE, loopback) < 0) {
      socket.close();
      throw new Failure(Errno.EACCES);
    }
    return socket;
  }

  /** accept4(2): a descriptor of the host or a negated errno. */
  long accept() {
    return Libc.syscall(HostCalls.ACCEPT4, fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
  }

  /** A call with a socket address. */
  long withAddress(int call, byte[] address) {
    long at = HostMemory.allocate(Math.max(HostMessage.ADDRESS, address.length));
    try {
      HostMemory.copyIn(address, 0, at, address.length);
      return Libc.syscall(call, fd, at, address.length);
    } finally {
      HostMemory.free(at);
    }
  }

  /** What getsockname(2) or getpeername(2) tells; null for an error. */
  byte @Nullable [] addressFrom(int call) {
    long at = HostMemory.allocate(HostMessage.ADDRESS + 16);
    try {
      HostMemory.put32le(at + HostMessage.ADDRESS, HostMessage.ADDRESS);
      if (Libc.syscall(call, fd, at, at + HostMessage.ADDRESS) < 0) {
        return null;
      }
      return bytes(at, Math.min(HostMessage.ADDRESS, HostMemory.i32le(at + HostMessage.ADDRESS)));
    } finally {
      HostMemory.free(at);
    }
  }

  private static byte[] bytes(long at, int length) {
    byte[] bytes = new byte[length];
    HostMemory.copyOut(at, bytes, 0, length);
    return bytes;
  }

  /**
   * getsockopt(2).
   *
   * @throws Failure its errors
   */
  byte[] option(int level, int option, int size) {
    int room = Math.clamp(size, 0, MOST_OPTION);
    long at = HostMemory.allocate(room + 16);
    try {
      HostMemory.putSlot(at, room);
      long result = Libc.syscall(HostCalls.GETSOCKOPT, fd, level, option, at + 8, at);
      if (result < 0) {
        throw new Failure((int) -result);
      }
      return bytes(at + 8, Math.min(room, HostMemory.i32le(at)));
    } finally {
      HostMemory.free(at);
    }
  }

  /** setsockopt(2). */
  long setOption(int level, int option, byte[] value) {
    long at = HostMemory.allocate(value.length + 16);
    try {
      HostMemory.copyIn(value, 0, at, value.length);
      return Libc.syscall(HostCalls.SETSOCKOPT, fd, level, option, at, value.length);
    } finally {
      HostMemory.free(at);
    }
  }

  /** The errno that SO_ERROR tells once. */
  int error() {
    byte[] value = option(Socket.SOL_SOCKET, Socket.SO_ERROR, 4);
    return value[0] & 0xff | (value[1] & 0xff) << 8;
  }

  void close() {
    Libc.syscall(HostCalls.CLOSE, fd);
  }
}
