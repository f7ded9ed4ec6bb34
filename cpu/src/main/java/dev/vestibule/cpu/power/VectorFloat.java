package dev.vestibule.cpu.power;

import dev.vestibule.cpu.fp.FpEnv;
import dev.vestibule.cpu.micro.VmxOp;
import dev.vestibule.declare.Instruction;

/** VMX floating point: Power ISA 2.07B, Book I, 6.10. */
final class VectorFloat {
  private VectorFloat() {}

  private static void binary(PowerBuilder m, int op, int vrt, int vra, int vrb) {
    m.vectorTo(op, PowerState.vr(vrt), m.vr(vra), m.vr(vrb));
  }

  private static void unary(PowerBuilder m, int op, int vrt, int vrb) {
    m.vectorTo(op, PowerState.vr(vrt), m.vr(vrb), m.vr(vrb));
  }

  private static void compare(PowerBuilder m, int op, int vrt, int vra, int vrb, boolean record) {
    binary(m, op, vrt, vra, vrb);
    if (record) {
      m.recordVector(vrt);
    }
  }

  private static void round(PowerBuilder m, int vrt, int vrb, int mode) {
    m.vectorTo(VmxOp.FROUND, PowerState.vr(vrt), m.vr(vrb), m.vr(vrb), m.vr(vrb), mode);
  }

  // ---- 6.10.1 arithmetic

  @Instruction(value = "4 vrt vra vrb 10:11", asm = "vaddfp vrt,vra,vrb", section = "6.10.1")
  static void vaddfp(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.FADD, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 74:11", asm = "vsubfp vrt,vra,vrb", section = "6.10.1")
  static void vsubfp(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.FSUB, vrt, vra, vrb);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 46:6",
      asm = "vmaddfp vrt,vra,vrc,vrb",
      section = "6.10.1")
  static void vmaddfp(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    m.vectorTo(VmxOp.FMADD, PowerState.vr(vrt), m.vr(vra), m.vr(vrb), m.vr(vrc), 0);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 47:6",
      asm = "vnmsubfp vrt,vra,vrc,vrb",
      section = "6.10.1")
  static void vnmsubfp(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    m.vectorTo(VmxOp.FNMSUB, PowerState.vr(vrt), m.vr(vra), m.vr(vrb), m.vr(vrc), 0);
  }

  // ---- 6.10.2 maximum and minimum

  @Instruction(value = "4 vrt vra vrb 1034:11", asm = "vmaxfp vrt,vra,vrb", section = "6.10.2")
  static void vmaxfp(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.FMAX, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1098:11", asm = "vminfp vrt,vra,vrb", section = "6.10.2")
  static void vminfp(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.FMIN, vrt, vra, vrb);
  }

  // ---- 6.10.3 rounding and conversion

  @Instruction(value = "4 vrt uim vrb 970:11", asm = "vctsxs vrt,vrb,uim", section = "6.10.3")
  static void vctsxs(PowerBuilder m, int vrt, int uim, int vrb) {
    m.vectorTo(VmxOp.FTOS, PowerState.vr(vrt), m.vr(vrb), m.vr(vrb), m.vr(vrb), uim);
    m.written(PowerState.VSCR);
  }

  @Instruction(value = "4 vrt uim vrb 906:11", asm = "vctuxs vrt,vrb,uim", section = "6.10.3")
  static void vctuxs(PowerBuilder m, int vrt, int uim, int vrb) {
    m.vectorTo(VmxOp.FTOU, PowerState.vr(vrt), m.vr(vrb), m.vr(vrb), m.vr(vrb), uim);
    m.written(PowerState.VSCR);
  }

  @Instruction(value = "4 vrt uim vrb 842:11", asm = "vcfsx vrt,vrb,uim", section = "6.10.3")
  static void vcfsx(PowerBuilder m, int vrt, int uim, int vrb) {
    m.vectorTo(VmxOp.FFROMS, PowerState.vr(vrt), m.vr(vrb), m.vr(vrb), m.vr(vrb), uim);
  }

  @Instruction(value = "4 vrt uim vrb 778:11", asm = "vcfux vrt,vrb,uim", section = "6.10.3")
  static void vcfux(PowerBuilder m, int vrt, int uim, int vrb) {
    m.vectorTo(VmxOp.FFROMU, PowerState.vr(vrt), m.vr(vrb), m.vr(vrb), m.vr(vrb), uim);
  }

  @Instruction(value = "4 vrt /:5 vrb 714:11", asm = "vrfim vrt,vrb", section = "6.10.3")
  static void vrfim(PowerBuilder m, int vrt, int vrb) {
    round(m, vrt, vrb, FpEnv.DOWNWARD);
  }

  @Instruction(value = "4 vrt /:5 vrb 522:11", asm = "vrfin vrt,vrb", section = "6.10.3")
  static void vrfin(PowerBuilder m, int vrt, int vrb) {
    round(m, vrt, vrb, FpEnv.NEAREST_EVEN);
  }

  @Instruction(value = "4 vrt /:5 vrb 650:11", asm = "vrfip vrt,vrb", section = "6.10.3")
  static void vrfip(PowerBuilder m, int vrt, int vrb) {
    round(m, vrt, vrb, FpEnv.UPWARD);
  }

  @Instruction(value = "4 vrt /:5 vrb 586:11", asm = "vrfiz vrt,vrb", section = "6.10.3")
  static void vrfiz(PowerBuilder m, int vrt, int vrb) {
    round(m, vrt, vrb, FpEnv.TOWARD_ZERO);
  }

  // ---- 6.10.4 compare

  @Instruction(
      value = "4 vrt vra vrb vrcr 198:10",
      asm = "vcmpeqfp{vrcr:.} vrt,vra,vrb",
      section = "6.10.4")
  static void vcmpeqfp(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.FCMPEQ, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 454:10",
      asm = "vcmpgefp{vrcr:.} vrt,vra,vrb",
      section = "6.10.4")
  static void vcmpgefp(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.FCMPGE, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 710:10",
      asm = "vcmpgtfp{vrcr:.} vrt,vra,vrb",
      section = "6.10.4")
  static void vcmpgtfp(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.FCMPGT, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 966:10",
      asm = "vcmpbfp{vrcr:.} vrt,vra,vrb",
      section = "6.10.4")
  static void vcmpbfp(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    binary(m, VmxOp.FBOUNDS, vrt, vra, vrb);
    if (vrcr) {
      m.recordBounds(vrt);
    }
  }

  // ---- 6.10.5 estimate

  @Instruction(value = "4 vrt /:5 vrb 394:11", asm = "vexptefp vrt,vrb", section = "6.10.5")
  static void vexptefp(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.FEXP2, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 458:11", asm = "vlogefp vrt,vrb", section = "6.10.5")
  static void vlogefp(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.FLOG2, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 266:11", asm = "vrefp vrt,vrb", section = "6.10.5")
  static void vrefp(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.FRECIPROCAL, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 330:11", asm = "vrsqrtefp vrt,vrb", section = "6.10.5")
  static void vrsqrtefp(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.FRSQRT, vrt, vrb);
  }
}
