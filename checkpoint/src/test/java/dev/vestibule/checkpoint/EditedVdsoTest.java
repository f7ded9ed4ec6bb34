package dev.vestibule.checkpoint;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.handed.VdsoImage;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.inspect.EditedVdso;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.proc.GuestProcess;
import dev.vestibule.kernel.trace.TracedMemory;
import dev.vestibule.profile.Profiles;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  /** A function that begins with a branch to somebody's own code, which goes on in the function. */
  @ParameterizedTest
  @CsvSource({
    "ppc-5.10, ppc-6.1",
    "ppc64-5.10, ppc64-5.10",
    "ppc64-5.10, ppc64-6.13",
    "ppc64le-6.13, ppc64le-5.11",
    "ppc-2.6.18, ppc-2.6.12"
  })
  void aHookStays(String from, String to, @TempDir Path directory) throws Exception {
    Path stop = directory.resolve("stop");
    Path output = directory.resolve("output");
    Path images = directory.resolve("images");
    VdsoImage image = requireNonNull(VdsoImages.of(Profiles.load(from)));
    int function = requireNonNull(image.functions().get("__kernel_clock_gettime"));
    int stub = image.fileSize() + 3 & ~3; // the rest of the last page
    boolean little = from.startsWith("ppc64le");
    ByteBuffer code = ByteBuffer.allocate(8).order(little ? LITTLE_ENDIAN : BIG_ENDIAN);
    byte[] first = Arrays.copyOfRange(image.bytes(), function, function + 4);
    code.put(first).putInt(branch(function + 4 - (stub + 4)));
    byte[] hook =
        ByteBuffer.allocate(4).order(code.order()).putInt(branch(stub - function)).array();
    long at;
    try (Guest guest = Guest.start(from, "freeze", output, stop.toString())) {
      at = requireNonNull(new GuestProcess(guest.process(), true).image());
      AddressSpace space = guest.process().space();
      assertThat(TracedMemory.write(space, at + stub, code.array(), 0, 8)).isEqualTo(8);
      assertThat(TracedMemory.write(space, at + function, hook, 0, 4)).isEqualTo(4);
      guest.freeze(images, false, EditedVdso.KEEP);
      assertThat(guest.await()).isEqualTo(9);
    }
    for (int hop = 0; hop < 2; hop++) {
      Path again = directory.resolve("again-" + hop);
      try (Guest guest = Guest.thaw(images, to)) {
        byte[] there = new byte[4];
        TracedMemory.read(guest.process().space(), at + function, there, 0, 4);
        assertThat(there).as("hop " + hop).isEqualTo(hook);
        guest.freeze(again, false, EditedVdso.KEEP);
      }
      images = again;
    }
    Files.createFile(stop);
    try (Guest guest = Guest.thaw(images, to)) {
      assertThat(guest.await()).as(Files.readString(output)).isZero();
    }
  }

  private static int branch(int distance) {
    return 0x48000000 | distance & 0x03fffffc;
  }
}
