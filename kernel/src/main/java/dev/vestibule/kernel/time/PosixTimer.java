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
  private final @Nullable Task target;
  private final int signal;
  private final long value;
  private volatile int sent;
  private volatile int overrun;

  PosixTimer(Process process, Clock clock, int id, @Nullable Task target, int signal, long value) {
    super(process.machine(), clock);
    this.process = process;
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
