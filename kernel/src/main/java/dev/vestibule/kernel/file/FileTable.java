package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which open file has a descriptor? Shared by tasks cloned with CLONE_FILES. The table holds one
 * reference to each of its files.
 */
public final class FileTable {
  private @Nullable OpenFile[] files = new OpenFile[64];
  private boolean[] closeOnExec = new boolean[64];
  private int users = 1;

  /** The file of a descriptor, retained for the caller, who releases it. */
  public synchronized OpenFile get(int fd) {
    OpenFile file = fd >= 0 && fd < files.length ? files[fd] : null;
    if (file == null) {
      throw new Failure(Errno.EBADF);
    }
    return file.retain();
  }

  /** Like {@link #get}, but null where no file is open. */
  public synchronized @Nullable OpenFile find(int fd) {
    OpenFile file = fd >= 0 && fd < files.length ? files[fd] : null;
    return file == null ? null : file.retain();
  }

  /** Descriptors there is room for now. */
  public synchronized int size() {
    return files.length;
  }

  /**
   * Puts a file, whose reference the table takes over, at the lowest free descriptor.
   *
   * @param lowest the least descriptor to use
   * @param limit RLIMIT_NOFILE
   * @return the descriptor, or -EMFILE; the reference stays with the caller then
   */
  public synchronized int install(OpenFile file, int lowest, int limit, boolean cloexec) {
    int fd = lowest;
    while (fd < files.length && files[fd] != null) {
      fd++;
    }
    if (fd >= limit) {
      return -Errno.EMFILE;
    }
    put(fd, file, cloexec);
    return fd;
  }

  /** Puts a file at a given descriptor and returns what was there; the caller releases that. */
  public synchronized @Nullable OpenFile replace(int fd, OpenFile file, boolean cloexec) {
    OpenFile old = fd < files.length ? files[fd] : null;
    put(fd, file, cloexec);
    return old;
  }

  private void put(int fd, OpenFile file, boolean cloexec) {
    if (fd >= files.length) {
      int size = Math.max(fd + 1, files.length * 2);
      files = Arrays.copyOf(files, size);
      closeOnExec = Arrays.copyOf(closeOnExec, size);
    }
    files[fd] = file;
    closeOnExec[fd] = cloexec;
  }

  /** Takes a file out of the table; the caller releases it. */
  public synchronized @Nullable OpenFile remove(int fd) {
    if (fd < 0 || fd >= files.length) {
      return null;
    }
    OpenFile file = files[fd];
    files[fd] = null;
    return file;
  }

  public synchronized boolean closeOnExec(int fd) {
    return fd >= 0 && fd < files.length && closeOnExec[fd];
  }

  public synchronized void setCloseOnExec(int fd, boolean cloexec) {
    if (fd >= 0 && fd < files.length) {
      closeOnExec[fd] = cloexec;
    }
  }

  /** First descriptor in use at or behind {@code fd}, or -1. */
  public synchronized int next(int fd) {
    for (int i = fd; i < files.length; i++) {
      if (files[i] != null) {
        return i;
      }
    }
    return -1;
  }

  /** A table of its own with the same files: fork, unshare(CLONE_FILES). */
  public synchronized FileTable copy() {
    FileTable copy = new FileTable();
    copy.files = Arrays.copyOf(files, files.length);
    copy.closeOnExec = Arrays.copyOf(closeOnExec, closeOnExec.length);
    for (OpenFile file : files) {
      if (file != null) {
        file.retain();
      }
    }
    return copy;
  }

  /** Another task uses the table: CLONE_FILES. */
  public synchronized FileTable share() {
    users++;
    return this;
  }

  public synchronized boolean shared() {
    return users > 1;
  }

  /** A task stops using the table; the last one closes all files. */
  public void leave() {
    synchronized (this) {
      if (--users > 0) {
        return;
      }
    }
    for (int fd = next(0); fd >= 0; fd = next(fd + 1)) {
      close(fd);
    }
  }

  /** Closes what exec must not pass on. */
  public void closeForExec() {
    for (int fd = next(0); fd >= 0; fd = next(fd + 1)) {
      if (closeOnExec(fd)) {
        close(fd);
      }
    }
  }

  /** Closes a descriptor: close(2). */
  public long close(int fd) {
    OpenFile file = remove(fd);
    if (file == null) {
      return -Errno.EBADF;
    }
    file.closedIn(this);
    return file.release();
  }
}
