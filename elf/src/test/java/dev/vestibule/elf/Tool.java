package dev.vestibule.elf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Runs a program of the host that serves as oracle; a test without its oracle is skipped. */
final class Tool {
  private Tool() {}

  /** A file that a Debian package provides, or the test ends here. */
  static Path file(String path) {
    Path file = Path.of(path);
    Assumptions.assumeTrue(
        Files.isReadable(file), () -> path + " is not installed; ./check installs it");
    return file;
  }

  /** The lines a command prints on its standard output; it must succeed. */
  static List<String> lines(String... command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("vestibule", ".out");
    try {
      Process process;
      try {
        process =
            new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
      } catch (IOException e) {
        Assumptions.abort(command[0] + " is not installed; ./check installs it");
        throw e;
      }
      if (!process.waitFor(10, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IOException(String.join(" ", command) + " does not end");
      }
      if (process.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + " exits with " + process.exitValue());
      }
      return Files.readAllLines(output, StandardCharsets.UTF_8);
    } finally {
      Files.delete(output);
    }
  }
}
