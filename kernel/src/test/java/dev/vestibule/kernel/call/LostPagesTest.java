package dev.vestibule.kernel.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.cpu.GuestFault;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What does a guest meet in a mapped file that another program of the host has shortened? */
final class LostPagesTest {
  private static final int READ_WRITE = 3;
  private static final int SHARED = 1;
  private static final int SIZE = 65_536;

  @TempDir Path directory;

  @Test
  void pagesOfAShortenedFileFaultAtTheirOwnAddress() throws IOException {
    Path file = Files.write(directory.resolve("file"), new byte[SIZE]);
    try (GuestWorld g = new GuestWorld("ppc64le-6.1", directory)) {
      int fd = (int) g.open("/file", 2, 0);
      long at = MemoryCalls.mmap(g.task, 0, SIZE, READ_WRITE, SHARED, fd, 0);
      g.task.memory().store8(at + SIZE - 1, 1);
      assertThat(g.task.space().findLostPages()).isFalse();
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(4096);
      }
      assertThat(g.task.space().findLostPages()).isTrue();
      assertThat(g.task.space().findLostPages()).isFalse();
      assertThat(g.task.memory().load8(at + 4095)).isZero();
      assertThatThrownBy(() -> g.task.memory().load8(at + 8200))
          .isInstanceOfSatisfying(
              GuestFault.class,
              fault -> {
                assertThat(fault.address()).isEqualTo(at + 8200);
                assertThat(fault.cause()).isEqualTo(GuestFault.Cause.BEYOND_FILE);
              });
    }
  }
}
