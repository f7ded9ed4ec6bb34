package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.micro.VmxOp;

/**
 * Which host instructions compute on each element of a vector by itself?
 *
 * <p>The families of {@link VmxOp} from ADD to SUBS_SAT. Numbers in families of opcodes follow the
 * sizes of elements: bytes, halfwords, words, doublewords.
 */
class LaneEmitter extends VectorEmitter {
  static final int[] PLUS = {0x0ffc, 0x0ffd, 0x0ffe, 0x0fd4};
  static final int[] MINUS = {0x0ff8, 0x0ff9, 0x0ffa, 0x0ffb};
  private static final int[] AVERAGE = {0x0fe0, 0x0fe3};
  static final int[] MOST_UNSIGNED = {0x0fde, 0x0f383e, 0x0f383f};
  static final int[] MOST_SIGNED = {0x0f383c, 0x0fee, 0x0f383d};
  static final int[] LEAST_UNSIGNED = {0x0fda, 0x0f383a, 0x0f383b};
  static final int[] LEAST_SIGNED = {0x0f3838, 0x0fea, 0x0f3839};
  static final int[] EQUAL_TO = {0x0f74, 0x0f75, 0x0f76, 0x0f3829};
  static final int[] GREATER_THAN = {0x0f64, 0x0f65, 0x0f66, 0x0f3837};
  private static final int[] ADD_UNSIGNED_SATURATED = {0x0fdc, 0x0fdd};
  private static final int[] ADD_SIGNED_SATURATED = {0x0fec, 0x0fed};
  private static final int[] SUBTRACT_UNSIGNED_SATURATED = {0x0fd8, 0x0fd9};
  private static final int[] SUBTRACT_SIGNED_SATURATED = {0x0fe8, 0x0fe9};
  private static final int SUM_BYTES = 0x0ff6;
  static final int MULTIPLY_LOW = 0x0fd5;
  static final int BLEND = 0x0f3810;
  static final int TEST = 0x0f3817;

  // shifts of each element by its own amount: AVX2 and AVX-512
  private static final int EACH_LEFT = 0x0f3847;
  private static final int EACH_RIGHT = 0x0f3845;
  private static final int EACH_RIGHT_SIGNED = 0x0f3846;
  private static final int EACH_ROTATED = 0x0f3815;
  private static final int LEADING_ZEROS = 0x0f3844;

  static final int B = VmxOp.BYTES;
  static final int H = VmxOp.HALFWORDS;
  static final int W = VmxOp.WORDS;
  static final int D = VmxOp.DOUBLEWORDS;

  static final long NIBBLES = 0x0f0f_0f0f_0f0f_0f0fL;
  static final long EVEN_BYTES = 0x00ff_00ff_00ff_00ffL;
  static final long EVEN_HALFWORDS = 0x0000_ffff_0000_ffffL;

  LaneEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  /** Whether {@link #emitLanes} knows the operation. */
  final boolean computesLanes(int op) {
    int k = op & 3;
    return host().sse42()
        && switch (op & ~3) {
          case VmxOp.ROTL, VmxOp.SHL, VmxOp.SHR, VmxOp.SAR -> k == B || host().avx2();
          case VmxOp.ADDU_SAT, VmxOp.ADDS_SAT, VmxOp.SUBU_SAT, VmxOp.SUBS_SAT -> k < D;
          default -> op >= VmxOp.ADD && op < VmxOp.MERGEH;
        };
  }

  final void emitLanes(int op, int d, int a, int b) {
    int k = op & 3;
    switch (op & ~3) {
      case VmxOp.ROTL, VmxOp.SHL, VmxOp.SHR, VmxOp.SAR -> {
        getBoth(a, b);
        shift(op & ~3, k);
      }
      case VmxOp.CLZ -> {
        get(0, a);
        leadingZeros(k);
      }
      case VmxOp.POPCNT -> {
        get(0, a);
        countOnes(k);
      }
      case VmxOp.ADDU_SAT, VmxOp.ADDS_SAT, VmxOp.SUBU_SAT, VmxOp.SUBS_SAT -> {
        getBoth(a, b);
        saturate(op & ~3, k);
      }
      default -> {
        getBoth(a, b);
        compute(op & ~3, k);
      }
    }
    put(0, d);
  }

  // ---- constants --------------------------------------------------------------------------------

  /** A number in every element. */
  static long splat(int k, long value) {
    long mask = -1L >>> 64 - (8 << k);
    return (value & mask) * Long.divideUnsigned(-1, mask);
  }

  private static long top(int k) {
    return splat(k, 1L << (8 << k) - 1);
  }

  final void loadConstant(int xmm, long half) {
    loadConstant(xmm, half, half);
  }

  /** An operation with a number that is the same in both halves. */
  final void withConstant(int op, int xmm, long half) {
    integerConstant(op, xmm, half, half);
  }

  final void keep(int xmm, long mask) {
    integerConstant(AND_BITS, xmm, mask, mask);
  }

  // ---- arithmetic and comparisons ---------------------------------------------------------------

  /** XMM0 = XMM0 op XMM1. */
  private void compute(int family, int k) {
    switch (family) {
      case VmxOp.ADD -> integer(PLUS[k], 0, 1);
      case VmxOp.SUB -> integer(MINUS[k], 0, 1);
      case VmxOp.AVGU -> average(k);
      case VmxOp.AVGS -> {
        flipTops(k);
        average(k);
        withConstant(XOR_BITS, 0, top(k));
      }
      case VmxOp.MAXU -> extreme(MOST_UNSIGNED, k, false, true);
      case VmxOp.MAXS -> extreme(MOST_SIGNED, k, true, true);
      case VmxOp.MINU -> extreme(LEAST_UNSIGNED, k, false, false);
      case VmxOp.MINS -> extreme(LEAST_SIGNED, k, true, false);
      case VmxOp.CMPEQ -> integer(EQUAL_TO[k], 0, 1);
      case VmxOp.CMPGTS -> integer(GREATER_THAN[k], 0, 1);
      case VmxOp.CMPGTU -> {
        flipTops(k);
        integer(GREATER_THAN[k], 0, 1);
      }
      default -> throw new AssertionError("family " + family);
    }
  }

  final void flipTops(int k) {
    withConstant(XOR_BITS, 0, top(k));
    withConstant(XOR_BITS, 1, top(k));
  }

  private void average(int k) {
    if (k < AVERAGE.length) {
      integer(AVERAGE[k], 0, 1);
      return;
    }
    copy(2, 0);
    integer(XOR_BITS, 2, 1);
    integer(OR_BITS, 0, 1);
    shiftElements(k, RIGHT, 2, 1);
    integer(MINUS[k], 0, 2);
  }

  private void extreme(int[] ops, int k, boolean signed, boolean most) {
    if (k < ops.length) {
      integer(ops[k], 0, 1);
      return;
    }
    copy(2, 0);
    copy(3, 1);
    if (!signed) {
      flipTops(k);
    }
    integer(GREATER_THAN[k], 0, 1); // selects for BLEND
    integer(BLEND, most ? 3 : 2, most ? 2 : 3);
    copy(0, most ? 3 : 2);
  }

  // ---- saturation -------------------------------------------------------------------------------

  /** XMM0 = XMM0 + XMM1 or XMM0 - XMM1, saturated; sets VSCR.SAT. */
  final void saturate(int family, int k) {
    boolean add = family <= VmxOp.ADDS_SAT;
    int different = 2; // where it is not 0, an element did not fit
    if (k == W) {
      switch (family) {
        case VmxOp.ADDU_SAT -> {
          copy(2, 0);
          ones(3);
          integer(XOR_BITS, 2, 3);
          integer(LEAST_UNSIGNED[W], 2, 1);
          integer(PLUS[W], 0, 2);
          integer(XOR_BITS, 2, 1);
        }
        case VmxOp.SUBU_SAT -> {
          copy(2, 0);
          integer(LEAST_UNSIGNED[W], 2, 1);
          integer(MINUS[W], 0, 2);
          integer(XOR_BITS, 2, 1);
        }
        default -> {
          saturateSignedWords(add);
          different = 1;
        }
      }
    } else {
      copy(2, 0);
      integer((add ? PLUS : MINUS)[k], 2, 1);
      integer(saturated(family)[k], 0, 1);
      integer(XOR_BITS, 2, 0);
    }
    setSaturated(different);
  }

  private static int[] saturated(int family) {
    return switch (family) {
      case VmxOp.ADDU_SAT -> ADD_UNSIGNED_SATURATED;
      case VmxOp.ADDS_SAT -> ADD_SIGNED_SATURATED;
      case VmxOp.SUBU_SAT -> SUBTRACT_UNSIGNED_SATURATED;
      default -> SUBTRACT_SIGNED_SATURATED;
    };
  }

  /** XMM0 = the sum or difference, XMM1 = ones where it did not fit. */
  private void saturateSignedWords(boolean add) {
    copy(2, 0);
    integer((add ? PLUS : MINUS)[W], 2, 1);
    copy(3, 0);
    integer(XOR_BITS, 3, 2); // a and the result differ in sign
    integer(XOR_BITS, 1, add ? 2 : 0); // so do b and the result, or a and b
    integer(AND_BITS, 1, 3);
    shiftElements(W, RIGHT_SIGNED, 1, 31);
    shiftElements(W, RIGHT_SIGNED, 0, 31);
    withConstant(XOR_BITS, 0, splat(W, Integer.MAX_VALUE)); // the limit on a's side
    integer(AND_BITS, 0, 1);
    copy(3, 1);
    integer(AND_NOT_BITS, 3, 2);
    integer(OR_BITS, 0, 3);
  }

  /** Sets VSCR.SAT unless the register is 0. */
  final void setSaturated(int xmm) {
    Label past = new Label();
    integer(TEST, xmm, xmm);
    jumpIf(EQUAL, past);
    operateMemoryConstant(true, OR, RBP, offset(VmxOp.VSCR), 1);
    bind(past);
  }

  // ---- shifts -----------------------------------------------------------------------------------

  /** XMM0 = XMM0 shifted by XMM1. */
  private void shift(int family, int k) {
    switch (k) {
      case B -> shiftByteElements(family);
      case H -> shiftHalfwords(family);
      default -> shiftWords(family, k);
    }
  }

  private void shiftWords(int family, int k) {
    boolean wide = k == D;
    if (family == VmxOp.ROTL && host().avx512()) {
      evex(EACH_ROTATED, wide, 0, 0, 1);
      return;
    }
    keep(1, splat(k, (8 << k) - 1));
    switch (family) {
      case VmxOp.SHL -> vex(EACH_LEFT, wide, 0, 0, 1);
      case VmxOp.SHR -> vex(EACH_RIGHT, wide, 0, 0, 1);
      case VmxOp.SAR -> {
        if (wide) {
          zero(3);
          integer(GREATER_THAN[D], 3, 0);
          integer(XOR_BITS, 0, 3);
          vex(EACH_RIGHT, true, 0, 0, 1);
          integer(XOR_BITS, 0, 3);
        } else {
          vex(EACH_RIGHT_SIGNED, false, 0, 0, 1);
        }
      }
      default -> {
        loadConstant(3, splat(k, 8 << k));
        integer(MINUS[k], 3, 1);
        vex(EACH_LEFT, wide, 2, 0, 1);
        vex(EACH_RIGHT, wide, 0, 0, 3);
        integer(OR_BITS, 0, 2);
      }
    }
  }

  /** Right and left halves of words by themselves. */
  private void shiftHalfwords(int family) {
    keep(1, splat(H, 15));
    copy(2, 1);
    shiftElements(W, RIGHT, 1, 16);
    keep(2, EVEN_HALFWORDS);
    copy(3, 0);
    switch (family) {
      case VmxOp.SHL -> {
        keep(0, ~EVEN_HALFWORDS);
        vex(EACH_LEFT, false, 3, 3, 2);
        keep(3, EVEN_HALFWORDS);
        vex(EACH_LEFT, false, 0, 0, 1);
      }
      case VmxOp.SHR -> {
        keep(3, EVEN_HALFWORDS);
        vex(EACH_RIGHT, false, 3, 3, 2);
        vex(EACH_RIGHT, false, 0, 0, 1);
        keep(0, ~EVEN_HALFWORDS);
      }
      case VmxOp.SAR -> {
        shiftElements(W, LEFT, 3, 16);
        vex(EACH_RIGHT_SIGNED, false, 3, 3, 2);
        shiftElements(W, RIGHT, 3, 16);
        vex(EACH_RIGHT_SIGNED, false, 0, 0, 1);
        keep(0, ~EVEN_HALFWORDS);
      }
      default -> {
        integerConstant(SHUFFLE_BYTES, 3, 0x0d0c_0d0c_0908_0908L, 0x0504_0504_0100_0100L);
        vex(EACH_LEFT, false, 3, 3, 2);
        shiftElements(W, RIGHT, 3, 16);
        integerConstant(SHUFFLE_BYTES, 0, 0x0f0e_0f0e_0b0a_0b0aL, 0x0706_0706_0302_0302L);
        vex(EACH_LEFT, false, 0, 0, 1);
        keep(0, ~EVEN_HALFWORDS);
      }
    }
    integer(OR_BITS, 0, 3);
  }

  /** Multiplies by powers of two, right and left halves of halfwords by themselves. */
  private void shiftByteElements(int family) {
    boolean left = family == VmxOp.SHL || family == VmxOp.ROTL;
    boolean signed = family == VmxOp.SAR;
    keep(1, splat(B, 7));
    loadConstant(2, 0, left ? 0x8040_2010_0804_0201L : 0x0102_0408_1020_4080L);
    integer(SHUFFLE_BYTES, 2, 1); // 2 to the amount, or to 7 less the amount
    copy(1, 2);
    keep(1, EVEN_BYTES);
    shiftElements(H, RIGHT, 2, 8);
    copy(3, 0);
    shiftElements(H, LEFT, 3, 8);
    shiftElements(H, signed ? RIGHT_SIGNED : RIGHT, 3, 8);
    integer(MULTIPLY_LOW, 3, 1);
    shiftElements(H, signed ? RIGHT_SIGNED : RIGHT, 0, 8);
    integer(MULTIPLY_LOW, 0, 2);
    if (family == VmxOp.ROTL) {
      foldHalves(3);
      foldHalves(0);
    } else if (!left) {
      shiftElements(H, RIGHT, 3, 7);
      shiftElements(H, RIGHT, 0, 7);
    }
    keep(3, EVEN_BYTES);
    shiftElements(H, LEFT, 0, 8);
    integer(OR_BITS, 0, 3);
  }

  /** The left byte of each halfword is added to the right one; XMM1 is changed. */
  private void foldHalves(int xmm) {
    copy(1, xmm);
    shiftElements(H, RIGHT, 1, 8);
    integer(OR_BITS, xmm, 1);
  }

  // ---- counts -----------------------------------------------------------------------------------

  /** XMM1 = the left four bits of XMM0's bytes, XMM0 = the right ones. */
  private void splitBytes() {
    copy(1, 0);
    shiftElements(H, RIGHT, 1, 4);
    keep(1, NIBBLES);
    keep(0, NIBBLES);
  }

  private void leadingZeros(int k) {
    if (k >= W && host().avx512()) {
      evex(LEADING_ZEROS, k == D, 0, 0, 0);
      return;
    }
    splitBytes();
    loadConstant(2, 0, 0x0101_0101_0202_0304L);
    copy(3, 2);
    integer(SHUFFLE_BYTES, 2, 1);
    integer(SHUFFLE_BYTES, 3, 0);
    zero(0);
    integer(EQUAL_TO[B], 1, 0);
    integer(AND_BITS, 3, 1);
    integer(PLUS[B], 2, 3);
    copy(0, 2);
    for (int width = B; width < k; width++) {
      copy(2, 0);
      shiftElements(width + 1, RIGHT, 0, 8 << width); // the left half's zeros
      copy(1, 0);
      withConstant(EQUAL_TO[width + 1], 1, splat(width + 1, 8 << width)); // are they all?
      keep(1, splat(width + 1, -1L >>> 64 - (8 << width)));
      integer(AND_BITS, 2, 1);
      integer(PLUS[width + 1], 0, 2);
    }
  }

  private void countOnes(int k) {
    splitBytes();
    loadConstant(2, 0x0403_0302_0302_0201L, 0x0302_0201_0201_0100L);
    copy(3, 2);
    integer(SHUFFLE_BYTES, 2, 1);
    integer(SHUFFLE_BYTES, 3, 0);
    integer(PLUS[B], 2, 3);
    copy(0, 2);
    if (k == D) {
      zero(1);
      integer(SUM_BYTES, 0, 1);
      return;
    }
    for (int width = B; width < k; width++) {
      copy(2, 0);
      shiftElements(width + 1, RIGHT, 0, 8 << width);
      keep(2, splat(width + 1, -1L >>> 64 - (8 << width)));
      integer(PLUS[width + 1], 0, 2);
    }
  }
}
