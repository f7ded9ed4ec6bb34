package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is at a name of a file system that exists only in the machine? Folders, texts made when they
 * are opened, symbolic links, and files of other kinds.
 */
public abstract class Synthetic {
  private final int mode;

  /**
   * @param mode file type and permissions
   */
  protected Synthetic(int mode) {
    this.mode = mode;
  }

  public final int mode() {
    return mode;
  }

  /** Status of the file; owner and times as the task sees them. */
  public FileStatus status(@Nullable Task task, long device, long inode) {
    int uid = task == null ? 0 : owner(task, true);
    int gid = task == null ? 0 : owner(task, false);
    long now = task == null ? 0 : task.machine().time().realtime();
    return FileStatus.synthetic(device, inode, mode, uid, gid, now);
  }

  /** Who owns it; root unless overridden. */
  protected int owner(Task task, boolean user) {
    return 0;
  }

  /** Opens the file. */
  public abstract OpenFile open(@Nullable Task task, SyntheticMount mount, String path, int flags);

  /** What holds other files. */
  public abstract static class Folder extends Synthetic {
    protected Folder(int permissions) {
      super(FileStatus.S_IFDIR | permissions);
    }

    /** The file of a name, or null. */
    public abstract @Nullable Synthetic child(@Nullable Task task, String name);

    /** The names it lists, "." and ".." left out. */
    public abstract List<String> names(@Nullable Task task);

    @Override
    public OpenFile open(@Nullable Task task, SyntheticMount mount, String path, int flags) {
      if ((flags & 3) != 0) {
        throw new Failure(Errno.EISDIR);
      }
      return new SyntheticDirectory(mount, this, path, flags);
    }
  }

  /** A folder whose content is decided once. */
  public static final class FixedFolder extends Folder {
    private final Map<String, Synthetic> children = new LinkedHashMap<>();

    public FixedFolder() {
      super(0555);
    }

    /** Adds a file, or replaces it. */
    public FixedFolder with(String name, Synthetic child) {
      children.put(name, child);
      return this;
    }

    @Override
    public @Nullable Synthetic child(@Nullable Task task, String name) {
      return children.get(name);
    }

    @Override
    public List<String> names(@Nullable Task task) {
      return new ArrayList<>(children.keySet());
    }
  }

  /** What a text says. */
  @FunctionalInterface
  public interface Words {
    /** The text, one char for each byte; ESRCH if what it tells of is gone. */
    String read(Task reader);
  }

  /** What becomes of something written. */
  @FunctionalInterface
  public interface Writer {
    /** Takes the bytes of one write(2); returns 0 or a negated errno. */
    long write(Task writer, String text);
  }

  /** A text made when it is opened. */
  public static final class Text extends Synthetic {
    private final Words words;
    private final @Nullable Writer writer;

    public Text(Words words) {
      this(0444, words, null);
    }

    public Text(int permissions, Words words, @Nullable Writer writer) {
      super(FileStatus.S_IFREG | permissions);
      this.words = words;
      this.writer = writer;
    }

    @Override
    public OpenFile open(@Nullable Task task, SyntheticMount mount, String path, int flags) {
      if ((flags & 3) != 0 && writer == null) {
        throw new Failure(Errno.EACCES);
      }
      return new SyntheticText(mount, this, words, writer, path, flags);
    }
  }

  /** What a link leads to. */
  @FunctionalInterface
  public interface Destination {
    /** The place, with an open file that is retained for the caller if there is one. */
    Place follow(Task task);
  }

  /** A symbolic link. */
  public static final class Link extends Synthetic {
    private final Words target;
    private final @Nullable Destination destination;

    public Link(Words target) {
      this(target, null);
    }

    /** A link that leads somewhere whatever its text says. */
    public Link(Words target, @Nullable Destination destination) {
      super(FileStatus.S_IFLNK | 0777);
      this.target = target;
      this.destination = destination;
    }

    String target(Task task) {
      return target.read(task);
    }

    @Nullable Place follow(Task task) {
      return destination == null ? null : destination.follow(task);
    }

    @Override
    public OpenFile open(@Nullable Task task, SyntheticMount mount, String path, int flags) {
      throw new Failure(Errno.ELOOP);
    }
  }

  /** A file that opens in its own way: a device, a process's memory. */
  public static final class Special extends Synthetic {
    private final Opener opener;
    private final long rawDevice;

    /**
     * @param mode file type and permissions
     * @param rawDevice device number, 0 for none
     */
    public Special(int mode, long rawDevice, Opener opener) {
      super(mode);
      this.rawDevice = rawDevice;
      this.opener = opener;
    }

    /** How a special file opens. */
    @FunctionalInterface
    public interface Opener {
      OpenFile open(Task task, Special self, String path, int flags);
    }

    @Override
    public FileStatus status(@Nullable Task task, long device, long inode) {
      FileStatus s = super.status(task, device, inode);
      return s.withRawDevice(rawDevice);
    }

    @Override
    public OpenFile open(@Nullable Task task, SyntheticMount mount, String path, int flags) {
      if (task == null) {
        throw new Failure(Errno.EACCES);
      }
      return opener.open(task, this, path, flags);
    }
  }
}
