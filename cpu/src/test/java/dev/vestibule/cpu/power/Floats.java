package dev.vestibule.cpu.power;

import java.util.Random;

/** Bit patterns at which floating-point instructions behave specially. */
final class Floats {
  private static final long[] WIDE = {
    0L,
    1L << 63,
    0x3ff0_0000_0000_0000L,
    0xbff0_0000_0000_0000L,
    0x7ff0_0000_0000_0000L,
    0xfff0_0000_0000_0000L,
    0x7ff8_0000_0000_0000L,
    0xfff8_1234_5678_9abcL,
    0x7ff0_0000_0000_0001L,
    0xfff4_0000_0000_0000L,
    1L,
    0x000f_ffff_ffff_ffffL,
    0x0010_0000_0000_0000L,
    0x7fef_ffff_ffff_ffffL,
    0x41df_ffff_ffc0_0000L,
    0x43e0_0000_0000_0000L,
    0x47ef_ffff_e000_0000L,
    0x3810_0000_0000_0000L,
    0x36a0_0000_0000_0000L,
    0x3fe0_0000_0000_0000L
  };
  private static final int[] NARROW = {
    0,
    0x8000_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0xffc1_2345,
    0x7f80_0001,
    0xffa0_0000,
    1,
    0x807f_ffff,
    0x0080_0000,
    0x7f7f_ffff,
    0x4f00_0000,
    0xcf00_0000,
    0x4f80_0000,
    0x3f00_0000
  };

  private Floats() {}

  static long wide(Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> WIDE[random.nextInt(WIDE.length)];
      case 1 -> Double.doubleToRawLongBits(random.nextInt(2001) - 1000);
      case 2 -> Double.doubleToRawLongBits(random.nextGaussian());
      case 3 -> (0x3f00_0000_0000_0000L + (random.nextLong() >>> 8)) ^ random.nextLong() << 63;
      default -> random.nextLong();
    };
  }

  static int narrow(Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> NARROW[random.nextInt(NARROW.length)];
      case 1 -> Float.floatToRawIntBits(random.nextInt(2001) - 1000);
      case 2 -> Float.floatToRawIntBits((float) random.nextGaussian());
      case 3 -> 0x3e00_0000 + (random.nextInt() >>> 7) ^ random.nextInt() << 31;
      default -> random.nextInt();
    };
  }

  static long pair(Random random) {
    return (long) narrow(random) << 32 | narrow(random) & 0xffff_ffffL;
  }
}
