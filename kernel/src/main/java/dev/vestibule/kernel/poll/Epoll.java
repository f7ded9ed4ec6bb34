package dev.vestibule.kernel.poll;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.wait.WaitQueue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * Which of many files is ready? See epoll(7).
 *
 * <p>Files tell an interest that something changed; it joins the list of those worth a look, and a
 * waiter asks the file itself. No file is asked while a lock of this class is held, so an epoll may
 * watch another.
 */
public final class Epoll extends AnonymousFile {
  public static final int EPOLLONESHOT = 1 << 30;
  public static final int EPOLLET = 1 << 31;
  public static final int EPOLLEXCLUSIVE = 1 << 28;
  private static final int PRIVATE_BITS = 0xf000_0000;
  private static final int ALWAYS = POLLERR | POLLHUP;
  private static final int DEEPEST = 5;

  private final Map<Key, Interest> interests = new HashMap<>();
  private LinkedHashSet<Interest> ready = new LinkedHashSet<>();

  public Epoll() {
    super(O_RDWR, "[eventpoll]");
  }

  private record Key(int fd, OpenFile file) {}

  /** One event for a waiter. */
  public record Event(int events, long data) {}

  /** One watched file. */
  private final class Interest implements WaitQueue.Listener, Runnable {
    private final Key key;
    private volatile int events;
    private volatile long data;
    private volatile boolean disabled;
    private volatile boolean removed;

    Interest(Key key, int events, long data) {
      this.key = key;
      this.events = events;
      this.data = data;
    }

    int wanted() {
      return events & ~PRIVATE_BITS | ALWAYS;
    }

    @Override
    public void woken(int happened) {
      if (!disabled && !removed && (happened == WaitQueue.ANY || (happened & wanted()) != 0)) {
        makeReady(this);
      }
    }

    /** The file is about to close. */
    @Override
    public void run() {
      synchronized (Epoll.this) {
        interests.remove(key, this);
      }
      detach();
    }

    void detach() {
      removed = true;
      key.file.waiters().remove(this);
      key.file.notOnClose(this);
      synchronized (Epoll.this) {
        ready.remove(this);
      }
    }

    int pollNow() {
      return disabled || removed ? 0 : key.file.poll() & wanted();
    }
  }

  private void makeReady(Interest interest) {
    boolean added;
    synchronized (this) {
      added = ready.add(interest);
    }
    if (added || (interest.events & EPOLLET) != 0) {
      waiters().wake(POLLIN);
    }
  }

  /** EPOLL_CTL_ADD. */
  public long add(int fd, OpenFile file, int events, long data) {
    if (file == this) {
      return -Errno.EINVAL;
    }
    if (!file.pollable()) {
      return -Errno.EPERM;
    }
    if (file instanceof Epoll other && (other.watches(this, 0) || other.depth(0) >= DEEPEST - 1)) {
      return -Errno.ELOOP;
    }
    Interest interest = new Interest(new Key(fd, file), events, data);
    synchronized (this) {
      if (interests.putIfAbsent(interest.key, interest) != null) {
        return -Errno.EEXIST;
      }
    }
    file.onClose(interest);
    file.waiters().add(interest);
    if (interest.pollNow() != 0) {
      makeReady(interest);
    }
    return 0;
  }

  @Override
  protected synchronized FileState ownState(Task task) {
    List<FileState.Watched> watched = new ArrayList<>();
    for (Interest interest : interests.values()) {
      int events = interest.disabled ? interest.events & PRIVATE_BITS : interest.events;
      watched.add(new FileState.Watched(interest.key.fd, interest.key.file, events, interest.data));
    }
    watched.sort(Comparator.comparingInt(FileState.Watched::fd));
    return new FileState.Poll(watched, flags());
  }

  /** EPOLL_CTL_MOD. */
  public long modify(int fd, OpenFile file, int events, long data) {
    Interest interest;
    synchronized (this) {
      interest = interests.get(new Key(fd, file));
    }
    if (interest == null) {
      return -Errno.ENOENT;
    }
    if ((interest.events & EPOLLEXCLUSIVE) != 0 || (events & EPOLLEXCLUSIVE) != 0) {
      return -Errno.EINVAL;
    }
    interest.events = events;
    interest.data = data;
    interest.disabled = false;
    if (interest.pollNow() != 0) {
      makeReady(interest);
    }
    return 0;
  }

  /** EPOLL_CTL_DEL. */
  public long remove(int fd, OpenFile file) {
    Interest interest;
    synchronized (this) {
      interest = interests.remove(new Key(fd, file));
    }
    if (interest == null) {
      return -Errno.ENOENT;
    }
    interest.detach();
    return 0;
  }

  private boolean watches(Epoll sought, int depth) {
    if (depth > DEEPEST) {
      return true;
    }
    for (OpenFile file : files()) {
      if (file == sought || file instanceof Epoll other && other.watches(sought, depth + 1)) {
        return true;
      }
    }
    return false;
  }

  private int depth(int above) {
    int deepest = 0;
    for (OpenFile file : files()) {
      if (file instanceof Epoll other && above < DEEPEST) {
        deepest = Math.max(deepest, 1 + other.depth(above + 1));
      }
    }
    return deepest;
  }

  private synchronized List<OpenFile> files() {
    List<OpenFile> files = new ArrayList<>();
    for (Interest interest : interests.values()) {
      files.add(interest.key.file);
    }
    return files;
  }

  /** Takes events of files that are ready now, {@code most} at most. */
  public List<Event> take(int most) {
    LinkedHashSet<Interest> candidates;
    synchronized (this) {
      candidates = ready;
      ready = new LinkedHashSet<>();
    }
    List<Event> events = new ArrayList<>(Math.min(most, candidates.size()));
    List<Interest> again = new ArrayList<>();
    List<Interest> unseen = new ArrayList<>();
    for (Interest interest : candidates) {
      if (events.size() == most) {
        unseen.add(interest);
        continue;
      }
      int now = interest.pollNow();
      if (now == 0) {
        continue;
      }
      events.add(new Event(now, interest.data));
      if ((interest.events & EPOLLONESHOT) != 0) {
        interest.disabled = true;
      } else if ((interest.events & EPOLLET) == 0) {
        again.add(interest);
      }
    }
    putBack(unseen, again);
    return events;
  }

  /** What was not looked at comes first next time, what stays ready last. */
  private void putBack(List<Interest> unseen, List<Interest> again) {
    if (unseen.isEmpty() && again.isEmpty()) {
      return;
    }
    synchronized (this) {
      LinkedHashSet<Interest> joined = new LinkedHashSet<>(unseen);
      joined.addAll(ready);
      joined.addAll(again);
      joined.removeIf(interest -> interest.removed);
      ready = joined;
    }
    waiters().wake(POLLIN);
  }

  @Override
  public int poll() {
    List<Interest> candidates;
    synchronized (this) {
      candidates = List.copyOf(ready);
    }
    for (Interest interest : candidates) {
      if (interest.pollNow() != 0) {
        return POLLIN;
      }
      synchronized (this) {
        ready.remove(interest);
      }
      if (interest.pollNow() != 0) { // became ready between the two
        makeReady(interest);
        return POLLIN;
      }
    }
    return 0;
  }

  @Override
  public String info(Task task) {
    StringBuilder text = new StringBuilder();
    synchronized (this) {
      for (Interest interest : interests.values()) {
        text.append(
            "tfd: %8d events: %8x data: %16x%n"
                .formatted(interest.key.fd, interest.events, interest.data));
      }
    }
    return text.toString();
  }

  @Override
  protected long close() {
    List<Interest> all;
    synchronized (this) {
      all = List.copyOf(interests.values());
      interests.clear();
    }
    all.forEach(Interest::detach);
    return 0;
  }
}
