package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.declare.Instruction;

/**
 * Decimal numbers in general registers, four bits a digit or ten bits for three: Power ISA 2.07B,
 * Book I, 3.3.15.
 */
final class DecimalAssist {
  private static final long TOPS = 0x8888_8888_8888_8888L;
  private static final int PACK = 314;

  private DecimalAssist() {}

  @Instruction(value = "31 rt ra rb /:1 74:9 /:1", asm = "addg6s rt,ra,rb", section = "3.3.15")
  static void addg6s(PowerBuilder m, int rt, int ra, int rb) {
    int a = m.gpr(ra);
    int b = m.gpr(rb);
    int both = m.op(Op.AND, a, b);
    int either = m.op(Op.ANDC, m.op(Op.OR, a, b), m.op(Op.ADD, a, b));
    int carries = m.op(Op.OR, both, either);
    int none = m.op(Op.ANDC, m.constant(TOPS), carries);
    m.putGpr(rt, m.op(Op.OR, m.opImmediate(Op.SHRI, none, 1), m.opImmediate(Op.SHRI, none, 2)));
  }

  @Instruction(value = "31 rs ra /:5 314:10 /:1", asm = "cbcdtd ra,rs", section = "3.3.15")
  static void cbcdtd(PowerBuilder m, int rs, int ra, int word) {
    m.help(PowerHelp.DECLETS, word);
  }

  @Instruction(value = "31 rs ra /:5 282:10 /:1", asm = "cdtbcd ra,rs", section = "3.3.15")
  static void cdtbcd(PowerBuilder m, int rs, int ra, int word) {
    m.help(PowerHelp.DECLETS, word);
  }

  /** Both of the above, for the two words of a register. */
  static void convert(Cpu cpu, int word) {
    boolean pack = (word >>> 1 & 0x3ff) == PACK;
    long from = cpu.slot(word >>> 21 & 31);
    int width = pack ? 12 : 10;
    long result = 0;
    for (int shift = 0; shift < 64; shift += 32) {
      int left = (int) (from >>> shift + width) & (1 << width) - 1;
      int right = (int) (from >>> shift) & (1 << width) - 1;
      long half = pack ? (long) pack(left) << 10 | pack(right) : unpack(left) << 12 | unpack(right);
      result |= half << shift;
    }
    cpu.setSlot(word >>> 16 & 31, result);
  }

  private static int bit(int x, int n) {
    return x >>> n & 1;
  }

  /** Three digits in ten bits; Book I, B.1. */
  private static int pack(int x) {
    int a = bit(x, 11);
    int e = bit(x, 7);
    int i = bit(x, 3);
    int high = x >>> 9 & 3;
    int middle = x >>> 5 & 3;
    int low = x >>> 1 & 3;
    int units = bit(x, 8) << 7 | bit(x, 4) << 4 | bit(x, 0);
    // The digits above 7 say which of the others keep their two middle bits, and where.
    return switch (a << 2 | e << 1 | i) {
          case 0 -> high << 8 | middle << 5 | low << 1;
          case 1 -> high << 8 | middle << 5 | 0b1000;
          case 2 -> high << 8 | low << 5 | 0b1010;
          case 3 -> high << 8 | 0b10 << 5 | 0b1110;
          case 4 -> low << 8 | middle << 5 | 0b1100;
          case 5 -> middle << 8 | 0b01 << 5 | 0b1110;
          case 6 -> low << 8 | 0b1110;
          default -> 0b11 << 5 | 0b1110;
        }
        | units;
  }

  /** The three digits of ten bits; Book I, B.2. */
  private static int unpack(int x) {
    int high = x >>> 8 & 3;
    int middle = x >>> 5 & 3;
    int low = x >>> 1 & 3;
    int units = bit(x, 7) << 8 | bit(x, 4) << 4 | bit(x, 0);
    if (bit(x, 3) == 0) {
      return high << 9 | middle << 5 | low << 1 | units;
    }
    return switch (low) {
          case 0 -> high << 9 | middle << 5 | 0x008;
          case 1 -> high << 9 | 0x080 | middle << 1;
          case 2 -> 0x800 | middle << 5 | high << 1;
          default ->
              switch (middle) {
                case 0 -> 0x880 | high << 1;
                case 1 -> 0x808 | high << 5;
                case 2 -> 0x088 | high << 9;
                default -> 0x888;
              };
        }
        | units;
  }
}
