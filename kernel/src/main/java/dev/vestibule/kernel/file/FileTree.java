package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which file does a name mean?
 *
 * <p>Names are walked component by component in the guest's world: mounts, symbolic links and ".."
 * are resolved here, the host only ever sees names without them (see {@link HostTree}). ".." never
 * leads above the task's root. A name in which the host meets no link is found in one step.
 */
public final class FileTree implements Programs {
  /** Follow a symbolic link in the last component. */
  public static final int FOLLOW = 1;

  /** The last component need not exist. */
  public static final int MAY_CREATE = 2;

  /** The last component is itself meant, slashes behind it or not: to be made, removed, renamed. */
  public static final int ENTRY = 4;

  /** ELOOP for any symbolic link: RESOLVE_NO_SYMLINKS. */
  public static final int NO_LINKS = 8;

  /** ELOOP for links of /proc that lead to open files: RESOLVE_NO_MAGICLINKS. */
  public static final int NO_MAGIC = 0x10;

  /** EXDEV for whatever leads above the start: RESOLVE_BENEATH. */
  public static final int BENEATH = 0x20;

  /** EXDEV for whatever leads to another mount: RESOLVE_NO_XDEV. */
  public static final int SAME_MOUNT = 0x40;

  /** Names begin at the current directory. */
  public static final int AT_FDCWD = -100;

  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int RESTRICTED = NO_LINKS | NO_MAGIC | BENEATH | SAME_MOUNT;

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

  /** The file system at "/". */
  public Mount rootMount() {
    return mountAt("");
  }

  public Map<String, Mount> mounts() {
    return mounts;
  }

  /** Names of the mount points that lie directly in a directory. */
  List<String> mountsIn(String directory) {
    String prefix = directory + "/";
    return mounts.keySet().stream()
        .filter(point -> point.startsWith(prefix) && point.indexOf('/', prefix.length()) < 0)
        .map(point -> point.substring(prefix.length()))
        .toList();
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
    boolean absolute = name.startsWith("/");
    if (absolute && (options & BENEATH) != 0) {
      throw new Failure(Errno.EXDEV);
    }
    String from = absolute ? root : start.equals("/") ? "" : start;
    if ((options & RESTRICTED) == 0) {
      Place place = findAtOnce(task, from, name, options);
      if (place != null) {
        return place;
      }
    }
    Walk walk = new Walk(task, root, from, options);
    walk.push(name);
    return walk.run(name.endsWith("/"));
  }

  /** The place of a name in which no link and no ".." occurs, or null if it must be walked. */
  private @Nullable Place findAtOnce(@Nullable Task task, String from, String name, int options) {
    String path = join(from, name);
    if (path == null) {
      return null;
    }
    Place place;
    try {
      place = at(task, path);
    } catch (Failure failure) {
      if (failure.errno() == Errno.ELOOP) {
        return null;
      }
      throw failure;
    }
    FileStatus status = place.status();
    boolean slash = name.endsWith("/");
    if (status == null) {
      if ((options & MAY_CREATE) == 0) {
        throw new Failure(Errno.ENOENT);
      }
      return null;
    }
    if (status.isLink() && ((options & FOLLOW) != 0 || slash && (options & ENTRY) == 0)) {
      return null;
    }
    if (slash && !status.isDirectory() && (options & ENTRY) == 0) {
      throw new Failure(Errno.ENOTDIR);
    }
    return place;
  }

  /** The two names as one path, or null if its components need a closer look. */
  private static @Nullable String join(String from, String name) {
    StringBuilder path = new StringBuilder(from.length() + name.length() + 1).append(from);
    int length = name.length();
    while (length > 1 && name.charAt(length - 1) == '/') {
      length--;
    }
    int end;
    for (int i = 0; i < length; i = end + 1) {
      end = name.indexOf('/', i);
      end = end < 0 ? length : Math.min(end, length);
      if (end == i || end - i == 1 && name.charAt(i) == '.' && (end < length || length == 1)) {
        continue;
      }
      if (end - i > NAME_MAX || name.charAt(i) == '.' && dots(name, i, end)) {
        return null;
      }
      path.append('/').append(name, i, end);
    }
    return path.length() < GuestText.PATH_MAX ? path.toString() : null;
  }

  private static boolean dots(String name, int from, int end) {
    return end - from == 1 || end - from == 2 && name.charAt(from + 1) == '.';
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
    if (name.isEmpty()) {
      throw new Failure(Errno.ENOENT);
    }
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
    OpenFile open = place.open();
    if (open != null) {
      return new Program(open, open.path());
    }
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
    private final String start;
    private final int options;
    private final Deque<String> left = new ArrayDeque<>();
    private String here;
    private int links;
    private boolean directory;

    Walk(@Nullable Task task, String root, String start, int options) {
      this.task = task;
      this.root = root;
      this.start = start;
      this.here = start;
      this.options = options;
    }

    private boolean has(int option) {
      return (options & option) != 0;
    }

    /** Puts a name's components in front of those that are left. */
    void push(String name) {
      String[] parts = name.split("/");
      for (int i = parts.length - 1; i >= 0; i--) {
        if (!parts[i].isEmpty()) {
          left.push(parts[i]);
        }
      }
      if (left.size() > GuestText.PATH_MAX * 2) {
        throw new Failure(Errno.ENAMETOOLONG);
      }
    }

    /** A place on the way; a link of a lower layer under a directory of a higher one is none. */
    private Place look(String path) {
      try {
        return at(task, path);
      } catch (Failure failure) {
        if (failure.errno() != Errno.ELOOP) {
          throw failure;
        }
        throw new Failure(Errno.ENOENT);
      }
    }

    Place run(boolean slash) {
      directory = slash && !has(ENTRY);
      Place place = look(here);
      Mount first = place.mount();
      while (!left.isEmpty()) {
        if (place.status() != null && !place.isDirectory()) {
          throw new Failure(Errno.ENOTDIR);
        }
        boolean upFromRemoved = here.equals(start) && "..".equals(left.peek());
        if (!place.exists() && !upFromRemoved) {
          throw new Failure(Errno.ENOENT);
        }
        passThrough(place);
        place = step(left.pop());
        if (has(SAME_MOUNT) && place.mount() != first) {
          throw new Failure(Errno.EXDEV);
        }
      }
      if (directory && place.exists() && !place.isDirectory()) {
        throw new Failure(Errno.ENOTDIR);
      }
      if (!place.exists() && !has(MAY_CREATE)) {
        throw new Failure(Errno.ENOENT);
      }
      return place;
    }

    /** Components that lie behind an open directory are found by its name. */
    private void passThrough(Place place) {
      OpenFile open = place.open();
      if (open != null) {
        open.release();
      }
    }

    private Place step(String component) {
      if (component.equals(".")) {
        return look(here);
      }
      if (component.equals("..")) {
        if (has(BENEATH) && here.equals(start)) {
          throw new Failure(Errno.EXDEV);
        }
        here = here.equals(root) ? here : here.substring(0, Math.max(0, here.lastIndexOf('/')));
        return look(here);
      }
      if (component.length() > NAME_MAX) {
        throw new Failure(Errno.ENAMETOOLONG);
      }
      if (left.isEmpty() && directory && has(MAY_CREATE)) {
        throw new Failure(Errno.EISDIR); // a link's text ends in a slash: no file can be made
      }
      String next = here + "/" + component;
      if (next.length() >= GuestText.PATH_MAX) {
        throw new Failure(Errno.ENAMETOOLONG);
      }
      Place place = look(next);
      FileStatus status = place.status();
      boolean last = left.isEmpty();
      if (status == null || !status.isLink()) {
        here = next;
        return place;
      }
      if (last && !has(FOLLOW) && !directory) {
        here = next;
        return place;
      }
      return follow(place);
    }

    private Place follow(Place place) {
      if (++links > MOST_LINKS || has(NO_LINKS)) {
        throw new Failure(Errno.ELOOP);
      }
      Place jump = place.mount().follow(task, place.path());
      if (jump != null) {
        if (has(NO_MAGIC)) {
          throw new Failure(Errno.ELOOP);
        }
        if (has(BENEATH)) {
          throw new Failure(Errno.EXDEV);
        }
        here = jump.name();
        return jump;
      }
      String target = place.mount().readLink(task, place.path());
      if (target.isEmpty()) {
        throw new Failure(Errno.ENOENT);
      }
      if (left.isEmpty() && target.endsWith("/")) {
        directory = true;
      }
      if (target.startsWith("/")) {
        if (has(BENEATH)) {
          throw new Failure(Errno.EXDEV);
        }
        here = root;
      }
      push(target);
      return look(here);
    }
  }
}
