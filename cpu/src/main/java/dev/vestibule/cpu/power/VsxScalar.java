package dev.vestibule.cpu.power;

import dev.vestibule.cpu.fp.FpEnv;
import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.declare.Instruction;

/** VSX scalar floating point: Power ISA 2.07B, Book I, 7.6.1.3 to 7.6.1.7. */
final class VsxScalar {
  private VsxScalar() {}

  /** The slot of a VSR's doubleword 0. */
  private static int high(int n) {
    return PowerState.vsr(n) + 1;
  }

  private static void binary(PowerBuilder m, int op, int xt, int xa, int xb) {
    m.statusTo(op, high(xt), m.get(high(xa)), m.get(high(xb)), m.get(high(xb)), 0);
  }

  private static void unary(PowerBuilder m, int op, int xt, int xb) {
    unary(m, op, xt, xb, 0);
  }

  private static void unary(PowerBuilder m, int op, int xt, int xb, int e) {
    int b = m.get(high(xb));
    m.statusTo(op, high(xt), b, b, b, e);
  }

  /** The A form: XA * XB + XT. */
  private static void fusedA(PowerBuilder m, int op, int xt, int xa, int xb) {
    m.statusTo(op, high(xt), m.get(high(xa)), m.get(high(xt)), m.get(high(xb)), 0);
  }

  /** The M form: XA * XT + XB. */
  private static void fusedM(PowerBuilder m, int op, int xt, int xa, int xb) {
    m.statusTo(op, high(xt), m.get(high(xa)), m.get(high(xb)), m.get(high(xt)), 0);
  }

  // ---- 7.6.1.3 moves

  @Instruction(value = "60 xt /:5 xb 345 xb xt", asm = "xsabsdp xt,xb", section = "7.6.1.3")
  static void xsabsdp(PowerBuilder m, int xt, int xb) {
    int b = m.get(high(xb));
    m.scalarTo(FloatOp.FABS64, high(xt), b, b, b);
  }

  @Instruction(value = "60 xt /:5 xb 361 xb xt", asm = "xsnabsdp xt,xb", section = "7.6.1.3")
  static void xsnabsdp(PowerBuilder m, int xt, int xb) {
    int b = m.get(high(xb));
    m.scalarTo(FloatOp.FNABS64, high(xt), b, b, b);
  }

  @Instruction(value = "60 xt /:5 xb 377 xb xt", asm = "xsnegdp xt,xb", section = "7.6.1.3")
  static void xsnegdp(PowerBuilder m, int xt, int xb) {
    int b = m.get(high(xb));
    m.scalarTo(FloatOp.FNEG64, high(xt), b, b, b);
  }

  @Instruction(value = "60 xt xa xb 176 xa xb xt", asm = "xscpsgndp xt,xa,xb", section = "7.6.1.3")
  static void xscpsgndp(PowerBuilder m, int xt, int xa, int xb) {
    int a = m.get(high(xa));
    m.scalarTo(FloatOp.FCPSGN64, high(xt), a, m.get(high(xb)), a);
  }

  // ---- 7.6.1.4 arithmetic

  @Instruction(value = "60 xt xa xb 0 xa xb xt", asm = "xsaddsp xt,xa,xb", section = "7.6.1.4")
  static void xsaddsp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, FloatOp.FADD32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 8 xa xb xt", asm = "xssubsp xt,xa,xb", section = "7.6.1.4")
  static void xssubsp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, FloatOp.FSUB32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 16 xa xb xt", asm = "xsmulsp xt,xa,xb", section = "7.6.1.4")
  static void xsmulsp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, FloatOp.FMUL32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 24 xa xb xt", asm = "xsdivsp xt,xa,xb", section = "7.6.1.4")
  static void xsdivsp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, FloatOp.FDIV32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 32 xa xb xt", asm = "xsadddp xt,xa,xb", section = "7.6.1.4")
  static void xsadddp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, FloatOp.FADD64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 40 xa xb xt", asm = "xssubdp xt,xa,xb", section = "7.6.1.4")
  static void xssubdp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, FloatOp.FSUB64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 48 xa xb xt", asm = "xsmuldp xt,xa,xb", section = "7.6.1.4")
  static void xsmuldp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, FloatOp.FMUL64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 56 xa xb xt", asm = "xsdivdp xt,xa,xb", section = "7.6.1.4")
  static void xsdivdp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, FloatOp.FDIV64, xt, xa, xb);
  }

  @Instruction(value = "60 xt /:5 xb 26 xb xt", asm = "xsresp xt,xb", section = "7.6.1.4")
  static void xsresp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FRE32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 10 xb xt", asm = "xsrsqrtesp xt,xb", section = "7.6.1.4")
  static void xsrsqrtesp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FRSQRTE32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 11 xb xt", asm = "xssqrtsp xt,xb", section = "7.6.1.4")
  static void xssqrtsp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FSQRT32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 90 xb xt", asm = "xsredp xt,xb", section = "7.6.1.4")
  static void xsredp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FRE64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 74 xb xt", asm = "xsrsqrtedp xt,xb", section = "7.6.1.4")
  static void xsrsqrtedp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FRSQRTE64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 75 xb xt", asm = "xssqrtdp xt,xb", section = "7.6.1.4")
  static void xssqrtdp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FSQRT64, xt, xb);
  }

  @Instruction(value = "60 xt xa xb 1 xa xb xt", asm = "xsmaddasp xt,xa,xb", section = "7.6.1.4")
  static void xsmaddasp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, FloatOp.FMADD32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 9 xa xb xt", asm = "xsmaddmsp xt,xa,xb", section = "7.6.1.4")
  static void xsmaddmsp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, FloatOp.FMADD32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 17 xa xb xt", asm = "xsmsubasp xt,xa,xb", section = "7.6.1.4")
  static void xsmsubasp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, FloatOp.FMSUB32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 25 xa xb xt", asm = "xsmsubmsp xt,xa,xb", section = "7.6.1.4")
  static void xsmsubmsp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, FloatOp.FMSUB32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 129 xa xb xt", asm = "xsnmaddasp xt,xa,xb", section = "7.6.1.4")
  static void xsnmaddasp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, FloatOp.FNMADD32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 137 xa xb xt", asm = "xsnmaddmsp xt,xa,xb", section = "7.6.1.4")
  static void xsnmaddmsp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, FloatOp.FNMADD32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 145 xa xb xt", asm = "xsnmsubasp xt,xa,xb", section = "7.6.1.4")
  static void xsnmsubasp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, FloatOp.FNMSUB32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 153 xa xb xt", asm = "xsnmsubmsp xt,xa,xb", section = "7.6.1.4")
  static void xsnmsubmsp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, FloatOp.FNMSUB32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 33 xa xb xt", asm = "xsmaddadp xt,xa,xb", section = "7.6.1.4")
  static void xsmaddadp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, FloatOp.FMADD64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 41 xa xb xt", asm = "xsmaddmdp xt,xa,xb", section = "7.6.1.4")
  static void xsmaddmdp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, FloatOp.FMADD64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 49 xa xb xt", asm = "xsmsubadp xt,xa,xb", section = "7.6.1.4")
  static void xsmsubadp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, FloatOp.FMSUB64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 57 xa xb xt", asm = "xsmsubmdp xt,xa,xb", section = "7.6.1.4")
  static void xsmsubmdp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, FloatOp.FMSUB64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 161 xa xb xt", asm = "xsnmaddadp xt,xa,xb", section = "7.6.1.4")
  static void xsnmaddadp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, FloatOp.FNMADD64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 169 xa xb xt", asm = "xsnmaddmdp xt,xa,xb", section = "7.6.1.4")
  static void xsnmaddmdp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, FloatOp.FNMADD64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 177 xa xb xt", asm = "xsnmsubadp xt,xa,xb", section = "7.6.1.4")
  static void xsnmsubadp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, FloatOp.FNMSUB64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 185 xa xb xt", asm = "xsnmsubmdp xt,xa,xb", section = "7.6.1.4")
  static void xsnmsubmdp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, FloatOp.FNMSUB64, xt, xa, xb);
  }

  @Instruction(
      value = "60 bf /:2 xa xb 61 xa xb /:1",
      asm = "xstdivdp bf,xa,xb",
      section = "7.6.1.4")
  static void xstdivdp(PowerBuilder m, int bf, int xa, int xb) {
    int field = m.op(FloatOp.FTDIV64, m.get(high(xa)), m.get(high(xb)));
    m.put(PowerState.crField(bf), field);
  }

  @Instruction(value = "60 bf /:2 /:5 xb 106 xb /:1", asm = "xstsqrtdp bf,xb", section = "7.6.1.4")
  static void xstsqrtdp(PowerBuilder m, int bf, int xb) {
    m.put(PowerState.crField(bf), m.op(FloatOp.FTSQRT64, m.get(high(xb))));
  }

  // ---- 7.6.1.5 compare, maximum, minimum

  private static void compare(PowerBuilder m, int op, int bf, int xa, int xb) {
    int b = m.get(high(xb));
    m.opTo(op, PowerState.crField(bf), m.get(high(xa)), b, b, 0);
    m.written(PowerState.FPSCR);
  }

  @Instruction(
      value = "60 bf /:2 xa xb 43 xa xb /:1",
      asm = "xscmpodp bf,xa,xb",
      section = "7.6.1.5")
  static void xscmpodp(PowerBuilder m, int bf, int xa, int xb) {
    compare(m, FloatOp.FCMPO64, bf, xa, xb);
  }

  @Instruction(
      value = "60 bf /:2 xa xb 35 xa xb /:1",
      asm = "xscmpudp bf,xa,xb",
      section = "7.6.1.5")
  static void xscmpudp(PowerBuilder m, int bf, int xa, int xb) {
    compare(m, FloatOp.FCMPU64, bf, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 160 xa xb xt", asm = "xsmaxdp xt,xa,xb", section = "7.6.1.5")
  static void xsmaxdp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, FloatOp.FMAX64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 168 xa xb xt", asm = "xsmindp xt,xa,xb", section = "7.6.1.5")
  static void xsmindp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, FloatOp.FMIN64, xt, xa, xb);
  }

  // ---- 7.6.1.6, 7.6.1.7 conversions and rounding

  @Instruction(value = "60 xt /:5 xb 344 xb xt", asm = "xscvdpsxds xt,xb", section = "7.6.1.6")
  static void xscvdpsxds(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FTOS64, xt, xb, FpEnv.TOWARD_ZERO);
  }

  @Instruction(value = "60 xt /:5 xb 328 xb xt", asm = "xscvdpuxds xt,xb", section = "7.6.1.6")
  static void xscvdpuxds(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FTOU64, xt, xb, FpEnv.TOWARD_ZERO);
  }

  @Instruction(value = "60 xt /:5 xb 88 xb xt", asm = "xscvdpsxws xt,xb", section = "7.6.1.6")
  static void xscvdpsxws(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FTOS32, xt, xb, FpEnv.TOWARD_ZERO | FloatOp.TWICE);
  }

  @Instruction(value = "60 xt /:5 xb 72 xb xt", asm = "xscvdpuxws xt,xb", section = "7.6.1.6")
  static void xscvdpuxws(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FTOU32, xt, xb, FpEnv.TOWARD_ZERO | FloatOp.TWICE);
  }

  @Instruction(value = "60 xt /:5 xb 376 xb xt", asm = "xscvsxddp xt,xb", section = "7.6.1.6")
  static void xscvsxddp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FFROMS64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 360 xb xt", asm = "xscvuxddp xt,xb", section = "7.6.1.6")
  static void xscvuxddp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FFROMU64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 312 xb xt", asm = "xscvsxdsp xt,xb", section = "7.6.1.6")
  static void xscvsxdsp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FFROMS64TO32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 296 xb xt", asm = "xscvuxdsp xt,xb", section = "7.6.1.6")
  static void xscvuxdsp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FFROMU64TO32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 281 xb xt", asm = "xsrsp xt,xb", section = "7.6.1.6")
  static void xsrsp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FTO32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 265 xb xt", asm = "xscvdpsp xt,xb", section = "7.6.1.6")
  static void xscvdpsp(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FNARROW32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 267 xb xt", asm = "xscvdpspn xt,xb", section = "7.6.1.6")
  static void xscvdpspn(PowerBuilder m, int xt, int xb) {
    int single = m.op(FloatOp.FCUT, m.get(high(xb)));
    m.put(high(xt), m.op(Op.OR, single, m.opImmediate(Op.SHLI, single, 32)));
    m.put(PowerState.vsr(xt), m.constant(0));
  }

  @Instruction(value = "60 xt /:5 xb 329 xb xt", asm = "xscvspdp xt,xb", section = "7.6.1.6")
  static void xscvspdp(PowerBuilder m, int xt, int xb) {
    int single = m.opImmediate(Op.SHRI, m.get(high(xb)), 32);
    m.statusTo(FloatOp.FFROM32, high(xt), single, single, single, 0);
  }

  @Instruction(value = "60 xt /:5 xb 331 xb xt", asm = "xscvspdpn xt,xb", section = "7.6.1.6")
  static void xscvspdpn(PowerBuilder m, int xt, int xb) {
    int single = m.opImmediate(Op.SHRI, m.get(high(xb)), 32);
    m.put(high(xt), m.op(FloatOp.FWIDEN, single));
    m.put(PowerState.vsr(xt), m.constant(0));
  }

  @Instruction(value = "60 xt /:5 xb 73 xb xt", asm = "xsrdpi xt,xb", section = "7.6.1.7")
  static void xsrdpi(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FROUND64, xt, xb, FpEnv.NEAREST_AWAY);
  }

  @Instruction(value = "60 xt /:5 xb 89 xb xt", asm = "xsrdpiz xt,xb", section = "7.6.1.7")
  static void xsrdpiz(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FROUND64, xt, xb, FpEnv.TOWARD_ZERO);
  }

  @Instruction(value = "60 xt /:5 xb 105 xb xt", asm = "xsrdpip xt,xb", section = "7.6.1.7")
  static void xsrdpip(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FROUND64, xt, xb, FpEnv.UPWARD);
  }

  @Instruction(value = "60 xt /:5 xb 121 xb xt", asm = "xsrdpim xt,xb", section = "7.6.1.7")
  static void xsrdpim(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FROUND64, xt, xb, FpEnv.DOWNWARD);
  }

  @Instruction(value = "60 xt /:5 xb 107 xb xt", asm = "xsrdpic xt,xb", section = "7.6.1.7")
  static void xsrdpic(PowerBuilder m, int xt, int xb) {
    unary(m, FloatOp.FROUNDX64, xt, xb);
  }
}
