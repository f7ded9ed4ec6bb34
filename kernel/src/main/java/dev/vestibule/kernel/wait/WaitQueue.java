package dev.vestibule.kernel.wait;

import java.util.ArrayList;
import java.util.List;

/**
 * Who wants to know when something changes?
 *
 * <p>The one way in which anything in the kernel waits. Whoever changes a state that others wait
 * for changes it first and calls {@link #wake} then; whoever waits registers first and looks at the
 * state then. So no wakeup is lost.
 */
public final class WaitQueue {
  /** Hears of changes; called on the thread that made the change, under no lock of the queue. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Something changed.
     *
     * @param events poll(2)'s event bits that may hold now, or {@link #ANY}
     */
    void woken(int events);
  }

  /** All events. */
  public static final int ANY = -1;

  private final List<Listener> listeners = new ArrayList<>(2);

  /** Registers a listener; one that is registered twice is called twice. */
  public synchronized void add(Listener listener) {
    listeners.add(listener);
  }

  /** Removes one registration of a listener. */
  public synchronized void remove(Listener listener) {
    listeners.remove(listener);
  }

  public void wake() {
    wake(ANY);
  }

  /** Tells all listeners. */
  public void wake(int events) {
    Listener[] all;
    synchronized (this) {
      if (listeners.isEmpty()) {
        return;
      }
      all = listeners.toArray(Listener[]::new);
    }
    for (Listener listener : all) {
      listener.woken(events);
    }
  }
}
