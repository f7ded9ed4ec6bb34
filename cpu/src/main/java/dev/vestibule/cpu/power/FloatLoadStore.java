package dev.vestibule.cpu.power;

import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.declare.Instruction;

/** Floating-point loads and stores: Power ISA 2.07B, Book I, 4.6.2 to 4.6.4. */
final class FloatLoadStore {
  private FloatLoadStore() {}

  /** Loads FRT, a single widened or a double, from address + d; before any write. */
  private static void load(PowerBuilder m, int frt, int address, int d, boolean single) {
    int value = m.load(m.loadOp(single ? 4 : 8, false), address, d);
    m.putFpr(frt, single ? m.op(FloatOp.FWIDEN, value) : value);
  }

  /** The update form; RA = 0 is invalid. */
  private static void loadUpdate(PowerBuilder m, int frt, int ra, int address, boolean single) {
    if (ra == 0) {
      m.illegal();
      return;
    }
    load(m, frt, address, 0, single);
    m.putGpr(ra, address);
  }

  private static void store(PowerBuilder m, int frs, int address, int d, boolean single) {
    if (single) {
      m.store(m.storeOp(4), address, d, m.op(FloatOp.FCUT, m.fpr(frs)));
    } else {
      m.store(m.storeOp(8), address, d, m.fpr(frs));
    }
  }

  private static void storeUpdate(PowerBuilder m, int frs, int ra, int address, boolean single) {
    if (ra == 0) {
      m.illegal();
      return;
    }
    store(m, frs, address, 0, single);
    m.putGpr(ra, address);
  }

  @Instruction(value = "48 frt ra d", asm = "lfs frt,d(ra)", section = "4.6.2")
  static void lfs(PowerBuilder m, int frt, int ra, int d) {
    load(m, frt, m.base(ra), d, true);
  }

  @Instruction(value = "49 frt ra d", asm = "lfsu frt,d(ra)", section = "4.6.2")
  static void lfsu(PowerBuilder m, int frt, int ra, int d) {
    loadUpdate(m, frt, ra, m.plus(m.gpr(ra), d), true);
  }

  @Instruction(value = "31 frt ra rb 535:10 /:1", asm = "lfsx frt,ra,rb", section = "4.6.2")
  static void lfsx(PowerBuilder m, int frt, int ra, int rb) {
    load(m, frt, m.indexed(ra, rb), 0, true);
  }

  @Instruction(value = "31 frt ra rb 567:10 /:1", asm = "lfsux frt,ra,rb", section = "4.6.2")
  static void lfsux(PowerBuilder m, int frt, int ra, int rb) {
    loadUpdate(m, frt, ra, m.add(m.gpr(ra), m.gpr(rb)), true);
  }

  @Instruction(value = "50 frt ra d", asm = "lfd frt,d(ra)", section = "4.6.2")
  static void lfd(PowerBuilder m, int frt, int ra, int d) {
    load(m, frt, m.base(ra), d, false);
  }

  @Instruction(value = "51 frt ra d", asm = "lfdu frt,d(ra)", section = "4.6.2")
  static void lfdu(PowerBuilder m, int frt, int ra, int d) {
    loadUpdate(m, frt, ra, m.plus(m.gpr(ra), d), false);
  }

  @Instruction(value = "31 frt ra rb 599:10 /:1", asm = "lfdx frt,ra,rb", section = "4.6.2")
  static void lfdx(PowerBuilder m, int frt, int ra, int rb) {
    load(m, frt, m.indexed(ra, rb), 0, false);
  }

  @Instruction(value = "31 frt ra rb 631:10 /:1", asm = "lfdux frt,ra,rb", section = "4.6.2")
  static void lfdux(PowerBuilder m, int frt, int ra, int rb) {
    loadUpdate(m, frt, ra, m.add(m.gpr(ra), m.gpr(rb)), false);
  }

  @Instruction(value = "31 frt ra rb 855:10 /:1", asm = "lfiwax frt,ra,rb", section = "4.6.2")
  static void lfiwax(PowerBuilder m, int frt, int ra, int rb) {
    m.putFpr(frt, m.load(m.loadOp(4, true), m.indexed(ra, rb), 0));
  }

  @Instruction(value = "31 frt ra rb 887:10 /:1", asm = "lfiwzx frt,ra,rb", section = "4.6.2")
  static void lfiwzx(PowerBuilder m, int frt, int ra, int rb) {
    m.putFpr(frt, m.load(m.loadOp(4, false), m.indexed(ra, rb), 0));
  }

  @Instruction(value = "52 frs ra d", asm = "stfs frs,d(ra)", section = "4.6.3")
  static void stfs(PowerBuilder m, int frs, int ra, int d) {
    store(m, frs, m.base(ra), d, true);
  }

  @Instruction(value = "53 frs ra d", asm = "stfsu frs,d(ra)", section = "4.6.3")
  static void stfsu(PowerBuilder m, int frs, int ra, int d) {
    storeUpdate(m, frs, ra, m.plus(m.gpr(ra), d), true);
  }

  @Instruction(value = "31 frs ra rb 663:10 /:1", asm = "stfsx frs,ra,rb", section = "4.6.3")
  static void stfsx(PowerBuilder m, int frs, int ra, int rb) {
    store(m, frs, m.indexed(ra, rb), 0, true);
  }

  @Instruction(value = "31 frs ra rb 695:10 /:1", asm = "stfsux frs,ra,rb", section = "4.6.3")
  static void stfsux(PowerBuilder m, int frs, int ra, int rb) {
    storeUpdate(m, frs, ra, m.add(m.gpr(ra), m.gpr(rb)), true);
  }

  @Instruction(value = "54 frs ra d", asm = "stfd frs,d(ra)", section = "4.6.3")
  static void stfd(PowerBuilder m, int frs, int ra, int d) {
    store(m, frs, m.base(ra), d, false);
  }

  @Instruction(value = "55 frs ra d", asm = "stfdu frs,d(ra)", section = "4.6.3")
  static void stfdu(PowerBuilder m, int frs, int ra, int d) {
    storeUpdate(m, frs, ra, m.plus(m.gpr(ra), d), false);
  }

  @Instruction(value = "31 frs ra rb 727:10 /:1", asm = "stfdx frs,ra,rb", section = "4.6.3")
  static void stfdx(PowerBuilder m, int frs, int ra, int rb) {
    store(m, frs, m.indexed(ra, rb), 0, false);
  }

  @Instruction(value = "31 frs ra rb 759:10 /:1", asm = "stfdux frs,ra,rb", section = "4.6.3")
  static void stfdux(PowerBuilder m, int frs, int ra, int rb) {
    storeUpdate(m, frs, ra, m.add(m.gpr(ra), m.gpr(rb)), false);
  }

  @Instruction(value = "31 frs ra rb 983:10 /:1", asm = "stfiwx frs,ra,rb", section = "4.6.3")
  static void stfiwx(PowerBuilder m, int frs, int ra, int rb) {
    m.store(m.storeOp(4), m.indexed(ra, rb), 0, m.fpr(frs));
  }

  /** Which FPR of an even pair holds the doubleword at the lower address. */
  private static int first(PowerBuilder m, int pair) {
    return m.bigEndian() ? pair : pair + 1;
  }

  private static void loadPair(PowerBuilder m, int frt, int address, int d) {
    if ((frt & 1) != 0) {
      m.illegal();
      return;
    }
    int low = m.load(m.loadOp(8, false), address, d);
    int high = m.load(m.loadOp(8, false), address, d + 8);
    m.putFpr(first(m, frt), low);
    m.putFpr(first(m, frt) ^ 1, high);
  }

  private static void storePair(PowerBuilder m, int frs, int address, int d) {
    if ((frs & 1) != 0) {
      m.illegal();
      return;
    }
    m.store(m.storeOp(8), address, d, m.fpr(first(m, frs)));
    m.store(m.storeOp(8), address, d + 8, m.fpr(first(m, frs) ^ 1));
  }

  @Instruction(value = "57 frt ra ds 0", asm = "lfdp frt,ds(ra)", section = "4.6.4")
  static void lfdp(PowerBuilder m, int frt, int ra, int ds) {
    loadPair(m, frt, m.base(ra), ds);
  }

  @Instruction(value = "31 frt ra rb 791:10 /:1", asm = "lfdpx frt,ra,rb", section = "4.6.4")
  static void lfdpx(PowerBuilder m, int frt, int ra, int rb) {
    loadPair(m, frt, m.indexed(ra, rb), 0);
  }

  @Instruction(value = "61 frs ra ds 0", asm = "stfdp frs,ds(ra)", section = "4.6.4")
  static void stfdp(PowerBuilder m, int frs, int ra, int ds) {
    storePair(m, frs, m.base(ra), ds);
  }

  @Instruction(value = "31 frs ra rb 919:10 /:1", asm = "stfdpx frs,ra,rb", section = "4.6.4")
  static void stfdpx(PowerBuilder m, int frs, int ra, int rb) {
    storePair(m, frs, m.indexed(ra, rb), 0);
  }
}
