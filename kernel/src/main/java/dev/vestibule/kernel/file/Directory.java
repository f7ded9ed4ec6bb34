package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which names does an open directory list? The list is made when reading begins and again after
 * every lseek(2) to its start; a position is a number of entries.
 */
public abstract class Directory extends OpenFile {
  private List<Entry> listed = List.of();
  private boolean loaded;
  private int position;

  protected Directory(int flags) {
    super(flags);
  }

  /**
   * One name of a directory.
   *
   * @param type DT_ value of dirent(3): the file type bits of the mode divided by 4096
   */
  public record Entry(long inode, int type, String name) {}

  public static final int DT_DIR = 4;
  public static final int DT_REG = 8;
  public static final int DT_LNK = 10;
  public static final int DT_CHR = 2;

  /** All entries now, "." and ".." included. */
  protected abstract List<Entry> entries(Task task);

  /** Takes entries from the position on. */
  public interface Taker {
    /**
     * Takes one entry.
     *
     * @param next the position behind it
     * @return whether there was room
     */
    boolean take(Entry entry, long next);
  }

  /** Hands over entries until the taker has no more room; returns how many were taken. */
  public synchronized int list(Task task, Taker taker) {
    if (!loaded) {
      listed = withMounts(task, entries(task));
      loaded = true;
    }
    int taken = 0;
    while (position < listed.size() && taker.take(listed.get(position), position + 1L)) {
      position++;
      taken++;
    }
    return taken;
  }

  /** Whether everything has been listed. */
  public synchronized boolean atEnd() {
    return loaded && position >= listed.size();
  }

  private List<Entry> withMounts(Task task, List<Entry> own) {
    Set<String> missing = new TreeSet<>(task.machine().fileTree().mountsIn(path()));
    if (missing.isEmpty()) {
      return own;
    }
    for (Entry entry : own) {
      missing.remove(entry.name());
    }
    List<Entry> all = new ArrayList<>(own);
    for (String name : missing) {
      all.add(new Entry(name.hashCode() & 0x7fff_ffffL, DT_DIR, name));
    }
    return all;
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    return -Errno.EISDIR;
  }

  @Override
  protected synchronized FileState ownState(Task task) {
    int directory = FileStatus.S_IFDIR | 0755;
    return new FileState.Named(path(), flags(), loaded ? position : 0, 0, directory, true);
  }

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
    long wanted =
        switch (whence) {
          case 0 -> offset;
          case 1 -> position + offset;
          default -> -1;
        };
    if (wanted < 0 || wanted > Integer.MAX_VALUE) {
      return -Errno.EINVAL;
    }
    if (wanted == 0) {
      loaded = false;
      listed = List.of();
    }
    position = (int) wanted;
    return wanted;
  }
}
