package dev.vestibule.lab;

import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Version;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which kernels does a sentence about history speak of?
 *
 * <p>Written as a family ({@code ppc}, {@code ppc-compat}, {@code ppc64}, {@code ppc64le}, or
 * {@code *} for all) and, behind a space, a range of releases: {@code 5.11..5.15}, {@code 5.11..},
 * {@code ..5.10} or {@code 6.1}. Both ends belong to it, and 5.10 stands for 5.10.223 as well.
 */
public record KernelSet(String text, String family, Bound from, Bound to) {
  private static final Set<String> FAMILIES = Set.of("*", "ppc", "ppc-compat", "ppc64", "ppc64le");

  /**
   * One end of a range.
   *
   * @param release null where the range has no end
   * @param parts how many of its numbers count
   */
  public record Bound(@Nullable Version release, int parts) {
    private int compare(Version other) {
      if (release == null) {
        return 0;
      }
      int order = Integer.compare(other.major(), release.major());
      if (order == 0) {
        order = Integer.compare(other.minor(), release.minor());
      }
      return order != 0 || parts < 3 ? order : Integer.compare(other.patch(), release.patch());
    }
  }

  /** The set that a text names, or null if it names none. */
  public static @Nullable KernelSet parse(String text) {
    int space = text.indexOf(' ');
    String family = space < 0 ? text : text.substring(0, space);
    if (!FAMILIES.contains(family)) {
      return null;
    }
    String range = space < 0 ? ".." : text.substring(space + 1);
    int dots = range.indexOf("..");
    Bound from = bound(dots < 0 ? range : range.substring(0, dots));
    Bound to = bound(dots < 0 ? range : range.substring(dots + 2));
    return from == null || to == null ? null : new KernelSet(text, family, from, to);
  }

  private static @Nullable Bound bound(String text) {
    if (text.isEmpty()) {
      return new Bound(null, 0);
    }
    Version release = text.indexOf('-') < 0 ? Version.parse(text) : null;
    return release == null
        ? null
        : new Bound(release, (int) text.chars().filter(c -> c == '.').count() + 1);
  }

  /** Whether a kernel belongs to it. */
  public boolean contains(KernelProfile kernel) {
    Version release = Version.parse(kernel.uname().release());
    return (family.equals("*") || family.equals(family(kernel)))
        && release != null
        && from.compare(release) >= 0
        && to.compare(release) <= 0;
  }

  /** Whether a kernel belongs to any of them. */
  public static boolean anyContains(List<KernelSet> sets, KernelProfile kernel) {
    return sets.stream().anyMatch(set -> set.contains(kernel));
  }

  /** A kernel's family: its programs' architecture, and whether it is another one's guest there. */
  public static String family(KernelProfile kernel) {
    return kernel.architecture().id() + (kernel.compat() ? "-compat" : "");
  }
}
