package dev.vestibule.cpu.micro;

/**
 * Which vector micro-operations on floating-point elements and VSX permutations exist?
 *
 * <p>Operands are pairs of slots, see {@link Op}. A "64" operation works on two doubles, a "32"
 * operation on four singles. Operations with <em>status</em> take rounding mode and enables from
 * FPSCR and raise exceptions there, FR, FI and FPRF excepted; an enabled exception in any element
 * leaves d as it was. Such an operation is the last of its instruction.
 */
public final class VsxOp {
  /** Slot of condition register field 6. */
  public static final int CR6 = 46;

  // ---- permutations
  /** d's high doubleword = a's high, or low if e has bit 2; its low one = b's, by bit 1. */
  public static final int VPERMD = 340;

  /** d = four words from word number e on of a's words followed by b's. */
  public static final int VSHIFTW = 341;

  /** d = a's words 0 and 1, each before the same word of b. */
  public static final int VMERGEHW = 342;

  /** d = a's words 2 and 3, each before the same word of b. */
  public static final int VMERGELW = 343;

  /** Every word of d = word e of a. */
  public static final int VSPLATW = 344;

  /** Both doublewords of d = slot a. */
  public static final int VSPLATD = 345;

  // ---- signs: no status
  public static final int VFNEG64 = 346;
  public static final int VFABS64 = 347;
  public static final int VFNABS64 = 348;

  /** d = b's magnitudes with a's signs. */
  public static final int VFCPSGN64 = 349;

  public static final int VFNEG32 = 350;
  public static final int VFABS32 = 351;
  public static final int VFNABS32 = 352;
  public static final int VFCPSGN32 = 353;

  // ---- conditions for software division: d = a CR field, all elements together; no status
  public static final int VFTDIV64 = 354;
  public static final int VFTSQRT64 = 355;
  public static final int VFTDIV32 = 356;
  public static final int VFTSQRT32 = 357;

  // ---- arithmetic on doubles: status
  public static final int VFADD64 = 360;
  public static final int VFSUB64 = 361;
  public static final int VFMUL64 = 362;
  public static final int VFDIV64 = 363;
  public static final int VFSQRT64 = 364;

  /** d = a * c + b. */
  public static final int VFMADD64 = 365;

  public static final int VFMSUB64 = 366;

  /** d = -(a * c + b). */
  public static final int VFNMADD64 = 367;

  public static final int VFNMSUB64 = 368;
  public static final int VFRE64 = 369;
  public static final int VFRSQRTE64 = 370;
  public static final int VFMAX64 = 371;
  public static final int VFMIN64 = 372;

  /** d = integral values, rounded in the mode of e's low three bits. */
  public static final int VFROUND64 = 373;

  /** d = integral values, rounded in FPSCR's mode, perhaps inexact. */
  public static final int VFROUNDX64 = 374;

  /** Ones where a and b compare so, else zeros; with FloatOp.RECORD in e, CR6: 8 all, 2 none. */
  public static final int VFCMPEQ64 = 375;

  public static final int VFCMPGT64 = 376;
  public static final int VFCMPGE64 = 377;

  // ---- conversions, each doubleword to a doubleword: status; toward zero to integers
  public static final int VFTOS64 = 380;
  public static final int VFTOU64 = 381;
  public static final int VFFROMS64 = 382;
  public static final int VFFROMU64 = 383;

  /** From the high word of each doubleword, an integer or a single. */
  public static final int VFFROMS32 = 384;

  public static final int VFFROMU32 = 385;
  public static final int VFFROM32 = 386;

  /** Integers from the single in the high word of each doubleword. */
  public static final int VF32TOS64 = 387;

  public static final int VF32TOU64 = 388;

  /** To a word, which comes out in both halves of the doubleword. */
  public static final int VFTOS32 = 389;

  public static final int VFTOU32 = 390;
  public static final int VFTO32 = 391;
  public static final int VFFROMS64TO32 = 392;
  public static final int VFFROMU64TO32 = 393;

  // ---- arithmetic on singles: status, numbered as that on doubles
  public static final int VFADD32 = 400;
  public static final int VFSUB32 = 401;
  public static final int VFMUL32 = 402;
  public static final int VFDIV32 = 403;
  public static final int VFSQRT32 = 404;
  public static final int VFMADD32 = 405;
  public static final int VFMSUB32 = 406;
  public static final int VFNMADD32 = 407;
  public static final int VFNMSUB32 = 408;
  public static final int VFRE32 = 409;
  public static final int VFRSQRTE32 = 410;
  public static final int VFMAX32 = 411;
  public static final int VFMIN32 = 412;
  public static final int VFROUND32 = 413;
  public static final int VFROUNDX32 = 414;
  public static final int VFCMPEQ32 = 415;
  public static final int VFCMPGT32 = 416;
  public static final int VFCMPGE32 = 417;

  // ---- conversions of words: status
  public static final int VF32TOS32 = 420;
  public static final int VF32TOU32 = 421;
  public static final int VFFROMS32TO32 = 422;
  public static final int VFFROMU32TO32 = 423;

  private VsxOp() {}
}
