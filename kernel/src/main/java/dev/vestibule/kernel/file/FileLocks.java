package dev.vestibule.kernel.file;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.wait.Wait;
import dev.vestibule.kernel.wait.WaitQueue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who has locked which bytes of a file? fcntl(2) locks of processes (owner: the table of
 * descriptors) and of open files, and flock(2) locks. One set for all machines of the JVM, because
 * the files are the host's.
 */
public final class FileLocks {
  public static final int F_RDLCK = 0;
  public static final int F_WRLCK = 1;
  public static final int F_UNLCK = 2;

  /** Locks one file may carry. */
  private static final int MOST = 1 << 16;

  private static final Map<Key, FileLocks> ALL = new HashMap<>();

  /** flock(2) locks do not meet those of fcntl(2). */
  private record Key(FileId file, boolean whole) {}

  /**
   * A locked range.
   *
   * @param last the last byte, {@link Long#MAX_VALUE} for all that may follow
   * @param pid who has it, -1 for locks of open files
   */
  public record Range(Object owner, int type, long first, long last, int pid) {
    boolean meets(Range other) {
      return first <= other.last && other.first <= last;
    }

    boolean conflicts(Range other) {
      return owner != other.owner && meets(other) && (type == F_WRLCK || other.type == F_WRLCK);
    }

    private Range part(long from, long to) {
      return new Range(owner, type, from, to, pid);
    }
  }

  private final List<Range> ranges = new ArrayList<>();
  private final WaitQueue changed = new WaitQueue();
  private final Map<Object, Object> waitingFor = new HashMap<>();
  private int users;

  private FileLocks() {}

  /** The first lock that stands in the way, or null. */
  public static @Nullable Range conflict(FileId file, Range wanted) {
    synchronized (ALL) {
      FileLocks locks = ALL.get(new Key(file, false));
      return locks == null ? null : locks.conflict(wanted);
    }
  }

  private @Nullable Range conflict(Range wanted) {
    for (Range range : ranges) {
      if (range.conflicts(wanted)) {
        return range;
      }
    }
    return null;
  }

  /** The locks that somebody has on a file; a copy. */
  public static List<Range> heldBy(Object owner, FileId file, boolean whole) {
    synchronized (ALL) {
      FileLocks locks = ALL.get(new Key(file, whole));
      return locks == null
          ? List.of()
          : locks.ranges.stream().filter(range -> range.owner == owner).toList();
    }
  }

  /**
   * Locks or unlocks.
   *
   * @param whole for flock(2)
   * @param waits whether to wait for a conflicting lock to go
   * @return 0, -EAGAIN, -EDEADLK, -ENOLCK, or -ERESTARTSYS
   */
  public static long set(Task task, FileId file, Range wanted, boolean whole, boolean waits) {
    Key key = new Key(file, whole);
    FileLocks locks;
    synchronized (ALL) {
      locks = ALL.computeIfAbsent(key, k -> new FileLocks());
      locks.users++;
    }
    try (Wait wait = Wait.on(task, locks.changed)) {
      while (true) {
        long result = locks.attempt(wanted, waits && !whole);
        if (result != -Errno.EAGAIN || !waits) {
          return result;
        }
        if (wait.sleep() == Wait.Outcome.INTERRUPTED) {
          return -Errno.ERESTARTSYS;
        }
      }
    } finally {
      synchronized (ALL) {
        locks.waitingFor.remove(wanted.owner);
        locks.users--;
        locks.forgetIfUnused(key);
      }
    }
  }

  private void forgetIfUnused(Key key) {
    if (users == 0 && ranges.isEmpty()) {
      ALL.remove(key);
    }
  }

  private long attempt(Range wanted, boolean waits) {
    boolean freed;
    synchronized (ALL) {
      if (wanted.type != F_UNLCK) {
        Range obstacle = conflict(wanted);
        if (obstacle != null) {
          if (waits && leadsBack(obstacle.owner, wanted.owner)) {
            return -Errno.EDEADLK;
          }
          waitingFor.put(wanted.owner, obstacle.owner);
          return -Errno.EAGAIN;
        }
      }
      if (ranges.size() >= MOST) {
        return -Errno.ENOLCK;
      }
      freed = carve(wanted);
      if (wanted.type != F_UNLCK) {
        join(wanted);
      }
    }
    if (freed) {
      changed.wake();
    }
    return 0;
  }

  /** Whether waiting for somebody would close a circle of processes that wait for each other. */
  private static boolean leadsBack(Object from, Object to) {
    Object at = from;
    for (int step = 0; step < 64; step++) {
      Object next = null;
      for (FileLocks locks : ALL.values()) {
        Object found = locks.waitingFor.get(at);
        next = found != null ? found : next;
      }
      if (next == null) {
        return false;
      }
      if (next == to) {
        return true;
      }
      at = next;
    }
    return false;
  }

  /** Takes the range out of its owner's locks. */
  private boolean carve(Range wanted) {
    boolean freed = false;
    for (Range range : List.copyOf(ranges)) {
      if (range.owner != wanted.owner || !range.meets(wanted)) {
        continue;
      }
      freed = true;
      ranges.remove(range);
      if (range.first < wanted.first) {
        ranges.add(range.part(range.first, wanted.first - 1));
      }
      if (range.last > wanted.last) {
        ranges.add(range.part(wanted.last + 1, range.last));
      }
    }
    return freed;
  }

  /** Adds a lock, as one with equal neighbours of its owner. */
  private void join(Range wanted) {
    Range joined = wanted;
    for (Range range : List.copyOf(ranges)) {
      if (range.owner == joined.owner && range.type == joined.type) {
        boolean before = range.last != Long.MAX_VALUE && range.last + 1 == joined.first;
        boolean after = joined.last != Long.MAX_VALUE && joined.last + 1 == range.first;
        if (before || after) {
          ranges.remove(range);
          joined =
              joined.part(Math.min(range.first, joined.first), Math.max(range.last, joined.last));
        }
      }
    }
    ranges.add(joined);
  }

  /** An owner has closed the file: its locks go. */
  static void closed(FileId file, Object owner) {
    List<FileLocks> freed = new ArrayList<>(2);
    synchronized (ALL) {
      if (ALL.isEmpty()) {
        return;
      }
      for (boolean whole : new boolean[] {false, true}) {
        Key key = new Key(file, whole);
        FileLocks locks = ALL.get(key);
        if (locks != null && locks.ranges.removeIf(range -> range.owner == owner)) {
          freed.add(locks);
          locks.forgetIfUnused(key);
        }
      }
    }
    for (FileLocks locks : freed) {
      locks.changed.wake();
    }
  }
}
