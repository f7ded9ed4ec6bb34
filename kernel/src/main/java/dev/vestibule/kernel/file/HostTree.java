package dev.vestibule.kernel.file;

import dev.vestibule.host.Cleanup;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.abi.GuestText;
import java.util.function.LongUnaryOperator;

/**
 * How is one directory tree of the host reached without ever leaving it?
 *
 * <p>Every name is opened by openat2(2) below the tree's root with RESOLVE_BENEATH,
 * RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS: the host's own lookup refuses whatever would lead
 * out, whoever renames what meanwhile. Symbolic links are therefore never followed here; {@link
 * FileTree} reads them and follows them inside the guest's world. Paths are relative to the root,
 * without leading slash, "." or ".." and the empty path is the root itself.
 *
 * <p>Methods return a value or a negated errno, unless they say otherwise.
 */
final class HostTree {
  private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");
  static final int O_NONBLOCK = 04000;
  static final int O_NOFOLLOW = 0400000;
  static final int O_DIRECTORY = 0200000;
  static final int O_PATH = 010000000;
  static final int O_CLOEXEC = 02000000;
  static final int AT_EMPTY_PATH = 0x1000;
  private static final long BENEATH_NO_LINKS = 0x8 | 0x4 | 0x2;
  private static final int RESOLVE_FLAGS =
      3
          | 0100
          | 0200
          | 0400
          | 01000
          | 02000
          | 04000
          | 010000
          | 040000
          | 0100000
          | O_DIRECTORY
          | O_NOFOLLOW
          | 01000000
          | O_CLOEXEC
          | 04010000
          | O_PATH
          | 020000000;
  private static final int CREATING = 0100 | 020000000;
  private static final int HOST_UMASK = hostUmask();
  private static final int STATX_ALL = 0xfff;
  private static final int STATX_SIZE = 256;
  private static final int SCRATCH = 2 * 4200 + STATX_SIZE;

  private static final ThreadLocal<Scratch> BUFFER = ThreadLocal.withInitial(Scratch::new);

  /** A thread's memory for names and results; goes with the thread. */
  private static final class Scratch {
    final long address = HostMemory.allocate(SCRATCH);

    Scratch() {
      long allocated = address;
      Cleanup.after(this, () -> HostMemory.free(allocated));
    }
  }

  private final int root;

  /**
   * @param directory a path of the host, which may contain symbolic links
   * @throws Failure the host's errno
   */
  HostTree(String directory) {
    long fd =
        Libc.syscall(
            HostCalls.OPENAT,
            -100,
            text(0, directory),
            hostFlags(O_PATH | O_DIRECTORY | O_CLOEXEC),
            0);
    root = (int) check(fd);
  }

  /** Takes over a descriptor of a directory. */
  HostTree(int directory) {
    root = directory;
  }

  private static int hostUmask() {
    int mask = (int) Libc.syscall(HostCalls.UMASK, 077);
    Libc.syscall(HostCalls.UMASK, mask);
    return mask;
  }

  /** Whether the host's own umask takes something away from a new file's permissions. */
  static boolean masked(int mode) {
    return (mode & HOST_UMASK) != 0;
  }

  /** Path of the tree's root on the host, as the host shows it now. */
  String hostPath() {
    return readLinkOf("/proc/self/fd/" + root);
  }

  /** Target of a link of the host's /proc. */
  static String readLinkOf(String link) {
    long name = text(0, link);
    long to = scratch() + STATX_SIZE + 4200;
    int length = (int) check(Libc.syscall(HostCalls.READLINKAT, -100, name, to, 4096));
    byte[] bytes = new byte[length];
    HostMemory.copyOut(to, bytes, 0, length);
    return new String(bytes, GuestText.BYTES);
  }

  private static long scratch() {
    return BUFFER.get().address;
  }

  /** A result of the host, or the failure it stands for. */
  static long check(long result) {
    if (result < 0) {
      throw new Failure((int) -result);
    }
    return result;
  }

  /** Puts a text with its NUL into scratch buffer 0 or 1 and returns its host address. */
  private static long text(int buffer, String text) {
    byte[] bytes = GuestText.bytes(text);
    if (bytes.length > GuestText.PATH_MAX) {
      throw new Failure(Errno.ENAMETOOLONG);
    }
    long at = scratch() + STATX_SIZE + buffer * 4200L;
    HostMemory.copyIn(bytes, 0, at, bytes.length);
    return at;
  }

  /** Opens a file of the tree; {@code flags} are generic numbers. */
  int open(String path, int flags, int mode) {
    if (path.isEmpty()) {
      return open(".", flags, mode);
    }
    int known = flags & RESOLVE_FLAGS;
    if ((known & O_PATH) != 0) {
      known &= O_PATH | O_DIRECTORY | O_NOFOLLOW;
    }
    long name = text(0, path);
    long how = scratch();
    HostMemory.putSlot(how, (hostFlags(known) | O_CLOEXEC) & 0xffff_ffffL);
    HostMemory.putSlot(how + 8, (known & CREATING) != 0 ? mode & 07777 : 0);
    HostMemory.putSlot(how + 16, BENEATH_NO_LINKS);
    int result;
    do {
      result = (int) Libc.syscall(HostCalls.OPENAT2, root, name, how, 24);
    } while (result == -Errno.EAGAIN);
    return result;
  }

  /** Generic numbers of open(2)'s flags are x86's; arm64 has four of its own. */
  private static int hostFlags(int flags) {
    if (!ARM) {
      return flags;
    }
    int swapped = flags & ~(0200000 | 0400000 | 040000 | 0100000);
    swapped |= (flags & 0200000) != 0 ? 040000 : 0; // O_DIRECTORY
    swapped |= (flags & 0400000) != 0 ? 0100000 : 0; // O_NOFOLLOW
    swapped |= (flags & 040000) != 0 ? 0200000 : 0; // O_DIRECT
    swapped |= (flags & 0100000) != 0 ? 0400000 : 0; // O_LARGEFILE
    return swapped;
  }

  static void close(int fd) {
    Libc.syscall(HostCalls.CLOSE, fd);
  }

  /** Opens a name of the tree for reference only, itself if it is a symbolic link. */
  int reference(String path) {
    return open(path, O_PATH | O_NOFOLLOW, 0);
  }

  /** A host operation on an open descriptor, which is closed afterwards. */
  private interface OnDescriptor {
    long apply(int fd);
  }

  private long with(int fd, OnDescriptor operation) {
    if (fd < 0) {
      return fd;
    }
    try {
      return operation.apply(fd);
    } finally {
      close(fd);
    }
  }

  private long inParent(String path, OnDescriptor operation) {
    if (path.isEmpty()) {
      return -Errno.EBUSY;
    }
    return with(open(parent(path), O_PATH | O_DIRECTORY, 0), operation);
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** Status of a name, of the link itself if it is one. */
  FileStatus status(String path) {
    int fd = (int) check(reference(path));
    try {
      return statusOf(fd);
    } finally {
      close(fd);
    }
  }

  /** Status of an open host descriptor. */
  static FileStatus statusOf(int fd) {
    long at = scratch();
    long empty = text(0, "");
    check(Libc.syscall(HostCalls.STATX, fd, empty, AT_EMPTY_PATH, STATX_ALL, at));
    return new FileStatus(
        device(HostMemory.i32le(at + 136), HostMemory.i32le(at + 140)),
        HostMemory.i64le(at + 32),
        HostMemory.s16le(at + 28) & 0xffff,
        HostMemory.i32le(at + 16),
        HostMemory.i32le(at + 20),
        HostMemory.i32le(at + 24),
        device(HostMemory.i32le(at + 128), HostMemory.i32le(at + 132)),
        HostMemory.i64le(at + 40),
        HostMemory.i32le(at + 4),
        HostMemory.i64le(at + 48),
        time(at + 64),
        time(at + 112),
        time(at + 96),
        time(at + 80));
  }

  /** What fstatfs(2) tells; see {@link Mount#fileSystem}. */
  static long[] fileSystem(int fd) {
    long at = scratch();
    check(Libc.syscall(HostCalls.FSTATFS, fd, at));
    long[] values = new long[11];
    for (int i = 0; i < values.length; i++) {
      values[i] = HostMemory.i64le(at + 8L * i);
    }
    return values;
  }

  private static long time(long at) {
    return HostMemory.i64le(at) * 1_000_000_000L + (HostMemory.i32le(at + 8) & 0xffff_ffffL);
  }

  /** Linux's encoding of a device number for user space. */
  private static long device(long major, long minor) {
    return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffL) << 12 | (major & ~0xfffL) << 32;
  }

  /** The target of a symbolic link. */
  String readLink(String path) {
    int fd = (int) check(reference(path));
    try {
      return readLinkOf(fd);
    } finally {
      close(fd);
    }
  }

  /** The target of a symbolic link that is open for reference; EINVAL for other files. */
  static String readLinkOf(int fd) {
    long empty = text(0, "");
    long to = scratch() + STATX_SIZE + 4200;
    int length = (int) check(Libc.syscall(HostCalls.READLINKAT, fd, empty, to, 4096));
    byte[] bytes = new byte[length];
    HostMemory.copyOut(to, bytes, 0, length);
    return new String(bytes, GuestText.BYTES);
  }

  long makeDirectory(String path, int mode) {
    return unmasked(
        path,
        mode,
        inParent(path, fd -> Libc.syscall(HostCalls.MKDIRAT, fd, text(0, name(path)), mode)));
  }

  /** Sets the mode of an open file, if it is open; returns the descriptor. */
  int changeModeOf(int fd, int mode) {
    if (fd >= 0) {
      Libc.syscall(HostCalls.FCHMOD, fd, mode);
    }
    return fd;
  }

  /** Opens the file of a host descriptor once more. */
  static HostFile reopen(int fd, int flags, String path) {
    int known = flags & RESOLVE_FLAGS & ~(CREATING | O_NOFOLLOW) | O_NONBLOCK | O_CLOEXEC;
    long name = text(0, "/proc/self/fd/" + fd);
    int opened = (int) check(Libc.syscall(HostCalls.OPENAT, -100, name, hostFlags(known), 0));
    return HostFile.of(opened, flags, path);
  }

  /** Gives a new file the permissions that the host's umask took away. */
  private long unmasked(String path, int mode, long result) {
    if (result == 0 && masked(mode)) {
      int fd = reference(path);
      with(fd, f -> byDescriptor(HostCalls.FCHMODAT, f, statusOf(f).mode() & 06000 | mode, 0));
    }
    return result;
  }

  long makeNode(String path, int mode, long device) {
    return unmasked(
        path,
        mode & 07777,
        inParent(
            path, fd -> Libc.syscall(HostCalls.MKNODAT, fd, text(0, name(path)), mode, device)));
  }

  long makeLink(String target, String path) {
    return inParent(
        path, fd -> Libc.syscall(HostCalls.SYMLINKAT, text(1, target), fd, text(0, name(path))));
  }

  /** Removes a name; {@code directory} as with AT_REMOVEDIR. */
  long remove(String path, boolean directory) {
    int removeDirectory = 0x200;
    return inParent(
        path,
        fd ->
            Libc.syscall(
                HostCalls.UNLINKAT, fd, text(0, name(path)), directory ? removeDirectory : 0));
  }

  /** renameat2(2) between two names, possibly of another tree. */
  long rename(String from, HostTree toTree, String to, int flags) {
    return inParent(
        from,
        fromFd ->
            toTree.inParent(
                to,
                toFd ->
                    Libc.syscall(
                        HostCalls.RENAMEAT2,
                        fromFd,
                        text(0, name(from)),
                        toFd,
                        text(1, name(to)),
                        flags)));
  }

  /** A hard link to a name that is no symbolic link's target: links are linked themselves. */
  long link(String from, HostTree toTree, String to) {
    return inParent(
        from,
        fromFd ->
            toTree.inParent(
                to,
                toFd ->
                    Libc.syscall(
                        HostCalls.LINKAT,
                        fromFd,
                        text(0, name(from)),
                        toFd,
                        text(1, name(to)),
                        0)));
  }

  /** Gives an open host file another name. */
  long linkOpen(int file, String to) {
    int follow = 0x400;
    return inParent(
        to,
        fd ->
            Libc.syscall(
                HostCalls.LINKAT,
                -100,
                text(0, "/proc/self/fd/" + file),
                fd,
                text(1, name(to)),
                follow));
  }

  /** Changes the mode of a file that is no symbolic link. */
  long changeMode(String path, int mode) {
    return with(reference(path), fd -> changeModeOfAny(fd, mode));
  }

  /** Changes the mode of an open file, also of one opened with O_PATH. */
  static long changeModeOfAny(int fd, int mode) {
    return byDescriptor(HostCalls.FCHMODAT, fd, mode, 0);
  }

  long changeOwner(String path, int uid, int gid) {
    return with(reference(path), fd -> changeOwnerOf(fd, uid, gid));
  }

  static long changeOwnerOf(int fd, int uid, int gid) {
    return Libc.syscall(HostCalls.FCHOWNAT, fd, text(0, ""), uid, gid, AT_EMPTY_PATH);
  }

  /** Sets times of a name, the link itself if it is one; {@code times} is two host timespecs. */
  long changeTimes(String path, long times) {
    return with(reference(path), fd -> changeTimesOf(fd, times));
  }

  static long changeTimesOf(int fd, long times) {
    return Libc.syscall(HostCalls.UTIMENSAT, fd, text(0, ""), times, AT_EMPTY_PATH);
  }

  long truncate(String path, long length) {
    int writeOnly = 1;
    return with(
        open(path, writeOnly | O_NOFOLLOW | O_NONBLOCK, 0),
        fd -> Libc.syscall(HostCalls.FTRUNCATE, fd, length));
  }

  /**
   * An operation on a file of any kind, for calls of the host that take no descriptor of O_PATH.
   *
   * @param operation takes the address of a name of the file, good until the next call of this
   *     class
   */
  long byName(String path, LongUnaryOperator operation) {
    return with(reference(path), fd -> nameOf(fd, operation));
  }

  static long nameOf(int fd, LongUnaryOperator operation) {
    return operation.applyAsLong(text(0, "/proc/self/fd/" + fd));
  }

  /** access(2) with the host process's effective ids. */
  long access(String path, int mode) {
    int effective = 0x200;
    return with(
        reference(path),
        fd -> Libc.syscall(HostCalls.FACCESSAT2, fd, text(0, ""), mode, AT_EMPTY_PATH | effective));
  }

  /** Calls that take no descriptor of O_PATH go through the descriptor's own /proc name. */
  private static long byDescriptor(int call, int fd, long a, long b) {
    return Libc.syscall(call, -100, text(0, "/proc/self/fd/" + fd), a, b);
  }
}
