package dev.vestibule.kernel.poll;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.wait.Blocking;

/** How far has a counter of eventfd(2) got? */
public final class EventFile extends AnonymousFile {
  private static final long MOST = -2; // 0xfffffffffffffffe
  private static final int SIZE = 8;

  private final boolean semaphore;
  private long count;

  public EventFile(int initial, boolean semaphore, int flags) {
    super(flags | O_RDWR, "[eventfd]");
    this.count = initial & 0xffff_ffffL;
    this.semaphore = semaphore;
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    if (to.total() < SIZE) {
      return -Errno.EINVAL;
    }
    long[] value = new long[1];
    long result =
        Blocking.repeat(
            task,
            waiters(),
            nonBlocking(),
            () -> {
              value[0] = take();
              return value[0] == 0 ? -Errno.EAGAIN : 0;
            });
    if (result < 0) {
      return result;
    }
    waiters().wake(POLLOUT);
    Struct s = task.abi().struct(SIZE).put64(0, value[0]);
    return to.put(0, s.bytes(), 0, SIZE);
  }

  private synchronized long take() {
    long taken = semaphore && count != 0 ? 1 : count;
    count -= taken;
    return taken;
  }

  @Override
  public long write(Task task, IoVector from, long offset) {
    if (from.total() < SIZE) {
      return -Errno.EINVAL;
    }
    Struct s = task.abi().struct(SIZE);
    from.get(0, s.bytes(), 0, SIZE);
    long value = s.i64(0);
    if (value == -1) {
      return -Errno.EINVAL;
    }
    long result =
        Blocking.repeat(task, waiters(), nonBlocking(), () -> add(value) ? SIZE : -Errno.EAGAIN);
    if (result > 0) {
      waiters().wake(POLLIN);
    }
    return result;
  }

  private synchronized boolean add(long value) {
    if (Long.compareUnsigned(value, MOST - count) > 0) {
      return false;
    }
    count += value;
    return true;
  }

  @Override
  public synchronized int poll() {
    return (count != 0 ? POLLIN : 0)
        | (Long.compareUnsigned(count, MOST) < 0 ? POLLOUT : 0)
        | (count == -1 ? POLLERR : 0);
  }

  /** A counter that was saved. */
  public static EventFile restored(FileState.Event state) {
    EventFile file = new EventFile(0, state.semaphore(), state.flags());
    file.count = state.counter();
    return file;
  }

  @Override
  protected synchronized FileState ownState(Task task) {
    return new FileState.Event(count, semaphore, flags());
  }

  @Override
  public synchronized String info(Task task) {
    return "eventfd-count: %16x\n".formatted(count);
  }
}
