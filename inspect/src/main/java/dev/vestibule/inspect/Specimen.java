package dev.vestibule.inspect;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import org.jspecify.annotations.Nullable;

/**
 * What is looked at: an image, and where a process had it mapped if it is from one.
 *
 * @param name what the user knows it by
 * @param bytes a whole file, or the pages of a mapping; not to be modified
 * @param kernel the release of the kernel it is from, null if only its own note may tell
 * @param sighting null unless the image was met in memory
 */
@SuppressWarnings("ArrayRecordComponent")
public record Specimen(
    String name, byte[] bytes, ElfFile file, @Nullable String kernel, @Nullable Sighting sighting) {

  /**
   * An image in a file.
   *
   * @throws InspectException if it is no ELF file
   */
  public static Specimen ofFile(String name, byte[] bytes, @Nullable String kernel)
      throws InspectException {
    return of(name, bytes, kernel, null);
  }

  /** An image, perhaps met in memory. */
  static Specimen of(
      String name, byte[] bytes, @Nullable String kernel, @Nullable Sighting sighting)
      throws InspectException {
    try {
      return new Specimen(name, bytes, ElfFile.read(bytes, name), kernel, sighting);
    } catch (ElfException e) {
      throw new InspectException(e);
    }
  }

  /** The instruction set and ABI, such as {@code ppc64le}. */
  public String architecture() {
    return Machine.name(file.header());
  }
}
