package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.wait.WaitQueue;

/** A descriptor that stands for a process: pidfd_open(2). */
public final class PidFile extends OpenFile {
  /** Device number of files without a name. */
  private static final long ANON_INODES = 15;

  private final Process process;

  /**
   * @param flags O_NONBLOCK or 0, generic numbers
   */
  public PidFile(Process process, int flags) {
    super(O_RDWR | flags);
    this.process = process;
  }

  public Process process() {
    return process;
  }

  @Override
  public WaitQueue waiters() {
    return process.exited();
  }

  /** Readable once the process has ended. */
  @Override
  public int poll() {
    return process.ended() ? POLLIN : 0;
  }

  @Override
  public FileStatus status(Task task) {
    int readWriteForOwner = 0600;
    return FileStatus.synthetic(
        ANON_INODES,
        process.pid(),
        readWriteForOwner,
        task.credentials().uid(),
        task.credentials().gid(),
        0);
  }

  @Override
  public String path() {
    return "anon_inode:[pidfd]";
  }
}
