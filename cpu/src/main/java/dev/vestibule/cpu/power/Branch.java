package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.declare.Instruction;

/**
 * Branches, system call and condition-register logic: Power ISA 2.07B, Book I, chapter 2.
 *
 * <p>BO's bits: 16 ignore the condition, 8 the condition bit's wanted value, 4 leave CTR alone, 2
 * branch when CTR became 0 (else when not), 1 a hint.
 */
final class Branch {
  private static final int IGNORE_CONDITION = 16;
  private static final int WANT_TRUE = 8;
  private static final int KEEP_CTR = 4;
  private static final int WANT_ZERO = 2;

  private Branch() {}

  private static long address(PowerBuilder m, long address) {
    return m.wide() ? address : address & 0xffff_ffffL;
  }

  private static long next(PowerBuilder m) {
    return address(m, m.pc() + 4);
  }

  private static void link(PowerBuilder m, boolean lk) {
    if (lk) {
      m.put(PowerState.LR, m.constant(next(m)));
    }
  }

  @Instruction(value = "18 li aa lk", asm = "b{lk:l}{aa:a} li", section = "2.4")
  static void b(PowerBuilder m, int li, boolean aa, boolean lk) {
    link(m, lk);
    m.exit(address(m, aa ? li : m.pc() + li));
  }

  @Instruction(value = "16 bo bi bd aa lk", asm = "bc{lk:l}{aa:a} bo,bi,bd", section = "2.4")
  static void bc(PowerBuilder m, int bo, int bi, int bd, boolean aa, boolean lk) {
    link(m, lk);
    long target = address(m, aa ? bd : m.pc() + bd);
    countDown(m, bo);
    boolean count = (bo & KEEP_CTR) == 0;
    boolean condition = (bo & IGNORE_CONDITION) == 0;
    if (count && condition) {
      exitOnCount(m, bo, false, next(m));
      exitOnCondition(m, bo, bi, true, target);
    } else if (count) {
      exitOnCount(m, bo, true, target);
    } else if (condition) {
      exitOnCondition(m, bo, bi, true, target);
    } else {
      m.exit(target);
      return;
    }
    m.exit(next(m));
  }

  private static void countDown(PowerBuilder m, int bo) {
    if ((bo & KEEP_CTR) == 0) {
      m.put(PowerState.CTR, m.plus(m.get(PowerState.CTR), -1));
    }
  }

  /** Leaves if the CTR test's outcome is {@code met}. */
  private static void exitOnCount(PowerBuilder m, int bo, boolean met, long target) {
    boolean zero = (bo & WANT_ZERO) != 0 == met;
    int op =
        m.wide()
            ? zero ? Op.EXIT_ZERO64 : Op.EXIT_NONZERO64
            : zero ? Op.EXIT_ZERO32 : Op.EXIT_NONZERO32;
    m.exitIf(op, m.get(PowerState.CTR), 0, target);
  }

  /** Leaves if the condition test's outcome is {@code met}. */
  private static void exitOnCondition(PowerBuilder m, int bo, int bi, boolean met, long target) {
    boolean set = (bo & WANT_TRUE) != 0 == met;
    int field = m.get(PowerState.crField(bi >> 2));
    m.exitIf(set ? Op.EXIT_ANY : Op.EXIT_NONE, field, 8 >> (bi & 3), target);
  }

  @Instruction(value = "19 bo bi /:3 bh 16 lk", asm = "bclr{lk:l} bo,bi,bh", section = "2.4")
  static void bclr(PowerBuilder m, int bo, int bi, boolean lk) {
    branchTo(m, bo, bi, PowerState.LR, lk);
  }

  @Instruction(value = "19 bo bi /:3 bh 528 lk", asm = "bcctr{lk:l} bo,bi,bh", section = "2.4")
  static void bcctr(PowerBuilder m, int bo, int bi, boolean lk) {
    if ((bo & KEEP_CTR) == 0) {
      m.illegal();
    } else {
      branchTo(m, bo, bi, PowerState.CTR, lk);
    }
  }

  @Instruction(value = "19 bo bi /:3 bh 560 lk", asm = "bctar{lk:l} bo,bi,bh", section = "2.4")
  static void bctar(PowerBuilder m, int bo, int bi, boolean lk) {
    branchTo(m, bo, bi, PowerState.TAR, lk);
  }

  private static void branchTo(PowerBuilder m, int bo, int bi, int register, boolean lk) {
    int target =
        m.wide()
            ? m.and(m.get(register), -4)
            : m.rotateMask(Op.ROTM32, m.get(register), 0, 0xffff_fffcL);
    link(m, lk);
    countDown(m, bo);
    if ((bo & KEEP_CTR) == 0) {
      exitOnCount(m, bo, false, next(m));
    }
    if ((bo & IGNORE_CONDITION) == 0) {
      exitOnCondition(m, bo, bi, false, next(m));
    }
    m.jump(target);
  }

  @Instruction(value = "17 /:14 lev /:3 1:1 /:1", asm = "sc lev", section = "2.7")
  static void sc(PowerBuilder m, int lev) {
    if (lev == 0) {
      m.stop(Stop.SYSCALL, true);
    } else {
      m.privileged();
    }
  }

  // ---- 2.5 condition register

  @Instruction(value = "19 bt ba bb 257:10 /:1", asm = "crand bt,ba,bb", section = "2.5.1")
  static void crand(PowerBuilder m, int bt, int ba, int bb) {
    combine(m, Op.AND, bt, ba, bb);
  }

  @Instruction(value = "19 bt ba bb 225:10 /:1", asm = "crnand bt,ba,bb", section = "2.5.1")
  static void crnand(PowerBuilder m, int bt, int ba, int bb) {
    combine(m, Op.NAND, bt, ba, bb);
  }

  @Instruction(value = "19 bt ba bb 449:10 /:1", asm = "cror bt,ba,bb", section = "2.5.1")
  static void cror(PowerBuilder m, int bt, int ba, int bb) {
    combine(m, Op.OR, bt, ba, bb);
  }

  @Instruction(value = "19 bt ba bb 193:10 /:1", asm = "crxor bt,ba,bb", section = "2.5.1")
  static void crxor(PowerBuilder m, int bt, int ba, int bb) {
    combine(m, Op.XOR, bt, ba, bb);
  }

  @Instruction(value = "19 bt ba bb 33:10 /:1", asm = "crnor bt,ba,bb", section = "2.5.1")
  static void crnor(PowerBuilder m, int bt, int ba, int bb) {
    combine(m, Op.NOR, bt, ba, bb);
  }

  @Instruction(value = "19 bt ba bb 289:10 /:1", asm = "creqv bt,ba,bb", section = "2.5.1")
  static void creqv(PowerBuilder m, int bt, int ba, int bb) {
    combine(m, Op.EQV, bt, ba, bb);
  }

  @Instruction(value = "19 bt ba bb 129:10 /:1", asm = "crandc bt,ba,bb", section = "2.5.1")
  static void crandc(PowerBuilder m, int bt, int ba, int bb) {
    combine(m, Op.ANDC, bt, ba, bb);
  }

  @Instruction(value = "19 bt ba bb 417:10 /:1", asm = "crorc bt,ba,bb", section = "2.5.1")
  static void crorc(PowerBuilder m, int bt, int ba, int bb) {
    combine(m, Op.ORC, bt, ba, bb);
  }

  private static void combine(PowerBuilder m, int op, int bt, int ba, int bb) {
    int slot = PowerState.crField(bt >> 2);
    int mask = 8 >> (bt & 3);
    if (ba == bb && op == Op.XOR) {
      m.put(slot, m.and(m.get(slot), ~mask));
      return;
    }
    if (ba == bb && op == Op.EQV) {
      m.put(slot, m.or(m.get(slot), mask));
      return;
    }
    int bit = m.op(op, placed(m, ba, bt & 3), placed(m, bb, bt & 3));
    m.put(slot, m.op(Op.OR, m.and(m.get(slot), ~mask), m.and(bit, mask)));
  }

  /** The condition bit, shifted to the place that bit {@code to} of a field has. */
  private static int placed(PowerBuilder m, int bit, int to) {
    int field = m.get(PowerState.crField(bit >> 2));
    int left = (bit & 3) - to;
    if (left == 0) {
      return field;
    }
    return left > 0 ? m.opImmediate(Op.SHLI, field, left) : m.opImmediate(Op.SHRI, field, -left);
  }

  @Instruction(value = "19 bf /:2 bfa /:2 /:5 0:10 /:1", asm = "mcrf bf,bfa", section = "2.5.2")
  static void mcrf(PowerBuilder m, int bf, int bfa) {
    m.put(PowerState.crField(bf), m.get(PowerState.crField(bfa)));
  }
}
