package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VmxOp;

/**
 * Which host instructions do the rounds of AES and the sigma functions of SHA-2?
 *
 * <p>AES-NI has the state's first byte at the right, Power at the left.
 */
class CryptoEmitter extends QuadwordEmitter {
  private static final int ENCRYPT = 0x0f38dc;
  private static final int ENCRYPT_LAST = 0x0f38dd;
  private static final int DECRYPT_LAST = 0x0f38df;
  private static final int INVERSE_MIX = 0x0f38db;
  private static final int BLEND_HALFWORDS = 0x0f3a0e;
  private static final int SHIFT_BY_CONSTANT = 0x0f72; // or rotate
  private static final int ROTATE = 0;
  private static final int COMBINE_THREE = 0x0f3a25;
  private static final int EXCLUSIVE_OR = 0x96;

  private static final int[] LOWER_WORDS = {7, 18, 3, 17, 19, 10};
  private static final int[] UPPER_WORDS = {2, 13, 22, 6, 11, 25};
  private static final int[] LOWER_DOUBLEWORDS = {1, 8, 7, 19, 61, 6};
  private static final int[] UPPER_DOUBLEWORDS = {28, 34, 39, 14, 18, 41};

  CryptoEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  /** Whether {@link #emitCrypto} knows the operation. */
  final boolean enciphers(int op) {
    return host().sse42()
        && (op >= VmxOp.CIPHER && op <= VmxOp.SBOX && host().aes()
            || op == VmxOp.SIGMAW
            || op == VmxOp.SIGMAD);
  }

  final void emitCrypto(long w) {
    int op = Op.op(w);
    get(0, Op.a(w));
    switch (op) {
      case VmxOp.CIPHER -> round(ENCRYPT, Op.b(w));
      case VmxOp.CIPHERLAST -> round(ENCRYPT_LAST, Op.b(w));
      case VmxOp.NCIPHERLAST -> round(DECRYPT_LAST, Op.b(w));
      case VmxOp.NCIPHER -> {
        round(DECRYPT_LAST, Op.b(w));
        reverse(0);
        integer(INVERSE_MIX, 0, 0);
        reverse(0);
      }
      case VmxOp.SBOX -> {
        // Undoes beforehand what the last round does to the order.
        integerConstant(SHUFFLE_BYTES, 0, 0x0306_090c_0f02_0508L, 0x0b0e_0104_070a_0d00L);
        zero(1);
        integer(ENCRYPT_LAST, 0, 1);
      }
      default -> sigma(op == VmxOp.SIGMAW ? W : D, Op.e(w));
    }
    put(0, Op.d(w));
  }

  private void round(int op, int key) {
    reverse(0);
    zero(1);
    integer(op, 0, 1);
    reverse(0);
    get(1, key);
    integer(XOR_BITS, 0, 1);
  }

  // ---- SHA-2 ------------------------------------------------------------------------------------

  private void sigma(int k, int e) {
    boolean upper = (e & 16) != 0;
    int[] amounts =
        k == W ? upper ? UPPER_WORDS : LOWER_WORDS : upper ? UPPER_DOUBLEWORDS : LOWER_DOUBLEWORDS;
    int second = 0; // halfwords of the elements that get the second function
    for (int element = 0; element < 4; element += k - 1) {
      if ((e >> 3 - element & 1) != 0) {
        second |= k == W ? 0xc0 >> 2 * element : 0xf0 >> 2 * element;
      }
    }
    if (second == 0 || second == 0xff) {
      function(k, 0, amounts, second == 0 ? 0 : 3, upper);
    } else {
      function(k, 1, amounts, 3, upper);
      function(k, 0, amounts, 0, upper);
      integer(BLEND_HALFWORDS, 0, 1, second);
    }
  }

  /** A register = one of the functions of XMM0, XMM2 and XMM3 are changed. */
  private void function(int k, int to, int[] amounts, int first, boolean upper) {
    if (host().avx512()) {
      rotated(k, 2, amounts[first]);
      rotated(k, 3, amounts[first + 1]);
      if (upper) {
        rotated(k, to, amounts[first + 2]);
      } else {
        shifted(k, RIGHT, to, amounts[first + 2]);
      }
      evex(COMBINE_THREE, false, to, 2, 3);
      emit8(EXCLUSIVE_OR);
    } else {
      combine(k, amounts, first, upper);
      copy(to, 2);
    }
  }

  private void rotated(int k, int to, int right) {
    evex(SHIFT_BY_CONSTANT, k == D, ROTATE, to, 0);
    emit8(right);
  }

  /** XMM2 = one of the functions of XMM0. */
  private void combine(int k, int[] amounts, int first, boolean upper) {
    int width = 8 << k;
    shifted(k, RIGHT, 2, amounts[first]);
    for (int i = 0; i < 3; i++) {
      if (i > 0) {
        combineShifted(k, RIGHT, amounts[first + i]);
      }
      if (i < 2 || upper) {
        combineShifted(k, LEFT, width - amounts[first + i]);
      }
    }
  }

  private void combineShifted(int k, int kind, int amount) {
    shifted(k, kind, 3, amount);
    integer(XOR_BITS, 2, 3);
  }

  private void shifted(int k, int kind, int to, int amount) {
    if (host().avx()) {
      vex(0x0f70 | k, false, kind, to, 0);
      emit8(amount);
    } else {
      copy(to, 0);
      shiftElements(k, kind, to, amount);
    }
  }
}
