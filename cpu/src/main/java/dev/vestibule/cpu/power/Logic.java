package dev.vestibule.cpu.power;

import dev.vestibule.cpu.micro.Op;
import dev.vestibule.declare.Instruction;

/** Logical, rotate and shift instructions: Power ISA 2.07B, Book I, 3.3.13 and 3.3.14. */
final class Logic {
  private Logic() {}

  @Instruction(value = "31 rs ra rb 28 rc", asm = "and{rc:.} ra,rs,rb", section = "3.3.13")
  static void and(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, m.op(Op.AND, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(value = "31 rs ra rb 316 rc", asm = "xor{rc:.} ra,rs,rb", section = "3.3.13")
  static void xor(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, m.op(Op.XOR, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(value = "31 rs ra rb 476 rc", asm = "nand{rc:.} ra,rs,rb", section = "3.3.13")
  static void nand(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, m.op(Op.NAND, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(value = "31 rs ra rb 124 rc", asm = "nor{rc:.} ra,rs,rb", section = "3.3.13")
  static void nor(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, m.op(Op.NOR, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(value = "31 rs ra rb 284 rc", asm = "eqv{rc:.} ra,rs,rb", section = "3.3.13")
  static void eqv(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, m.op(Op.EQV, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(value = "31 rs ra rb 60 rc", asm = "andc{rc:.} ra,rs,rb", section = "3.3.13")
  static void andc(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, m.op(Op.ANDC, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(value = "31 rs ra rb 412 rc", asm = "orc{rc:.} ra,rs,rb", section = "3.3.13")
  static void orc(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, m.op(Op.ORC, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(value = "31 rs ra rb 444 rc", asm = "or{rc:.} ra,rs,rb", section = "3.3.13")
  static void or(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, rs == rb ? m.gpr(rs) : m.op(Op.OR, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(value = "28 rs ra ui", asm = "andi. ra,rs,ui", section = "3.3.13")
  static void andiRecord(PowerBuilder m, int rs, int ra, int ui) {
    m.result(ra, m.and(m.gpr(rs), ui), true);
  }

  @Instruction(value = "29 rs ra ui", asm = "andis. ra,rs,ui", section = "3.3.13")
  static void andisRecord(PowerBuilder m, int rs, int ra, int ui) {
    m.result(ra, m.and(m.gpr(rs), (long) ui << 16), true);
  }

  @Instruction(value = "24 rs ra ui", asm = "ori ra,rs,ui", section = "3.3.13")
  static void ori(PowerBuilder m, int rs, int ra, int ui) {
    if (ui != 0 || rs != ra) {
      m.putGpr(ra, ui == 0 ? m.gpr(rs) : m.or(m.gpr(rs), ui));
    }
  }

  @Instruction(value = "25 rs ra ui", asm = "oris ra,rs,ui", section = "3.3.13")
  static void oris(PowerBuilder m, int rs, int ra, int ui) {
    if (ui != 0 || rs != ra) {
      m.putGpr(ra, ui == 0 ? m.gpr(rs) : m.or(m.gpr(rs), (long) ui << 16));
    }
  }

  @Instruction(value = "26 rs ra ui", asm = "xori ra,rs,ui", section = "3.3.13")
  static void xori(PowerBuilder m, int rs, int ra, int ui) {
    if (ui != 0 || rs != ra) {
      m.putGpr(ra, ui == 0 ? m.gpr(rs) : m.xor(m.gpr(rs), ui));
    }
  }

  @Instruction(value = "27 rs ra ui", asm = "xoris ra,rs,ui", section = "3.3.13")
  static void xoris(PowerBuilder m, int rs, int ra, int ui) {
    if (ui != 0 || rs != ra) {
      m.putGpr(ra, ui == 0 ? m.gpr(rs) : m.xor(m.gpr(rs), (long) ui << 16));
    }
  }

  @Instruction(value = "31 rs ra /:5 954 rc", asm = "extsb{rc:.} ra,rs", section = "3.3.13")
  static void extsb(PowerBuilder m, int rs, int ra, boolean rc) {
    m.result(ra, m.op(Op.SX8, m.gpr(rs)), rc);
  }

  @Instruction(value = "31 rs ra /:5 922 rc", asm = "extsh{rc:.} ra,rs", section = "3.3.13")
  static void extsh(PowerBuilder m, int rs, int ra, boolean rc) {
    m.result(ra, m.op(Op.SX16, m.gpr(rs)), rc);
  }

  @Instruction(
      value = "31 rs ra /:5 986 rc",
      asm = "extsw{rc:.} ra,rs",
      section = "3.3.13",
      wide = true)
  static void extsw(PowerBuilder m, int rs, int ra, boolean rc) {
    m.result(ra, m.op(Op.SX32, m.gpr(rs)), rc);
  }

  @Instruction(value = "31 rs ra /:5 26 rc", asm = "cntlzw{rc:.} ra,rs", section = "3.3.13")
  static void cntlzw(PowerBuilder m, int rs, int ra, boolean rc) {
    m.result(ra, m.op(Op.CLZ32, m.gpr(rs)), rc);
  }

  @Instruction(
      value = "31 rs ra /:5 58 rc",
      asm = "cntlzd{rc:.} ra,rs",
      section = "3.3.13",
      wide = true)
  static void cntlzd(PowerBuilder m, int rs, int ra, boolean rc) {
    m.result(ra, m.op(Op.CLZ64, m.gpr(rs)), rc);
  }

  @Instruction(value = "31 rs ra /:5 122:10 /:1", asm = "popcntb ra,rs", section = "3.3.13")
  static void popcntb(PowerBuilder m, int rs, int ra) {
    m.putGpr(ra, m.op(Op.POPCNTB, m.gpr(rs)));
  }

  @Instruction(value = "31 rs ra /:5 378:10 /:1", asm = "popcntw ra,rs", section = "3.3.13")
  static void popcntw(PowerBuilder m, int rs, int ra) {
    m.putGpr(ra, m.op(Op.POPCNTW, m.gpr(rs)));
  }

  @Instruction(
      value = "31 rs ra /:5 506:10 /:1",
      asm = "popcntd ra,rs",
      section = "3.3.13",
      wide = true)
  static void popcntd(PowerBuilder m, int rs, int ra) {
    m.putGpr(ra, m.op(Op.POPCNTD, m.gpr(rs)));
  }

  @Instruction(value = "31 rs ra /:5 154:10 /:1", asm = "prtyw ra,rs", section = "3.3.13")
  static void prtyw(PowerBuilder m, int rs, int ra) {
    m.putGpr(ra, m.op(Op.PRTYW, m.gpr(rs)));
  }

  @Instruction(
      value = "31 rs ra /:5 186:10 /:1",
      asm = "prtyd ra,rs",
      section = "3.3.13",
      wide = true)
  static void prtyd(PowerBuilder m, int rs, int ra) {
    m.putGpr(ra, m.op(Op.PRTYD, m.gpr(rs)));
  }

  @Instruction(value = "31 rs ra rb 508:10 /:1", asm = "cmpb ra,rs,rb", section = "3.3.13")
  static void cmpb(PowerBuilder m, int rs, int ra, int rb) {
    m.putGpr(ra, m.op(Op.CMPB, m.gpr(rs), m.gpr(rb)));
  }

  @Instruction(
      value = "31 rs ra rb 252:10 /:1",
      asm = "bpermd ra,rs,rb",
      section = "3.3.13",
      wide = true)
  static void bpermd(PowerBuilder m, int rs, int ra, int rb) {
    m.putGpr(ra, m.op(Op.BPERMD, m.gpr(rs), m.gpr(rb)));
  }

  @Instruction(
      value = "21 rs ra sh mb me rc",
      asm = "rlwinm{rc:.} ra,rs,sh,mb,me",
      section = "3.3.14")
  static void rlwinm(PowerBuilder m, int rs, int ra, int sh, int mb, int me, boolean rc) {
    long mask = mask32(mb, me);
    boolean plain = sh == 0 && mb <= me;
    int value = plain ? m.and(m.gpr(rs), mask) : m.rotateMask(Op.ROTM32, m.gpr(rs), sh, mask);
    m.result(ra, value, rc);
  }

  @Instruction(
      value = "20 rs ra sh mb me rc",
      asm = "rlwimi{rc:.} ra,rs,sh,mb,me",
      section = "3.3.14")
  static void rlwimi(PowerBuilder m, int rs, int ra, int sh, int mb, int me, boolean rc) {
    m.rotateInsert(Op.ROTI32, ra, m.gpr(rs), sh, mask32(mb, me));
    if (rc) {
      m.record(m.gpr(ra));
    }
  }

  @Instruction(
      value = "23 rs ra rb mb me rc",
      asm = "rlwnm{rc:.} ra,rs,rb,mb,me",
      section = "3.3.14")
  static void rlwnm(PowerBuilder m, int rs, int ra, int rb, int mb, int me, boolean rc) {
    m.result(ra, m.and(m.op(Op.ROTV32, m.gpr(rs), m.gpr(rb)), mask32(mb, me)), rc);
  }

  @Instruction(
      value = "30 rs ra sh6 mb6 mb6 0 sh6 rc",
      asm = "rldicl{rc:.} ra,rs,sh6,mb6",
      section = "3.3.14",
      wide = true)
  static void rldicl(PowerBuilder m, int rs, int ra, int sh6, int mb6, boolean rc) {
    m.result(ra, m.rotateMask(Op.ROTM64, m.gpr(rs), sh6, -1L >>> mb6), rc);
  }

  @Instruction(
      value = "30 rs ra sh6 mb6 mb6 1 sh6 rc",
      asm = "rldicr{rc:.} ra,rs,sh6,mb6",
      section = "3.3.14",
      wide = true)
  static void rldicr(PowerBuilder m, int rs, int ra, int sh6, int mb6, boolean rc) {
    m.result(ra, m.rotateMask(Op.ROTM64, m.gpr(rs), sh6, -1L << (63 - mb6)), rc);
  }

  @Instruction(
      value = "30 rs ra sh6 mb6 mb6 2 sh6 rc",
      asm = "rldic{rc:.} ra,rs,sh6,mb6",
      section = "3.3.14",
      wide = true)
  static void rldic(PowerBuilder m, int rs, int ra, int sh6, int mb6, boolean rc) {
    m.result(ra, m.rotateMask(Op.ROTM64, m.gpr(rs), sh6, mask64(mb6, 63 - sh6)), rc);
  }

  @Instruction(
      value = "30 rs ra sh6 mb6 mb6 3 sh6 rc",
      asm = "rldimi{rc:.} ra,rs,sh6,mb6",
      section = "3.3.14",
      wide = true)
  static void rldimi(PowerBuilder m, int rs, int ra, int sh6, int mb6, boolean rc) {
    m.rotateInsert(Op.ROTI64, ra, m.gpr(rs), sh6, mask64(mb6, 63 - sh6));
    if (rc) {
      m.record(m.gpr(ra));
    }
  }

  @Instruction(
      value = "30 rs ra rb mb6 mb6 8 rc",
      asm = "rldcl{rc:.} ra,rs,rb,mb6",
      section = "3.3.14",
      wide = true)
  static void rldcl(PowerBuilder m, int rs, int ra, int rb, int mb6, boolean rc) {
    m.result(ra, m.and(m.op(Op.ROTV64, m.gpr(rs), m.gpr(rb)), -1L >>> mb6), rc);
  }

  @Instruction(
      value = "30 rs ra rb mb6 mb6 9 rc",
      asm = "rldcr{rc:.} ra,rs,rb,mb6",
      section = "3.3.14",
      wide = true)
  static void rldcr(PowerBuilder m, int rs, int ra, int rb, int mb6, boolean rc) {
    m.result(ra, m.and(m.op(Op.ROTV64, m.gpr(rs), m.gpr(rb)), -1L << (63 - mb6)), rc);
  }

  @Instruction(value = "31 rs ra rb 24 rc", asm = "slw{rc:.} ra,rs,rb", section = "3.3.14")
  static void slw(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, m.op(Op.SHL32, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(value = "31 rs ra rb 536 rc", asm = "srw{rc:.} ra,rs,rb", section = "3.3.14")
  static void srw(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, m.op(Op.SHR32, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(
      value = "31 rs ra rb 27 rc",
      asm = "sld{rc:.} ra,rs,rb",
      section = "3.3.14",
      wide = true)
  static void sld(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, m.op(Op.SHL64, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(
      value = "31 rs ra rb 539 rc",
      asm = "srd{rc:.} ra,rs,rb",
      section = "3.3.14",
      wide = true)
  static void srd(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    m.result(ra, m.op(Op.SHR64, m.gpr(rs), m.gpr(rb)), rc);
  }

  @Instruction(value = "31 rs ra rb 792 rc", asm = "sraw{rc:.} ra,rs,rb", section = "3.3.14")
  static void sraw(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    int carry = m.op(Op.SARCA32, m.gpr(rs), m.gpr(rb));
    int value = m.op(Op.SAR32, m.gpr(rs), m.gpr(rb));
    m.put(PowerState.CA, carry);
    m.result(ra, value, rc);
  }

  @Instruction(
      value = "31 rs ra rb 794 rc",
      asm = "srad{rc:.} ra,rs,rb",
      section = "3.3.14",
      wide = true)
  static void srad(PowerBuilder m, int rs, int ra, int rb, boolean rc) {
    int carry = m.op(Op.SARCA64, m.gpr(rs), m.gpr(rb));
    int value = m.op(Op.SAR64, m.gpr(rs), m.gpr(rb));
    m.put(PowerState.CA, carry);
    m.result(ra, value, rc);
  }

  @Instruction(value = "31 rs ra sh 824 rc", asm = "srawi{rc:.} ra,rs,sh", section = "3.3.14")
  static void srawi(PowerBuilder m, int rs, int ra, int sh, boolean rc) {
    int carry = m.op(Op.SARCA32, m.gpr(rs), m.constant(sh));
    int value = m.opImmediate(Op.SARI32, m.gpr(rs), sh);
    m.put(PowerState.CA, carry);
    m.result(ra, value, rc);
  }

  @Instruction(
      value = "31 rs ra sh6 413 sh6 rc",
      asm = "sradi{rc:.} ra,rs,sh6",
      section = "3.3.14",
      wide = true)
  static void sradi(PowerBuilder m, int rs, int ra, int sh6, boolean rc) {
    int carry = m.op(Op.SARCA64, m.gpr(rs), m.constant(sh6));
    int value = m.opImmediate(Op.SARI64, m.gpr(rs), sh6);
    m.put(PowerState.CA, carry);
    m.result(ra, value, rc);
  }

  /** MASK(mb + 32, me + 32), repeated in the high word where it wraps: 3.3.14. */
  private static long mask32(int mb, int me) {
    return mask64(mb + 32, me + 32);
  }

  /** Ones from bit {@code mb} to bit {@code me}, wrapping around, bits numbered from the left. */
  private static long mask64(int mb, int me) {
    long from = -1L >>> mb;
    long to = -1L << (63 - me);
    return mb <= me ? from & to : from | to;
  }
}
