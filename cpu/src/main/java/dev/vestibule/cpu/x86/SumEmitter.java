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
  private static final int CARRYLESS = 0x0f3a44;

  SumEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  /** Whether {@link #emitSum} knows the operation. */
  final boolean sums(int op) {
    return host().sse42()
        && switch (op & ~3) {
          case VmxOp.MULEU, VmxOp.MULES, VmxOp.MULOU, VmxOp.MULOS -> (op & 3) < D;
          case VmxOp.PMSUM -> (op & 3) == D && host().pclmul();
          default ->
              switch (op) {
                case VmxOp.ADDCARRYW,
                    VmxOp.SUBCARRYW,
                    VmxOp.MULW,
                    VmxOp.MULLADD,
                    VmxOp.MSUMUB,
                    VmxOp.MSUMMB,
                    VmxOp.MSUMUH,
                    VmxOp.MSUMSH ->
                    true;
                default -> false;
              };
        };
  }

  final void emitSum(int op, int d, int a, int b, int c) {
    getBoth(a, b);
    switch (op & ~3) {
      case VmxOp.MULEU, VmxOp.MULES, VmxOp.MULOU, VmxOp.MULOS ->
          multiply(
              op & 3,
              (op & ~3) == VmxOp.MULES || (op & ~3) == VmxOp.MULOS,
              (op & ~3) <= VmxOp.MULES);
      case VmxOp.PMSUM -> {
        copy(2, 0);
        integer(CARRYLESS, 0, 1, 0x00);
        integer(CARRYLESS, 2, 1, 0x11);
        integer(XOR_BITS, 0, 2);
      }
      default -> sum(op, c);
    }
    put(0, d);
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

  private void sum(int op, int c) {
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
        copy(2, 0);
        integer(MULTIPLY_LOW, 2, 1);
        integer(MULTIPLY_HIGH_UNSIGNED, 0, 1);
        copy(1, 2);
        copy(3, 0);
        joinHalves(true, 1, 3);
        joinHalves(false, 2, 0);
        integer(PLUS[W], 0, 3);
      }
      default -> integer(MULTIPLY_ADD, 0, 1);
    }
  }
}
