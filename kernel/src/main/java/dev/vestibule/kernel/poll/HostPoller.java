package dev.vestibule.kernel.poll;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.wait.WaitQueue;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * When does something happen on a descriptor of the host? One thread waits for all of them and
 * wakes the queues of the files that stand for them. It lives only while there is something to
 * watch: a JVM that ends waits 0.3 s for a thread inside a system call.
 */
public final class HostPoller {
  private static final int EPOLL_CTL_ADD = 1;
  private static final int EPOLL_CTL_DEL = 2;
  private static final int EPOLL_CLOEXEC = 02000000;
  private static final int ALL_EDGES = 0x8000_0000 | 1 | 2 | 4 | 0x2000;
  private static final boolean PACKED = System.getProperty("os.arch").equals("amd64");
  private static final int EVENT = PACKED ? 12 : 16;
  private static final int DATA = PACKED ? 4 : 8;
  private static final int EVENTS = 64;
  private static final int QUARTER_SECOND = 250;
  private static final HostPoller ONLY = new HostPoller();

  private final int epoll;
  private final int wakeup;
  private final List<Runnable> regular = new CopyOnWriteArrayList<>();
  private final Map<Integer, WaitQueue> queues = new ConcurrentHashMap<>();
  private @Nullable Thread thread;

  private HostPoller() {
    epoll = (int) Libc.syscall(HostCalls.EPOLL_CREATE1, EPOLL_CLOEXEC);
    wakeup = (int) Libc.syscall(HostCalls.EVENTFD2, 0, EPOLL_CLOEXEC);
    add(wakeup);
  }

  /** Wakes a queue whenever the readiness of a host descriptor changes; regular files never do. */
  public static void watch(int fd, WaitQueue queue) {
    ONLY.queues.put(fd, queue);
    ONLY.add(fd);
    ONLY.resume();
  }

  private void add(int fd) {
    long event = HostMemory.allocate(EVENT);
    HostMemory.put32le(event, ALL_EDGES);
    HostMemory.put64le(event + DATA, fd);
    Libc.syscall(HostCalls.EPOLL_CTL, epoll, EPOLL_CTL_ADD, fd, event);
    HostMemory.free(event);
  }

  /** Forgets a descriptor; call it before closing. */
  public static void forget(int fd) {
    ONLY.queues.remove(fd);
    long event = HostMemory.allocate(EVENT);
    Libc.syscall(HostCalls.EPOLL_CTL, ONLY.epoll, EPOLL_CTL_DEL, fd, event);
    HostMemory.free(event);
    if (ONLY.idle()) {
      ONLY.wakeUp();
    }
  }

  /**
   * Has something looked at regularly, until it is stopped: what the host tells by signals alone.
   */
  public static void everyQuarterSecond(Runnable look) {
    ONLY.regular.add(look);
    ONLY.resume();
    ONLY.wakeUp();
  }

  /** Ends what {@link #everyQuarterSecond} began with the same object. */
  public static void stop(Runnable look) {
    ONLY.regular.remove(look);
    if (ONLY.idle()) {
      ONLY.wakeUp();
    }
  }

  private boolean idle() {
    return queues.isEmpty() && regular.isEmpty();
  }

  private void wakeUp() {
    long one = HostMemory.allocate(8);
    HostMemory.putSlot(one, 1);
    Libc.syscall(HostCalls.WRITE, wakeup, one, 8);
    HostMemory.free(one);
  }

  private synchronized void resume() {
    if (thread == null && !idle()) {
      thread = Thread.ofPlatform().name("host-poller").daemon().start(this::run);
    }
  }

  /** Whether the thread may end; a later watch starts another. */
  private synchronized boolean rests() {
    if (idle()) {
      thread = null;
    }
    return thread == null;
  }

  /** The events that hold on a host descriptor now. */
  public static int poll(int fd, int events) {
    return await(fd, events, 0);
  }

  /**
   * Waits for events on a host descriptor: for what the host itself is about to do.
   *
   * @param millis at most
   * @return those that hold
   */
  public static int await(int fd, int events, int millis) {
    long entry = HostMemory.allocate(32);
    try {
      HostMemory.put32le(entry, fd);
      HostMemory.put16le(entry + 4, events);
      long timeout = entry + 8;
      HostMemory.putSlot(timeout, millis / 1000);
      HostMemory.putSlot(timeout + 8, millis % 1000 * 1_000_000L);
      long count = Libc.syscall(HostCalls.PPOLL, entry, 1, timeout, 0, 8);
      return count <= 0 ? 0 : HostMemory.s16le(entry + 6) & 0xffff;
    } finally {
      HostMemory.free(entry);
    }
  }

  private void run() {
    long events = HostMemory.allocate((long) EVENT * EVENTS);
    while (!rests()) {
      int timeout = regular.isEmpty() ? -1 : QUARTER_SECOND;
      long count = Libc.syscall(HostCalls.EPOLL_PWAIT, epoll, events, EVENTS, timeout, 0, 8);
      if (count == 0) {
        regular.forEach(Runnable::run);
      }
      for (int i = 0; i < count; i++) {
        long at = events + (long) EVENT * i;
        WaitQueue queue = queues.get((int) HostMemory.i64le(at + DATA));
        if (queue != null) {
          int happened = HostMemory.i32le(at);
          queue.wake((happened & (4 | 8 | 16)) != 0 ? WaitQueue.ANY : happened);
        }
      }
    }
    HostMemory.free(events);
  }
}
