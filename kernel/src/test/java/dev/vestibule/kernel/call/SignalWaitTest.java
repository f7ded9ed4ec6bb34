package dev.vestibule.kernel.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a signal that a task waits for while others change their masks? */
final class SignalWaitTest {
  private static final long USR1 = Signals.mask(10);

  @TempDir Path directory;

  /**
   * Python's test_sigwait_thread hung: the thread that sent the signal blocked all signals next, as
   * every ending thread does, and that made the waiting one forget why it had been woken.
   */
  @Test
  void aWaitingTaskIsNotForgottenWhenMasksChange() {
    try (GuestWorld g = new GuestWorld("ppc64le-6.1", directory)) {
      Delivery.setBlocked(g.task, USR1);
      g.task.signals().setWaitedFor(USR1);
      Delivery.send(g.task.process(), SigInfo.sent(10, SigInfo.SI_USER, 1, 0, 0));
      assertThat(g.task.mustLeaveSleep()).isTrue();
      synchronized (g.task.machine().lock()) {
        Delivery.recalculate(g.task); // what another task's sigprocmask(2) does to all tasks
      }
      assertThat(g.task.mustLeaveSleep()).isTrue();
      Delivery.endWait(g.task);
      assertThat(g.task.mustLeaveSleep()).isFalse();
    }
  }
}
