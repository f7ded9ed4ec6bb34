package dev.vestibule.kernel.file;

/** Where do a task's relative file names begin? Shared by tasks cloned with CLONE_FS. */
public final class FsContext {
  private volatile String directory;
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

  public int umask() {
    return umask;
  }

  public synchronized int setUmask(int mask) {
    int old = umask;
    umask = mask & 0777;
    return old;
  }

  public FsContext copy() {
    return new FsContext(directory, umask);
  }
}
