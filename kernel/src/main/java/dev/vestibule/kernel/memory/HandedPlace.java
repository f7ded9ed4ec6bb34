package dev.vestibule.kernel.memory;

import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ENOMEM;

import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.exec.HandedPages.Handed;
import dev.vestibule.profile.KernelProfile;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where does the kernel believe its handed pages to be, and what does it notice of a program's
 * calls on them? The rules are the profile's; under the lock of its {@link AddressSpace}.
 */
final class HandedPlace {
  private final KernelProfile.Mapping rules;
  private Handed pages = Handed.NONE;

  /** What the mapping with the image shows, and the image's offset in it. */
  private @Nullable Backing image;

  private long offset;
  private String name = "";

  /** The pages at their first place: what their addresses are reckoned from after a move. */
  private Handed first = Handed.NONE;

  /** What was kept of kernels that the process was frozen under. */
  private List<HandedSet> kept = List.of();

  HandedPlace(KernelProfile.Mapping rules) {
    this.rules = rules;
  }

  Handed pages() {
    return pages;
  }

  /**
   * Exec has mapped them.
   *
   * @param area the mapping with the image, null without one
   */
  void set(Handed mapped, @Nullable Vma area) {
    pages = mapped;
    first = mapped;
    image = area == null ? null : area.backing();
    offset = area == null ? 0 : mapped.vdso() - area.start() + area.offset();
    name = area == null ? "" : area.name();
  }

  void copyFrom(HandedPlace parent) {
    pages = parent.pages;
    first = parent.first;
    image = parent.image;
    offset = parent.offset;
    name = parent.name;
    kept = parent.kept;
    traps = parent.traps;
  }

  /** Functions that the running kernel has not, by where they lie in kept images. */
  private Map<Long, String> traps = Map.of();

  Map<Long, String> traps() {
    return traps;
  }

  void setTraps(Map<Long, String> functions) {
    traps = Map.copyOf(functions);
  }

  List<HandedSet> kept() {
    return kept;
  }

  void setKept(List<HandedSet> sets) {
    kept = List.copyOf(sets);
  }

  /** The mapping as this kernel's /proc/PID/maps names it. */
  Vma named(Vma vma) {
    if (rules.names() != KernelProfile.Naming.ADDRESS || name.isEmpty()) {
      return vma;
    }
    boolean here = pages.vdso() != 0 && vma.start() == pages.vdso();
    if (vma.has(Vma.HANDED)) {
      return vma.withName(here ? name : "");
    }
    return here && vma.backing() == null ? vma.withName(name) : vma;
  }

  /** The address of the image's first byte in whatever mapping shows it, 0 where none does. */
  long imageAddress(Iterable<Vma> mappings) {
    for (Vma vma : mappings) {
      long at = vma.start() + offset - vma.offset();
      if (isImage(vma) && vma.holds(at)) {
        return at;
      }
    }
    return 0;
  }

  /** munmap(2) is called for a range: the kernel may look at that before anything else. */
  void unmapCalled(long from, long to) {
    if (rules.onUnmap() == KernelProfile.OnUnmap.NAMED
        && pages.vdso() >= from
        && pages.vdso() < to) {
      pages = Handed.NONE;
    }
  }

  /** A mapping, or a part of one, is gone. */
  void gone(Vma vma) {
    boolean holdsImage = isImage(vma) && pages.vdso() == vma.start() + offset - vma.offset();
    if (rules.onUnmap() == KernelProfile.OnUnmap.GONE && holdsImage && pages.vdso() != 0) {
      pages = Handed.NONE;
    }
  }

  /** errno of a fixed mmap(2) that would replace a part of a mapping that must stay whole. */
  int replaceError() {
    return switch (rules.replaceError()) {
      case ENOMEM -> ENOMEM;
      case EINVAL -> EINVAL;
    };
  }

  /**
   * Throws EINVAL if mremap(2) may not move this part of a mapping.
   *
   * @param bytes the new length, which the kernel compares with the image's
   */
  void checkMove(Vma vma, long from, long bytes) {
    if (rules.onMove() == KernelProfile.OnMove.WHOLE
        && isImage(vma)
        && (from != vma.start() || bytes != vma.length())) {
      throw new Failure(EINVAL);
    }
  }

  /** mremap(2) has moved a part of a mapping; what is left of the old place is unmapped next. */
  void moved(Vma vma, long from, long to) {
    switch (rules.onMove()) {
      case STALE -> {}
      case BEGIN -> {
        if (pages.vdso() != 0 && pages.vdso() == from) {
          pages = pages.movedBy(to - from);
        }
      }
      case WHOLE -> {
        if (isImage(vma)) {
          pages = first.movedBy(to + offset - first.vdso());
        }
      }
    }
  }

  /** Whether a mapping of handed pages is the running kernel's, not what was kept of another. */
  boolean isCurrent(Vma vma) {
    return kept.stream().noneMatch(set -> vma.start() >= set.start() && vma.start() < set.end());
  }

  private boolean isImage(Vma vma) {
    return image != null && vma.backing() == image;
  }
}
