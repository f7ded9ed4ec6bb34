package dev.vestibule.elf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Can a program find and call the functions of an image we built? */
class CallFromGuestTest {
  @TempDir Path scratch;

  @ParameterizedTest
  @CsvSource({
    "PPC,powerpc-linux-gnu-gcc,qemu-ppc",
    "PPC64,powerpc64-linux-gnu-gcc,qemu-ppc64",
    "PPC64LE,powerpc64le-linux-gnu-gcc,qemu-ppc64le"
  })
  void callsByBothHashTables(SampleImage sample, String compiler, String emulator)
      throws Exception {
    Path source = Path.of("src/test/c/call_symbol.c");
    Assumptions.assumeTrue(Files.exists(source), "the test's sources are not here");
    Path program = scratch.resolve("call_symbol");
    Path image = scratch.resolve("image.so");
    Files.write(image, sample.build().bytes());
    assertThat(Tool.lines(compiler, "-O2", "-static", "-o", program.toString(), source.toString()))
        .isEmpty();
    assertThat(run(emulator, program, image, "__kernel_seven", sample.node)).containsExactly("7");
    assertThat(run(emulator, program, image, "__kernel_nine", sample.node)).containsExactly("9");
  }

  private static List<String> run(
      String emulator, Path program, Path image, String symbol, String version) throws Exception {
    return Tool.lines(emulator, program.toString(), image.toString(), symbol, version);
  }
}
