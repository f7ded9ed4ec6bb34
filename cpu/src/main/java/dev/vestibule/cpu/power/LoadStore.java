package dev.vestibule.cpu.power;

import dev.vestibule.declare.Instruction;

/** Fixed-point loads and stores: Power ISA 2.07B, Book I, 3.3.2 to 3.3.7, Book II, 4.4.2. */
final class LoadStore {
  private LoadStore() {}

  private static void load(PowerBuilder m, int rt, int ra, int d, int size, boolean signed) {
    m.putGpr(rt, m.load(m.loadOp(size, signed), m.base(ra), d));
  }

  private static int loaded(PowerBuilder m, int op, int ra, int rb) {
    return ra == 0 ? m.load(op, m.gpr(rb), 0) : m.loadIndexed(op, m.gpr(ra), m.gpr(rb));
  }

  private static void loadIndexed(
      PowerBuilder m, int rt, int ra, int rb, int size, boolean signed) {
    m.putGpr(rt, loaded(m, m.loadOp(size, signed), ra, rb));
  }

  /** The update form; RA = 0 and RA = RT are invalid. */
  private static void loadUpdate(
      PowerBuilder m, int rt, int ra, int address, int size, boolean signed) {
    if (ra == 0 || ra == rt) {
      m.illegal();
      return;
    }
    int value = m.load(m.loadOp(size, signed), address, 0);
    m.putGpr(rt, value);
    m.putGpr(ra, address);
  }

  private static void storeIndexed(PowerBuilder m, int rs, int ra, int rb, int op) {
    if (ra == 0) {
      m.store(op, m.gpr(rb), 0, m.gpr(rs));
    } else {
      m.storeIndexed(op, m.gpr(ra), m.gpr(rb), m.gpr(rs));
    }
  }

  private static void storeUpdate(PowerBuilder m, int rs, int ra, int address, int size) {
    if (ra == 0) {
      m.illegal();
      return;
    }
    m.store(m.storeOp(size), address, 0, m.gpr(rs));
    m.putGpr(ra, address);
  }

  @Instruction(value = "34 rt ra d", asm = "lbz rt,d(ra)", section = "3.3.2")
  static void lbz(PowerBuilder m, int rt, int ra, int d) {
    load(m, rt, ra, d, 1, false);
  }

  @Instruction(value = "35 rt ra d", asm = "lbzu rt,d(ra)", section = "3.3.2")
  static void lbzu(PowerBuilder m, int rt, int ra, int d) {
    loadUpdate(m, rt, ra, m.plus(m.gpr(ra), d), 1, false);
  }

  @Instruction(value = "31 rt ra rb 87:10 /:1", asm = "lbzx rt,ra,rb", section = "3.3.2")
  static void lbzx(PowerBuilder m, int rt, int ra, int rb) {
    loadIndexed(m, rt, ra, rb, 1, false);
  }

  @Instruction(value = "31 rt ra rb 119:10 /:1", asm = "lbzux rt,ra,rb", section = "3.3.2")
  static void lbzux(PowerBuilder m, int rt, int ra, int rb) {
    loadUpdate(m, rt, ra, m.add(m.gpr(ra), m.gpr(rb)), 1, false);
  }

  @Instruction(value = "40 rt ra d", asm = "lhz rt,d(ra)", section = "3.3.2")
  static void lhz(PowerBuilder m, int rt, int ra, int d) {
    load(m, rt, ra, d, 2, false);
  }

  @Instruction(value = "41 rt ra d", asm = "lhzu rt,d(ra)", section = "3.3.2")
  static void lhzu(PowerBuilder m, int rt, int ra, int d) {
    loadUpdate(m, rt, ra, m.plus(m.gpr(ra), d), 2, false);
  }

  @Instruction(value = "31 rt ra rb 279:10 /:1", asm = "lhzx rt,ra,rb", section = "3.3.2")
  static void lhzx(PowerBuilder m, int rt, int ra, int rb) {
    loadIndexed(m, rt, ra, rb, 2, false);
  }

  @Instruction(value = "31 rt ra rb 311:10 /:1", asm = "lhzux rt,ra,rb", section = "3.3.2")
  static void lhzux(PowerBuilder m, int rt, int ra, int rb) {
    loadUpdate(m, rt, ra, m.add(m.gpr(ra), m.gpr(rb)), 2, false);
  }

  @Instruction(value = "42 rt ra d", asm = "lha rt,d(ra)", section = "3.3.2")
  static void lha(PowerBuilder m, int rt, int ra, int d) {
    load(m, rt, ra, d, 2, true);
  }

  @Instruction(value = "43 rt ra d", asm = "lhau rt,d(ra)", section = "3.3.2")
  static void lhau(PowerBuilder m, int rt, int ra, int d) {
    loadUpdate(m, rt, ra, m.plus(m.gpr(ra), d), 2, true);
  }

  @Instruction(value = "31 rt ra rb 343:10 /:1", asm = "lhax rt,ra,rb", section = "3.3.2")
  static void lhax(PowerBuilder m, int rt, int ra, int rb) {
    loadIndexed(m, rt, ra, rb, 2, true);
  }

  @Instruction(value = "31 rt ra rb 375:10 /:1", asm = "lhaux rt,ra,rb", section = "3.3.2")
  static void lhaux(PowerBuilder m, int rt, int ra, int rb) {
    loadUpdate(m, rt, ra, m.add(m.gpr(ra), m.gpr(rb)), 2, true);
  }

  @Instruction(value = "32 rt ra d", asm = "lwz rt,d(ra)", section = "3.3.2")
  static void lwz(PowerBuilder m, int rt, int ra, int d) {
    load(m, rt, ra, d, 4, false);
  }

  @Instruction(value = "33 rt ra d", asm = "lwzu rt,d(ra)", section = "3.3.2")
  static void lwzu(PowerBuilder m, int rt, int ra, int d) {
    loadUpdate(m, rt, ra, m.plus(m.gpr(ra), d), 4, false);
  }

  @Instruction(value = "31 rt ra rb 23:10 /:1", asm = "lwzx rt,ra,rb", section = "3.3.2")
  static void lwzx(PowerBuilder m, int rt, int ra, int rb) {
    loadIndexed(m, rt, ra, rb, 4, false);
  }

  @Instruction(value = "31 rt ra rb 55:10 /:1", asm = "lwzux rt,ra,rb", section = "3.3.2")
  static void lwzux(PowerBuilder m, int rt, int ra, int rb) {
    loadUpdate(m, rt, ra, m.add(m.gpr(ra), m.gpr(rb)), 4, false);
  }

  @Instruction(value = "58 rt ra ds 2", asm = "lwa rt,ds(ra)", section = "3.3.2", wide = true)
  static void lwa(PowerBuilder m, int rt, int ra, int ds) {
    load(m, rt, ra, ds, 4, true);
  }

  @Instruction(
      value = "31 rt ra rb 341:10 /:1",
      asm = "lwax rt,ra,rb",
      section = "3.3.2",
      wide = true)
  static void lwax(PowerBuilder m, int rt, int ra, int rb) {
    loadIndexed(m, rt, ra, rb, 4, true);
  }

  @Instruction(
      value = "31 rt ra rb 373:10 /:1",
      asm = "lwaux rt,ra,rb",
      section = "3.3.2",
      wide = true)
  static void lwaux(PowerBuilder m, int rt, int ra, int rb) {
    loadUpdate(m, rt, ra, m.add(m.gpr(ra), m.gpr(rb)), 4, true);
  }

  @Instruction(value = "58 rt ra ds 0", asm = "ld rt,ds(ra)", section = "3.3.2", wide = true)
  static void ld(PowerBuilder m, int rt, int ra, int ds) {
    load(m, rt, ra, ds, 8, false);
  }

  @Instruction(value = "58 rt ra ds 1", asm = "ldu rt,ds(ra)", section = "3.3.2", wide = true)
  static void ldu(PowerBuilder m, int rt, int ra, int ds) {
    loadUpdate(m, rt, ra, m.plus(m.gpr(ra), ds), 8, false);
  }

  @Instruction(
      value = "31 rt ra rb 21:10 /:1",
      asm = "ldx rt,ra,rb",
      section = "3.3.2",
      wide = true)
  static void ldx(PowerBuilder m, int rt, int ra, int rb) {
    loadIndexed(m, rt, ra, rb, 8, false);
  }

  @Instruction(
      value = "31 rt ra rb 53:10 /:1",
      asm = "ldux rt,ra,rb",
      section = "3.3.2",
      wide = true)
  static void ldux(PowerBuilder m, int rt, int ra, int rb) {
    loadUpdate(m, rt, ra, m.add(m.gpr(ra), m.gpr(rb)), 8, false);
  }

  @Instruction(value = "38 rs ra d", asm = "stb rs,d(ra)", section = "3.3.3")
  static void stb(PowerBuilder m, int rs, int ra, int d) {
    m.store(m.storeOp(1), m.base(ra), d, m.gpr(rs));
  }

  @Instruction(value = "39 rs ra d", asm = "stbu rs,d(ra)", section = "3.3.3")
  static void stbu(PowerBuilder m, int rs, int ra, int d) {
    storeUpdate(m, rs, ra, m.plus(m.gpr(ra), d), 1);
  }

  @Instruction(value = "31 rs ra rb 215:10 /:1", asm = "stbx rs,ra,rb", section = "3.3.3")
  static void stbx(PowerBuilder m, int rs, int ra, int rb) {
    storeIndexed(m, rs, ra, rb, m.storeOp(1));
  }

  @Instruction(value = "31 rs ra rb 247:10 /:1", asm = "stbux rs,ra,rb", section = "3.3.3")
  static void stbux(PowerBuilder m, int rs, int ra, int rb) {
    storeUpdate(m, rs, ra, m.add(m.gpr(ra), m.gpr(rb)), 1);
  }

  @Instruction(value = "44 rs ra d", asm = "sth rs,d(ra)", section = "3.3.3")
  static void sth(PowerBuilder m, int rs, int ra, int d) {
    m.store(m.storeOp(2), m.base(ra), d, m.gpr(rs));
  }

  @Instruction(value = "45 rs ra d", asm = "sthu rs,d(ra)", section = "3.3.3")
  static void sthu(PowerBuilder m, int rs, int ra, int d) {
    storeUpdate(m, rs, ra, m.plus(m.gpr(ra), d), 2);
  }

  @Instruction(value = "31 rs ra rb 407:10 /:1", asm = "sthx rs,ra,rb", section = "3.3.3")
  static void sthx(PowerBuilder m, int rs, int ra, int rb) {
    storeIndexed(m, rs, ra, rb, m.storeOp(2));
  }

  @Instruction(value = "31 rs ra rb 439:10 /:1", asm = "sthux rs,ra,rb", section = "3.3.3")
  static void sthux(PowerBuilder m, int rs, int ra, int rb) {
    storeUpdate(m, rs, ra, m.add(m.gpr(ra), m.gpr(rb)), 2);
  }

  @Instruction(value = "36 rs ra d", asm = "stw rs,d(ra)", section = "3.3.3")
  static void stw(PowerBuilder m, int rs, int ra, int d) {
    m.store(m.storeOp(4), m.base(ra), d, m.gpr(rs));
  }

  @Instruction(value = "37 rs ra d", asm = "stwu rs,d(ra)", section = "3.3.3")
  static void stwu(PowerBuilder m, int rs, int ra, int d) {
    storeUpdate(m, rs, ra, m.plus(m.gpr(ra), d), 4);
  }

  @Instruction(value = "31 rs ra rb 151:10 /:1", asm = "stwx rs,ra,rb", section = "3.3.3")
  static void stwx(PowerBuilder m, int rs, int ra, int rb) {
    storeIndexed(m, rs, ra, rb, m.storeOp(4));
  }

  @Instruction(value = "31 rs ra rb 183:10 /:1", asm = "stwux rs,ra,rb", section = "3.3.3")
  static void stwux(PowerBuilder m, int rs, int ra, int rb) {
    storeUpdate(m, rs, ra, m.add(m.gpr(ra), m.gpr(rb)), 4);
  }

  @Instruction(value = "62 rs ra ds 0", asm = "std rs,ds(ra)", section = "3.3.3", wide = true)
  static void std(PowerBuilder m, int rs, int ra, int ds) {
    m.store(m.storeOp(8), m.base(ra), ds, m.gpr(rs));
  }

  @Instruction(value = "62 rs ra ds 1", asm = "stdu rs,ds(ra)", section = "3.3.3", wide = true)
  static void stdu(PowerBuilder m, int rs, int ra, int ds) {
    storeUpdate(m, rs, ra, m.plus(m.gpr(ra), ds), 8);
  }

  @Instruction(
      value = "31 rs ra rb 149:10 /:1",
      asm = "stdx rs,ra,rb",
      section = "3.3.3",
      wide = true)
  static void stdx(PowerBuilder m, int rs, int ra, int rb) {
    storeIndexed(m, rs, ra, rb, m.storeOp(8));
  }

  @Instruction(
      value = "31 rs ra rb 181:10 /:1",
      asm = "stdux rs,ra,rb",
      section = "3.3.3",
      wide = true)
  static void stdux(PowerBuilder m, int rs, int ra, int rb) {
    storeUpdate(m, rs, ra, m.add(m.gpr(ra), m.gpr(rb)), 8);
  }

  @Instruction(value = "31 rt ra rb 790:10 /:1", asm = "lhbrx rt,ra,rb", section = "3.3.4")
  static void lhbrx(PowerBuilder m, int rt, int ra, int rb) {
    int op = PowerBuilder.loadOp(2, false, !m.bigEndian());
    m.putGpr(rt, loaded(m, op, ra, rb));
  }

  @Instruction(value = "31 rt ra rb 534:10 /:1", asm = "lwbrx rt,ra,rb", section = "3.3.4")
  static void lwbrx(PowerBuilder m, int rt, int ra, int rb) {
    int op = PowerBuilder.loadOp(4, false, !m.bigEndian());
    m.putGpr(rt, loaded(m, op, ra, rb));
  }

  @Instruction(
      value = "31 rt ra rb 532:10 /:1",
      asm = "ldbrx rt,ra,rb",
      section = "3.3.4",
      wide = true)
  static void ldbrx(PowerBuilder m, int rt, int ra, int rb) {
    int op = PowerBuilder.loadOp(8, false, !m.bigEndian());
    m.putGpr(rt, loaded(m, op, ra, rb));
  }

  @Instruction(value = "31 rs ra rb 918:10 /:1", asm = "sthbrx rs,ra,rb", section = "3.3.4")
  static void sthbrx(PowerBuilder m, int rs, int ra, int rb) {
    storeIndexed(m, rs, ra, rb, PowerBuilder.storeOp(2, !m.bigEndian()));
  }

  @Instruction(value = "31 rs ra rb 662:10 /:1", asm = "stwbrx rs,ra,rb", section = "3.3.4")
  static void stwbrx(PowerBuilder m, int rs, int ra, int rb) {
    storeIndexed(m, rs, ra, rb, PowerBuilder.storeOp(4, !m.bigEndian()));
  }

  @Instruction(
      value = "31 rs ra rb 660:10 /:1",
      asm = "stdbrx rs,ra,rb",
      section = "3.3.4",
      wide = true)
  static void stdbrx(PowerBuilder m, int rs, int ra, int rb) {
    storeIndexed(m, rs, ra, rb, PowerBuilder.storeOp(8, !m.bigEndian()));
  }

  @Instruction(value = "46 rt ra d", asm = "lmw rt,d(ra)", section = "3.3.6")
  static void lmw(PowerBuilder m, int rt, int ra, int d, int word) {
    if (!m.bigEndian()) {
      m.help(PowerHelp.BIG_ENDIAN_ONLY, word);
      return;
    }
    int[] values = new int[32 - rt];
    int base = m.base(ra);
    for (int i = 0; i < values.length; i++) {
      values[i] = m.load(m.loadOp(4, false), base, d + 4 * i);
    }
    for (int i = 0; i < values.length; i++) {
      m.putGpr(rt + i, values[i]);
    }
  }

  @Instruction(value = "47 rs ra d", asm = "stmw rs,d(ra)", section = "3.3.6")
  static void stmw(PowerBuilder m, int rs, int ra, int d, int word) {
    if (!m.bigEndian()) {
      m.help(PowerHelp.BIG_ENDIAN_ONLY, word);
      return;
    }
    int base = m.base(ra);
    for (int n = rs; n < 32; n++) {
      m.store(m.storeOp(4), base, d + 4 * (n - rs), m.gpr(n));
    }
  }

  @Instruction(value = "31 rt ra nb 597:10 /:1", asm = "lswi rt,ra,nb", section = "3.3.7")
  static void lswi(PowerBuilder m, int rt, int ra, int nb, int word) {
    m.help(m.bigEndian() ? PowerHelp.STRING : PowerHelp.BIG_ENDIAN_ONLY, word);
  }

  @Instruction(value = "31 rs ra nb 725:10 /:1", asm = "stswi rs,ra,nb", section = "3.3.7")
  static void stswi(PowerBuilder m, int rs, int ra, int nb, int word) {
    m.help(m.bigEndian() ? PowerHelp.STRING : PowerHelp.BIG_ENDIAN_ONLY, word);
  }

  @Instruction(value = "31 rt ra rb 533:10 /:1", asm = "lswx rt,ra,rb", section = "3.3.7")
  static void lswx(PowerBuilder m, int rt, int ra, int rb, int word) {
    m.help(m.bigEndian() ? PowerHelp.STRING : PowerHelp.BIG_ENDIAN_ONLY, word);
  }

  @Instruction(value = "31 rs ra rb 661:10 /:1", asm = "stswx rs,ra,rb", section = "3.3.7")
  static void stswx(PowerBuilder m, int rs, int ra, int rb, int word) {
    m.help(m.bigEndian() ? PowerHelp.STRING : PowerHelp.BIG_ENDIAN_ONLY, word);
  }

  @Instruction(value = "56 rt ra dq /:4", asm = "lq rt,dq(ra)", section = "3.3.5", wide = true)
  static void lq(PowerBuilder m, int rt, int ra, int dq, int word) {
    if ((rt & 1) != 0 || rt == ra) {
      m.illegal();
    } else {
      m.help(PowerHelp.QUAD, word);
    }
  }

  @Instruction(value = "62 rs ra ds 2", asm = "stq rs,ds(ra)", section = "3.3.5", wide = true)
  static void stq(PowerBuilder m, int rs, int ra, int ds, int word) {
    if ((rs & 1) != 0) {
      m.illegal();
    } else {
      m.help(PowerHelp.QUAD, word);
    }
  }

  @Instruction(value = "31 rt ra rb 52:10 eh", asm = "lbarx rt,ra,rb,eh", section = "Book II 4.4.2")
  static void lbarx(PowerBuilder m, int rt, int ra, int rb) {
    m.reserve(rt, ra, rb, 0);
  }

  @Instruction(
      value = "31 rt ra rb 116:10 eh",
      asm = "lharx rt,ra,rb,eh",
      section = "Book II 4.4.2")
  static void lharx(PowerBuilder m, int rt, int ra, int rb) {
    m.reserve(rt, ra, rb, 1);
  }

  @Instruction(value = "31 rt ra rb 20:10 eh", asm = "lwarx rt,ra,rb,eh", section = "Book II 4.4.2")
  static void lwarx(PowerBuilder m, int rt, int ra, int rb) {
    m.reserve(rt, ra, rb, 2);
  }

  @Instruction(
      value = "31 rt ra rb 84:10 eh",
      asm = "ldarx rt,ra,rb,eh",
      section = "Book II 4.4.2",
      wide = true)
  static void ldarx(PowerBuilder m, int rt, int ra, int rb) {
    m.reserve(rt, ra, rb, 3);
  }

  @Instruction(
      value = "31 rt ra rb 276:10 eh",
      asm = "lqarx rt,ra,rb,eh",
      section = "Book II 4.4.2",
      wide = true)
  static void lqarx(PowerBuilder m, int rt, int ra, int rb, int word) {
    if ((rt & 1) != 0 || rt == ra || rt == rb) {
      m.illegal();
    } else {
      m.help(PowerHelp.LOAD_RESERVE, word);
    }
  }

  @Instruction(value = "31 rs ra rb 694:10 1", asm = "stbcx. rs,ra,rb", section = "Book II 4.4.2")
  static void stbcx(PowerBuilder m, int rs, int ra, int rb) {
    m.storeConditional(rs, ra, rb, 0);
  }

  @Instruction(value = "31 rs ra rb 726:10 1", asm = "sthcx. rs,ra,rb", section = "Book II 4.4.2")
  static void sthcx(PowerBuilder m, int rs, int ra, int rb) {
    m.storeConditional(rs, ra, rb, 1);
  }

  @Instruction(value = "31 rs ra rb 150:10 1", asm = "stwcx. rs,ra,rb", section = "Book II 4.4.2")
  static void stwcx(PowerBuilder m, int rs, int ra, int rb) {
    m.storeConditional(rs, ra, rb, 2);
  }

  @Instruction(
      value = "31 rs ra rb 214:10 1",
      asm = "stdcx. rs,ra,rb",
      section = "Book II 4.4.2",
      wide = true)
  static void stdcx(PowerBuilder m, int rs, int ra, int rb) {
    m.storeConditional(rs, ra, rb, 3);
  }

  @Instruction(
      value = "31 rs ra rb 182:10 1",
      asm = "stqcx. rs,ra,rb",
      section = "Book II 4.4.2",
      wide = true)
  static void stqcx(PowerBuilder m, int rs, int ra, int rb, int word) {
    if ((rs & 1) != 0) {
      m.illegal();
    } else {
      m.help(PowerHelp.STORE_CONDITIONAL, word);
    }
  }
}
