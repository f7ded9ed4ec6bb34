package dev.vestibule.kernel.proc;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.PageFrames;

/**
 * Which pages of a process are present? /proc/PID/pagemap: eight bytes per page, as {@link
 * PageFrames} has them.
 */
final class PageMapFile extends OpenFile {
  private static final int ENTRY = 8;
  private static final int MOST = 4096;

  private final Process process;
  private final AddressSpace space;
  private final FileStatus status;
  private final String path;
  private long position;

  PageMapFile(Process process, Task reader, FileStatus status, String path, int flags) {
    super(flags);
    this.process = process;
    this.space = process.space();
    this.status = status;
    this.path = path;
  }

  @Override
  public boolean seekable() {
    return true;
  }

  @Override
  public synchronized long seek(Task task, long offset, int whence) {
    long wanted = whence == 0 ? offset : whence == 1 ? position + offset : -1;
    if (wanted < 0) {
      return -Errno.EINVAL;
    }
    position = wanted;
    return wanted;
  }

  @Override
  public synchronized long read(Task task, IoVector to, long offset) {
    long from = offset == AT_POSITION ? position : offset;
    if ((from & ENTRY - 1) != 0 || (to.total() & ENTRY - 1) != 0) {
      return -Errno.EINVAL;
    }
    if (process.ended() || !space.tryShare()) {
      return 0;
    }
    try {
      int pageSize = space.layout().pageSize();
      long pages = space.layout().taskSize() / pageSize;
      int count = Math.clamp(pages - from / ENTRY, 0, Math.min(MOST, to.total() / ENTRY));
      Struct s = task.abi().struct(count * ENTRY);
      boolean frames = PageFrames.shown(task.machine().profile(), task.credentials().privileged());
      for (int i = 0; i < count; i++) {
        long address = (from / ENTRY + i) * pageSize;
        s.put64(i * ENTRY, PageFrames.entry(space, address, frames));
      }
      int done = to.put(0, s.bytes(), 0, count * ENTRY);
      if (offset == AT_POSITION) {
        position += done;
      }
      return done;
    } finally {
      space.leave();
    }
  }

  @Override
  public FileStatus status(Task task) {
    return status;
  }

  @Override
  public String path() {
    return path;
  }
}
