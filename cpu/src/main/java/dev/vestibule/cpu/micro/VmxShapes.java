package dev.vestibule.cpu.micro;

import jdk.internal.misc.Unsafe;

/** What do the vector micro-operations give that move elements to other places or widths? */
final class VmxShapes {
  private static final Unsafe U = Unsafe.getUnsafe();

  private VmxShapes() {}

  static void execute(long ctx, int op, long w) {
    int family = op & ~3;
    int k = op & 3;
    if (family == VmxOp.SPLATI) {
      long value = Lanes.splat(k, Op.imm(w));
      VmxOps.set(ctx, w, value, value);
      return;
    }
    long aHigh = VmxOps.high(ctx, Op.a(w));
    long aLow = VmxOps.low(ctx, Op.a(w));
    long bHigh = VmxOps.high(ctx, Op.b(w));
    long bLow = VmxOps.low(ctx, Op.b(w));
    switch (family) {
      case VmxOp.MERGEH -> merge(ctx, w, k, aHigh, bHigh);
      case VmxOp.MERGEL -> merge(ctx, w, k, aLow, bLow);
      case VmxOp.SPLAT -> {
        int perHalf = 8 >> k;
        int e = Op.e(w);
        long half = e < perHalf ? aHigh : aLow;
        long value = Lanes.splat(k, Lanes.unsigned(k, half, e & perHalf - 1));
        VmxOps.set(ctx, w, value, value);
      }
      case VmxOp.MULEU, VmxOp.MULES, VmxOp.MULOU, VmxOp.MULOS ->
          VmxOps.set(ctx, w, multiply(family, k, aHigh, bHigh), multiply(family, k, aLow, bLow));
      case VmxOp.PMSUM -> {
        if (k == VmxOp.DOUBLEWORDS) {
          long low = carryless(aHigh, bHigh) ^ carryless(aLow, bLow);
          long high = carrylessHigh(aHigh, bHigh) ^ carrylessHigh(aLow, bLow);
          VmxOps.set(ctx, w, high, low);
        } else {
          VmxOps.set(ctx, w, polynomials(k, aHigh, bHigh), polynomials(k, aLow, bLow));
        }
      }
      case VmxOp.PACK, VmxOp.PACKUU, VmxOp.PACKSS, VmxOp.PACKSU -> {
        long left = pack(ctx, family, k, aHigh) << 32 | pack(ctx, family, k, aLow);
        VmxOps.set(ctx, w, left, pack(ctx, family, k, bHigh) << 32 | pack(ctx, family, k, bLow));
      }
      case VmxOp.UNPACKH -> VmxOps.set(ctx, w, unpack(k, aHigh), unpack(k, aHigh << 32));
      case VmxOp.UNPACKL -> VmxOps.set(ctx, w, unpack(k, aLow), unpack(k, aLow << 32));
      default -> throw VmxOps.unknown(op);
    }
  }

  private static void merge(long ctx, long w, int k, long a, long b) {
    VmxOps.set(ctx, w, Lanes.merge(k, a, b), Lanes.merge(k, a << 32, b << 32));
  }

  private static long multiply(int family, int k, long a, long b) {
    int odd = family >= VmxOp.MULOU ? 1 : 0;
    boolean signed = family == VmxOp.MULES || family == VmxOp.MULOS;
    long result = 0;
    for (int i = odd; i < 8 >> k; i += 2) {
      long product =
          signed
              ? Lanes.signed(k, a, i) * Lanes.signed(k, b, i)
              : Lanes.unsigned(k, a, i) * Lanes.unsigned(k, b, i);
      result =
          k == VmxOp.WORDS ? product : result << 2 * Lanes.width(k) | product & Lanes.mask(k + 1);
    }
    return result;
  }

  private static long polynomials(int k, long a, long b) {
    long result = 0;
    for (int i = 0; i < 8 >> k; i += 2) {
      long sum =
          carryless(Lanes.unsigned(k, a, i), Lanes.unsigned(k, b, i))
              ^ carryless(Lanes.unsigned(k, a, i + 1), Lanes.unsigned(k, b, i + 1));
      result = k == VmxOp.WORDS ? sum : result << 2 * Lanes.width(k) | sum;
    }
    return result;
  }

  /** The low 64 bits of a product without carries. */
  private static long carryless(long a, long b) {
    long result = 0;
    for (long rest = b; rest != 0; rest &= rest - 1) {
      result ^= a << Long.numberOfTrailingZeros(rest);
    }
    return result;
  }

  /** The high 64 bits of a product without carries. */
  private static long carrylessHigh(long a, long b) {
    long result = 0;
    for (long rest = b & ~1L; rest != 0; rest &= rest - 1) {
      result ^= a >>> 64 - Long.numberOfTrailingZeros(rest);
    }
    return result;
  }

  /** The elements of one doubleword in half their width, in the right word. */
  private static long pack(long ctx, int family, int k, long a) {
    int width = Lanes.width(k) / 2;
    long most = family == VmxOp.PACKSS ? (1L << width - 1) - 1 : (1L << width) - 1;
    long least = family == VmxOp.PACKSS ? -most - 1 : 0;
    long result = 0;
    for (int i = 0; i < 8 >> k; i++) {
      long value = family == VmxOp.PACKUU ? Lanes.unsigned(k, a, i) : Lanes.signed(k, a, i);
      if (family != VmxOp.PACK) {
        long fitting =
            family == VmxOp.PACKUU
                ? Long.compareUnsigned(value, most) > 0 ? most : value
                : Math.clamp(value, least, most);
        if (fitting != value) {
          VmxOps.saturated(ctx);
        }
        value = fitting;
      }
      result = result << width | value & (1L << width) - 1;
    }
    return result;
  }

  /** The elements of the left word, sign-extended to twice their width. */
  private static long unpack(int k, long a) {
    long result = 0;
    for (int i = 0; i < 4 >> k; i++) {
      long value = Lanes.signed(k, a, i);
      result = k == VmxOp.WORDS ? value : result << 2 * Lanes.width(k) | value & Lanes.mask(k + 1);
    }
    return result;
  }

  // ---- single operations

  static void permute(long ctx, int op, long w) {
    if (op == VmxOp.LVSL || op == VmxOp.LVSR) {
      int first = (int) VmxOps.low(ctx, Op.a(w)) & 15;
      long bytes = 0x0001_0203_0405_0607L;
      long start = Lanes.splat(VmxOp.BYTES, op == VmxOp.LVSL ? first : 16 - first);
      VmxOps.set(ctx, w, bytes + start, bytes + 0x0808_0808_0808_0808L + start);
      return;
    }
    long aHigh = VmxOps.high(ctx, Op.a(w));
    long aLow = VmxOps.low(ctx, Op.a(w));
    long bHigh = VmxOps.high(ctx, Op.b(w));
    long bLow = VmxOps.low(ctx, Op.b(w));
    switch (op) {
      case VmxOp.PERM -> {
        long left = bytes(VmxOps.high(ctx, Op.c(w)), aHigh, aLow, bHigh, bLow);
        VmxOps.set(ctx, w, left, bytes(VmxOps.low(ctx, Op.c(w)), aHigh, aLow, bHigh, bLow));
      }
      case VmxOp.PERMXOR -> {
        long cHigh = VmxOps.high(ctx, Op.c(w));
        long cLow = VmxOps.low(ctx, Op.c(w));
        long left = bytes(cHigh >>> 4, aHigh, aLow) ^ bytes(cHigh, bHigh, bLow);
        VmxOps.set(ctx, w, left, bytes(cLow >>> 4, aHigh, aLow) ^ bytes(cLow, bHigh, bLow));
      }
      case VmxOp.SHIFT -> shift(ctx, w, new long[] {aHigh, aLow, bHigh, bLow}, Op.e(w));
      case VmxOp.MERGEEW ->
          VmxOps.set(
              ctx,
              w,
              VmxOps.words(aHigh >>> 32, bHigh >>> 32),
              VmxOps.words(aLow >>> 32, bLow >>> 32));
      case VmxOp.MERGEOW ->
          VmxOps.set(ctx, w, VmxOps.words(aHigh, bHigh), VmxOps.words(aLow, bLow));
      case VmxOp.PACKPX ->
          VmxOps.set(
              ctx, w, pixels(aHigh) << 32 | pixels(aLow), pixels(bHigh) << 32 | pixels(bLow));
      case VmxOp.UNPACKHPX -> VmxOps.set(ctx, w, unpackPixels(aHigh >>> 32), unpackPixels(aHigh));
      case VmxOp.UNPACKLPX -> VmxOps.set(ctx, w, unpackPixels(aLow >>> 32), unpackPixels(aLow));
      case VmxOp.BPERMQ -> {
        long left = bits(bHigh, aHigh, aLow) << 8;
        VmxOps.set(ctx, w, left | bits(bLow, aHigh, aLow), 0);
      }
      case VmxOp.GBBD -> VmxOps.set(ctx, w, transposed(aHigh), transposed(aLow));
      case VmxOp.ALL ->
          U.putLong(ctx + Op.d(w) * 8L, (aHigh & aLow) == -1 ? 8 : (aHigh | aLow) == 0 ? 2 : 0);
      default -> throw VmxOps.unknown(op);
    }
  }

  /** The bytes of four doublewords that the low five bits of each byte of {@code which} name. */
  private static long bytes(long which, long a, long b, long c, long d) {
    long result = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
      int index = (int) (which >>> shift) & 31;
      long half = index < 16 ? index < 8 ? a : b : index < 24 ? c : d;
      result = result << 8 | half >>> 56 - 8 * (index & 7) & 0xff;
    }
    return result;
  }

  private static long bytes(long which, long a, long b) {
    return bytes(which & 0x0f0f_0f0f_0f0f_0f0fL, a, b, 0, 0);
  }

  private static void shift(long ctx, long w, long[] row, int count) {
    int first = count >> 3;
    int bits = 8 * (count & 7);
    if (bits == 0) {
      VmxOps.set(ctx, w, row[first], row[first + 1]);
    } else {
      VmxOps.set(
          ctx,
          w,
          row[first] << bits | row[first + 1] >>> 64 - bits,
          row[first + 1] << bits | row[first + 2] >>> 64 - bits);
    }
  }

  /** Two pixels of 8:8:8:8 bits as 1:5:5:5 bits, in the right word. */
  private static long pixels(long a) {
    return pixel(a >>> 32) << 16 | pixel(a);
  }

  private static long pixel(long a) {
    return a >>> 9 & 0xfc00 | a >>> 6 & 0x3e0 | a >>> 3 & 0x1f;
  }

  /** The two pixels of the right word of a, as 8:8:8:8 bits with the first part all alike. */
  private static long unpackPixels(long a) {
    return VmxOps.words(unpackPixel((short) (a >>> 16)), unpackPixel((short) a));
  }

  private static long unpackPixel(short a) {
    return (long) (a >> 15) << 24 | (a >>> 10 & 0x1f) << 16 | (a >>> 5 & 0x1f) << 8 | a & 0x1f;
  }

  private static long bits(long which, long a, long b) {
    long result = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
      int index = (int) (which >>> shift) & 0xff;
      long bit = index < 64 ? a >>> 63 - index & 1 : index < 128 ? b >>> 127 - index & 1 : 0;
      result = result << 1 | bit;
    }
    return result;
  }

  private static long transposed(long a) {
    long bits = swapped(a, 7, 0x00aa_00aa_00aa_00aaL);
    bits = swapped(bits, 14, 0x0000_cccc_0000_ccccL);
    return swapped(bits, 28, 0x0000_0000_f0f0_f0f0L);
  }

  /** The bits under a mask change places with those {@code distance} to their left. */
  private static long swapped(long bits, int distance, long mask) {
    long differing = (bits ^ bits >>> distance) & mask;
    return bits ^ differing ^ differing << distance;
  }
}
