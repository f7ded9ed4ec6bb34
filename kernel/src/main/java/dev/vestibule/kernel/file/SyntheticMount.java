package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import org.jspecify.annotations.Nullable;

/** What is below the mount point of a file system that exists only in the machine? */
public final class SyntheticMount extends Mount {
  private final Synthetic.Folder root;
  private final long magic;
  private final long device;

  /**
   * @param magic what statfs(2) calls the type of the file system
   * @param device device number of its files
   */
  public SyntheticMount(Synthetic.Folder root, long magic, long device) {
    this.root = root;
    this.magic = magic;
    this.device = device;
  }

  private Synthetic find(@Nullable Task task, String path) {
    Synthetic at = root;
    for (int from = 0; from < path.length(); ) {
      int slash = path.indexOf('/', from);
      int end = slash < 0 ? path.length() : slash;
      if (at.mode() >>> 12 != FileStatus.S_IFDIR >>> 12) {
        throw new Failure(at instanceof Synthetic.Link ? Errno.ELOOP : Errno.ENOTDIR);
      }
      Synthetic child = ((Synthetic.Folder) at).child(task, path.substring(from, end));
      if (child == null) {
        throw new Failure(Errno.ENOENT);
      }
      at = child;
      from = end + 1;
    }
    return at;
  }

  FileStatus statusOf(@Nullable Task task, Synthetic file, String path) {
    return file.status(task, device, inode(path));
  }

  /** An inode number that stays the same for a path. */
  static long inode(String path) {
    return path.isEmpty() ? 1 : 0x4000_0000L | path.hashCode() & 0x3fff_ffffL;
  }

  @Override
  public FileStatus status(@Nullable Task task, String path) {
    return statusOf(task, find(task, path), path);
  }

  @Override
  public String readLink(@Nullable Task task, String path) {
    if (task == null || !(find(task, path) instanceof Synthetic.Link link)) {
      throw new Failure(Errno.EINVAL);
    }
    return link.target(task);
  }

  @Override
  public @Nullable Place follow(@Nullable Task task, String path) {
    return task != null && find(task, path) instanceof Synthetic.Link link
        ? link.follow(task)
        : null;
  }

  @Override
  public OpenFile open(@Nullable Task task, String path, String guestPath, int flags, int mode) {
    Synthetic file = find(task, path);
    if ((flags & OpenFile.O_PATH) != 0) {
      return new Reference(this, file, path, guestPath, flags);
    }
    return file.open(task, this, guestPath, flags);
  }

  /** A file open for reference only. */
  private static final class Reference extends OpenFile {
    private final SyntheticMount mount;
    private final Synthetic file;
    private final String inside;
    private final String path;

    Reference(SyntheticMount mount, Synthetic file, String inside, String path, int flags) {
      super(flags);
      this.mount = mount;
      this.file = file;
      this.inside = inside;
      this.path = path;
    }

    @Override
    public FileStatus status(Task task) {
      return mount.statusOf(task, file, inside);
    }

    @Override
    public OpenFile reopen(Task task, int flags) {
      return file.open(task, mount, path, flags);
    }

    @Override
    public String path() {
      return path;
    }
  }

  @Override
  public long access(@Nullable Task task, String path, int mode) {
    Synthetic file = find(task, path);
    int write = 2;
    int execute = 1;
    boolean regular = file.mode() >>> 12 == FileStatus.S_IFREG >>> 12;
    boolean denied =
        (mode & write) != 0 && (file.mode() & 0222) == 0
            || (mode & execute) != 0 && regular && (file.mode() & 0111) == 0;
    return denied ? -Errno.EACCES : 0;
  }

  @Override
  public long[] fileSystem(@Nullable Task task, String path) {
    long[] values = super.fileSystem(task, path);
    values[0] = magic;
    return values;
  }
}
