package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.cpu.micro.Op;

/**
 * Which slot of a thread's record holds which Power register?
 *
 * <p>Condition register fields are kept apart, each as its four bits LT 8, GT 4, EQ 2, SO 1; XER's
 * SO, OV and CA are kept apart as 0 or 1. VSR n is the pair (64 + 2n: doubleword 1, 65 + 2n:
 * doubleword 0), so FPR n is slot 65 + 2n and VR n is VSR 32 + n. On 32-bit guests the high halves
 * of general registers, LR and CTR are meaningless.
 */
public final class PowerState {
  public static final int GPR = 0;
  public static final int LR = 32;
  public static final int CTR = 33;
  public static final int PC = 34;
  public static final int SO = 35;
  public static final int OV = 36;
  public static final int CA = 37;

  /** The other bits of XER: the string length in bits 57:63 and reserved ones. */
  public static final int XER_REST = 38;

  /** As mffs shows it. */
  public static final int FPSCR = FloatOp.FPSCR;

  public static final int CR0 = 40;
  public static final int VRSAVE = 48;

  /** NJ is 0x10000, SAT is 1. */
  public static final int VSCR = 49;

  /** Guest address of the reservation, or -1. */
  public static final int RESERVATION = Op.RESERVATION;

  /** What lwarx and its family loaded, in the host's byte order, to compare with. */
  public static final int RESERVED = Op.RESERVED;

  /** Size of the reservation in bytes. */
  public static final int RESERVED_SIZE = Op.RESERVED_SIZE;

  public static final int TAR = 54;
  public static final int DSCR = 55;
  public static final int PPR = 56;

  /** The second doubleword of a quadword reservation. */
  public static final int RESERVED_HIGH = 57;

  /** What SPR 259 shows: node << 16 | cpu. */
  public static final int SPRG_VDSO = 58;

  /** Processor version, which the kernel lets programs read. */
  public static final int PVR = 59;

  /** MSR's FE0 and FE1, which select whether enabled floating-point exceptions trap. */
  public static final int FPEXC = FloatOp.TRAPS;

  public static final int VSR = 64;

  private PowerState() {}

  public static int gpr(int n) {
    return GPR + n;
  }

  public static int crField(int n) {
    return CR0 + n;
  }

  /** Slot of FPR n, the high doubleword of VSR n. */
  public static int fpr(int n) {
    return VSR + 2 * n + 1;
  }

  /** Low slot of the pair of VSR n. */
  public static int vsr(int n) {
    return VSR + 2 * n;
  }

  /** Low slot of the pair of VR n. */
  public static int vr(int n) {
    return VSR + 2 * (32 + n);
  }

  /** The condition register as mfcr shows it. */
  public static int cr(Cpu cpu) {
    int cr = 0;
    for (int field = 0; field < 8; field++) {
      cr = cr << 4 | (int) cpu.slot(CR0 + field) & 0xf;
    }
    return cr;
  }

  public static void setCr(Cpu cpu, int cr) {
    for (int field = 0; field < 8; field++) {
      cpu.setSlot(CR0 + field, cr >>> (28 - 4 * field) & 0xf);
    }
  }

  /** XER as mfxer shows it: SO bit 32, OV 33, CA 34, length 57:63. */
  public static long xer(Cpu cpu) {
    return cpu.slot(SO) << 31 | cpu.slot(OV) << 30 | cpu.slot(CA) << 29 | cpu.slot(XER_REST);
  }

  public static void setXer(Cpu cpu, long xer) {
    cpu.setSlot(SO, xer >>> 31 & 1);
    cpu.setSlot(OV, xer >>> 30 & 1);
    cpu.setSlot(CA, xer >>> 29 & 1);
    cpu.setSlot(XER_REST, xer & 0x1fff_ffff);
  }
}
