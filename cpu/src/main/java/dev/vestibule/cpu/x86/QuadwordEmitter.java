package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VmxOp;

/**
 * Which host instructions compute on vectors as numbers of 128 bits, as rows of single bits, and
 * move single elements to and from integer slots?
 *
 * <p>Slots of VMX's registers are always up to date, so that integer instructions may read them.
 */
class QuadwordEmitter extends ShapeEmitter {
  private static final int ADD_BYTES = PLUS[B];
  private static final int LEFT_BY_REGISTER = 0x0ff3;
  private static final int RIGHT_BY_REGISTER = 0x0fd3;
  private static final int JOIN_LOW = 0x0f6c;
  private static final int TOP_BITS = 0x0fd7;
  private static final int LOAD8 = 0x0fb6;
  private static final int LOAD16 = 0x0fb7;
  private static final int LOAD32 = 0x8b;

  QuadwordEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  /** Whether {@link #emitQuadword} knows the operation. */
  final boolean quadwords(int op) {
    boolean known =
        op >= VmxOp.PUT && op < VmxOp.ADDCARRYW
            || op >= VmxOp.ADDQ && op <= VmxOp.SHRO
            || op == VmxOp.BPERMQ
            || op == VmxOp.GBBD
            || op == VmxOp.ALL;
    return known && host().sse42();
  }

  final void emitQuadword(long w) {
    int op = Op.op(w);
    if (op < VmxOp.GET) {
      putElement(op & 3, w);
      return;
    }
    if (op < VmxOp.ADDQ) {
      getElement(op & 3, w);
      written(Op.d(w));
      return;
    }
    if (op == VmxOp.ALL) {
      allAlike(Op.d(w), Op.a(w));
      written(Op.d(w));
      return;
    }
    if (op <= VmxOp.SUBECARRYQ) {
      add(op, Op.a(w), Op.b(w), Op.c(w));
    } else if (op <= VmxOp.SHRQ) {
      shiftBits(op == VmxOp.SHLQ, Op.a(w), Op.b(w));
    } else if (op <= VmxOp.SHRO) {
      shiftByBytes(op == VmxOp.SHLO, Op.a(w), Op.b(w));
    } else if (op == VmxOp.BPERMQ) {
      permuteBits(Op.a(w), Op.b(w));
    } else {
      transpose(Op.a(w));
    }
    put(0, Op.d(w));
  }

  // ---- elements ---------------------------------------------------------------------------------

  /** RCX = where in a pair the element lies that an address names. */
  private void place(int k, long w) {
    into(RCX, Op.b(w));
    operateConstant(false, AND, RCX, 15 & -(1 << k));
    if (Op.e(w) == 0) {
      operateConstant(false, XOR, RCX, 16 - (1 << k));
    }
  }

  private void putElement(int k, long w) {
    get(0, Op.c(w));
    place(k, w);
    into(RDX, Op.a(w));
    put(0, Op.d(w));
    int displacement = offset(Op.d(w));
    if (k == H) {
      emit8(0x66);
    }
    memory(k == D, k == B ? 0x88 : 0x89, RDX, RBP, RCX, 0, displacement);
    forget(Op.d(w));
  }

  private void getElement(int k, long w) {
    place(k, w);
    int load = k == B ? LOAD8 : k == H ? LOAD16 : LOAD32;
    memory(k == D, load, RAX, RBP, RCX, 0, offset(Op.a(w)));
    define(Op.d(w), RAX);
  }

  private void allAlike(int d, int a) {
    get(0, a);
    ones(1);
    constant(RAX, 0);
    constant(RCX, 0);
    integer(TEST, 0, 1);
    set(BELOW, RAX); // all ones
    set(EQUAL, RCX); // all zeros
    loadAddress(false, RAX, RCX, RAX, 2, 0);
    operate(false, ADD, RAX, RAX);
    define(d, RAX);
  }

  // ---- numbers of 128 bits ----------------------------------------------------------------------

  private void add(int op, int a, int b, int c) {
    boolean subtract = op >= VmxOp.SUBQ;
    boolean carryIn = (op & 2) != 0;
    int low = subtract ? SUB : ADD;
    int high = subtract ? SBB : ADC;
    load(RAX, RBP, offset(a));
    load(RDX, RBP, offset(a + 1));
    if (carryIn) {
      load(RCX, RBP, offset(c));
      shift(true, SHR, RCX, 1);
      if (subtract) {
        complementCarry();
      }
    }
    operateMemory(true, carryIn ? high : low, RAX, RBP, offset(b));
    operateMemory(true, high, RDX, RBP, offset(b + 1));
    if ((op & 1) == 0) {
      toVector(0, RAX);
      toVector(1, RDX);
      integer(JOIN_LOW, 0, 1);
    } else {
      constantKeepingFlags(RCX, 0);
      set(subtract ? ABOVE_EQUAL : BELOW, RCX);
      toVector(0, RCX);
    }
  }

  private void shiftBits(boolean left, int a, int b) {
    getBoth(a, b);
    integerConstant(AND_BITS, 1, 0, 7);
    loadConstant(3, 0, 64);
    integer(MINUS[D], 3, 1);
    copy(2, 0);
    shiftBytes(left, 2, 8);
    integer(left ? RIGHT_BY_REGISTER : LEFT_BY_REGISTER, 2, 3);
    integer(left ? LEFT_BY_REGISTER : RIGHT_BY_REGISTER, 0, 1);
    integer(OR_BITS, 0, 2);
  }

  private void shiftByBytes(boolean left, int a, int b) {
    getBoth(a, b);
    shiftElements(D, RIGHT, 1, 3);
    integerConstant(AND_BITS, 1, 0, 15);
    zero(2);
    integer(SHUFFLE_BYTES, 1, 2); // the number in every byte
    if (left) {
      loadConstant(2, 0x0f0e_0d0c_0b0a_0908L, 0x0706_0504_0302_0100L);
      integer(MINUS[B], 2, 1);
    } else {
      loadConstant(2, 0x7f7e_7d7c_7b7a_7978L, 0x7776_7574_7372_7170L);
      integer(ADD_BYTES, 2, 1);
    }
    integer(SHUFFLE_BYTES, 0, 2);
  }

  // ---- bits -------------------------------------------------------------------------------------

  private void permuteBits(int a, int b) {
    getBoth(a, b);
    copy(2, 1);
    shiftElements(H, RIGHT, 2, 3);
    keep(2, splat(B, 31));
    loadConstant(3, splat(B, 15));
    integer(MINUS[B], 3, 2);
    integer(SHUFFLE_BYTES, 0, 3); // the byte that has the bit
    keep(1, splat(B, 7));
    loadConstant(2, 0, 0x0102_0408_1020_4080L);
    integer(SHUFFLE_BYTES, 2, 1); // its mask
    integer(AND_BITS, 0, 2);
    integer(EQUAL_TO[B], 0, 2);
    integer(TOP_BITS, RAX, 0);
    toVector(0, RAX);
    shiftBytes(true, 0, 8);
  }

  private void transpose(int a) {
    get(0, a);
    exchange(7, 0x00aa_00aa_00aa_00aaL);
    exchange(14, 0x0000_cccc_0000_ccccL);
    exchange(28, 0x0000_0000_f0f0_f0f0L);
  }

  /** The bits under a mask change places with those {@code distance} to their left. */
  private void exchange(int distance, long mask) {
    copy(1, 0);
    shiftElements(D, RIGHT, 1, distance);
    integer(XOR_BITS, 1, 0);
    keep(1, mask);
    integer(XOR_BITS, 0, 1);
    shiftElements(D, LEFT, 1, distance);
    integer(XOR_BITS, 0, 1);
  }
}
