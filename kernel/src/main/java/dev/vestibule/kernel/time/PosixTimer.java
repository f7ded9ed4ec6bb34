package dev.vestibule.kernel.time;

import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import org.jspecify.annotations.Nullable;

/** What does one timer of timer_create(2) do? */
public final class PosixTimer extends GuestTimer {
  private final Process process;
  private final int id;
  private final int clockId;
  private final @Nullable Task target;
  private final int signal;
  private final long value;
  private volatile int sent;
  private volatile int overrun;

  /**
   * What must be known of a timer to have it again elsewhere.
   *
   * @param clock as timer_create(2) was given it
   * @param signal 0 for none
   * @param value what the signal carries
   * @param thread which gets the signal, 0 for any of the process
   */
  public record Saved(
      int id, int clock, int signal, long value, int thread, int overrun, Setting setting) {}

  PosixTimer(
      Process process,
      Clock clock,
      int clockId,
      int id,
      @Nullable Task target,
      int signal,
      long value) {
    super(process.machine(), clock);
    this.process = process;
    this.clockId = clockId;
    this.id = id;
    this.target = target;
    this.signal = signal;
    this.value = value;
  }

  @Override
  protected boolean silent() {
    return signal == 0;
  }

  @Override
  protected void forgotten() {
    sent++; // a signal that is still pending belongs to the old setting
    overrun = 0;
  }

  @Override
  protected void noted() {
    sent++;
  }

  @Override
  protected void expired() {
    SigInfo info = new SigInfo(signal, SigInfo.SI_TIMER, id, 0, value, 0, sent, null);
    boolean ignored = process.actions().ignores(signal);
    if (target != null) {
      Delivery.send(target, info);
    } else {
      Delivery.send(process, info);
    }
    if (ignored) {
      machine().timers().alarm(this::resume).set(machine().time().monotonic() + TICK);
    }
  }

  private static final long TICK = 4_000_000;

  Saved saved() {
    int thread = target == null ? 0 : target.tid();
    return new Saved(id, clockId, signal, value, thread, overrun, setting());
  }

  void restore(Saved saved) {
    Setting before = set(saved.setting().left(), false, saved.setting().interval());
    assert before.left() == 0;
    overrun = saved.overrun();
  }

  /** timer_getoverrun(2). */
  public int overrun() {
    return overrun;
  }

  /** The timer's signal takes effect. */
  SigInfo noticed(SigInfo info) {
    synchronized (this) {
      if (info.extra() != sent) {
        return info;
      }
      overrun = (int) Math.min(Integer.MAX_VALUE, resume());
    }
    return SigInfo.timer(info.signal(), id, overrun, value);
  }
}
