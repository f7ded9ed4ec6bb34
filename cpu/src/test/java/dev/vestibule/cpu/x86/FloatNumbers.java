package dev.vestibule.cpu.x86;

import java.util.Random;

/** Which numbers in double format matter to floating-point operations? */
final class FloatNumbers {
  private static final long SIGN = Long.MIN_VALUE;
  private static final double[] TELLING = {
    0,
    1,
    1.5,
    3,
    0.1,
    Double.MIN_VALUE,
    Double.MIN_NORMAL,
    0x1p-537,
    0x1.0000000000001p-537,
    0x1p-538,
    Double.MAX_VALUE,
    Double.POSITIVE_INFINITY,
    Float.MIN_VALUE,
    Float.MIN_VALUE / 2,
    Float.MIN_NORMAL,
    Float.MAX_VALUE,
    0x1.ffffffp127, // half-way to overflow
    1 + 0x1p-24, // half-way between singles
    1 + 0x1p-23,
    1 + 0x1p-52,
    1 - 0x1p-53, // times the least normal number rounds up to that
    0x1p31,
    0x1p31 - 1,
    0x1p31 - 0.5,
    0x1p31 + 0.5,
    0x1p32,
    0x1p32 - 0.5,
    0x1p52 + 0.5,
    0x1p53,
    0x1p63,
    0x1p64
  };

  private static final long[] NANS = {
    0x7ff8_0000_0000_0000L,
    0x7ff8_0000_dead_beefL,
    0x7ff0_0000_0000_0001L,
    0x7ff7_ffff_ffff_ffffL,
    0x7ff4_5678_2000_0000L,
    0x7ffc_0000_e000_0000L
  };

  private FloatNumbers() {}

  /** A number, mostly finite; often one that another operation has to do with. */
  static long any(Random random) {
    long bits =
        switch (random.nextInt(12)) {
          case 0, 1, 2 -> telling(random);
          case 3 -> NANS[random.nextInt(NANS.length)];
          case 4 -> random.nextLong();
          case 5 -> random.nextInt();
          case 6 -> Double.doubleToRawLongBits(random.nextInt(-4, 5));
          case 7 -> near(random, 1023) & ~0x1fff_ffffL;
          case 8 -> near(random, 1023) & ~0x1fff_ffffL | 0x1000_0000;
          case 9 -> near(random, random.nextBoolean() ? 1023 - 63 : 1023 - 126);
          case 10 -> near(random, random.nextBoolean() ? 3 : 512);
          default -> near(random, 1023 + random.nextInt(-4, 70));
        };
    return random.nextBoolean() ? bits : bits ^ SIGN;
  }

  /** Two numbers in single format, most of them such as {@link #any} has. */
  static long singles(Random random) {
    return (long) single(random) << 32 | single(random) & 0xffff_ffffL;
  }

  private static int single(Random random) {
    return switch (random.nextInt(8)) {
      case 0 -> random.nextInt();
      case 1 -> random.nextInt(-8, 8); // the least ones, and NaNs
      case 2 -> 0x0080_0000 + random.nextInt(-1, 2) | random.nextInt(2) << 31;
      case 3 -> (127 + random.nextInt(-64, 2) << 23) + random.nextInt(-1, 2);
      default -> Float.floatToRawIntBits((float) Double.longBitsToDouble(any(random)));
    };
  }

  private static long telling(Random random) {
    long bits = Double.doubleToRawLongBits(TELLING[random.nextInt(TELLING.length)]);
    return bits + (random.nextInt(4) == 0 ? random.nextInt(-1, 2) : 0);
  }

  private static long near(Random random, int exponent) {
    long biased = exponent + random.nextInt(-2, 3);
    return biased << 52 | random.nextLong() >>> 12;
  }
}
