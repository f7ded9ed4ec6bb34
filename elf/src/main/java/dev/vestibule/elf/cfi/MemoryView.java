package dev.vestibule.elf.cfi;

/** What is in the memory of the program being unwound? */
@FunctionalInterface
public interface MemoryView {
  /**
   * Fills an array from an address.
   *
   * @return false if any of the bytes cannot be read
   */
  boolean read(long address, byte[] into);
}
