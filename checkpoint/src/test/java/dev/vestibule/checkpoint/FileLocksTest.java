package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileLocks;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Has a thawed process the locks that it had, and is it refused if somebody else took one? */
class FileLocksTest {
  private static final String KERNEL = "ppc64le-6.1";

  private static Task leader(Guest guest) {
    Process process = guest.process();
    return Objects.requireNonNull(process.anyTask());
  }

  private static FileLocks.Range write(Object owner, long first, long last) {
    return new FileLocks.Range(owner, FileLocks.F_WRLCK, first, last, 1);
  }

  @Test
  void locksGoAlong(@TempDir Path directory) throws Exception {
    Path images = directory.resolve("images");
    Path output = directory.resolve("output");
    String never = directory.resolve("never").toString();
    try (Guest guest = Guest.start(KERNEL, "freeze", output, never)) {
      Task task = leader(guest);
      OpenFile file = task.files().get(1);
      assertThat(FileLocks.set(task, file.id(), write(task.files(), 10, 19), false, false))
          .isZero();
      assertThat(FileLocks.set(task, file.id(), write(file, 0, Long.MAX_VALUE), true, false))
          .isZero();
      assertThat(file.release()).isZero();
      guest.freeze(images, true);
      assertThatThrownBy(() -> Guest.thaw(images, KERNEL))
          .isInstanceOf(FreezeRefusal.class)
          .hasMessageEndingWith("output: somebody else has its lock");
      guest.machine().close();
      assertThat(guest.await()).isEqualTo(9);
    }
    try (Guest guest = Guest.thaw(images, KERNEL)) {
      Task task = leader(guest);
      OpenFile file = task.files().get(1);
      List<FileLocks.Range> held = FileLocks.heldBy(task.files(), file.id(), false);
      assertThat(held).hasSize(1);
      assertThat(held.getFirst().first()).isEqualTo(10);
      assertThat(held.getFirst().last()).isEqualTo(19);
      assertThat(FileLocks.heldBy(file, file.id(), true)).hasSize(1);
      assertThat(file.release()).isZero();
    }
  }
}
