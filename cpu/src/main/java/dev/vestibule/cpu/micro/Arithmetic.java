package dev.vestibule.cpu.micro;

import dev.vestibule.host.HostMemory;

/** What do the integer micro-operations give that are more than one Java operator? */
final class Arithmetic {
  private static final long M32 = 0xffff_ffffL;

  private Arithmetic() {}

  static long divs32(long a, long b) {
    int y = (int) b;
    return y == 0 || (y == -1 && (int) a == Integer.MIN_VALUE) ? 0 : (int) a / y;
  }

  static long divu32(long a, long b) {
    long y = b & M32;
    return y == 0 ? 0 : (a & M32) / y;
  }

  static long divs64(long a, long b) {
    return b == 0 || (b == -1 && a == Long.MIN_VALUE) ? 0 : a / b;
  }

  static long divu64(long a, long b) {
    return b == 0 ? 0 : Long.divideUnsigned(a, b);
  }

  static long shl32(long a, long b) {
    return (b & 32) != 0 ? 0 : (a << (b & 31)) & M32;
  }

  static long shr32(long a, long b) {
    return (b & 32) != 0 ? 0 : (a & M32) >>> (b & 31);
  }

  static long sar32(long a, long b) {
    return (int) a >> ((b & 32) != 0 ? 31 : (int) b & 31);
  }

  static long shl64(long a, long b) {
    return (b & 64) != 0 ? 0 : a << b;
  }

  static long shr64(long a, long b) {
    return (b & 64) != 0 ? 0 : a >>> b;
  }

  static long sar64(long a, long b) {
    return (b & 64) != 0 ? a >> 63 : a >> b;
  }

  static long lostOnes32(long a, long b) {
    int x = (int) a;
    if (x >= 0) {
      return 0;
    }
    return (b & 32) != 0 || (x & ((1 << (b & 31)) - 1)) != 0 ? 1 : 0;
  }

  static long lostOnes64(long a, long b) {
    if (a >= 0) {
      return 0;
    }
    return (b & 64) != 0 || (a & ((1L << b) - 1)) != 0 ? 1 : 0;
  }

  static void addCarry64(long ctx, long w, long carry) {
    long a = HostMemory.slot(ctx + Op.a(w) * 8L);
    long partial = a + HostMemory.slot(ctx + Op.b(w) * 8L);
    long sum = partial + carry;
    boolean out = Long.compareUnsigned(partial, a) < 0 || Long.compareUnsigned(sum, partial) < 0;
    HostMemory.putSlot(ctx + Op.d(w) * 8L, sum);
    HostMemory.putSlot(ctx + Op.c(w) * 8L, out ? 1 : 0);
  }

  static void addCarry32(long ctx, long w, long carry) {
    long a = HostMemory.slot(ctx + Op.a(w) * 8L);
    long b = HostMemory.slot(ctx + Op.b(w) * 8L);
    long sum = (a & M32) + (b & M32) + carry;
    HostMemory.putSlot(ctx + Op.d(w) * 8L, sum & M32);
    HostMemory.putSlot(ctx + Op.c(w) * 8L, sum >>> 32);
  }

  static void subtractCarry64(long ctx, long w) {
    long a = HostMemory.slot(ctx + Op.a(w) * 8L);
    long b = HostMemory.slot(ctx + Op.b(w) * 8L);
    HostMemory.putSlot(ctx + Op.d(w) * 8L, a - b);
    HostMemory.putSlot(ctx + Op.c(w) * 8L, Long.compareUnsigned(a, b) >= 0 ? 1 : 0);
  }

  static void subtractCarry32(long ctx, long w) {
    long a = HostMemory.slot(ctx + Op.a(w) * 8L) & M32;
    long b = HostMemory.slot(ctx + Op.b(w) * 8L) & M32;
    HostMemory.putSlot(ctx + Op.d(w) * 8L, a - b & M32);
    HostMemory.putSlot(ctx + Op.c(w) * 8L, a >= b ? 1 : 0);
  }

  private static final long ONES = 0x0101_0101_0101_0101L;

  /** The rarer one-register counts, POPCNTB to BPERMD. */
  static long count(int op, long a, long b) {
    return switch (op) {
      case Op.POPCNTB -> bitsInBytes(a);
      case Op.POPCNTW ->
          (long) Integer.bitCount((int) (a >>> 32)) << 32 | Integer.bitCount((int) a);
      case Op.POPCNTD -> Long.bitCount(a);
      case Op.PRTYW ->
          (long) (Long.bitCount(a >>> 32 & ONES) & 1) << 32 | Long.bitCount(a & ONES & M32) & 1;
      case Op.PRTYD -> Long.bitCount(a & ONES) & 1;
      case Op.CMPB -> equalBytes(a, b);
      default -> permuteBits(a, b);
    };
  }

  private static long bitsInBytes(long a) {
    long x = a - (a >>> 1 & 0x5555_5555_5555_5555L);
    x = (x & 0x3333_3333_3333_3333L) + (x >>> 2 & 0x3333_3333_3333_3333L);
    return x + (x >>> 4) & 0x0f0f_0f0f_0f0f_0f0fL;
  }

  private static long equalBytes(long a, long b) {
    long result = 0;
    for (int shift = 0; shift < 64; shift += 8) {
      if ((a >>> shift & 0xff) == (b >>> shift & 0xff)) {
        result |= 0xffL << shift;
      }
    }
    return result;
  }

  private static long permuteBits(long a, long b) {
    long result = 0;
    for (int i = 0; i < 8; i++) {
      int index = (int) (a >>> 8 * i) & 0xff;
      if (index < 64 && (b >>> (63 - index) & 1) != 0) {
        result |= 1L << i;
      }
    }
    return result;
  }
}
