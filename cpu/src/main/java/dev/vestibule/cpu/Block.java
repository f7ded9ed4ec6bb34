package dev.vestibule.cpu;

import dev.vestibule.cpu.micro.Op;
import java.util.Arrays;
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
  private volatile boolean valid = true;
  private int budget = Integer.MAX_VALUE;
  private volatile long machineCode;

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

  /** The index in {@link #code} where an instruction, counted from 0, begins. */
  public int start(int instruction) {
    return starts[instruction];
  }

  /** The index in {@link #code} behind an instruction. */
  public int startOfNext(int instruction) {
    return instruction + 1 < starts.length ? starts[instruction + 1] : code.length;
  }

  /** One instruction, not the last, as a block of its own behind which the interpreter stops. */
  public Block part(int instruction) {
    int from = starts[instruction];
    int length = starts[instruction + 1] - from;
    long[] one = Arrays.copyOfRange(code, from, from + length + 1);
    one[length] = Op.encodeImmediate(Op.GOTO, 0, 0, 0);
    long size = (end - pc) / starts.length;
    long at = pc + instruction * size;
    return alone(at, at + size, one, pool);
  }

  /**
   * A block that leaves through its only exit to its end. It leads to a block that has spent its
   * budget, so the interpreter comes back after it.
   */
  public static Block alone(long pc, long end, long[] code, long[] pool) {
    Block alone = new Block(pc, end, code, pool, new long[] {end}, new short[] {0});
    Block behind = new Block(end, end, code, pool, alone.exits, alone.starts);
    behind.grant(0);
    alone.link(0, behind);
    return alone;
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

  /** Counts an execution by the interpreter; whether it was the last it should do by itself. */
  public boolean spend() {
    return --budget < 0;
  }

  /** Whether the interpreter has executed the block as often as it should. */
  public boolean spent() {
    return budget < 0;
  }

  /** How often the interpreter will still execute the block before it asks. */
  public int budget() {
    return budget;
  }

  /** Lets the interpreter execute the block so many times before it asks again. */
  public void grant(int executions) {
    budget = executions;
  }

  /** Where an emitter has put the block's machine code: 0 nowhere, or a number of its choice. */
  public long machineCode() {
    return machineCode;
  }

  public void setMachineCode(long where) {
    machineCode = where;
  }

  void invalidate() {
    valid = false;
  }
}
