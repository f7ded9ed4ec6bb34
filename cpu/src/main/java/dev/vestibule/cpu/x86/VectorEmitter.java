package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.micro.Op;
import java.util.Arrays;

/**
 * Which host instructions move vectors, and combine their bits? SSE2, whatever the elements are: a
 * pair of slots is one little-endian number of 128 bits, as an XMM register holds it.
 *
 * <p>XMM0 to XMM3 are scratch within one micro-operation. A result that the next operation reads is
 * taken from XMM0, where it still is, instead of from its slots. Where the host has XMM16 to XMM31,
 * they hold copies of the vectors that a block used last; slots are up to date nevertheless.
 */
class VectorEmitter extends MemoryEmitter {
  private static final int FIRST_COPY = 16;
  private static final int COPIES = 16;
  private static final int UNALIGNED = 0xf3; // prefix of MOVDQU
  private static final int LOAD = 0x0f6f;
  private static final int STORE = 0x0f7f;
  private static final int SWAP_HALVES = 0x4e;
  private static final int REVERSE_WORDS = 0x1b;

  // operations of two registers
  static final int MOVE = 0x0f6f;
  static final int AND_BITS = 0x0fdb;
  static final int AND_NOT_BITS = 0x0fdf;
  static final int OR_BITS = 0x0feb;
  static final int XOR_BITS = 0x0fef;
  static final int EQUAL_WORDS = 0x0f76;
  static final int SHUFFLE_WORDS = 0x0f70;
  static final int SHUFFLE_BYTES = 0x0f3800;

  private final int[] copied = new int[COPIES]; // slots
  private final int[] used = new int[COPIES]; // when, for the choice of the one to give up
  private int now;
  private int held = -1;
  private int heldAt;

  VectorEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  /** Whether {@link #emitVector} knows the operation. */
  final boolean moves(int op) {
    return switch (op) {
      case Op.VLD128BE, Op.VST128BE -> host().ssse3();
      default -> op >= Op.VMOV && op <= Op.VST32X4LE;
    };
  }

  final void emitVector(long w, Label slow) {
    int op = Op.op(w);
    int d = Op.d(w);
    if (op >= Op.VLD128BE) {
      access(op, d, displaced(Op.a(w), Op.imm(w), slow));
    } else {
      combine(op, Op.a(w), Op.b(w), Op.c(w));
      put(0, d);
    }
  }

  @Override
  void forget() {
    super.forget();
    held = -1;
    Arrays.fill(copied, -1);
  }

  // ---- operands ---------------------------------------------------------------------------------

  private boolean holds(int slot) {
    return slot == held && size() == heldAt; // nothing was emitted since
  }

  /** The register with a copy of the slots, or with room for one. */
  private int copyOf(int slot) {
    int oldest = 0;
    for (int i = 0; i < COPIES; i++) {
      if (copied[i] == slot) {
        oldest = i;
        break;
      }
      oldest = copied[i] < 0 || used[i] < used[oldest] ? i : oldest;
    }
    used[oldest] = ++now;
    return oldest;
  }

  /** Says that a slot was written otherwise than by {@link #put}. */
  final void forget(int slot) {
    for (int i = 0; i < COPIES; i++) {
      if (copied[i] == (slot & ~1)) {
        copied[i] = -1;
        used[i] = 0;
      }
    }
  }

  /** Loads a pair; only in a block's straight line, where copies are what they were before. */
  final void get(int xmm, int slot) {
    if (holds(slot)) {
      if (xmm != 0) {
        copy(xmm, 0);
      }
    } else if (!host().avx512()) {
      vectorMemory(UNALIGNED, LOAD, xmm, RBP, offset(slot));
    } else {
      int i = copyOf(slot);
      if (copied[i] == slot) {
        evex(MOVE, true, xmm, 0, FIRST_COPY + i);
      } else {
        vectorMemory(UNALIGNED, LOAD, xmm, RBP, offset(slot));
        evex(MOVE, true, FIRST_COPY + i, 0, xmm);
        copied[i] = slot;
      }
    }
  }

  /** XMM0 = a, XMM1 = b. */
  final void getBoth(int a, int b) {
    if (holds(b)) {
      copy(1, 0);
      if (a != b) {
        get(0, a);
      }
    } else {
      get(0, a);
      get(1, b);
    }
  }

  /** XMM0 = a, XMM1 = b, XMM2 = c. */
  final void getAll(int a, int b, int c) {
    if (holds(c)) {
      copy(2, 0);
      get(1, b);
      get(0, a);
    } else {
      getBoth(a, b);
      get(2, c);
    }
  }

  final void put(int xmm, int slot) {
    vectorMemory(UNALIGNED, STORE, xmm, RBP, offset(slot));
    if (host().avx512()) {
      int i = copyOf(slot);
      evex(MOVE, true, FIRST_COPY + i, 0, xmm);
      copied[i] = slot;
    }
    held = xmm == 0 ? slot : -1;
    heldAt = size();
  }

  final void copy(int to, int from) {
    integer(MOVE, to, from);
  }

  final void zero(int xmm) {
    integer(XOR_BITS, xmm, xmm);
  }

  final void ones(int xmm) {
    integer(EQUAL_WORDS, xmm, xmm);
  }

  private void invert(int xmm) {
    ones(2);
    integer(XOR_BITS, xmm, 2);
  }

  final void loadConstant(int xmm, long high, long low) {
    if ((high | low) == 0) {
      zero(xmm);
    } else if ((high & low) == -1) {
      ones(xmm);
    } else {
      integerConstant(MOVE, xmm, high, low);
    }
  }

  // ---- bits -------------------------------------------------------------------------------------

  /** XMM0 = the result. */
  private void combine(int op, int a, int b, int c) {
    switch (op) {
      case Op.VZERO -> zero(0);
      case Op.VMOV -> get(0, a);
      case Op.VSEL -> {
        getAll(a, b, c);
        integer(XOR_BITS, 1, 0);
        integer(AND_BITS, 1, 2);
        integer(XOR_BITS, 0, 1);
      }
      default -> {
        getBoth(a, b);
        combine(op);
      }
    }
  }

  private void combine(int op) {
    switch (op) {
      case Op.VAND -> integer(AND_BITS, 0, 1);
      case Op.VOR -> integer(OR_BITS, 0, 1);
      case Op.VXOR -> integer(XOR_BITS, 0, 1);
      case Op.VANDC -> {
        integer(AND_NOT_BITS, 1, 0);
        copy(0, 1);
      }
      case Op.VORC -> {
        invert(1);
        integer(OR_BITS, 0, 1);
      }
      case Op.VNOR -> {
        integer(OR_BITS, 0, 1);
        invert(0);
      }
      case Op.VNAND -> {
        integer(AND_BITS, 0, 1);
        invert(0);
      }
      case Op.VEQV -> {
        integer(XOR_BITS, 0, 1);
        invert(0);
      }
      default -> throw new AssertionError("micro-operation " + op);
    }
  }

  // ---- memory -----------------------------------------------------------------------------------

  private void access(int op, int slot, Place at) {
    if (op >= Op.VST128BE) {
      get(0, slot);
      arrange(op - Op.VST128BE);
      guest(UNALIGNED, false, STORE, 0, at);
    } else {
      guest(UNALIGNED, false, LOAD, 0, at);
      arrange(op - Op.VLD128BE);
      put(0, slot);
    }
  }

  private void arrange(int kind) {
    switch (kind) {
      case 0 -> reverse(0);
      case Op.VLD64X2LE - Op.VLD128BE -> integer(SHUFFLE_WORDS, 0, 0, SWAP_HALVES);
      case Op.VLD32X4LE - Op.VLD128BE -> integer(SHUFFLE_WORDS, 0, 0, REVERSE_WORDS);
      default -> {}
    }
  }

  /** Reverses the order of the bytes. */
  final void reverse(int xmm) {
    integerConstant(SHUFFLE_BYTES, xmm, 0x0001_0203_0405_0607L, 0x0809_0a0b_0c0d_0e0fL);
  }
}
