package dev.vestibule.elf.cfi;

/**
 * How is an address stored in .eh_frame and .eh_frame_hdr? The DW_EH_PE byte of the LSB: a format
 * in the low four bits, what the value is relative to in the next three, bit 7 for indirection.
 */
public final class PointerEncoding {
  private PointerEncoding() {}

  public static final int ABSPTR = 0x00;
  public static final int ULEB128 = 0x01;
  public static final int UDATA2 = 0x02;
  public static final int UDATA4 = 0x03;
  public static final int UDATA8 = 0x04;
  public static final int SLEB128 = 0x09;
  public static final int SDATA2 = 0x0a;
  public static final int SDATA4 = 0x0b;
  public static final int SDATA8 = 0x0c;

  /** Relative to the address of the value itself. */
  public static final int PCREL = 0x10;

  /** Relative to the start of the text section. */
  public static final int TEXTREL = 0x20;

  /** Relative to the start of .eh_frame_hdr. */
  public static final int DATAREL = 0x30;

  /** Relative to the start of the function. */
  public static final int FUNCREL = 0x40;

  /** Aligned absolute word. */
  public static final int ALIGNED = 0x50;

  /** The value is the address of the pointer. */
  public static final int INDIRECT = 0x80;

  /** No value is stored. */
  public static final int OMIT = 0xff;

  /**
   * Size in bytes of a value of fixed size.
   *
   * @throws IllegalArgumentException if the format is variable or unknown
   */
  static int size(int encoding, boolean is64) {
    return switch (encoding & 0x0f) {
      case ABSPTR -> is64 ? 8 : 4;
      case UDATA2, SDATA2 -> 2;
      case UDATA4, SDATA4 -> 4;
      case UDATA8, SDATA8 -> 8;
      default ->
          throw new IllegalArgumentException("pointer encoding " + encoding + " has no fixed size");
    };
  }

  /** Whether a value survives being stored in a format. */
  static boolean fits(int encoding, boolean is64, long value) {
    return switch (encoding & 0x0f) {
      case ABSPTR -> is64 || (value >= -0x80000000L && value <= 0xffffffffL);
      case UDATA2 -> value >= 0 && value <= 0xffff;
      case SDATA2 -> value == (short) value;
      // Signed distances are stored as unsigned words too; readers wrap at the word size.
      case UDATA4 -> is64 ? value >= 0 && value <= 0xffffffffL : value == (int) value;
      case SDATA4 -> value == (int) value;
      default -> true;
    };
  }
}
