package dev.vestibule.elf.cfi;

/**
 * Which code does this entry describe? One FDE as read. Positions are in bytes from the start of
 * .eh_frame.
 *
 * @param position of the length field
 * @param length as stored, without the length field
 * @param start link-time address of the code
 * @param size of the code in bytes
 * @param program position of the instructions
 * @param end position behind the entry
 */
public record Fde(int position, long length, Cie cie, long start, long size, int program, int end) {

  /** Whether an address lies in the code. */
  public boolean covers(long address) {
    return Long.compareUnsigned(address, start) >= 0
        && Long.compareUnsigned(address - start, size) < 0;
  }
}
