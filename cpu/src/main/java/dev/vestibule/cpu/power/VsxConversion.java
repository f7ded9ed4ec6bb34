package dev.vestibule.cpu.power;

import dev.vestibule.cpu.fp.FpEnv;
import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.cpu.micro.VsxOp;
import dev.vestibule.declare.Instruction;

/** VSX vector compares, conversions and rounding: Power ISA 2.07B, Book I, 7.6.1.5 to 7.6.1.7. */
final class VsxConversion {
  private VsxConversion() {}

  private static void unary(PowerBuilder m, int op, int xt, int xb) {
    unary(m, op, xt, xb, 0);
  }

  private static void unary(PowerBuilder m, int op, int xt, int xb, int e) {
    m.vectorStatusTo(op, xt, m.vsr(xb), m.vsr(xb), m.vsr(xb), e);
  }

  // ---- 7.6.1.5 compare, maximum, minimum

  private static void compare(PowerBuilder m, int op, int xt, int xa, int xb, boolean record) {
    int e = record ? FloatOp.RECORD : 0;
    m.vectorStatusTo(op, xt, m.vsr(xa), m.vsr(xb), m.vsr(xb), e);
    if (record) {
      m.written(VsxOp.CR6);
    }
  }

  private static void extreme(PowerBuilder m, int op, int xt, int xa, int xb) {
    m.vectorStatusTo(op, xt, m.vsr(xa), m.vsr(xb), m.vsr(xb), 0);
  }

  @Instruction(
      value = "60 xt xa xb xrc 67 xa xb xt",
      asm = "xvcmpeqsp{xrc:.} xt,xa,xb",
      section = "7.6.1.5")
  static void xvcmpeqsp(PowerBuilder m, int xt, int xa, int xb, boolean xrc) {
    compare(m, VsxOp.VFCMPEQ32, xt, xa, xb, xrc);
  }

  @Instruction(
      value = "60 xt xa xb xrc 75 xa xb xt",
      asm = "xvcmpgtsp{xrc:.} xt,xa,xb",
      section = "7.6.1.5")
  static void xvcmpgtsp(PowerBuilder m, int xt, int xa, int xb, boolean xrc) {
    compare(m, VsxOp.VFCMPGT32, xt, xa, xb, xrc);
  }

  @Instruction(
      value = "60 xt xa xb xrc 83 xa xb xt",
      asm = "xvcmpgesp{xrc:.} xt,xa,xb",
      section = "7.6.1.5")
  static void xvcmpgesp(PowerBuilder m, int xt, int xa, int xb, boolean xrc) {
    compare(m, VsxOp.VFCMPGE32, xt, xa, xb, xrc);
  }

  @Instruction(value = "60 xt xa xb 192 xa xb xt", asm = "xvmaxsp xt,xa,xb", section = "7.6.1.5")
  static void xvmaxsp(PowerBuilder m, int xt, int xa, int xb) {
    extreme(m, VsxOp.VFMAX32, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 200 xa xb xt", asm = "xvminsp xt,xa,xb", section = "7.6.1.5")
  static void xvminsp(PowerBuilder m, int xt, int xa, int xb) {
    extreme(m, VsxOp.VFMIN32, xt, xa, xb);
  }

  @Instruction(
      value = "60 xt xa xb xrc 99 xa xb xt",
      asm = "xvcmpeqdp{xrc:.} xt,xa,xb",
      section = "7.6.1.5")
  static void xvcmpeqdp(PowerBuilder m, int xt, int xa, int xb, boolean xrc) {
    compare(m, VsxOp.VFCMPEQ64, xt, xa, xb, xrc);
  }

  @Instruction(
      value = "60 xt xa xb xrc 107 xa xb xt",
      asm = "xvcmpgtdp{xrc:.} xt,xa,xb",
      section = "7.6.1.5")
  static void xvcmpgtdp(PowerBuilder m, int xt, int xa, int xb, boolean xrc) {
    compare(m, VsxOp.VFCMPGT64, xt, xa, xb, xrc);
  }

  @Instruction(
      value = "60 xt xa xb xrc 115 xa xb xt",
      asm = "xvcmpgedp{xrc:.} xt,xa,xb",
      section = "7.6.1.5")
  static void xvcmpgedp(PowerBuilder m, int xt, int xa, int xb, boolean xrc) {
    compare(m, VsxOp.VFCMPGE64, xt, xa, xb, xrc);
  }

  @Instruction(value = "60 xt xa xb 224 xa xb xt", asm = "xvmaxdp xt,xa,xb", section = "7.6.1.5")
  static void xvmaxdp(PowerBuilder m, int xt, int xa, int xb) {
    extreme(m, VsxOp.VFMAX64, xt, xa, xb);
  }

  @Instruction(value = "60 xt xa xb 232 xa xb xt", asm = "xvmindp xt,xa,xb", section = "7.6.1.5")
  static void xvmindp(PowerBuilder m, int xt, int xa, int xb) {
    extreme(m, VsxOp.VFMIN64, xt, xa, xb);
  }

  // ---- 7.6.1.6 conversions

  @Instruction(value = "60 xt /:5 xb 472 xb xt", asm = "xvcvdpsxds xt,xb", section = "7.6.1.6")
  static void xvcvdpsxds(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFTOS64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 456 xb xt", asm = "xvcvdpuxds xt,xb", section = "7.6.1.6")
  static void xvcvdpuxds(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFTOU64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 216 xb xt", asm = "xvcvdpsxws xt,xb", section = "7.6.1.6")
  static void xvcvdpsxws(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFTOS32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 200 xb xt", asm = "xvcvdpuxws xt,xb", section = "7.6.1.6")
  static void xvcvdpuxws(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFTOU32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 408 xb xt", asm = "xvcvspsxds xt,xb", section = "7.6.1.6")
  static void xvcvspsxds(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VF32TOS64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 392 xb xt", asm = "xvcvspuxds xt,xb", section = "7.6.1.6")
  static void xvcvspuxds(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VF32TOU64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 152 xb xt", asm = "xvcvspsxws xt,xb", section = "7.6.1.6")
  static void xvcvspsxws(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VF32TOS32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 136 xb xt", asm = "xvcvspuxws xt,xb", section = "7.6.1.6")
  static void xvcvspuxws(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VF32TOU32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 504 xb xt", asm = "xvcvsxddp xt,xb", section = "7.6.1.6")
  static void xvcvsxddp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFFROMS64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 488 xb xt", asm = "xvcvuxddp xt,xb", section = "7.6.1.6")
  static void xvcvuxddp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFFROMU64, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 248 xb xt", asm = "xvcvsxwdp xt,xb", section = "7.6.1.6")
  static void xvcvsxwdp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFFROMS32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 232 xb xt", asm = "xvcvuxwdp xt,xb", section = "7.6.1.6")
  static void xvcvuxwdp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFFROMU32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 440 xb xt", asm = "xvcvsxdsp xt,xb", section = "7.6.1.6")
  static void xvcvsxdsp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFFROMS64TO32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 424 xb xt", asm = "xvcvuxdsp xt,xb", section = "7.6.1.6")
  static void xvcvuxdsp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFFROMU64TO32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 184 xb xt", asm = "xvcvsxwsp xt,xb", section = "7.6.1.6")
  static void xvcvsxwsp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFFROMS32TO32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 168 xb xt", asm = "xvcvuxwsp xt,xb", section = "7.6.1.6")
  static void xvcvuxwsp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFFROMU32TO32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 393 xb xt", asm = "xvcvdpsp xt,xb", section = "7.6.1.6")
  static void xvcvdpsp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFTO32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 457 xb xt", asm = "xvcvspdp xt,xb", section = "7.6.1.6")
  static void xvcvspdp(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFFROM32, xt, xb);
  }

  // ---- 7.6.1.7 rounding to integral values

  @Instruction(value = "60 xt /:5 xb 137 xb xt", asm = "xvrspi xt,xb", section = "7.6.1.7")
  static void xvrspi(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFROUND32, xt, xb, FpEnv.NEAREST_AWAY);
  }

  @Instruction(value = "60 xt /:5 xb 153 xb xt", asm = "xvrspiz xt,xb", section = "7.6.1.7")
  static void xvrspiz(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFROUND32, xt, xb, FpEnv.TOWARD_ZERO);
  }

  @Instruction(value = "60 xt /:5 xb 169 xb xt", asm = "xvrspip xt,xb", section = "7.6.1.7")
  static void xvrspip(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFROUND32, xt, xb, FpEnv.UPWARD);
  }

  @Instruction(value = "60 xt /:5 xb 185 xb xt", asm = "xvrspim xt,xb", section = "7.6.1.7")
  static void xvrspim(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFROUND32, xt, xb, FpEnv.DOWNWARD);
  }

  @Instruction(value = "60 xt /:5 xb 171 xb xt", asm = "xvrspic xt,xb", section = "7.6.1.7")
  static void xvrspic(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFROUNDX32, xt, xb);
  }

  @Instruction(value = "60 xt /:5 xb 201 xb xt", asm = "xvrdpi xt,xb", section = "7.6.1.7")
  static void xvrdpi(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFROUND64, xt, xb, FpEnv.NEAREST_AWAY);
  }

  @Instruction(value = "60 xt /:5 xb 217 xb xt", asm = "xvrdpiz xt,xb", section = "7.6.1.7")
  static void xvrdpiz(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFROUND64, xt, xb, FpEnv.TOWARD_ZERO);
  }

  @Instruction(value = "60 xt /:5 xb 233 xb xt", asm = "xvrdpip xt,xb", section = "7.6.1.7")
  static void xvrdpip(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFROUND64, xt, xb, FpEnv.UPWARD);
  }

  @Instruction(value = "60 xt /:5 xb 249 xb xt", asm = "xvrdpim xt,xb", section = "7.6.1.7")
  static void xvrdpim(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFROUND64, xt, xb, FpEnv.DOWNWARD);
  }

  @Instruction(value = "60 xt /:5 xb 235 xb xt", asm = "xvrdpic xt,xb", section = "7.6.1.7")
  static void xvrdpic(PowerBuilder m, int xt, int xb) {
    unary(m, VsxOp.VFROUNDX64, xt, xb);
  }
}
