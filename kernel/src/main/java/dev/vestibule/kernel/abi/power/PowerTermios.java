package dev.vestibule.kernel.abi.power;

import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.tty.Termios;

/**
 * How does Power's struct termios look? Flags and positions of
 * arch/powerpc/include/uapi/asm/termbits.h, beside the generic ones.
 */
final class PowerTermios {
  static final int SIZE = 44;
  private static final int CHARACTERS = 16;
  private static final int LINE = 35;

  /** Pairs of generic and Power flags. */
  private static final int[] INPUT = {0x200, 0x1000, 0x400, 0x200, 0x800, 0x800, 0x1000, 0x400};

  private static final int[] OUTPUT = {
    2, 4, 4, 2, 0x100, 0x100, 0x200, 0x1000, 0x400, 0x2000, 0x800, 0x400, 0x1000, 0x800, 0x2000,
    0x8000, 0x4000, 0x1_0000, 0x8000, 0x4000
  };

  private static final int[] CONTROL = {
    0x10, 0x100, 0x20, 0x200, 0x40, 0x400, 0x80, 0x800, 0x100, 0x1000, 0x200, 0x2000, 0x400, 0x4000,
    0x800, 0x8000
  };

  private static final int[] LOCAL = {
    1,
    0x80,
    2,
    0x100,
    4,
    0x4000,
    8,
    8,
    0x10,
    2,
    0x20,
    4,
    0x40,
    0x10,
    0x80,
    0x8000_0000,
    0x100,
    0x40_0000,
    0x200,
    0x40,
    0x400,
    0x20,
    0x800,
    1,
    0x1000,
    0x80_0000,
    0x4000,
    0x2000_0000,
    0x8000,
    0x400,
    0x1_0000,
    0x1000_0000
  };

  private static final int INPUT_SAME = 0x1ff | 0x6000;
  private static final int OUTPUT_SAME = 1 | 0xf8;
  private static final int CONTROL_SAME = 0xc000_0000;

  /** Generic position of each of Power's control characters. */
  private static final int[] POSITIONS = {
    0, 1, 2, 3, 4, 6, 11, 5, 16, 7, 14, 12, 10, 8, 9, 15, 13, 17, 18
  };

  private PowerTermios() {}

  private static int map(int flags, int[] pairs, int same, boolean toGeneric) {
    int result = flags & same;
    for (int i = 0; i < pairs.length; i += 2) {
      int from = toGeneric ? pairs[i + 1] : pairs[i];
      if ((flags & from) != 0) {
        result |= toGeneric ? pairs[i] : pairs[i + 1];
      }
    }
    return result;
  }

  /** Baud rates up to 38400 have the same code; the higher ones an extra bit in generic numbers. */
  private static int speed(int control, boolean toGeneric) {
    if (toGeneric) {
      int code = control & 0xff;
      return code < 0x10 ? code : 0x1000 | code - 0xf;
    }
    return (control & 0x1000) == 0 ? control & 0xf : (control & 0xf) + 0xf;
  }

  static Termios load(Struct s) {
    byte[] characters = new byte[Termios.NCCS];
    for (int i = 0; i < POSITIONS.length; i++) {
      characters[POSITIONS[i]] = s.bytes()[CHARACTERS + i];
    }
    int control = s.i32(8);
    return new Termios(
        map(s.i32(0), INPUT, INPUT_SAME, true),
        map(s.i32(4), OUTPUT, OUTPUT_SAME, true),
        map(control, CONTROL, CONTROL_SAME, true) | speed(control, true),
        map(s.i32(12), LOCAL, 0, true),
        s.u8(LINE),
        characters);
  }

  static void store(Struct s, Termios t) {
    int speed = speed(t.control(), false);
    s.put32(0, map(t.input(), INPUT, INPUT_SAME, false));
    s.put32(4, map(t.output(), OUTPUT, OUTPUT_SAME, false));
    s.put32(8, map(t.control(), CONTROL, CONTROL_SAME, false) | speed);
    s.put32(12, map(t.local(), LOCAL, 0, false));
    for (int i = 0; i < POSITIONS.length; i++) {
      s.put8(CHARACTERS + i, t.character(POSITIONS[i]));
    }
    s.put8(LINE, t.line());
    s.put32(36, baud(speed)).put32(40, baud(speed));
  }

  private static final int[] BAUD = {
    0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600,
    115200, 230400, 460800, 500000, 576000, 921600, 1000000
  };

  private static int baud(int code) {
    return code < BAUD.length ? BAUD[code] : 38400;
  }
}
