package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Isa;
import dev.vestibule.cpu.micro.Op;

/** Which blocks can be executed twice, and did both executors do the same? */
final class Comparison {
  private static final int REGISTERS = 256;

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
      if ((int) difference != 0 || difference != 0 && !isHalf(ours.isa(), slot)) {
        throw new IllegalStateException(
            "block at 0x%x: slot %d is 0x%x in machine code, 0x%x in the interpreter"
                .formatted(block.pc(), slot, ours.slot(slot), interpreters.slot(slot)));
      }
    }
  }

  /** Whether a slot's high half means nothing. */
  private static boolean isHalf(Isa isa, int slot) {
    return !isa.wide()
        && isa.registers().stream().anyMatch(r -> r.slot() == slot && r.bits() == Integer.SIZE);
  }
}
