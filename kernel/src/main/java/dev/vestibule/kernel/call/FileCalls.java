package dev.vestibule.kernel.call;

import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;

/** Open files: read(2), write(2), close(2) and their relatives. */
public final class FileCalls {
  private FileCalls() {}

  @Syscall(args = "fd, out_buffer, size")
  public static long read(Task t, int fd, long buffer, long size) {
    OpenFile file = t.files().get(fd);
    try {
      return file.read(t, IoVector.writable(t.memory(), buffer, size), OpenFile.AT_POSITION);
    } finally {
      file.release();
    }
  }

  @Syscall(args = "fd, in_buffer, size")
  public static long write(Task t, int fd, long buffer, long size) {
    OpenFile file = t.files().get(fd);
    try {
      return file.write(t, IoVector.readable(t.memory(), buffer, size), OpenFile.AT_POSITION);
    } finally {
      file.release();
    }
  }
}
