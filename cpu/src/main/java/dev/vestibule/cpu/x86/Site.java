package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;

/**
 * Why does machine code come back to Java, and from where?
 *
 * @param index of the exit, the instruction or the micro-operation, as the kind says
 * @param jump where in the code memory the jump lies that can be linked; 0 if none can
 */
record Site(Kind kind, Block block, int index, int jump) {
  enum Kind {
    /** Through a direct exit whose successor is not linked, or because of attention. */
    EXIT,
    /** An instruction is to be interpreted. */
    SLOW,
    /** A STOP or STOP_IF. */
    STOP,
    /** The block has become invalid before it began. */
    ENTRY
  }
}
