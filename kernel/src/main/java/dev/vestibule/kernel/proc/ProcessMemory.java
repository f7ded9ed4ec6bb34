package dev.vestibule.kernel.proc;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.trace.TracedMemory;
import dev.vestibule.profile.Version;

/** What lies in another process's memory? /proc/PID/mem, and the texts that are kept there. */
final class ProcessMemory extends OpenFile {
  private static final int MOST_TEXT = 1 << 21;
  private static final int PIECE = 1 << 16;

  /** Linux 2.6.39 lets it be written. */
  private static final Version WRITABLE = new Version(2, 6, 39);

  private final Process process;
  private final AddressSpace space;
  private final FileStatus status;
  private final String path;
  private long position;

  private ProcessMemory(
      Process process, AddressSpace space, FileStatus status, String path, int flags) {
    super(flags);
    this.process = process;
    this.space = space;
    this.status = status;
    this.path = path;
  }

  static OpenFile open(Process process, Task reader, FileStatus status, String path, int flags) {
    return new ProcessMemory(process, process.space(), status, path, flags);
  }

  // ---- texts

  static String arguments(Process process) {
    AddressSpace.Startup s = process.space().startup();
    return text(process, s.arguments(), s.environment());
  }

  static String environment(Process process) {
    AddressSpace.Startup s = process.space().startup();
    return text(process, s.environment(), s.textEnd());
  }

  static String auxv(Process process) {
    AddressSpace.Startup s = process.space().startup();
    return text(process, s.auxv(), s.auxv() + s.auxvLength());
  }

  private static String text(Process process, long from, long to) {
    AddressSpace space = process.space();
    if (from == 0 || to <= from || !space.tryShare()) {
      return "";
    }
    try {
      byte[] bytes = new byte[(int) Math.min(MOST_TEXT, to - from)];
      space.memory().peek(from, bytes, 0, bytes.length);
      return new String(bytes, GuestText.BYTES);
    } catch (GuestFault unmapped) {
      return "";
    } finally {
      space.leave();
    }
  }

  // ---- the file

  @Override
  public boolean seekable() {
    return true;
  }

  @Override
  public boolean pollable() {
    return false;
  }

  @Override
  public synchronized long seek(Task task, long offset, int whence) {
    switch (whence) {
      case 0 -> position = offset;
      case 1 -> position += offset;
      default -> {
        return -Errno.EINVAL;
      }
    }
    return position;
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    return transfer(to, offset, false);
  }

  @Override
  public long write(Task task, IoVector from, long offset) {
    if (!task.machine().profile().uname().linux().atLeast(WRITABLE)) {
      return -Errno.EINVAL;
    }
    return transfer(from, offset, true);
  }

  private synchronized long transfer(IoVector vector, long offset, boolean store) {
    if (process.ended() || !space.tryShare()) {
      return 0;
    }
    try {
      long from = offset == AT_POSITION ? position : offset;
      int done = 0;
      byte[] piece = new byte[Math.min(PIECE, vector.total())];
      while (done < vector.total()) {
        int wanted = Math.min(piece.length, vector.total() - done);
        int got;
        if (store) {
          vector.get(done, piece, 0, wanted);
          got = TracedMemory.write(space, from + done, piece, 0, wanted);
        } else {
          got = TracedMemory.read(space, from + done, piece, 0, wanted);
          vector.put(done, piece, 0, got);
        }
        done += got;
        if (got < wanted) {
          break;
        }
      }
      if (offset == AT_POSITION) {
        position += done;
      }
      return done == 0 && vector.total() > 0 ? -Errno.EIO : done;
    } catch (GuestFault unmapped) {
      return -Errno.EIO;
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
