package dev.vestibule.kernel.file;

import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Task;

/** One of the host process's own standard streams. */
public final class HostStream extends OpenFile {
  private static final int READ = System.getProperty("os.arch").equals("aarch64") ? 63 : 0;
  private static final int WRITE = System.getProperty("os.arch").equals("aarch64") ? 64 : 1;
  private final int hostFd;

  public HostStream(int hostFd, int flags) {
    super(flags);
    this.hostFd = hostFd;
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    return to.count() == 0 ? 0 : Libc.syscall(READ, hostFd, to.address(0), to.length(0));
  }

  @Override
  public long write(Task task, IoVector from, long offset) {
    long done = 0;
    for (int i = 0; i < from.count(); i++) {
      long result = Libc.syscall(WRITE, hostFd, from.address(i), from.length(i));
      if (result < 0) {
        return done > 0 ? done : result;
      }
      done += result;
      if (result < from.length(i)) {
        break;
      }
    }
    return done;
  }

  @Override
  public FileStatus status(Task task) {
    return HostTree.statusOf(hostFd);
  }

  @Override
  public String path() {
    return "/dev/pts/0";
  }
}
