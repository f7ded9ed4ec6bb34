package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Directories of the host as a guest's root: one tree, or a sysroot laid over the host's own, where
 * a name is taken from the first tree that has it and new names go to the last one that has their
 * directory.
 */
public final class HostMount extends Mount {
  private final List<HostTree> layers;

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
    return new HostMount(directories.stream().map(HostTree::new).toList());
  }

  @Override
  HostTree hostTree(String path) {
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
    }
    throw new Failure(Errno.ENOENT);
  }

  @Override
  public String readLink(@Nullable Task task, String path) {
    return hostTree(path).readLink(path);
  }

  @Override
  public OpenFile open(@Nullable Task task, String path, String guestPath, int flags, int mode) {
    HostTree tree = hostTree(path);
    int fd = tree.open(path, flags | O_NOFOLLOW | O_NONBLOCK, mode);
    if (fd < 0) {
      throw new Failure(-fd);
    }
    return HostFile.of(fd, flags, guestPath);
  }

  private static final int O_NOFOLLOW = 0400000;

  /** Opening a FIFO or device must not block the machine; regular files do not care. */
  private static final int O_NONBLOCK = 04000;

  @Override
  public long makeDirectory(String path, int mode) {
    return hostTree(path).makeDirectory(path, mode);
  }

  @Override
  public long makeNode(String path, int mode, long device) {
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
  public long truncate(String path, long length) {
    return hostTree(path).truncate(path, length);
  }

  @Override
  public long access(@Nullable Task task, String path, int mode) {
    return hostTree(path).access(path, mode);
  }
}
