package dev.vestibule.kernel.wait;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Task;
import java.util.function.LongSupplier;

/** How does an operation that cannot proceed wait until it can? */
public final class Blocking {
  private Blocking() {}

  /**
   * Repeats an attempt as long as it returns -EAGAIN.
   *
   * @param queue woken when another attempt is worth making
   * @param nonBlocking whether the first -EAGAIN is the result
   * @return the attempt's result, or -ERESTARTSYS if a signal came first
   */
  public static long repeat(Task task, WaitQueue queue, boolean nonBlocking, LongSupplier attempt) {
    return repeat(task, queue, nonBlocking, Wait.FOREVER, attempt);
  }

  /** Like the other, with a deadline of CLOCK_MONOTONIC at which -EAGAIN becomes the result. */
  public static long repeat(
      Task task, WaitQueue queue, boolean nonBlocking, long deadline, LongSupplier attempt) {
    long result = attempt.getAsLong();
    if (result != -Errno.EAGAIN || nonBlocking) {
      return result;
    }
    try (Wait wait = Wait.on(task, queue)) {
      while (true) {
        result = attempt.getAsLong();
        if (result != -Errno.EAGAIN) {
          return result;
        }
        Wait.Outcome outcome = wait.sleepUntil(deadline);
        if (outcome != Wait.Outcome.WOKEN) {
          return outcome == Wait.Outcome.INTERRUPTED ? -Errno.ERESTARTSYS : -Errno.EAGAIN;
        }
      }
    }
  }
}
