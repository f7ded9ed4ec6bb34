package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.declare.Instruction;

/** Fixed-point arithmetic, compares and traps: Power ISA 2.07B, Book I, 3.3.9 to 3.3.11. */
final class FixedPoint {
  private FixedPoint() {}

  // ---- 3.3.9 add and subtract

  @Instruction(value = "14 rt ra si", asm = "addi rt,ra,si", section = "3.3.9")
  static void addi(PowerBuilder m, int rt, int ra, int si) {
    m.putGpr(rt, ra == 0 ? m.constant(si) : m.plus(m.gpr(ra), si));
  }

  @Instruction(value = "15 rt ra si", asm = "addis rt,ra,si", section = "3.3.9")
  static void addis(PowerBuilder m, int rt, int ra, int si) {
    long shifted = (long) si << 16;
    m.putGpr(rt, ra == 0 ? m.constant(shifted) : m.plus(m.gpr(ra), shifted));
  }

  @Instruction(value = "31 rt ra rb oe 266 rc", asm = "add{oe:o}{rc:.} rt,ra,rb", section = "3.3.9")
  static void add(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    int a = m.gpr(ra);
    int b = m.gpr(rb);
    int sum = m.add(a, b);
    finish(m, rt, sum, oe ? m.addOverflow(a, b, sum) : -1, rc);
  }

  @Instruction(value = "31 rt ra rb oe 40 rc", asm = "subf{oe:o}{rc:.} rt,ra,rb", section = "3.3.9")
  static void subf(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    int a = m.gpr(ra);
    int b = m.gpr(rb);
    int difference = m.op(Op.SUB, b, a);
    finish(m, rt, difference, oe ? subtractOverflow(m, b, a, difference) : -1, rc);
  }

  private static int subtractOverflow(PowerBuilder m, int from, int amount, int difference) {
    int both = m.op(Op.AND, m.op(Op.XOR, from, amount), m.op(Op.XOR, from, difference));
    return m.signBit(both);
  }

  /** Writes XER's overflow bits (unless {@code overflow} is -1), the result and CR0. */
  private static void finish(PowerBuilder m, int rt, int value, int overflow, boolean rc) {
    if (overflow >= 0) {
      m.overflow(overflow);
    }
    m.result(rt, value, rc);
  }

  @Instruction(value = "12 rt ra si", asm = "addic rt,ra,si", section = "3.3.9")
  static void addic(PowerBuilder m, int rt, int ra, int si) {
    addCarrying(m, rt, ra, m.constant(si), false, false);
  }

  @Instruction(value = "13 rt ra si", asm = "addic. rt,ra,si", section = "3.3.9")
  static void addicRecord(PowerBuilder m, int rt, int ra, int si) {
    addCarrying(m, rt, ra, m.constant(si), false, true);
  }

  @Instruction(value = "31 rt ra rb oe 10 rc", asm = "addc{oe:o}{rc:.} rt,ra,rb", section = "3.3.9")
  static void addc(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    addCarrying(m, rt, ra, m.gpr(rb), oe, rc);
  }

  private static void addCarrying(PowerBuilder m, int rt, int ra, int b, boolean oe, boolean rc) {
    int a = m.gpr(ra);
    int sum = m.carrying(m.wide() ? Op.ADDC64 : Op.ADDC32, a, b);
    int overflow = oe ? m.addOverflow(a, b, sum) : -1;
    finish(m, rt, sum, overflow, rc);
  }

  @Instruction(value = "8 rt ra si", asm = "subfic rt,ra,si", section = "3.3.9")
  static void subfic(PowerBuilder m, int rt, int ra, int si) {
    subtractCarrying(m, rt, ra, m.constant(si), false, false);
  }

  @Instruction(value = "31 rt ra rb oe 8 rc", asm = "subfc{oe:o}{rc:.} rt,ra,rb", section = "3.3.9")
  static void subfc(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    subtractCarrying(m, rt, ra, m.gpr(rb), oe, rc);
  }

  private static void subtractCarrying(
      PowerBuilder m, int rt, int ra, int from, boolean oe, boolean rc) {
    int a = m.gpr(ra);
    int difference = m.carrying(m.wide() ? Op.SUBC64 : Op.SUBC32, from, a);
    int overflow = oe ? subtractOverflow(m, from, a, difference) : -1;
    finish(m, rt, difference, overflow, rc);
  }

  @Instruction(
      value = "31 rt ra rb oe 138 rc",
      asm = "adde{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9")
  static void adde(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    addExtended(m, rt, m.gpr(ra), m.gpr(rb), oe, rc);
  }

  @Instruction(
      value = "31 rt ra rb oe 136 rc",
      asm = "subfe{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9")
  static void subfe(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    addExtended(m, rt, m.op(Op.NOT, m.gpr(ra)), m.gpr(rb), oe, rc);
  }

  @Instruction(value = "31 rt ra /:5 oe 234 rc", asm = "addme{oe:o}{rc:.} rt,ra", section = "3.3.9")
  static void addme(PowerBuilder m, int rt, int ra, boolean oe, boolean rc) {
    addExtended(m, rt, m.gpr(ra), m.constant(-1), oe, rc);
  }

  @Instruction(
      value = "31 rt ra /:5 oe 232 rc",
      asm = "subfme{oe:o}{rc:.} rt,ra",
      section = "3.3.9")
  static void subfme(PowerBuilder m, int rt, int ra, boolean oe, boolean rc) {
    addExtended(m, rt, m.op(Op.NOT, m.gpr(ra)), m.constant(-1), oe, rc);
  }

  @Instruction(value = "31 rt ra /:5 oe 202 rc", asm = "addze{oe:o}{rc:.} rt,ra", section = "3.3.9")
  static void addze(PowerBuilder m, int rt, int ra, boolean oe, boolean rc) {
    addExtended(m, rt, m.gpr(ra), m.constant(0), oe, rc);
  }

  @Instruction(
      value = "31 rt ra /:5 oe 200 rc",
      asm = "subfze{oe:o}{rc:.} rt,ra",
      section = "3.3.9")
  static void subfze(PowerBuilder m, int rt, int ra, boolean oe, boolean rc) {
    addExtended(m, rt, m.op(Op.NOT, m.gpr(ra)), m.constant(0), oe, rc);
  }

  private static void addExtended(PowerBuilder m, int rt, int a, int b, boolean oe, boolean rc) {
    int sum = m.carrying(m.wide() ? Op.ADC64 : Op.ADC32, a, b);
    int overflow = oe ? m.addOverflow(a, b, sum) : -1;
    finish(m, rt, sum, overflow, rc);
  }

  @Instruction(value = "31 rt ra /:5 oe 104 rc", asm = "neg{oe:o}{rc:.} rt,ra", section = "3.3.9")
  static void neg(PowerBuilder m, int rt, int ra, boolean oe, boolean rc) {
    int a = m.gpr(ra);
    int negated = m.op(Op.NEG, a);
    finish(m, rt, negated, oe ? m.signBit(m.op(Op.AND, a, negated)) : -1, rc);
  }

  // ---- 3.3.9 multiply and divide

  @Instruction(value = "7 rt ra si", asm = "mulli rt,ra,si", section = "3.3.9")
  static void mulli(PowerBuilder m, int rt, int ra, int si) {
    m.putGpr(rt, m.opImmediate(Op.MULI, m.gpr(ra), si));
  }

  @Instruction(
      value = "31 rt ra rb oe 235 rc",
      asm = "mullw{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9")
  static void mullw(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    boolean lowHalf = !m.wide() && !oe; // nobody sees the other one
    int product = m.op(lowHalf ? Op.MUL : Op.MULS32, m.gpr(ra), m.gpr(rb));
    int overflow = oe ? isDifferent(m, product, m.op(Op.SX32, product)) : -1;
    finish(m, rt, product, overflow, rc);
  }

  private static int isDifferent(PowerBuilder m, int a, int b) {
    return m.xor(m.op(Op.ISZERO64, m.op(Op.XOR, a, b)), 1);
  }

  @Instruction(value = "31 rt ra rb /:1 75 rc", asm = "mulhw{rc:.} rt,ra,rb", section = "3.3.9")
  static void mulhw(PowerBuilder m, int rt, int ra, int rb, boolean rc) {
    m.result(rt, m.op(Op.MULHS32, m.gpr(ra), m.gpr(rb)), rc);
  }

  @Instruction(value = "31 rt ra rb /:1 11 rc", asm = "mulhwu{rc:.} rt,ra,rb", section = "3.3.9")
  static void mulhwu(PowerBuilder m, int rt, int ra, int rb, boolean rc) {
    m.result(rt, m.op(Op.MULHU32, m.gpr(ra), m.gpr(rb)), rc);
  }

  @Instruction(
      value = "31 rt ra rb oe 233 rc",
      asm = "mulld{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9",
      wide = true)
  static void mulld(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    int a = m.gpr(ra);
    int b = m.gpr(rb);
    int product = m.op(Op.MUL, a, b);
    int overflow = -1;
    if (oe) {
      int high = m.op(Op.MULHS64, a, b);
      overflow = isDifferent(m, high, m.opImmediate(Op.SARI64, product, 63));
    }
    finish(m, rt, product, overflow, rc);
  }

  @Instruction(
      value = "31 rt ra rb /:1 73 rc",
      asm = "mulhd{rc:.} rt,ra,rb",
      section = "3.3.9",
      wide = true)
  static void mulhd(PowerBuilder m, int rt, int ra, int rb, boolean rc) {
    m.result(rt, m.op(Op.MULHS64, m.gpr(ra), m.gpr(rb)), rc);
  }

  @Instruction(
      value = "31 rt ra rb /:1 9 rc",
      asm = "mulhdu{rc:.} rt,ra,rb",
      section = "3.3.9",
      wide = true)
  static void mulhdu(PowerBuilder m, int rt, int ra, int rb, boolean rc) {
    m.result(rt, m.op(Op.MULHU64, m.gpr(ra), m.gpr(rb)), rc);
  }

  @Instruction(
      value = "31 rt ra rb oe 491 rc",
      asm = "divw{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9")
  static void divw(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    int a = m.op(Op.SX32, m.gpr(ra));
    int b = m.op(Op.SX32, m.gpr(rb));
    int overflow = oe ? signedDivideOverflow(m, a, b, Integer.MIN_VALUE) : -1;
    finish(m, rt, m.op(Op.ZX32, m.op(Op.DIVS32, a, b)), overflow, rc);
  }

  private static int signedDivideOverflow(PowerBuilder m, int a, int b, long least) {
    int least1 = m.op(Op.ISZERO64, m.op(Op.XOR, a, m.constant(least)));
    int minus1 = m.op(Op.ISZERO64, m.op(Op.NOT, b));
    return m.op(Op.OR, m.op(Op.ISZERO64, b), m.op(Op.AND, least1, minus1));
  }

  @Instruction(
      value = "31 rt ra rb oe 459 rc",
      asm = "divwu{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9")
  static void divwu(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    int b = m.gpr(rb);
    int overflow = oe ? m.op(Op.ISZERO32, b) : -1;
    finish(m, rt, m.op(Op.DIVU32, m.gpr(ra), b), overflow, rc);
  }

  @Instruction(
      value = "31 rt ra rb oe 489 rc",
      asm = "divd{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9",
      wide = true)
  static void divd(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    int a = m.gpr(ra);
    int b = m.gpr(rb);
    int overflow = oe ? signedDivideOverflow(m, a, b, Long.MIN_VALUE) : -1;
    finish(m, rt, m.op(Op.DIVS64, a, b), overflow, rc);
  }

  @Instruction(
      value = "31 rt ra rb oe 457 rc",
      asm = "divdu{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9",
      wide = true)
  static void divdu(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc) {
    int b = m.gpr(rb);
    int overflow = oe ? m.op(Op.ISZERO64, b) : -1;
    finish(m, rt, m.op(Op.DIVU64, m.gpr(ra), b), overflow, rc);
  }

  @Instruction(
      value = "31 rt ra rb oe 427 rc",
      asm = "divwe{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9")
  static void divwe(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc, int word) {
    m.help(PowerHelp.DIVIDE_EXTENDED, word);
  }

  @Instruction(
      value = "31 rt ra rb oe 395 rc",
      asm = "divweu{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9")
  static void divweu(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc, int word) {
    m.help(PowerHelp.DIVIDE_EXTENDED, word);
  }

  @Instruction(
      value = "31 rt ra rb oe 425 rc",
      asm = "divde{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9",
      wide = true)
  static void divde(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc, int word) {
    m.help(PowerHelp.DIVIDE_EXTENDED, word);
  }

  @Instruction(
      value = "31 rt ra rb oe 393 rc",
      asm = "divdeu{oe:o}{rc:.} rt,ra,rb",
      section = "3.3.9",
      wide = true)
  static void divdeu(PowerBuilder m, int rt, int ra, int rb, boolean oe, boolean rc, int word) {
    m.help(PowerHelp.DIVIDE_EXTENDED, word);
  }

  // ---- 3.3.10 compare

  @Instruction(value = "11 bf / l ra si", asm = "cmpi bf,l,ra,si", section = "3.3.10")
  static void cmpi(PowerBuilder m, int bf, boolean l, int ra, int si) {
    int op = l && m.wide() ? Op.CMPSI64 : Op.CMPSI32;
    m.put(PowerState.crField(bf), m.compareImmediate(op, m.gpr(ra), m.so(), si));
  }

  @Instruction(value = "10 bf / l ra ui", asm = "cmpli bf,l,ra,ui", section = "3.3.10")
  static void cmpli(PowerBuilder m, int bf, boolean l, int ra, int ui) {
    int op = l && m.wide() ? Op.CMPUI64 : Op.CMPUI32;
    m.put(PowerState.crField(bf), m.compareImmediate(op, m.gpr(ra), m.so(), ui));
  }

  @Instruction(value = "31 bf / l ra rb 0:10 /:1", asm = "cmp bf,l,ra,rb", section = "3.3.10")
  static void cmp(PowerBuilder m, int bf, boolean l, int ra, int rb) {
    int op = l && m.wide() ? Op.CMPS64 : Op.CMPS32;
    m.put(PowerState.crField(bf), m.op(op, m.gpr(ra), m.gpr(rb), m.so(), 0));
  }

  @Instruction(value = "31 bf / l ra rb 32:10 /:1", asm = "cmpl bf,l,ra,rb", section = "3.3.10")
  static void cmpl(PowerBuilder m, int bf, boolean l, int ra, int rb) {
    int op = l && m.wide() ? Op.CMPU64 : Op.CMPU32;
    m.put(PowerState.crField(bf), m.op(op, m.gpr(ra), m.gpr(rb), m.so(), 0));
  }

  // ---- 3.3.11 trap

  @Instruction(value = "3 to ra si", asm = "twi to,ra,si", section = "3.3.11")
  static void twi(PowerBuilder m, int to, int ra, int si) {
    trap(m, to, m.op(Op.SX32, m.gpr(ra)), m.constant(si));
  }

  @Instruction(value = "31 to ra rb 4:10 /:1", asm = "tw to,ra,rb", section = "3.3.11")
  static void tw(PowerBuilder m, int to, int ra, int rb) {
    trap(m, to, m.op(Op.SX32, m.gpr(ra)), m.op(Op.SX32, m.gpr(rb)));
  }

  @Instruction(value = "2 to ra si", asm = "tdi to,ra,si", section = "3.3.11", wide = true)
  static void tdi(PowerBuilder m, int to, int ra, int si) {
    trap(m, to, m.gpr(ra), m.constant(si));
  }

  @Instruction(
      value = "31 to ra rb 68:10 /:1",
      asm = "td to,ra,rb",
      section = "3.3.11",
      wide = true)
  static void td(PowerBuilder m, int to, int ra, int rb) {
    trap(m, to, m.gpr(ra), m.gpr(rb));
  }

  /** TO selects: 16 less, 8 greater, 4 equal, 2 unsigned less, 1 unsigned greater. */
  private static void trap(PowerBuilder m, int to, int a, int b) {
    if (to == 31) {
      m.stop(Stop.TRAP, false);
      return;
    }
    int zero = m.constant(0);
    int signed = m.and(m.op(Op.CMPS64, a, b, zero, 0), to >> 1);
    int unsigned = m.and(m.op(Op.CMPU64, a, b, zero, 0), (to & 3) << 2);
    m.stopIf(Stop.TRAP, m.op(Op.OR, signed, unsigned));
  }

  // ---- 3.3.12 select

  @Instruction(value = "31 rt ra rb bc 15:5 /:1", asm = "isel rt,ra,rb,bc", section = "3.3.12")
  static void isel(PowerBuilder m, int rt, int ra, int rb, int bc) {
    int bit = m.and(m.get(PowerState.crField(bc >> 2)), 8 >> (bc & 3));
    m.putGpr(rt, m.op(Op.SELECT, bit, m.gprOrZero(ra), m.gpr(rb), 0));
  }
}
