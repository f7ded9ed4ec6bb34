package dev.vestibule.kernel.poll;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.wait.WaitQueue;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * When does something happen on a descriptor of the host? One thread waits for all of them and
 * wakes the queues of the files that stand for them.
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

  private HostPoller() {
    epoll = (int) Libc.syscall(HostCalls.EPOLL_CREATE1, EPOLL_CLOEXEC);
    wakeup = (int) Libc.syscall(HostCalls.EVENTFD2, 0, EPOLL_CLOEXEC);
    add(wakeup);
    Thread.ofPlatform().name("host-poller").daemon().start(this::run);
  }

  /** Wakes a queue whenever the readiness of a host descriptor changes; regular files never do. */
  public static void watch(int fd, WaitQueue queue) {
    ONLY.queues.put(fd, queue);
    ONLY.add(fd);
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
  }

  /** Has something looked at regularly: what the host tells by signals alone. */
  public static void everyQuarterSecond(Runnable look) {
    ONLY.regular.add(look);
    long event = HostMemory.allocate(16);
    HostMemory.putSlot(event, 1);
    Libc.syscall(HostCalls.WRITE, ONLY.wakeup, event, 8);
    HostMemory.free(event);
  }

  /** The events that hold on a host descriptor now. */
  public static int poll(int fd, int events) {
    long entry = HostMemory.allocate(32);
    try {
      HostMemory.put32le(entry, fd);
      HostMemory.put16le(entry + 4, events);
      long timeout = entry + 8; // zero
      long count = Libc.syscall(HostCalls.PPOLL, entry, 1, timeout, 0, 8);
      return count <= 0 ? 0 : HostMemory.s16le(entry + 6) & 0xffff;
    } finally {
      HostMemory.free(entry);
    }
  }

  private void run() {
    long events = HostMemory.allocate((long) EVENT * EVENTS);
    while (true) {
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
  }
}
