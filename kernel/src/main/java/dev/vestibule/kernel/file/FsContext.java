package dev.vestibule.kernel.file;

/** Where do a task's relative file names begin? Shared by tasks cloned with CLONE_FS. */
public final class FsContext {
  private volatile String directory;
  private volatile String root = "";
  private volatile int umask;

  public FsContext(String directory, int umask) {
    this.directory = directory;
    this.umask = umask;
  }

  /** The current directory inside the guest's root. */
  public String directory() {
    return directory;
  }

  public void setDirectory(String directory) {
    this.directory = directory;
  }

  /** A directory got another name: what lies in it is found by that now. */
  public synchronized void renamed(String from, String to) {
    directory = renamed(directory, from, to);
    root = renamed(root, from, to);
  }

  private static String renamed(String path, String from, String to) {
    boolean inside = path.equals(from) || path.startsWith(from + "/");
    return inside ? to + path.substring(from.length()) : path;
  }

  /** What "/" means: an absolute path without trailing slash, empty unless chroot(2) was called. */
  public String root() {
    return root;
  }

  public void setRoot(String root) {
    this.root = root;
  }

  public int umask() {
    return umask;
  }

  public synchronized int setUmask(int mask) {
    int old = umask;
    umask = mask & 0777;
    return old;
  }

  public FsContext copy() {
    FsContext copy = new FsContext(directory, umask);
    copy.root = root;
    return copy;
  }
}
