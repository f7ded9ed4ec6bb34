package dev.vestibule.cli.sysroot;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Runs one program of the host without a shell and keeps what it printed. */
final class Tool {
  /** What a program printed, standard output and standard error mixed, and how it ended. */
  record Result(int status, List<String> lines) {
    boolean ok() {
      return status == 0;
    }

    /** The lines apt marks as errors, without the mark. */
    List<String> errors() {
      return lines.stream().filter(l -> l.startsWith("E: ")).map(l -> l.substring(3)).toList();
    }
  }

  private Tool() {}

  /** A process builder with the C locale, so that messages and formats are the documented ones. */
  static ProcessBuilder builder(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("LC_ALL", "C");
    builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
    return builder;
  }

  static Result run(List<String> command) throws SysrootException {
    return run(command, line -> {});
  }

  /**
   * Runs a program to its end.
   *
   * @param eachLine sees every line as it is printed
   * @throws SysrootException if the program is not installed
   */
  static Result run(List<String> command, Consumer<String> eachLine) throws SysrootException {
    try {
      Process process = builder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      List<String> lines = new ArrayList<>();
      try (BufferedReader reader =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
          lines.add(line);
          eachLine.accept(line);
        }
      }
      return new Result(await(process), lines);
    } catch (IOException e) {
      throw missing(command.getFirst(), e);
    }
  }

  static SysrootException missing(String program, IOException cause) {
    return new SysrootException(
        program + " cannot be run: a sysroot is built with the package tools of Debian", cause);
  }

  static int await(Process process) throws SysrootException {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new SysrootException("interrupted", e);
    }
  }
}
