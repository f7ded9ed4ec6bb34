package dev.vestibule.kernel.device;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.HostFile;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Synthetic;

/** What is in /dev? The devices without state are the host's own. */
public final class DeviceFolder {
  private static final int O_CLOEXEC = 02000000;

  private DeviceFolder() {}

  /** The folder's fixed part. */
  public static Synthetic.FixedFolder create() {
    Synthetic.FixedFolder folder = new Synthetic.FixedFolder();
    folder.with("null", memory("/dev/null", 3));
    folder.with("zero", memory("/dev/zero", 5));
    folder.with("full", memory("/dev/full", 7));
    folder.with("random", memory("/dev/random", 8));
    folder.with("urandom", memory("/dev/urandom", 9));
    folder.with("fd", new Synthetic.Link(t -> "/proc/self/fd"));
    folder.with("stdin", new Synthetic.Link(t -> "/proc/self/fd/0"));
    folder.with("stdout", new Synthetic.Link(t -> "/proc/self/fd/1"));
    folder.with("stderr", new Synthetic.Link(t -> "/proc/self/fd/2"));
    return folder;
  }

  /** A device number as stat(2) shows it. */
  public static long number(int major, int minor) {
    return (long) major << 8 | minor;
  }

  private static Synthetic memory(String path, int minor) {
    return new Synthetic.Special(
        FileStatus.S_IFCHR | 0666,
        number(1, minor),
        (task, self, guestPath, flags) -> open(path, guestPath, flags));
  }

  private static OpenFile open(String path, String guestPath, int flags) {
    byte[] bytes = GuestText.bytes(path);
    long name = HostMemory.allocate(bytes.length);
    try {
      HostMemory.copyIn(bytes, 0, name, bytes.length);
      int access = flags & (OpenFile.O_ACCMODE | OpenFile.O_APPEND);
      long fd = Libc.syscall(HostCalls.OPENAT, -100, name, access | O_CLOEXEC, 0);
      if (fd < 0) {
        throw new Failure((int) -fd);
      }
      return HostFile.of((int) fd, flags, guestPath);
    } finally {
      HostMemory.free(name);
    }
  }
}
