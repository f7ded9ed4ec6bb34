package dev.vestibule.elf.cfi;

/**
 * What do the frames of a group of functions have in common? One CIE as read. Positions are in
 * bytes from the start of .eh_frame.
 *
 * @param position of the length field
 * @param length as stored, without the length field
 * @param pointerEncoding of addresses in the FDEs
 * @param lsdaEncoding of language-specific data, OMIT without any
 * @param program position of the initial instructions
 * @param end position behind the entry
 */
public record Cie(
    int position,
    long length,
    int version,
    String augmentation,
    long codeAlignment,
    long dataAlignment,
    int returnColumn,
    int pointerEncoding,
    int lsdaEncoding,
    int program,
    int end) {

  /** Whether the functions are signal trampolines, whose return address is not behind a call. */
  public boolean signalFrame() {
    return augmentation.indexOf('S') >= 0;
  }
}
