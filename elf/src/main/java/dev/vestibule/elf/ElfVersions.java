package dev.vestibule.elf;

import java.util.List;
import java.util.Map;

/**
 * Which symbol versions does this file define and need?
 *
 * @param names of all versions by index
 */
public record ElfVersions(
    List<Definition> definitions, List<Need> needs, Map<Integer, String> names) {

  /** A file without versions. */
  static final ElfVersions NONE = new ElfVersions(List.of(), List.of(), Map.of());

  /**
   * A version defined here (verdef).
   *
   * @param offset file offset of the definition in bytes
   * @param hash as stored; {@link Elf#sysvHash} of the name if right
   */
  public record Definition(
      long offset, int flags, int index, int hash, String name, List<String> parents) {

    /** Whether this entry names the file itself. */
    public boolean isBase() {
      return (flags & Elf.VER_FLG_BASE) != 0;
    }
  }

  /**
   * A version needed from another file (one vernaux entry of verneed).
   *
   * @param file the other file's DT_SONAME
   */
  public record Need(String file, String name, int hash, int flags, int index) {}
}
