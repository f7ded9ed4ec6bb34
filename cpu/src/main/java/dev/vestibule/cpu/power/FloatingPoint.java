package dev.vestibule.cpu.power;

import dev.vestibule.cpu.fp.FpEnv;
import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.declare.Instruction;

/**
 * Floating-point moves, arithmetic, conversions, compares and the FPSCR: Power ISA 2.07B, Book I,
 * 4.6.5 to 4.6.10.
 */
final class FloatingPoint {
  private FloatingPoint() {}

  // ---- 4.6.5 moves

  private static void move(PowerBuilder m, int op, int frt, int a, int b, boolean rc) {
    m.scalarTo(op, PowerState.fpr(frt), a, b, a);
    if (rc) {
      m.recordFloat();
    }
  }

  @Instruction(value = "63 frt /:5 frb 72 rc", asm = "fmr{rc:.} frt,frb", section = "4.6.5")
  static void fmr(PowerBuilder m, int frt, int frb, boolean rc) {
    m.putFpr(frt, m.fpr(frb));
    if (rc) {
      m.recordFloat();
    }
  }

  @Instruction(value = "63 frt /:5 frb 40 rc", asm = "fneg{rc:.} frt,frb", section = "4.6.5")
  static void fneg(PowerBuilder m, int frt, int frb, boolean rc) {
    move(m, FloatOp.FNEG64, frt, m.fpr(frb), m.fpr(frb), rc);
  }

  @Instruction(value = "63 frt /:5 frb 264 rc", asm = "fabs{rc:.} frt,frb", section = "4.6.5")
  static void fabs(PowerBuilder m, int frt, int frb, boolean rc) {
    move(m, FloatOp.FABS64, frt, m.fpr(frb), m.fpr(frb), rc);
  }

  @Instruction(value = "63 frt /:5 frb 136 rc", asm = "fnabs{rc:.} frt,frb", section = "4.6.5")
  static void fnabs(PowerBuilder m, int frt, int frb, boolean rc) {
    move(m, FloatOp.FNABS64, frt, m.fpr(frb), m.fpr(frb), rc);
  }

  @Instruction(value = "63 frt fra frb 8 rc", asm = "fcpsgn{rc:.} frt,fra,frb", section = "4.6.5")
  static void fcpsgn(PowerBuilder m, int frt, int fra, int frb, boolean rc) {
    move(m, FloatOp.FCPSGN64, frt, m.fpr(fra), m.fpr(frb), rc);
  }

  @Instruction(value = "63 frt fra frb 966:10 /:1", asm = "fmrgew frt,fra,frb", section = "4.6.5")
  static void fmrgew(PowerBuilder m, int frt, int fra, int frb) {
    int high = m.and(m.fpr(fra), -1L << 32);
    int low = m.opImmediate(Op.SHRI, m.fpr(frb), 32);
    m.putFpr(frt, m.op(Op.OR, high, low));
  }

  @Instruction(value = "63 frt fra frb 838:10 /:1", asm = "fmrgow frt,fra,frb", section = "4.6.5")
  static void fmrgow(PowerBuilder m, int frt, int fra, int frb) {
    int high = m.opImmediate(Op.SHLI, m.fpr(fra), 32);
    int low = m.op(Op.ZX32, m.fpr(frb));
    m.putFpr(frt, m.op(Op.OR, high, low));
  }

  // ---- 4.6.6 arithmetic

  private static void arithmetic(PowerBuilder m, int op, int frt, int a, int b, int c, boolean rc) {
    m.statusTo(op, PowerState.fpr(frt), a, b, c, rc ? FloatOp.RECORD : 0);
    if (rc) {
      m.written(PowerState.crField(1));
    }
  }

  private static void binary(PowerBuilder m, int op, int frt, int fra, int frb, boolean rc) {
    arithmetic(m, op, frt, m.fpr(fra), m.fpr(frb), m.fpr(frb), rc);
  }

  private static void unary(PowerBuilder m, int op, int frt, int frb, boolean rc) {
    arithmetic(m, op, frt, m.fpr(frb), m.fpr(frb), m.fpr(frb), rc);
  }

  private static void fused(
      PowerBuilder m, int op, int frt, int fra, int frb, int frc, boolean rc) {
    arithmetic(m, op, frt, m.fpr(fra), m.fpr(frb), m.fpr(frc), rc);
  }

  @Instruction(
      value = "63 frt fra frb /:5 21 rc",
      asm = "fadd{rc:.} frt,fra,frb",
      section = "4.6.6.1")
  static void fadd(PowerBuilder m, int frt, int fra, int frb, boolean rc) {
    binary(m, FloatOp.FADD64, frt, fra, frb, rc);
  }

  @Instruction(
      value = "63 frt fra frb /:5 20 rc",
      asm = "fsub{rc:.} frt,fra,frb",
      section = "4.6.6.1")
  static void fsub(PowerBuilder m, int frt, int fra, int frb, boolean rc) {
    binary(m, FloatOp.FSUB64, frt, fra, frb, rc);
  }

  @Instruction(
      value = "63 frt fra frb /:5 18 rc",
      asm = "fdiv{rc:.} frt,fra,frb",
      section = "4.6.6.1")
  static void fdiv(PowerBuilder m, int frt, int fra, int frb, boolean rc) {
    binary(m, FloatOp.FDIV64, frt, fra, frb, rc);
  }

  @Instruction(
      value = "63 frt fra /:5 frc 25 rc",
      asm = "fmul{rc:.} frt,fra,frc",
      section = "4.6.6.1")
  static void fmul(PowerBuilder m, int frt, int fra, int frc, boolean rc) {
    binary(m, FloatOp.FMUL64, frt, fra, frc, rc);
  }

  @Instruction(value = "63 frt /:5 frb /:5 22 rc", asm = "fsqrt{rc:.} frt,frb", section = "4.6.6.1")
  static void fsqrt(PowerBuilder m, int frt, int frb, boolean rc) {
    unary(m, FloatOp.FSQRT64, frt, frb, rc);
  }

  @Instruction(value = "63 frt /:5 frb /:5 24 rc", asm = "fre{rc:.} frt,frb", section = "4.6.6.1")
  static void fre(PowerBuilder m, int frt, int frb, boolean rc) {
    unary(m, FloatOp.FRE64, frt, frb, rc);
  }

  @Instruction(
      value = "63 frt /:5 frb /:5 26 rc",
      asm = "frsqrte{rc:.} frt,frb",
      section = "4.6.6.1")
  static void frsqrte(PowerBuilder m, int frt, int frb, boolean rc) {
    unary(m, FloatOp.FRSQRTE64, frt, frb, rc);
  }

  @Instruction(
      value = "63 frt fra frb frc 29 rc",
      asm = "fmadd{rc:.} frt,fra,frc,frb",
      section = "4.6.6.2")
  static void fmadd(PowerBuilder m, int frt, int fra, int frb, int frc, boolean rc) {
    fused(m, FloatOp.FMADD64, frt, fra, frb, frc, rc);
  }

  @Instruction(
      value = "63 frt fra frb frc 28 rc",
      asm = "fmsub{rc:.} frt,fra,frc,frb",
      section = "4.6.6.2")
  static void fmsub(PowerBuilder m, int frt, int fra, int frb, int frc, boolean rc) {
    fused(m, FloatOp.FMSUB64, frt, fra, frb, frc, rc);
  }

  @Instruction(
      value = "63 frt fra frb frc 31 rc",
      asm = "fnmadd{rc:.} frt,fra,frc,frb",
      section = "4.6.6.2")
  static void fnmadd(PowerBuilder m, int frt, int fra, int frb, int frc, boolean rc) {
    fused(m, FloatOp.FNMADD64, frt, fra, frb, frc, rc);
  }

  @Instruction(
      value = "63 frt fra frb frc 30 rc",
      asm = "fnmsub{rc:.} frt,fra,frc,frb",
      section = "4.6.6.2")
  static void fnmsub(PowerBuilder m, int frt, int fra, int frb, int frc, boolean rc) {
    fused(m, FloatOp.FNMSUB64, frt, fra, frb, frc, rc);
  }

  @Instruction(
      value = "59 frt fra frb /:5 21 rc",
      asm = "fadds{rc:.} frt,fra,frb",
      section = "4.6.6.1")
  static void fadds(PowerBuilder m, int frt, int fra, int frb, boolean rc) {
    binary(m, FloatOp.FADD32, frt, fra, frb, rc);
  }

  @Instruction(
      value = "59 frt fra frb /:5 20 rc",
      asm = "fsubs{rc:.} frt,fra,frb",
      section = "4.6.6.1")
  static void fsubs(PowerBuilder m, int frt, int fra, int frb, boolean rc) {
    binary(m, FloatOp.FSUB32, frt, fra, frb, rc);
  }

  @Instruction(
      value = "59 frt fra frb /:5 18 rc",
      asm = "fdivs{rc:.} frt,fra,frb",
      section = "4.6.6.1")
  static void fdivs(PowerBuilder m, int frt, int fra, int frb, boolean rc) {
    binary(m, FloatOp.FDIV32, frt, fra, frb, rc);
  }

  @Instruction(
      value = "59 frt fra /:5 frc 25 rc",
      asm = "fmuls{rc:.} frt,fra,frc",
      section = "4.6.6.1")
  static void fmuls(PowerBuilder m, int frt, int fra, int frc, boolean rc) {
    binary(m, FloatOp.FMUL32, frt, fra, frc, rc);
  }

  @Instruction(
      value = "59 frt /:5 frb /:5 22 rc",
      asm = "fsqrts{rc:.} frt,frb",
      section = "4.6.6.1")
  static void fsqrts(PowerBuilder m, int frt, int frb, boolean rc) {
    unary(m, FloatOp.FSQRT32, frt, frb, rc);
  }

  @Instruction(value = "59 frt /:5 frb /:5 24 rc", asm = "fres{rc:.} frt,frb", section = "4.6.6.1")
  static void fres(PowerBuilder m, int frt, int frb, boolean rc) {
    unary(m, FloatOp.FRE32, frt, frb, rc);
  }

  @Instruction(
      value = "59 frt /:5 frb /:5 26 rc",
      asm = "frsqrtes{rc:.} frt,frb",
      section = "4.6.6.1")
  static void frsqrtes(PowerBuilder m, int frt, int frb, boolean rc) {
    unary(m, FloatOp.FRSQRTE32, frt, frb, rc);
  }

  @Instruction(
      value = "59 frt fra frb frc 29 rc",
      asm = "fmadds{rc:.} frt,fra,frc,frb",
      section = "4.6.6.2")
  static void fmadds(PowerBuilder m, int frt, int fra, int frb, int frc, boolean rc) {
    fused(m, FloatOp.FMADD32, frt, fra, frb, frc, rc);
  }

  @Instruction(
      value = "59 frt fra frb frc 28 rc",
      asm = "fmsubs{rc:.} frt,fra,frc,frb",
      section = "4.6.6.2")
  static void fmsubs(PowerBuilder m, int frt, int fra, int frb, int frc, boolean rc) {
    fused(m, FloatOp.FMSUB32, frt, fra, frb, frc, rc);
  }

  @Instruction(
      value = "59 frt fra frb frc 31 rc",
      asm = "fnmadds{rc:.} frt,fra,frc,frb",
      section = "4.6.6.2")
  static void fnmadds(PowerBuilder m, int frt, int fra, int frb, int frc, boolean rc) {
    fused(m, FloatOp.FNMADD32, frt, fra, frb, frc, rc);
  }

  @Instruction(
      value = "59 frt fra frb frc 30 rc",
      asm = "fnmsubs{rc:.} frt,fra,frc,frb",
      section = "4.6.6.2")
  static void fnmsubs(PowerBuilder m, int frt, int fra, int frb, int frc, boolean rc) {
    fused(m, FloatOp.FNMSUB32, frt, fra, frb, frc, rc);
  }

  @Instruction(
      value = "63 bf /:2 fra frb 128:10 /:1",
      asm = "ftdiv bf,fra,frb",
      section = "4.6.6.1")
  static void ftdiv(PowerBuilder m, int bf, int fra, int frb) {
    m.put(PowerState.crField(bf), m.op(FloatOp.FTDIV64, m.fpr(fra), m.fpr(frb)));
  }

  @Instruction(value = "63 bf /:2 /:5 frb 160:10 /:1", asm = "ftsqrt bf,frb", section = "4.6.6.1")
  static void ftsqrt(PowerBuilder m, int bf, int frb) {
    m.put(PowerState.crField(bf), m.op(FloatOp.FTSQRT64, m.fpr(frb)));
  }

  // ---- 4.6.7 rounding and conversion

  @Instruction(value = "63 frt /:5 frb 12 rc", asm = "frsp{rc:.} frt,frb", section = "4.6.7.1")
  static void frsp(PowerBuilder m, int frt, int frb, boolean rc) {
    unary(m, FloatOp.FTO32, frt, frb, rc);
  }

  private static void convert(PowerBuilder m, int op, int frt, int frb, int mode, boolean rc) {
    int e = mode | FloatOp.CLASS | (rc ? FloatOp.RECORD : 0);
    m.statusTo(op, PowerState.fpr(frt), m.fpr(frb), m.fpr(frb), m.fpr(frb), e);
    if (rc) {
      m.written(PowerState.crField(1));
    }
  }

  @Instruction(value = "63 frt /:5 frb 14 rc", asm = "fctiw{rc:.} frt,frb", section = "4.6.7.2")
  static void fctiw(PowerBuilder m, int frt, int frb, boolean rc) {
    convert(m, FloatOp.FTOS32, frt, frb, FloatOp.CURRENT, rc);
  }

  @Instruction(value = "63 frt /:5 frb 15 rc", asm = "fctiwz{rc:.} frt,frb", section = "4.6.7.2")
  static void fctiwz(PowerBuilder m, int frt, int frb, boolean rc) {
    convert(m, FloatOp.FTOS32, frt, frb, FpEnv.TOWARD_ZERO, rc);
  }

  @Instruction(value = "63 frt /:5 frb 142 rc", asm = "fctiwu{rc:.} frt,frb", section = "4.6.7.2")
  static void fctiwu(PowerBuilder m, int frt, int frb, boolean rc) {
    convert(m, FloatOp.FTOU32, frt, frb, FloatOp.CURRENT, rc);
  }

  @Instruction(value = "63 frt /:5 frb 143 rc", asm = "fctiwuz{rc:.} frt,frb", section = "4.6.7.2")
  static void fctiwuz(PowerBuilder m, int frt, int frb, boolean rc) {
    convert(m, FloatOp.FTOU32, frt, frb, FpEnv.TOWARD_ZERO, rc);
  }

  @Instruction(value = "63 frt /:5 frb 814 rc", asm = "fctid{rc:.} frt,frb", section = "4.6.7.2")
  static void fctid(PowerBuilder m, int frt, int frb, boolean rc) {
    convert(m, FloatOp.FTOS64, frt, frb, FloatOp.CURRENT, rc);
  }

  @Instruction(value = "63 frt /:5 frb 815 rc", asm = "fctidz{rc:.} frt,frb", section = "4.6.7.2")
  static void fctidz(PowerBuilder m, int frt, int frb, boolean rc) {
    convert(m, FloatOp.FTOS64, frt, frb, FpEnv.TOWARD_ZERO, rc);
  }

  @Instruction(value = "63 frt /:5 frb 942 rc", asm = "fctidu{rc:.} frt,frb", section = "4.6.7.2")
  static void fctidu(PowerBuilder m, int frt, int frb, boolean rc) {
    convert(m, FloatOp.FTOU64, frt, frb, FloatOp.CURRENT, rc);
  }

  @Instruction(value = "63 frt /:5 frb 943 rc", asm = "fctiduz{rc:.} frt,frb", section = "4.6.7.2")
  static void fctiduz(PowerBuilder m, int frt, int frb, boolean rc) {
    convert(m, FloatOp.FTOU64, frt, frb, FpEnv.TOWARD_ZERO, rc);
  }

  @Instruction(value = "63 frt /:5 frb 846 rc", asm = "fcfid{rc:.} frt,frb", section = "4.6.7.2")
  static void fcfid(PowerBuilder m, int frt, int frb, boolean rc) {
    unary(m, FloatOp.FFROMS64, frt, frb, rc);
  }

  @Instruction(value = "63 frt /:5 frb 974 rc", asm = "fcfidu{rc:.} frt,frb", section = "4.6.7.2")
  static void fcfidu(PowerBuilder m, int frt, int frb, boolean rc) {
    unary(m, FloatOp.FFROMU64, frt, frb, rc);
  }

  @Instruction(value = "59 frt /:5 frb 846 rc", asm = "fcfids{rc:.} frt,frb", section = "4.6.7.2")
  static void fcfids(PowerBuilder m, int frt, int frb, boolean rc) {
    unary(m, FloatOp.FFROMS64TO32, frt, frb, rc);
  }

  @Instruction(value = "59 frt /:5 frb 974 rc", asm = "fcfidus{rc:.} frt,frb", section = "4.6.7.2")
  static void fcfidus(PowerBuilder m, int frt, int frb, boolean rc) {
    unary(m, FloatOp.FFROMU64TO32, frt, frb, rc);
  }

  private static void round(PowerBuilder m, int frt, int frb, int mode, boolean rc) {
    int e = mode | (rc ? FloatOp.RECORD : 0);
    int b = m.fpr(frb);
    m.statusTo(FloatOp.FROUND64, PowerState.fpr(frt), b, b, b, e);
    if (rc) {
      m.written(PowerState.crField(1));
    }
  }

  @Instruction(value = "63 frt /:5 frb 392 rc", asm = "frin{rc:.} frt,frb", section = "4.6.7.3")
  static void frin(PowerBuilder m, int frt, int frb, boolean rc) {
    round(m, frt, frb, FpEnv.NEAREST_AWAY, rc);
  }

  @Instruction(value = "63 frt /:5 frb 424 rc", asm = "friz{rc:.} frt,frb", section = "4.6.7.3")
  static void friz(PowerBuilder m, int frt, int frb, boolean rc) {
    round(m, frt, frb, FpEnv.TOWARD_ZERO, rc);
  }

  @Instruction(value = "63 frt /:5 frb 456 rc", asm = "frip{rc:.} frt,frb", section = "4.6.7.3")
  static void frip(PowerBuilder m, int frt, int frb, boolean rc) {
    round(m, frt, frb, FpEnv.UPWARD, rc);
  }

  @Instruction(value = "63 frt /:5 frb 488 rc", asm = "frim{rc:.} frt,frb", section = "4.6.7.3")
  static void frim(PowerBuilder m, int frt, int frb, boolean rc) {
    round(m, frt, frb, FpEnv.DOWNWARD, rc);
  }

  // ---- 4.6.8, 4.6.9 compare and select

  private static void compare(PowerBuilder m, int op, int bf, int fra, int frb) {
    m.opTo(op, PowerState.crField(bf), m.fpr(fra), m.fpr(frb), m.fpr(frb), 0);
    m.written(PowerState.FPSCR);
  }

  @Instruction(value = "63 bf /:2 fra frb 0:10 /:1", asm = "fcmpu bf,fra,frb", section = "4.6.8")
  static void fcmpu(PowerBuilder m, int bf, int fra, int frb) {
    compare(m, FloatOp.FCMPU64, bf, fra, frb);
  }

  @Instruction(value = "63 bf /:2 fra frb 32:10 /:1", asm = "fcmpo bf,fra,frb", section = "4.6.8")
  static void fcmpo(PowerBuilder m, int bf, int fra, int frb) {
    compare(m, FloatOp.FCMPO64, bf, fra, frb);
  }

  @Instruction(
      value = "63 frt fra frb frc 23 rc",
      asm = "fsel{rc:.} frt,fra,frc,frb",
      section = "4.6.9")
  static void fsel(PowerBuilder m, int frt, int fra, int frb, int frc, boolean rc) {
    m.scalarTo(FloatOp.FSEL64, PowerState.fpr(frt), m.fpr(fra), m.fpr(frb), m.fpr(frc));
    if (rc) {
      m.recordFloat();
    }
  }

  // ---- 4.6.10 status and control register

  private static void status(PowerBuilder m, int op, int d, int a, int e, boolean rc) {
    m.opTo(op, d, a, a, a, rc ? e | FloatOp.RECORD : e);
    m.written(PowerState.FPSCR);
    if (rc) {
      m.written(PowerState.crField(1));
    }
  }

  @Instruction(value = "63 frt /:10 583 rc", asm = "mffs{rc:.} frt", section = "4.6.10")
  static void mffs(PowerBuilder m, int frt, boolean rc) {
    m.putFpr(frt, m.get(PowerState.FPSCR));
    if (rc) {
      m.recordFloat();
    }
  }

  @Instruction(value = "63 bf /:2 bfa /:2 /:5 64:10 /:1", asm = "mcrfs bf,bfa", section = "4.6.10")
  static void mcrfs(PowerBuilder m, int bf, int bfa) {
    int unused = m.get(PowerState.FPSCR);
    status(m, FloatOp.FPSCR_TAKE, PowerState.crField(bf), unused, bfa, false);
  }

  @Instruction(value = "63 bf /:6 w u /:1 134 rc", asm = "mtfsfi{rc:.} bf,u,w", section = "4.6.10")
  static void mtfsfi(PowerBuilder m, int bf, int w, int u, boolean rc) {
    int value = m.constant(u * 0x1111_1111_1111_1111L);
    int fields = 0x80 >> bf | w << 8;
    status(m, FloatOp.FPSCR_FIELDS, PowerState.FPSCR, value, fields, rc);
  }

  @Instruction(
      value = "63 lf flm w frb 711 rc",
      asm = "mtfsf{rc:.} flm,frb,lf,w",
      section = "4.6.10")
  static void mtfsf(PowerBuilder m, boolean lf, int flm, int w, int frb, boolean rc) {
    int op = lf ? FloatOp.FPSCR_ALL : FloatOp.FPSCR_FIELDS;
    status(m, op, PowerState.FPSCR, m.fpr(frb), flm | w << 8, rc);
  }

  @Instruction(value = "63 bt /:5 /:5 70 rc", asm = "mtfsb0{rc:.} bt", section = "4.6.10")
  static void mtfsb0(PowerBuilder m, int bt, boolean rc) {
    int unused = m.get(PowerState.FPSCR);
    status(m, FloatOp.FPSCR_CLEAR, PowerState.FPSCR, unused, bt, rc);
  }

  @Instruction(value = "63 bt /:5 /:5 38 rc", asm = "mtfsb1{rc:.} bt", section = "4.6.10")
  static void mtfsb1(PowerBuilder m, int bt, boolean rc) {
    int unused = m.get(PowerState.FPSCR);
    status(m, FloatOp.FPSCR_SET, PowerState.FPSCR, unused, bt, rc);
  }
}
