package dev.vestibule.observe;

import dev.vestibule.kernel.Task;

/** Which thread does a line speak of? Said as strace does, where there is more than one. */
final class TaskPrefix {
  private TaskPrefix() {}

  static String of(Task task) {
    return task.machine().taskCount() > 1 ? String.format("[pid %5d] ", task.tid()) : "";
  }
}
