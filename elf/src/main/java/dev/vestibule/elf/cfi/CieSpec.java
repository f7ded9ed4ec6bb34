package dev.vestibule.elf.cfi;

/**
 * What do the frames of a group of functions have in common? The content of a CIE to be written.
 *
 * @param augmentation "", or "z" followed by any of "R" (pointer encoding) and "S" (signal frame)
 * @param returnColumn the column that holds the return address
 * @param pointerEncoding a {@link PointerEncoding} of fixed size, absolute or pc-relative; must be
 *     ABSPTR without "R"
 * @param alignment the size in bytes to whose multiple this CIE and its FDEs are padded, 4 or 8
 * @param initial the initial instructions, from {@link CallFrameWriter}
 */
@SuppressWarnings("ArrayRecordComponent")
public record CieSpec(
    String augmentation,
    int codeAlignment,
    int dataAlignment,
    int returnColumn,
    int pointerEncoding,
    int alignment,
    byte[] initial) {

  public CieSpec {
    if (!augmentation.isEmpty() && !augmentation.matches("zR?S?")) {
      throw new IllegalArgumentException("cannot write augmentation \"" + augmentation + "\"");
    }
    int relative = pointerEncoding & 0xf0;
    if (relative != PointerEncoding.PCREL && relative != 0) {
      throw new IllegalArgumentException("cannot write pointer encoding " + pointerEncoding);
    }
    if (augmentation.indexOf('R') < 0 && pointerEncoding != PointerEncoding.ABSPTR) {
      throw new IllegalArgumentException("a pointer encoding needs augmentation R");
    }
    PointerEncoding.size(pointerEncoding, true);
    if (alignment != 4 && alignment != 8) {
      throw new IllegalArgumentException("alignment " + alignment + " is neither 4 nor 8");
    }
    if (codeAlignment < 1 || dataAlignment == 0 || returnColumn < 0 || returnColumn > 255) {
      throw new IllegalArgumentException("CIE factors or return column out of range");
    }
  }

  /** Whether the functions are signal trampolines, whose return address must not be decremented. */
  public boolean signalFrame() {
    return augmentation.indexOf('S') >= 0;
  }
}
