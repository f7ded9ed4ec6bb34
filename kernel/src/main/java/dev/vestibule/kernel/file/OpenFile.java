package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.wait.WaitQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What can be done with an open file? Linux's "open file description": shared by all descriptors
 * that were duplicated or inherited from one open(2). Methods return a value or a negated errno.
 */
public abstract class OpenFile {
  public static final int POLLIN = 1;
  public static final int POLLPRI = 2;
  public static final int POLLOUT = 4;
  public static final int POLLERR = 8;
  public static final int POLLHUP = 16;
  public static final int POLLNVAL = 32;
  public static final int POLLRDHUP = 0x2000;

  public static final int O_ACCMODE = 3;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_APPEND = 02000;
  public static final int O_NONBLOCK = 04000;
  public static final int O_DIRECT = 040000;
  public static final int O_PATH = 010000000;

  /** Reads and writes at the file's own position. */
  public static final long AT_POSITION = -1;

  private final AtomicInteger references = new AtomicInteger(1);
  private final WaitQueue waiters = new WaitQueue();
  private final CopyOnWriteArrayList<Runnable> closeListeners = new CopyOnWriteArrayList<>();
  private volatile int flags;
  private volatile int owner;
  private volatile int ownerSignal;
  private volatile int stream = -1;

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

  public final boolean nonBlocking() {
    return (flags & O_NONBLOCK) != 0;
  }

  public final boolean readable() {
    return (flags & (O_ACCMODE | O_PATH)) == 0 || (flags & (O_ACCMODE | O_PATH)) == O_RDWR;
  }

  public final boolean writable() {
    return (flags & O_ACCMODE) != 0 && (flags & O_PATH) == 0;
  }

  /** Who gets SIGIO: a pid, a negated process group, or 0. */
  public final int owner() {
    return owner;
  }

  public final void setOwner(int pid) {
    owner = pid;
  }

  /** fcntl(F_SETSIG); 0 is SIGIO. */
  public final int ownerSignal() {
    return ownerSignal;
  }

  public final void setOwnerSignal(int signal) {
    ownerSignal = signal;
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

  /**
   * Opens the same file again: what /proc/PID/fd/N leads to.
   *
   * @param flags open(2)'s flags, generic numbers
   */
  public OpenFile reopen(Task task, int flags) {
    throw new Failure(Errno.ENXIO);
  }

  /** Text of the symbolic link this is; ENOENT for other files. */
  public String linkTarget() {
    throw new Failure(Errno.ENOENT);
  }

  /** Whether positions exist: pread(2) and lseek(2) work. */
  public boolean seekable() {
    return false;
  }

  /** Moves the position; {@code whence} as in lseek(2). */
  public long seek(Task task, long offset, int whence) {
    return -Errno.ESPIPE;
  }

  /** Which of poll(2)'s events hold now. */
  public int poll() {
    return POLLIN | POLLOUT;
  }

  /** Whether epoll(7) accepts it. */
  public boolean pollable() {
    return true;
  }

  /** Carries out an ioctl; the request has its generic number. */
  public long ioctl(Task task, int request, long argument) {
    return -Errno.ENOTTY;
  }

  /** Sets the size: ftruncate(2). */
  public long truncate(Task task, long length) {
    return -Errno.EINVAL;
  }

  /** Has the host do something with the file; see {@link Mount#byHostName}. */
  public final long byHostName(LongUnaryOperator operation) {
    int fd = hostFd();
    return fd < 0 ? -Errno.EOPNOTSUPP : HostTree.nameOf(fd, operation);
  }

  /** fchmod(2). */
  public long changeMode(int mode) {
    int fd = hostFd();
    return fd < 0 ? -Errno.EPERM : HostTree.changeModeOfAny(fd, mode);
  }

  /** fchown(2). */
  public long changeOwner(int uid, int gid) {
    int fd = hostFd();
    return fd < 0 ? -Errno.EPERM : HostTree.changeOwnerOf(fd, uid, gid);
  }

  /** futimens(3); {@code times} is the host address of two timespecs. */
  public long changeTimes(long times) {
    int fd = hostFd();
    return fd < 0 ? -Errno.EPERM : HostTree.changeTimesOf(fd, times);
  }

  /** What fstat(2) tells. */
  public abstract FileStatus status(Task task);

  /** What fstatfs(2) tells; see {@link Mount#fileSystem}. */
  public long[] fileSystem() {
    int pageSize = 4096;
    int fd = hostFd();
    return fd >= 0
        ? HostTree.fileSystem(fd)
        : new long[] {0x5049_5045, pageSize, 0, 0, 0, 0, 0, 0, 255, pageSize, 0x20};
  }

  /** What a mapping of this file shows, or null if it cannot be mapped (ENODEV). */
  public @Nullable Backing backing() {
    return null;
  }

  /** Descriptor of the host with the same file, for operations the host carries out, or -1. */
  public int hostFd() {
    return -1;
  }

  /** Which file it is, for locks. */
  public FileId id() {
    return new FileId(-1, System.identityHashCode(this));
  }

  /** fcntl(F_GETPIPE_SZ). */
  public long capacity() {
    return -Errno.EBADF;
  }

  /** fcntl(F_SETPIPE_SZ). */
  public long setCapacity(Task task, long bytes) {
    return -Errno.EBADF;
  }

  /** Whether the machine was given it open, so that it may lie outside the guest's tree. */
  public boolean foreign() {
    return false;
  }

  /** Names it as one of the streams the machine was started with, 0 to 2. */
  public final OpenFile asStream(int number) {
    stream = number;
    return this;
  }

  /** What must be known to have it again elsewhere. */
  public final FileState state(Task task) {
    return stream >= 0 ? new FileState.Stream(stream, flags()) : ownState(task);
  }

  /** The {@link #state} of a file that is none of the machine's streams. */
  protected FileState ownState(Task task) {
    return new FileState.Unknown(path(), flags());
  }

  /** What /proc/PID/fd shows. */
  public abstract String path();

  /** Lines of /proc/PID/fdinfo behind the common ones. */
  public String info(Task task) {
    return "";
  }

  /** A table of descriptors has closed one of its descriptors of this file. */
  public void closedIn(FileTable table) {}

  public final OpenFile retain() {
    references.incrementAndGet();
    return this;
  }

  /** Retains the file unless it has already been closed. */
  public final boolean tryRetain() {
    int now = references.get();
    while (now > 0) {
      if (references.compareAndSet(now, now + 1)) {
        return true;
      }
      now = references.get();
    }
    return false;
  }

  /** Gives up one reference; the last one closes the file. */
  public final long release() {
    if (references.decrementAndGet() != 0) {
      return 0;
    }
    for (Runnable listener : closeListeners) {
      listener.run();
    }
    return close();
  }

  /** Has something run before the file closes. */
  public final void onClose(Runnable listener) {
    closeListeners.add(listener);
  }

  public final void notOnClose(Runnable listener) {
    closeListeners.remove(listener);
  }

  /** The last reference is gone. */
  protected long close() {
    return 0;
  }
}
