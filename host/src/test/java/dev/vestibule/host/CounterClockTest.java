package dev.vestibule.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** On an invented counter and reference, so that nothing depends on this host's clocks. */
class CounterClockTest {
  private static final long QUARTER = 250_000_000;

  /** What has really passed, in nanoseconds; each reading of anything takes a little. */
  private long real = 5_000_000_000L;

  private double countsPerNano = 2.6;
  private double referencePace = 1;
  private double reference = 7_000_000_000L;
  private boolean trusted = true;

  private final CounterClock clock =
      new CounterClock(
          () -> {
            pass(11);
            return (long) (real * countsPerNano);
          },
          () -> {
            pass(17);
            return (long) reference;
          },
          () -> trusted);

  private void pass(long nanos) {
    real += nanos;
    reference += nanos * referencePace;
  }

  private void settle() {
    for (int i = 0; i < 60; i++) {
      clock.steer();
      pass(QUARTER / 4);
    }
  }

  @Test
  void theReferenceIsReadUntilTheCountersPaceIsKnown() {
    assertThat(clock.nanos()).isEqualTo((long) reference);
    clock.steer();
    assertThat(clock.active()).isFalse();
    assertThat(clock.nanos()).isEqualTo((long) reference);
    pass(30_000_000);
    clock.steer();
    assertThat(clock.active()).isTrue();
    assertThat(HostMemory.slot(clock.cell())).isNotZero();
    assertThat(Math.abs(clock.nanos() - reference)).isLessThan(100);
  }

  @Test
  void aCounterThatTheHostDoesNotTrustIsLeftAlone() {
    trusted = false;
    settle();
    assertThat(clock.active()).isFalse();
    assertThat(HostMemory.slot(clock.cell())).isZero();
    assertThat(clock.nanos()).isEqualTo((long) reference);
  }

  /** NTP may make CLOCK_MONOTONIC faster or slower by 500 millionths. */
  @Test
  void theLineFollowsAReferenceThatChangesItsPace() {
    settle();
    for (double pace : new double[] {1.0001, 0.9999, 1.0004, 1}) {
      referencePace = pace;
      settle();
      assertThat(Math.abs(clock.nanos() - reference)).as("pace %s", pace).isLessThan(1000);
    }
  }

  @Test
  void aReferenceThatJumpsAheadIsFollowedAtOnce() {
    settle();
    reference += 3_600_000_000_000L;
    pass(QUARTER);
    clock.steer();
    pass(QUARTER);
    clock.steer();
    settle();
    assertThat(Math.abs(clock.nanos() - reference)).isLessThan(1000);
  }

  @Test
  void timeNeverGoesBack() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    long last = clock.nanos();
    for (int i = 0; i < 200_000; i++) {
      if (i % 1000 == 0) {
        referencePace = 1 + (random.nextInt(1000) - 500) * 1e-6;
      }
      pass(random.nextInt(1_000_000));
      if (random.nextInt(4) == 0) {
        clock.steer();
      }
      long now = clock.nanos();
      assertThat(now).as("seed %d, step %d", seed, i).isGreaterThanOrEqualTo(last);
      last = now;
    }
    assertThat(clock.active()).isTrue();
  }

  @Test
  void aCounterThatIsSetBackIsGivenUp() {
    settle();
    countsPerNano = 1e-3; // as after a long sleep that has reset it
    pass(QUARTER);
    clock.steer();
    assertThat(clock.active()).isFalse();
    assertThat(clock.nanos()).isEqualTo((long) reference);
  }
}
