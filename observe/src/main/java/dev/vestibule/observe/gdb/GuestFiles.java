package dev.vestibule.observe.gdb;

import dev.vestibule.host.HostMemory;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Place;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Which of the guest's files does gdb read? Answers vFile packets, read-only, with the names that
 * the guest's own root has.
 */
final class GuestFiles {
  private static final int MOST_OPEN = 64;
  private static final int MOST_READ = Wire.MOST / 2 - 64;

  private final Map<Integer, OpenFile> open = new HashMap<>();
  private int next = 3;

  /**
   * Carries out an operation.
   *
   * @param task on whose behalf names are walked
   * @param operation the packet behind {@code vFile:}
   */
  String answer(Task task, String operation) {
    int colon = operation.indexOf(':');
    String name = colon < 0 ? operation : operation.substring(0, colon);
    String[] arguments = operation.substring(colon + 1).split(",", -1);
    try {
      return switch (name) {
        case "setfs" -> "F0";
        case "open" -> open(task, arguments);
        case "close" -> close(arguments);
        case "pread" -> read(task, arguments);
        case "fstat" -> status(task, arguments);
        case "readlink" -> readLink(task, arguments);
        case "pwrite", "unlink" -> failed(Errno.EROFS);
        default -> "";
      };
    } catch (Failure failure) {
      return failed(failure.errno());
    }
  }

  private static String failed(int errno) {
    return "F-1," + Integer.toHexString(gdbErrno(errno));
  }

  /** gdb's File-I/O errno values: the low ones are Linux's. */
  private static int gdbErrno(int errno) {
    if (errno == Errno.ENAMETOOLONG) {
      return 91;
    }
    return switch (errno) {
      case 1, 2, 4, 9, 13, 14, 16, 17, 19, 20, 21, 22, 23, 24, 27, 28, 29, 30 -> errno;
      default -> 9999;
    };
  }

  private static String argument(String[] arguments, int index) {
    if (index >= arguments.length) {
      throw new PacketException("an argument is missing");
    }
    return arguments[index];
  }

  private String open(Task task, String[] arguments) {
    String name = Hex.text(argument(arguments, 0));
    int accessMode = 3;
    if ((Hex.small(argument(arguments, 1)) & accessMode) != 0) {
      return failed(Errno.EROFS);
    }
    if (open.size() >= MOST_OPEN) {
      return failed(Errno.EMFILE);
    }
    Place place = task.machine().fileTree().find(task, FileTree.AT_FDCWD, name, FileTree.FOLLOW);
    FileStatus status = place.status();
    OpenFile already = place.open();
    if (already != null) {
      already.release();
      return failed(Errno.EACCES);
    }
    if (status == null) {
      return failed(Errno.ENOENT);
    }
    if (status.type() != FileStatus.S_IFREG) {
      return failed(status.isDirectory() ? Errno.EISDIR : Errno.EACCES);
    }
    OpenFile file = place.mount().open(task, place.path(), place.name(), 0, 0);
    open.put(next, file);
    return "F" + Integer.toHexString(next++);
  }

  private OpenFile file(String[] arguments) {
    OpenFile file = open.get(Hex.small(argument(arguments, 0)));
    if (file == null) {
      throw new Failure(Errno.EBADF);
    }
    return file;
  }

  private String close(String[] arguments) {
    file(arguments).release();
    open.remove(Hex.small(argument(arguments, 0)));
    return "F0";
  }

  private String read(Task task, String[] arguments) {
    OpenFile file = file(arguments);
    int length = Math.min(Hex.small(argument(arguments, 1)), MOST_READ);
    long offset = Hex.number(argument(arguments, 2));
    if (offset < 0) {
      return failed(Errno.EINVAL);
    }
    long buffer = HostMemory.allocate(Math.max(1, length));
    try {
      long result = file.read(task, IoVector.host(buffer, length), offset);
      if (result < 0) {
        return failed((int) -result);
      }
      byte[] bytes = new byte[(int) result];
      HostMemory.copyOut(buffer, bytes, 0, bytes.length);
      return data(new String(bytes, StandardCharsets.ISO_8859_1));
    } finally {
      HostMemory.free(buffer);
    }
  }

  private static String data(String bytes) {
    return "F" + Integer.toHexString(bytes.length()) + ";" + bytes;
  }

  /** struct stat of gdb's File-I/O protocol, big-endian. */
  private String status(Task task, String[] arguments) {
    FileStatus s = file(arguments).status(task);
    ByteBuffer buffer = ByteBuffer.allocate(64);
    buffer.putInt((int) s.device()).putInt((int) s.inode()).putInt(s.mode());
    buffer.putInt((int) s.links()).putInt(s.uid()).putInt(s.gid()).putInt((int) s.rawDevice());
    buffer.putLong(s.size()).putLong(s.blockSize()).putLong(s.blocks());
    long second = 1_000_000_000L;
    buffer.putInt((int) (s.accessed() / second)).putInt((int) (s.modified() / second));
    buffer.putInt((int) (s.changed() / second));
    return data(new String(buffer.array(), StandardCharsets.ISO_8859_1));
  }

  private static String readLink(Task task, String[] arguments) {
    String name = Hex.text(argument(arguments, 0));
    Place place = task.machine().fileTree().find(task, FileTree.AT_FDCWD, name, 0);
    FileStatus status = place.status();
    OpenFile already = place.open();
    if (already != null) {
      already.release();
    }
    if (status == null) {
      return failed(Errno.ENOENT);
    }
    return status.isLink()
        ? data(place.mount().readLink(task, place.path()))
        : failed(Errno.EINVAL);
  }

  /** The client has gone. */
  void closeAll() {
    open.values().forEach(OpenFile::release);
    open.clear();
  }
}
