package dev.vestibule.elf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Can a program find, call and unwind through the functions of an image we built? */
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
    Path source = Tool.file("src/test/c/call_symbol.c");
    Path program = scratch.resolve("call_symbol");
    Path image = scratch.resolve("image.so");
    Files.write(image, sample.build().bytes());
    assertThat(Tool.lines(compiler, "-O2", "-static", "-o", program.toString(), source.toString()))
        .isEmpty();
    assertThat(run(emulator, program, image, "__kernel_seven", sample.node)).containsExactly("7");
    assertThat(run(emulator, program, image, "__kernel_nine", sample.node)).containsExactly("9");
  }

  /** libgcc goes through the trampoline's call-frame data to the interrupted function. */
  @ParameterizedTest
  @CsvSource({
    "PPC,powerpc-linux-gnu,qemu-ppc,__kernel_sigtramp_rt32",
    "PPC64,powerpc64-linux-gnu,qemu-ppc64,__kernel_sigtramp_rt64",
    "PPC64LE,powerpc64le-linux-gnu,qemu-ppc64le,__kernel_sigtramp_rt64"
  })
  void unwindsThroughTheTrampoline(
      SampleImage sample, String target, String emulator, String trampoline) throws Exception {
    Path source = Tool.file("src/test/c/unwind_signal.c");
    Path program = scratch.resolve("unwind_signal");
    Path image = scratch.resolve("image.so");
    Files.write(image, sample.build().bytes());
    Tool.lines(
        target + "-gcc", "-O2", "-funwind-tables", "-o", program.toString(), source.toString());
    assertThat(
            Tool.lines(
                emulator,
                "-L",
                "/usr/" + target,
                program.toString(),
                image.toString(),
                trampoline,
                sample.node))
        .containsExactly("interrupted instruction itself, r14 2a51, after the trampoline");
  }

  private static List<String> run(
      String emulator, Path program, Path image, String symbol, String version) throws Exception {
    return Tool.lines(emulator, program.toString(), image.toString(), symbol, version);
  }
}
