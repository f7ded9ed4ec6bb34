package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which slots lie in host registers, and in which code?
 *
 * <p>All code has the same ones, but for loops that use others much more. Whoever enters or leaves
 * such a loop exchanges the registers that differ.
 */
final class Pins {
  /** Host registers that hold slots. */
  static final int[] REGISTERS = {
    Assembler.RBX, Assembler.RSI, Assembler.RDI, Assembler.R8, Assembler.R9,
    Assembler.R10, Assembler.R12, Assembler.R13, Assembler.R14, Assembler.R15
  };

  private final int[] slots;
  private final Set<Long> code = new HashSet<>();
  private final List<Block> heads = new ArrayList<>();

  /**
   * @param slots those for {@link #REGISTERS}, in the same order; perhaps fewer or more
   */
  Pins(int[] slots) {
    this.slots = Arrays.copyOf(slots, Math.min(slots.length, REGISTERS.length));
  }

  int count() {
    return slots.length;
  }

  /** The slot that lies in register number {@code index} of {@link #REGISTERS}. */
  int slot(int index) {
    return slots[index];
  }

  /** Gives the pins to a loop: the block it begins with, and the addresses of all its blocks. */
  void give(Block head, Set<Long> addresses) {
    if (!heads.contains(head)) {
      heads.add(head);
    }
    code.addAll(addresses);
  }

  /** The blocks that loops with these pins begin with. */
  List<Block> heads() {
    return heads;
  }

  /** Whether the block at a guest address may have these pins. */
  boolean covers(long pc) {
    return code.contains(pc);
  }
}
