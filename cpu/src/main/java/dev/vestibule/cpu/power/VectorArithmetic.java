package dev.vestibule.cpu.power;

import dev.vestibule.cpu.micro.VmxOp;
import dev.vestibule.declare.Instruction;

/** VMX integer arithmetic: Power ISA 2.07B, Book I, 6.9.1.1 to 6.9.1.6. */
final class VectorArithmetic {
  private VectorArithmetic() {}

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

  private static void ternarySaturating(
      PowerBuilder m, int op, int vrt, int vra, int vrb, int vrc) {
    ternary(m, op, vrt, vra, vrb, vrc);
    m.written(PowerState.VSCR);
  }

  // ---- 6.9.1.1 add, 6.9.1.2 subtract

  @Instruction(value = "4 vrt vra vrb 384:11", asm = "vaddcuw vrt,vra,vrb", section = "6.9.1.1")
  static void vaddcuw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.ADDCARRYW, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 768:11", asm = "vaddsbs vrt,vra,vrb", section = "6.9.1.1")
  static void vaddsbs(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.ADDS_SAT + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 832:11", asm = "vaddshs vrt,vra,vrb", section = "6.9.1.1")
  static void vaddshs(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.ADDS_SAT + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 896:11", asm = "vaddsws vrt,vra,vrb", section = "6.9.1.1")
  static void vaddsws(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.ADDS_SAT + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 0:11", asm = "vaddubm vrt,vra,vrb", section = "6.9.1.1")
  static void vaddubm(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.ADD + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 64:11", asm = "vadduhm vrt,vra,vrb", section = "6.9.1.1")
  static void vadduhm(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.ADD + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 128:11", asm = "vadduwm vrt,vra,vrb", section = "6.9.1.1")
  static void vadduwm(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.ADD + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 192:11", asm = "vaddudm vrt,vra,vrb", section = "6.9.1.1")
  static void vaddudm(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.ADD + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 512:11", asm = "vaddubs vrt,vra,vrb", section = "6.9.1.1")
  static void vaddubs(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.ADDU_SAT + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 576:11", asm = "vadduhs vrt,vra,vrb", section = "6.9.1.1")
  static void vadduhs(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.ADDU_SAT + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 640:11", asm = "vadduws vrt,vra,vrb", section = "6.9.1.1")
  static void vadduws(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.ADDU_SAT + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 256:11", asm = "vadduqm vrt,vra,vrb", section = "6.9.1.1")
  static void vadduqm(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.ADDQ, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 320:11", asm = "vaddcuq vrt,vra,vrb", section = "6.9.1.1")
  static void vaddcuq(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.ADDCARRYQ, vrt, vra, vrb);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 60:6",
      asm = "vaddeuqm vrt,vra,vrb,vrc",
      section = "6.9.1.1")
  static void vaddeuqm(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, VmxOp.ADDEQ, vrt, vra, vrb, vrc);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 61:6",
      asm = "vaddecuq vrt,vra,vrb,vrc",
      section = "6.9.1.1")
  static void vaddecuq(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, VmxOp.ADDECARRYQ, vrt, vra, vrb, vrc);
  }

  @Instruction(value = "4 vrt vra vrb 1408:11", asm = "vsubcuw vrt,vra,vrb", section = "6.9.1.2")
  static void vsubcuw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SUBCARRYW, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1792:11", asm = "vsubsbs vrt,vra,vrb", section = "6.9.1.2")
  static void vsubsbs(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.SUBS_SAT + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1856:11", asm = "vsubshs vrt,vra,vrb", section = "6.9.1.2")
  static void vsubshs(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.SUBS_SAT + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1920:11", asm = "vsubsws vrt,vra,vrb", section = "6.9.1.2")
  static void vsubsws(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.SUBS_SAT + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1024:11", asm = "vsububm vrt,vra,vrb", section = "6.9.1.2")
  static void vsububm(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SUB + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1088:11", asm = "vsubuhm vrt,vra,vrb", section = "6.9.1.2")
  static void vsubuhm(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SUB + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1152:11", asm = "vsubuwm vrt,vra,vrb", section = "6.9.1.2")
  static void vsubuwm(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SUB + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1216:11", asm = "vsubudm vrt,vra,vrb", section = "6.9.1.2")
  static void vsubudm(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SUB + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1536:11", asm = "vsububs vrt,vra,vrb", section = "6.9.1.2")
  static void vsububs(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.SUBU_SAT + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1600:11", asm = "vsubuhs vrt,vra,vrb", section = "6.9.1.2")
  static void vsubuhs(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.SUBU_SAT + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1664:11", asm = "vsubuws vrt,vra,vrb", section = "6.9.1.2")
  static void vsubuws(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.SUBU_SAT + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1280:11", asm = "vsubuqm vrt,vra,vrb", section = "6.9.1.2")
  static void vsubuqm(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SUBQ, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1344:11", asm = "vsubcuq vrt,vra,vrb", section = "6.9.1.2")
  static void vsubcuq(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.SUBCARRYQ, vrt, vra, vrb);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 62:6",
      asm = "vsubeuqm vrt,vra,vrb,vrc",
      section = "6.9.1.2")
  static void vsubeuqm(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, VmxOp.SUBEQ, vrt, vra, vrb, vrc);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 63:6",
      asm = "vsubecuq vrt,vra,vrb,vrc",
      section = "6.9.1.2")
  static void vsubecuq(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, VmxOp.SUBECARRYQ, vrt, vra, vrb, vrc);
  }

  // ---- 6.9.1.3 multiply, 6.9.1.4 multiply-add, 6.9.1.5 sum across, 6.9.1.6 average

  @Instruction(value = "4 vrt vra vrb 776:11", asm = "vmulesb vrt,vra,vrb", section = "6.9.1.3")
  static void vmulesb(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULES + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 840:11", asm = "vmulesh vrt,vra,vrb", section = "6.9.1.3")
  static void vmulesh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULES + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 904:11", asm = "vmulesw vrt,vra,vrb", section = "6.9.1.3")
  static void vmulesw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULES + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 520:11", asm = "vmuleub vrt,vra,vrb", section = "6.9.1.3")
  static void vmuleub(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULEU + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 584:11", asm = "vmuleuh vrt,vra,vrb", section = "6.9.1.3")
  static void vmuleuh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULEU + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 648:11", asm = "vmuleuw vrt,vra,vrb", section = "6.9.1.3")
  static void vmuleuw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULEU + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 264:11", asm = "vmulosb vrt,vra,vrb", section = "6.9.1.3")
  static void vmulosb(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULOS + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 328:11", asm = "vmulosh vrt,vra,vrb", section = "6.9.1.3")
  static void vmulosh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULOS + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 392:11", asm = "vmulosw vrt,vra,vrb", section = "6.9.1.3")
  static void vmulosw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULOS + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 8:11", asm = "vmuloub vrt,vra,vrb", section = "6.9.1.3")
  static void vmuloub(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULOU + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 72:11", asm = "vmulouh vrt,vra,vrb", section = "6.9.1.3")
  static void vmulouh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULOU + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 136:11", asm = "vmulouw vrt,vra,vrb", section = "6.9.1.3")
  static void vmulouw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULOU + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 137:11", asm = "vmuluwm vrt,vra,vrb", section = "6.9.1.3")
  static void vmuluwm(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.MULW, vrt, vra, vrb);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 32:6",
      asm = "vmhaddshs vrt,vra,vrb,vrc",
      section = "6.9.1.4")
  static void vmhaddshs(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternarySaturating(m, VmxOp.MULHADD, vrt, vra, vrb, vrc);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 33:6",
      asm = "vmhraddshs vrt,vra,vrb,vrc",
      section = "6.9.1.4")
  static void vmhraddshs(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternarySaturating(m, VmxOp.MULHRADD, vrt, vra, vrb, vrc);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 34:6",
      asm = "vmladduhm vrt,vra,vrb,vrc",
      section = "6.9.1.4")
  static void vmladduhm(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, VmxOp.MULLADD, vrt, vra, vrb, vrc);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 36:6",
      asm = "vmsumubm vrt,vra,vrb,vrc",
      section = "6.9.1.4")
  static void vmsumubm(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, VmxOp.MSUMUB, vrt, vra, vrb, vrc);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 37:6",
      asm = "vmsummbm vrt,vra,vrb,vrc",
      section = "6.9.1.4")
  static void vmsummbm(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, VmxOp.MSUMMB, vrt, vra, vrb, vrc);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 38:6",
      asm = "vmsumuhm vrt,vra,vrb,vrc",
      section = "6.9.1.4")
  static void vmsumuhm(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, VmxOp.MSUMUH, vrt, vra, vrb, vrc);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 39:6",
      asm = "vmsumuhs vrt,vra,vrb,vrc",
      section = "6.9.1.4")
  static void vmsumuhs(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternarySaturating(m, VmxOp.MSUMUH_SAT, vrt, vra, vrb, vrc);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 40:6",
      asm = "vmsumshm vrt,vra,vrb,vrc",
      section = "6.9.1.4")
  static void vmsumshm(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, VmxOp.MSUMSH, vrt, vra, vrb, vrc);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 41:6",
      asm = "vmsumshs vrt,vra,vrb,vrc",
      section = "6.9.1.4")
  static void vmsumshs(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternarySaturating(m, VmxOp.MSUMSH_SAT, vrt, vra, vrb, vrc);
  }

  @Instruction(value = "4 vrt vra vrb 1928:11", asm = "vsumsws vrt,vra,vrb", section = "6.9.1.5")
  static void vsumsws(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.SUMW, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1672:11", asm = "vsum2sws vrt,vra,vrb", section = "6.9.1.5")
  static void vsum2sws(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.SUM2W, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1800:11", asm = "vsum4sbs vrt,vra,vrb", section = "6.9.1.5")
  static void vsum4sbs(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.SUM4SB, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1608:11", asm = "vsum4shs vrt,vra,vrb", section = "6.9.1.5")
  static void vsum4shs(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.SUM4SH, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1544:11", asm = "vsum4ubs vrt,vra,vrb", section = "6.9.1.5")
  static void vsum4ubs(PowerBuilder m, int vrt, int vra, int vrb) {
    saturating(m, VmxOp.SUM4UB, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1282:11", asm = "vavgsb vrt,vra,vrb", section = "6.9.1.6")
  static void vavgsb(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.AVGS + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1346:11", asm = "vavgsh vrt,vra,vrb", section = "6.9.1.6")
  static void vavgsh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.AVGS + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1410:11", asm = "vavgsw vrt,vra,vrb", section = "6.9.1.6")
  static void vavgsw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.AVGS + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1026:11", asm = "vavgub vrt,vra,vrb", section = "6.9.1.6")
  static void vavgub(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.AVGU + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1090:11", asm = "vavguh vrt,vra,vrb", section = "6.9.1.6")
  static void vavguh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.AVGU + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1154:11", asm = "vavguw vrt,vra,vrb", section = "6.9.1.6")
  static void vavguw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.AVGU + VmxOp.WORDS, vrt, vra, vrb);
  }
}
