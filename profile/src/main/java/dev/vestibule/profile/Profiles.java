package dev.vestibule.profile;

import dev.vestibule.profile.source.CompactForm;
import dev.vestibule.profile.source.Node;
import dev.vestibule.profile.source.TomlFile;
import dev.vestibule.profile.source.TomlText;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which kernel profiles are there, and what does each say?
 *
 * <p>Built-in ones are TOML files in the source tree; a TOML reader takes about a tenth of a second
 * to warm up, so the build leaves their trees in a form that needs none. Users' files are read as
 * TOML.
 */
public final class Profiles {
  private static final long LARGEST_FILE = 1 << 20;
  private static final String INHERITS = "inherits";
  private static final String PART = "part";

  /** No profile is made of more files, those counted again that are reached in several ways. */
  private static final int MOST_FILES = 256;

  private static final Map<String, KernelProfile> LOADED = new ConcurrentHashMap<>();

  private static final class BuiltIn {
    static final Map<String, Node.Table> TREES = load();

    /** Trees that are profiles; the others are parts of profiles. */
    static final List<String> NAMES =
        TREES.entrySet().stream()
            .filter(tree -> !tree.getValue().values().containsKey(PART))
            .map(Map.Entry::getKey)
            .sorted(
                Comparator.comparing((String name) -> name.substring(0, name.indexOf('-')))
                    .thenComparing(BuiltIn::release)
                    .thenComparing(name -> name))
            .toList();

    /** The release in a name such as {@code ppc-6.1-compat}. */
    private static Version release(String name) {
      Version release = Version.parse(name.substring(name.indexOf('-') + 1));
      if (release == null) {
        throw new IllegalStateException("the profile's name " + name + " has no release");
      }
      return release;
    }

    private static Map<String, Node.Table> load() {
      try (InputStream in = Profiles.class.getResourceAsStream("profiles.bin")) {
        if (in == null) {
          throw new IllegalStateException("the built-in profiles are missing from the build");
        }
        return CompactForm.read(new DataInputStream(new BufferedInputStream(in)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private Profiles() {}

  /** The names of all built-in profiles by architecture, in the order of releases. */
  public static List<String> names() {
    return BuiltIn.NAMES;
  }

  /**
   * Loads a profile.
   *
   * @param kernel a built-in name such as {@code ppc64le-6.1}, or the path of a TOML file
   * @throws ProfileException if there is none, or it is wrong
   */
  public static KernelProfile load(String kernel) throws ProfileException {
    KernelProfile known = LOADED.get(kernel);
    if (known == null) {
      known = ProfileReader.read(shortName(kernel), merged(kernel));
      if (BuiltIn.TREES.containsKey(kernel)) {
        KernelProfile earlier = LOADED.putIfAbsent(kernel, known);
        known = earlier == null ? known : earlier;
      }
    }
    return known;
  }

  /** Whether this is a built-in profile as {@link #load} yields it. */
  @SuppressWarnings("ReferenceEquality")
  public static boolean isBuiltIn(KernelProfile profile) {
    return LOADED.get(profile.name()) == profile;
  }

  /**
   * Loads the profile that a program of an architecture gets under {@code --kernel}.
   *
   * @param kernel a built-in name with or without its architecture, or the path of a TOML file
   * @throws ProfileException also if the profile is for another architecture
   */
  public static KernelProfile load(String kernel, Architecture architecture)
      throws ProfileException {
    String full = architecture.id() + "-" + kernel;
    if (BuiltIn.TREES.containsKey(full)) {
      return load(full);
    }
    if (!isPath(kernel)
        && !BuiltIn.TREES.containsKey(kernel)
        && names().stream().anyMatch(n -> n.endsWith("-" + kernel))) {
      throw new ProfileException(
          "kernel " + kernel + " has no profile for " + architecture.id() + " programs");
    }
    KernelProfile profile = load(kernel);
    if (profile.architecture() != architecture) {
      throw new ProfileException(
          "kernel profile "
              + profile.name()
              + " is for "
              + profile.architecture().id()
              + " programs, not "
              + architecture.id());
    }
    return profile;
  }

  /** The effective profile as TOML: everything inherited, nothing left out. */
  public static String effective(String kernel) throws ProfileException {
    Node.Table merged = merged(kernel);
    ProfileReader.read(shortName(kernel), merged);
    return TomlText.of(merged);
  }

  private static boolean isPath(String kernel) {
    return kernel.contains("/") || kernel.endsWith(".toml");
  }

  private static String shortName(String kernel) {
    String name = kernel.substring(kernel.lastIndexOf('/') + 1);
    return name.endsWith(".toml") ? name.substring(0, name.length() - 5) : name;
  }

  private static Node.Table merged(String kernel) throws ProfileException {
    Node.Table merged = merged(kernel, null, new ArrayDeque<>(), new int[1]);
    Map<String, Node> values = new LinkedHashMap<>(merged.values());
    values.remove(PART);
    return new Node.Table(merged.file(), merged.line(), values);
  }

  /** A tree on top of those it inherits from; of these, later ones lie on top of earlier ones. */
  private static Node.Table merged(
      String kernel, Node.@Nullable Text asker, Deque<String> inheriting, int[] read)
      throws ProfileException {
    if (inheriting.contains(kernel) && asker != null) {
      throw new ProfileException(asker.file(), asker.line(), INHERITS, "inherits from itself");
    }
    if (read[0]++ > MOST_FILES && asker != null) {
      throw new ProfileException(asker.file(), asker.line(), INHERITS, "inherits too often");
    }
    inheriting.push(kernel);
    Node.Table tree = tree(kernel, asker);
    Map<String, Node> own = new LinkedHashMap<>(tree.values());
    Node.Table merged = new Node.Table(tree.file(), tree.line(), Map.of());
    for (Node.Text parent : parents(own.remove(INHERITS))) {
      Node.Table inherited = merged(nextTo(parent), parent, inheriting, read);
      merged = merged.overlaidBy(inherited);
    }
    inheriting.pop();
    return merged.overlaidBy(new Node.Table(tree.file(), tree.line(), own));
  }

  private static List<Node.Text> parents(@Nullable Node inherits) throws ProfileException {
    List<Node> nodes =
        switch (inherits) {
          case null -> List.of();
          case Node.Items items -> items.values();
          default -> List.of(inherits);
        };
    List<Node.Text> parents = new ArrayList<>();
    for (Node node : nodes) {
      if (!(node instanceof Node.Text text)) {
        throw new ProfileException(
            node.file(), node.line(), INHERITS, "must be a string or an array of strings");
      }
      parents.add(text);
    }
    return parents;
  }

  /** A path in {@code inherits} is relative to the file that names it. */
  private static String nextTo(Node.Text asker) throws ProfileException {
    if (!isPath(asker.value())) {
      return asker.value();
    }
    try {
      return Path.of(asker.file()).resolveSibling(asker.value()).normalize().toString();
    } catch (InvalidPathException e) {
      throw new ProfileException(asker.file(), asker.line(), INHERITS, "not a file name");
    }
  }

  private static Node.Table tree(String kernel, Node.@Nullable Text asker) throws ProfileException {
    Node.Table builtIn = BuiltIn.TREES.get(kernel);
    if (builtIn != null && !isPath(kernel)) {
      return builtIn;
    }
    if (!isPath(kernel)) {
      String problem = "no kernel profile " + kernel + "; there are " + String.join(", ", names());
      throw asker == null
          ? new ProfileException(problem)
          : new ProfileException(asker.file(), asker.line(), INHERITS, problem);
    }
    return TomlFile.parse(kernel, content(kernel));
  }

  private static String content(String kernel) throws ProfileException {
    String problem;
    try {
      Path path = Path.of(kernel);
      if (!Files.exists(path)) {
        problem = "no such file";
      } else if (!Files.isRegularFile(path)) {
        problem = "not a regular file";
      } else if (Files.size(path) > LARGEST_FILE) {
        problem = "larger than 1 MiB, which no profile is";
      } else {
        return Files.readString(path);
      }
    } catch (CharacterCodingException e) {
      problem = "not UTF-8 text";
    } catch (IOException e) {
      problem = "cannot be read: " + e.getMessage();
    } catch (InvalidPathException e) {
      problem = "not a file name";
    }
    throw new ProfileException(kernel, 0, "", problem);
  }
}
