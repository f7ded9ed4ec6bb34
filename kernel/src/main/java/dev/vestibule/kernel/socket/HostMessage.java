package dev.vestibule.kernel.socket;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.file.IoVector;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What does the host make of one sendmsg(2) or recvmsg(2)? Its struct msghdr with all of it. */
final class HostMessage implements AutoCloseable {
  /** Bytes an address has at most. */
  static final int ADDRESS = 128;

  private static final int CONTROL = 4096;
  private static final int MSGHDR = 64;
  private static final int CMSGHDR = 16;

  private final long at;
  private final long vector;
  private final long control;

  /**
   * @param skip bytes at the start of the data that have been transferred already
   */
  HostMessage(IoVector data, int skip, boolean withControl) {
    int entries = Math.max(1, data.count());
    long size = MSGHDR + ADDRESS + 16L * entries;
    at = HostMemory.allocate(size + (withControl ? CONTROL : 0));
    vector = at + MSGHDR + ADDRESS;
    control = withControl ? at + size : 0;
    int left = skip;
    for (int i = 0; i < data.count(); i++) {
      int dropped = Math.min(left, data.length(i));
      left -= dropped;
      HostMemory.putSlot(vector + 16L * i, data.address(i) + dropped);
      HostMemory.putSlot(vector + 16L * i + 8, data.length(i) - dropped);
    }
    HostMemory.putSlot(at + 16, vector);
    HostMemory.putSlot(at + 24, data.count());
  }

  void setAddress(byte[] address) {
    HostMemory.copyIn(address, 0, at + MSGHDR, address.length);
    HostMemory.putSlot(at, at + MSGHDR);
    HostMemory.put32le(at + 8, address.length);
  }

  /** Adds ancillary data; false if it is too much. */
  boolean setControls(List<Message.Control> controls) {
    int used = 0;
    for (Message.Control each : controls) {
      int length = CMSGHDR + each.data().length;
      if (used + length > CONTROL - 8) {
        return false;
      }
      long to = control + used;
      HostMemory.putSlot(to, length);
      HostMemory.put32le(to + 8, each.level());
      HostMemory.put32le(to + 12, each.type());
      HostMemory.copyIn(each.data(), 0, to + CMSGHDR, each.data().length);
      used += length + 7 & -8;
    }
    HostMemory.putSlot(at + 32, control);
    HostMemory.putSlot(at + 40, used);
    return true;
  }

  long send(int fd, int flags) {
    return Libc.syscall(HostCalls.SENDMSG, fd, at, flags);
  }

  long receive(int fd, int flags) {
    HostMemory.putSlot(at, at + MSGHDR);
    HostMemory.put32le(at + 8, ADDRESS);
    HostMemory.putSlot(at + 32, control);
    HostMemory.putSlot(at + 40, control == 0 ? 0 : CONTROL);
    return Libc.syscall(HostCalls.RECVMSG, fd, at, flags);
  }

  byte @Nullable [] address() {
    int length = Math.min(ADDRESS, HostMemory.i32le(at + 8));
    if (length == 0) {
      return null;
    }
    byte[] address = new byte[length];
    HostMemory.copyOut(at + MSGHDR, address, 0, length);
    return address;
  }

  List<Message.Control> controls() {
    List<Message.Control> found = new ArrayList<>();
    long length = control == 0 ? 0 : HostMemory.slot(at + 40);
    int from = 0;
    while (from + CMSGHDR <= length) {
      int size = (int) HostMemory.slot(control + from);
      if (size < CMSGHDR || size > length - from) {
        break;
      }
      byte[] data = new byte[size - CMSGHDR];
      HostMemory.copyOut(control + from + CMSGHDR, data, 0, data.length);
      int level = HostMemory.i32le(control + from + 8);
      found.add(new Message.Control(level, HostMemory.i32le(control + from + 12), data));
      from += size + 7 & -8;
    }
    return found;
  }

  int flags() {
    return HostMemory.i32le(at + 48);
  }

  @Override
  public void close() {
    HostMemory.free(at);
  }
}
