package dev.vestibule.kernel.file;

import dev.vestibule.host.AtExit;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntConsumer;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Directories of the host as a guest's root: one tree, or a sysroot laid over the host's own, where
 * a name is taken from the first tree that has it and new names go to the last one that has their
 * directory.
 *
 * <p>Devices of the host are not reachable but for those that carry no state (null, zero, full,
 * random, urandom), and neither is a proc file system, wherever it is mounted.
 */
public final class HostMount extends Mount {
  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_TMPFILE = 020000000;
  private static final int O_PATH = 010000000;
  private static final int O_NOFOLLOW = 0400000;

  /** Opening a FIFO or device must not block the machine; regular files do not care. */
  private static final int O_NONBLOCK = 04000;

  private static final long PROC_SUPER_MAGIC = 0x9fa0;

  private final List<HostTree> layers;
  private final Map<Long, Boolean> reachable = new ConcurrentHashMap<>();

  private HostMount(List<HostTree> layers) {
    this.layers = layers;
  }

  /**
   * Shows host directories.
   *
   * @param directories the first has precedence
   * @throws Failure the host's errno if one cannot be opened
   */
  public static HostMount of(List<String> directories) {
    List<HostTree> layers = new ArrayList<>();
    for (String directory : directories) {
      layers.add(new HostTree(directory));
    }
    return new HostMount(List.copyOf(layers));
  }

  /** A directory of this mount as a file system of its own, or null if there is none. */
  public @Nullable HostMount below(String path) {
    for (HostTree tree : layers) {
      int fd = tree.open(path, HostTree.O_PATH | HostTree.O_DIRECTORY, 0);
      if (fd >= 0) {
        return new HostMount(List.of(new HostTree(fd)));
      }
    }
    return null;
  }

  /** An empty directory of the host that lasts as long as the JVM. */
  public static HostMount temporary() {
    try {
      Path directory = Files.createTempDirectory("vestibule-");
      AtExit.add(() -> delete(directory));
      return of(List.of(directory.toString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      // Left to the host's own cleaning of temporary files.
    }
  }

  boolean layered() {
    return layers.size() > 1;
  }

  /** Opens a directory in all layers but one, for reading. */
  void eachOther(HostTree but, String path, IntConsumer action) {
    for (HostTree tree : layers) {
      int fd = tree == but ? -1 : tree.open(path, HostTree.O_DIRECTORY, 0);
      if (fd >= 0) {
        action.accept(fd);
        HostTree.close(fd);
      }
    }
  }

  private HostTree hostTree(String path) {
    if (layers.size() == 1) {
      return layers.get(0);
    }
    for (HostTree tree : layers) {
      int fd = tree.reference(path);
      if (fd >= 0) {
        HostTree.close(fd);
        return tree;
      }
    }
    String parent = path.substring(0, Math.max(0, path.lastIndexOf('/')));
    for (HostTree tree : layers.reversed()) {
      int fd = tree.reference(parent);
      if (fd >= 0) {
        HostTree.close(fd);
        return tree;
      }
    }
    return layers.getLast();
  }

  @Override
  public FileStatus status(@Nullable Task task, String path) {
    int error = -Errno.ENOENT;
    for (HostTree tree : layers) {
      int fd = tree.reference(path);
      if (fd >= 0) {
        try {
          return HostTree.statusOf(fd);
        } finally {
          HostTree.close(fd);
        }
      }
      if (fd != -Errno.ENOENT && fd != -Errno.ENOTDIR) {
        throw new Failure(-fd);
      }
      error = fd == -Errno.ENOTDIR ? fd : error;
    }
    throw new Failure(-error);
  }

  @Override
  public String readLink(@Nullable Task task, String path) {
    return hostTree(path).readLink(path);
  }

  @Override
  public OpenFile open(@Nullable Task task, String path, String guestPath, int flags, int mode) {
    boolean creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    HostTree tree = creates ? hostTree(path) : layers.get(0);
    int asked = flags | O_NOFOLLOW | O_NONBLOCK;
    int fd =
        creates && HostTree.masked(mode)
            ? create(tree, path, asked, mode)
            : tree.open(path, asked, mode);
    for (int i = 1; i < layers.size() && !creates && fd == -Errno.ENOENT; i++) {
      tree = layers.get(i);
      fd = tree.open(path, asked, mode);
    }
    if (fd < 0) {
      throw new Failure(-fd);
    }
    try {
      return opened(tree, fd, path, guestPath, flags);
    } catch (Failure failure) {
      HostTree.close(fd);
      throw failure;
    }
  }

  /** Makes a file with just these permissions, whatever the host's umask is. */
  private static int create(HostTree tree, String path, int flags, int mode) {
    if ((flags & O_TMPFILE) == O_TMPFILE) {
      return tree.changeModeOf(tree.open(path, flags, mode), mode);
    }
    int fd = tree.changeModeOf(tree.open(path, flags | O_EXCL, mode), mode);
    if (fd != -Errno.EEXIST || (flags & O_EXCL) != 0) {
      return fd;
    }
    return tree.open(path, flags, mode);
  }

  private OpenFile opened(HostTree tree, int fd, String path, String guestPath, int flags) {
    FileStatus status = HostTree.statusOf(fd);
    boolean proc =
        !reachable.computeIfAbsent(
            status.device(), device -> HostTree.fileSystem(fd)[0] != PROC_SUPER_MAGIC);
    if (proc || (flags & O_PATH) == 0 && !harmless(status)) {
      throw new Failure(Errno.EACCES);
    }
    if (status.isDirectory()) {
      return new HostDirectory(this, tree, fd, flags, path, guestPath);
    }
    return new HostFile(fd, flags, guestPath, status);
  }

  private static boolean harmless(FileStatus status) {
    return switch (status.type()) {
      case FileStatus.S_IFREG, FileStatus.S_IFDIR -> true;
      case FileStatus.S_IFCHR -> {
        long minor = status.rawDevice() & 0xff;
        boolean memory = status.rawDevice() >>> 8 == 1;
        yield memory && (minor == 3 || minor == 5 || minor == 7 || minor == 8 || minor == 9);
      }
      default -> false;
    };
  }

  @Override
  public long[] fileSystem(@Nullable Task task, String path) {
    int fd = (int) HostTree.check(hostTree(path).reference(path));
    try {
      return HostTree.fileSystem(fd);
    } finally {
      HostTree.close(fd);
    }
  }

  @Override
  public long makeDirectory(String path, int mode) {
    return hostTree(path).makeDirectory(path, mode);
  }

  @Override
  public long makeNode(String path, int mode, long device) {
    int type = mode & FileStatus.S_IFMT;
    if (type == FileStatus.S_IFCHR || type == FileStatus.S_IFBLK) {
      return -Errno.EPERM;
    }
    return hostTree(path).makeNode(path, mode, device);
  }

  @Override
  public long makeLink(String target, String path) {
    return hostTree(path).makeLink(target, path);
  }

  @Override
  public long remove(String path, boolean directory) {
    return hostTree(path).remove(path, directory);
  }

  @Override
  public long rename(String from, String to, int flags) {
    return hostTree(from).rename(from, hostTree(to), to, flags);
  }

  @Override
  public long link(String from, String to) {
    return hostTree(from).link(from, hostTree(to), to);
  }

  @Override
  public long linkOpen(OpenFile file, String to) {
    return hostTree(to).linkOpen(file.hostFd(), to);
  }

  @Override
  public long changeMode(String path, int mode) {
    return hostTree(path).changeMode(path, mode);
  }

  @Override
  public long changeOwner(String path, int uid, int gid) {
    return hostTree(path).changeOwner(path, uid, gid);
  }

  @Override
  public long changeTimes(String path, long times) {
    return hostTree(path).changeTimes(path, times);
  }

  @Override
  public long byHostName(String path, LongUnaryOperator operation) {
    return hostTree(path).byName(path, operation);
  }

  @Override
  public long truncate(String path, long length) {
    return hostTree(path).truncate(path, length);
  }

  @Override
  public long access(@Nullable Task task, String path, int mode) {
    return hostTree(path).access(path, mode);
  }
}
