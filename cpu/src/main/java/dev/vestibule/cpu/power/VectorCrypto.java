package dev.vestibule.cpu.power;

import dev.vestibule.cpu.micro.VmxOp;
import dev.vestibule.declare.Instruction;

/** VMX cryptography, bit counts and decimal arithmetic: Power ISA 2.07B, Book I, 6.11 to 6.16. */
final class VectorCrypto {
  private VectorCrypto() {}

  private static void binary(PowerBuilder m, int op, int vrt, int vra, int vrb) {
    m.vectorTo(op, PowerState.vr(vrt), m.vr(vra), m.vr(vrb));
  }

  private static void ternary(PowerBuilder m, int op, int vrt, int vra, int vrb, int vrc) {
    m.vectorTo(op, PowerState.vr(vrt), m.vr(vra), m.vr(vrb), m.vr(vrc), 0);
  }

  private static void unary(PowerBuilder m, int op, int vrt, int vrb) {
    m.vectorTo(op, PowerState.vr(vrt), m.vr(vrb), m.vr(vrb));
  }

  // ---- 6.11.1 AES, 6.11.2 SHA

  @Instruction(value = "4 vrt vra vrb 1288:11", asm = "vcipher vrt,vra,vrb", section = "6.11.1")
  static void vcipher(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.CIPHER, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1289:11", asm = "vcipherlast vrt,vra,vrb", section = "6.11.1")
  static void vcipherlast(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.CIPHERLAST, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1352:11", asm = "vncipher vrt,vra,vrb", section = "6.11.1")
  static void vncipher(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.NCIPHER, vrt, vra, vrb);
  }

  @Instruction(
      value = "4 vrt vra vrb 1353:11",
      asm = "vncipherlast vrt,vra,vrb",
      section = "6.11.1")
  static void vncipherlast(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.NCIPHERLAST, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra /:5 1480:11", asm = "vsbox vrt,vra", section = "6.11.1")
  static void vsbox(PowerBuilder m, int vrt, int vra) {
    unary(m, VmxOp.SBOX, vrt, vra);
  }

  @Instruction(
      value = "4 vrt vra st six 1730:11",
      asm = "vshasigmad vrt,vra,st,six",
      section = "6.11.2")
  static void vshasigmad(PowerBuilder m, int vrt, int vra, int st, int six) {
    m.vectorTo(VmxOp.SIGMAD, PowerState.vr(vrt), m.vr(vra), m.vr(vra), m.vr(vra), st << 4 | six);
  }

  @Instruction(
      value = "4 vrt vra st six 1666:11",
      asm = "vshasigmaw vrt,vra,st,six",
      section = "6.11.2")
  static void vshasigmaw(PowerBuilder m, int vrt, int vra, int st, int six) {
    m.vectorTo(VmxOp.SIGMAW, PowerState.vr(vrt), m.vr(vra), m.vr(vra), m.vr(vra), st << 4 | six);
  }

  // ---- 6.11.3 polynomials, 6.11.4 permute and add

  @Instruction(value = "4 vrt vra vrb 1032:11", asm = "vpmsumb vrt,vra,vrb", section = "6.11.3")
  static void vpmsumb(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.PMSUM + VmxOp.BYTES, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1224:11", asm = "vpmsumd vrt,vra,vrb", section = "6.11.3")
  static void vpmsumd(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.PMSUM + VmxOp.DOUBLEWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1096:11", asm = "vpmsumh vrt,vra,vrb", section = "6.11.3")
  static void vpmsumh(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.PMSUM + VmxOp.HALFWORDS, vrt, vra, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1160:11", asm = "vpmsumw vrt,vra,vrb", section = "6.11.3")
  static void vpmsumw(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.PMSUM + VmxOp.WORDS, vrt, vra, vrb);
  }

  @Instruction(
      value = "4 vrt vra vrb vrc 45:6",
      asm = "vpermxor vrt,vra,vrb,vrc",
      section = "6.11.4")
  static void vpermxor(PowerBuilder m, int vrt, int vra, int vrb, int vrc) {
    ternary(m, VmxOp.PERMXOR, vrt, vra, vrb, vrc);
  }

  // ---- 6.12 to 6.15 bits

  @Instruction(value = "4 vrt /:5 vrb 1292:11", asm = "vgbbd vrt,vrb", section = "6.12")
  static void vgbbd(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.GBBD, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 1794:11", asm = "vclzb vrt,vrb", section = "6.13")
  static void vclzb(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.CLZ + VmxOp.BYTES, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 1858:11", asm = "vclzh vrt,vrb", section = "6.13")
  static void vclzh(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.CLZ + VmxOp.HALFWORDS, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 1922:11", asm = "vclzw vrt,vrb", section = "6.13")
  static void vclzw(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.CLZ + VmxOp.WORDS, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 1986:11", asm = "vclzd vrt,vrb", section = "6.13")
  static void vclzd(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.CLZ + VmxOp.DOUBLEWORDS, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 1795:11", asm = "vpopcntb vrt,vrb", section = "6.14")
  static void vpopcntb(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.POPCNT + VmxOp.BYTES, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 1859:11", asm = "vpopcnth vrt,vrb", section = "6.14")
  static void vpopcnth(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.POPCNT + VmxOp.HALFWORDS, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 1923:11", asm = "vpopcntw vrt,vrb", section = "6.14")
  static void vpopcntw(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.POPCNT + VmxOp.WORDS, vrt, vrb);
  }

  @Instruction(value = "4 vrt /:5 vrb 1987:11", asm = "vpopcntd vrt,vrb", section = "6.14")
  static void vpopcntd(PowerBuilder m, int vrt, int vrb) {
    unary(m, VmxOp.POPCNT + VmxOp.DOUBLEWORDS, vrt, vrb);
  }

  @Instruction(value = "4 vrt vra vrb 1356:11", asm = "vbpermq vrt,vra,vrb", section = "6.15")
  static void vbpermq(PowerBuilder m, int vrt, int vra, int vrb) {
    binary(m, VmxOp.BPERMQ, vrt, vra, vrb);
  }

  // ---- 6.16 decimal

  @Instruction(value = "4 vrt vra vrb 1:1 ps 1:9", asm = "bcdadd. vrt,vra,vrb,ps", section = "6.16")
  static void bcdadd(PowerBuilder m, int vrt, int vra, int vrb, int ps, int word) {
    m.help(PowerHelp.DECIMAL, word);
  }

  @Instruction(
      value = "4 vrt vra vrb 1:1 ps 65:9",
      asm = "bcdsub. vrt,vra,vrb,ps",
      section = "6.16")
  static void bcdsub(PowerBuilder m, int vrt, int vra, int vrb, int ps, int word) {
    m.help(PowerHelp.DECIMAL, word);
  }
}
