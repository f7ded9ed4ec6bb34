package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Cpu;
import java.math.BigInteger;

/**
 * What do bcdadd. and bcdsub. give? Power ISA 2.07B, Book I, 6.16: 31 decimal digits, four bits
 * each, and a sign in the last four bits.
 */
final class Decimal {
  private static final int DIGITS = 31;
  private static final BigInteger LIMIT = BigInteger.TEN.pow(DIGITS);
  private static final int LESS = 8;
  private static final int GREATER = 4;
  private static final int EQUAL = 2;
  private static final int OVERFLOW_OR_INVALID = 1;
  private static final int MINUS = 13;

  private Decimal() {}

  static void execute(Cpu cpu, int word) {
    int target = PowerState.vr(word >>> 21 & 31);
    int a = PowerState.vr(word >>> 16 & 31);
    int b = PowerState.vr(word >>> 11 & 31);
    boolean subtract = (word >>> 6 & 1) != 0;
    int plus = (word >>> 9 & 1) == 0 ? 12 : 15;
    if (!valid(cpu, a) || !valid(cpu, b)) {
      cpu.setSlot(target, -1); // undefined by the book
      cpu.setSlot(target + 1, -1);
      cpu.setSlot(PowerState.crField(6), OVERFLOW_OR_INVALID);
      return;
    }
    BigInteger x = value(cpu, a);
    BigInteger y = value(cpu, b);
    BigInteger sum = subtract ? x.subtract(y) : x.add(y);
    BigInteger rest = sum.abs();
    int field = sum.signum() < 0 ? LESS : sum.signum() > 0 ? GREATER : EQUAL;
    if (rest.compareTo(LIMIT) >= 0) {
      field |= OVERFLOW_OR_INVALID;
      rest = rest.mod(LIMIT);
    }
    BigInteger bits =
        new BigInteger(rest.toString(), 16)
            .shiftLeft(4)
            .add(BigInteger.valueOf(sum.signum() < 0 ? MINUS : plus));
    cpu.setSlot(target, bits.longValue());
    cpu.setSlot(target + 1, bits.shiftRight(64).longValue());
    cpu.setSlot(PowerState.crField(6), field);
  }

  private static int digit(Cpu cpu, int vector, int fromRight) {
    return (int) (cpu.slot(vector + (fromRight >> 4)) >>> 4 * (fromRight & 15)) & 15;
  }

  static boolean valid(Cpu cpu, int vector) {
    for (int i = 1; i <= DIGITS; i++) {
      if (digit(cpu, vector, i) > 9) {
        return false;
      }
    }
    return digit(cpu, vector, 0) > 9;
  }

  private static BigInteger value(Cpu cpu, int vector) {
    StringBuilder text = new StringBuilder();
    for (int i = DIGITS; i > 0; i--) {
      text.append((char) ('0' + digit(cpu, vector, i)));
    }
    BigInteger magnitude = new BigInteger(text.toString());
    int sign = digit(cpu, vector, 0);
    return sign == 11 || sign == MINUS ? magnitude.negate() : magnitude;
  }
}
