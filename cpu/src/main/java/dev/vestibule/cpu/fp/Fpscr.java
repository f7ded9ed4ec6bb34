package dev.vestibule.cpu.fp;

/**
 * What does an operation make of the Floating-Point Status and Control Register? Pure rules on the
 * 64-bit value as {@code mffs} shows it (section 4.2.2; bit 32 of the book is {@link #FX}).
 */
public final class Fpscr {
  /** Exception summary: some exception bit went from 0 to 1. */
  public static final int FX = 0x8000_0000;

  /** Enabled exception summary: some exception bit is set together with its enable bit. */
  public static final int FEX = 0x4000_0000;

  /** Invalid operation summary: some {@code VX*} bit is set. */
  public static final int VX = 0x2000_0000;

  /** Overflow. */
  public static final int OX = 0x1000_0000;

  /** Underflow. */
  public static final int UX = 0x0800_0000;

  /** Zero divide. */
  public static final int ZX = 0x0400_0000;

  /** Inexact. */
  public static final int XX = 0x0200_0000;

  /** Invalid operation: signalling NaN. */
  public static final int VXSNAN = 0x0100_0000;

  /** Invalid operation: infinity minus infinity. */
  public static final int VXISI = 0x0080_0000;

  /** Invalid operation: infinity divided by infinity. */
  public static final int VXIDI = 0x0040_0000;

  /** Invalid operation: zero divided by zero. */
  public static final int VXZDZ = 0x0020_0000;

  /** Invalid operation: infinity times zero. */
  public static final int VXIMZ = 0x0010_0000;

  /** Invalid operation: ordered comparison with a NaN. */
  public static final int VXVC = 0x0008_0000;

  /** Fraction rounded: the magnitude was incremented. Not sticky. */
  public static final int FR = 0x0004_0000;

  /** Fraction inexact. Not sticky. */
  public static final int FI = 0x0002_0000;

  /** Result class and condition: the five bits C, FL, FG, FE, FU. */
  public static final int FPRF = 0x0001_F000;

  /** The condition part of {@link #FPRF}: FL, FG, FE, FU. */
  public static final int FPCC = 0x0000_F000;

  /** Number of bits below {@link #FPCC}: a CR field shifted left by this is an FPCC. */
  public static final int FPCC_SHIFT = 12;

  /** Invalid operation: software request. */
  public static final int VXSOFT = 0x0000_0400;

  /** Invalid operation: square root of a negative number. */
  public static final int VXSQRT = 0x0000_0200;

  /** Invalid operation: integer conversion. */
  public static final int VXCVI = 0x0000_0100;

  /** Invalid operation enable. */
  public static final int VE = 0x80;

  /** Overflow enable. */
  public static final int OE = 0x40;

  /** Underflow enable. */
  public static final int UE = 0x20;

  /** Zero divide enable. */
  public static final int ZE = 0x10;

  /** Inexact enable. */
  public static final int XE = 0x08;

  /** Non-IEEE mode; kept, without effect, as on POWER8. */
  public static final int NI = 0x04;

  /** Rounding mode, two bits. */
  public static final int RN = 0x03;

  /** All enable bits. */
  public static final int ENABLES = VE | OE | UE | ZE | XE;

  /** All invalid-operation exception bits. */
  public static final int INVALID =
      VXSNAN | VXISI | VXIDI | VXZDZ | VXIMZ | VXVC | VXSOFT | VXSQRT | VXCVI;

  /** All sticky exception bits, summaries excluded. */
  public static final int EXCEPTIONS = OX | UX | ZX | XX | INVALID;

  /** Bits that exist: DRN (29:31), and 32:63 but for the reserved bit 52. */
  public static final long IMPLEMENTED = 0x0000_0007_FFFF_F7FFL;

  private static final long SUMMARIES = (FEX | VX) & 0xFFFF_FFFFL;
  private static final long FX_BIT = FX & 0xFFFF_FFFFL;

  private Fpscr() {}

  /** Whether these exceptions leave the target register unchanged: VX* under VE, ZX under ZE. */
  public static boolean suppresses(long fpscr, int flags) {
    return (flags & (INVALID | ZX)) != 0
        && ((flags & INVALID) != 0 && (fpscr & VE) != 0 || (flags & ZX) != 0 && (fpscr & ZE) != 0);
  }

  /**
   * Whether these exceptions of any lane leave the target of a VSX vector instruction unchanged:
   * every enabled exception does (section 7.4).
   */
  public static boolean suppressesVector(long fpscr, int flags) {
    return (flags & EXCEPTIONS) != 0 && (enabled(flags) & (int) fpscr) != 0;
  }

  /**
   * After an arithmetic, rounding or estimate instruction.
   *
   * @param flags {@link FpEnv#flags} of the operation
   * @param resultClass the result's class from {@link FpClass}; not used when the result is
   *     suppressed
   */
  public static long arithmetic(long fpscr, int flags, int resultClass) {
    if ((flags & ~(int) fpscr & EXCEPTIONS | flags & (INVALID | ZX)) == 0) {
      return fpscr & ~(long) (FR | FI | FPRF) | flags | resultClass;
    }
    long kept = suppresses(fpscr, flags) ? fpscr : fpscr & ~(long) FPRF | resultClass;
    return raise(kept & ~(long) (FR | FI) | flags & (FR | FI), flags);
  }

  /**
   * After a conversion to integer: FPRF, undefined by the book (4.6.7), is left as it was. VSX
   * conversions (xscvdpsxws, ...) use this; for fctiw and its kin see {@link #fpuConversion}.
   */
  public static long conversion(long fpscr, int flags) {
    return raise(fpscr & ~(long) (FR | FI) | flags & (FR | FI), flags);
  }

  /**
   * After fctiw, fctid and their kin: as {@link #conversion}, but FPRF, undefined by the book, says
   * QNaN when an invalid conversion delivered a result, which is what qemu shows.
   */
  public static long fpuConversion(long fpscr, int flags) {
    long next = conversion(fpscr, flags);
    return (flags & VXCVI) == 0 || (fpscr & VE) != 0 ? next : next & ~(long) FPRF | FpClass.QNAN;
  }

  /**
   * After a scalar compare: FPCC follows the CR field, C, FR and FI stay (section 4.6.8).
   *
   * @param field the CR field LT GT EQ UN, 0 to 15
   */
  public static long comparison(long fpscr, int flags, int field) {
    return raise(fpscr & ~(long) FPCC | (long) field << FPCC_SHIFT, flags);
  }

  /** After an instruction that only raises exceptions: VSX vector operations, max, min. */
  public static long raise(long fpscr, int flags) {
    int fresh = flags & ~(int) fpscr & EXCEPTIONS;
    return fresh == 0 ? fpscr : summarized(fpscr | fresh | FX_BIT);
  }

  /**
   * mtfsf: copies the bits of {@code mask} from {@code value}. FX is taken from the value, never
   * set by the usual rule; FEX and VX follow the usual rule (section 4.6.10).
   */
  public static long move(long fpscr, long value, long mask) {
    long writable = mask & IMPLEMENTED & ~SUMMARIES;
    return summarized(fpscr & ~writable | value & writable);
  }

  /**
   * The mask of {@link #move} for mtfsf's and mtfsfi's fields. Fields come from the same place in
   * the value: mtfsf moves FRB as it is, for mtfsfi the caller repeats U in every field.
   *
   * @param flm eight bits, the first for the leftmost field of the word
   * @param high the W operand: the fields of FPSCR bits 0:31 rather than 32:63
   */
  public static long fieldMask(int flm, boolean high) {
    long mask = 0;
    for (int field = 0; field < 8; field++) {
      if ((flm & 0x80 >>> field) != 0) {
        mask |= 0xF000_0000L >>> 4 * field;
      }
    }
    return high ? mask << 32 : mask;
  }

  /**
   * mtfsb0: clears a bit.
   *
   * @param bit 0 to 31, bit 32 + bit of the register; FEX and VX (1 and 2) cannot be cleared
   */
  public static long clearBit(long fpscr, int bit) {
    return move(fpscr, 0, FX_BIT >>> bit);
  }

  /** mtfsb1: sets a bit, and FX with it when that raises an exception; see {@link #clearBit}. */
  public static long setBit(long fpscr, int bit) {
    long mask = FX_BIT >>> bit;
    long raised = mask & EXCEPTIONS & ~fpscr;
    return move(raised != 0 ? fpscr | FX_BIT : fpscr, -1, mask);
  }

  /** mcrfs: what the CR field gets from FPSCR field {@code field}, 0 to 7. */
  public static int field(long fpscr, int field) {
    return (int) (fpscr >>> 28 - 4 * field) & 0xF;
  }

  /** mcrfs: the exception bits of the field copied are cleared. */
  public static long clearField(long fpscr, int field) {
    return move(fpscr, 0, (FX_BIT | EXCEPTIONS) & 0xF000_0000L >>> 4 * field);
  }

  private static long summarized(long fpscr) {
    int bits = (int) fpscr;
    long summaries = (bits & INVALID) != 0 ? VX : 0;
    if ((enabled(bits) & bits) != 0) {
      summaries |= FEX;
    }
    return fpscr & ~SUMMARIES | summaries;
  }

  /** The enable bit of each exception in {@code flags}. */
  private static int enabled(int flags) {
    // OX, UX, ZX and XX stand in the same order as OE, UE, ZE and XE, 22 bits higher.
    return flags >>> 22 & (OE | UE | ZE | XE) | ((flags & INVALID) != 0 ? VE : 0);
  }
}
