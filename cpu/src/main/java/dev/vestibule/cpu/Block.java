package dev.vestibule.cpu;

import org.jspecify.annotations.Nullable;

/**
 * What does a straight run of guest instructions do, as micro-operations?
 *
 * <p>Immutable but for the links to its successors, so threads share it. Each micro-operation is
 * one long, see {@link dev.vestibule.cpu.micro.Op}.
 */
public final class Block {
  private final long pc;
  private final long end;
  private final long[] code;
  private final long[] pool;
  private final long[] exits;
  private final short[] starts;
  private final @Nullable Block[] successors;
  private boolean valid = true;

  /**
   * @param pc address of the first instruction
   * @param end address behind the last one
   * @param code micro-operations; the last one always leaves the block
   * @param pool 64-bit constants
   * @param exits guest addresses of the direct exits
   * @param starts for instruction k, the index in {@code code} where it begins
   */
  public Block(long pc, long end, long[] code, long[] pool, long[] exits, short[] starts) {
    this.pc = pc;
    this.end = end;
    this.code = code;
    this.pool = pool;
    this.exits = exits;
    this.starts = starts;
    this.successors = new Block[exits.length];
  }

  public long pc() {
    return pc;
  }

  public long end() {
    return end;
  }

  public long[] code() {
    return code;
  }

  public long[] pool() {
    return pool;
  }

  public int exits() {
    return exits.length;
  }

  public long exit(int index) {
    return exits[index];
  }

  public int instructions() {
    return starts.length;
  }

  /** Which instruction of the block, from 0, does a micro-operation belong to? */
  public int instructionAt(int codeIndex) {
    int k = 0;
    while (k + 1 < starts.length && starts[k + 1] <= codeIndex) {
      k++;
    }
    return k;
  }

  /** The guest address of the instruction that a micro-operation belongs to. */
  public long pcAt(int codeIndex) {
    return pc + (end - pc) / starts.length * instructionAt(codeIndex);
  }

  public @Nullable Block successor(int exit) {
    return successors[exit];
  }

  public void link(int exit, Block next) {
    successors[exit] = next;
  }

  /** Whether the guest's bytes are still those that were translated. */
  public boolean valid() {
    return valid;
  }

  void invalidate() {
    valid = false;
  }
}
