package dev.vestibule.cpu.power;

import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VsxOp;
import dev.vestibule.declare.Instruction;

/**
 * VSX loads, stores, moves, logic and permutations: Power ISA 2.07B, Book I, 7.6.1.1, 7.6.1.2,
 * 7.6.1.8 and 7.6.1.9. Where a load or move leaves doubleword 1 undefined, it keeps its value.
 */
final class VsxMove {
  private VsxMove() {}

  // ---- 7.6.1.2 loads and stores

  @Instruction(value = "31 xt ra rb 588 xt", asm = "lxsdx xt,ra,rb", section = "7.6.1.2")
  static void lxsdx(PowerBuilder m, int xt, int ra, int rb) {
    m.put(high(xt), m.load(m.loadOp(8, false), m.indexed(ra, rb), 0));
  }

  @Instruction(value = "31 xt ra rb 76 xt", asm = "lxsiwax xt,ra,rb", section = "7.6.1.2")
  static void lxsiwax(PowerBuilder m, int xt, int ra, int rb) {
    m.put(high(xt), m.load(m.loadOp(4, true), m.indexed(ra, rb), 0));
  }

  @Instruction(value = "31 xt ra rb 12 xt", asm = "lxsiwzx xt,ra,rb", section = "7.6.1.2")
  static void lxsiwzx(PowerBuilder m, int xt, int ra, int rb) {
    m.put(high(xt), m.load(m.loadOp(4, false), m.indexed(ra, rb), 0));
  }

  @Instruction(value = "31 xt ra rb 524 xt", asm = "lxsspx xt,ra,rb", section = "7.6.1.2")
  static void lxsspx(PowerBuilder m, int xt, int ra, int rb) {
    int single = m.load(m.loadOp(4, false), m.indexed(ra, rb), 0);
    m.put(high(xt), m.op(FloatOp.FWIDEN, single));
  }

  @Instruction(value = "31 xt ra rb 844 xt", asm = "lxvd2x xt,ra,rb", section = "7.6.1.2")
  static void lxvd2x(PowerBuilder m, int xt, int ra, int rb) {
    int op = m.bigEndian() ? Op.VLD128BE : Op.VLD64X2LE;
    m.vectorLoad(op, PowerState.vsr(xt), m.indexed(ra, rb), 0);
  }

  @Instruction(value = "31 xt ra rb 332 xt", asm = "lxvdsx xt,ra,rb", section = "7.6.1.2")
  static void lxvdsx(PowerBuilder m, int xt, int ra, int rb) {
    int value = m.load(m.loadOp(8, false), m.indexed(ra, rb), 0);
    m.vectorTo(VsxOp.VSPLATD, PowerState.vsr(xt), value, value);
  }

  @Instruction(value = "31 xt ra rb 780 xt", asm = "lxvw4x xt,ra,rb", section = "7.6.1.2")
  static void lxvw4x(PowerBuilder m, int xt, int ra, int rb) {
    int op = m.bigEndian() ? Op.VLD128BE : Op.VLD32X4LE;
    m.vectorLoad(op, PowerState.vsr(xt), m.indexed(ra, rb), 0);
  }

  @Instruction(value = "31 xs ra rb 716 xs", asm = "stxsdx xs,ra,rb", section = "7.6.1.2")
  static void stxsdx(PowerBuilder m, int xs, int ra, int rb) {
    m.store(m.storeOp(8), m.indexed(ra, rb), 0, m.get(high(xs)));
  }

  @Instruction(value = "31 xs ra rb 140 xs", asm = "stxsiwx xs,ra,rb", section = "7.6.1.2")
  static void stxsiwx(PowerBuilder m, int xs, int ra, int rb) {
    m.store(m.storeOp(4), m.indexed(ra, rb), 0, m.get(high(xs)));
  }

  @Instruction(value = "31 xs ra rb 652 xs", asm = "stxsspx xs,ra,rb", section = "7.6.1.2")
  static void stxsspx(PowerBuilder m, int xs, int ra, int rb) {
    int single = m.op(FloatOp.FCUT, m.get(high(xs)));
    m.store(m.storeOp(4), m.indexed(ra, rb), 0, single);
  }

  @Instruction(value = "31 xs ra rb 972 xs", asm = "stxvd2x xs,ra,rb", section = "7.6.1.2")
  static void stxvd2x(PowerBuilder m, int xs, int ra, int rb) {
    int op = m.bigEndian() ? Op.VST128BE : Op.VST64X2LE;
    m.vectorStore(op, m.vsr(xs), m.indexed(ra, rb), 0);
  }

  @Instruction(value = "31 xs ra rb 908 xs", asm = "stxvw4x xs,ra,rb", section = "7.6.1.2")
  static void stxvw4x(PowerBuilder m, int xs, int ra, int rb) {
    int op = m.bigEndian() ? Op.VST128BE : Op.VST32X4LE;
    m.vectorStore(op, m.vsr(xs), m.indexed(ra, rb), 0);
  }

  /** The slot of a VSR's doubleword 0. */
  private static int high(int n) {
    return PowerState.vsr(n) + 1;
  }

  // ---- 4.6.5, 7.6.1.1 moves from and to general registers

  @Instruction(value = "31 xs ra /:5 51 xs", asm = "mfvsrd ra,xs", section = "7.6.1.1", wide = true)
  static void mfvsrd(PowerBuilder m, int xs, int ra) {
    m.putGpr(ra, m.get(high(xs)));
  }

  @Instruction(value = "31 xs ra /:5 115 xs", asm = "mfvsrwz ra,xs", section = "7.6.1.1")
  static void mfvsrwz(PowerBuilder m, int xs, int ra) {
    m.putGpr(ra, m.op(Op.ZX32, m.get(high(xs))));
  }

  @Instruction(
      value = "31 xt ra /:5 179 xt",
      asm = "mtvsrd xt,ra",
      section = "7.6.1.1",
      wide = true)
  static void mtvsrd(PowerBuilder m, int xt, int ra) {
    m.put(high(xt), m.gpr(ra));
  }

  @Instruction(value = "31 xt ra /:5 211 xt", asm = "mtvsrwa xt,ra", section = "7.6.1.1")
  static void mtvsrwa(PowerBuilder m, int xt, int ra) {
    m.put(high(xt), m.op(Op.SX32, m.gpr(ra)));
  }

  @Instruction(value = "31 xt ra /:5 243 xt", asm = "mtvsrwz xt,ra", section = "7.6.1.1")
  static void mtvsrwz(PowerBuilder m, int xt, int ra) {
    m.put(high(xt), m.op(Op.ZX32, m.gpr(ra)));
  }

  // ---- 7.6.1.8 logic

  private static void logic(PowerBuilder m, int op, int xt, int xa, int xb) {
    m.vectorTo(op, PowerState.vsr(xt), m.vsr(xa), m.vsr(xb));
  }

  @Instruction(value = "60 xt xa xb 130 xa xb xt", asm = "xxland xt,xa,xb", section = "7.6.1.8")
  static void xxland(PowerBuilder m, int xt, int xa, int xb) {
    logic(m, Op.VAND, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 138 xa xb xt", asm = "xxlandc xt,xa,xb", section = "7.6.1.8")
  static void xxlandc(PowerBuilder m, int xt, int xa, int xb) {
    logic(m, Op.VANDC, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 186 xa xb xt", asm = "xxleqv xt,xa,xb", section = "7.6.1.8")
  static void xxleqv(PowerBuilder m, int xt, int xa, int xb) {
    logic(m, Op.VEQV, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 178 xa xb xt", asm = "xxlnand xt,xa,xb", section = "7.6.1.8")
  static void xxlnand(PowerBuilder m, int xt, int xa, int xb) {
    logic(m, Op.VNAND, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 162 xa xb xt", asm = "xxlnor xt,xa,xb", section = "7.6.1.8")
  static void xxlnor(PowerBuilder m, int xt, int xa, int xb) {
    logic(m, Op.VNOR, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 146 xa xb xt", asm = "xxlor xt,xa,xb", section = "7.6.1.8")
  static void xxlor(PowerBuilder m, int xt, int xa, int xb) {
    if (xa == xb) {
      m.vectorTo(Op.VMOV, PowerState.vsr(xt), m.vsr(xa), m.vsr(xa));
    } else {
      logic(m, Op.VOR, xt, xa, xb);
    }
  }

  @Instruction(value = "60 xt xa xb 170 xa xb xt", asm = "xxlorc xt,xa,xb", section = "7.6.1.8")
  static void xxlorc(PowerBuilder m, int xt, int xa, int xb) {
    logic(m, Op.VORC, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 154 xa xb xt", asm = "xxlxor xt,xa,xb", section = "7.6.1.8")
  static void xxlxor(PowerBuilder m, int xt, int xa, int xb) {
    if (xa == xb) {
      m.vectorTo(Op.VZERO, PowerState.vsr(xt), m.vsr(xa), m.vsr(xa));
    } else {
      logic(m, Op.VXOR, xt, xa, xb);
    }
  }

  // ---- 7.6.1.9 permute and select

  @Instruction(value = "60 xt xa xb 18 xa xb xt", asm = "xxmrghw xt,xa,xb", section = "7.6.1.9")
  static void xxmrghw(PowerBuilder m, int xt, int xa, int xb) {
    logic(m, VsxOp.VMERGEHW, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 50 xa xb xt", asm = "xxmrglw xt,xa,xb", section = "7.6.1.9")
  static void xxmrglw(PowerBuilder m, int xt, int xa, int xb) {
    logic(m, VsxOp.VMERGELW, xt, xa, xb);
  }

  @Instruction(
      value = "60 xt xa xb 0:1 dm 10 xa xb xt",
      asm = "xxpermdi xt,xa,xb,dm",
      section = "7.6.1.9")
  static void xxpermdi(PowerBuilder m, int xt, int xa, int xb, int dm) {
    int a = m.vsr(xa);
    m.vectorTo(VsxOp.VPERMD, PowerState.vsr(xt), a, m.vsr(xb), a, dm);
  }

  @Instruction(
      value = "60 xt xa xb 0:1 shw 2 xa xb xt",
      asm = "xxsldwi xt,xa,xb,shw",
      section = "7.6.1.9")
  static void xxsldwi(PowerBuilder m, int xt, int xa, int xb, int shw) {
    int a = m.vsr(xa);
    m.vectorTo(VsxOp.VSHIFTW, PowerState.vsr(xt), a, m.vsr(xb), a, shw);
  }

  @Instruction(
      value = "60 xt xa xb xc 3 xc xa xb xt",
      asm = "xxsel xt,xa,xb,xc",
      section = "7.6.1.9")
  static void xxsel(PowerBuilder m, int xt, int xa, int xb, int xc) {
    m.vectorTo(Op.VSEL, PowerState.vsr(xt), m.vsr(xa), m.vsr(xb), m.vsr(xc), 0);
  }

  @Instruction(
      value = "60 xt /:3 uim2 xb 164 xb xt",
      asm = "xxspltw xt,xb,uim2",
      section = "7.6.1.9")
  static void xxspltw(PowerBuilder m, int xt, int uim2, int xb) {
    int b = m.vsr(xb);
    m.vectorTo(VsxOp.VSPLATW, PowerState.vsr(xt), b, b, b, uim2);
  }
}
