package dev.vestibule.kernel.signal;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which signals are pending for a task or a process? Not thread-safe: guarded by the machine's
 * lock.
 */
public final class SignalQueue {
  private final ArrayDeque<SigInfo> entries = new ArrayDeque<>();
  private long set;

  /** The pending signals as a mask. */
  public long set() {
    return set;
  }

  /** Entries that hold information, for RLIMIT_SIGPENDING. */
  public int size() {
    return entries.size();
  }

  /**
   * Adds a signal. A classic one that is already pending is not queued a second time.
   *
   * @param room whether the limit of pending signals allows another entry; without it a classic
   *     signal is kept without its information
   * @return false if a real-time signal found no room (EAGAIN for its sender)
   */
  public boolean add(SigInfo info, boolean room) {
    int signal = info.signal();
    boolean ofTimer = info.code() == SigInfo.SI_TIMER; // has an entry of its own
    if (signal < Signals.SIGRTMIN && !ofTimer && Signals.contains(set, signal)) {
      return true;
    }
    if (room) {
      entries.add(info);
    } else if (signal >= Signals.SIGRTMIN && info.fromUser() && info.code() != SigInfo.SI_USER) {
      return false;
    }
    set |= Signals.mask(signal);
    return true;
  }

  /**
   * Takes the signal that is to be delivered next out of a set: synchronous ones first, then the
   * lowest number, of one number the oldest.
   */
  public @Nullable SigInfo take(long wanted) {
    long ready = set & wanted;
    if (ready == 0) {
      return null;
    }
    long first = (ready & Signals.SYNCHRONOUS) != 0 ? ready & Signals.SYNCHRONOUS : ready;
    return takeSignal(Long.numberOfTrailingZeros(first) + 1);
  }

  private SigInfo takeSignal(int signal) {
    SigInfo found = null;
    boolean more = false;
    for (Iterator<SigInfo> i = entries.iterator(); i.hasNext(); ) {
      SigInfo info = i.next();
      if (info.signal() == signal) {
        if (found == null) {
          found = info;
          i.remove();
        } else {
          more = true;
          break;
        }
      }
    }
    if (!more) {
      set &= ~Signals.mask(signal);
    }
    return found != null ? found : SigInfo.sent(signal, SigInfo.SI_USER, 0, 0, 0);
  }

  /** Everything that is queued, the oldest first; a copy. */
  public List<SigInfo> entries() {
    return List.copyOf(entries);
  }

  /** Forgets all pending signals of a set. */
  public void discard(long signals) {
    set &= ~signals;
    entries.removeIf(info -> Signals.contains(signals, info.signal()));
  }
}
