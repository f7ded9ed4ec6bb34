package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.profile.Architecture;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Does a program go on that was built anew? What readelf says is its build id decides. */
class BuildIdTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void anotherBuildIsRefused(Architecture architecture) throws Exception {
    Guest.needCompilers();
    Path program = Guest.build(architecture, "changing", directory);
    byte[] id = buildId(program);
    Path output = directory.resolve("output");
    Path images = directory.resolve("images");
    String kernel = architecture.id() + "-6.1";
    try (Guest guest = Guest.start(kernel, program, output, directory.toString())) {
      Guest.awaitLine(output, "running");
      guest.freeze(images, false);
      guest.await();
    }
    assertThat(words(images)).contains(word(id));
    byte[] original = Files.readAllBytes(program);
    byte[] another = original.clone();
    another[find(original, id)] ^= 1;
    Files.write(program, another);
    assertThatThrownBy(() -> Guest.thaw(images, kernel))
        .isInstanceOf(FreezeRefusal.class)
        .hasMessage(program + ": is another build than it was, as its build-id note says");
    Files.write(program, original);
    Files.createFile(directory.resolve("go"));
    try (Guest guest = Guest.thaw(images, kernel)) {
      assertThat(guest.await()).as(Files.readString(output)).isZero();
    }
  }

  private static List<Integer> words(Path images) throws Exception {
    return FrozenTree.read(images).files().values().stream()
        .flatMap(file -> file.message().getReg().getBuildIdList().stream())
        .toList();
  }

  private static int word(byte[] id) {
    return id[0] & 0xff | (id[1] & 0xff) << 8 | (id[2] & 0xff) << 16 | id[3] << 24;
  }

  private static byte[] buildId(Path program) throws Exception {
    Process readelf = new ProcessBuilder("readelf", "-n", program.toString()).start();
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    readelf.getInputStream().transferTo(said);
    String text = said.toString(StandardCharsets.UTF_8);
    assertThat(text).contains("Build ID: ");
    return HexFormat.of().parseHex(text.split("Build ID: ")[1].lines().findFirst().orElse(""));
  }

  private static int find(byte[] in, byte[] what) {
    for (int at = 0; at < in.length - what.length; at++) {
      if (java.util.Arrays.equals(in, at, at + what.length, what, 0, what.length)) {
        return at;
      }
    }
    throw new AssertionError("the build id is not in the file");
  }
}
