package dev.vestibule.kernel;

import dev.vestibule.kernel.call.ClockCalls;
import dev.vestibule.kernel.call.PollCalls;
import dev.vestibule.kernel.time.GuestTimes.Form;
import java.util.List;

/**
 * Which calls go on for the rest of their time after a signal without a handler, and how? Their
 * words are all they need, so that a saved one can be resumed elsewhere. Times are of
 * CLOCK_MONOTONIC.
 */
public enum Resumable {
  /** Until when, where the rest of the time is stored, form of that. */
  SLEEP(3) {
    @Override
    long resume(Task task, List<Long> words) {
      return ClockCalls.sleepTo(task, words.get(0), words.get(1), form(words.get(2)));
    }
  },
  /** Clock, until when by it, where the rest of the time is stored, form of that. */
  PROCESSOR_SLEEP(4) {
    @Override
    long resume(Task task, List<Long> words) {
      return ClockCalls.sleepOnProcessor(
          task, words.get(0).intValue(), words.get(1), words.get(2), form(words.get(3)));
    }
  },
  /** Array, count, until when. */
  POLL(3) {
    @Override
    long resume(Task task, List<Long> words) {
      return PollCalls.pollUntil(task, words.get(0), words.get(1).intValue(), words.get(2));
    }
  },
  /** Address, whether it is private, expected value, until when, bits. */
  FUTEX_WAIT(5) {
    @Override
    long resume(Task task, List<Long> words) {
      return task.machine()
          .futexes()
          .await(
              task,
              words.get(0),
              words.get(1) != 0,
              words.get(2).intValue(),
              words.get(3),
              words.get(4).intValue());
    }
  };

  private final int count;

  Resumable(int count) {
    this.count = count;
  }

  /** How many words it takes. */
  public int count() {
    return count;
  }

  abstract long resume(Task task, List<Long> words);

  private static Form form(long ordinal) {
    return ordinal == Form.WIDE.ordinal() ? Form.WIDE : Form.WORD;
  }
}
