package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.micro.VmxOp;

/** Which host instructions multiply elements of vectors and add across them? */
class SumEmitter extends LaneEmitter {
  private static final int MULTIPLY_HIGH = 0x0fe5;
  private static final int MULTIPLY_HIGH_UNSIGNED = 0x0fe4;
  private static final int MULTIPLY_WORDS_LOW = 0x0f3840;
  private static final int MULTIPLY_WORDS = 0x0f3828;
  private static final int MULTIPLY_WORDS_UNSIGNED = 0x0ff4;
  private static final int MULTIPLY_ADD = 0x0ff5; // halfwords to words
  private static final int MULTIPLY_ADD_BYTES = 0x0f3804; // unsigned by signed ones
  private static final int INTERLEAVE_RIGHT = 0x0f61; // halfwords
  private static final int INTERLEAVE_LEFT = 0x0f69;
  private static final int JOIN_LOW = 0x0f6c;
  private static final int PACK_WORDS = 0x0f6b;
  private static final int CARRYLESS = 0x0f3a44;
  private static final int LOW_HALVES = 0x00;
  private static final int HIGH_HALVES = 0x11;

  SumEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  /** Whether {@link #emitSum} knows the operation. */
  final boolean sums(int op) {
    return host().sse42()
        && switch (op & ~3) {
          case VmxOp.MULEU, VmxOp.MULES, VmxOp.MULOU, VmxOp.MULOS -> (op & 3) < D;
          case VmxOp.PMSUM -> (op & 3) >= W && host().pclmul();
          default -> op >= VmxOp.ADDCARRYW && op <= VmxOp.SUM4UB;
        };
  }

  final void emitSum(int op, int d, int a, int b, int c, Label slow) {
    if (op == VmxOp.SUMW || op == VmxOp.SUM2W) {
      sumWords(op == VmxOp.SUMW, a, b);
      put(0, d);
      return;
    }
    getBoth(a, b);
    switch (op & ~3) {
      case VmxOp.MULEU, VmxOp.MULES, VmxOp.MULOU, VmxOp.MULOS ->
          multiply(
              op & 3,
              (op & ~3) == VmxOp.MULES || (op & ~3) == VmxOp.MULOS,
              (op & ~3) <= VmxOp.MULES);
      case VmxOp.PMSUM -> {
        if ((op & 3) == D) {
          copy(2, 0);
          integer(CARRYLESS, 0, 1, LOW_HALVES);
          integer(CARRYLESS, 2, 1, HIGH_HALVES);
          integer(XOR_BITS, 0, 2);
        } else {
          polynomials(a, b);
        }
      }
      default -> sum(op, c, slow);
    }
    put(0, d);
  }

  /** XMM0 = the products without carries of the words, each two added. */
  private void polynomials(int a, int b) {
    keep(0, 0xffff_ffffL);
    keep(1, 0xffff_ffffL);
    carryless(2);
    getBoth(a, b);
    shiftElements(D, RIGHT, 0, 32);
    shiftElements(D, RIGHT, 1, 32);
    carryless(3);
    copy(0, 2);
    integer(XOR_BITS, 0, 3);
  }

  /** A register = the products of XMM0's and XMM1's halves that fit; XMM0 is changed. */
  private void carryless(int to) {
    copy(to, 0);
    integer(CARRYLESS, to, 1, LOW_HALVES);
    integer(CARRYLESS, 0, 1, HIGH_HALVES);
    integer(JOIN_LOW, to, 0);
  }

  /** XMM0 = the products of XMM0's and XMM1's elements, the left ones of each two or the right. */
  private void multiply(int k, boolean signed, boolean left) {
    switch (k) {
      case B -> {
        widen(0, B, signed, left);
        widen(1, B, signed, left);
        integer(MULTIPLY_LOW, 0, 1);
      }
      case H -> {
        copy(2, 0);
        integer(MULTIPLY_LOW, 2, 1);
        integer(signed ? MULTIPLY_HIGH : MULTIPLY_HIGH_UNSIGNED, 0, 1);
        joinHalves(left, 2, 0);
      }
      default -> {
        if (left) {
          shiftElements(D, RIGHT, 0, 32);
          shiftElements(D, RIGHT, 1, 32);
        }
        integer(signed ? MULTIPLY_WORDS : MULTIPLY_WORDS_UNSIGNED, 0, 1);
      }
    }
  }

  /** The left or right element of each two, in twice its width. */
  private void widen(int xmm, int k, boolean signed, boolean left) {
    if (!left) {
      if (!signed) {
        keep(xmm, splat(k + 1, -1L >>> 64 - (8 << k)));
        return;
      }
      shiftElements(k + 1, LEFT, xmm, 8 << k);
    }
    shiftElements(k + 1, signed ? RIGHT_SIGNED : RIGHT, xmm, 8 << k);
  }

  /** {@code high} = words from the left or the right halfwords of low and high halves. */
  private void joinHalves(boolean left, int low, int high) {
    if (left) {
      shiftElements(W, RIGHT, low, 16);
      keep(high, ~EVEN_HALFWORDS);
    } else {
      shiftElements(W, LEFT, high, 16);
      keep(low, EVEN_HALFWORDS);
    }
    integer(OR_BITS, high, low);
  }

  private void sum(int op, int c, Label slow) {
    switch (op) {
      case VmxOp.ADDCARRYW -> {
        integer(PLUS[W], 1, 0);
        flipTops(W);
        integer(GREATER_THAN[W], 0, 1); // a above the sum
        shiftElements(W, RIGHT, 0, 31);
      }
      case VmxOp.SUBCARRYW -> {
        integer(MOST_UNSIGNED[W], 1, 0);
        integer(EQUAL_TO[W], 0, 1);
        shiftElements(W, RIGHT, 0, 31);
      }
      case VmxOp.MULW -> integer(MULTIPLY_WORDS_LOW, 0, 1);
      case VmxOp.MULLADD -> {
        integer(MULTIPLY_LOW, 0, 1);
        get(1, c);
        integer(PLUS[H], 0, 1);
      }
      case VmxOp.MULHADD -> multiplyHighAndAdd(false, c);
      case VmxOp.MULHRADD -> multiplyHighAndAdd(true, c);
      case VmxOp.MSUMUH_SAT -> {
        unsignedProducts();
        saturate(VmxOp.ADDU_SAT, W);
        get(1, c);
        saturate(VmxOp.ADDU_SAT, W);
      }
      case VmxOp.MSUMSH_SAT -> {
        integer(MULTIPLY_ADD, 0, 1);
        loadConstant(1, splat(W, Integer.MIN_VALUE)); // an overflow
        integer(EQUAL_TO[W], 1, 0);
        integer(TEST, 1, 1);
        jumpIf(NOT_EQUAL, slow);
        get(1, c);
        saturate(VmxOp.ADDS_SAT, W);
      }
      case VmxOp.SUM4UB, VmxOp.SUM4SB, VmxOp.SUM4SH -> sumElements(op);
      default -> {
        products(op);
        get(1, c);
        integer(PLUS[W], 0, 1);
      }
    }
  }

  /** XMM0's words = the sums of the products of the elements that they cover. */
  private void products(int op) {
    switch (op) {
      case VmxOp.MSUMUB, VmxOp.MSUMMB -> {
        copy(2, 0);
        copy(3, 1);
        boolean signed = op == VmxOp.MSUMMB;
        widen(0, B, signed, true);
        widen(1, B, false, true);
        integer(MULTIPLY_ADD, 0, 1);
        widen(2, B, signed, false);
        widen(3, B, false, false);
        integer(MULTIPLY_ADD, 2, 3);
        integer(PLUS[W], 0, 2);
      }
      case VmxOp.MSUMUH -> {
        unsignedProducts();
        integer(PLUS[W], 0, 1);
      }
      default -> integer(MULTIPLY_ADD, 0, 1);
    }
  }

  /** XMM0 = the products of the right halfwords, XMM1 = those of the left ones. */
  private void unsignedProducts() {
    copy(2, 0);
    integer(MULTIPLY_LOW, 2, 1);
    integer(MULTIPLY_HIGH_UNSIGNED, 0, 1);
    copy(3, 2);
    copy(1, 0);
    joinHalves(true, 3, 1);
    joinHalves(false, 2, 0);
  }

  /** XMM0 = (XMM0 * XMM1 >> 15) + c in signed halfwords, saturating. */
  private void multiplyHighAndAdd(boolean round, int c) {
    copy(2, 0);
    integer(MULTIPLY_LOW, 2, 1);
    integer(MULTIPLY_HIGH, 0, 1);
    copy(1, 2);
    integer(INTERLEAVE_RIGHT, 2, 0);
    integer(INTERLEAVE_LEFT, 1, 0);
    get(0, c);
    copy(3, 0);
    integer(INTERLEAVE_RIGHT, 3, 3);
    integer(INTERLEAVE_LEFT, 0, 0);
    highPlus(round, 2, 3);
    highPlus(round, 1, 0);
    copy(0, 2);
    copy(3, 1);
    withConstant(PLUS[W], 0, splat(W, 0x8000));
    withConstant(PLUS[W], 3, splat(W, 0x8000));
    integer(OR_BITS, 0, 3);
    shiftElements(W, RIGHT, 0, 16); // not 0 where a sum is no halfword
    integer(PACK_WORDS, 2, 1);
    setSaturated(0);
    copy(0, 2);
  }

  /** Words of products to their high parts, plus halfwords that lie in words twice. */
  private void highPlus(boolean round, int product, int addend) {
    if (round) {
      withConstant(PLUS[W], product, splat(W, 0x4000));
    }
    shiftElements(W, RIGHT_SIGNED, product, 15);
    shiftElements(W, RIGHT_SIGNED, addend, 16);
    integer(PLUS[W], product, addend);
  }

  /** XMM0 = XMM1's words plus the elements of XMM0 that they cover, saturating. */
  private void sumElements(int op) {
    if (op == VmxOp.SUM4UB) {
      loadConstant(2, splat(B, 1));
      integer(MULTIPLY_ADD_BYTES, 0, 2);
    } else if (op == VmxOp.SUM4SB) {
      loadConstant(2, splat(B, 1));
      integer(MULTIPLY_ADD_BYTES, 2, 0);
      copy(0, 2);
    }
    withConstant(MULTIPLY_ADD, 0, splat(H, 1));
    saturate(op == VmxOp.SUM4UB ? VmxOp.ADDU_SAT : VmxOp.ADDS_SAT, W);
  }

  /** XMM0 = the sum of a's words and b's last, or the same for each doubleword, saturating. */
  private void sumWords(boolean all, int a, int b) {
    if (all) {
      sumWords(offset(a), offset(a) + 4, offset(a) + 8, offset(a) + 12, offset(b));
      toVector(0, RAX);
    } else {
      sumWords(offset(a), offset(a) + 4, offset(b));
      move(RDX, RAX);
      sumWords(offset(a) + 8, offset(a) + 12, offset(b) + 8);
      toVector(0, RDX);
      toVector(1, RAX);
      integer(JOIN_LOW, 0, 1);
    }
  }

  /** RAX = the sum of signed words in the record, saturated, as an unsigned word. */
  private void sumWords(int... displacements) {
    signExtend32(RAX, RBP, displacements[0]);
    for (int i = 1; i < displacements.length; i++) {
      signExtend32(RCX, RBP, displacements[i]);
      operate(true, ADD, RAX, RCX);
    }
    Label fits = new Label();
    signExtend32(RCX, RAX);
    operate(true, CMP, RCX, RAX);
    jumpIf(EQUAL, fits);
    shift(true, SAR, RAX, 63);
    operateConstant(true, XOR, RAX, Integer.MAX_VALUE);
    operateMemoryConstant(true, OR, RBP, offset(VmxOp.VSCR), 1);
    bind(fits);
    move32(RAX, RAX);
  }
}
