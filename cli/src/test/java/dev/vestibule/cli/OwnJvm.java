package dev.vestibule.cli;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What does the command say, run in a JVM of its own as a user runs it? */
final class OwnJvm {
  private OwnJvm() {}

  /** Exit status and both outputs. */
  record Said(int status, String text) {}

  /** The words behind {@code vestibule run}. */
  static Said run(String... words) throws Exception {
    return runIn(List.of(), words);
  }

  /** The same in a JVM with more options. */
  static Said runIn(List<String> options, String... words) throws Exception {
    List<String> command = command(options, "run");
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Said(process.waitFor(), text);
  }

  /**
   * Starts a command that the caller waits for.
   *
   * @param launcher words in front of the JVM's
   * @param output where what it says goes
   * @param words the command and what follows it
   */
  static Process start(List<String> launcher, Path output, String... words) throws Exception {
    List<String> command = new ArrayList<>(launcher);
    command.addAll(command(List.of("-XX:TieredStopAtLevel=1"), words));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    process.getOutputStream().close();
    return process;
  }

  private static List<String> command(List<String> options, String... words) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classPath(),
            "dev.vestibule.cli.Vestibule"));
    command.addAll(List.of(words));
    return command;
  }

  private static String classPath() {
    List<String> parts = new ArrayList<>();
    for (String property : List.of("java.class.path", "jdk.module.path")) {
      parts.addAll(Arrays.asList(System.getProperty(property, "").split(File.pathSeparator)));
    }
    parts.removeIf(String::isEmpty);
    return String.join(File.pathSeparator, parts);
  }
}
