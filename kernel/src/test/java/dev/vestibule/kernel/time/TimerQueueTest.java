package dev.vestibule.kernel.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Do alarms come in the order of their times, and only those that still hold? */
class TimerQueueTest {
  /** A clock that jumps over every wait. */
  private static final class Jumping implements TimeService {
    private final AtomicLong now = new AtomicLong();

    @Override
    public long realtime() {
      return now.get();
    }

    @Override
    public long monotonic() {
      return now.get();
    }

    @Override
    public long hostNanosUntil(long deadline) {
      now.accumulateAndGet(deadline, Math::max);
      return 0;
    }
  }

  @Test
  void alarmsComeInOrderUnlessCancelledOrMoved() throws InterruptedException {
    Jumping time = new Jumping();
    List<String> order = new CopyOnWriteArrayList<>();
    CountDownLatch allSet = new CountDownLatch(1);
    CountDownLatch last = new CountDownLatch(1);
    try (TimerQueue queue = new TimerQueue(time)) {
      queue
          .alarm(() -> {
            try {
              allSet.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          })
          .set(1);
      TimerQueue.Alarm moved = queue.alarm(() -> order.add("moved at " + time.monotonic()));
      TimerQueue.Alarm cancelled = queue.alarm(() -> order.add("cancelled"));
      moved.set(10);
      cancelled.set(20);
      queue.alarm(() -> order.add("third at " + time.monotonic())).set(30);
      queue.alarm(() -> order.add("second at " + time.monotonic())).set(25);
      queue.alarm(last::countDown).set(100);
      moved.set(40);
      cancelled.cancel();
      allSet.countDown();
      assertThat(last.await(5, TimeUnit.MINUTES)).isTrue();
    }
    assertThat(order).containsExactly("second at 25", "third at 30", "moved at 40");
  }
}
