package dev.vestibule.cli.sysroot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which packages a sysroot has: its own dpkg database, which apt's resolver and a guest's dpkg
 * read.
 */
final class DpkgDatabase {
  private final Path status;
  private final Map<String, List<String>> paragraphs = new LinkedHashMap<>();

  /** Reads the database of a tree; a tree without one has no packages. */
  DpkgDatabase(Path root) throws IOException {
    status = status(root);
    if (Files.exists(status)) {
      List<String> paragraph = new ArrayList<>();
      List<String> lines = new ArrayList<>(Files.readAllLines(status));
      lines.add("");
      for (String line : lines) {
        if (!line.isEmpty()) {
          paragraph.add(line);
        } else if (!paragraph.isEmpty()) {
          paragraphs.put(infoName(paragraph), paragraph);
          paragraph = new ArrayList<>();
        }
      }
    }
  }

  static Path status(Path root) {
    return root.resolve("var/lib/dpkg/status");
  }

  /** The name dpkg gives a package's files: with the architecture where several may coexist. */
  static String infoName(List<String> control) {
    String name = field(control, "Package");
    return field(control, "Multi-Arch").equals("same")
        ? name + ":" + field(control, "Architecture")
        : name;
  }

  static String field(List<String> control, String name) {
    return control.stream()
        .filter(line -> line.startsWith(name + ": "))
        .map(line -> line.substring(name.length() + 2).strip())
        .findFirst()
        .orElse("");
  }

  /** Records a package as installed, in place of an earlier version. */
  void add(List<String> control) {
    List<String> paragraph = new ArrayList<>();
    for (String line : control) {
      if (!line.startsWith("Status:") && !line.isBlank()) {
        paragraph.add(line);
      }
      if (line.startsWith("Package:")) {
        paragraph.add("Status: install ok installed");
      }
    }
    paragraphs.put(infoName(paragraph), paragraph);
  }

  /** Writes the database in one step, so that an interrupted run leaves the earlier one. */
  void save() throws IOException {
    List<String> lines = new ArrayList<>();
    for (List<String> paragraph : paragraphs.values()) {
      lines.addAll(paragraph);
      lines.add("");
    }
    Path fresh = status.resolveSibling("status-new");
    Files.write(fresh, lines);
    Files.move(fresh, status, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }
}
