package dev.vestibule.cpu.x86;

import dev.vestibule.host.CounterClock;
import java.math.BigInteger;

/**
 * How does machine code read the guest's timebase without leaving? The arithmetic of {@link
 * CounterClock#nanos} and of the timekeeper, so both tell the same ticks.
 */
final class TimebaseCode {
  private static final int NANOS_PER_SECOND = 1_000_000_000;

  /** With such a factor nanoseconds of four years stay below 2^63. */
  private static final long MOST_FACTOR = 64;

  private TimebaseCode() {}

  /** Reads the processor's counter into RAX, behind all earlier loads; RDX is lost. */
  static void emitCounter(Assembler a) {
    bytes(a, 0x0f, 0xae, 0xe8); // lfence
    bytes(a, 0x0f, 0x31); // rdtsc
    bytes(a, 0x48, 0xc1, 0xe2, 0x20); // shl rdx, 32
    a.operate(true, Assembler.OR, Assembler.RAX, Assembler.RDX);
  }

  /**
   * Puts the timebase into RAX; RCX and RDX are lost, flags too.
   *
   * @param cell {@link CounterClock#cell}
   * @param ticksPerSecond below 2^32
   * @param ask where to go on if somebody has to be asked
   */
  static void emit(Assembler a, long cell, long ticksPerSecond, Assembler.Label ask) {
    Assembler.Label again = new Assembler.Label();
    a.bind(again);
    a.constantKeepingFlags(Assembler.RCX, cell);
    a.load(Assembler.RCX, Assembler.RCX, 0);
    bytes(a, 0x48, 0x85, 0xc9); // test rcx, rcx
    a.jumpIf(Assembler.EQUAL, ask);
    emitCounter(a);
    a.operateMemory(true, Assembler.SUB, Assembler.RAX, Assembler.RCX, CounterClock.COUNT);
    a.memory(true, 0xf7, Assembler.IMUL, Assembler.RCX, CounterClock.SLOPE);
    bytes(a, 0x48, 0x0f, 0xac, 0xd0, 0x20); // shrd rax, rdx, 32
    a.operateMemory(true, Assembler.ADD, Assembler.RAX, Assembler.RCX, CounterClock.NANOS);
    a.constantKeepingFlags(Assembler.RDX, cell);
    a.operateMemory(true, Assembler.CMP, Assembler.RCX, Assembler.RDX, 0);
    a.jumpIf(Assembler.NOT_EQUAL, again);
    scale(a, ticksPerSecond, ask);
  }

  /** RAX = RAX * ticksPerSecond / 10^9. */
  private static void scale(Assembler a, long ticksPerSecond, Assembler.Label ask) {
    long common = commonDivisor(ticksPerSecond, NANOS_PER_SECOND);
    long factor = ticksPerSecond / common;
    long divisor = NANOS_PER_SECOND / common;
    if (factor > MOST_FACTOR) {
      a.constantKeepingFlags(Assembler.RCX, factor);
      a.registers(true, 0xf7, Assembler.MUL, Assembler.RCX);
      a.constantKeepingFlags(Assembler.RCX, divisor);
      a.registers(true, 0xf7, Assembler.DIV, Assembler.RCX);
      return;
    }
    if (factor > 1) {
      a.move(Assembler.RDX, Assembler.RAX);
      a.shift(true, Assembler.SHR, Assembler.RDX, Long.numberOfLeadingZeros(factor) - 1);
      a.jumpIf(Assembler.NOT_EQUAL, ask);
      a.multiply(true, Assembler.RAX, Assembler.RAX, (int) factor);
    }
    if (divisor > 1) {
      divide(a, divisor);
    }
  }

  /**
   * RAX = RAX / divisor, where RAX is below 2^63: a multiplication with the reciprocal, which is
   * exact as it has 63 bits behind the divisor's first one.
   */
  private static void divide(Assembler a, long divisor) {
    int bits = Long.SIZE - Long.numberOfLeadingZeros(divisor - 1);
    BigInteger whole = BigInteger.ONE.shiftLeft(63 + bits);
    BigInteger reciprocal = whole.divide(BigInteger.valueOf(divisor)).add(BigInteger.ONE);
    a.constantKeepingFlags(Assembler.RCX, reciprocal.longValue());
    a.registers(true, 0xf7, Assembler.MUL, Assembler.RCX);
    a.shift(true, Assembler.SHR, Assembler.RDX, bits - 1);
    a.move(Assembler.RAX, Assembler.RDX);
  }

  private static long commonDivisor(long a, long b) {
    return b == 0 ? a : commonDivisor(b, a % b);
  }

  private static void bytes(Assembler a, int... bytes) {
    for (int b : bytes) {
      a.emit8(b);
    }
  }
}
