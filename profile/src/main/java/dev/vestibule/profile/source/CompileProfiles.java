package dev.vestibule.profile.source;

import dev.vestibule.profile.ProfileException;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The build step that turns the built-in TOML files into one {@link CompactForm} resource. */
public final class CompileProfiles {
  private CompileProfiles() {}

  /**
   * Writes the resource.
   *
   * @param args the directory of the TOML files, and the file to write
   */
  public static void main(String[] args) throws IOException {
    Map<String, Node.Table> trees = new TreeMap<>();
    List<Path> files;
    try (Stream<Path> list = Files.list(Path.of(args[0]))) {
      files = list.filter(f -> f.toString().endsWith(".toml")).sorted().toList();
    }
    for (Path file : files) {
      String name = String.valueOf(file.getFileName());
      try {
        trees.put(name.replaceAll("\\.toml$", ""), TomlFile.parse(name, Files.readString(file)));
      } catch (ProfileException e) {
        System.err.println(e.getMessage());
        System.exit(1);
      }
    }
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(Path.of(args[1]))))) {
      CompactForm.write(out, trees);
    }
  }
}
