package dev.vestibule.kernel.futex;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;

/** What becomes of the locks a task held when it ended? set_robust_list(2). */
public final class RobustList {
  private static final int MOST_ENTRIES = 2048;

  private RobustList() {}

  /** Marks the locks of the task's list as abandoned and wakes one waiter of each. */
  public static void release(Task task, FutexTable table) {
    try {
      table.pi().ownerEnded(task);
      if (task.robustList() != 0) {
        walk(task, table);
      }
    } catch (GuestFault | Failure end) {
      // A list the guest destroyed is walked as far as it goes, as on Linux.
    }
  }

  private static void walk(Task task, FutexTable table) {
    long head = task.robustList();
    int word = task.abi().wordSize();
    long entry = task.abi().loadWord(task.memory(), head);
    long offset = task.abi().loadLong(task.memory(), head + word);
    long pending = task.abi().loadWord(task.memory(), head + 2L * word);
    for (int i = 0; i < MOST_ENTRIES && (entry & -2L) != head; i++) {
      long next = task.abi().loadWord(task.memory(), entry & -2L);
      if ((entry & -2L) != (pending & -2L)) {
        abandon(task, table, entry, offset);
      }
      entry = next;
    }
    if ((pending & -2L) != 0) {
      abandon(task, table, pending, offset);
    }
  }

  private static void abandon(Task task, FutexTable table, long entry, long offset) {
    long address = (entry & -2L) + offset;
    if ((entry & 1) != 0) {
      table.pi().ownerDied(task, address);
      return;
    }
    while (true) {
      int now = FutexTable.load(task, address);
      if ((now & PiLocks.TID_MASK) != task.tid()) {
        return;
      }
      int next = now & PiLocks.WAITERS | PiLocks.OWNER_DIED;
      if (FutexTable.compareAndSet(task, address, now, next)) {
        if ((now & PiLocks.WAITERS) != 0) {
          table.wake(task, address, false, 1, FutexTable.ALL_BITS);
        }
        return;
      }
    }
  }
}
