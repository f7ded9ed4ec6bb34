package dev.vestibule.cli.sysroot;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One line that is overwritten with the current step; silent where standard error is no terminal.
 */
final class ProgressLine {
  private static final int WIDTH = 78;

  private final PrintWriter out;
  private final boolean shown;
  private boolean dirty;

  private ProgressLine(PrintWriter out, boolean shown) {
    this.out = out;
    this.shown = shown;
  }

  static ProgressLine onStandardError(PrintWriter err) {
    boolean terminal;
    try {
      String name = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      terminal =
          name.startsWith("/dev/pts/")
              || name.startsWith("/dev/tty")
              || name.equals("/dev/console");
    } catch (IOException | UnsupportedOperationException e) {
      terminal = false;
    }
    return new ProgressLine(err, terminal);
  }

  void show(String step) {
    if (shown) {
      String line = step.length() > WIDTH ? step.substring(0, WIDTH) : step;
      out.print("\r" + line + " ".repeat(WIDTH - line.length()));
      out.flush();
      dirty = true;
    }
  }

  void clear() {
    if (dirty) {
      out.print("\r" + " ".repeat(WIDTH) + "\r");
      out.flush();
      dirty = false;
    }
  }
}
