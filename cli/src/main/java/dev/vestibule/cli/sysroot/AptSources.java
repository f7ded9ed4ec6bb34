package dev.vestibule.cli.sysroot;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which package sources the host is configured for, free of its own architecture (sources.list(5)).
 */
final class AptSources {
  private static final Pattern ONE_LINE_OPTIONS =
      Pattern.compile("^(\\s*deb\\s+)\\[([^\\]]*)\\](.*)$");
  private static final Pattern ARCHITECTURE_OPTION = Pattern.compile("(?i)arch[+-]?=\\S*");
  private static final Pattern ARCHITECTURE_FIELD =
      Pattern.compile("(?i)^architectures(-add|-remove)?\\s*:.*");

  private AptSources() {}

  /**
   * The files apt reads: {@code sources.list}, and {@code *.list} and {@code *.sources} beside it.
   */
  static List<Path> files(Path sourceList, Path sourceParts) throws IOException {
    List<Path> found = new ArrayList<>();
    if (Files.isRegularFile(sourceList)) {
      found.add(sourceList);
    }
    if (Files.isDirectory(sourceParts)) {
      List<Path> parts = new ArrayList<>();
      try (DirectoryStream<Path> stream =
          Files.newDirectoryStream(sourceParts, "*.{list,sources}")) {
        stream.forEach(parts::add);
      }
      parts.sort(null);
      found.addAll(parts);
    }
    return found;
  }

  /** One-line style without {@code arch=} options; every other line as it was. */
  static List<String> neutralOneLine(List<String> lines) {
    List<String> result = new ArrayList<>();
    for (String line : lines) {
      var matcher = ONE_LINE_OPTIONS.matcher(line);
      if (matcher.matches()) {
        String options = ARCHITECTURE_OPTION.matcher(matcher.group(2)).replaceAll("").strip();
        String bracket = options.isEmpty() ? "" : "[" + options + "]";
        result.add(matcher.group(1) + bracket + matcher.group(3));
      } else {
        result.add(line);
      }
    }
    return result;
  }

  /** deb822 style without {@code Architectures} fields and their continuation lines. */
  static List<String> neutralDeb822(List<String> lines) {
    List<String> result = new ArrayList<>();
    boolean dropping = false;
    for (String line : lines) {
      boolean continues = !line.isEmpty() && Character.isWhitespace(line.charAt(0));
      dropping = continues ? dropping : ARCHITECTURE_FIELD.matcher(line).matches();
      if (!dropping) {
        result.add(line);
      }
    }
    return result;
  }

  static List<String> neutral(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    return file.toString().endsWith(".sources") ? neutralDeb822(lines) : neutralOneLine(lines);
  }
}
