package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Task;

/** Which file does exec run? The part of the file system that starting a program needs. */
public interface Programs {
  /**
   * Opens a program for reading and mapping.
   *
   * @param task on whose behalf, or null while the machine starts its first program
   * @param directory descriptor that relative names start from, or AT_FDCWD
   * @param flags AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW
   * @throws dev.vestibule.kernel.Failure with execve(2)'s errors: ENOENT, EACCES, ELOOP ...
   */
  Program open(Task task, int directory, String path, int flags);

  /**
   * An opened program.
   *
   * @param path its absolute path inside the guest's root, for /proc/PID/exe
   */
  record Program(OpenFile file, String path) {}
}
