package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ENOSYS;
import static dev.vestibule.kernel.Errno.EPERM;
import static dev.vestibule.kernel.Errno.ESRCH;

import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.futex.FutexTable;
import dev.vestibule.kernel.futex.FutexTable.Word;
import dev.vestibule.kernel.wait.Wait;

/** Waiting for words of memory: futex(2), set_robust_list(2). */
public final class FutexCalls {
  private static final int FUTEX_WAIT = 0;
  private static final int FUTEX_WAKE = 1;
  private static final int FUTEX_REQUEUE = 3;
  private static final int FUTEX_CMP_REQUEUE = 4;
  private static final int FUTEX_WAKE_OP = 5;
  private static final int FUTEX_LOCK_PI = 6;
  private static final int FUTEX_UNLOCK_PI = 7;
  private static final int FUTEX_TRYLOCK_PI = 8;
  private static final int FUTEX_WAIT_BITSET = 9;
  private static final int FUTEX_WAKE_BITSET = 10;
  private static final int FUTEX_WAIT_REQUEUE_PI = 11;
  private static final int FUTEX_CMP_REQUEUE_PI = 12;
  private static final int FUTEX_LOCK_PI2 = 13;
  private static final int PRIVATE = 128;
  private static final int CLOCK_REALTIME = 256;
  private static final long SECOND = 1_000_000_000L;

  private FutexCalls() {}

  /** Monotonic time some seconds and nanoseconds from now; saturates. */
  static long after(Task t, long seconds, long nanos) {
    long now = t.machine().time().monotonic();
    if (seconds > (Long.MAX_VALUE - now - SECOND) / SECOND) {
      return Wait.FOREVER;
    }
    return now + seconds * SECOND + nanos;
  }

  @Syscall(args = "futex, futex_op, uint, timespec, ptr, uint")
  public static long futex(
      Task t, long address, int op, int value, long timeout, long address2, int value3) {
    return futex(t, address, op, value, timeout, address2, value3, t.abi().wordSize());
  }

  @Syscall(
      names = "futex_time64",
      args = "futex, futex_op, uint, timespec64, ptr, uint",
      since = "5.1")
  public static long futexTime64(
      Task t, long address, int op, int value, long timeout, long address2, int value3) {
    return futex(t, address, op, value, timeout, address2, value3, 8);
  }

  private static long futex(
      Task t,
      long address,
      int op,
      int value,
      long timeout,
      long address2,
      int value3,
      int timeWord) {
    FutexTable table = t.machine().futexes();
    boolean isPrivate = (op & PRIVATE) != 0;
    int command = op & ~(PRIVATE | CLOCK_REALTIME);
    if ((op & CLOCK_REALTIME) != 0
        && command != FUTEX_WAIT_BITSET
        && command != FUTEX_WAIT_REQUEUE_PI
        && command != FUTEX_LOCK_PI2) {
      return -ENOSYS;
    }
    Word one = new Word(address, isPrivate);
    Word two = new Word(address2, isPrivate);
    int second = (int) timeout;
    return switch (command) {
      case FUTEX_WAIT ->
          table.await(
              t,
              address,
              isPrivate,
              value,
              deadline(t, command, op, timeout, timeWord),
              FutexTable.ALL_BITS);
      case FUTEX_WAIT_BITSET ->
          table.await(
              t, address, isPrivate, value, deadline(t, command, op, timeout, timeWord), value3);
      case FUTEX_WAKE -> table.wake(t, address, isPrivate, value, FutexTable.ALL_BITS);
      case FUTEX_WAKE_BITSET -> table.wake(t, address, isPrivate, value, value3);
      case FUTEX_REQUEUE -> table.requeue(t, one, two, value, second, false, 0);
      case FUTEX_CMP_REQUEUE -> table.requeue(t, one, two, value, second, true, value3);
      case FUTEX_WAKE_OP -> table.wakeOp(t, one, two, value, second, value3);
      case FUTEX_LOCK_PI, FUTEX_LOCK_PI2 ->
          table.pi().lock(t, one, deadline(t, command, op, timeout, timeWord), false);
      case FUTEX_TRYLOCK_PI -> table.pi().lock(t, one, Wait.FOREVER, true);
      case FUTEX_UNLOCK_PI -> table.pi().unlock(t, one);
      case FUTEX_WAIT_REQUEUE_PI ->
          table
              .pi()
              .awaitAndLock(
                  t,
                  one,
                  value,
                  deadline(t, command, op, timeout, timeWord),
                  FutexTable.ALL_BITS,
                  two);
      case FUTEX_CMP_REQUEUE_PI -> table.pi().requeue(t, one, two, value, second, value3);
      default -> -ENOSYS;
    };
  }

  /** FUTEX_WAIT's time is relative; FUTEX_LOCK_PI's is always of the real-time clock. */
  private static long deadline(Task t, int command, int op, long address, int word) {
    if (address == 0) {
      return Wait.FOREVER;
    }
    Struct s = t.abi().struct(t.memory(), address, 2 * word);
    long seconds = word == 8 ? s.i64(0) : s.i32(0);
    long nanos =
        word == 8 && t.abi().wordSize() == 4 ? s.i32(nanosAt(t)) : word == 8 ? s.i64(8) : s.i32(4);
    if (seconds < 0 || nanos < 0 || nanos >= SECOND) {
      throw new Failure(EINVAL);
    }
    if (command == FUTEX_WAIT) {
      return after(t, seconds, nanos);
    }
    if (seconds > Long.MAX_VALUE / SECOND - 1) {
      return Wait.FOREVER;
    }
    long absolute = seconds * SECOND + nanos;
    boolean realtime = (op & CLOCK_REALTIME) != 0 || command == FUTEX_LOCK_PI;
    return realtime
        ? absolute - t.machine().time().realtime() + t.machine().time().monotonic()
        : absolute;
  }

  /** A 32-bit guest's 64-bit timespec has padding whose content does not matter. */
  private static int nanosAt(Task t) {
    return t.abi().bigEndian() ? 12 : 8;
  }

  @Syscall(names = "set_robust_list", args = "ptr, size", since = "2.6.17")
  public static long setRobustList(Task t, long head, long length) {
    if (length != 3L * t.abi().wordSize()) {
      return -EINVAL;
    }
    t.setRobustList(head, length);
    return 0;
  }

  @Syscall(names = "get_robust_list", args = "pid, out, out", since = "2.6.17")
  public static long getRobustList(Task t, int tid, long head, long length) {
    Task other = tid == 0 ? t : t.machine().task(tid);
    if (other == null) {
      return -ESRCH;
    }
    if (other.process() != t.process() && !t.credentials().privileged()) {
      return -EPERM;
    }
    t.abi().storeWord(t.memory(), length, 3L * t.abi().wordSize());
    t.abi().storeWord(t.memory(), head, other.robustList());
    return 0;
  }
}
