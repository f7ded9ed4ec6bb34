package dev.vestibule.cpu.fp;

/**
 * How shall the next floating-point operation round, and what did the last one signal? One object
 * per guest thread, reused for every operation so that none of them allocates.
 *
 * <p>Every operation of this package that takes an {@code FpEnv} assigns {@link #flags} (it never
 * accumulates); whoever runs several lanes combines the flags of each.
 */
public final class FpEnv {
  /** Round to nearest, ties to even (FPSCR.RN = 0). */
  public static final int NEAREST_EVEN = 0;

  /** Round toward zero (FPSCR.RN = 1). */
  public static final int TOWARD_ZERO = 1;

  /** Round toward plus infinity (FPSCR.RN = 2). */
  public static final int UPWARD = 2;

  /** Round toward minus infinity (FPSCR.RN = 3). */
  public static final int DOWNWARD = 3;

  /** Round to nearest, ties away from zero: not an FPSCR.RN value, but that of frin and xsrdpi. */
  public static final int NEAREST_AWAY = 4;

  /** The rounding mode, one of the constants of this class; 0 to 3 are FPSCR.RN. */
  public int rounding;

  /** The exception enable bits VE, OE, UE, ZE and XE, at their place in the FPSCR. */
  public int enables;

  /**
   * What the last operation signalled: the bits OX, UX, ZX, XX, VX*, FR and FI at their place in
   * the FPSCR (see {@link Fpscr}); the summary bits FX, FEX and VX are never set here.
   */
  public int flags;

  /** Nearest-even, nothing enabled, nothing signalled. */
  public FpEnv() {}

  /** Takes rounding mode and exception enables from an FPSCR value. */
  public void control(long fpscr) {
    rounding = (int) fpscr & Fpscr.RN;
    enables = (int) fpscr & Fpscr.ENABLES;
  }

  /**
   * Whether the last operation delivers no result, because of an enabled invalid operation or an
   * enabled zero divide (sections 4.4.1.2, 4.4.2.2): the target register keeps its value.
   */
  public boolean suppressed() {
    return Fpscr.suppresses(enables, flags);
  }
}
