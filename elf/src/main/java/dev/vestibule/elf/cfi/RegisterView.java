package dev.vestibule.elf.cfi;

/** What is in the registers of the frame being unwound? */
@FunctionalInterface
public interface RegisterView {
  /**
   * The value of a general register.
   *
   * @param column its DWARF number
   * @throws UnwindException if the register is not known
   */
  long value(int column) throws UnwindException;
}
