package dev.vestibule.kernel.abi.power;

import static dev.vestibule.cpu.power.PowerState.CTR;
import static dev.vestibule.cpu.power.PowerState.FPSCR;
import static dev.vestibule.cpu.power.PowerState.LR;
import static dev.vestibule.cpu.power.PowerState.VRSAVE;
import static dev.vestibule.cpu.power.PowerState.VSCR;
import static dev.vestibule.cpu.power.PowerState.fpr;
import static dev.vestibule.cpu.power.PowerState.gpr;
import static dev.vestibule.cpu.power.PowerState.vr;
import static dev.vestibule.cpu.power.PowerState.vsr;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.power.PowerState;
import dev.vestibule.kernel.abi.Struct;

/**
 * Where do a Power thread's registers lie in a signal frame? The register part of struct sigcontext
 * (64-bit, asm/sigcontext.h) and struct mcontext (32-bit, asm/ucontext.h).
 */
final class MachineContext {
  private static final int NIP = 32;
  private static final int MSR = 33;
  private static final int ORIG_R3 = 34;
  private static final int CTR_AT = 35;
  private static final int LINK = 36;
  private static final int XER = 37;
  private static final int CCR = 38;
  private static final int SOFTE = 39;
  private static final int TRAP = 40;
  private static final int DAR = 41;
  private static final int GENERAL = 48;

  private static final long MSR_VEC = 1L << 25;
  private static final long MSR_VSX = 1L << 23;

  /** External interrupts, problem state, machine check, relocation on, recoverable. */
  private static final long MSR_USER = 0xf032;

  private static final long MSR_SF = 1L << 63;

  /** Bytes of general and floating-point registers. */
  static final int REGISTERS_64 = GENERAL * 8 + 33 * 8;

  private final boolean wide;
  private final boolean bigEndian;

  MachineContext(boolean wide, boolean bigEndian) {
    this.wide = wide;
    this.bigEndian = bigEndian;
  }

  private int at(int index) {
    return index * (wide ? 8 : 4);
  }

  /** The machine state register as programs see it. */
  long msr() {
    return MSR_USER | MSR_VEC | (wide ? MSR_SF | MSR_VSX : 0) | (bigEndian ? 0 : 1);
  }

  /** Where the vector registers' area begins in a 32-bit mcontext. */
  static final int VECTORS_32 = 464;

  /** Where the other halves of the VSX registers begin in a 32-bit mcontext. */
  static final int HALVES_32 = 992;

  /** Size of a 32-bit mcontext, VSX halves included (Linux 2.6.27). */
  static final int SIZE_32 = 1248;

  /**
   * Writes general and floating-point registers.
   *
   * @param base offset of the first general register
   */
  void save(Cpu cpu, Struct s, int base, long trap, long dar) {
    for (int n = 0; n < 32; n++) {
      s.putWord(base + at(n), cpu.slot(gpr(n)));
    }
    s.putWord(base + at(NIP), cpu.pc());
    s.putWord(base + at(MSR), msr());
    s.putWord(base + at(ORIG_R3), cpu.slot(gpr(3)));
    s.putWord(base + at(CTR_AT), cpu.slot(CTR));
    s.putWord(base + at(LINK), cpu.slot(LR));
    s.putWord(base + at(XER), PowerState.xer(cpu));
    s.putWord(base + at(CCR), PowerState.cr(cpu) & 0xffff_ffffL);
    s.putWord(base + at(SOFTE), wide ? 1 : 0);
    s.putWord(base + at(TRAP), trap);
    s.putWord(base + at(DAR), dar);
    int floats = base + at(GENERAL);
    for (int n = 0; n < 32; n++) {
      s.put64(floats + 8 * n, cpu.slot(fpr(n)));
    }
    s.put64(floats + 8 * 32, cpu.slot(FPSCR) & 0xffff_ffffL);
  }

  /**
   * Writes vector registers.
   *
   * @param base offset of VR0, aligned as in the guest
   * @param vrsave offset of VRSAVE's word
   */
  void saveVectors(Cpu cpu, Struct s, int base, int vrsave) {
    for (int n = 0; n < 32; n++) {
      putVector(s, base + 16 * n, cpu.slot(vr(n)), cpu.slot(vr(n) + 1));
    }
    s.put32(base + 512 + (bigEndian ? 12 : 0), (int) cpu.slot(VSCR));
    s.put32(vrsave, (int) cpu.slot(VRSAVE));
  }

  /** Writes the low doublewords of VSR 0 to 31. */
  void saveHalves(Cpu cpu, Struct s, int base) {
    for (int n = 0; n < 32; n++) {
      s.put64(base + 8 * n, cpu.slot(vsr(n)));
    }
  }

  private void putVector(Struct s, int at, long low, long high) {
    s.put64(at, bigEndian ? high : low);
    s.put64(at + 8, bigEndian ? low : high);
  }

  /**
   * Reads what {@link #save} wrote.
   *
   * @param keep a general register that stays as it is, or -1
   */
  void restore(Cpu cpu, Struct s, int base, int keep) {
    for (int n = 0; n < 32; n++) {
      if (n != keep) {
        cpu.setSlot(gpr(n), s.word(base + at(n)));
      }
    }
    cpu.setPc(s.word(base + at(NIP)) & -4L);
    cpu.setSlot(CTR, s.word(base + at(CTR_AT)));
    cpu.setSlot(LR, s.word(base + at(LINK)));
    PowerState.setXer(cpu, s.word(base + at(XER)));
    PowerState.setCr(cpu, (int) s.word(base + at(CCR)));
    int floats = base + at(GENERAL);
    for (int n = 0; n < 32; n++) {
      cpu.setSlot(fpr(n), s.i64(floats + 8 * n));
    }
    cpu.setSlot(FPSCR, s.i64(floats + 8 * 32) & 0xffff_ffffL);
  }

  /** Whether the saved MSR says that the vector registers are valid. */
  boolean hasVectors(Struct s, int base) {
    return (s.word(base + at(MSR)) & MSR_VEC) != 0;
  }

  boolean hasHalves(Struct s, int base) {
    return (s.word(base + at(MSR)) & MSR_VSX) != 0;
  }

  void restoreVectors(Cpu cpu, Struct s, int base, int vrsave) {
    for (int n = 0; n < 32; n++) {
      long first = s.i64(base + 16 * n);
      long second = s.i64(base + 16 * n + 8);
      cpu.setSlot(vr(n), bigEndian ? second : first);
      cpu.setSlot(vr(n) + 1, bigEndian ? first : second);
    }
    cpu.setSlot(VSCR, s.u32(base + 512 + (bigEndian ? 12 : 0)) & 0x1_0001);
    cpu.setSlot(VRSAVE, s.u32(vrsave));
  }

  void clearVectors(Cpu cpu) {
    for (int n = 0; n < 32; n++) {
      cpu.setSlot(vr(n), 0);
      cpu.setSlot(vr(n) + 1, 0);
    }
  }

  void restoreHalves(Cpu cpu, Struct s, int base) {
    for (int n = 0; n < 32; n++) {
      cpu.setSlot(vsr(n), s.i64(base + 8 * n));
    }
  }

  void clearHalves(Cpu cpu) {
    for (int n = 0; n < 32; n++) {
      cpu.setSlot(vsr(n), 0);
    }
  }
}
