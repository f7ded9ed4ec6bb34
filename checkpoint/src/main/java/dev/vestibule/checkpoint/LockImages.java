package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.FileLockEntry;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileLocks;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which locks does a tree have on its files, and how does it get them again? */
final class LockImages {
  private static final int OF_PROCESS = 1;
  private static final int WHOLE = 2;
  private static final int OF_FILE = 1024;

  /** As many as one file may carry: setting one takes time for each other one of its file. */
  private static final int MOST = 1 << 16;

  private final ImageWriter image = new ImageWriter(ImageKind.FILE_LOCKS, 0);
  private final Set<FileLocks.Range> written = new HashSet<>();

  // ---- saving -----------------------------------------------------------------------------------

  /**
   * Adds the locks that come with a descriptor; each lock is written once.
   *
   * @throws FreezeRefusal if there are too many
   */
  void add(Process process, FileTable table, int fd, OpenFile file) throws FreezeRefusal {
    add(process, OF_PROCESS, fd, FileLocks.heldBy(table, file.id(), false));
    add(process, OF_FILE, fd, FileLocks.heldBy(file, file.id(), false));
    add(process, WHOLE, fd, FileLocks.heldBy(file, file.id(), true));
    if (written.size() > MOST) {
      throw new FreezeRefusal("there are more than " + MOST + " locks on files");
    }
  }

  private void add(Process process, int flag, int fd, List<FileLocks.Range> ranges) {
    for (FileLocks.Range range : ranges) {
      if (!written.add(range)) {
        continue;
      }
      boolean open = range.last() == Long.MAX_VALUE;
      image.add(
          FileLockEntry.newBuilder()
              .setFlag(flag)
              .setType(flag == WHOLE ? range.type() + 1 : range.type())
              .setPid(process.pid())
              .setFd(fd)
              .setStart(range.first())
              .setLen(open ? 0 : range.last() - range.first() + 1)
              .build());
    }
  }

  /** Writes the image if there are any locks. */
  void write(Path directory) throws IOException {
    if (!written.isEmpty()) {
      image.write(directory);
    }
  }

  // ---- restoring --------------------------------------------------------------------------------

  /**
   * Reads and checks the image.
   *
   * @param pids the living processes
   */
  static List<Entry<FileLockEntry>> read(Path directory, Set<Integer> pids) throws ImageException {
    var found = ImageReader.find(directory, ImageKind.FILE_LOCKS, 0);
    if (found.isEmpty()) {
      return List.of();
    }
    List<Entry<FileLockEntry>> entries = new ArrayList<>();
    ImageReader reader = found.get();
    while (reader.more()) {
      Entry<FileLockEntry> entry = reader.next(FileLockEntry.parser());
      FileLockEntry lock = entry.message();
      entry.check(entries.size() < MOST, "flag", "too many locks");
      int flag = lock.getFlag();
      int type = flag == WHOLE ? lock.getType() - 1 : lock.getType();
      entry.check(
          flag == OF_PROCESS || flag == WHOLE || flag == OF_FILE, "flag", flag + " is none");
      entry.check(
          type == FileLocks.F_RDLCK || type == FileLocks.F_WRLCK, "type", type + " is none");
      entry.check(pids.contains(lock.getPid()), "pid", "there is no process " + lock.getPid());
      entry.check(
          lock.getStart() >= 0 && lock.getLen() >= 0 && lock.getStart() + lock.getLen() >= 0,
          "len",
          "is no range");
      entries.add(entry);
    }
    return entries;
  }

  /**
   * Takes all locks again.
   *
   * @throws FreezeRefusal if somebody else has taken one meanwhile
   */
  static void take(List<Entry<FileLockEntry>> entries, Map<Integer, Process> processes)
      throws FreezeRefusal {
    for (Entry<FileLockEntry> entry : entries) {
      FileLockEntry lock = entry.message();
      Process process = processes.get(lock.getPid());
      Task task = process == null ? null : process.anyTask();
      if (task == null) {
        throw new FreezeRefusal("a lock of process " + lock.getPid() + ", which has ended");
      }
      take(task, lock);
    }
  }

  private static void take(Task task, FileLockEntry lock) throws FreezeRefusal {
    OpenFile file;
    try {
      file = task.files().get(lock.getFd());
    } catch (Failure closed) {
      throw new FreezeRefusal("a lock of descriptor " + lock.getFd() + ", which is not open");
    }
    try {
      boolean whole = lock.getFlag() == WHOLE;
      boolean own = lock.getFlag() == OF_PROCESS;
      FileLocks.Range range =
          new FileLocks.Range(
              own ? task.files() : file,
              whole ? lock.getType() - 1 : lock.getType(),
              lock.getStart(),
              lock.getLen() == 0 ? Long.MAX_VALUE : lock.getStart() + lock.getLen() - 1,
              own ? task.process().pid() : -1);
      long result = FileLocks.set(task, file.id(), range, whole, false);
      if (result < 0) {
        throw new FreezeRefusal(
            GuestText.toHost(file.path())
                + (result == -Errno.EAGAIN
                    ? ": somebody else has its lock"
                    : ": its lock cannot be had: " + Errno.message((int) -result)));
      }
    } finally {
      long released = file.release();
      assert released == 0;
    }
  }
}
