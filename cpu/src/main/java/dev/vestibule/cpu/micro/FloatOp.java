package dev.vestibule.cpu.micro;

/**
 * Which floating-point micro-operations exist?
 *
 * <p>Numbers are in double format, one to a slot; "32" operations round once to single precision
 * and hold the result in double format. A <em>scalar</em> result goes to slot d, which is the high
 * slot of a vector pair, and zero to the pair's low slot, d - 1 (undefined before ISA 3.1; zero is
 * what processors do). A <em>plain</em> result goes to slot d alone.
 *
 * <p>Operations with <em>status</em> take rounding mode and enables from the slot {@link #FPSCR}
 * and update it as Power does. An enabled invalid operation or zero divide leaves d as it was. If e
 * has the bit {@link #RECORD}, FPSCR's first four bits go to slot {@link #CR1} as well. Such an
 * operation is the last of its instruction: the thread may stop behind it.
 */
public final class FloatOp {
  /** Slot of the status and control register, as mffs shows it. */
  public static final int FPSCR = 39;

  /**
   * Slot of the trap mode, as prctl(PR_SET_FPEXC) names it: 0 if enabled exceptions do not stop the
   * thread. Otherwise they do, behind the operation, with the pc at its instruction.
   */
  public static final int TRAPS = 60;

  /** Slot of condition register field 1. */
  public static final int CR1 = 41;

  /** In e: copy FX, FEX, VX and OX to CR field 1. */
  public static final int RECORD = 0x200;

  // ---- arithmetic: scalar, status
  public static final int FADD64 = 200;
  public static final int FSUB64 = 201;
  public static final int FMUL64 = 202;
  public static final int FDIV64 = 203;
  public static final int FSQRT64 = 204;

  /** d = a * c + b. */
  public static final int FMADD64 = 205;

  public static final int FMSUB64 = 206;

  /** d = -(a * c + b). */
  public static final int FNMADD64 = 207;

  public static final int FNMSUB64 = 208;

  /** d = an estimate of 1 / a. */
  public static final int FRE64 = 209;

  /** d = an estimate of 1 / sqrt(a). */
  public static final int FRSQRTE64 = 210;

  /** d = a rounded to an integral value in the mode of e's low three bits, never inexact. */
  public static final int FROUND64 = 211;

  /** d = a rounded to an integral value in FPSCR's mode, perhaps inexact. */
  public static final int FROUNDX64 = 212;

  /** d = the low word of a, a number in single format, with its signalling NaNs made quiet. */
  public static final int FFROM32 = 213;

  public static final int FFROMS64 = 214;
  public static final int FFROMU64 = 215;
  public static final int FADD32 = 216;
  public static final int FSUB32 = 217;
  public static final int FMUL32 = 218;
  public static final int FDIV32 = 219;
  public static final int FSQRT32 = 220;
  public static final int FMADD32 = 221;
  public static final int FMSUB32 = 222;
  public static final int FNMADD32 = 223;
  public static final int FNMSUB32 = 224;
  public static final int FRE32 = 225;
  public static final int FRSQRTE32 = 226;

  /** d = a rounded to single precision. */
  public static final int FTO32 = 227;

  public static final int FFROMS64TO32 = 228;
  public static final int FFROMU64TO32 = 229;

  // ---- conversions to integers: scalar, status; e's low three bits are the mode, or CURRENT
  /** In e: FPSCR's rounding mode. */
  public static final int CURRENT = 7;

  /** In e: FPRF, undefined by the book, becomes QNaN's when the conversion is invalid. */
  public static final int CLASS = 8;

  /** In e, for words: the result's low word in the high one too. */
  public static final int TWICE = 16;

  public static final int FTOS32 = 230;
  public static final int FTOU32 = 231;
  public static final int FTOS64 = 232;
  public static final int FTOU64 = 233;

  // ---- scalar, status
  /** both words of d = a rounded to single precision, in single format. */
  public static final int FNARROW32 = 234;

  public static final int FMAX64 = 235;
  public static final int FMIN64 = 236;

  // ---- conditions: plain, 8 less, 4 greater, 2 equal, 1 unordered; the first two with status
  public static final int FCMPU64 = 237;
  public static final int FCMPO64 = 238;
  public static final int FTDIV64 = 239;
  public static final int FTSQRT64 = 240;

  // ---- FPSCR: status, but d and the operands are integers
  /** FPSCR's fields that e's low eight bits name = a's; its high half if e has bit 0x100. */
  public static final int FPSCR_FIELDS = 241;

  /** FPSCR = a. */
  public static final int FPSCR_ALL = 242;

  /** Clears the bit with the number in e's low five bits, 0 for FX. */
  public static final int FPSCR_CLEAR = 243;

  public static final int FPSCR_SET = 244;

  /** d = the field with the number in e's low three bits; its exception bits are cleared. */
  public static final int FPSCR_TAKE = 245;

  // ---- sign, choice, format: scalar, no status
  public static final int FNEG64 = 250;
  public static final int FABS64 = 251;
  public static final int FNABS64 = 252;

  /** d = b with the sign of a. */
  public static final int FCPSGN64 = 253;

  /** d = a is at least zero ? c : b. */
  public static final int FSEL64 = 254;

  /** d = the low word of a, a number in single format; signalling NaNs stay so; plain. */
  public static final int FWIDEN = 255;

  /** d = a in single format, truncated; plain. */
  public static final int FCUT = 256;

  private FloatOp() {}
}
