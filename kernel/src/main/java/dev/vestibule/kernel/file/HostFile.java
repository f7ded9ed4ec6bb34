package dev.vestibule.kernel.file;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import org.jspecify.annotations.Nullable;

/** A regular file or a device of the host. Its operations never block for long. */
public class HostFile extends OpenFile {
  private static final int F_SETFL = 4;
  private static final int F_ADD_SEALS = 1033;
  private static final int F_GET_SEALS = 1034;
  private static final int PIECE = 1 << 16;
  private static final String MEMORY = "/memfd:";
  private static final String DELETED = " (deleted)";

  private final int fd;
  private final String path;
  private final @Nullable HostBacking backing;
  private final FileStatus opened;

  HostFile(int fd, int flags, String path, FileStatus opened) {
    super(flags);
    this.fd = fd;
    this.path = path;
    this.opened = opened;
    this.backing =
        opened.type() == FileStatus.S_IFREG && (flags & O_PATH) == 0
            ? new HostBacking(fd, path, (flags & O_ACCMODE) == O_RDWR, opened)
            : null;
  }

  /**
   * Takes over a host descriptor.
   *
   * @param path what the guest calls it
   */
  public static HostFile of(int fd, int flags, String path) {
    return new HostFile(fd, flags, path, HostTree.statusOf(fd));
  }

  /** What is mapped when the file is; keeps the host descriptor while a mapping lives. */
  private static final class HostBacking extends Backing {
    private final int fd;
    private final String path;
    private final boolean writable;
    private final FileStatus opened;

    HostBacking(int fd, String path, boolean writable, FileStatus opened) {
      this.fd = fd;
      this.path = path;
      this.writable = writable;
      this.opened = opened;
    }

    @Override
    public int hostFd() {
      return fd;
    }

    @Override
    public boolean hostWritable() {
      return writable;
    }

    @Override
    public long size() {
      return HostTree.statusOf(fd).size();
    }

    @Override
    public String path() {
      return path;
    }

    @Override
    public long device() {
      return opened.device();
    }

    @Override
    public long inode() {
      return opened.inode();
    }

    @Override
    public Object identity() {
      return new FileId(opened.device(), opened.inode());
    }

    @Override
    protected void close() {
      HostTree.close(fd);
    }
  }

  @Override
  public int hostFd() {
    return fd;
  }

  @Override
  public FileId id() {
    return new FileId(opened.device(), opened.inode());
  }

  @Override
  public FileStatus status(Task task) {
    return HostTree.statusOf(fd);
  }

  @Override
  public OpenFile reopen(Task task, int flags) {
    return HostTree.reopen(fd, flags, path);
  }

  @Override
  public String linkTarget() {
    return opened.isLink() ? HostTree.readLinkOf(fd) : super.linkTarget();
  }

  @Override
  public boolean seekable() {
    return opened.type() == FileStatus.S_IFREG || opened.type() == FileStatus.S_IFBLK;
  }

  @Override
  public boolean pollable() {
    return opened.type() == FileStatus.S_IFCHR;
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    return transfer(to, Integer.MAX_VALUE, offset, HostCalls.READ, HostCalls.PREAD64);
  }

  @Override
  public long write(Task task, IoVector from, long offset) {
    long most = Long.MAX_VALUE;
    long limit = task.process().limits().soft(Limits.RLIMIT_FSIZE);
    if (limit >= 0 && opened.type() == FileStatus.S_IFREG && from.total() > 0) {
      long start = offset;
      if ((flags() & O_APPEND) != 0) {
        start = size();
      } else if (offset == AT_POSITION) {
        start = Libc.syscall(HostCalls.LSEEK, fd, 0, 1);
      }
      most = limit - start;
      if (most <= 0) {
        Delivery.send(task, SigInfo.kernel(Signals.SIGXFSZ));
        return -Errno.EFBIG;
      }
    }
    return transfer(from, most, offset, HostCalls.WRITE, HostCalls.PWRITE64);
  }

  private long transfer(IoVector vector, long most, long offset, int call, int positioned) {
    long done = 0;
    for (int i = 0; i < vector.count() && done < most; i++) {
      long length = Math.min(vector.length(i), most - done);
      long result =
          offset == AT_POSITION
              ? Libc.syscall(call, fd, vector.address(i), length)
              : Libc.syscall(positioned, fd, vector.address(i), length, offset + done);
      if (result < 0) {
        return done > 0 ? done : result;
      }
      done += result;
      if (result < length) {
        break;
      }
    }
    return vector.count() == 0 ? Libc.syscall(call, fd, 0, 0) : done;
  }

  @Override
  public long seek(Task task, long offset, int whence) {
    return Libc.syscall(HostCalls.LSEEK, fd, offset, whence);
  }

  @Override
  public long truncate(Task task, long length) {
    if (!writable()) {
      return -Errno.EINVAL;
    }
    long limit = task.process().limits().soft(Limits.RLIMIT_FSIZE);
    if (limit >= 0 && length > limit) {
      Delivery.send(task, SigInfo.kernel(Signals.SIGXFSZ));
      return -Errno.EFBIG;
    }
    Truncation.announce(task, opened, length);
    return Libc.syscall(HostCalls.FTRUNCATE, fd, length);
  }

  @Override
  public long ioctl(Task task, int request, long argument) {
    if (request == Ioctls.FIONREAD && opened.type() == FileStatus.S_IFREG) {
      long left = size(task) - Libc.syscall(HostCalls.LSEEK, fd, 0, 1);
      task.memory().store32(argument, Math.clamp(left, Integer.MIN_VALUE, Integer.MAX_VALUE));
      return 0;
    }
    return -Errno.ENOTTY;
  }

  private long size(Task task) {
    return status(task).size();
  }

  /** Size of the file in bytes. */
  public long size() {
    return HostTree.statusOf(fd).size();
  }

  @Override
  public void setFlags(int flags) {
    super.setFlags(flags);
    if ((flags & O_PATH) == 0) {
      Libc.syscall(HostCalls.FCNTL, fd, F_SETFL, flags & (O_APPEND | O_DIRECT) | O_NONBLOCK);
    }
  }

  /** Status when it was opened: the file's type and identity do not change. */
  public FileStatus opened() {
    return opened;
  }

  @Override
  public @Nullable Backing backing() {
    return backing;
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  protected FileState ownState(Task task) {
    FileStatus now = HostTree.statusOf(fd);
    long position = seekable() ? Math.max(0, Libc.syscall(HostCalls.LSEEK, fd, 0, 1)) : 0;
    boolean found = isAt(task, path);
    if (!found && now.links() == 0 && now.type() == FileStatus.S_IFREG && (flags() & O_PATH) == 0) {
      long seals = Libc.syscall(HostCalls.FCNTL, fd, F_GET_SEALS, 0);
      boolean memory = seals >= 0 && path.startsWith(MEMORY) && path.endsWith(DELETED);
      return new FileState.Unnamed(path, flags(), position, id(), now, memory, (int) seals);
    }
    return new FileState.Named(path, flags(), position, now.size(), now.mode(), found);
  }

  /**
   * A file of the host's memory: memfd_create(2).
   *
   * @param name as its maker calls it
   * @param flags memfd_create(2)'s
   * @throws Failure its errors
   */
  public static HostFile inMemory(String name, int flags) {
    byte[] bytes = GuestText.bytes(name);
    long at = HostMemory.allocate(bytes.length);
    try {
      HostMemory.copyIn(bytes, 0, at, bytes.length);
      long fd = Libc.syscall(HostCalls.MEMFD_CREATE, at, flags);
      if (fd < 0) {
        throw new Failure((int) -fd);
      }
      return of((int) fd, O_RDWR, MEMORY + name + DELETED);
    } finally {
      HostMemory.free(at);
    }
  }

  /** The same file as the guest knows it by another name. */
  public HostFile reopenAs(int flags, String name) {
    return HostTree.reopen(fd, flags, name);
  }

  /**
   * All that is in the file, however it was opened.
   *
   * @throws Failure EIO and others if it cannot be read
   */
  public byte[] content() {
    HostFile readable = HostTree.reopen(fd, 0, path);
    byte[] content = new byte[Math.toIntExact(size())];
    long buffer = HostMemory.allocate(PIECE);
    try {
      for (int at = 0; at < content.length; ) {
        int most = Math.min(PIECE, content.length - at);
        long got = Libc.syscall(HostCalls.PREAD64, readable.fd, buffer, most, at);
        if (got <= 0) {
          throw new Failure(got < 0 ? (int) -got : Errno.EIO);
        }
        HostMemory.copyOut(buffer, content, at, (int) got);
        at += (int) got;
      }
      return content;
    } finally {
      HostMemory.free(buffer);
      readable.release();
    }
  }

  /**
   * Fills a file that is empty and open for writing.
   *
   * @throws Failure write(2)'s errors
   */
  public void fill(byte[] content) {
    long buffer = HostMemory.allocate(PIECE);
    try {
      for (int at = 0; at < content.length; ) {
        int most = Math.min(PIECE, content.length - at);
        HostMemory.copyIn(content, at, buffer, most);
        long done = Libc.syscall(HostCalls.PWRITE64, fd, buffer, most, at);
        if (done <= 0) {
          throw new Failure(done < 0 ? (int) -done : Errno.EIO);
        }
        at += (int) done;
      }
    } finally {
      HostMemory.free(buffer);
    }
  }

  /** fcntl(F_ADD_SEALS). */
  public long seal(int seals) {
    return Libc.syscall(HostCalls.FCNTL, fd, F_ADD_SEALS, seals);
  }

  private boolean isAt(Task task, String name) {
    try {
      FileStatus there = task.machine().fileTree().at(task, name).status();
      if (there != null && opened.type() == FileStatus.S_IFCHR) {
        return there.type() == opened.type() && there.rawDevice() == opened.rawDevice();
      }
      return there != null && id().equals(new FileId(there.device(), there.inode()));
    } catch (Failure gone) {
      return false;
    }
  }

  @Override
  public void closedIn(FileTable table) {
    FileLocks.closed(id(), table);
  }

  @Override
  protected long close() {
    FileLocks.closed(id(), this);
    if (backing != null) {
      backing.release();
      return 0;
    }
    return Libc.syscall(HostCalls.CLOSE, fd);
  }
}
