package dev.vestibule.checkpoint;

import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileStatus;
import org.jspecify.annotations.Nullable;

/** What does a name inside the guest's root lead to now? */
final class FileNames {
  private FileNames() {}

  /** The status of what a name leads to, or null. */
  static @Nullable FileStatus status(Task task, String path) {
    try {
      return task.machine().fileTree().at(task, path).status();
    } catch (Failure gone) {
      return null;
    }
  }
}
