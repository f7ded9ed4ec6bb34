package dev.vestibule.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which bytes was this process given as arguments and environment, before the JVM decoded them?
 * Each string here has one char, 0..255, for each byte.
 *
 * <p>In the C locale the JVM's own strings have lost every byte above 127. Linux keeps the
 * originals in {@code /proc/self} (proc_pid_cmdline(5), proc_pid_environ(5)); other hosts get the
 * JVM's strings as UTF-8.
 */
final class ProcessBytes {
  private ProcessBytes() {}

  /** The bytes of the arguments of main. */
  static List<String> arguments(String[] decoded) {
    List<String> raw = strings("cmdline");
    // The launcher of the JVM hands on the words after the main class as they are, at the end.
    if (raw.size() > decoded.length) {
      return raw.subList(raw.size() - decoded.length, raw.size());
    }
    return Arrays.stream(decoded).map(ProcessBytes::utf8).toList();
  }

  /** The environment as NAME=VALUE. */
  static List<String> environment() {
    List<String> raw = strings("environ");
    if (!raw.isEmpty()) {
      return raw;
    }
    return System.getenv().entrySet().stream()
        .map(e -> utf8(e.getKey() + '=' + e.getValue()))
        .toList();
  }

  private static String utf8(String decoded) {
    return new String(decoded.getBytes(UTF_8), ISO_8859_1);
  }

  private static List<String> strings(String file) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(Path.of("/proc/self", file));
    } catch (IOException e) {
      return List.of();
    }
    List<String> strings = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        strings.add(new String(bytes, start, i - start, ISO_8859_1));
        start = i + 1;
      }
    }
    return strings;
  }
}
