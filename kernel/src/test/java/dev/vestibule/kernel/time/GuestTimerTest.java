package dev.vestibule.kernel.time;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.handed.TimeSource;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.exec.HandedPages;
import dev.vestibule.profile.Profiles;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Does a timer count the periods that nobody noticed, and say what is left? */
class GuestTimerTest {
  private static final long MILLISECOND = 1_000_000;
  private static final Offset<Long> ROUNDING = Offset.offset(100L);

  /** A clock that stands still unless the test moves it. */
  private static final class Standing implements TimeSource {
    private final AtomicLong now = new AtomicLong(NANOS_PER_SECOND);

    @Override
    public long nanos() {
      return now.get();
    }

    @Override
    public long peek() {
      return now.get();
    }

    @Override
    public long epochNanos() {
      return now.get();
    }

    @Override
    public long hostNanosFor(long nanos) {
      return MILLISECOND; // look again soon
    }

    @Override
    public boolean flows() {
      return false;
    }
  }

  private static final class Counting extends GuestTimer {
    private final Semaphore expiries = new Semaphore(0);

    private Counting(Machine machine, int clock) {
      super(machine, new Clock.OfMachine(clock));
    }

    @Override
    protected void expired() {
      expiries.release();
    }

    boolean expires() throws InterruptedException {
      return expiries.tryAcquire(5, TimeUnit.MINUTES);
    }
  }

  @Test
  void periodsInBetweenAreCountedWhenTheExpiryIsNoticed() throws Exception {
    Standing source = new Standing();
    try (Machine machine =
        Machine.builder(Profiles.load("ppc64-6.1"))
            .handedPages(HandedPages.NONE)
            .timeSource(source)
            .build()) {
      Counting timer = new Counting(machine, Clock.MONOTONIC);
      assertThat(timer.setting()).isEqualTo(GuestTimer.Setting.OFF);
      timer.set(10 * MILLISECOND, false, 10 * MILLISECOND);
      assertThat(timer.setting().left()).isCloseTo(10 * MILLISECOND, ROUNDING);
      source.now.addAndGet(35 * MILLISECOND);
      assertThat(timer.expires()).isTrue();
      assertThat(timer.setting().left()).isCloseTo(5 * MILLISECOND, ROUNDING);
      assertThat(timer.resume()).as("periods missed").isEqualTo(2);
      assertThat(timer.resume()).as("nothing rests").isZero();
      assertThat(timer.setting().left()).isCloseTo(5 * MILLISECOND, ROUNDING);
      source.now.addAndGet(5 * MILLISECOND + 1000);
      assertThat(timer.expires()).isTrue();
      GuestTimer.Setting old = timer.set(0, false, 0);
      assertThat(old.interval()).isEqualTo(10 * MILLISECOND);
      assertThat(timer.setting()).isEqualTo(GuestTimer.Setting.OFF);
      assertThat(timer.expiries.availablePermits()).isZero();
    }
  }

  @Test
  void momentsOfTheRealTimeClockAreMet() throws Exception {
    Standing source = new Standing();
    try (Machine machine =
        Machine.builder(Profiles.load("ppc-6.1"))
            .handedPages(HandedPages.NONE)
            .timeSource(source)
            .build()) {
      Counting timer = new Counting(machine, Clock.REALTIME);
      long now = machine.time().realtime();
      timer.set(now - 1, true, 0);
      assertThat(timer.expires()).as("a moment in the past").isTrue();
      timer.set(now + 3 * MILLISECOND, true, 0);
      assertThat(timer.setting().left()).isCloseTo(3 * MILLISECOND, ROUNDING);
      assertThat(timer.expiries.availablePermits()).isZero();
      source.now.addAndGet(3 * MILLISECOND + 1000);
      assertThat(timer.expires()).isTrue();
      assertThat(timer.setting()).isEqualTo(GuestTimer.Setting.OFF);
    }
  }
}
