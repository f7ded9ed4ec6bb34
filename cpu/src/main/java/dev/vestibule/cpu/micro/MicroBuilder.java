package dev.vestibule.cpu.micro;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Stop;
import java.util.Arrays;

/**
 * How does an instruction's meaning become micro-operations?
 *
 * <p>Values are handles: a slot as it is at this point of the instruction. {@link #get} names a
 * register, operations return a temporary, {@link #put} writes a register; where the temporary was
 * made by the operation just before, put redirects that operation to the register and no move is
 * left. A handle of a register that has been written since is stale, and using it is an error at
 * build time: an instruction reads first and writes last, whatever registers it names. That also
 * makes faults precise: everything that can fault comes before the first put.
 */
public class MicroBuilder {
  /** First slot of temporaries; they live for one instruction. Even, so pairs are aligned. */
  public static final int TEMPORARIES = 512;

  private static final int MOST_TEMPORARIES = 512;
  private static final long[] EMPTY = {};

  private long[] code = new long[256];
  private int size;
  private long[] pool = new long[32];
  private int poolSize;
  private long[] exits = new long[2];
  private int exitCount;
  private short[] starts = new short[64];
  private int instructions;
  private long pc;
  private long insnPc;
  private int nextTemporary;
  private boolean ended;
  private final int[] alias = new int[MOST_TEMPORARIES];
  private final int[] generation = new int[TEMPORARIES];
  private final int[] touched = new int[64];
  private int touchedCount;

  /** Begins a block. */
  public void begin(long blockPc) {
    pc = blockPc;
    size = 0;
    poolSize = 0;
    exitCount = 0;
    instructions = 0;
    ended = false;
  }

  /** Begins an instruction. */
  public void instruction(long address) {
    insnPc = address;
    if (instructions == starts.length) {
      starts = Arrays.copyOf(starts, starts.length * 2);
    }
    starts[instructions++] = (short) size;
    Arrays.fill(alias, 0, nextTemporary, -1);
    for (int i = 0; i < touchedCount; i++) {
      generation[touched[i]] = 0;
    }
    touchedCount = 0;
    nextTemporary = 0;
  }

  /** Address of the instruction being built. */
  public long pc() {
    return insnPc;
  }

  public int instructions() {
    return instructions;
  }

  /** Whether control leaves the block here, so that no further instruction may follow. */
  public boolean ended() {
    return ended;
  }

  /** Ends the block. */
  public Block finish(long end) {
    if (!ended) {
      exit(end);
    }
    return new Block(
        pc,
        end,
        Arrays.copyOf(code, size),
        poolSize == 0 ? EMPTY : Arrays.copyOf(pool, poolSize),
        Arrays.copyOf(exits, exitCount),
        Arrays.copyOf(starts, instructions));
  }

  // ---- operands -------------------------------------------------------------------------------

  /** The register's present value. */
  public int get(int slot) {
    return slot | generation[slot] << 16;
  }

  public int temporary() {
    alias[nextTemporary] = -1;
    return TEMPORARIES + nextTemporary++;
  }

  /** A pair of temporaries for a vector; the handle names the low doubleword. */
  public int vectorTemporary() {
    nextTemporary += nextTemporary & 1;
    int low = temporary();
    temporary();
    return low;
  }

  private int operand(int handle) {
    int slot = handle & 0xffff;
    if (slot >= TEMPORARIES) {
      int other = alias[slot - TEMPORARIES];
      return other >= 0 ? operand(other) : slot;
    }
    if (generation[slot] != handle >>> 16) {
      throw new IllegalStateException(
          "slot %d read after it was written at 0x%x".formatted(slot, insnPc));
    }
    return slot;
  }

  private void append(long micro) {
    if (size == code.length) {
      code = Arrays.copyOf(code, size * 2);
    }
    code[size++] = micro;
  }

  /** Makes the value the register's. */
  public void put(int slot, int value) {
    int from = operand(value);
    boolean fresh =
        from >= TEMPORARIES
            && size > starts[instructions - 1]
            && Op.d(code[size - 1]) == from
            && writesOnlyD(Op.op(code[size - 1]));
    if (from == slot) {
      written(slot);
      return;
    }
    written(slot);
    if (fresh) {
      code[size - 1] = code[size - 1] & ~(0x7ffL << 10) | (long) slot << 10;
      alias[from - TEMPORARIES] = get(slot);
    } else {
      append(Op.encode(Op.MOV, slot, from, 0, 0, 0));
    }
  }

  private static boolean writesOnlyD(int op) {
    return op < Op.FIRST_FLOAT
        ? op != Op.ROTI32 && op != Op.ROTI64
        : op == FloatOp.FWIDEN || op == FloatOp.FCUT;
  }

  /** Declares that an operation emitted with an explicit destination wrote the register. */
  public void written(int slot) {
    if (generation[slot]++ == 0) {
      touched[touchedCount++] = slot;
    }
  }

  // ---- operations -----------------------------------------------------------------------------

  /** d = op(a, b, c) with e; returns the handle of a new temporary d. */
  public int op(int op, int a, int b, int c, int e) {
    long micro = Op.encode(op, 0, operand(a), operand(b), operand(c), e);
    int d = temporary();
    append(micro | (long) d << 10);
    return d;
  }

  public int op(int op, int a, int b) {
    long micro = Op.encode(op, 0, operand(a), operand(b), 0, 0);
    int d = temporary();
    append(micro | (long) d << 10);
    return d;
  }

  public int op(int op, int a) {
    long micro = Op.encode(op, 0, operand(a), 0, 0, 0);
    int d = temporary();
    append(micro | (long) d << 10);
    return d;
  }

  public int opImmediate(int op, int a, int imm) {
    long micro = Op.encodeImmediate(op, 0, operand(a), imm);
    int d = temporary();
    append(micro | (long) d << 10);
    return d;
  }

  /** An operation with an explicit destination slot, register or temporary. */
  public void opTo(int op, int d, int a, int b, int c, int e) {
    append(Op.encode(op, 0, operand(a), operand(b), operand(c), e) | (long) d << 10);
    if (d < TEMPORARIES) {
      written(d);
    }
  }

  /** A vector operation: all operands are pairs named by their low slot, d written as a whole. */
  public void vectorTo(int op, int d, int a, int b, int c, int e) {
    append(Op.encode(op, d, operand(a), operand(b), operand(c), e));
    writtenPair(d);
  }

  public void vectorTo(int op, int d, int a, int b) {
    vectorTo(op, d, a, b, 0, 0);
  }

  /** Loads a pair from a + displacement. */
  public void vectorLoad(int op, int d, int a, long displacement) {
    append(Op.encodeImmediate(op, d, operand(a), (int) displacement));
    writtenPair(d);
  }

  /** Stores a pair to a + displacement. */
  public void vectorStore(int op, int value, int a, long displacement) {
    append(Op.encodeImmediate(op, operand(value), operand(a), (int) displacement));
  }

  private void writtenPair(int low) {
    if (low < TEMPORARIES) {
      written(low);
      written(low + 1);
    }
  }

  public int constant(long value) {
    int d = temporary();
    if (value == (int) value) {
      append(Op.encodeImmediate(Op.CONST, d, 0, (int) value));
    } else {
      append(Op.encodeImmediate(Op.POOL, d, 0, pooled(value)));
    }
    return d;
  }

  private int pooled(long value) {
    for (int i = 0; i < poolSize; i++) {
      if (pool[i] == value) {
        return i;
      }
    }
    if (poolSize == pool.length) {
      pool = Arrays.copyOf(pool, poolSize * 2);
    }
    pool[poolSize] = value;
    return poolSize++;
  }

  public int add(int a, int b) {
    return op(Op.ADD, a, b);
  }

  public int plus(int a, long imm) {
    if (imm == 0) {
      return a;
    }
    return imm == (int) imm ? opImmediate(Op.ADDI, a, (int) imm) : op(Op.ADD, a, constant(imm));
  }

  public int and(int a, long imm) {
    return imm == (int) imm ? opImmediate(Op.ANDI, a, (int) imm) : op(Op.AND, a, constant(imm));
  }

  public int or(int a, long imm) {
    return imm == (int) imm ? opImmediate(Op.ORI, a, (int) imm) : op(Op.OR, a, constant(imm));
  }

  public int xor(int a, long imm) {
    return imm == (int) imm ? opImmediate(Op.XORI, a, (int) imm) : op(Op.XOR, a, constant(imm));
  }

  /** Rotates left and masks: op is ROTM32 or ROTM64. */
  public int rotateMask(int op, int a, int amount, long mask) {
    return opImmediate(op, a, pooled(mask) << 6 | amount);
  }

  /** Inserts rotated bits under a mask into a register: op is ROTI32 or ROTI64. */
  public void rotateInsert(int op, int slot, int a, int amount, long mask) {
    append(Op.encodeImmediate(op, slot, operand(a), pooled(mask) << 6 | amount));
    written(slot);
  }

  /** A compare with the immediate; {@code so} is or-ed into the result. */
  public int compareImmediate(int op, int a, int so, int imm) {
    long micro = op | (long) operand(a) << 21 | (long) operand(so) << 32 | (long) imm << 43;
    int d = temporary();
    append(micro | (long) d << 10);
    return d;
  }

  /** Loads from a + displacement. */
  public int load(int op, int a, long displacement) {
    return opImmediate(op, a, (int) displacement);
  }

  /** Loads from a + b. */
  public int loadIndexed(int op, int a, int b) {
    return op(op + Op.INDEXED, a, b);
  }

  public void store(int op, int a, long displacement, int value) {
    append(Op.encodeImmediate(op, operand(value), operand(a), (int) displacement));
  }

  public void storeIndexed(int op, int a, int b, int value) {
    append(Op.encode(op + Op.INDEXED, operand(value), operand(a), operand(b), 0, 0));
  }

  // ---- control --------------------------------------------------------------------------------

  private int exitIndex(long target) {
    if (exitCount == exits.length) {
      exits = Arrays.copyOf(exits, exitCount * 2);
    }
    exits[exitCount] = target;
    return exitCount++;
  }

  /** Leaves to a known address. */
  public void exit(long target) {
    append(Op.encodeImmediate(Op.GOTO, 0, 0, exitIndex(target) << 8));
    ended = true;
  }

  /** Leaves to a known address if the condition holds; op is EXIT_*, mask for ANY and NONE. */
  public void exitIf(int op, int a, int mask, long target) {
    append(Op.encodeImmediate(op, 0, operand(a), exitIndex(target) << 8 | mask));
  }

  /** Leaves to the address in a. */
  public void jump(int a) {
    append(Op.encode(Op.JUMP, 0, operand(a), 0, 0, 0));
    ended = true;
  }

  /** Stops at this instruction, or behind it. */
  public void stop(Stop why, boolean behind) {
    append(Op.encodeImmediate(Op.STOP, 0, 0, why.ordinal() | (behind ? 0x100 : 0)));
    ended = true;
  }

  public void stopIf(Stop why, int a) {
    append(Op.encodeImmediate(Op.STOP_IF, 0, operand(a), why.ordinal()));
  }

  /** Leaves the instruction to a helper of the instruction set, which may write any register. */
  public void help(int helper, long word) {
    append(Op.encodeImmediate(Op.HELP, 0, 0, helper | pooled(word) << 16));
  }

  /** Ends the block behind this instruction, so that later code is looked up anew. */
  public void endBlock(long next) {
    if (!ended) {
      exit(next);
    }
  }
}
