package dev.vestibule.kernel.futex;

import static dev.vestibule.kernel.Errno.EAGAIN;
import static dev.vestibule.kernel.Errno.EDEADLK;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EPERM;
import static dev.vestibule.kernel.Errno.ERESTARTNOINTR;
import static dev.vestibule.kernel.Errno.ERESTARTSYS;
import static dev.vestibule.kernel.Errno.ESRCH;

import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.futex.FutexTable.Key;
import dev.vestibule.kernel.futex.FutexTable.Waiter;
import dev.vestibule.kernel.futex.FutexTable.Word;
import dev.vestibule.kernel.wait.Wait;
import org.jspecify.annotations.Nullable;

/**
 * Who owns a word, and who is next? The FUTEX_*_PI operations: ownership is handed over in the
 * order of arrival; priorities are the host's affair and not inherited.
 */
public final class PiLocks {
  static final int WAITERS = 0x8000_0000;
  static final int OWNER_DIED = 0x4000_0000;
  static final int TID_MASK = 0x3fff_ffff;

  private final FutexTable table;

  PiLocks(FutexTable table) {
    this.table = table;
  }

  /**
   * FUTEX_LOCK_PI, FUTEX_LOCK_PI2 and FUTEX_TRYLOCK_PI.
   *
   * @return 0 once the task owns the word; -EAGAIN if {@code tries} and it is taken
   */
  public long lock(Task task, Word word, long deadline, boolean tries) {
    Key key = FutexTable.key(task, word.address(), word.isPrivate());
    try (Wait wait = Wait.on(task)) {
      Waiter waiter = new Waiter(task, key, FutexTable.ALL_BITS, wait);
      synchronized (table) {
        long result = acquire(task, word.address(), key);
        if (result != -EAGAIN || tries) {
          return result;
        }
        waiter.forOwnership = true;
        table.waiters().add(waiter);
      }
      long result = table.sleep(waiter, deadline);
      return result == -ERESTARTSYS ? -ERESTARTNOINTR : result;
    }
  }

  /** Takes the word if it is free; otherwise announces a waiter and returns -EAGAIN. */
  private long acquire(Task task, long address, Key key) {
    while (true) {
      int now = FutexTable.load(task, address);
      int owner = now & TID_MASK;
      if (owner == task.tid()) {
        return -EDEADLK;
      }
      if (owner == 0) {
        int next = task.tid() | now & OWNER_DIED | (hasWaiters(key) ? WAITERS : 0);
        if (FutexTable.compareAndSet(task, address, now, next)) {
          return 0;
        }
      } else {
        if (task.machine().task(owner) == null) {
          return -ESRCH;
        }
        if ((now & WAITERS) != 0 || FutexTable.compareAndSet(task, address, now, now | WAITERS)) {
          return -EAGAIN;
        }
      }
    }
  }

  private boolean hasWaiters(Key key) {
    return first(key) != null;
  }

  private @Nullable Waiter first(Key key) {
    for (Waiter waiter : table.waiters()) {
      if (waiter.forOwnership && waiter.key.equals(key)) {
        return waiter;
      }
    }
    return null;
  }

  /** FUTEX_UNLOCK_PI: hands the word to the first waiter. */
  public long unlock(Task task, Word word) {
    Key key = FutexTable.key(task, word.address(), word.isPrivate());
    synchronized (table) {
      int now = FutexTable.load(task, word.address());
      if ((now & TID_MASK) != task.tid()) {
        return -EPERM;
      }
      handOver(task, word.address(), key, now, 0);
      return 0;
    }
  }

  /** Gives the word to the first waiter, or sets it free. */
  private void handOver(Task task, long address, Key key, int seen, int mark) {
    Waiter next = first(key);
    if (next != null) {
      table.waiters().remove(next);
    }
    int now = seen;
    int value;
    do {
      value = next == null ? mark : next.task.tid() | mark | (hasWaiters(key) ? WAITERS : 0);
      if (FutexTable.compareAndSet(task, address, now, value)) {
        break;
      }
      now = FutexTable.load(task, address);
    } while (true);
    if (next != null) {
      next.owns = true;
      next.wake();
    }
  }

  /**
   * FUTEX_WAIT_REQUEUE_PI: waits on the first word and returns owning the second.
   *
   * @return 0, or -EAGAIN, -ETIMEDOUT, -EINVAL as futex(2) says
   */
  public long awaitAndLock(Task task, Word word, int expected, long deadline, int bits, Word lock) {
    if (bits == 0 || word.address() == lock.address()) {
      return -EINVAL;
    }
    Key key = FutexTable.key(task, word.address(), word.isPrivate());
    try (Wait wait = Wait.on(task)) {
      Waiter waiter = new Waiter(task, key, bits, wait);
      synchronized (table) {
        if (FutexTable.load(task, word.address()) != expected) {
          return -EAGAIN;
        }
        table.waiters().add(waiter);
      }
      long result = table.sleep(waiter, deadline);
      if (result != 0) {
        return result == -ERESTARTSYS ? -EAGAIN : result;
      }
      return waiter.owns ? 0 : lock(task, lock, deadline, false);
    }
  }

  /**
   * FUTEX_CMP_REQUEUE_PI: the first waiter gets the lock if it is free, the others queue for it.
   */
  public long requeue(Task task, Word from, Word to, int mostWoken, int mostMoved, int expected) {
    if (mostWoken != 1 || mostMoved < 0 || from.address() == to.address()) {
      return -EINVAL;
    }
    Key first = FutexTable.key(task, from.address(), from.isPrivate());
    Key second = FutexTable.key(task, to.address(), to.isPrivate());
    synchronized (table) {
      if (FutexTable.load(task, from.address()) != expected) {
        return -EAGAIN;
      }
      int count = 0;
      for (Waiter waiter : java.util.List.copyOf(table.waiters())) {
        if (count > mostMoved) {
          break;
        }
        if (!waiter.key.equals(first) || waiter.forOwnership) {
          continue;
        }
        long result = acquireFor(task, waiter.task, to.address(), second);
        if (result == 0) {
          table.waiters().remove(waiter);
          waiter.owns = true;
          waiter.wake();
        } else if (result == -EAGAIN) {
          waiter.key = second;
          waiter.forOwnership = true;
        } else {
          return result;
        }
        count++;
      }
      return count;
    }
  }

  private long acquireFor(Task task, Task owner, long address, Key key) {
    int now = FutexTable.load(task, address);
    while ((now & TID_MASK) == 0) {
      int next = owner.tid() | now & OWNER_DIED | (hasWaiters(key) ? WAITERS : 0);
      if (FutexTable.compareAndSet(task, address, now, next)) {
        return 0;
      }
      now = FutexTable.load(task, address);
    }
    while ((now & WAITERS) == 0 && !FutexTable.compareAndSet(task, address, now, now | WAITERS)) {
      now = FutexTable.load(task, address);
    }
    return -EAGAIN;
  }

  /** A task ended while it owned a word: marks it so, and hands it over. */
  void ownerDied(Task task, long address) {
    Key key = FutexTable.key(task, address, false);
    synchronized (table) {
      int now = FutexTable.load(task, address);
      if ((now & TID_MASK) == task.tid()) {
        handOver(task, address, key, now, OWNER_DIED);
      }
    }
  }

  /** Hands over every word a task still owned when it ended, robust or not. */
  void ownerEnded(Task task) {
    synchronized (table) {
      for (Waiter waiter : java.util.List.copyOf(table.waiters())) {
        if (waiter.forOwnership && waiter.key.space() == task.space() && !waiter.woken) {
          long address = waiter.key.offset();
          int now = FutexTable.load(task, address);
          if ((now & TID_MASK) == task.tid()) {
            handOver(task, address, waiter.key, now, OWNER_DIED);
          }
        }
      }
    }
  }
}
