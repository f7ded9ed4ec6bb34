package dev.vestibule.cpu.fp;

/** The registers around one instruction: what goes in, and after it what a model made of them. */
final class Machine {
  /** Registers T, A, B, C as doubleword elements 0 and 1: {@code registers[2 * r + element]}. */
  final long[] registers = new long[8];

  final FpEnv env = new FpEnv();
  long fpscr;
  int vscr;
  int cr;

  /** The flags of all lanes of a vector instruction. */
  int allFlags;

  long target(int element) {
    return registers[element];
  }

  long a(int element) {
    return registers[2 + element];
  }

  long b(int element) {
    return registers[4 + element];
  }

  long c(int element) {
    return registers[6 + element];
  }

  /** Word element 0 to 3 of register T, A, B or C. */
  int word(int register, int element) {
    return (int) (registers[2 * register + element / 2] >>> 32 * (1 - element % 2));
  }

  void setWord(int element, int value) {
    int shift = 32 * (1 - element % 2);
    registers[element / 2] =
        registers[element / 2] & ~(0xFFFF_FFFFL << shift) | (value & 0xFFFF_FFFFL) << shift;
  }

  /** What an FPR instruction leaves in the target's other doubleword on POWER8: zeros in qemu. */
  void setFpr(long value) {
    registers[0] = value;
    registers[1] = 0;
  }

  void setField(int field, int value) {
    int shift = 28 - 4 * field;
    cr = cr & ~(0xF << shift) | value << shift;
  }

  /** Whether the target holds a denormalized number, in double or in single format. */
  boolean denormalResult() {
    for (int i = 0; i < 4; i++) {
      int magnitude = word(0, i) & Integer.MAX_VALUE;
      long wide = registers[i / 2] & Long.MAX_VALUE;
      if (magnitude != 0 && magnitude < 0x0080_0000 || wide != 0 && wide < 0x0010_0000_0000_0000L) {
        return true;
      }
    }
    return false;
  }
}
