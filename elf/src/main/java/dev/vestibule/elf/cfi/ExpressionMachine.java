package dev.vestibule.elf.cfi;

import dev.vestibule.elf.ElfException;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Computes a DWARF expression (DWARF 5 section 2.5) as unwinders do: on a stack of words, to the
 * end of its own block. Branches may lead anywhere in .eh_frame, because Power's signal trampolines
 * share code between blocks; a branch to or behind the block's end finishes it.
 */
final class ExpressionMachine {
  private static final int MAX_DEPTH = 64;

  private final FrameBytes section;
  private final RegisterView registers;
  private final MemoryView memory;
  private final long[] stack = new long[MAX_DEPTH];
  private int depth;
  private int steps;

  ExpressionMachine(FrameBytes section, RegisterView registers, MemoryView memory) {
    this.section = section;
    this.registers = registers;
    this.memory = memory;
  }

  /** The expression's value; {@code initial} is pushed first unless null. */
  long run(int start, int end, @Nullable Long initial) throws UnwindException, ElfException {
    depth = 0;
    if (initial != null) {
      stack[depth++] = initial;
    }
    int at = start;
    while (at < end) {
      if (steps++ == Unwinder.MAX_STEPS) {
        throw section.fail("DWARF expression", start, "it does not end");
      }
      FrameCursor in = new FrameCursor(section, at, section.bytes().limit());
      int opcode = in.u1("DWARF operation");
      DwarfOp op = DwarfOp.of(opcode);
      if (op == null) {
        throw section.fail(
            "DWARF operation", at, "unknown operation 0x" + Integer.toHexString(opcode));
      }
      int jump = execute(op, opcode, in);
      long next = (long) in.position() + jump;
      if (next < 0) {
        throw section.fail(op.text(opcode), at, "it leaves .eh_frame");
      }
      at = (int) Math.min(next, Integer.MAX_VALUE);
    }
    if (depth == 0) {
      throw section.fail("DWARF expression", start, "it yields nothing");
    }
    return stack[depth - 1];
  }

  /** Runs one operation and returns the distance to jump from its end. */
  private int execute(DwarfOp op, int opcode, FrameCursor in) throws UnwindException, ElfException {
    String name = op.text(opcode);
    switch (op) {
      case LIT -> push(in, opcode - op.code());
      case ADDR -> push(in, in.unsigned(section.is64() ? 8 : 4, name));
      case CONST1U -> push(in, in.u1(name));
      case CONST2U -> push(in, in.unsigned(2, name));
      case CONST4U -> push(in, in.unsigned(4, name));
      case CONST8U, CONST8S -> push(in, in.unsigned(8, name));
      case CONST1S -> push(in, in.signed(1, name));
      case CONST2S -> push(in, in.signed(2, name));
      case CONST4S -> push(in, in.signed(4, name));
      case CONSTU -> push(in, in.uleb(name));
      case CONSTS -> push(in, in.sleb(name));
      case REG -> push(in, registers.value(opcode - op.code()));
      case REGX -> push(in, registers.value(in.small(CfaRow.MAX_COLUMN, name)));
      case BREG -> push(in, registers.value(opcode - op.code()) + in.sleb(name));
      case BREGX -> {
        int column = in.small(CfaRow.MAX_COLUMN, name);
        push(in, registers.value(column) + in.sleb(name));
      }
      case DUP -> push(in, peek(in, 0));
      case DROP -> pop(in);
      case OVER -> push(in, peek(in, 1));
      case PICK -> push(in, peek(in, in.u1(name)));
      case SWAP -> rotate(in, 2);
      case ROT -> rotate(in, 3);
      case DEREF -> push(in, load(pop(in)));
      case DEREF_SIZE -> {
        int size = in.u1(name);
        if (size < 1 || size > (section.is64() ? 8 : 4)) {
          throw in.fail(name, "a size of " + size + " bytes");
        }
        push(in, load(pop(in), size));
      }
      case PLUS_UCONST -> push(in, pop(in) + in.uleb(name));
      case ABS, NEG, NOT -> push(in, unary(op, signed(pop(in))));
      case AND, DIV, MINUS, MOD, MUL, OR, PLUS, SHL, SHR, SHRA, XOR, EQ, GE, GT, LE, LT, NE -> {
        long second = pop(in);
        push(in, binary(op, pop(in), second, in));
      }
      case SKIP -> {
        return (int) in.signed(2, name);
      }
      case BRA -> {
        int distance = (int) in.signed(2, name);
        return pop(in) != 0 ? distance : 0;
      }
      case NOP -> {}
      case XDEREF, XDEREF_SIZE, FBREG, PIECE, CALL_FRAME_CFA, STACK_VALUE ->
          throw in.fail(name, "has no meaning in call-frame data");
    }
    return 0;
  }

  private static long unary(DwarfOp op, long value) {
    return switch (op) {
      case ABS -> Math.abs(value);
      case NEG -> -value;
      default -> ~value;
    };
  }

  private long binary(DwarfOp op, long first, long second, FrameCursor in) throws ElfException {
    long a = signed(first);
    long b = signed(second);
    int width = section.is64() ? 64 : 32;
    boolean wide = second < 0 || second >= width;
    return switch (op) {
      case AND -> first & second;
      case OR -> first | second;
      case XOR -> first ^ second;
      case PLUS -> first + second;
      case MINUS -> first - second;
      case MUL -> first * second;
      case DIV -> a / divisor(b, in);
      case MOD -> Long.remainderUnsigned(first, divisor(second, in));
      case SHL -> wide ? 0 : first << second;
      case SHR -> wide ? 0 : first >>> second;
      case SHRA -> a >> (wide ? 63 : second);
      case EQ -> a == b ? 1 : 0;
      case NE -> a != b ? 1 : 0;
      case GE -> a >= b ? 1 : 0;
      case GT -> a > b ? 1 : 0;
      case LE -> a <= b ? 1 : 0;
      default -> a < b ? 1 : 0;
    };
  }

  private static long divisor(long value, FrameCursor in) throws ElfException {
    if (value == 0) {
      throw in.fail("DW_OP_div", "division by zero");
    }
    return value;
  }

  private long signed(long value) {
    return section.is64() ? value : (int) value;
  }

  private void push(FrameCursor in, long value) throws ElfException {
    if (depth == MAX_DEPTH) {
      throw in.fail("DWARF expression", "its stack exceeds " + MAX_DEPTH + " entries");
    }
    stack[depth++] = section.wrap(value);
  }

  private long pop(FrameCursor in) throws ElfException {
    long top = peek(in, 0);
    depth--;
    return top;
  }

  private long peek(FrameCursor in, int below) throws ElfException {
    if (below >= depth) {
      throw in.fail("DWARF expression", "its stack has only " + depth + " entries");
    }
    return stack[depth - 1 - below];
  }

  /** Moves the top entry below the others of the topmost {@code count}. */
  private void rotate(FrameCursor in, int count) throws ElfException {
    peek(in, count - 1);
    long top = stack[depth - 1];
    System.arraycopy(stack, depth - count, stack, depth - count + 1, count - 1);
    stack[depth - count] = top;
  }

  long load(long address) throws UnwindException {
    return load(address, section.is64() ? 8 : 4);
  }

  private long load(long address, int size) throws UnwindException {
    byte[] bytes = new byte[size];
    if (!memory.read(address, bytes)) {
      throw new UnwindException(
          "memory at 0x" + Long.toHexString(address) + " cannot be read while unwinding");
    }
    boolean big = section.bytes().order() == ByteOrder.BIG_ENDIAN;
    long value = 0;
    for (int i = 0; i < size; i++) {
      value = value << 8 | (bytes[big ? i : size - 1 - i] & 0xff);
    }
    return value;
  }
}
