package dev.vestibule.cpu.power;

import dev.vestibule.cpu.micro.Op;
import dev.vestibule.declare.Instruction;

/**
 * Special registers, caches and memory barriers as user programs see them: Power ISA 2.07B, Book I,
 * 3.3.17, and Book II, chapters 4 to 6.
 */
final class SystemUnit {
  /** The largest block that dcbz clears by stores of its own; real processors have no larger. */
  private static final int LARGEST_STORED = 128;

  private static final int SPR_XER = 1;
  private static final int SPR_DSCR_USER = 3;
  private static final int SPR_LR = 8;
  private static final int SPR_CTR = 9;
  private static final int SPR_DSCR = 17;
  private static final int SPR_VRSAVE = 256;
  private static final int SPR_SPRG3_USER = 259;
  private static final int SPR_TB = 268;
  private static final int SPR_TBU = 269;
  private static final int SPR_PVR = 287;
  private static final int SPR_TAR = 815;
  private static final int SPR_PPR = 896;
  private static final int SPR_PPR32 = 898;

  private SystemUnit() {}

  @Instruction(value = "31 rt spr spr 339:10 /:1", asm = "mfspr rt,spr", section = "3.3.17")
  static void mfspr(PowerBuilder m, int rt, int spr) {
    switch (spr) {
      case SPR_XER -> m.putGpr(rt, xer(m));
      case SPR_LR -> m.putGpr(rt, m.get(PowerState.LR));
      case SPR_CTR -> m.putGpr(rt, m.get(PowerState.CTR));
      case SPR_DSCR, SPR_DSCR_USER -> m.putGpr(rt, m.get(PowerState.DSCR));
      case SPR_VRSAVE -> m.putGpr(rt, m.get(PowerState.VRSAVE));
      case SPR_SPRG3_USER -> m.putGpr(rt, m.get(PowerState.SPRG_VDSO));
      case SPR_PVR -> m.putGpr(rt, m.get(PowerState.PVR));
      case SPR_TAR -> m.putGpr(rt, m.get(PowerState.TAR));
      case SPR_PPR -> m.putGpr(rt, m.get(PowerState.PPR));
      case SPR_PPR32 -> m.putGpr(rt, m.opImmediate(Op.SHRI, m.get(PowerState.PPR), 32));
      case SPR_TB, SPR_TBU -> timebase(m, rt, spr);
      default -> m.privileged();
    }
  }

  @Instruction(value = "31 rt tbr tbr 371:10 /:1", asm = "mftb rt,tbr", section = "Book II 6.2.1")
  static void mftb(PowerBuilder m, int rt, int tbr) {
    timebase(m, rt, tbr);
  }

  private static void timebase(PowerBuilder m, int rt, int spr) {
    int ticks = m.op(Op.TIMEBASE, 0, 0);
    m.putGpr(rt, spr == SPR_TBU ? m.opImmediate(Op.SHRI, ticks, 32) : ticks);
  }

  private static int xer(PowerBuilder m) {
    int so = m.opImmediate(Op.SHLI, m.get(PowerState.SO), 31);
    int ov = m.opImmediate(Op.SHLI, m.get(PowerState.OV), 30);
    int ca = m.opImmediate(Op.SHLI, m.get(PowerState.CA), 29);
    int flags = m.op(Op.OR, m.op(Op.OR, so, ov), ca);
    return m.op(Op.OR, flags, m.get(PowerState.XER_REST));
  }

  @Instruction(value = "31 rs spr spr 467:10 /:1", asm = "mtspr spr,rs", section = "3.3.17")
  static void mtspr(PowerBuilder m, int rs, int spr) {
    int value = m.gpr(rs);
    switch (spr) {
      case SPR_XER -> {
        m.put(PowerState.SO, bit(m, value, 31));
        m.put(PowerState.OV, bit(m, value, 30));
        m.put(PowerState.CA, bit(m, value, 29));
        m.put(PowerState.XER_REST, m.and(value, 0x1fff_ffff));
      }
      case SPR_LR -> m.put(PowerState.LR, value);
      case SPR_CTR -> m.put(PowerState.CTR, value);
      case SPR_DSCR, SPR_DSCR_USER -> m.put(PowerState.DSCR, value);
      case SPR_VRSAVE -> m.put(PowerState.VRSAVE, m.op(Op.ZX32, value));
      case SPR_TAR -> m.put(PowerState.TAR, value);
      case SPR_PPR -> m.put(PowerState.PPR, value);
      case SPR_PPR32 -> m.put(PowerState.PPR, m.opImmediate(Op.SHLI, value, 32));
      default -> m.privileged();
    }
  }

  private static int bit(PowerBuilder m, int value, int fromRight) {
    return m.and(m.opImmediate(Op.SHRI, value, fromRight), 1);
  }

  @Instruction(value = "31 rs 0:1 fxm /:1 144:10 /:1", asm = "mtcrf fxm,rs", section = "3.3.17")
  static void mtcrf(PowerBuilder m, int rs, int fxm) {
    moveToFields(m, rs, fxm);
  }

  @Instruction(value = "31 rs 1:1 fxm /:1 144:10 /:1", asm = "mtocrf fxm,rs", section = "3.3.17")
  static void mtocrf(PowerBuilder m, int rs, int fxm) {
    moveToFields(m, rs, fxm);
  }

  private static void moveToFields(PowerBuilder m, int rs, int fxm) {
    int value = m.gpr(rs);
    for (int field = 0; field < 8; field++) {
      if ((fxm & 0x80 >> field) != 0) {
        int shifted = m.opImmediate(Op.SHRI, value, 28 - 4 * field);
        m.put(PowerState.crField(field), m.and(shifted, 15));
      }
    }
  }

  @Instruction(value = "31 rt 0:1 /:9 19:10 /:1", asm = "mfcr rt", section = "3.3.17")
  static void mfcr(PowerBuilder m, int rt) {
    m.putGpr(rt, fields(m, 0xff));
  }

  @Instruction(value = "31 rt 1:1 fxm /:1 19:10 /:1", asm = "mfocrf rt,fxm", section = "3.3.17")
  static void mfocrf(PowerBuilder m, int rt, int fxm) {
    m.putGpr(rt, fields(m, fxm));
  }

  private static int fields(PowerBuilder m, int fxm) {
    int value = -1;
    int last = 0;
    for (int field = 0; field < 8; field++) {
      if ((fxm & 0x80 >> field) != 0) {
        int bits = m.get(PowerState.crField(field));
        value = value < 0 ? bits : m.op(Op.OR, shifted(m, value, field - last), bits);
        last = field;
      }
    }
    return value < 0 ? m.constant(0) : shifted(m, value, 7 - last);
  }

  private static int shifted(PowerBuilder m, int value, int fields) {
    return fields == 0 ? value : m.opImmediate(Op.SHLI, value, 4 * fields);
  }

  @Instruction(value = "31 bf /:2 /:10 512:10 /:1", asm = "mcrxr bf", section = "1.03 3.3.13")
  static void mcrxr(PowerBuilder m, int bf) {
    int so = m.opImmediate(Op.SHLI, m.get(PowerState.SO), 3);
    int ov = m.opImmediate(Op.SHLI, m.get(PowerState.OV), 2);
    int ca = m.opImmediate(Op.SHLI, m.get(PowerState.CA), 1);
    int value = m.op(Op.OR, m.op(Op.OR, so, ov), ca);
    m.put(PowerState.crField(bf), value);
    int zero = m.constant(0);
    m.put(PowerState.SO, zero);
    m.put(PowerState.OV, m.get(PowerState.SO));
    m.put(PowerState.CA, m.get(PowerState.SO));
  }

  @Instruction(value = "31 rt /:10 83:10 /:1", asm = "mfmsr rt", section = "Book III 4.4.1")
  static void mfmsr(PowerBuilder m) {
    m.privileged();
  }

  // ---- Book II 4.4: barriers

  @Instruction(value = "31 /:3 lx /:10 598:10 /:1", asm = "sync lx", section = "Book II 4.4.3")
  static void sync(PowerBuilder m, int lx) {
    m.help(lx == 1 ? PowerHelp.LIGHT_FENCE : PowerHelp.FENCE, 0);
  }

  @Instruction(value = "31 /:15 854:10 /:1", asm = "eieio", section = "Book II 4.4.3")
  static void eieio(PowerBuilder m) {
    m.help(PowerHelp.LIGHT_FENCE, 0);
  }

  @Instruction(value = "19 /:15 150:10 /:1", asm = "isync", section = "Book II 4.4.1")
  static void isync(PowerBuilder m) {
    m.help(PowerHelp.LIGHT_FENCE, 0);
    m.exit(m.wide() ? m.pc() + 4 : m.pc() + 4 & 0xffff_ffffL);
  }

  // ---- Book II 4.3: caches

  @Instruction(value = "31 /:5 ra rb 1014:10 /:1", asm = "dcbz ra,rb", section = "Book II 4.3.2")
  static void dcbz(PowerBuilder m, int ra, int rb, int word) {
    if (m.cacheLine() > LARGEST_STORED) {
      m.help(PowerHelp.ZERO_BLOCK, word);
      return;
    }
    int at = m.and(m.indexed(ra, rb), -m.cacheLine());
    int zero = m.constant(0);
    for (int i = 0; i < m.cacheLine(); i += 8) {
      m.store(Op.ST64LE, at, i, zero); // all in one page: the first one faults, or none
    }
  }

  @Instruction(value = "31 /:5 ra rb 982:10 /:1", asm = "icbi ra,rb", section = "Book II 4.3.1")
  static void icbi(PowerBuilder m, int ra, int rb, int word) {
    m.help(PowerHelp.INVALIDATE_CODE, word);
  }

  /** Faults where a load would. */
  private static void touch(PowerBuilder m, int ra, int rb) {
    m.load(Op.LDU8, m.indexed(ra, rb), 0);
  }

  @Instruction(value = "31 /:5 ra rb 86:10 /:1", asm = "dcbf ra,rb", section = "Book II 4.3.2")
  static void dcbf(PowerBuilder m, int ra, int rb) {
    touch(m, ra, rb);
  }

  @Instruction(value = "31 /:5 ra rb 54:10 /:1", asm = "dcbst ra,rb", section = "Book II 4.3.2")
  static void dcbst(PowerBuilder m, int ra, int rb) {
    touch(m, ra, rb);
  }

  @Instruction(value = "31 /:5 ra rb 278:10 /:1", asm = "dcbt ra,rb", section = "Book II 4.3.2")
  static void dcbt(PowerBuilder m, int ra, int rb) {}

  @Instruction(value = "31 /:5 ra rb 246:10 /:1", asm = "dcbtst ra,rb", section = "Book II 4.3.2")
  static void dcbtst(PowerBuilder m, int ra, int rb) {}

  @Instruction(value = "31 /:5 ra rb 22:10 /:1", asm = "icbt ra,rb", section = "Book II 4.3.1")
  static void icbt(PowerBuilder m, int ra, int rb) {}

  @Instruction(value = "31 /:5 ra rb 758:10 /:1", asm = "dcba ra,rb", section = "1.03 Book II 3.2")
  static void dcba(PowerBuilder m, int ra, int rb) {}
}
