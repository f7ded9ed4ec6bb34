package dev.vestibule.kernel.futex;

import static dev.vestibule.kernel.Errno.EAGAIN;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ENOSYS;
import static dev.vestibule.kernel.Errno.ERESTARTSYS;
import static dev.vestibule.kernel.Errno.ETIMEDOUT;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.host.HostMemory;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Resumable;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.wait.Wait;
import java.util.ArrayList;
import java.util.List;

/**
 * Who waits for which word of guest memory? futex(2).
 *
 * <p>One lock guards all queues; it is held for a few memory accesses only, never while waiting. A
 * waiter looks at the word and joins the queue under it, a waker changes the word before it takes
 * it, so no wakeup is lost.
 */
public final class FutexTable {
  public static final int ALL_BITS = -1;

  private final List<Waiter> waiters = new ArrayList<>();
  private final PiLocks pi = new PiLocks(this);

  /** A word of memory, the same for everybody who can reach it. */
  record Key(Object space, long offset) {}

  /** One sleeping task; guarded by the table's lock. */
  static final class Waiter {
    final Task task;
    final int bits;
    final Wait wait;
    Key key;

    /** Waits to own the word instead of for a change. */
    boolean forOwnership;

    /** What a wakeup finds: the word became ours, or just look again. */
    boolean owns;

    boolean woken;

    Waiter(Task task, Key key, int bits, Wait wait) {
      this.task = task;
      this.key = key;
      this.bits = bits;
      this.wait = wait;
    }

    void wake() {
      woken = true;
      wait.woken(0);
    }
  }

  /** Futexes with owners. */
  public PiLocks pi() {
    return pi;
  }

  List<Waiter> waiters() {
    return waiters;
  }

  /**
   * Identifies a word.
   *
   * @param isPrivate whether only threads of this process use it, FUTEX_PRIVATE_FLAG
   * @throws Failure EINVAL if it is not aligned
   */
  static Key key(Task task, long address, boolean isPrivate) {
    if ((address & 3) != 0) {
      throw new Failure(EINVAL);
    }
    AddressSpace space = task.space();
    if (!isPrivate) {
      Vma vma = space.find(address);
      Backing backing = vma == null ? null : vma.backing();
      if (vma != null && vma.shared() && backing != null) {
        return new Key(backing.identity(), vma.offset() + (address - vma.start()));
      }
    }
    return new Key(space, address);
  }

  // ---- words ----------------------------------------------------------------------------------

  static int load(Task task, long address) {
    GuestMemory memory = task.memory();
    int raw = HostMemory.i32Volatile(memory.loadable(address, 4));
    return toGuest(memory, raw);
  }

  static boolean compareAndSet(Task task, long address, int expected, int value) {
    GuestMemory memory = task.memory();
    return HostMemory.compareAndSet32(
        memory.storable(address, 4), toGuest(memory, expected), toGuest(memory, value));
  }

  /** Between the host's and the guest's byte order, in either direction. */
  private static int toGuest(GuestMemory memory, int value) {
    boolean hostBig = java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.BIG_ENDIAN;
    return memory.bigEndian() == hostBig ? value : Integer.reverseBytes(value);
  }

  // ---- wait and wake --------------------------------------------------------------------------

  /**
   * FUTEX_WAIT and FUTEX_WAIT_BITSET.
   *
   * @param deadline CLOCK_MONOTONIC in nanoseconds or {@link Wait#FOREVER}
   * @return 0, -EAGAIN if the word is different, -ETIMEDOUT, -ERESTARTSYS and its siblings
   */
  public long await(
      Task task, long address, boolean isPrivate, int expected, long deadline, int bits) {
    if (bits == 0) {
      return -EINVAL;
    }
    Key key = key(task, address, isPrivate);
    try (Wait wait = Wait.on(task)) {
      Waiter waiter = new Waiter(task, key, bits, wait);
      synchronized (this) {
        if (load(task, address) != expected) {
          return -EAGAIN;
        }
        waiters.add(waiter);
      }
      long result = sleep(waiter, deadline);
      if (result == -ERESTARTSYS && deadline != Wait.FOREVER) {
        return task.calls()
            .restartLater(
                Resumable.FUTEX_WAIT, address, isPrivate ? 1 : 0, expected, deadline, bits);
      }
      return result;
    }
  }

  /** Sleeps until woken; otherwise leaves the queue. */
  long sleep(Waiter waiter, long deadline) {
    while (true) {
      Wait.Outcome outcome = waiter.wait.sleepUntil(deadline);
      synchronized (this) {
        if (waiter.woken) {
          return 0;
        }
        if (outcome != Wait.Outcome.WOKEN) {
          waiters.remove(waiter);
          return outcome == Wait.Outcome.TIMED_OUT ? -ETIMEDOUT : -ERESTARTSYS;
        }
      }
    }
  }

  /** FUTEX_WAKE and FUTEX_WAKE_BITSET: returns how many were woken. */
  public long wake(Task task, long address, boolean isPrivate, int most, int bits) {
    if (bits == 0) {
      return -EINVAL;
    }
    Key key = key(task, address, isPrivate);
    synchronized (this) {
      return wake(key, most, bits);
    }
  }

  private int wake(Key key, int most, int bits) {
    int count = 0;
    for (int i = 0; i < waiters.size() && count < Math.max(1, most); ) {
      Waiter waiter = waiters.get(i);
      if (waiter.key.equals(key) && !waiter.forOwnership && (waiter.bits & bits) != 0) {
        waiters.remove(i);
        waiter.wake();
        count++;
      } else {
        i++;
      }
    }
    return count;
  }

  /** A word of memory on either side of an operation. */
  public record Word(long address, boolean isPrivate) {}

  /**
   * FUTEX_REQUEUE and FUTEX_CMP_REQUEUE.
   *
   * @param compares whether the first word must be {@code expected}, else EAGAIN
   * @return how many were woken, plus moved if {@code compares}
   */
  public long requeue(
      Task task, Word from, Word to, int mostWoken, int mostMoved, boolean compares, int expected) {
    if (mostWoken < 0 || mostMoved < 0) {
      return -EINVAL;
    }
    Key first = key(task, from.address(), from.isPrivate());
    Key second = key(task, to.address(), to.isPrivate());
    synchronized (this) {
      if (compares && load(task, from.address()) != expected) {
        return -EAGAIN;
      }
      int woken = mostWoken == 0 ? 0 : wake(first, mostWoken, ALL_BITS);
      int moved = 0;
      for (Waiter waiter : waiters) {
        if (moved >= mostMoved) {
          break;
        }
        if (waiter.key.equals(first) && !waiter.forOwnership) {
          waiter.key = second;
          moved++;
        }
      }
      return compares ? woken + moved : woken;
    }
  }

  /** FUTEX_WAKE_OP: changes the second word and wakes waiters of both. */
  public long wakeOp(Task task, Word one, Word two, int most, int mostTwo, int operation) {
    Key first = key(task, one.address(), one.isPrivate());
    Key second = key(task, two.address(), two.isPrivate());
    synchronized (this) {
      int old;
      do {
        old = load(task, two.address());
      } while (!compareAndSet(task, two.address(), old, applied(operation, old)));
      boolean holds = holds(operation, old);
      int woken = wake(first, most, ALL_BITS);
      return holds ? woken + wake(second, mostTwo, ALL_BITS) : woken;
    }
  }

  private static int applied(int operation, int old) {
    int argument = operation << 8 >> 20;
    int kind = operation >>> 28 & 7;
    if (operation < 0) {
      argument = 1 << argument;
    }
    return switch (kind) {
      case 0 -> argument;
      case 1 -> old + argument;
      case 2 -> old | argument;
      case 3 -> old & ~argument;
      case 4 -> old ^ argument;
      default -> throw new Failure(ENOSYS);
    };
  }

  private static boolean holds(int operation, int old) {
    int argument = operation << 20 >> 20;
    return switch (operation >>> 24 & 15) {
      case 0 -> old == argument;
      case 1 -> old != argument;
      case 2 -> old < argument;
      case 3 -> old >= argument;
      case 4 -> old <= argument;
      case 5 -> old > argument;
      default -> throw new Failure(ENOSYS);
    };
  }
}
