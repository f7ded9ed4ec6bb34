package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VmxOp;
import dev.vestibule.cpu.micro.VsxOp;

/**
 * Which host instructions move elements of vectors to other places and widths?
 *
 * <p>The host numbers elements from the right, and joins two registers the second one to the left.
 */
class ShapeEmitter extends SumEmitter {
  private static final int[] MERGE_RIGHT = {0x0f60, 0x0f61, 0x0f62};
  private static final int[] MERGE_LEFT = {0x0f68, 0x0f69, 0x0f6a};
  private static final int ALIGN = 0x0f3a0f;
  private static final int SHUFFLE_DOUBLES = 0x0fc6;
  private static final int SHUFFLE_SINGLES = 0x0fc6; // without a prefix
  private static final int EVEN_WORDS_OF_BOTH = 0x88;
  private static final int ODD_WORDS_OF_BOTH = 0xdd;
  private static final int[] PACK_UNSIGNED = {0, 0x0f67, 0x0f382b};
  private static final int[] PACK_SIGNED = {0, 0x0f63, 0x0f6b};
  private static final int PERMUTE_TWO = 0x0f3875;

  ShapeEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  /** Whether {@link #emitShape} knows the operation. */
  final boolean shapes(int op) {
    return host().sse42()
        && switch (op & ~3) {
          case VmxOp.SPLAT, VmxOp.SPLATI -> true;
          case VmxOp.PACK, VmxOp.PACKUU, VmxOp.PACKSS, VmxOp.PACKSU -> (op & 3) != B;
          case VmxOp.MERGEH, VmxOp.MERGEL, VmxOp.UNPACKH, VmxOp.UNPACKL -> (op & 3) != D;
          default ->
              switch (op) {
                case VmxOp.PERM,
                    VmxOp.PERMXOR,
                    VmxOp.SHIFT,
                    VmxOp.MERGEEW,
                    VmxOp.MERGEOW,
                    VmxOp.LVSL,
                    VmxOp.LVSR ->
                    true;
                default -> op >= VsxOp.VPERMD && op <= VsxOp.VSPLATD;
              };
        };
  }

  final void emitShape(long w) {
    int op = Op.op(w);
    int k = op & 3;
    switch (op & ~3) {
      case VmxOp.MERGEH -> merge(MERGE_LEFT[k], Op.a(w), Op.b(w));
      case VmxOp.MERGEL -> merge(MERGE_RIGHT[k], Op.a(w), Op.b(w));
      case VmxOp.SPLAT -> splat(k, Op.a(w), Op.e(w));
      case VmxOp.SPLATI -> loadConstant(0, splat(k, Op.imm(w)));
      case VmxOp.PACK, VmxOp.PACKUU, VmxOp.PACKSS, VmxOp.PACKSU -> {
        getBoth(Op.b(w), Op.a(w));
        if (k == D) {
          packDoublewords(op & ~3);
        } else {
          pack(op & ~3, k);
        }
      }
      case VmxOp.UNPACKH -> unpack(MERGE_LEFT[k], k, Op.a(w));
      case VmxOp.UNPACKL -> unpack(MERGE_RIGHT[k], k, Op.a(w));
      default -> {
        if (op >= VmxOp.FIRST) {
          permute(op, w);
        } else {
          permuteVsx(op, Op.a(w), Op.b(w), Op.e(w));
        }
      }
    }
    put(0, Op.d(w));
  }

  // ---- merge, splat, pack, unpack ---------------------------------------------------------------

  private void merge(int op, int a, int b) {
    getBoth(b, a);
    integer(op, 0, 1);
  }

  private void splat(int k, int a, int element) {
    get(0, a);
    int first = 16 - (1 << k) * (element + 1);
    switch (k) {
      case B -> withConstant(SHUFFLE_BYTES, 0, splat(B, first));
      case H -> withConstant(SHUFFLE_BYTES, 0, splat(H, first + 1 << 8 | first));
      case W -> integer(SHUFFLE_WORDS, 0, 0, 0x55 * (3 - element));
      default -> integer(SHUFFLE_WORDS, 0, 0, element == 0 ? 0xee : 0x44);
    }
  }

  /** XMM0 = XMM1's elements in half their width, then XMM0's. */
  private void pack(int family, int k) {
    long most = -1L >>> 64 - (4 << k);
    switch (family) {
      case VmxOp.PACK -> {
        keep(0, splat(k, most));
        keep(1, splat(k, most));
        integer(PACK_UNSIGNED[k], 0, 1);
      }
      case VmxOp.PACKSS -> {
        copy(2, 0);
        copy(3, 1);
        withConstant(PLUS[k], 2, splat(k, most + 1 >> 1));
        withConstant(PLUS[k], 3, splat(k, most + 1 >> 1));
        integer(OR_BITS, 2, 3);
        shiftElements(k, RIGHT, 2, 4 << k);
        integer(PACK_SIGNED[k], 0, 1);
        setSaturated(2);
      }
      default -> {
        copy(2, 0);
        integer(OR_BITS, 2, 1);
        shiftElements(k, RIGHT, 2, 4 << k);
        if (family == VmxOp.PACKUU) {
          withConstant(LEAST_UNSIGNED[k], 0, splat(k, most));
          withConstant(LEAST_UNSIGNED[k], 1, splat(k, most));
        }
        integer(PACK_UNSIGNED[k], 0, 1);
        setSaturated(2);
      }
    }
  }

  private void packDoublewords(int family) {
    copy(2, 0);
    vector(0, false, SHUFFLE_SINGLES, 0, 1);
    emit8(EVEN_WORDS_OF_BOTH); // XMM0 = the low halves
    if (family == VmxOp.PACK) {
      return;
    }
    vector(0, false, SHUFFLE_SINGLES, 2, 1);
    emit8(ODD_WORDS_OF_BOTH); // XMM2 = the high ones
    if (family == VmxOp.PACKSS) {
      copy(3, 0);
      shiftElements(W, RIGHT_SIGNED, 3, 31);
    } else {
      zero(3);
    }
    integer(EQUAL_WORDS, 3, 2);
    withConstant(XOR_BITS, 3, -1L); // where it does not fit
    copy(1, 2);
    shiftElements(W, RIGHT_SIGNED, 1, 31); // where it is negative
    switch (family) {
      case VmxOp.PACKUU -> integer(OR_BITS, 0, 3);
      case VmxOp.PACKSU -> {
        integer(OR_BITS, 0, 3);
        integer(AND_NOT_BITS, 1, 0);
        copy(0, 1);
      }
      default -> {
        withConstant(XOR_BITS, 1, splat(W, Integer.MAX_VALUE));
        integer(AND_BITS, 1, 3);
        copy(2, 3);
        integer(AND_NOT_BITS, 2, 0);
        copy(0, 1);
        integer(OR_BITS, 0, 2);
      }
    }
    setSaturated(3);
  }

  private void unpack(int op, int k, int a) {
    get(0, a);
    if (k == W) {
      copy(1, 0);
      shiftElements(W, RIGHT_SIGNED, 1, 31);
      integer(op, 0, 1);
    } else {
      integer(op, 0, 0);
      shiftElements(k + 1, RIGHT_SIGNED, 0, 8 << k);
    }
  }

  // ---- permutations of bytes and words ----------------------------------------------------------

  private void permute(int op, long w) {
    int a = Op.a(w);
    int b = Op.b(w);
    switch (op) {
      case VmxOp.PERM -> {
        getAll(a, b, Op.c(w));
        permuteBytes();
      }
      case VmxOp.PERMXOR -> {
        getAll(a, b, Op.c(w));
        withConstant(XOR_BITS, 2, -1L);
        copy(3, 2);
        shiftElements(H, RIGHT, 3, 4);
        keep(3, NIBBLES);
        keep(2, NIBBLES);
        integer(SHUFFLE_BYTES, 0, 3);
        integer(SHUFFLE_BYTES, 1, 2);
        integer(XOR_BITS, 0, 1);
      }
      case VmxOp.SHIFT -> shiftPair(a, b, Op.e(w));
      case VmxOp.MERGEEW -> {
        getBoth(a, b);
        shiftElements(D, RIGHT, 0, 32);
        shiftElements(D, LEFT, 0, 32);
        shiftElements(D, RIGHT, 1, 32);
        integer(OR_BITS, 0, 1);
      }
      case VmxOp.MERGEOW -> {
        getBoth(a, b);
        shiftElements(D, LEFT, 0, 32);
        shiftElements(D, LEFT, 1, 32);
        shiftElements(D, RIGHT, 1, 32);
        integer(OR_BITS, 0, 1);
      }
      default -> shiftPattern(op == VmxOp.LVSL, a);
    }
  }

  /** XMM0 = the bytes of XMM0 and XMM1 that XMM2's bytes name. */
  private void permuteBytes() {
    if (host().vbmi()) {
      withConstant(XOR_BITS, 2, -1L); // 31 less the number
      evex(PERMUTE_TWO, false, 2, 1, 0);
      copy(0, 2);
      return;
    }
    ones(3);
    integer(XOR_BITS, 3, 2);
    keep(3, splat(B, 31)); // 31 less the number: XMM0's from 16 on
    copy(2, 0);
    integer(SHUFFLE_BYTES, 2, 3);
    integer(SHUFFLE_BYTES, 1, 3);
    copy(0, 3);
    shiftElements(H, LEFT, 0, 3);
    integer(BLEND, 1, 2);
    copy(0, 1);
  }

  /** XMM0 = 16 bytes of a and b from a byte on. */
  private void shiftPair(int a, int b, int first) {
    if (first == 0) {
      get(0, a);
    } else {
      getBoth(a, b);
      integer(ALIGN, 0, 1, 16 - first);
    }
  }

  /** What lvsl and lvsr give for an address. */
  private void shiftPattern(boolean left, int address) {
    into(RAX, address);
    operateConstant(false, AND, RAX, 15);
    toVector(0, RAX);
    zero(1);
    integer(SHUFFLE_BYTES, 0, 1);
    if (left) {
      integerConstant(PLUS[B], 0, 0x0001_0203_0405_0607L, 0x0809_0a0b_0c0d_0e0fL);
    } else {
      loadConstant(1, 0x1011_1213_1415_1617L, 0x1819_1a1b_1c1d_1e1fL);
      integer(MINUS[B], 1, 0);
      copy(0, 1);
    }
  }

  // ---- VSX --------------------------------------------------------------------------------------

  private void permuteVsx(int op, int a, int b, int e) {
    switch (op) {
      case VsxOp.VPERMD -> {
        getBoth(b, a);
        integer(SHUFFLE_DOUBLES, 0, 1, ~e & 3);
      }
      case VsxOp.VSHIFTW -> shiftPair(a, b, 4 * e);
      case VsxOp.VMERGEHW -> merge(MERGE_LEFT[W], a, b);
      case VsxOp.VMERGELW -> merge(MERGE_RIGHT[W], a, b);
      case VsxOp.VSPLATW -> splat(W, a, e);
      default -> { // VSPLATD
        toVector(0, use(a, RAX));
        integer(SHUFFLE_WORDS, 0, 0, 0x44);
      }
    }
  }
}
