package dev.vestibule.cli.sysroot;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A directory seen as a root of its own: names resolve as they would after chroot(2), never
 * outside.
 */
final class Tree {
  /** Links followed before a name counts as a loop, as Linux has it (path_resolution(7)). */
  private static final int LINK_LIMIT = 40;

  private final Path root;

  Tree(Path root) throws IOException {
    this.root = root.toRealPath();
  }

  Path root() {
    return root;
  }

  /**
   * Where a name of the tree is on the host, every link followed.
   *
   * @return null if a loop or more than 40 links are in the way
   */
  @Nullable Path resolve(String name) throws IOException {
    return walk(root, name, true);
  }

  /** As {@link #resolve}, but a link in the last place stays itself. */
  @Nullable Path resolveParent(String name) throws IOException {
    return walk(root, name, false);
  }

  private @Nullable Path walk(Path from, String name, boolean followLast) throws IOException {
    Deque<String> rest = new ArrayDeque<>();
    push(rest, name);
    Path at = name.startsWith("/") ? root : from;
    int links = 0;
    while (!rest.isEmpty()) {
      String part = rest.pop();
      if (part.isEmpty() || part.equals(".")) {
        continue;
      }
      if (part.equals("..")) {
        Path parent = at.getParent();
        at = at.equals(root) || parent == null ? root : parent;
        continue;
      }
      Path next = at.resolve(part);
      if ((!rest.isEmpty() || followLast) && Files.isSymbolicLink(next)) {
        if (++links > LINK_LIMIT) {
          return null;
        }
        String target = Files.readSymbolicLink(next).toString();
        push(rest, target);
        at = target.startsWith("/") ? root : at;
      } else {
        at = next;
      }
    }
    return at;
  }

  private static void push(Deque<String> rest, String name) {
    String[] parts = name.split("/");
    for (int i = parts.length - 1; i >= 0; i--) {
      rest.push(parts[i]);
    }
  }

  /**
   * Makes a link that is absolute, or climbs above the root, a relative one with the meaning it has
   * inside; so the tree also works unchrooted and nothing is ever written through it to the host.
   */
  void confine(String name) throws IOException {
    Path link = resolveParent(name);
    if (link != null && Files.isSymbolicLink(link)) {
      String target = Files.readSymbolicLink(link).toString();
      String inside = relative(link, target);
      if (!inside.equals(target)) {
        replaceLink(link, inside);
      }
    }
  }

  /** The text of a relative link at {@code link} that means what {@code target} means in here. */
  private String relative(Path link, String target) {
    Path directory = link.getParent();
    int depth = directory == null ? 0 : directory.getNameCount() - root.getNameCount();
    if (target.startsWith("/")) {
      String below = target.replaceFirst("^/+", "");
      return "../".repeat(depth) + (below.isEmpty() ? "." : below);
    }
    return climbs(target, depth) ? withoutClimbing(target, depth) : target;
  }

  /** A step up from the root stays at the root, as under chroot. */
  private static String withoutClimbing(String target, int depth) {
    int level = depth;
    List<String> kept = new ArrayList<>();
    for (String part : target.split("/")) {
      if (!part.equals("..") || level > 0) {
        kept.add(part);
        level += step(part);
      }
    }
    return kept.isEmpty() ? "." : String.join("/", kept);
  }

  private static int step(String part) {
    return part.equals("..") ? -1 : part.isEmpty() || part.equals(".") ? 0 : 1;
  }

  private static boolean climbs(String target, int depth) {
    int level = depth;
    for (String part : target.split("/")) {
      level += step(part);
      if (level < 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * Makes {@code name} a link to the absolute name {@code target}; what is there and is not a link
   * stays.
   */
  void link(String name, String target) throws IOException {
    Path link = resolveParent(name);
    if (link == null
        || (Files.exists(link, LinkOption.NOFOLLOW_LINKS) && !Files.isSymbolicLink(link))) {
      return;
    }
    Path parent = link.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    replaceLink(link, relative(link, target));
  }

  private static void replaceLink(Path link, String target) throws IOException {
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, Path.of(target));
  }

  /** Creates a text file, or copies {@code model} of the tree if it has one, unless it exists. */
  void fileUnlessPresent(String name, @Nullable String model, @Nullable String text)
      throws IOException {
    Path file = resolve(name);
    Path from = model == null ? null : resolve(model);
    if (file == null || Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Path parent = file.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      return;
    }
    if (from != null && Files.isRegularFile(from)) {
      Files.copy(from, file);
    } else if (text != null) {
      Files.write(file, text.getBytes(StandardCharsets.UTF_8));
    }
  }
}
