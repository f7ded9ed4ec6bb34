package dev.vestibule.cpu.fp;

import java.util.Random;

/** Random operands in which the hard classes are frequent, reproducible from a seed. */
final class Operands {
  private static final long[] SPECIAL = {
    0L,
    0x3FF0000000000000L,
    0x7FF0000000000000L,
    0x7FF8000000000000L,
    0x7FF0000000000001L,
    0x7FF4000020000000L,
    0x7FFC123456789ABCL,
    1L,
    0x000FFFFFFFFFFFFFL,
    0x0010000000000000L,
    0x7FEFFFFFFFFFFFFFL,
    0x3FE0000000000000L,
    0x3FF8000000000000L,
    0x36A0000000000000L, // 2^-149
    0x3690000000000000L, // 2^-150
    0x380FFFFFC0000000L, // greatest denormal single
    0x3810000000000000L, // least normal single
    0x47EFFFFFE0000000L, // greatest single
    0x47EFFFFFF0000000L, // halfway from there to 2^128
    0x47F0000000000000L,
    0x41DFFFFFFFC00000L, // 2^31 - 1
    0x41E0000000000000L,
    0x41EFFFFFFFE00000L, // 2^32 - 1
    0x41EFFFFFFFF00000L,
    0x43E0000000000000L, // 2^63
    0x43DFFFFFFFFFFFFFL,
    0x43F0000000000000L, // 2^64
    0x43EFFFFFFFFFFFFFL,
    0x4330000000000000L, // 2^52
    0x432FFFFFFFFFFFFFL,
  };

  private final Random random;

  Operands(long seed) {
    random = new Random(seed);
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  long anyBits() {
    return random.nextLong();
  }

  /** A number in double format of a random class, NaNs and infinities included. */
  long any() {
    return sign() | magnitude();
  }

  /** As {@link #any}, but neither NaN nor infinity. */
  long finite() {
    while (true) {
      long bits = any();
      if (Bits.biased(bits) != 0x7FF) {
        return bits;
      }
    }
  }

  /** An operand near {@code other}: for cancellation, ties and products close to a bound. */
  long near(long other) {
    return switch (random.nextInt(4)) {
      case 0 -> other ^ Bits.SIGN;
      case 1 -> (other ^ sign()) + random.nextInt(9) - 4;
      case 2 -> {
        int exponent = Math.clamp(Bits.biased(other) + random.nextInt(128) - 64, 0, 0x7FE);
        yield sign() | (long) exponent << 52 | fraction();
      }
      default -> {
        int exponent = Math.clamp(2046 - Bits.biased(other) + random.nextInt(5) - 2, 0, 0x7FE);
        yield sign() | (long) exponent << 52 | fraction();
      }
    };
  }

  /** A number in single format of a random class, NaNs and infinities included. */
  int single() {
    return switch (random.nextInt(8)) {
      case 0 -> (random.nextInt(2) << 31) | random.nextInt(1 << 23);
      case 1 -> Conversion.doubleToSingle(any());
      case 2 ->
          (random.nextInt(2) << 31) | 0x7F80_0000 | random.nextInt(1 << 23) & random.nextInt();
      default -> {
        int exponent = random.nextInt(3) == 0 ? random.nextInt(255) : 117 + random.nextInt(20);
        yield (random.nextInt(2) << 31) | exponent << 23 | (int) (fraction() >>> 29);
      }
    };
  }

  private long sign() {
    return random.nextBoolean() ? Bits.SIGN : 0;
  }

  private long magnitude() {
    int exponent =
        switch (random.nextInt(16)) {
          case 0, 1 -> -1;
          case 2 -> 0;
          case 3 -> random.nextInt(60);
          case 4 -> 0x7FF - random.nextInt(60);
          case 5 -> random.nextInt(0x7FF);
          case 6, 7 -> 1023 - 150 + random.nextInt(30);
          case 8 -> 1023 + 120 + random.nextInt(10);
          case 9 -> 1023 + random.nextInt(66);
          default -> 1023 - 12 + random.nextInt(24);
        };
    return exponent < 0
        ? SPECIAL[random.nextInt(SPECIAL.length)]
        : (long) exponent << 52 | fraction();
  }

  /** Fractions of every density: dense, few ones, few leading bits, single precision, ties. */
  private long fraction() {
    long bits = random.nextLong();
    return Bits.FRACTION
        & switch (random.nextInt(8)) {
          case 0 -> 0;
          case 1 -> 1L << random.nextInt(52);
          case 2 -> bits << random.nextInt(52);
          case 3 -> -1L << random.nextInt(52);
          case 4 -> bits << 29;
          case 5 -> bits << 29 | 1L << 28 | random.nextInt(3) - 1;
          case 6 -> bits & random.nextLong() & random.nextLong() & random.nextLong();
          default -> bits;
        };
  }
}
