package dev.vestibule.kernel.sched;

import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * When does the machine take guest CPUs away although nobody needs them? At a steady rate for each
 * task that runs, at moments that chance chooses; for tests that restartable sequences survive it.
 */
public final class Preemption implements AutoCloseable {
  private static final long SECOND = 1_000_000_000L;

  private final GuestCpus cpus;
  private final long period;
  private final LongSupplier random;
  private volatile boolean closed;

  /**
   * Begins at once.
   *
   * @param rate preemptions per second and running task
   */
  public Preemption(GuestCpus cpus, int rate, LongSupplier random) {
    this.cpus = cpus;
    this.period = SECOND / rate;
    this.random = random;
    Thread.ofPlatform().daemon().name("preemption").start(this::run);
  }

  private void run() {
    while (!closed) {
      LockSupport.parkNanos(period / 2 + Math.floorMod(random.getAsLong(), period));
      cpus.preemptAll();
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
