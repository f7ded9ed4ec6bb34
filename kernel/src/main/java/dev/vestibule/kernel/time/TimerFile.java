package dev.vestibule.kernel.time;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.poll.AnonymousFile;
import dev.vestibule.kernel.wait.Wait;

/** How often has a timer of timerfd_create(2) expired since it was last read? */
public final class TimerFile extends AnonymousFile {
  private static final int SIZE = 8;

  private final Timer timer;
  private final int clockId;

  /** The timer behind the descriptor. */
  private final class Timer extends GuestTimer {
    private long ticks;

    private Timer(Machine machine, Clock clock) {
      super(machine, clock);
    }

    @Override
    protected void noted() {
      ticks++;
    }

    @Override
    protected void forgotten() {
      ticks = 0;
    }

    @Override
    protected void expired() {
      waiters().wake(POLLIN);
    }

    private synchronized long take() {
      long taken = ticks == 0 ? 0 : ticks + resume();
      ticks = 0;
      return taken;
    }

    private synchronized void restoreTicks(long count) {
      ticks = count;
    }

    private synchronized long ticks() {
      return ticks;
    }
  }

  /**
   * @param flags open(2)'s, generic numbers
   */
  public TimerFile(Machine machine, Clock.OfMachine clock, int flags) {
    super(flags | O_RDWR, "[timerfd]");
    this.timer = new Timer(machine, clock);
    this.clockId = clock.id();
  }

  /** timerfd_settime(2); see {@link GuestTimer#set}. */
  public GuestTimer.Setting set(long value, boolean absolute, long period) {
    return timer.set(value, absolute, period);
  }

  /** timerfd_gettime(2). */
  public GuestTimer.Setting setting() {
    return timer.setting();
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    if (to.total() < SIZE) {
      return -Errno.EINVAL;
    }
    try (Wait wait = Wait.on(task, waiters())) {
      while (true) {
        long taken = timer.take();
        if (taken != 0) {
          Struct s = task.abi().struct(SIZE).put64(0, taken);
          return to.put(0, s.bytes(), 0, SIZE);
        }
        if (nonBlocking()) {
          return -Errno.EAGAIN;
        }
        if (wait.sleep() == Wait.Outcome.INTERRUPTED) {
          return -Errno.ERESTARTSYS;
        }
      }
    }
  }

  @Override
  public int poll() {
    return timer.ticks() != 0 ? POLLIN : 0;
  }

  /** Goes on as a timer that was saved. */
  public void restore(FileState.Timer state) {
    timer.set(state.left(), false, state.interval());
    timer.restoreTicks(state.ticks());
  }

  @Override
  protected FileState ownState(Task task) {
    GuestTimer.Setting setting = timer.setting();
    return new FileState.Timer(clockId, timer.ticks(), setting.left(), setting.interval(), flags());
  }

  @Override
  protected long close() {
    timer.cancel();
    return 0;
  }

  @Override
  public String info(Task task) {
    GuestTimer.Setting setting = timer.setting();
    return "clockid: %d\nticks: %d\nsettime flags: 00\nit_value: (%d, %d)\nit_interval: (%d, %d)\n"
        .formatted(
            clockId,
            timer.ticks(),
            setting.left() / GuestTimes.SECOND,
            setting.left() % GuestTimes.SECOND,
            setting.interval() / GuestTimes.SECOND,
            setting.interval() % GuestTimes.SECOND);
  }
}
