package dev.vestibule.cpu.power;

import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VmxOp;
import dev.vestibule.declare.Instruction;

/** VMX instructions that move and resize elements: Power ISA 2.07B, Book I, 6.8. */
final class VectorPermute {
  private VectorPermute() {}

  private static void binary(PowerBuilder m, int op, int vrt, int vra, int vrb) {
    m.vectorTo(op, PowerState.vr(vrt), m.vr(vra), m.vr(vrb));
  }

  private static void saturating(PowerBuilder m, int op, int vrt, int vra, int vrb) {
    binary(m, op, vrt, vra, vrb);
    m.written(PowerState.VSCR);
  }

  private static void ternary(PowerBuilder m, int op, int vrt, int vra, int vrb, int vrc) {
    m.vectorTo(op, PowerState.vr(vrt), m.vr(vra), m.vr(vrb), m.vr(vrc), 0);
  }

  private static void unary(PowerBuilder m, int op, int vrt, int vrb) {
    m.vectorTo(op, PowerState.vr(vrt), m.vr(vrb), m.vr(vrb));
  }

  // ---- 6.8.1 pack and unpack

  @Instruction(value = "4 vrt vra vrb 398:11", asm = "vpkshss vrt,vra,vrb", section = "6.8.1")
  static void vpkshss(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.PACKSS + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 462:11", asm = "vpkswss vrt,vra,vrb", section = "6.8.1")
  static void vpkswss(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.PACKSS + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1486:11", asm = "vpksdss vrt,vra,vrb", section = "6.8.1")
  static void vpksdss(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.PACKSS + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 270:11", asm = "vpkshus vrt,vra,vrb", section = "6.8.1")
  static void vpkshus(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.PACKSU + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 334:11", asm = "vpkswus vrt,vra,vrb", section = "6.8.1")
  static void vpkswus(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.PACKSU + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1358:11", asm = "vpksdus vrt,vra,vrb", section = "6.8.1")
  static void vpksdus(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.PACKSU + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 14:11", asm = "vpkuhum vrt,vra,vrb", section = "6.8.1")
  static void vpkuhum(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.PACK + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 78:11", asm = "vpkuwum vrt,vra,vrb", section = "6.8.1")
  static void vpkuwum(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.PACK + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1102:11", asm = "vpkudum vrt,vra,vrb", section = "6.8.1")
  static void vpkudum(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.PACK + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 142:11", asm = "vpkuhus vrt,vra,vrb", section = "6.8.1")
  static void vpkuhus(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.PACKUU + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 206:11", asm = "vpkuwus vrt,vra,vrb", section = "6.8.1")
  static void vpkuwus(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.PACKUU + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1230:11", asm = "vpkudus vrt,vra,vrb", section = "6.8.1")
  static void vpkudus(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.PACKUU + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 782:11", asm = "vpkpx vrt,vra,vrb", section = "6.8.1")
  static void vpkpx(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.PACKPX, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 526:11", asm = "vupkhsb vrt,vrb", section = "6.8.1")
  static void vupkhsb(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.UNPACKH + VmxOp.BYTES, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 590:11", asm = "vupkhsh vrt,vrb", section = "6.8.1")
  static void vupkhsh(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.UNPACKH + VmxOp.HALFWORDS, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 1614:11", asm = "vupkhsw vrt,vrb", section = "6.8.1")
  static void vupkhsw(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.UNPACKH + VmxOp.WORDS, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 654:11", asm = "vupklsb vrt,vrb", section = "6.8.1")
  static void vupklsb(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.UNPACKL + VmxOp.BYTES, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 718:11", asm = "vupklsh vrt,vrb", section = "6.8.1")
  static void vupklsh(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.UNPACKL + VmxOp.HALFWORDS, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 1742:11", asm = "vupklsw vrt,vrb", section = "6.8.1")
  static void vupklsw(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.UNPACKL + VmxOp.WORDS, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 846:11", asm = "vupkhpx vrt,vrb", section = "6.8.1")
  static void vupkhpx(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.UNPACKHPX, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 974:11", asm = "vupklpx vrt,vrb", section = "6.8.1")
  static void vupklpx(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.UNPACKLPX, vrt, vrb);
  }

  // ---- 6.8.2 merge

  @Instruction(value = "4 vrt vra vrb 12:11", asm = "vmrghb vrt,vra,vrb", section = "6.8.2")
  static void vmrghb(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MERGEH + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 76:11", asm = "vmrghh vrt,vra,vrb", section = "6.8.2")
  static void vmrghh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MERGEH + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 140:11", asm = "vmrghw vrt,vra,vrb", section = "6.8.2")
  static void vmrghw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MERGEH + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 268:11", asm = "vmrglb vrt,vra,vrb", section = "6.8.2")
  static void vmrglb(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MERGEL + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 332:11", asm = "vmrglh vrt,vra,vrb", section = "6.8.2")
  static void vmrglh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MERGEL + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 396:11", asm = "vmrglw vrt,vra,vrb", section = "6.8.2")
  static void vmrglw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MERGEL + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1932:11", asm = "vmrgew vrt,vra,vrb", section = "6.8.2")
  static void vmrgew(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MERGEEW, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1676:11", asm = "vmrgow vrt,vra,vrb", section = "6.8.2")
  static void vmrgow(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MERGEOW, vrt, vra, vrb);
  }

  // ---- 6.8.3 splat

  @Instruction(value = "4 vrt /:1 uim4 vrb 524:11", asm = "vspltb vrt,vrb,uim4", section = "6.8.3")
  static void vspltb(PowerBuilder m, int vrt, int uim4, int vrb) {
    m.vectorTo(
        VmxOp.SPLAT + VmxOp.BYTES, PowerState.vr(vrt), m.vr(vrb), m.vr(vrb), m.vr(vrb), uim4);
  }

  @Instruction(value = "4 vrt /:2 uim3 vrb 588:11", asm = "vsplth vrt,vrb,uim3", section = "6.8.3")
  static void vsplth(PowerBuilder m, int vrt, int uim3, int vrb) {
    m.vectorTo(
        VmxOp.SPLAT + VmxOp.HALFWORDS, PowerState.vr(vrt), m.vr(vrb), m.vr(vrb), m.vr(vrb), uim3);
  }

  @Instruction(value = "4 vrt /:3 uim2 vrb 652:11", asm = "vspltw vrt,vrb,uim2", section = "6.8.3")
  static void vspltw(PowerBuilder m, int vrt, int uim2, int vrb) {
    m.vectorTo(
        VmxOp.SPLAT + VmxOp.WORDS, PowerState.vr(vrt), m.vr(vrb), m.vr(vrb), m.vr(vrb), uim2);
  }

  @Instruction(value = "4 vrt sim /:5 780:11", asm = "vspltisb vrt,sim", section = "6.8.3")
  static void vspltisb(PowerBuilder m, int vrt, int sim) {
    m.vectorLoad(VmxOp.SPLATI + VmxOp.BYTES, PowerState.vr(vrt), m.vr(vrt), sim);
  }

  @Instruction(value = "4 vrt sim /:5 844:11", asm = "vspltish vrt,sim", section = "6.8.3")
  static void vspltish(PowerBuilder m, int vrt, int sim) {
    m.vectorLoad(VmxOp.SPLATI + VmxOp.HALFWORDS, PowerState.vr(vrt), m.vr(vrt), sim);
  }

  @Instruction(value = "4 vrt sim /:5 908:11", asm = "vspltisw vrt,sim", section = "6.8.3")
  static void vspltisw(PowerBuilder m, int vrt, int sim) {
    m.vectorLoad(VmxOp.SPLATI + VmxOp.WORDS, PowerState.vr(vrt), m.vr(vrt), sim);
  }

  // ---- 6.8.4 to 6.8.6 permute, select, shift

  @Instruction(value = "4 vrt vra vrb vrc 43:6", asm = "vperm vrt,vra,vrb,vrc", section = "6.8.4")
  static void vperm(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, VmxOp.PERM, vrt, vra, vrb, vrc);
  }

  @Instruction(value = "4 vrt vra vrb vrc 42:6", asm = "vsel vrt,vra,vrb,vrc", section = "6.8.5")
  static void vsel(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, Op.VSEL, vrt, vra, vrb, vrc);
  }

  @Instruction(value = "4 vrt vra vrb 452:11", asm = "vsl vrt,vra,vrb", section = "6.8.6")
  static void vsl(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHLQ, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1036:11", asm = "vslo vrt,vra,vrb", section = "6.8.6")
  static void vslo(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHLO, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 708:11", asm = "vsr vrt,vra,vrb", section = "6.8.6")
  static void vsr(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHRQ, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1100:11", asm = "vsro vrt,vra,vrb", section = "6.8.6")
  static void vsro(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHRO, vrt, vra, vrb);
  }

  @Instruction(
      value = "4 vrt vra vrb /:1 shb 44:6",
      asm = "vsldoi vrt,vra,vrb,shb",
      section = "6.8.6")
  static void vsldoi(PowerBuilder m, int vrt, int vra, int vrb, int shb) {
    m.vectorTo(VmxOp.SHIFT, PowerState.vr(vrt), m.vr(vra), m.vr(vrb), m.vr(vrb), shb);
  }
}
