package dev.vestibule.elf;

/**
 * What did the builder make?
 *
 * @param bytes the whole file
 */
@SuppressWarnings("ArrayRecordComponent")
public record SharedObject(byte[] bytes, ImageLayout layout) {

  /** The bytes of the PT_LOAD segment: what is mapped at the link base. */
  public byte[] loaded() {
    return java.util.Arrays.copyOf(bytes, (int) layout.loadSize());
  }
}
