package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which file does a name mean?
 *
 * <p>Names are walked component by component in the guest's world: mounts, symbolic links and ".."
 * are resolved here, the host only ever sees names without them (see {@link HostTree}). ".." never
 * leads above the task's root.
 */
public final class FileTree implements Programs {
  /** Follow a symbolic link in the last component. */
  public static final int FOLLOW = 1;

  /** The last component need not exist. */
  public static final int MAY_CREATE = 2;

  /** Names begin at the current directory. */
  public static final int AT_FDCWD = -100;

  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int AT_EMPTY_PATH = 0x1000;

  /** MAXSYMLINKS. */
  private static final int MOST_LINKS = 40;

  private static final int NAME_MAX = 255;

  private final Map<String, Mount> mounts = new LinkedHashMap<>();

  /** A tree with only a root. */
  public FileTree(Mount root) {
    mounts.put("", root);
  }

  /** Puts a file system at a path such as {@code /proc}; before the machine runs. */
  public void mount(String path, Mount mount) {
    mounts.put(path, mount);
  }

  public Map<String, Mount> mounts() {
    return mounts;
  }

  /**
   * Finds what a name means.
   *
   * @param root the task's root, {@code ""} for the machine's own
   * @param start where a relative name begins: an absolute path without symbolic links
   * @throws Failure ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EACCES
   */
  public Place find(@Nullable Task task, String root, String start, String name, int options) {
    if (name.isEmpty()) {
      throw new Failure(Errno.ENOENT);
    }
    Walk walk = new Walk(task, root, name.startsWith("/") ? root : start, options);
    walk.push(name);
    return walk.run(name.endsWith("/"));
  }

  /** The place of an absolute path that needs no walking. */
  public Place at(@Nullable Task task, String path) {
    String mountPoint = mountPoint(path);
    Mount mount = mountAt(mountPoint);
    String inside = inside(path, mountPoint);
    FileStatus status;
    try {
      status = mount.status(task, inside);
    } catch (Failure failure) {
      if (failure.errno() != Errno.ENOENT) {
        throw failure;
      }
      status = null;
    }
    return new Place(mount, inside, path, status, null);
  }

  /**
   * Finds what a task's name means, relative to a directory descriptor.
   *
   * @param directory a descriptor, or AT_FDCWD
   */
  public Place find(@Nullable Task task, int directory, String name, int options) {
    if (task == null) {
      return find(null, "", "", name, options);
    }
    String start = task.fs().directory();
    if (directory != AT_FDCWD && !name.startsWith("/")) {
      OpenFile file = task.files().get(directory);
      try {
        if (!file.status(task).isDirectory()) {
          throw new Failure(Errno.ENOTDIR);
        }
        start = file.path();
      } finally {
        file.release();
      }
    }
    return find(task, task.fs().root(), start, name, options);
  }

  @Override
  public Program open(@Nullable Task task, int directory, String path, int flags) {
    if (path.isEmpty() && (flags & AT_EMPTY_PATH) != 0 && task != null) {
      OpenFile file = task.files().get(directory);
      return new Program(file, file.path());
    }
    Place place = find(task, directory, path, (flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0 : FOLLOW);
    FileStatus status = place.status();
    if (status == null || status.isLink()) {
      throw new Failure(Errno.ELOOP);
    }
    int execute = 1;
    if (status.type() != FileStatus.S_IFREG
        || place.mount().access(task, place.path(), execute) != 0) {
      throw new Failure(Errno.EACCES);
    }
    return new Program(place.mount().open(task, place.path(), place.name(), 0, 0), place.name());
  }

  private Mount mountAt(String point) {
    Mount mount = mounts.get(point);
    if (mount == null) {
      throw new IllegalStateException("no mount at " + point);
    }
    return mount;
  }

  private String mountPoint(String path) {
    String best = "";
    for (String point : mounts.keySet()) {
      if (point.length() > best.length()
          && path.startsWith(point)
          && (path.length() == point.length() || path.charAt(point.length()) == '/')) {
        best = point;
      }
    }
    return best;
  }

  private static String inside(String path, String mountPoint) {
    return path.length() > mountPoint.length() ? path.substring(mountPoint.length() + 1) : "";
  }

  /** One lookup under way. */
  private final class Walk {
    private final @Nullable Task task;
    private final String root;
    private final int options;
    private final Deque<String> left = new ArrayDeque<>();
    private String here;
    private int links;

    Walk(@Nullable Task task, String root, String start, int options) {
      this.task = task;
      this.root = root;
      this.here = start.equals("/") ? "" : start;
      this.options = options;
    }

    /** Puts a name's components in front of those that are left. */
    void push(String name) {
      String[] parts = name.split("/");
      for (int i = parts.length - 1; i >= 0; i--) {
        if (!parts[i].isEmpty()) {
          left.push(parts[i]);
        }
      }
    }

    Place run(boolean directory) {
      Place place = at(task, here);
      while (!left.isEmpty()) {
        if (place.status() != null && !place.isDirectory()) {
          throw new Failure(Errno.ENOTDIR);
        }
        if (!place.exists()) {
          throw new Failure(Errno.ENOENT);
        }
        place = step(left.pop(), directory);
      }
      if (directory && place.exists() && !place.isDirectory()) {
        throw new Failure(Errno.ENOTDIR);
      }
      if (!place.exists() && (options & MAY_CREATE) == 0) {
        throw new Failure(Errno.ENOENT);
      }
      return place;
    }

    private Place step(String component, boolean directory) {
      if (component.equals(".")) {
        return at(task, here);
      }
      if (component.equals("..")) {
        here = here.equals(root) ? here : here.substring(0, Math.max(0, here.lastIndexOf('/')));
        return at(task, here);
      }
      if (component.length() > NAME_MAX) {
        throw new Failure(Errno.ENAMETOOLONG);
      }
      String next = here + "/" + component;
      if (next.length() >= GuestText.PATH_MAX) {
        throw new Failure(Errno.ENAMETOOLONG);
      }
      Place place = at(task, next);
      FileStatus status = place.status();
      boolean last = left.isEmpty();
      if (status == null || !status.isLink()) {
        here = next;
        return place;
      }
      if (last && (options & FOLLOW) == 0 && !directory) {
        here = next;
        return place;
      }
      if (++links > MOST_LINKS) {
        throw new Failure(Errno.ELOOP);
      }
      Place jump = place.mount().follow(task, place.path());
      if (jump != null) {
        here = jump.name();
        return jump;
      }
      String target = place.mount().readLink(task, place.path());
      if (target.isEmpty()) {
        throw new Failure(Errno.ENOENT);
      }
      if (target.startsWith("/")) {
        here = root;
      }
      push(target);
      return at(task, here);
    }
  }
}
