package dev.vestibule.profile;

import dev.vestibule.profile.source.CompactForm;
import dev.vestibule.profile.source.Inheritance;
import dev.vestibule.profile.source.Node;
import dev.vestibule.profile.source.TomlFile;
import dev.vestibule.profile.source.TomlText;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which kernel profiles are there, and what does each say?
 *
 * <p>Built-in ones are TOML files in the source tree; a TOML reader takes about a tenth of a second
 * to warm up, so the build leaves the tree of each, with all it inherits, in a form that needs
 * none. Users' files are read as TOML.
 */
public final class Profiles {
  private static final long LARGEST_FILE = 1 << 20;
  private static final String PART = "part";

  private static final Map<String, KernelProfile> LOADED = new ConcurrentHashMap<>();

  /** The names, which only who asks for all of them needs. */
  private static final class BuiltIn {
    static final List<String> NAMES = load();

    private static List<String> load() {
      byte[] list = data("profiles.list");
      if (list == null) {
        throw new IllegalStateException("the built-in profiles are missing from the build");
      }
      return List.of(new String(list, StandardCharsets.UTF_8).split("\n"));
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
    KernelProfile known = Inheritance.isPath(kernel) ? null : builtIn(kernel);
    return known != null ? known : ProfileReader.read(shortName(kernel), merged(kernel));
  }

  private static @Nullable KernelProfile builtIn(String name) throws ProfileException {
    KernelProfile known = LOADED.get(name);
    if (known == null) {
      Node.Table tree = builtInTree(name);
      if (tree == null) {
        return null;
      }
      known = ProfileReader.read(name, withoutPart(tree));
      KernelProfile earlier = LOADED.putIfAbsent(name, known);
      known = earlier == null ? known : earlier;
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
    boolean path = Inheritance.isPath(kernel);
    KernelProfile usual = path ? null : builtIn(architecture.id() + "-" + kernel);
    if (usual != null) {
      return usual;
    }
    if (!path
        && !names().contains(kernel)
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

  private static String shortName(String kernel) {
    String name = kernel.substring(kernel.lastIndexOf('/') + 1);
    return name.endsWith(".toml") ? name.substring(0, name.length() - 5) : name;
  }

  private static Node.Table merged(String kernel) throws ProfileException {
    return withoutPart(Inheritance.merged(kernel, Profiles::tree));
  }

  private static Node.Table withoutPart(Node.Table tree) {
    if (!tree.values().containsKey(PART)) {
      return tree;
    }
    Map<String, Node> values = new LinkedHashMap<>(tree.values());
    values.remove(PART);
    return new Node.Table(tree.file(), tree.line(), values);
  }

  private static Node.Table tree(String kernel, Node.@Nullable Text asker) throws ProfileException {
    if (Inheritance.isPath(kernel)) {
      return TomlFile.parse(kernel, content(kernel));
    }
    Node.Table builtIn = builtInTree(kernel);
    if (builtIn == null) {
      String problem = "no kernel profile " + kernel + "; there are " + String.join(", ", names());
      throw asker == null
          ? new ProfileException(problem)
          : new ProfileException(asker.file(), asker.line(), "inherits", problem);
    }
    return builtIn;
  }

  private static byte @Nullable [] data(String name) {
    return BuildData.read(Profiles.class, Profiles.class::getResourceAsStream, name);
  }

  /** A built-in profile or part of one, all it inherits included, or null. */
  private static Node.@Nullable Table builtInTree(String name) {
    byte[] tree = data(name + ".profile");
    try {
      return tree == null
          ? null
          : CompactForm.read(new DataInputStream(new ByteArrayInputStream(tree)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
