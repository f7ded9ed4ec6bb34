package dev.vestibule.profile.source;

import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Version;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The build step that turns the built-in TOML files into resources: one {@link CompactForm} for
 * each, and the list of those that are profiles rather than parts of profiles.
 */
public final class CompileProfiles {
  private static final String PART = "part";

  private CompileProfiles() {}

  /**
   * Writes the resources.
   *
   * @param args the directory of the TOML files, and the one to write into
   */
  public static void main(String[] args) throws IOException {
    try {
      Map<String, Node.Table> trees = trees(Path.of(args[0]));
      Path directory = Path.of(args[1]);
      for (String name : trees.keySet()) {
        Node.Table merged = Inheritance.merged(name, (kernel, asker) -> known(trees, kernel));
        try (DataOutputStream out =
            new DataOutputStream(
                new BufferedOutputStream(
                    Files.newOutputStream(directory.resolve(name + ".profile"))))) {
          CompactForm.write(out, merged);
        }
      }
      Files.write(directory.resolve("profiles.list"), names(trees));
    } catch (ProfileException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static Map<String, Node.Table> trees(Path directory)
      throws IOException, ProfileException {
    List<Path> files;
    try (Stream<Path> list = Files.list(directory)) {
      files = list.filter(f -> f.toString().endsWith(".toml")).toList();
    }
    Map<String, Node.Table> trees = new TreeMap<>();
    for (Path file : files) {
      String name = String.valueOf(file.getFileName());
      trees.put(name.replaceAll("\\.toml$", ""), TomlFile.parse(name, Files.readString(file)));
    }
    return trees;
  }

  private static Node.Table known(Map<String, Node.Table> trees, String kernel)
      throws ProfileException {
    Node.Table tree = trees.get(kernel);
    if (tree == null) {
      throw new ProfileException("there is no " + kernel + " to inherit from");
    }
    return tree;
  }

  /** The profiles by architecture, in the order of releases. */
  private static List<String> names(Map<String, Node.Table> trees) {
    return trees.entrySet().stream()
        .filter(tree -> !tree.getValue().values().containsKey(PART))
        .map(Map.Entry::getKey)
        .sorted(
            Comparator.comparing((String name) -> name.substring(0, name.indexOf('-')))
                .thenComparing(CompileProfiles::release)
                .thenComparing(name -> name))
        .toList();
  }

  /** The release in a name such as {@code ppc-6.1-compat}. */
  private static Version release(String name) {
    Version release = Version.parse(name.substring(name.indexOf('-') + 1));
    if (release == null) {
      throw new IllegalStateException("the profile's name " + name + " has no release");
    }
    return release;
  }
}
