package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.micro.Op;

/** Which blocks can be executed twice, and did both executors do the same? */
final class Comparison {
  private static final int REGISTERS = 256;

  /** General registers, LR and CTR, whose high halves mean nothing on 32-bit guests. */
  private static final int NARROW = 34;

  private Comparison() {}

  /** Whether a block can be executed again on a copy of the registers: it stores nothing. */
  static boolean repeatable(Block block) {
    for (long w : block.code()) {
      int op = Op.op(w);
      int plain = op > Op.ST64LE && op <= Op.ST64LE + Op.INDEXED ? op - Op.INDEXED : op;
      boolean stores = plain >= Op.ST8 && plain <= Op.ST64LE || op >= Op.VST128BE;
      if (stores || op == Op.STORE_CONDITIONAL || op == Op.HELP) {
        return false;
      }
    }
    return true;
  }

  /** Throws if a thread's registers are not those of the copy that the interpreter worked on. */
  static void compare(Block block, Cpu ours, Cpu interpreters) {
    for (int slot = 0; slot < REGISTERS; slot++) {
      long difference = ours.slot(slot) ^ interpreters.slot(slot);
      boolean half = slot < NARROW && !ours.isa().wide();
      if (half ? (int) difference != 0 : difference != 0) {
        throw new IllegalStateException(
            "block at 0x%x: slot %d is 0x%x in machine code, 0x%x in the interpreter"
                .formatted(block.pc(), slot, ours.slot(slot), interpreters.slot(slot)));
      }
    }
  }
}
