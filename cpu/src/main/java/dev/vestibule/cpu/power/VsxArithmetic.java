package dev.vestibule.cpu.power;

import dev.vestibule.cpu.micro.VsxOp;
import dev.vestibule.declare.Instruction;

/** VSX vector arithmetic: Power ISA 2.07B, Book I, 7.6.1.3 and 7.6.1.4. */
final class VsxArithmetic {
  private VsxArithmetic() {}

  private static void binary(PowerBuilder m, int op, int xt, int xa, int xb) {
    m.vectorStatusTo(op, xt, m.vsr(xa), m.vsr(xb), m.vsr(xb), 0);
  }

  private static void unary(PowerBuilder m, int op, int xt, int xb) {
    unary(m, op, xt, xb, 0);
  }

  private static void unary(PowerBuilder m, int op, int xt, int xb, int e) {
    m.vectorStatusTo(op, xt, m.vsr(xb), m.vsr(xb), m.vsr(xb), e);
  }

  /** The A form: XA * XB + XT. */
  private static void fusedA(PowerBuilder m, int op, int xt, int xa, int xb) {
    m.vectorStatusTo(op, xt, m.vsr(xa), m.vsr(xt), m.vsr(xb), 0);
  }

  /** The M form: XA * XT + XB. */
  private static void fusedM(PowerBuilder m, int op, int xt, int xa, int xb) {
    m.vectorStatusTo(op, xt, m.vsr(xa), m.vsr(xb), m.vsr(xt), 0);
  }

  // ---- 7.6.1.3 moves

  private static void sign(PowerBuilder m, int op, int xt, int xa, int xb) {
    m.vectorTo(op, PowerState.vsr(xt), m.vsr(xa), m.vsr(xb));
  }

  @Instruction(value = "60 xt /:5 xb 409 xb xt", asm = "xvabssp xt,xb", section = "7.6.1.3")
  static void xvabssp(PowerBuilder m, int xt, int xb) {
    sign(m, VsxOp.VFABS32, xt, xb, xb);
  }

  @Instruction(value = "60 xt /:5 xb 425 xb xt", asm = "xvnabssp xt,xb", section = "7.6.1.3")
  static void xvnabssp(PowerBuilder m, int xt, int xb) {
    sign(m, VsxOp.VFNABS32, xt, xb, xb);
  }

  @Instruction(value = "60 xt /:5 xb 441 xb xt", asm = "xvnegsp xt,xb", section = "7.6.1.3")
  static void xvnegsp(PowerBuilder m, int xt, int xb) {
    sign(m, VsxOp.VFNEG32, xt, xb, xb);
  }

  @Instruction(value = "60 xt xa xb 208 xa xb xt", asm = "xvcpsgnsp xt,xa,xb", section = "7.6.1.3")
  static void xvcpsgnsp(PowerBuilder m, int xt, int xa, int xb) {
    sign(m, VsxOp.VFCPSGN32, xt, xa, xb);
  }

  @Instruction(value = "60 xt /:5 xb 473 xb xt", asm = "xvabsdp xt,xb", section = "7.6.1.3")
  static void xvabsdp(PowerBuilder m, int xt, int xb) {
    sign(m, VsxOp.VFABS64, xt, xb, xb);
  }

  @Instruction(value = "60 xt /:5 xb 489 xb xt", asm = "xvnabsdp xt,xb", section = "7.6.1.3")
  static void xvnabsdp(PowerBuilder m, int xt, int xb) {
    sign(m, VsxOp.VFNABS64, xt, xb, xb);
  }

  @Instruction(value = "60 xt /:5 xb 505 xb xt", asm = "xvnegdp xt,xb", section = "7.6.1.3")
  static void xvnegdp(PowerBuilder m, int xt, int xb) {
    sign(m, VsxOp.VFNEG64, xt, xb, xb);
  }

  @Instruction(value = "60 xt xa xb 240 xa xb xt", asm = "xvcpsgndp xt,xa,xb", section = "7.6.1.3")
  static void xvcpsgndp(PowerBuilder m, int xt, int xa, int xb) {
    sign(m, VsxOp.VFCPSGN64, xt, xa, xb);
  }

  // ---- 7.6.1.4 arithmetic

  @Instruction(value = "60 xt xa xb 64 xa xb xt", asm = "xvaddsp xt,xa,xb", section = "7.6.1.4")
  static void xvaddsp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, VsxOp.VFADD32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 72 xa xb xt", asm = "xvsubsp xt,xa,xb", section = "7.6.1.4")
  static void xvsubsp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, VsxOp.VFSUB32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 80 xa xb xt", asm = "xvmulsp xt,xa,xb", section = "7.6.1.4")
  static void xvmulsp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, VsxOp.VFMUL32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 88 xa xb xt", asm = "xvdivsp xt,xa,xb", section = "7.6.1.4")
  static void xvdivsp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, VsxOp.VFDIV32, xt, xa, xb);
  }

  @Instruction(value = "60 xt /:5 xb 154 xb xt", asm = "xvresp xt,xb", section = "7.6.1.4")
  static void xvresp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFRE32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 138 xb xt", asm = "xvrsqrtesp xt,xb", section = "7.6.1.4")
  static void xvrsqrtesp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFRSQRTE32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 139 xb xt", asm = "xvsqrtsp xt,xb", section = "7.6.1.4")
  static void xvsqrtsp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFSQRT32, xt, xb);
  }

  @Instruction(value = "60 xt xa xb 65 xa xb xt", asm = "xvmaddasp xt,xa,xb", section = "7.6.1.4")
  static void xvmaddasp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, VsxOp.VFMADD32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 73 xa xb xt", asm = "xvmaddmsp xt,xa,xb", section = "7.6.1.4")
  static void xvmaddmsp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, VsxOp.VFMADD32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 81 xa xb xt", asm = "xvmsubasp xt,xa,xb", section = "7.6.1.4")
  static void xvmsubasp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, VsxOp.VFMSUB32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 89 xa xb xt", asm = "xvmsubmsp xt,xa,xb", section = "7.6.1.4")
  static void xvmsubmsp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, VsxOp.VFMSUB32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 193 xa xb xt", asm = "xvnmaddasp xt,xa,xb", section = "7.6.1.4")
  static void xvnmaddasp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, VsxOp.VFNMADD32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 201 xa xb xt", asm = "xvnmaddmsp xt,xa,xb", section = "7.6.1.4")
  static void xvnmaddmsp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, VsxOp.VFNMADD32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 209 xa xb xt", asm = "xvnmsubasp xt,xa,xb", section = "7.6.1.4")
  static void xvnmsubasp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, VsxOp.VFNMSUB32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 217 xa xb xt", asm = "xvnmsubmsp xt,xa,xb", section = "7.6.1.4")
  static void xvnmsubmsp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, VsxOp.VFNMSUB32, xt, xa, xb);
  }

  @Instruction(
      value = "60 bf /:2 xa xb 93 xa xb /:1",
      asm = "xvtdivsp bf,xa,xb",
      section = "7.6.1.4")
  static void xvtdivsp(PowerBuilder m, int bf, int xa, int xb) {
    m.opTo(VsxOp.VFTDIV32, PowerState.crField(bf), m.vsr(xa), m.vsr(xb), m.vsr(xb), 0);
  }

  @Instruction(value = "60 bf /:2 /:5 xb 170 xb /:1", asm = "xvtsqrtsp bf,xb", section = "7.6.1.4")
  static void xvtsqrtsp(PowerBuilder m, int bf, int xb) {
    m.opTo(VsxOp.VFTSQRT32, PowerState.crField(bf), m.vsr(xb), m.vsr(xb), m.vsr(xb), 0);
  }

  @Instruction(value = "60 xt xa xb 96 xa xb xt", asm = "xvadddp xt,xa,xb", section = "7.6.1.4")
  static void xvadddp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, VsxOp.VFADD64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 104 xa xb xt", asm = "xvsubdp xt,xa,xb", section = "7.6.1.4")
  static void xvsubdp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, VsxOp.VFSUB64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 112 xa xb xt", asm = "xvmuldp xt,xa,xb", section = "7.6.1.4")
  static void xvmuldp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, VsxOp.VFMUL64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 120 xa xb xt", asm = "xvdivdp xt,xa,xb", section = "7.6.1.4")
  static void xvdivdp(PowerBuilder m, int xt, int xa, int xb) {
    binary(m, VsxOp.VFDIV64, xt, xa, xb);
  }

  @Instruction(value = "60 xt /:5 xb 218 xb xt", asm = "xvredp xt,xb", section = "7.6.1.4")
  static void xvredp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFRE64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 202 xb xt", asm = "xvrsqrtedp xt,xb", section = "7.6.1.4")
  static void xvrsqrtedp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFRSQRTE64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 203 xb xt", asm = "xvsqrtdp xt,xb", section = "7.6.1.4")
  static void xvsqrtdp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFSQRT64, xt, xb);
  }

  @Instruction(value = "60 xt xa xb 97 xa xb xt", asm = "xvmaddadp xt,xa,xb", section = "7.6.1.4")
  static void xvmaddadp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, VsxOp.VFMADD64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 105 xa xb xt", asm = "xvmaddmdp xt,xa,xb", section = "7.6.1.4")
  static void xvmaddmdp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, VsxOp.VFMADD64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 113 xa xb xt", asm = "xvmsubadp xt,xa,xb", section = "7.6.1.4")
  static void xvmsubadp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, VsxOp.VFMSUB64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 121 xa xb xt", asm = "xvmsubmdp xt,xa,xb", section = "7.6.1.4")
  static void xvmsubmdp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, VsxOp.VFMSUB64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 225 xa xb xt", asm = "xvnmaddadp xt,xa,xb", section = "7.6.1.4")
  static void xvnmaddadp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, VsxOp.VFNMADD64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 233 xa xb xt", asm = "xvnmaddmdp xt,xa,xb", section = "7.6.1.4")
  static void xvnmaddmdp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, VsxOp.VFNMADD64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 241 xa xb xt", asm = "xvnmsubadp xt,xa,xb", section = "7.6.1.4")
  static void xvnmsubadp(PowerBuilder m, int xt, int xa, int xb) {
    fusedA(m, VsxOp.VFNMSUB64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 249 xa xb xt", asm = "xvnmsubmdp xt,xa,xb", section = "7.6.1.4")
  static void xvnmsubmdp(PowerBuilder m, int xt, int xa, int xb) {
    fusedM(m, VsxOp.VFNMSUB64, xt, xa, xb);
  }

  @Instruction(
      value = "60 bf /:2 xa xb 125 xa xb /:1",
      asm = "xvtdivdp bf,xa,xb",
      section = "7.6.1.4")
  static void xvtdivdp(PowerBuilder m, int bf, int xa, int xb) {
    m.opTo(VsxOp.VFTDIV64, PowerState.crField(bf), m.vsr(xa), m.vsr(xb), m.vsr(xb), 0);
  }

  @Instruction(value = "60 bf /:2 /:5 xb 234 xb /:1", asm = "xvtsqrtdp bf,xb", section = "7.6.1.4")
  static void xvtsqrtdp(PowerBuilder m, int bf, int xb) {
    m.opTo(VsxOp.VFTSQRT64, PowerState.crField(bf), m.vsr(xb), m.vsr(xb), m.vsr(xb), 0);
  }
}
