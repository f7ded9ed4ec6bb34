package dev.vestibule.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.Libc;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Do both ways to ask for a thread's time in the host's kernel agree? */
final class HostThreadsTest {
  @Test
  void ownTimeIsWhatOthersSee() {
    int tid = (int) Libc.syscall(HostCalls.GETTID);
    Thread other = new Thread(() -> {});
    long before = HostThreads.systemNanos(Thread.currentThread(), tid);
    long own = before;
    while (own - before < 50_000_000) {
      Files.exists(Path.of("/proc/self/maps"));
      own = HostThreads.systemNanos(Thread.currentThread(), tid);
    }
    long seen = HostThreads.systemNanos(other, tid);
    assertThat(seen).isGreaterThan(own - 20_000_000).isGreaterThan(0);
    assertThat(HostThreads.systemNanos(Thread.currentThread(), tid)).isGreaterThanOrEqualTo(seen);
    assertThat(HostThreads.systemNanos(other, 0)).isZero();
  }
}
