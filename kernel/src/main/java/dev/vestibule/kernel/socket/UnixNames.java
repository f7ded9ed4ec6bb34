package dev.vestibule.kernel.socket;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileId;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.Place;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which socket has an AF_UNIX address? A name in the guest's tree stands for a node of the file
 * system; an abstract name (its first byte is zero) belongs to one machine.
 */
final class UnixNames {
  private static final Map<Object, UnixSocket> BOUND = new HashMap<>();

  private UnixNames() {}

  private record Abstract(Machine machine, String name) {}

  /** The bytes behind the family. */
  static String text(byte[] address) {
    return new String(address, 2, address.length - 2, GuestText.BYTES);
  }

  static byte[] address(String text) {
    byte[] bytes = new byte[text.length() + 2];
    bytes[0] = Socket.AF_UNIX;
    System.arraycopy(text.getBytes(GuestText.BYTES), 0, bytes, 2, text.length());
    return bytes;
  }

  private static String path(String text) {
    int end = text.indexOf('\0');
    return end < 0 ? text : text.substring(0, end);
  }

  /**
   * Binds a socket.
   *
   * @return the key to {@link #forget} it by
   * @throws Failure EADDRINUSE and the errors of making a file
   */
  static Object bind(Task task, UnixSocket socket, String text) {
    Object key = text.startsWith("\0") ? new Abstract(task.machine(), text) : node(task, text);
    synchronized (BOUND) {
      if (BOUND.putIfAbsent(key, socket) != null && key instanceof Abstract) {
        throw new Failure(Errno.EADDRINUSE);
      }
      BOUND.put(key, socket);
    }
    return key;
  }

  private static FileId node(Task task, String text) {
    FileTree tree = task.machine().fileTree();
    int options = FileTree.ENTRY | FileTree.MAY_CREATE;
    Place place = tree.find(task, FileTree.AT_FDCWD, path(text), options);
    if (place.exists()) {
      throw new Failure(Errno.EADDRINUSE);
    }
    int mode = FileStatus.S_IFSOCK | 0777 & ~task.fs().umask();
    long result = place.mount().makeNode(place.path(), mode, 0);
    if (result < 0) {
      throw new Failure(result == -Errno.EEXIST ? Errno.EADDRINUSE : (int) -result);
    }
    FileStatus status = tree.at(task, place.name()).status();
    if (status == null) {
      throw new Failure(Errno.ENOENT);
    }
    return new FileId(status.device(), status.inode());
  }

  /** Binds to an abstract name nobody has. */
  static String bindAnywhere(Task task, UnixSocket socket) {
    for (int i = 0; i < 1 << 20; i++) {
      String text = "\0%05x".formatted(task.machine().random() & 0xfffff);
      try {
        socket.bound(bind(task, socket, text), text);
        return text;
      } catch (Failure taken) {
        if (taken.errno() != Errno.EADDRINUSE) {
          throw taken;
        }
      }
    }
    throw new Failure(Errno.ENOSPC);
  }

  /**
   * The socket of an address.
   *
   * @throws Failure ECONNREFUSED if nobody has it, and the errors of finding a file
   */
  static UnixSocket find(Task task, String text) {
    Object key;
    if (text.startsWith("\0")) {
      key = new Abstract(task.machine(), text);
    } else {
      FileTree tree = task.machine().fileTree();
      Place place = tree.find(task, FileTree.AT_FDCWD, path(text), FileTree.FOLLOW);
      int write = 2;
      long allowed = place.mount().access(task, place.path(), write);
      if (allowed < 0) {
        throw new Failure((int) -allowed);
      }
      key = id(place.status());
    }
    synchronized (BOUND) {
      UnixSocket socket = BOUND.get(key);
      if (socket == null) {
        throw new Failure(Errno.ECONNREFUSED);
      }
      return socket;
    }
  }

  private static FileId id(@Nullable FileStatus status) {
    return status == null ? new FileId(-1, -1) : new FileId(status.device(), status.inode());
  }

  static void forget(Object key, UnixSocket socket) {
    synchronized (BOUND) {
      BOUND.remove(key, socket);
    }
  }
}
