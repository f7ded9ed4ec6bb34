package dev.vestibule.checkpoint;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.inspect.EditedVdso;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.proc.GuestProcess;
import dev.vestibule.kernel.trace.TracedMemory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Is a process whose vDSO somebody has changed left alone, unless that is wanted? */
class EditedVdsoTest {
  /** Where a note lies that nobody executes: the identification's padding. */
  private static final int PADDING = 9;

  @ParameterizedTest
  @ValueSource(strings = {"ppc-5.10", "ppc64-5.10", "ppc64le-6.13"})
  void refusedOrKept(String kernel, @TempDir Path directory) throws Exception {
    Path stop = directory.resolve("stop");
    Path output = directory.resolve("output");
    Path images = directory.resolve("images");
    try (Guest guest = Guest.start(kernel, "freeze", output, stop.toString())) {
      long image = requireNonNull(new GuestProcess(guest.process(), true).image());
      byte[] edit = {0x55};
      assertThat(TracedMemory.write(guest.process().space(), image + PADDING, edit, 0, 1))
          .isEqualTo(1);
      assertThatThrownBy(() -> guest.freeze(images, true))
          .isInstanceOf(FreezeRefusal.class)
          .hasMessageContaining("is edited: 1 bytes at 0x9");
      assertThat(images).doesNotExist();
      guest.freeze(images, false, EditedVdso.KEEP);
      assertThat(guest.await()).isEqualTo(9);
    }
    Files.createFile(stop);
    try (Guest guest = Guest.thaw(images, kernel)) {
      assertThat(guest.await()).as(Files.readString(output)).isZero();
    }
  }
}
