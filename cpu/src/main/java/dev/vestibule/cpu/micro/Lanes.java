package dev.vestibule.cpu.micro;

/**
 * How does one 64-bit word compute on all elements in it at once?
 *
 * <p>Elements have 8 &lt;&lt; k bits, k from 0 to 3; element 0 is the leftmost.
 */
final class Lanes {
  private static final long[] TOP = {
    0x8080_8080_8080_8080L, 0x8000_8000_8000_8000L, 0x8000_0000_8000_0000L, Long.MIN_VALUE
  };
  private static final long[] ONE = {
    0x0101_0101_0101_0101L, 0x0001_0001_0001_0001L, 0x0000_0001_0000_0001L, 1
  };

  private Lanes() {}

  static int width(int k) {
    return 8 << k;
  }

  /** All ones in an element's width. */
  static long mask(int k) {
    return -1L >>> 64 - width(k);
  }

  /** Element i of x, zero-extended. */
  static long unsigned(int k, long x, int i) {
    return x << i * width(k) >>> 64 - width(k);
  }

  /** Element i of x, sign-extended. */
  static long signed(int k, long x, int i) {
    return x << i * width(k) >> 64 - width(k);
  }

  /** The value in every element. */
  static long splat(int k, long value) {
    return (value & mask(k)) * ONE[k];
  }

  /** All ones in the elements whose top bit is set. */
  static long spread(int k, long x) {
    return ((x & TOP[k]) >>> width(k) - 1) * mask(k);
  }

  static long add(int k, long a, long b) {
    long top = TOP[k];
    return (a & ~top) + (b & ~top) ^ (a ^ b) & top;
  }

  static long sub(int k, long a, long b) {
    long top = TOP[k];
    return (a | top) - (b & ~top) ^ ~(a ^ b) & top;
  }

  /** Top bits set where a is below b, both unsigned; other bits are noise. */
  static long below(int k, long a, long b) {
    return ~a & b | ~(a ^ b) & sub(k, a, b);
  }

  static long equal(int k, long a, long b) {
    long x = a ^ b;
    long rest = ~TOP[k];
    return spread(k, ~((x & rest) + rest | x));
  }

  static long greaterUnsigned(int k, long a, long b) {
    return spread(k, below(k, b, a));
  }

  static long greaterSigned(int k, long a, long b) {
    return greaterUnsigned(k, a ^ TOP[k], b ^ TOP[k]);
  }

  static long select(long mask, long yes, long no) {
    return yes & mask | no & ~mask;
  }

  static long averageUnsigned(int k, long a, long b) {
    return (a | b) - (((a ^ b) & ~ONE[k]) >>> 1);
  }

  static long averageSigned(int k, long a, long b) {
    return averageUnsigned(k, a ^ TOP[k], b ^ TOP[k]) ^ TOP[k];
  }

  static long addUnsignedSaturated(int k, long a, long b) {
    long sum = add(k, a, b);
    return sum | spread(k, below(k, sum, a));
  }

  static long subUnsignedSaturated(int k, long a, long b) {
    return sub(k, a, b) & ~spread(k, below(k, a, b));
  }

  static long addSignedSaturated(int k, long a, long b) {
    long sum = add(k, a, b);
    return select(spread(k, (sum ^ a) & (sum ^ b)), limit(k, a), sum);
  }

  static long subSignedSaturated(int k, long a, long b) {
    long difference = sub(k, a, b);
    return select(spread(k, (a ^ b) & (a ^ difference)), limit(k, a), difference);
  }

  /** The least number where a is negative, the greatest elsewhere. */
  private static long limit(int k, long a) {
    return ~TOP[k] ^ spread(k, a);
  }

  static long rotateLeft(int k, long a, long b) {
    int width = width(k);
    long result = 0;
    for (int shift = 0; shift < 64; shift += width) {
      int amount = (int) (b >>> shift) & width - 1;
      long x = a >>> shift & mask(k);
      result |= ((x << amount | x >>> width - amount) & mask(k)) << shift;
    }
    return k == 3 ? Long.rotateLeft(a, (int) b) : result;
  }

  static long shiftLeft(int k, long a, long b) {
    int width = width(k);
    long result = 0;
    for (int shift = 0; shift < 64; shift += width) {
      int amount = (int) (b >>> shift) & width - 1;
      result |= ((a >>> shift) << amount & mask(k)) << shift;
    }
    return result;
  }

  static long shiftRight(int k, long a, long b) {
    int width = width(k);
    long result = 0;
    for (int shift = 0; shift < 64; shift += width) {
      int amount = (int) (b >>> shift) & width - 1;
      result |= (a >>> shift & mask(k)) >>> amount << shift;
    }
    return result;
  }

  static long shiftRightSigned(int k, long a, long b) {
    int width = width(k);
    long result = 0;
    for (int shift = 0; shift < 64; shift += width) {
      int amount = (int) (b >>> shift) & width - 1;
      long x = a << 64 - width - shift >> 64 - width;
      result |= (x >> amount & mask(k)) << shift;
    }
    return result;
  }

  static long leadingZeros(int k, long a) {
    int width = width(k);
    long result = 0;
    for (int shift = 0; shift < 64; shift += width) {
      long x = a >>> shift & mask(k);
      result |= (long) (Long.numberOfLeadingZeros(x) - 64 + width) << shift;
    }
    return result;
  }

  static long ones(int k, long a) {
    int width = width(k);
    long result = 0;
    for (int shift = 0; shift < 64; shift += width) {
      result |= (long) Long.bitCount(a >>> shift & mask(k)) << shift;
    }
    return result;
  }

  /** The elements of the left halves of a and b, alternating: a's first. */
  static long merge(int k, long a, long b) {
    return widen(k, a) << width(k) | widen(k, b);
  }

  /** The elements of the left half of a, each in the right half of twice its width. */
  private static long widen(int k, long a) {
    long x = a >>> 32;
    if (k <= 1) {
      x = (x | x << 16) & 0x0000_ffff_0000_ffffL;
    }
    if (k == 0) {
      x = (x | x << 8) & 0x00ff_00ff_00ff_00ffL;
    }
    return x;
  }
}
