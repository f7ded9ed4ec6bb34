package dev.vestibule.cpu.micro;

import dev.vestibule.cpu.Cpu;
import jdk.internal.misc.Unsafe;

/** What do the vector micro-operations of {@link VmxOp} do to integers? */
final class VmxOps {
  private static final Unsafe U = Unsafe.getUnsafe();
  private static final long VSCR = VmxOp.VSCR * 8L;
  private static final long M32 = 0xffff_ffffL;

  private VmxOps() {}

  static void execute(Cpu cpu, int op, long w) {
    long ctx = cpu.context();
    if (op < VmxOp.ADDU_SAT) {
      lanes(ctx, op, w);
    } else if (op < VmxOp.MERGEH) {
      saturating(ctx, op, w);
    } else if (op < VmxOp.PUT) {
      VmxShapes.execute(ctx, op, w);
    } else if (op < VmxOp.ADDCARRYW) {
      element(ctx, op, w);
    } else if (op < VmxOp.ADDQ) {
      VmxSums.execute(ctx, op, w);
    } else if (op < VmxOp.PERM) {
      quadword(ctx, op, w);
    } else if (op < VmxOp.CIPHER) {
      VmxShapes.permute(ctx, op, w);
    } else if (op < VmxOp.FADD) {
      VmxCrypto.execute(ctx, op, w);
    } else {
      VmxFloat.execute(ctx, op, w);
    }
  }

  static AssertionError unknown(int op) {
    return new AssertionError("vector micro-operation " + op);
  }

  static long high(long ctx, int slot) {
    return U.getLong(ctx + slot * 8L + 8);
  }

  static long low(long ctx, int slot) {
    return U.getLong(ctx + slot * 8L);
  }

  static void set(long ctx, long w, long high, long low) {
    long d = ctx + Op.d(w) * 8L;
    U.putLong(d, low);
    U.putLong(d + 8, high);
  }

  /** Sets VSCR.SAT. */
  static void saturated(long ctx) {
    U.putLong(ctx + VSCR, U.getLong(ctx + VSCR) | 1);
  }

  /** VSCR.NJ. */
  static boolean flush(long ctx) {
    return (U.getLong(ctx + VSCR) & 0x1_0000) != 0;
  }

  private static void lanes(long ctx, int op, long w) {
    int a = Op.a(w);
    int b = Op.b(w);
    int family = op & ~3;
    int k = op & 3;
    long left = lane(family, k, high(ctx, a), high(ctx, b));
    long right = lane(family, k, low(ctx, a), low(ctx, b));
    set(ctx, w, left, right);
  }

  private static long lane(int family, int k, long a, long b) {
    return switch (family) {
      case VmxOp.ADD -> Lanes.add(k, a, b);
      case VmxOp.SUB -> Lanes.sub(k, a, b);
      case VmxOp.AVGU -> Lanes.averageUnsigned(k, a, b);
      case VmxOp.AVGS -> Lanes.averageSigned(k, a, b);
      case VmxOp.MAXU -> Lanes.select(Lanes.greaterUnsigned(k, a, b), a, b);
      case VmxOp.MAXS -> Lanes.select(Lanes.greaterSigned(k, a, b), a, b);
      case VmxOp.MINU -> Lanes.select(Lanes.greaterUnsigned(k, a, b), b, a);
      case VmxOp.MINS -> Lanes.select(Lanes.greaterSigned(k, a, b), b, a);
      case VmxOp.CMPEQ -> Lanes.equal(k, a, b);
      case VmxOp.CMPGTU -> Lanes.greaterUnsigned(k, a, b);
      case VmxOp.CMPGTS -> Lanes.greaterSigned(k, a, b);
      case VmxOp.ROTL -> Lanes.rotateLeft(k, a, b);
      case VmxOp.SHL -> Lanes.shiftLeft(k, a, b);
      case VmxOp.SHR -> Lanes.shiftRight(k, a, b);
      case VmxOp.SAR -> Lanes.shiftRightSigned(k, a, b);
      case VmxOp.CLZ -> Lanes.leadingZeros(k, a);
      case VmxOp.POPCNT -> Lanes.ones(k, a);
      default -> throw unknown(family);
    };
  }

  private static void saturating(long ctx, int op, long w) {
    int a = Op.a(w);
    int b = Op.b(w);
    int family = op & ~3;
    int k = op & 3;
    long aHigh = high(ctx, a);
    long bHigh = high(ctx, b);
    long aLow = low(ctx, a);
    long bLow = low(ctx, b);
    long left = saturated(family, k, aHigh, bHigh);
    long right = saturated(family, k, aLow, bLow);
    set(ctx, w, left, right);
    // Saturating changes every element it concerns, so the plain result differs.
    boolean add = family <= VmxOp.ADDS_SAT;
    long plainLeft = add ? Lanes.add(k, aHigh, bHigh) : Lanes.sub(k, aHigh, bHigh);
    long plainRight = add ? Lanes.add(k, aLow, bLow) : Lanes.sub(k, aLow, bLow);
    if (left != plainLeft || right != plainRight) {
      saturated(ctx);
    }
  }

  private static long saturated(int family, int k, long a, long b) {
    return switch (family) {
      case VmxOp.ADDU_SAT -> Lanes.addUnsignedSaturated(k, a, b);
      case VmxOp.ADDS_SAT -> Lanes.addSignedSaturated(k, a, b);
      case VmxOp.SUBU_SAT -> Lanes.subUnsignedSaturated(k, a, b);
      default -> Lanes.subSignedSaturated(k, a, b);
    };
  }

  private static void element(long ctx, int op, long w) {
    int k = op & 3;
    boolean get = op >= VmxOp.GET;
    int vector = get ? Op.a(w) : Op.c(w);
    int at = (int) low(ctx, Op.b(w)) & 15 & -(1 << k);
    int first = Op.e(w) == 0 ? at : 16 - (1 << k) - at;
    int shift = 64 - Lanes.width(k) - 8 * (first & 7);
    long half = first < 8 ? high(ctx, vector) : low(ctx, vector);
    if (get) {
      U.putLong(ctx + Op.d(w) * 8L, half >>> shift & Lanes.mask(k));
      return;
    }
    long mask = Lanes.mask(k) << shift;
    long changed = half & ~mask | low(ctx, Op.a(w)) << shift & mask;
    if (first < 8) {
      set(ctx, w, changed, low(ctx, vector));
    } else {
      set(ctx, w, high(ctx, vector), changed);
    }
  }

  // ---- 128 bits

  private static void quadword(long ctx, int op, long w) {
    long aHigh = high(ctx, Op.a(w));
    long aLow = low(ctx, Op.a(w));
    long bHigh = high(ctx, Op.b(w));
    long bLow = low(ctx, Op.b(w));
    if (op >= VmxOp.SHLQ) {
      shift(ctx, op, w, aHigh, aLow, (int) bLow & 0x7f);
    } else if (op >= VmxOp.SUBQ) {
      long one = op >= VmxOp.SUBEQ ? low(ctx, Op.c(w)) & 1 : 1;
      sum(ctx, w, (op & 1) != 0, aHigh, aLow, ~bHigh, ~bLow, one);
    } else {
      long one = op >= VmxOp.ADDEQ ? low(ctx, Op.c(w)) & 1 : 0;
      sum(ctx, w, (op & 1) != 0, aHigh, aLow, bHigh, bLow, one);
    }
  }

  private static void sum(
      long ctx, long w, boolean carryOnly, long aHigh, long aLow, long bHigh, long bLow, long one) {
    long low = aLow + bLow;
    long carry = carry(aLow, bLow, low) | carry(low, one, low + one);
    low += one;
    long high = aHigh + bHigh;
    long out = carry(aHigh, bHigh, high) | carry(high, carry, high + carry);
    high += carry;
    if (carryOnly) {
      set(ctx, w, 0, out);
    } else {
      set(ctx, w, high, low);
    }
  }

  private static long carry(long a, long b, long sum) {
    return (a & b | (a | b) & ~sum) >>> 63;
  }

  private static void shift(long ctx, int op, long w, long high, long low, int amount) {
    int bits = op == VmxOp.SHLQ || op == VmxOp.SHRQ ? amount & 7 : amount & 0x78;
    boolean left = op == VmxOp.SHLQ || op == VmxOp.SHLO;
    if (bits == 0) {
      set(ctx, w, high, low);
    } else if (left) {
      long moved = bits >= 64 ? low : high << bits | low >>> 64 - bits;
      set(ctx, w, bits >= 64 ? moved << bits - 64 : moved, bits >= 64 ? 0 : low << bits);
    } else {
      long moved = bits >= 64 ? high : low >>> bits | high << 64 - bits;
      set(ctx, w, bits >= 64 ? 0 : high >>> bits, bits >= 64 ? moved >>> bits - 64 : moved);
    }
  }

  /** A doubleword of two words. */
  static long words(long left, long right) {
    return left << 32 | right & M32;
  }
}
