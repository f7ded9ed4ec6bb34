package dev.vestibule.cpu.power;

import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VmxOp;
import dev.vestibule.declare.Instruction;

/** VMX compares, logic and shifts of integers: Power ISA 2.07B, Book I, 6.9.1.7 to 6.9.4. */
final class VectorLogic {
  private VectorLogic() {}

  private static void binary(PowerBuilder m, int op, int vrt, int vra, int vrb) {
    m.vectorTo(op, PowerState.vr(vrt), m.vr(vra), m.vr(vrb));
  }

  private static void compare(PowerBuilder m, int op, int vrt, int vra, int vrb, boolean record) {
    binary(m, op, vrt, vra, vrb);
    if (record) {
      m.recordVector(vrt);
    }
  }

  // ---- 6.9.1.7 maximum and minimum

  @Instruction(value = "4 vrt vra vrb 258:11", asm = "vmaxsb vrt,vra,vrb", section = "6.9.1.7")
  static void vmaxsb(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MAXS + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 322:11", asm = "vmaxsh vrt,vra,vrb", section = "6.9.1.7")
  static void vmaxsh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MAXS + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 386:11", asm = "vmaxsw vrt,vra,vrb", section = "6.9.1.7")
  static void vmaxsw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MAXS + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 450:11", asm = "vmaxsd vrt,vra,vrb", section = "6.9.1.7")
  static void vmaxsd(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MAXS + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 2:11", asm = "vmaxub vrt,vra,vrb", section = "6.9.1.7")
  static void vmaxub(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MAXU + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 66:11", asm = "vmaxuh vrt,vra,vrb", section = "6.9.1.7")
  static void vmaxuh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MAXU + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 130:11", asm = "vmaxuw vrt,vra,vrb", section = "6.9.1.7")
  static void vmaxuw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MAXU + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 194:11", asm = "vmaxud vrt,vra,vrb", section = "6.9.1.7")
  static void vmaxud(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MAXU + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 770:11", asm = "vminsb vrt,vra,vrb", section = "6.9.1.7")
  static void vminsb(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MINS + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 834:11", asm = "vminsh vrt,vra,vrb", section = "6.9.1.7")
  static void vminsh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MINS + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 898:11", asm = "vminsw vrt,vra,vrb", section = "6.9.1.7")
  static void vminsw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MINS + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 962:11", asm = "vminsd vrt,vra,vrb", section = "6.9.1.7")
  static void vminsd(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MINS + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 514:11", asm = "vminub vrt,vra,vrb", section = "6.9.1.7")
  static void vminub(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MINU + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 578:11", asm = "vminuh vrt,vra,vrb", section = "6.9.1.7")
  static void vminuh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MINU + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 642:11", asm = "vminuw vrt,vra,vrb", section = "6.9.1.7")
  static void vminuw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MINU + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 706:11", asm = "vminud vrt,vra,vrb", section = "6.9.1.7")
  static void vminud(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MINU + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  // ---- 6.9.2 compare

  @Instruction(
      value = "4 vrt vra vrb vrcr 6:10",
      asm = "vcmpequb{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpequb(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPEQ + VmxOp.BYTES, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 70:10",
      asm = "vcmpequh{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpequh(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPEQ + VmxOp.HALFWORDS, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 134:10",
      asm = "vcmpequw{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpequw(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPEQ + VmxOp.WORDS, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 199:10",
      asm = "vcmpequd{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpequd(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPEQ + VmxOp.DOUBLEWORDS, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 774:10",
      asm = "vcmpgtsb{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpgtsb(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPGTS + VmxOp.BYTES, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 838:10",
      asm = "vcmpgtsh{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpgtsh(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPGTS + VmxOp.HALFWORDS, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 902:10",
      asm = "vcmpgtsw{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpgtsw(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPGTS + VmxOp.WORDS, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 967:10",
      asm = "vcmpgtsd{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpgtsd(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPGTS + VmxOp.DOUBLEWORDS, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 518:10",
      asm = "vcmpgtub{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpgtub(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPGTU + VmxOp.BYTES, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 582:10",
      asm = "vcmpgtuh{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpgtuh(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPGTU + VmxOp.HALFWORDS, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 646:10",
      asm = "vcmpgtuw{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpgtuw(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPGTU + VmxOp.WORDS, vrt, vra, vrb, vrcr);
  }

  @Instruction(
      value = "4 vrt vra vrb vrcr 711:10",
      asm = "vcmpgtud{vrcr:.} vrt,vra,vrb",
      section = "6.9.2")
  static void vcmpgtud(PowerBuilder m, int vrt, int vra, int vrb, boolean vrcr) {
    compare(m, VmxOp.CMPGTU + VmxOp.DOUBLEWORDS, vrt, vra, vrb, vrcr);
  }

  // ---- 6.9.3 logical

  @Instruction(value = "4 vrt vra vrb 1028:11", asm = "vand vrt,vra,vrb", section = "6.9.3")
  static void vand(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, Op.VAND, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1092:11", asm = "vandc vrt,vra,vrb", section = "6.9.3")
  static void vandc(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, Op.VANDC, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1668:11", asm = "veqv vrt,vra,vrb", section = "6.9.3")
  static void veqv(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, Op.VEQV, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1412:11", asm = "vnand vrt,vra,vrb", section = "6.9.3")
  static void vnand(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, Op.VNAND, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1284:11", asm = "vnor vrt,vra,vrb", section = "6.9.3")
  static void vnor(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, Op.VNOR, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1156:11", asm = "vor vrt,vra,vrb", section = "6.9.3")
  static void vor(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, Op.VOR, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1348:11", asm = "vorc vrt,vra,vrb", section = "6.9.3")
  static void vorc(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, Op.VORC, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1220:11", asm = "vxor vrt,vra,vrb", section = "6.9.3")
  static void vxor(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, Op.VXOR, vrt, vra, vrb);
  }

  // ---- 6.9.4 rotate and shift

  @Instruction(value = "4 vrt vra vrb 4:11", asm = "vrlb vrt,vra,vrb", section = "6.9.4")
  static void vrlb(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.ROTL + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 68:11", asm = "vrlh vrt,vra,vrb", section = "6.9.4")
  static void vrlh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.ROTL + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 132:11", asm = "vrlw vrt,vra,vrb", section = "6.9.4")
  static void vrlw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.ROTL + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 196:11", asm = "vrld vrt,vra,vrb", section = "6.9.4")
  static void vrld(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.ROTL + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 260:11", asm = "vslb vrt,vra,vrb", section = "6.9.4")
  static void vslb(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHL + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 324:11", asm = "vslh vrt,vra,vrb", section = "6.9.4")
  static void vslh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHL + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 388:11", asm = "vslw vrt,vra,vrb", section = "6.9.4")
  static void vslw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHL + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1476:11", asm = "vsld vrt,vra,vrb", section = "6.9.4")
  static void vsld(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHL + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 516:11", asm = "vsrb vrt,vra,vrb", section = "6.9.4")
  static void vsrb(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHR + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 580:11", asm = "vsrh vrt,vra,vrb", section = "6.9.4")
  static void vsrh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHR + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 644:11", asm = "vsrw vrt,vra,vrb", section = "6.9.4")
  static void vsrw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHR + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1732:11", asm = "vsrd vrt,vra,vrb", section = "6.9.4")
  static void vsrd(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SHR + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 772:11", asm = "vsrab vrt,vra,vrb", section = "6.9.4")
  static void vsrab(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SAR + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 836:11", asm = "vsrah vrt,vra,vrb", section = "6.9.4")
  static void vsrah(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SAR + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 900:11", asm = "vsraw vrt,vra,vrb", section = "6.9.4")
  static void vsraw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SAR + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 964:11", asm = "vsrad vrt,vra,vrb", section = "6.9.4")
  static void vsrad(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SAR + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }
}
