package dev.vestibule.elf;

import java.util.Arrays;

/**
 * What is a section of an image to hold? Size and alignment are fixed at once; the bytes are asked
 * for when every address is known.
 *
 * @param flags SHF values; SHF_ALLOC is implied
 * @param alignment in bytes, a power of two
 * @param size in bytes
 */
public record SectionSpec(String name, int flags, int alignment, int size, Content content) {

  /** Yields the bytes of a section, exactly as many as announced. */
  @FunctionalInterface
  public interface Content {
    byte[] bytes(ImageLayout layout);
  }

  public SectionSpec {
    if (alignment < 1 || Integer.bitCount(alignment) != 1 || size < 0) {
      throw new IllegalArgumentException(name + ": bad alignment or size");
    }
  }

  /** Executable code that depends on the layout. */
  public static SectionSpec code(String name, int alignment, int size, Content content) {
    return new SectionSpec(name, Elf.SHF_ALLOC | Elf.SHF_EXECINSTR, alignment, size, content);
  }

  /** Executable code whose bytes are known already. */
  public static SectionSpec code(String name, int alignment, byte[] bytes) {
    byte[] copy = bytes.clone();
    return code(name, alignment, copy.length, layout -> copy);
  }

  /** Read-only data. */
  public static SectionSpec data(String name, int alignment, byte[] bytes) {
    byte[] copy = bytes.clone();
    return new SectionSpec(name, Elf.SHF_ALLOC, alignment, copy.length, layout -> copy);
  }

  byte[] fill(ImageLayout layout) {
    byte[] bytes = content.bytes(layout);
    if (bytes.length != size) {
      throw new IllegalStateException(name + ": announced " + size + " bytes, got " + bytes.length);
    }
    return Arrays.copyOf(bytes, size);
  }
}
