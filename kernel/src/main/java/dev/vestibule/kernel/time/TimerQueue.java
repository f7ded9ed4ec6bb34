package dev.vestibule.kernel.time;

import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is to happen when? All timers of a machine, driven by one thread that starts with the first
 * of them.
 */
public final class TimerQueue implements AutoCloseable {
  private final TimeService time;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final PriorityQueue<Alarm> queue = new PriorityQueue<>();
  private @Nullable Thread thread;
  private boolean closed;
  private boolean held;
  private boolean acting;

  public TimerQueue(TimeService time) {
    this.time = time;
  }

  /** One thing that happens at a time, again and again if it is set again. */
  public final class Alarm implements Comparable<Alarm> {
    private final Runnable action;
    private long deadline;

    private Alarm(Runnable action) {
      this.action = action;
    }

    /**
     * Makes the action run at a time instead of the one set before.
     *
     * @param when nanoseconds of CLOCK_MONOTONIC
     */
    public void set(long when) {
      lock.lock();
      try {
        queue.remove(this);
        deadline = when;
        if (closed) {
          return;
        }
        queue.add(this);
        start();
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    /** Makes it not run any more; it may be running just now. */
    public void cancel() {
      lock.lock();
      try {
        queue.remove(this);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public int compareTo(Alarm other) {
      return Long.compare(deadline, other.deadline);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  /**
   * Makes an alarm that is not set.
   *
   * @param action quick, and content with running although the alarm was just set anew
   */
  public Alarm alarm(Runnable action) {
    return new Alarm(action);
  }

  private void start() {
    if (thread == null) {
      thread = Thread.ofPlatform().name("timers").daemon().start(this::run);
    }
  }

  private void run() {
    while (true) {
      Alarm due;
      lock.lock();
      try {
        due = next();
      } catch (InterruptedException e) {
        return;
      } finally {
        lock.unlock();
      }
      if (due == null) {
        return;
      }
      due.action.run();
      acted();
    }
  }

  /** Waits for the first alarm and takes it; null in the end. */
  private @Nullable Alarm next() throws InterruptedException {
    while (!closed) {
      Alarm first = queue.peek();
      if (first == null || held) {
        changed.await();
        continue;
      }
      long nanos = time.hostNanosUntil(first.deadline);
      if (nanos <= 0) {
        acting = true;
        return queue.poll();
      }
      changed.await(nanos, TimeUnit.NANOSECONDS);
    }
    return null;
  }

  private void acted() {
    lock.lock();
    try {
      acting = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Lets nothing happen for a while, or again what was to happen by now. */
  public void hold(boolean still) {
    lock.lock();
    try {
      held = still;
      changed.signalAll();
      while (held && acting) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      queue.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
