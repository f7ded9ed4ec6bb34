package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What is below a mount point? Paths are relative to it, without leading slash, "." or "..", the
 * empty path is its root. Symbolic links are never followed here. Methods that return a long return
 * a value or a negated errno; the others throw {@link Failure}.
 *
 * <p>The task is the one on whose behalf something is done, null while the machine starts its first
 * program.
 */
public abstract class Mount {
  /** Status of a name, of the link itself if it is one. */
  public abstract FileStatus status(@Nullable Task task, String path);

  /** The text of a symbolic link. */
  public abstract String readLink(@Nullable Task task, String path);

  /**
   * The file that a magic link of /proc leads to whatever its text says, or null for ordinary
   * links.
   */
  public @Nullable Place follow(@Nullable Task task, String path) {
    return null;
  }

  /**
   * Opens a name that is no symbolic link.
   *
   * @param guestPath its absolute path inside the guest's root
   * @param flags open(2)'s flags, generic numbers
   * @param mode permission bits of a new file, the umask already applied
   */
  public abstract OpenFile open(
      @Nullable Task task, String path, String guestPath, int flags, int mode);

  /**
   * What statfs(2) tells: type, block size, blocks, free, available, files, free files, identity,
   * longest name, fragment size, flags.
   */
  public long[] fileSystem(@Nullable Task task, String path) {
    int pageSize = 4096;
    return new long[] {0x0102_1994, pageSize, 0, 0, 0, 0, 0, 0, 255, pageSize, 0x20};
  }

  public long makeDirectory(String path, int mode) {
    return -Errno.EPERM;
  }

  public long makeNode(String path, int mode, long device) {
    return -Errno.EPERM;
  }

  public long makeLink(String target, String path) {
    return -Errno.EPERM;
  }

  public long remove(String path, boolean directory) {
    return -Errno.EPERM;
  }

  /** renameat2(2) within this file system. */
  public long rename(String from, String to, int flags) {
    return -Errno.EPERM;
  }

  /** A hard link within this file system, to a symbolic link itself if it is one. */
  public long link(String from, String to) {
    return -Errno.EPERM;
  }

  /** Gives an open file another name. */
  public long linkOpen(OpenFile file, String to) {
    return -Errno.EXDEV;
  }

  public long changeMode(String path, int mode) {
    return -Errno.EPERM;
  }

  public long changeOwner(String path, int uid, int gid) {
    return -Errno.EPERM;
  }

  /** Sets access and modification times; {@code times} is the host address of two timespecs. */
  public long changeTimes(String path, long times) {
    return -Errno.EPERM;
  }

  /**
   * Has the host do something with a file.
   *
   * @param operation takes the host address of a name of the file
   */
  public long byHostName(String path, LongUnaryOperator operation) {
    return -Errno.EOPNOTSUPP;
  }

  public long truncate(String path, long length) {
    return -Errno.EINVAL;
  }

  /** access(2) with the modes of its own bits. */
  public long access(@Nullable Task task, String path, int mode) {
    status(task, path);
    return 0;
  }
}
