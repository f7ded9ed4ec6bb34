package dev.vestibule.inspect;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where was an image in memory, by each way of finding it?
 *
 * @param address of the ELF header
 * @param ways every way that was tried, in the order programs prefer them
 * @param areas the handed areas in address order
 * @param moved whether auxiliary vector and mappings disagree
 * @param edit what differs from a pristine image of the same kernel, null if there is none at hand
 * @param calls host system calls it took; 0 where nothing of the host was asked
 */
public record Sighting(
    long address, List<Way> ways, List<Area> areas, boolean moved, @Nullable Edit edit, int calls) {

  /**
   * One way of finding an image.
   *
   * @param name such as {@code auxv}
   * @param address of the ELF header, or null if this way does not find one
   * @param remark how, or why not
   */
  public record Way(String name, @Nullable Long address, String remark) {}

  /**
   * One handed mapping.
   *
   * @param name as in /proc/PID/maps; empty where the kernel gives none
   * @param permissions such as {@code r-xp}; empty if unknown
   */
  public record Area(String name, long start, long end, String permissions) {
    /** Size in bytes. */
    public long size() {
      return end - start;
    }
  }

  /**
   * A comparison with a pristine image.
   *
   * @param against what it was compared with
   * @param bytes how many bytes the runs have that differ, as {@link EditedVdso#changes} tells them
   *     apart
   * @param first offset of the first that does, -1 if none
   * @param where names of what the differing bytes belong to
   */
  public record Edit(String against, int bytes, long first, List<String> where) {}

  /** Where a kernel is going to have its pages; nobody looked. */
  public static Sighting planned(long address, List<Area> areas) {
    return new Sighting(address, List.of(), List.copyOf(areas), false, null, 0);
  }

  /** Whether somebody looked, so that there is something to say of moves and edits. */
  public boolean observed() {
    return !ways.isEmpty();
  }

  /** The area of a name, or null. */
  public @Nullable Area area(String name) {
    for (Area area : areas) {
      if (area.name.equals(name)) {
        return area;
      }
    }
    return null;
  }
}
