package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.call.Calling.AT_FDCWD;
import static dev.vestibule.kernel.call.Calling.at;
import static dev.vestibule.kernel.call.Calling.with;

import dev.vestibule.declare.Syscall;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileTree;
import java.util.function.LongUnaryOperator;

/** Extended attributes of files, as the host's file system keeps them: xattr(7). */
public final class XattrCalls {
  private static final int XATTR_NAME_MAX = 255;
  private static final int XATTR_SIZE_MAX = 65536;

  private XattrCalls() {}

  /** One host call with the attribute's name and a buffer in host memory. */
  private static final class Request implements AutoCloseable {
    private final long memory;
    private final long name;

    Request(Task t, long name, long bufferSize) {
      String text = name == 0 ? "" : GuestText.path(t.memory(), name);
      if (text.length() > XATTR_NAME_MAX || name != 0 && text.isEmpty()) {
        throw new Failure(Errno.ERANGE);
      }
      byte[] bytes = GuestText.bytes(text);
      this.memory = HostMemory.allocate(bytes.length + Math.min(bufferSize, XATTR_SIZE_MAX) + 16);
      this.name = memory + Math.min(bufferSize, XATTR_SIZE_MAX);
      HostMemory.copyIn(bytes, 0, this.name, bytes.length);
    }

    @Override
    public void close() {
      HostMemory.free(memory);
    }
  }

  /** A file by name or descriptor. */
  private interface Target {
    long apply(LongUnaryOperator operation);
  }

  private static Target named(Task t, long path, int options) {
    return o -> at(t, AT_FDCWD, path, options, p -> p.mount().byHostName(p.path(), o));
  }

  private static Target open(Task t, int fd) {
    return o -> with(t, fd, f -> f.byHostName(o));
  }

  private static long get(Task t, Target target, long name, long value, long size, int call) {
    long room = size < 0 ? XATTR_SIZE_MAX : Math.min(size, XATTR_SIZE_MAX);
    try (Request r = new Request(t, name, room)) {
      long given = size == 0 ? 0 : r.memory;
      long result =
          target.apply(file ->
              name == 0
                  ? Libc.syscall(call, file, given, room)
                  : Libc.syscall(call, file, r.name, given, room));
      if (result > 0 && size != 0) {
        byte[] bytes = new byte[(int) result];
        HostMemory.copyOut(r.memory, bytes, 0, bytes.length);
        t.memory().write(value, bytes, 0, bytes.length);
      }
      return result;
    }
  }

  private static long set(Task t, Target target, long name, long value, long size, int flags) {
    if (size < 0 || size > XATTR_SIZE_MAX) {
      return -Errno.E2BIG;
    }
    try (Request r = new Request(t, name, size)) {
      byte[] bytes = new byte[(int) size];
      t.memory().read(value, bytes, 0, bytes.length);
      HostMemory.copyIn(bytes, 0, r.memory, bytes.length);
      return target.apply(
          file -> Libc.syscall(HostCalls.SETXATTR, file, r.name, r.memory, size, flags));
    }
  }

  private static long remove(Task t, Target target, long name) {
    try (Request r = new Request(t, name, 0)) {
      return target.apply(file -> Libc.syscall(HostCalls.REMOVEXATTR, file, r.name));
    }
  }

  @Syscall(args = "path, string, out_buffer, size")
  public static long getxattr(Task t, long path, long name, long value, long size) {
    return get(t, named(t, path, FileTree.FOLLOW), name, value, size, HostCalls.GETXATTR);
  }

  @Syscall(args = "path, string, out_buffer, size")
  public static long lgetxattr(Task t, long path, long name, long value, long size) {
    return get(t, named(t, path, 0), name, value, size, HostCalls.GETXATTR);
  }

  @Syscall(args = "fd, string, out_buffer, size")
  public static long fgetxattr(Task t, int fd, long name, long value, long size) {
    return get(t, open(t, fd), name, value, size, HostCalls.GETXATTR);
  }

  @Syscall(args = "path, out_buffer, size")
  public static long listxattr(Task t, long path, long list, long size) {
    return get(t, named(t, path, FileTree.FOLLOW), 0, list, size, HostCalls.LISTXATTR);
  }

  @Syscall(args = "path, out_buffer, size")
  public static long llistxattr(Task t, long path, long list, long size) {
    return get(t, named(t, path, 0), 0, list, size, HostCalls.LISTXATTR);
  }

  @Syscall(args = "fd, out_buffer, size")
  public static long flistxattr(Task t, int fd, long list, long size) {
    return get(t, open(t, fd), 0, list, size, HostCalls.LISTXATTR);
  }

  @Syscall(args = "path, string, in_buffer, size, flags")
  public static long setxattr(Task t, long path, long name, long value, long size, int flags) {
    return set(t, named(t, path, FileTree.FOLLOW), name, value, size, flags);
  }

  @Syscall(args = "path, string, in_buffer, size, flags")
  public static long lsetxattr(Task t, long path, long name, long value, long size, int flags) {
    return set(t, named(t, path, 0), name, value, size, flags);
  }

  @Syscall(args = "fd, string, in_buffer, size, flags")
  public static long fsetxattr(Task t, int fd, long name, long value, long size, int flags) {
    return set(t, open(t, fd), name, value, size, flags);
  }

  @Syscall(args = "path, string")
  public static long removexattr(Task t, long path, long name) {
    return remove(t, named(t, path, FileTree.FOLLOW), name);
  }

  @Syscall(args = "path, string")
  public static long lremovexattr(Task t, long path, long name) {
    return remove(t, named(t, path, 0), name);
  }

  @Syscall(args = "fd, string")
  public static long fremovexattr(Task t, int fd, long name) {
    return remove(t, open(t, fd), name);
  }
}
