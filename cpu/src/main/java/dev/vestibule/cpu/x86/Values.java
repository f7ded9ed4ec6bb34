package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.micro.MicroBuilder;
import dev.vestibule.cpu.micro.Op;
import java.util.Arrays;

/**
 * What is known of the values of general registers and temporaries at a place in a block?
 *
 * <p>How large they may be, and how far outside the window, seen as addresses. The latter goes
 * along a chain: an access at r + 8 that did not fault leaves r at most 8 bytes outside, r + 16 is
 * at most 24 bytes outside then, and an access there needs no comparison, since the guard areas
 * catch it.
 */
final class Values {
  /** Slots of general registers come first. */
  static final int REGISTERS = Integer.SIZE;

  /** So many bits an index has at most. */
  private static final int INDEX_BITS = 14;

  /** So far outside the window a value may lie that code begins with or goes on from. */
  private static final int REACH = 1 << 14;

  /**
   * So far it may lie in between: pointers that are moved before each access come from there. With
   * a displacement or an index it still leads into the guard areas, of 64 KiB.
   */
  private static final int FARTHEST = REACH + (1 << 13);

  private static final int ANYWHERE = Integer.MAX_VALUE;
  private static final byte UNKNOWN = 64;
  private static final byte SIGNED = -1;
  private static final byte DEPENDS = -2;
  private static final byte[] RESULTS = results();

  /** For each slot, n if its value is below 2^n, SIGNED if it is a sign-extended word. */
  private final byte[] bits = new byte[2 * MicroBuilder.TEMPORARIES];

  /** For each slot, how many bytes outside the window its value lies at most. */
  private final int[] reach = new int[2 * MicroBuilder.TEMPORARIES];

  /** Registers, as bits, that are near enough to go on from. */
  private int inside;

  /** Temporaries from here on have no value yet. */
  private int fresh = MicroBuilder.TEMPORARIES;

  Values() {
    Arrays.fill(bits, UNKNOWN);
    Arrays.fill(reach, ANYWHERE);
  }

  static boolean isGeneral(int slot) {
    return slot < REGISTERS || slot >= MicroBuilder.TEMPORARIES;
  }

  /**
   * Forgets everything but this.
   *
   * @param known registers, as bits, whose values are in reach of the window
   */
  void begin(int known) {
    Arrays.fill(bits, 0, REGISTERS, UNKNOWN);
    inside = known;
    for (int slot = 0; slot < REGISTERS; slot++) {
      reach[slot] = (known >>> slot & 1) != 0 ? REACH : ANYWHERE;
    }
    beginInstruction();
  }

  /** Temporaries get other values. */
  void beginInstruction() {
    Arrays.fill(bits, MicroBuilder.TEMPORARIES, fresh, UNKNOWN);
    Arrays.fill(reach, MicroBuilder.TEMPORARIES, fresh, ANYWHERE);
    fresh = MicroBuilder.TEMPORARIES;
  }

  /** Registers, as bits, whose values are in reach of the window. */
  int inside() {
    return inside;
  }

  boolean inReach(int slot) {
    return reach[slot] != ANYWHERE;
  }

  /** There was an access at a slot's value plus a displacement, which did not fault. */
  void accessed(int slot, int displacement) {
    if (isGeneral(slot)) {
      setReach(slot, Math.min(reach[slot], Math.abs(displacement)));
    }
  }

  /** Whether a value is an index that is too small to lead from the window out of its guards. */
  boolean isIndex(int slot) {
    return bits[slot] >= 0 && bits[slot] <= INDEX_BITS;
  }

  /** The first number that an index cannot be. */
  int indexBound(int slot) {
    return 1 << bits[slot];
  }

  /** Whether a value is a sign-extended word. */
  boolean isSigned32(int slot) {
    return bits[slot] < Integer.SIZE;
  }

  /** Whether a value is a zero-extended word. */
  boolean isUnsigned32(int slot) {
    return bits[slot] >= 0 && bits[slot] <= Integer.SIZE;
  }

  private void setReach(int slot, long bytes) {
    reach[slot] = bytes <= FARTHEST ? (int) bytes : ANYWHERE;
    if (slot < REGISTERS) {
      inside = bytes <= REACH ? inside | 1 << slot : inside & ~(1 << slot);
    } else {
      fresh = Math.max(fresh, slot + 1);
    }
  }

  /** A slot has got a value of which nothing is known. */
  void written(int slot) {
    if (isGeneral(slot)) {
      bits[slot] = UNKNOWN;
      setReach(slot, ANYWHERE);
    }
  }

  /** A micro-operation has got its result. */
  void written(long w, long[] pool) {
    int d = Op.d(w);
    if (isGeneral(d)) {
      byte most = resultBits(w, pool);
      long far = resultReach(w);
      bits[d] = most;
      setReach(d, far);
    }
  }

  private long resultReach(long w) {
    int a = Op.a(w);
    return switch (Op.op(w)) {
      case Op.MOV -> reach[a];
      case Op.ADDI -> reach[a] + Math.abs((long) Op.imm(w));
      case Op.ADD -> isIndex(Op.b(w)) ? (long) reach[a] + indexBound(Op.b(w)) : ANYWHERE;
      default -> ANYWHERE;
    };
  }

  private byte resultBits(long w, long[] pool) {
    int op = Op.op(w);
    byte known = op < RESULTS.length ? RESULTS[op] : UNKNOWN;
    return known == DEPENDS ? resultBits(op, w, pool) : known;
  }

  private byte resultBits(int op, long w, long[] pool) {
    return switch (op) {
      case Op.MOV -> bits[Op.a(w)];
      case Op.CONST -> Op.imm(w) < 0 ? SIGNED : length(Op.imm(w));
      case Op.ANDI -> Op.imm(w) < 0 ? UNKNOWN : least(bits[Op.a(w)], length(Op.imm(w)));
      case Op.ROTM32, Op.ROTM64 -> length(pool[Op.imm(w) >>> 6]);
      case Op.ZX32 -> least(bits[Op.a(w)], (byte) Integer.SIZE);
      case Op.SHRI -> (byte) (Long.SIZE - (Op.imm(w) & 63));
      case Op.SHLI -> shifted(bits[Op.a(w)], Op.imm(w) & 63);
      case Op.XOR -> Op.a(w) == Op.b(w) ? 0 : UNKNOWN;
      default -> least(bits[Op.a(w)], bits[Op.b(w)]); // AND
    };
  }

  /** What each micro-operation's result is below, if that depends on nothing else. */
  private static byte[] results() {
    byte[] results = new byte[Op.GOTO];
    Arrays.fill(results, UNKNOWN);
    for (int form = 0; form <= Op.INDEXED; form += Op.INDEXED) {
      set(results, form, 8, Op.LDU8);
      set(results, form, 16, Op.LDU16BE, Op.LDU16LE);
      set(results, form, 32, Op.LDU32BE, Op.LDU32LE);
      set(results, form, SIGNED, Op.LDS16BE, Op.LDS16LE, Op.LDS32BE, Op.LDS32LE);
    }
    set(results, 0, SIGNED, Op.SX8, Op.SX16, Op.SX32, Op.SARI32);
    set(results, 0, 7, Op.CLZ32, Op.CLZ64, Op.POPCNTD);
    set(results, 0, 1, Op.ISZERO64, Op.ISZERO32);
    set(results, 0, DEPENDS, Op.MOV, Op.CONST, Op.ANDI, Op.ROTM32, Op.ROTM64);
    set(results, 0, DEPENDS, Op.ZX32, Op.SHRI, Op.SHLI, Op.XOR, Op.AND);
    return results;
  }

  private static void set(byte[] results, int form, int bits, int... operations) {
    for (int operation : operations) {
      results[operation + form] = (byte) bits;
    }
  }

  private static byte length(long value) {
    return (byte) (Long.SIZE - Long.numberOfLeadingZeros(value));
  }

  private static byte least(byte one, byte other) {
    return one < 0 ? other < 0 ? UNKNOWN : other : other < 0 || one < other ? one : other;
  }

  private static byte shifted(byte length, int amount) {
    return length < 0 || length + amount > Long.SIZE ? UNKNOWN : (byte) (length + amount);
  }
}
