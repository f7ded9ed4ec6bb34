package dev.vestibule.cpu.power;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/** What do GNU as and objdump make of the same words and lines? */
final class Binutils {
  private static final String PREFIX = "powerpc64-linux-gnu-";
  private static final Pattern LINE =
      Pattern.compile("\\s*[0-9a-f]+:\\t(?:[0-9a-f]{2} ){4}\\t(.*?)\\s*");

  private Binutils() {}

  /** Skips the test where the cross binutils are not installed. */
  static void assume() {
    boolean there = false;
    for (String dir : System.getenv("PATH").split(":", -1)) {
      there |= Files.isExecutable(Path.of(dir, PREFIX + "objdump"));
    }
    Assumptions.assumeTrue(there, "needs " + PREFIX + "objdump");
  }

  /** One line for each word. */
  static List<String> disassemble(Path dir, int[] words) {
    Path file = dir.resolve("words.bin");
    ByteBuffer bytes = ByteBuffer.allocate(4 * words.length);
    for (int word : words) {
      bytes.putInt(word);
    }
    try {
      Files.write(file, bytes.array());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> lines = new ArrayList<>();
    for (String line :
        run(
                "objdump",
                "-D",
                "-z",
                "-b",
                "binary",
                "-m",
                "powerpc:common64",
                "-M",
                "power8",
                "-EB",
                file.toString())
            .split("\n", -1)) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.matches()) {
        lines.add(matcher.group(1).replaceAll("\\s+", " "));
      }
    }
    return lines;
  }

  /** The bytes of the text section. */
  static byte[] assemble(Path dir, String source) {
    try {
      Path in = Files.writeString(dir.resolve("in.s"), source);
      Path object = dir.resolve("out.o");
      Path text = dir.resolve("out.bin");
      run("as", "-mpower8", "-mbig", "-mregnames", "-o", object.toString(), in.toString());
      run("objcopy", "-O", "binary", "-j", ".text", object.toString(), text.toString());
      return Files.readAllBytes(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String run(String... command) {
    List<String> full = new ArrayList<>(List.of(command));
    full.set(0, PREFIX + command[0]);
    try {
      Process process = new ProcessBuilder(full).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes());
      if (process.waitFor() != 0) {
        throw new AssertionError(String.join(" ", full) + ":\n" + output);
      }
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
