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
            "dev.vestibule.cli.Vestibule",
            "run"));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Said(process.waitFor(), text);
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
