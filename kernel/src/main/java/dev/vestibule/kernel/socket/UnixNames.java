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

  private record Node(Machine machine, FileId id) {}

  /**
   * What a socket was bound to.
   *
   * @param key to {@link #forget} it by
   * @param path of its node, empty if it has none
   */
  record Bound(Object key, String path) {}

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
   * @throws Failure EADDRINUSE and the errors of making a file
   */
  static Bound bind(Task task, UnixSocket socket, String text) {
    if (text.startsWith("\0")) {
      return take(new Bound(new Abstract(task.machine(), text), ""), socket);
    }
    FileTree tree = task.machine().fileTree();
    int options = FileTree.ENTRY | FileTree.MAY_CREATE;
    Place place = tree.find(task, FileTree.AT_FDCWD, path(text), options);
    if (place.exists()) {
      throw new Failure(Errno.EADDRINUSE);
    }
    return make(task, socket, place, 0777 & ~task.fs().umask());
  }

  private static Bound make(Task task, UnixSocket socket, Place place, int permissions) {
    long result = place.mount().makeNode(place.path(), FileStatus.S_IFSOCK | permissions, 0);
    if (result < 0) {
      throw new Failure(result == -Errno.EEXIST ? Errno.EADDRINUSE : (int) -result);
    }
    FileStatus status = task.machine().fileTree().at(task, place.name()).status();
    if (status == null) {
      throw new Failure(Errno.ENOENT);
    }
    Bound bound = new Bound(new Node(task.machine(), id(status)), place.name());
    synchronized (BOUND) {
      BOUND.put(bound.key, socket); // an older node may have had this number
    }
    return bound;
  }

  private static Bound take(Bound bound, UnixSocket socket) {
    synchronized (BOUND) {
      if (BOUND.putIfAbsent(bound.key, socket) != null) {
        throw new Failure(Errno.EADDRINUSE);
      }
    }
    return bound;
  }

  /**
   * What tells of a binding to have it again.
   *
   * @param bound null for none
   */
  static UnixState.Name state(Task task, String text, @Nullable Bound bound) {
    if (bound == null) {
      return new UnixState.Name(text, UnixState.Binding.NONE, "", 0);
    }
    if (bound.key instanceof Abstract) {
      return new UnixState.Name(text, UnixState.Binding.ABSTRACT, "", 0);
    }
    FileStatus status = status(task, bound.path);
    if (status != null && bound.key instanceof Node node && id(status).equals(node.id)) {
      int mode = status.mode() & 07777;
      return new UnixState.Name(text, UnixState.Binding.NODE, bound.path, mode);
    }
    return new UnixState.Name(text, UnixState.Binding.LOST, bound.path, 0);
  }

  private static @Nullable FileStatus status(Task task, String path) {
    try {
      return task.machine().fileTree().at(task, path).status();
    } catch (Failure gone) {
      return null;
    }
  }

  /**
   * Binds a socket again: to the node that is still there, else to a new one.
   *
   * @return null if it was not bound
   * @throws Failure EADDRINUSE if something else has the name, and the errors of making a file
   */
  static @Nullable Bound restore(Task task, UnixSocket socket, UnixState.Name name) {
    return switch (name.binding()) {
      case NONE -> null;
      case ABSTRACT -> take(new Bound(new Abstract(task.machine(), name.text()), ""), socket);
      case LOST -> new Bound(new Object(), name.path());
      case NODE -> restoreNode(task, socket, name);
    };
  }

  private static Bound restoreNode(Task task, UnixSocket socket, UnixState.Name name) {
    FileTree tree = task.machine().fileTree();
    int options = FileTree.ENTRY | FileTree.MAY_CREATE;
    Place place = tree.find(null, FileTree.AT_FDCWD, name.path(), options);
    FileStatus status = place.status();
    if (status == null) {
      return make(task, socket, place, name.mode() & 07777);
    }
    if (status.type() != FileStatus.S_IFSOCK) {
      throw new Failure(Errno.EADDRINUSE);
    }
    return take(new Bound(new Node(task.machine(), id(status)), place.name()), socket);
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
      key = new Node(task.machine(), id(place.status()));
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
