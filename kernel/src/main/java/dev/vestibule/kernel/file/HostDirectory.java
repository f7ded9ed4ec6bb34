package dev.vestibule.kernel.file;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A directory of the host, the same one of all layers that have it. */
final class HostDirectory extends Directory {
  private static final int BUFFER = 32 << 10;

  private final HostMount mount;
  private final HostTree tree;
  private final int fd;
  private final String mountPoint;
  private final String opened;
  private final FileId id;

  /**
   * Takes over a host descriptor.
   *
   * @param path below the mount
   * @param guestPath inside the guest's root
   */
  HostDirectory(HostMount mount, HostTree tree, int fd, int flags, String path, String guestPath) {
    super(flags);
    this.mount = mount;
    this.tree = tree;
    this.fd = fd;
    this.opened = guestPath;
    FileStatus status = HostTree.statusOf(fd);
    this.id = new FileId(status.device(), status.inode());
    int prefix = guestPath.length() - path.length();
    this.mountPoint = path.isEmpty() ? guestPath : guestPath.substring(0, prefix - 1);
  }

  @Override
  public int hostFd() {
    return fd;
  }

  @Override
  public FileStatus status(Task task) {
    return HostTree.statusOf(fd);
  }

  /** The path it has now: directories may be renamed while they are open. */
  @Override
  public String path() {
    String now = HostTree.readLinkOf("/proc/self/fd/" + fd);
    String root = tree.hostPath();
    String below = root.equals("/") ? "" : root;
    if (!now.startsWith(below)) {
      return opened;
    }
    String path = mountPoint + now.substring(below.length());
    return path.equals("/") ? "" : path;
  }

  @Override
  public OpenFile reopen(Task task, int flags) {
    String path = path();
    String below =
        path.length() > mountPoint.length() ? path.substring(mountPoint.length() + 1) : "";
    return mount.open(task, below, path, flags, 0);
  }

  @Override
  protected List<Entry> entries(Task task) {
    List<Entry> all = new ArrayList<>();
    read(fd, all, null);
    if (mount.layered()) {
      String path = path();
      String inside =
          path.length() > mountPoint.length() ? path.substring(mountPoint.length()) : "";
      Set<String> seen = new HashSet<>();
      all.forEach(entry -> seen.add(entry.name()));
      String below = inside.startsWith("/") ? inside.substring(1) : inside;
      mount.eachOther(tree, below, other -> read(other, all, seen));
    }
    return all;
  }

  private static void read(int fd, List<Entry> to, @Nullable Set<String> seen) {
    Libc.syscall(HostCalls.LSEEK, fd, 0, 0);
    long buffer = HostMemory.allocate(BUFFER);
    try {
      while (true) {
        long length = HostTree.check(Libc.syscall(HostCalls.GETDENTS64, fd, buffer, BUFFER));
        if (length == 0) {
          return;
        }
        for (long at = buffer; at < buffer + length; ) {
          int size = HostMemory.s16le(at + 16) & 0xffff;
          Entry entry = entry(at, size);
          if (seen == null || seen.add(entry.name())) {
            to.add(entry);
          }
          at += size;
        }
      }
    } finally {
      HostMemory.free(buffer);
    }
  }

  private static Entry entry(long at, int size) {
    byte[] name = new byte[size - 19];
    HostMemory.copyOut(at + 19, name, 0, name.length);
    int end = 0;
    while (end < name.length && name[end] != 0) {
      end++;
    }
    return new Entry(
        HostMemory.i64le(at), HostMemory.u8(at + 18), new String(name, 0, end, GuestText.BYTES));
  }

  @Override
  public FileId id() {
    return id;
  }

  @Override
  protected long close() {
    FileLocks.closed(id, this);
    return Libc.syscall(HostCalls.CLOSE, fd);
  }
}
