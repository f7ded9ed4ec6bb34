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

/** What lies in another process's memory? /proc/PID/mem, and the texts that are kept there. */
final class ProcessMemory extends OpenFile {
  private static final int MOST_TEXT = 1 << 21;
  private static final int PIECE = 1 << 16;

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
        int room = PIECE - (int) (from + done & PIECE - 1);
        int length =
            accessible(from + done, Math.min(Math.min(room, vector.total() - done), PIECE));
        if (length == 0) {
          break;
        }
        if (store) {
          vector.get(done, piece, 0, length);
          space.memory().poke(from + done, piece, 0, length);
        } else {
          space.memory().peek(from + done, piece, 0, length);
          vector.put(done, piece, 0, length);
        }
        done += length;
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

  /** How many of the bytes from an address on are mapped. */
  private int accessible(long address, int length) {
    if (address < 0) {
      return 0;
    }
    int page = 4096;
    int good = 0;
    while (good < length && space.memory().isMapped(address + good)) {
      good += page - (int) (address + good & page - 1);
    }
    return Math.min(good, length);
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
