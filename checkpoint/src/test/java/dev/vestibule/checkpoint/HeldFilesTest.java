package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.profile.Architecture;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Is everything that a process has open still as it was in the machine that thaws it? The program
 * is guests/libc/held.c, which says so itself; on a real Linux it finds everything as it left it.
 */
class HeldFilesTest {
  private static final String FROM = "-6.1";
  private static final String TO = "-5.10";

  @TempDir Path directory;

  @BeforeEach
  void compilers() {
    Guest.needCompilers();
  }

  private Path build(Architecture architecture) throws Exception {
    return Guest.build(architecture, "held", directory);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "listening",
        "connected",
        "datagrams",
        "rights",
        "tcp",
        "udp",
        "fifo",
        "packets",
        "deleted",
        "memfd",
        "terminal"
      })
  void staysAsItWas(String kind) throws Exception {
    for (Architecture architecture : Architecture.values()) {
      for (boolean leaveRunning : new boolean[] {false, true}) {
        Path place = Files.createDirectory(directory.resolve(architecture.id() + leaveRunning));
        holds(architecture, kind, place, leaveRunning);
      }
    }
  }

  private void holds(Architecture architecture, String kind, Path place, boolean leaveRunning)
      throws Exception {
    Path output = place.resolve("output");
    Path images = directory.resolve("images-" + place.getFileName());
    Path go = place.resolve("go");
    String guest = architecture.id();
    Path program = build(architecture);
    try (Guest first = Guest.start(guest + FROM, program, output, kind, place.toString())) {
      Guest.awaitLine(output, "ready");
      first.freeze(images, leaveRunning);
      if (leaveRunning) {
        Files.createFile(go);
        ends(first, kind, output);
        return;
      }
      assertThat(first.await()).isEqualTo(9);
    }
    Files.createFile(go);
    try (Guest second = Guest.thaw(images, guest + TO)) {
      ends(second, kind, output);
    }
  }

  private static void ends(Guest guest, String kind, Path output) throws Exception {
    int status = guest.await();
    String said = Files.readString(output);
    assertThat(said).as(kind).doesNotContain("FAIL");
    assertThat(status).as(said).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "outside, 'connected to socket:[', 'which is not frozen along'",
    "tcp-outside, connection from 127.0.0.1:, 'which is not frozen along'",
    "udp-outside, connection from 127.0.0.1:, 'which is not frozen along'",
    "terminal-outside, /dev/pts/, is open in a process that is not frozen along",
    "terminal-closed, 'has open what cannot be frozen: ', /dev/pts/0",
    "pipe-outside, 'pipe:[', ] is open in a process that is not frozen along",
    "fifo-outside, /between, is open in a process that is not frozen along",
    "fifo-unlinked, 'a file that its name no longer leads to: ', /unlinked"
  })
  void isRefusedByName(String kind, String what, String why) throws Exception {
    Path program = build(Architecture.PPC64LE);
    Path output = directory.resolve("output");
    try (Guest guest = Guest.start("ppc64le" + FROM, program, output, kind, directory.toString())) {
      Guest.awaitLine(output, "ready");
      Process child = guest.process().children().getFirst();
      assertThatThrownBy(() ->
              Freeze.freeze(
                  guest.machine(),
                  child.pid(),
                  FreezeRequest.of(directory.resolve("images"), FreezeRequest.Then.KILL)))
          .isInstanceOf(FreezeRefusal.class)
          .hasMessageContaining(what)
          .hasMessageEndingWith(why);
      assertThat(directory.resolve("images")).doesNotExist();
      Files.createFile(directory.resolve("go"));
      ends(guest, kind, output);
    }
  }

  /** Until the FIFO of that name is there again. */
  @Test
  void aFifoThatIsGoneIsMissed() throws Exception {
    Path program = build(Architecture.PPC64LE);
    Path output = directory.resolve("output");
    Path images = directory.resolve("images");
    String kernel = "ppc64le" + FROM;
    try (Guest guest = Guest.start(kernel, program, output, "fifo", directory.toString())) {
      Guest.awaitLine(output, "ready");
      guest.freeze(images, false);
    }
    Path fifo = directory.resolve("fifo");
    Path aside = Files.move(fifo, directory.resolve("aside"));
    assertThatThrownBy(() -> Guest.thaw(images, kernel))
        .isInstanceOf(FreezeRefusal.class)
        .hasMessage(fifo + ": No such file or directory");
    Files.createFile(fifo);
    assertThatThrownBy(() -> Guest.thaw(images, kernel))
        .isInstanceOf(FreezeRefusal.class)
        .hasMessage(fifo + ": is no FIFO, as it was");
    Files.delete(fifo);
    Files.move(aside, fifo);
    Files.createFile(directory.resolve("go"));
    try (Guest guest = Guest.thaw(images, kernel)) {
      ends(guest, "fifo", output);
    }
  }
}
