package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import org.jspecify.annotations.Nullable;

/**
 * Which mapped pages does a file lose when it becomes shorter? Every address space of the machine
 * hears of it before the host does it, so that an access becomes the guest's SIGBUS, not the
 * host's.
 */
public final class Truncation {
  private Truncation() {}

  /** A file is about to get a new length in bytes. */
  public static void announce(Task task, @Nullable FileStatus file, long length) {
    if (file == null || file.type() != FileStatus.S_IFREG || file.size() == 0 && length == 0) {
      return;
    }
    FileId id = new FileId(file.device(), file.inode());
    for (Process process : task.machine().processes()) {
      if (!process.ended()) {
        process.space().fileShrinks(id, length);
      }
    }
  }
}
