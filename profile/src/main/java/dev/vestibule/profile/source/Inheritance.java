package dev.vestibule.profile.source;

import dev.vestibule.profile.ProfileException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What does a profile's file say once everything it inherits lies beneath it? */
public final class Inheritance {
  private static final String INHERITS = "inherits";

  /** No profile is made of more files, those counted again that are reached in several ways. */
  private static final int MOST_FILES = 256;

  /** Where do trees come from? */
  @FunctionalInterface
  public interface Trees {
    /**
     * The tree of a name or path.
     *
     * @param asker where it is named as inherited, or null if it is the first one
     */
    Node.Table tree(String kernel, Node.@Nullable Text asker) throws ProfileException;
  }

  private final Trees trees;
  private final Deque<String> inheriting = new ArrayDeque<>();
  private int read;

  private Inheritance(Trees trees) {
    this.trees = trees;
  }

  /** A tree on top of those it inherits from; of these, later ones lie on top of earlier ones. */
  public static Node.Table merged(String kernel, Trees trees) throws ProfileException {
    return new Inheritance(trees).merged(kernel, (Node.Text) null);
  }

  /** Whether a kernel is given by its file rather than by its name. */
  public static boolean isPath(String kernel) {
    return kernel.indexOf('/') >= 0 || kernel.endsWith(".toml");
  }

  private Node.Table merged(String kernel, Node.@Nullable Text asker) throws ProfileException {
    if (inheriting.contains(kernel) && asker != null) {
      throw new ProfileException(asker.file(), asker.line(), INHERITS, "inherits from itself");
    }
    if (read++ > MOST_FILES && asker != null) {
      throw new ProfileException(asker.file(), asker.line(), INHERITS, "inherits too often");
    }
    Node.Table tree = trees.tree(kernel, asker);
    if (!tree.values().containsKey(INHERITS)) {
      return tree;
    }
    inheriting.push(kernel);
    Map<String, Node> own = new LinkedHashMap<>(tree.values());
    Node.Table merged = new Node.Table(tree.file(), tree.line(), Map.of());
    for (Node.Text parent : parents(own.remove(INHERITS))) {
      merged = merged.overlaidBy(merged(nextTo(parent), parent));
    }
    inheriting.pop();
    return merged.overlaidBy(new Node.Table(tree.file(), tree.line(), own));
  }

  private static List<Node.Text> parents(@Nullable Node inherits) throws ProfileException {
    List<Node> nodes = inherits == null ? List.of() : List.of(inherits);
    if (inherits instanceof Node.Items items) {
      nodes = items.values();
    }
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
}
