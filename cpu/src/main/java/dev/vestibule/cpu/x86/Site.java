package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.micro.Op;
import org.jspecify.annotations.Nullable;

/** Why does machine code come back to Java, and from where? */
final class Site {
  enum Kind {
    /** Through a direct exit whose successor is not linked. */
    EXIT,
    /** An instruction is to be interpreted. */
    SLOW,
    /** A STOP or STOP_IF. */
    STOP,
    /** The block has become invalid before it began. */
    ENTRY
  }

  private final Kind kind;
  private final Block block;
  private final int index;
  private final int jump;
  private final int back;
  private final Context context;
  private volatile @Nullable Block alone;
  private int times;

  /**
   * @param index of the exit, the instruction or the micro-operation, as the kind says
   * @param jump where in the code memory the jump lies that can be linked; 0 if none can
   * @param back where in the code memory the next instruction begins; 0 if there is none
   * @param context with which it is left
   */
  Site(Kind kind, Block block, int index, int jump, int back, Context context) {
    this.kind = kind;
    this.block = block;
    this.index = index;
    this.jump = jump;
    this.back = back;
    this.context = context;
  }

  /** Counts for statistics that code was left here; threads may overwrite each other's count. */
  void count() {
    times++;
  }

  /** How often code was left here. */
  int times() {
    return times;
  }

  Kind kind() {
    return kind;
  }

  Block block() {
    return block;
  }

  int index() {
    return index;
  }

  int jump() {
    return jump;
  }

  int back() {
    return back;
  }

  Context context() {
    return context;
  }

  /**
   * The instruction as a block of its own, behind which the interpreter stops; null if it may lead
   * elsewhere than to the next one.
   */
  @Nullable Block alone() {
    Block made = alone;
    if (made == null && back != 0 && goesOn()) {
      made = block.part(index);
      alone = made;
    }
    return made;
  }

  private boolean goesOn() {
    long[] code = block.code();
    for (int i = block.start(index); i < block.startOfNext(index); i++) {
      if (BlockEmitter.leaves(Op.op(code[i]))) {
        return false;
      }
    }
    return true;
  }
}
