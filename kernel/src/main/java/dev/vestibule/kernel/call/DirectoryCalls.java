package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.call.Calling.AT_EMPTY_PATH;
import static dev.vestibule.kernel.call.Calling.AT_FDCWD;
import static dev.vestibule.kernel.call.Calling.AT_REMOVEDIR;
import static dev.vestibule.kernel.call.Calling.AT_SYMLINK_FOLLOW;
import static dev.vestibule.kernel.call.Calling.at;
import static dev.vestibule.kernel.call.Calling.place;
import static dev.vestibule.kernel.call.Calling.with;
import static dev.vestibule.kernel.call.Calling.withAny;

import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.Directory;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Place;

/** Names: making, removing, renaming, listing and walking through them. */
public final class DirectoryCalls {
  private static final int ENTRY = FileTree.ENTRY;
  private static final int NEW = FileTree.ENTRY | FileTree.MAY_CREATE;
  private static final int PERMISSIONS = 07777;

  private DirectoryCalls() {}

  // ---- making

  @Syscall(args = "path, mode")
  public static long mkdir(Task t, long path, int mode) {
    return mkdirat(t, AT_FDCWD, path, mode);
  }

  @Syscall(args = "dirfd, path, mode", since = "2.6.16")
  public static long mkdirat(Task t, int dirfd, long path, int mode) {
    int bits = mode & 01777 & ~t.fs().umask();
    return at(
        t,
        dirfd,
        path,
        NEW,
        p -> p.exists() ? -Errno.EEXIST : p.mount().makeDirectory(p.path(), bits));
  }

  @Syscall(args = "path, mode, dev")
  public static long mknod(Task t, long path, int mode, int device) {
    return mknodat(t, AT_FDCWD, path, mode, device);
  }

  @Syscall(args = "dirfd, path, mode, dev", since = "2.6.16")
  public static long mknodat(Task t, int dirfd, long path, int mode, int device) {
    int type = mode & FileStatus.S_IFMT;
    if (type == FileStatus.S_IFDIR) {
      return -Errno.EPERM;
    }
    if (type == FileStatus.S_IFLNK) {
      return -Errno.EINVAL;
    }
    int shape = type == 0 ? FileStatus.S_IFREG : type;
    int bits = shape | mode & PERMISSIONS & ~t.fs().umask();
    String name = GuestText.path(t.memory(), path);
    Place p = place(t, dirfd, name, NEW);
    if (p.exists()) {
      return -Errno.EEXIST;
    }
    return name.endsWith("/") ? -Errno.ENOENT : p.mount().makeNode(p.path(), bits, device);
  }

  @Syscall(args = "path, path")
  public static long symlink(Task t, long target, long path) {
    return symlinkat(t, target, AT_FDCWD, path);
  }

  @Syscall(args = "path, dirfd, path", since = "2.6.16")
  public static long symlinkat(Task t, long target, int dirfd, long path) {
    String text = GuestText.path(t.memory(), target);
    if (text.isEmpty()) {
      return -Errno.ENOENT;
    }
    String name = GuestText.path(t.memory(), path);
    Place p = place(t, dirfd, name, NEW);
    if (p.exists()) {
      return -Errno.EEXIST;
    }
    return name.endsWith("/") ? -Errno.ENOENT : p.mount().makeLink(text, p.path());
  }

  @Syscall(args = "path, path")
  public static long link(Task t, long from, long to) {
    return linkat(t, AT_FDCWD, from, AT_FDCWD, to, 0);
  }

  @Syscall(args = "dirfd, path, dirfd, path, at_flags", since = "2.6.16")
  public static long linkat(Task t, int fromFd, long from, int toFd, long to, int flags) {
    if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) {
      return -Errno.EINVAL;
    }
    String source = GuestText.path(t.memory(), from);
    String name = GuestText.path(t.memory(), to);
    int options = (flags & AT_SYMLINK_FOLLOW) != 0 ? FileTree.FOLLOW : 0;
    if (source.isEmpty() && (flags & AT_EMPTY_PATH) != 0) {
      return withAny(t, fromFd, f -> linkOpen(t, f, toFd, name));
    }
    Place old = place(t, fromFd, source, options);
    OpenFile open = old.open();
    if (open != null) {
      try {
        return linkOpen(t, open, toFd, name);
      } finally {
        open.release();
      }
    }
    Place now = place(t, toFd, name, NEW);
    if (now.exists()) {
      return -Errno.EEXIST;
    }
    if (name.endsWith("/")) {
      return -Errno.ENOENT;
    }
    if (old.mount() == now.mount() && old.isDirectory()) {
      return -Errno.EPERM;
    }
    return old.mount() != now.mount() ? -Errno.EXDEV : old.mount().link(old.path(), now.path());
  }

  private static long linkOpen(Task t, OpenFile file, int toFd, String name) {
    Place now = place(t, toFd, name, NEW);
    if (now.exists()) {
      return -Errno.EEXIST;
    }
    return file.hostFd() < 0 || file.foreign()
        ? -Errno.EXDEV
        : now.mount().linkOpen(file, now.path());
  }

  // ---- removing and renaming

  @Syscall(args = "path")
  public static long unlink(Task t, long path) {
    return unlinkat(t, AT_FDCWD, path, 0);
  }

  @Syscall(args = "path")
  public static long rmdir(Task t, long path) {
    return unlinkat(t, AT_FDCWD, path, AT_REMOVEDIR);
  }

  @Syscall(args = "dirfd, path, at_flags", since = "2.6.16")
  public static long unlinkat(Task t, int dirfd, long path, int flags) {
    if ((flags & ~AT_REMOVEDIR) != 0) {
      return -Errno.EINVAL;
    }
    boolean directory = (flags & AT_REMOVEDIR) != 0;
    String name = GuestText.path(t.memory(), path);
    String last = lastComponent(name);
    if (isDots(last)) {
      findParent(t, dirfd, name);
      return !directory
          ? -Errno.EISDIR
          : last.isEmpty() ? -Errno.EBUSY : last.equals(".") ? -Errno.EINVAL : -Errno.ENOTEMPTY;
    }
    Place p = place(t, dirfd, name, ENTRY);
    if (p.path().isEmpty()) {
      return directory ? -Errno.EBUSY : -Errno.EISDIR;
    }
    if (directory && !p.isDirectory()) {
      return -Errno.ENOTDIR;
    }
    if (!directory && p.isDirectory()) {
      return -Errno.EISDIR;
    }
    return !directory && name.endsWith("/")
        ? -Errno.ENOTDIR
        : p.mount().remove(p.path(), directory);
  }

  /** The last component, whatever slashes are behind it. */
  private static String lastComponent(String name) {
    int end = name.length();
    while (end > 0 && name.charAt(end - 1) == '/') {
      end--;
    }
    return name.substring(name.lastIndexOf('/', end - 1) + 1, end);
  }

  /** Walks to the directory of a name's last component. */
  private static void findParent(Task t, int dirfd, String name) {
    String last = lastComponent(name);
    int end = name.lastIndexOf(last);
    String parent = name.substring(0, end);
    Place place =
        place(t, dirfd, name.isEmpty() ? "" : parent.isEmpty() ? "." : parent, FileTree.FOLLOW);
    if (!place.isDirectory()) {
      throw new Failure(Errno.ENOTDIR);
    }
  }

  @Syscall(args = "path, path")
  public static long rename(Task t, long from, long to) {
    return renameat2(t, AT_FDCWD, from, AT_FDCWD, to, 0);
  }

  @Syscall(args = "dirfd, path, dirfd, path", since = "2.6.16")
  public static long renameat(Task t, int fromFd, long from, int toFd, long to) {
    return renameat2(t, fromFd, from, toFd, to, 0);
  }

  @Syscall(args = "dirfd, path, dirfd, path, flags", since = "3.15")
  public static long renameat2(Task t, int fromFd, long from, int toFd, long to, int flags) {
    int noReplace = 1;
    int exchange = 2;
    if ((flags & ~(noReplace | exchange)) != 0 || flags == (noReplace | exchange)) {
      return -Errno.EINVAL;
    }
    String source = GuestText.path(t.memory(), from);
    String target = GuestText.path(t.memory(), to);
    if (isDots(lastComponent(source)) || isDots(lastComponent(target))) {
      findParent(t, fromFd, source);
      findParent(t, toFd, target);
      return -Errno.EBUSY;
    }
    Place old;
    try {
      old = place(t, fromFd, source, ENTRY);
    } catch (Failure failure) {
      findParent(t, fromFd, source); // errors of both directories come first
      findParent(t, toFd, target);
      throw failure;
    }
    Place now = place(t, toFd, target, NEW);
    if (old.mount() != now.mount()) {
      return -Errno.EXDEV;
    }
    if (old.path().isEmpty() || now.path().isEmpty()) {
      return -Errno.EBUSY;
    }
    if (!old.isDirectory() && (source.endsWith("/") || target.endsWith("/"))) {
      return -Errno.ENOTDIR;
    }
    long result = old.mount().rename(old.path(), now.path(), flags);
    if (result == 0 && old.isDirectory() && (flags & exchange) == 0) {
      renamed(t, old.name(), now.name());
    }
    return result;
  }

  /** Tasks in a renamed directory stay in it. */
  private static void renamed(Task t, String from, String to) {
    for (Process process : t.machine().processes()) {
      for (Task task : process.tasks()) {
        task.fs().renamed(from, to);
      }
    }
  }

  /** Whether the last component is ".", ".." or the root. */
  static boolean endsInDots(String name) {
    return isDots(lastComponent(name));
  }

  private static boolean isDots(String component) {
    return component.equals(".") || component.equals("..") || component.isEmpty();
  }

  // ---- reading links

  @Syscall(args = "path, out_buffer, size")
  public static long readlink(Task t, long path, long buffer, int size) {
    return readlinkat(t, AT_FDCWD, path, buffer, size);
  }

  @Syscall(args = "dirfd, path, out_buffer, size", since = "2.6.16")
  public static long readlinkat(Task t, int dirfd, long path, long buffer, int size) {
    if (size <= 0) {
      return -Errno.EINVAL;
    }
    String name = GuestText.path(t.memory(), path);
    if (name.isEmpty() && dirfd != AT_FDCWD) {
      return withAny(t, dirfd, f -> put(t, buffer, size, f.linkTarget()));
    }
    Place p = place(t, dirfd, name, 0);
    FileStatus status = p.status();
    if (status == null || !status.isLink()) {
      return -Errno.EINVAL;
    }
    return put(t, buffer, size, p.mount().readLink(t, p.path()));
  }

  private static long put(Task t, long buffer, int size, String text) {
    byte[] bytes = text.getBytes(GuestText.BYTES);
    int length = Math.min(bytes.length, size);
    t.memory().write(buffer, bytes, 0, length);
    return length;
  }

  // ---- listing

  @Syscall(args = "fd, dirents, uint")
  public static long getdents64(Task t, int fd, long buffer, int size) {
    return list(t, fd, buffer, size, Shape.WIDE);
  }

  @Syscall(args = "fd, dirents, uint")
  public static long getdents(Task t, int fd, long buffer, int size) {
    return list(t, fd, buffer, size, Shape.NATIVE);
  }

  @Syscall(args = "fd, dirents, uint")
  public static long readdir(Task t, int fd, long buffer, int count) {
    long length = list(t, fd, buffer, 0, Shape.OLD);
    return length > 0 ? 1 : length;
  }

  private enum Shape {
    /** linux_dirent64. */
    WIDE,
    /** linux_dirent: the type is the last byte. */
    NATIVE,
    /** old_linux_dirent: one entry, no type. */
    OLD
  }

  private static long list(Task t, int fd, long buffer, int size, Shape shape) {
    return with(
        t,
        fd,
        f -> {
          if (!(f instanceof Directory directory)) {
            return -Errno.ENOTDIR;
          }
          Listing listing = new Listing(t, buffer, size, shape);
          int taken = directory.list(t, listing);
          return taken == 0 && !directory.atEnd() ? -Errno.EINVAL : listing.at - buffer;
        });
  }

  /** Writes entries into guest memory as long as there is room. */
  private static final class Listing implements Directory.Taker {
    private final Task task;
    private final long buffer;
    private final long size;
    private final Shape shape;
    private long at;

    Listing(Task task, long buffer, int size, Shape shape) {
      this.task = task;
      this.buffer = buffer;
      this.size = size; // of a negative one, as Linux takes it, nothing fits
      this.shape = shape;
      this.at = buffer;
    }

    @Override
    public boolean take(Directory.Entry entry, long next) {
      byte[] name = entry.name().getBytes(GuestText.BYTES);
      int word = task.abi().wordSize();
      int header = shape == Shape.WIDE ? 19 : 2 * word + 2;
      int unit = shape == Shape.WIDE ? 8 : word;
      int tail = shape == Shape.NATIVE ? 2 : 1;
      int length = header + name.length + tail + unit - 1 & -unit;
      if (shape == Shape.OLD ? at > buffer : at + length > buffer + size) {
        return false;
      }
      Struct s = task.abi().struct(length);
      if (shape == Shape.WIDE) {
        s.put64(0, entry.inode()).put64(8, next).put16(16, length).put8(18, entry.type());
      } else {
        int third = shape == Shape.OLD ? name.length : length;
        s.putWord(0, entry.inode()).putWord(word, next).put16(2 * word, third);
      }
      if (shape == Shape.NATIVE) {
        s.put8(length - 1, entry.type());
      }
      System.arraycopy(name, 0, s.bytes(), header, name.length);
      s.store(task.memory(), at);
      at += length;
      return true;
    }
  }

  // ---- where names begin

  @Syscall(args = "out_buffer, size")
  public static long getcwd(Task t, long buffer, long size) {
    String root = t.fs().root();
    String directory = t.fs().directory();
    if (!t.machine().fileTree().at(t, directory).isDirectory()) {
      return -Errno.ENOENT;
    }
    boolean inside =
        directory.startsWith(root)
            && (directory.length() == root.length() || directory.charAt(root.length()) == '/');
    String shown = inside ? directory.substring(root.length()) : "(unreachable)" + directory;
    byte[] bytes = GuestText.bytes(shown.isEmpty() ? "/" : shown);
    if (Long.compareUnsigned(bytes.length, size) > 0) {
      return -Errno.ERANGE;
    }
    t.memory().write(buffer, bytes, 0, bytes.length);
    return bytes.length;
  }

  @Syscall(args = "path")
  public static long chdir(Task t, long path) {
    return at(
        t,
        AT_FDCWD,
        path,
        FileTree.FOLLOW,
        p -> {
          long error = enterable(t, p);
          if (error == 0) {
            t.fs().setDirectory(p.name());
          }
          return error;
        });
  }

  private static long enterable(Task t, Place place) {
    int search = 1;
    return place.isDirectory() ? place.mount().access(t, place.path(), search) : -Errno.ENOTDIR;
  }

  @Syscall(args = "fd")
  public static long fchdir(Task t, int fd) {
    return withAny(
        t,
        fd,
        f -> {
          if (!f.status(t).isDirectory()) {
            return -Errno.ENOTDIR;
          }
          Place place = t.machine().fileTree().at(t, f.path());
          long error = enterable(t, place);
          if (error == 0) {
            t.fs().setDirectory(place.name());
          }
          return error;
        });
  }

  @Syscall(args = "path")
  public static long chroot(Task t, long path) {
    return at(
        t,
        AT_FDCWD,
        path,
        FileTree.FOLLOW,
        p -> {
          long error = enterable(t, p);
          if (error == 0 && !t.credentials().privileged()) {
            return -Errno.EPERM;
          }
          if (error == 0) {
            t.fs().setRoot(p.name());
          }
          return error;
        });
  }

  @Syscall(args = "mode")
  public static long umask(Task t, int mask) {
    return t.fs().setUmask(mask);
  }
}
