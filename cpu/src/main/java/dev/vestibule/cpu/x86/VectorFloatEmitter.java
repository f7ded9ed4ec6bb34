package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.fp.FpEnv;
import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VsxOp;

/**
 * Which host instructions compute what the vector operations of {@link VsxOp} on floating-point
 * elements mean?
 *
 * <p>They raise sticky exceptions and touch nothing else of the FPSCR, so nothing has to be noted:
 * MXCSR has it all. A NaN in any element leaves to the interpreter, and so does the least normal
 * number, see {@link FloatEmitter}.
 */
class VectorFloatEmitter extends FloatEmitter {
  /** What separates operations on singles from those on doubles. */
  private static final int SINGLES = VsxOp.VFADD32 - VsxOp.VFADD64;

  private static final int UNPACK = 0x0f14;
  private static final int SIGNS = 0x0f50;
  private static final int WORDS_TO_SINGLES = 0x0f5b;
  private static final int SHUFFLE_WORDS = 0x0f70;
  private static final int SHIFT_WORDS = 0x0f72;
  private static final int COMPARE_ELEMENTS = 0x0fc2;
  private static final int WORDS_TO_DOUBLES = 0x0fe6;
  private static final int EQUAL_DOUBLEWORDS = 0x0f3829;
  private static final int ROUND_SINGLES = 0x0f3a08;
  private static final int ROUND_DOUBLES = 0x0f3a09;

  // kinds of compares
  private static final int EQUALS = 0;
  private static final int LESS_THAN = 1;
  private static final int LESS_OR_EQUAL = 2;
  private static final int UNORDERED = 3;

  /** Words 1 and 3, those of the doublewords' high halves, to where conversions take them from. */
  private static final int HIGH_WORDS = 0x0d;

  /** Words 0 and 1, each twice. */
  private static final int TWICE = 0x50;

  VectorFloatEmitter(int[] hotSlots, int[] hotFloatSlots, HostFeatures host) {
    super(hotSlots, hotFloatSlots, host);
  }

  /** Whether {@link #emitFloatVectors} knows the operation. */
  final boolean floatsVectors(long w) {
    int op = Op.op(w);
    if (op < VsxOp.VFNEG64 || op > VsxOp.VFFROMU32TO32 || !host().fma()) {
      return false;
    }
    return switch (op) {
      case VsxOp.VFROUND64, VsxOp.VFROUND32 -> (Op.e(w) & 7) != FpEnv.NEAREST_AWAY;
      case VsxOp.VFTOS64,
          VsxOp.VFFROMS64,
          VsxOp.VFFROMS32,
          VsxOp.VFFROMU32,
          VsxOp.VFFROM32,
          VsxOp.VFTOS32,
          VsxOp.VFTO32,
          VsxOp.VF32TOS32,
          VsxOp.VFFROMS32TO32 ->
          true;
      default ->
          op <= VsxOp.VFCPSGN32
              || op >= VsxOp.VFADD64 && op <= VsxOp.VFCMPGE64
              || op >= VsxOp.VFADD32 && op <= VsxOp.VFCMPGE32;
    };
  }

  final void emitFloatVectors(long w, Label slow) {
    int op = Op.op(w);
    if (op <= VsxOp.VFCPSGN32) {
      signs(op, Op.a(w), Op.b(w));
    } else {
      ready(slow);
      boolean doubles = op <= VsxOp.VFCMPGE64;
      int plain = doubles ? op : op - SINGLES;
      if (op >= VsxOp.VF32TOS32 || op > VsxOp.VFCMPGE64 && op < VsxOp.VFADD32) {
        convert(op, Op.a(w), slow);
      } else if (plain >= VsxOp.VFCMPEQ64) {
        compare(plain, w, doubles, slow);
      } else {
        get(1, Op.a(w));
        compute(plain, w, doubles, slow);
      }
    }
    put(0, Op.d(w));
  }

  private static int prefix(boolean doubles) {
    return doubles ? PACKED : 0;
  }

  /** XMM0 = the result of an operation with its first operand in XMM1. */
  private void compute(int op, long w, boolean doubles, Label slow) {
    switch (op) {
      case VsxOp.VFADD64 -> binary(SUM, w, doubles, false, slow);
      case VsxOp.VFSUB64 -> binary(DIFFERENCE, w, doubles, false, slow);
      case VsxOp.VFMUL64 -> binary(PRODUCT, w, doubles, true, slow);
      case VsxOp.VFDIV64 -> binary(QUOTIENT, w, doubles, true, slow);
      case VsxOp.VFSQRT64 -> {
        vector(prefix(doubles), false, ROOT, 0, 1);
        numbers(doubles, false, slow);
      }
      case VsxOp.VFMADD64, VsxOp.VFMSUB64, VsxOp.VFNMADD64, VsxOp.VFNMSUB64 -> {
        boolean add = op == VsxOp.VFMADD64 || op == VsxOp.VFNMADD64;
        get(2, Op.b(w));
        get(3, Op.c(w));
        fused(doubles, add ? FUSED_ADD - 1 : FUSED_SUBTRACT - 1, 1, 2, 3);
        numbers(doubles, true, slow);
        if (op >= VsxOp.VFNMADD64) {
          signMask(doubles);
          vector(0, false, XOR_BITS, 0, 1);
        }
      }
      case VsxOp.VFRE64 -> reciprocal(doubles, slow);
      case VsxOp.VFRSQRTE64 -> {
        vector(prefix(doubles), false, ROOT, 1, 1);
        reciprocal(doubles, slow);
      }
      case VsxOp.VFMAX64 -> extreme(GREATEST, AND_BITS, w, doubles, slow);
      case VsxOp.VFMIN64 -> extreme(LEAST, OR_BITS, w, doubles, slow);
      default -> { // VFROUND64, VFROUNDX64
        vector(PACKED, false, doubles ? ROUND_DOUBLES : ROUND_SINGLES, 0, 1);
        emit8(op == VsxOp.VFROUNDX64 ? INEXACTLY : roundingMode(Op.e(w) & 7));
        numbers(doubles, false, slow);
      }
    }
  }

  private void binary(int operation, long w, boolean doubles, boolean tiny, Label slow) {
    get(2, Op.b(w));
    copyTo(0, 1);
    vector(prefix(doubles), false, operation, 0, 2);
    numbers(doubles, tiny, slow);
  }

  /** XMM0 = 1 / XMM1. */
  private void reciprocal(boolean doubles, Label slow) {
    vector(PACKED, false, EQUAL_WORDS, 0, 0);
    shiftElements(doubles, 6, 0, doubles ? 54 : 25); // the bits of 1: all of the exponent but one
    shiftElements(doubles, 2, 0, 2);
    vector(prefix(doubles), false, QUOTIENT, 0, 1);
    numbers(doubles, true, slow);
  }

  /** Of zeros of both signs the host takes the second, so both orders together have the right. */
  private void extreme(int operation, int combine, long w, boolean doubles, Label slow) {
    get(2, Op.b(w));
    copyTo(3, 1);
    compareElements(doubles, UNORDERED, 3, 2);
    none(doubles, 3, slow);
    copyTo(0, 1);
    vector(prefix(doubles), false, operation, 0, 2);
    vector(prefix(doubles), false, operation, 2, 1);
    vector(0, false, combine, 0, 2);
  }

  private void compareElements(boolean doubles, int kind, int to, int from) {
    vector(prefix(doubles), false, COMPARE_ELEMENTS, to, from);
    emit8(kind);
  }

  /** Shifts left (6) or right (2). */
  private void shiftElements(boolean doublewords, int kind, int xmm, int amount) {
    vector(PACKED, false, doublewords ? SHIFT : SHIFT_WORDS, kind, xmm);
    emit8(amount);
  }

  /** Leaves if some element's sign stands in an XMM register. */
  private void none(boolean doubles, int xmm, Label slow) {
    vector(prefix(doubles), false, SIGNS, RAX, xmm);
    test(false, RAX, RAX);
    jumpIf(NOT_EQUAL, slow);
  }

  /** Leaves if XMM0 has a NaN or, where they may have been tiny, the least normal number. */
  private void numbers(boolean doubles, boolean tiny, Label slow) {
    copyTo(3, 0);
    compareElements(doubles, UNORDERED, 3, 3);
    if (tiny) {
      copyTo(1, 0);
      shiftElements(doubles, 6, 1, 1);
      vector(PACKED, false, EQUAL_WORDS, 2, 2);
      shiftElements(doubles, 2, 2, doubles ? 63 : 31);
      shiftElements(doubles, 6, 2, doubles ? 53 : 24); // its bits without the sign
      vector(PACKED, false, doubles ? EQUAL_DOUBLEWORDS : EQUAL_WORDS, 1, 2);
      vector(0, false, OR_BITS, 3, 1);
    }
    none(doubles, 3, slow);
  }

  private void compare(int op, long w, boolean doubles, Label slow) {
    get(1, Op.a(w));
    get(2, Op.b(w));
    copyTo(3, 1);
    compareElements(doubles, UNORDERED, 3, 2);
    none(doubles, 3, slow);
    copyTo(0, 2);
    int kind =
        switch (op) {
          case VsxOp.VFCMPEQ64 -> EQUALS;
          case VsxOp.VFCMPGT64 -> LESS_THAN;
          default -> LESS_OR_EQUAL;
        };
    compareElements(doubles, kind, 0, 1);
    if ((Op.e(w) & FloatOp.RECORD) != 0) {
      vector(prefix(doubles), false, SIGNS, RAX, 0);
      operateConstant(false, CMP, RAX, doubles ? 3 : 15);
      set(EQUAL, RCX);
      test(false, RAX, RAX);
      set(EQUAL, RDX);
      zeroExtend8(RCX, RCX);
      zeroExtend8(RDX, RDX);
      loadAddress(false, RAX, RDX, RCX, 2, 0); // 4 all + none
      operate(false, ADD, RAX, RAX);
      define(VsxOp.CR6, RAX);
      written(VsxOp.CR6);
    }
  }

  // ---- signs ------------------------------------------------------------------------------------

  /** XMM1 = the elements' sign bits. */
  private void signMask(boolean doubles) {
    vector(PACKED, false, EQUAL_WORDS, 1, 1);
    shiftElements(doubles, 6, 1, doubles ? 63 : 31);
  }

  private void signs(int op, int a, int b) {
    boolean doubles = op < VsxOp.VFNEG32;
    signMask(doubles);
    get(0, a);
    switch (op) {
      case VsxOp.VFNEG64, VsxOp.VFNEG32 -> vector(0, false, XOR_BITS, 0, 1);
      case VsxOp.VFNABS64, VsxOp.VFNABS32 -> vector(0, false, OR_BITS, 0, 1);
      case VsxOp.VFABS64, VsxOp.VFABS32 -> {
        vector(0, false, AND_NOT_BITS, 1, 0);
        copyTo(0, 1);
      }
      default -> { // VFCPSGN
        get(2, b);
        vector(0, false, AND_BITS, 0, 1);
        vector(0, false, AND_NOT_BITS, 1, 2);
        vector(0, false, OR_BITS, 0, 1);
      }
    }
  }

  // ---- conversions ------------------------------------------------------------------------------

  /** XMM0 = the elements of a pair converted. */
  private void convert(int op, int a, Label slow) {
    switch (op) {
      case VsxOp.VFTOS64 -> {
        truncate(RCX, a, slow);
        truncate(RDX, a + 1, slow);
        vector(PACKED, true, FROM_GENERAL, 0, RCX);
        vector(PACKED, true, FROM_GENERAL, 1, RDX);
        vector(PACKED, false, UNPACK, 0, 1);
      }
      case VsxOp.VFFROMS64, VsxOp.VFFROMU32 -> {
        boolean words = op == VsxOp.VFFROMU32;
        for (int i = 0; i < 2; i++) {
          memory(!words, 0x8b, RAX, RBP, offset(a + i) + (words ? 4 : 0)); // load
          vector(0, false, XOR_BITS, i, i); // depend on nothing older
          vector(DOUBLE, true, FROM_INTEGER, i, RAX);
        }
        vector(PACKED, false, UNPACK, 0, 1);
      }
      case VsxOp.VFFROMS32 -> {
        highWords(a);
        vector(SINGLE, false, WORDS_TO_DOUBLES, 0, 0);
      }
      case VsxOp.VFFROM32 -> {
        highWords(a);
        vector(0, false, OTHER_PRECISION, 0, 0);
        numbers(true, false, slow);
      }
      case VsxOp.VFTOS32 -> {
        get(0, a);
        vector(PACKED, false, WORDS_TO_DOUBLES, 0, 0); // the other way round, toward zero
        valid(slow);
        vector(PACKED, false, SHUFFLE_WORDS, 0, 0);
        emit8(TWICE);
      }
      case VsxOp.VFTO32 -> {
        get(0, a);
        vector(PACKED, false, OTHER_PRECISION, 0, 0);
        numbers(false, true, slow);
        vector(PACKED, false, SHUFFLE_WORDS, 0, 0);
        emit8(TWICE);
      }
      case VsxOp.VF32TOS32 -> {
        get(0, a);
        vector(SINGLE, false, WORDS_TO_SINGLES, 0, 0); // the other way round, toward zero
        valid(slow);
      }
      default -> { // VFFROMS32TO32
        get(0, a);
        vector(0, false, WORDS_TO_SINGLES, 0, 0);
      }
    }
  }

  private void highWords(int a) {
    get(0, a);
    vector(PACKED, false, SHUFFLE_WORDS, 0, 0);
    emit8(HIGH_WORDS);
  }

  private void truncate(int register, int slot, Label slow) {
    vectorMemory(DOUBLE, LOAD, 0, RBP, offset(slot));
    vector(DOUBLE, true, TRUNCATE, register, 0);
    operateConstant(true, CMP, register, 1); // overflows for the least integer: invalid
    jumpIf(OVERFLOW, slow);
  }

  /** Leaves if some word of XMM0 is the least integer, which says invalid. */
  private void valid(Label slow) {
    signMask(false);
    vector(PACKED, false, EQUAL_WORDS, 1, 0);
    none(false, 1, slow);
  }
}
