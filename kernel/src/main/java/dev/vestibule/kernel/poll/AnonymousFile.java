package dev.vestibule.kernel.poll;

import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.OpenFile;

/** A file without a name in any directory: {@code anon_inode:} of /proc. */
public abstract class AnonymousFile extends OpenFile {
  private static final long DEVICE = 14;
  private static final long INODE = 1064;
  private final String name;

  /**
   * @param name what stands behind {@code anon_inode:}
   */
  protected AnonymousFile(int flags, String name) {
    super(flags);
    this.name = name;
  }

  @Override
  public FileStatus status(Task task) {
    return FileStatus.synthetic(DEVICE, INODE, 0600, 0, 0, 0);
  }

  @Override
  public String path() {
    return "anon_inode:" + name;
  }
}
