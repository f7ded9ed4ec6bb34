package dev.vestibule.cpu;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Which block begins at an address?
 *
 * <p>An open hash table whose readers take no lock and see each block whole or not at all. Invalid
 * blocks are not found; they stay until another one takes their place or the table grows.
 */
final class BlockTable {
  private static final int FIRST = 1 << 10;

  private volatile @Nullable Block[] table = new Block[FIRST];
  private int used;

  /** The valid block at an address, if there is one. */
  @Nullable Block find(long pc) {
    @Nullable Block[] blocks = table;
    for (int i = place(pc, blocks.length); ; i = i + 1 & blocks.length - 1) {
      Block block = blocks[i];
      if (block == null) {
        return null;
      }
      if (block.pc() == pc) {
        return block.valid() ? block : null;
      }
    }
  }

  /** Puts a block in the place of an earlier one at its address, if there is one. */
  synchronized void put(Block block) {
    if (2 * used >= table.length) {
      grow();
    }
    VarHandle.releaseFence(); // who sees the block sees what has been written to it
    used += put(table, block);
  }

  /** How many blocks there are, invalid ones included until the table grows. */
  synchronized int size() {
    return used;
  }

  synchronized void clear() {
    table = new Block[FIRST];
    used = 0;
  }

  private void grow() {
    int valid = 0;
    for (Block block : table) {
      valid += block != null && block.valid() ? 1 : 0;
    }
    @Nullable Block[] larger = new Block[Math.max(FIRST, Integer.highestOneBit(valid) * 4)];
    used = 0;
    for (Block block : table) {
      if (block != null && block.valid()) {
        used += put(larger, block);
      }
    }
    table = larger;
  }

  private static int put(@Nullable Block[] blocks, Block block) {
    int i = place(block.pc(), blocks.length);
    for (Block other = blocks[i]; other != null; other = blocks[i]) {
      if (other.pc() == block.pc()) {
        blocks[i] = block;
        return 0;
      }
      i = i + 1 & blocks.length - 1;
    }
    blocks[i] = block;
    return 1;
  }

  private static int place(long pc, int length) {
    int word = (int) (pc >>> 2);
    return (word ^ word >>> 15) & length - 1;
  }
}
