package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.wait.WaitQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What can be done with an open file? Linux's "open file description": shared by all descriptors
 * that were duplicated or inherited from one open(2). Methods return a value or a negated errno.
 */
public abstract class OpenFile {
  public static final int POLLIN = 1;
  public static final int POLLOUT = 4;
  public static final int POLLERR = 8;
  public static final int POLLHUP = 16;

  /** Reads and writes at the file's own position. */
  public static final long AT_POSITION = -1;

  private final AtomicInteger references = new AtomicInteger(1);
  private final WaitQueue waiters = new WaitQueue();
  private volatile int flags;

  /**
   * @param flags open(2)'s flags that stay with the file, generic numbers
   */
  protected OpenFile(int flags) {
    this.flags = flags;
  }

  public final int flags() {
    return flags;
  }

  /** Changes what fcntl(F_SETFL) may change. */
  public void setFlags(int flags) {
    this.flags = flags;
  }

  /** Who waits for this file to become ready. */
  public WaitQueue waiters() {
    return waiters;
  }

  /**
   * Reads into the vector.
   *
   * @param offset position in bytes, or {@link #AT_POSITION}
   */
  public long read(Task task, IoVector to, long offset) {
    return -Errno.EINVAL;
  }

  /** Writes the vector's bytes; see {@link #read}. */
  public long write(Task task, IoVector from, long offset) {
    return -Errno.EINVAL;
  }

  /** Moves the position; {@code whence} as in lseek(2). */
  public long seek(Task task, long offset, int whence) {
    return -Errno.ESPIPE;
  }

  /** Which of poll(2)'s events hold now. */
  public int poll() {
    return POLLIN | POLLOUT;
  }

  /** Carries out an ioctl; the request has the guest architecture's number. */
  public long ioctl(Task task, int request, long argument) {
    return -Errno.ENOTTY;
  }

  /** What fstat(2) tells. */
  public abstract FileStatus status(Task task);

  /** What a mapping of this file shows, or null if it cannot be mapped (ENODEV). */
  public @Nullable Backing backing() {
    return null;
  }

  /** What /proc/PID/fd shows. */
  public abstract String path();

  public final OpenFile retain() {
    references.incrementAndGet();
    return this;
  }

  /** Gives up one reference; the last one closes the file. */
  public final long release() {
    return references.decrementAndGet() == 0 ? close() : 0;
  }

  /** The last reference is gone. */
  protected long close() {
    return 0;
  }
}
