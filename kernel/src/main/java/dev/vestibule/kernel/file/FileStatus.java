package dev.vestibule.kernel.file;

/**
 * What does stat(2) tell of a file? Times are nanoseconds since the epoch; device numbers are
 * Linux's 64-bit internal form as statx(2) splits it.
 */
public record FileStatus(
    long device,
    long inode,
    int mode,
    long links,
    int uid,
    int gid,
    long rawDevice,
    long size,
    int blockSize,
    long blocks,
    long accessed,
    long modified,
    long changed,
    long born) {
  public static final int S_IFMT = 0170000;
  public static final int S_IFIFO = 0010000;
  public static final int S_IFCHR = 0020000;
  public static final int S_IFDIR = 0040000;
  public static final int S_IFBLK = 0060000;
  public static final int S_IFREG = 0100000;
  public static final int S_IFLNK = 0120000;
  public static final int S_IFSOCK = 0140000;

  /** The file type bits of the mode. */
  public int type() {
    return mode & S_IFMT;
  }

  public boolean isDirectory() {
    return type() == S_IFDIR;
  }

  public boolean isLink() {
    return type() == S_IFLNK;
  }

  /** A file that exists only in the machine: owned by the guest's user, no size. */
  public static FileStatus synthetic(
      long device, long inode, int mode, int uid, int gid, long now) {
    return new FileStatus(device, inode, mode, 1, uid, gid, 0, 0, 1024, 0, now, now, now, 0);
  }

  /** The same as a device file. */
  public FileStatus withRawDevice(long number) {
    return new FileStatus(
        device, inode, mode, links, uid, gid, number, size, blockSize, blocks, accessed, modified,
        changed, born);
  }
}
