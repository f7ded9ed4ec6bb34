package dev.vestibule.kernel.seccomp;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What does a program of classic BPF say to a system call? The subset that seccomp(2) admits:
 * checked once, so that it cannot loop, leave its data or read what it has not written.
 */
public final class Filter {
  /** Bytes of struct sock_filter: code, the two jumps, and k. */
  private static final int INSTRUCTION = 8;

  static final int MOST_INSTRUCTIONS = 4096;

  /** Bytes of struct seccomp_data: number, architecture, instruction pointer, six arguments. */
  static final int DATA_BYTES = 64;

  private static final int CELLS = 16;

  // Instruction classes and their parts, linux/bpf_common.h.
  private static final int LD = 0;
  private static final int LDX = 1;
  private static final int ST = 2;
  private static final int STX = 3;
  private static final int ALU = 4;
  private static final int JMP = 5;
  private static final int RET = 6;
  private static final int IMM = 0x00;
  private static final int ABS = 0x20;
  private static final int MEM = 0x60;
  private static final int LEN = 0x80;
  private static final int BY_X = 0x08;
  private static final int ADD = 0x00;
  private static final int SUB = 0x10;
  private static final int MUL = 0x20;
  private static final int DIV = 0x30;
  private static final int OR = 0x40;
  private static final int AND = 0x50;
  private static final int LSH = 0x60;
  private static final int RSH = 0x70;
  private static final int NEG = 0x80;
  private static final int XOR = 0xa0;
  private static final int JA = 0x00;
  private static final int JEQ = 0x10;
  private static final int JGT = 0x20;
  private static final int JGE = 0x30;
  private static final int JSET = 0x40;
  private static final int RET_A = 0x10;
  private static final int TAX = 0x00;
  private static final int TXA = 0x80;

  private final int[] codes;
  private final int[] constants;
  private final @Nullable Filter earlier;

  /**
   * @param instructions of struct sock_filter
   * @param earlier the filter installed before this one, which is asked too
   * @throws Failure EINVAL if the kernel would not take it
   */
  Filter(byte[] instructions, ByteOrder order, @Nullable Filter earlier) {
    int count = instructions.length / INSTRUCTION;
    if (count * INSTRUCTION != instructions.length || count > MOST_INSTRUCTIONS) {
      throw new Failure(Errno.EINVAL);
    }
    this.codes = new int[count]; // code << 16 | jt << 8 | jf
    this.constants = new int[count];
    this.earlier = earlier;
    ByteBuffer bytes = ByteBuffer.wrap(instructions).order(order);
    for (int i = 0; i < count; i++) {
      codes[i] = bytes.getShort() << 16 | (bytes.get() & 0xff) << 8 | bytes.get() & 0xff;
      constants[i] = bytes.getInt();
    }
    check();
  }

  /** Its instructions, of struct sock_filter. */
  public byte[] instructions(ByteOrder order) {
    ByteBuffer bytes = ByteBuffer.allocate(INSTRUCTION * codes.length).order(order);
    for (int i = 0; i < codes.length; i++) {
      bytes.putShort((short) (codes[i] >> 16));
      bytes.put((byte) (codes[i] >> 8)).put((byte) codes[i]);
      bytes.putInt(constants[i]);
    }
    return bytes.array();
  }

  @Nullable Filter earlier() {
    return earlier;
  }

  int length() {
    return codes.length;
  }

  // ---- checking -------------------------------------------------------------------------------

  private void check() {
    int count = codes.length;
    if (count == 0 || count > MOST_INSTRUCTIONS || (codes[count - 1] >> 16 & 7) != RET) {
      throw new Failure(Errno.EINVAL);
    }
    int[] written = new int[count]; // cells that are written on every way to an instruction
    Arrays.fill(written, 0xffff);
    int cells = 0;
    for (int i = 0; i < count; i++) {
      int code = codes[i] >> 16;
      cells &= written[i];
      int k = constants[i];
      if (!admitted(code, k)) {
        throw new Failure(Errno.EINVAL);
      }
      switch (code & 7) {
        case ST, STX -> cells |= 1 << k;
        case LD, LDX -> {
          if ((code & 0xe0) == MEM && (cells & 1 << k) == 0) {
            throw new Failure(Errno.EINVAL);
          }
        }
        case JMP -> {
          boolean always = (code & 0xf0) == JA;
          long first = i + 1L + (always ? k & 0xffff_ffffL : codes[i] >> 8 & 0xff);
          long second = always ? first : i + 1L + (codes[i] & 0xff);
          if (first >= count || second >= count) {
            throw new Failure(Errno.EINVAL);
          }
          written[(int) first] &= cells;
          written[(int) second] &= cells;
          cells = 0xffff; // nothing falls through
        }
        default -> {}
      }
    }
  }

  private static boolean admitted(int code, int k) {
    boolean cell = k >= 0 && k < CELLS;
    if ((code & ~0xff) != 0) {
      return false;
    }
    return switch (code & 7) {
      case LD ->
          switch (code & ~7) {
            case ABS -> k >= 0 && k < DATA_BYTES && (k & 3) == 0;
            case LEN, IMM -> true;
            case MEM -> cell;
            default -> false;
          };
      case LDX ->
          switch (code & ~7) {
            case LEN, IMM -> true;
            case MEM -> cell;
            default -> false;
          };
      case ST, STX -> (code & ~7) == 0 && cell;
      case ALU ->
          switch (code & 0xf0) {
            case ADD, SUB, MUL, OR, AND, XOR -> true;
            case DIV -> (code & BY_X) != 0 || k != 0;
            case LSH, RSH -> (code & BY_X) != 0 || k >= 0 && k < 32;
            case NEG -> (code & BY_X) == 0;
            default -> false;
          };
      case JMP ->
          switch (code & 0xf0) {
            case JA -> (code & BY_X) == 0;
            case JEQ, JGT, JGE, JSET -> true;
            default -> false;
          };
      case RET -> (code & ~7) == 0 || (code & ~7) == RET_A;
      default -> (code & ~7) == TAX || (code & ~7) == TXA;
    };
  }

  // ---- running --------------------------------------------------------------------------------

  /**
   * The verdict on one call.
   *
   * @param words struct seccomp_data as sixteen 32-bit words in the guest's order
   * @return an action and its data, as SECCOMP_RET_ has them
   */
  int run(int[] words) {
    int a = 0;
    int x = 0;
    int[] cells = new int[CELLS];
    for (int i = 0; ; i++) {
      int code = codes[i] >> 16;
      int k = constants[i];
      switch (code & 7) {
        case LD ->
            a =
                switch (code & 0xe0) {
                  case ABS -> words[k >> 2];
                  case MEM -> cells[k];
                  case LEN -> DATA_BYTES;
                  default -> k;
                };
        case LDX ->
            x =
                switch (code & 0xe0) {
                  case MEM -> cells[k];
                  case LEN -> DATA_BYTES;
                  default -> k;
                };
        case ST -> cells[k] = a;
        case STX -> cells[k] = x;
        case ALU -> {
          int operand = (code & BY_X) != 0 ? x : k;
          if (operand == 0 && (code & 0xf0) == DIV) {
            return 0;
          }
          a = computed(code & 0xf0, a, operand);
        }
        case JMP -> {
          int operand = (code & BY_X) != 0 ? x : k;
          if ((code & 0xf0) == JA) {
            i += k;
          } else {
            i += holds(code & 0xf0, a, operand) ? codes[i] >> 8 & 0xff : codes[i] & 0xff;
          }
        }
        case RET -> {
          return (code & ~7) == RET_A ? a : k;
        }
        default -> {
          if ((code & ~7) == TAX) {
            x = a;
          } else {
            a = x;
          }
        }
      }
    }
  }

  private static int computed(int operation, int a, int b) {
    return switch (operation) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> Integer.divideUnsigned(a, b);
      case OR -> a | b;
      case AND -> a & b;
      case XOR -> a ^ b;
      case LSH -> a << b;
      case RSH -> a >>> b;
      default -> -a;
    };
  }

  private static boolean holds(int condition, int a, int b) {
    return switch (condition) {
      case JEQ -> a == b;
      case JGT -> Integer.compareUnsigned(a, b) > 0;
      case JGE -> Integer.compareUnsigned(a, b) >= 0;
      default -> (a & b) != 0;
    };
  }
}
