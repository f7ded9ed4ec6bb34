package dev.vestibule.cpu.fp;

import java.math.BigInteger;

/** IEEE 754 by the definition: exact values as big integers, rounded once. Finite operands only. */
final class BigOracle {
  /** Enough fraction bits for a quotient or root to round correctly in any format. */
  private static final int EXTRA = 2400;

  /** The magnitude {@code units * 2^exponent}, more by less than one unit when {@code inexact}. */
  record Exact(boolean negative, BigInteger units, int exponent, boolean inexact) {
    static Exact of(long bits) {
      long fraction = bits & Bits.FRACTION;
      int biased = Bits.biased(bits);
      long units = biased == 0 ? fraction : fraction | 1L << 52;
      return new Exact(bits < 0, BigInteger.valueOf(units), Math.max(biased, 1) - 1075, false);
    }

    Exact times(Exact other) {
      return new Exact(
          negative != other.negative,
          units.multiply(other.units),
          exponent + other.exponent,
          false);
    }

    /** The sum; a zero sum has no sign of its own and takes {@code negativeZero}. */
    Exact plus(Exact other, boolean negativeZero) {
      int common = Math.min(exponent, other.exponent);
      BigInteger sum = signed(common).add(other.signed(common));
      boolean minus =
          sum.signum() == 0
              ? (negative == other.negative ? negative : negativeZero)
              : sum.signum() < 0;
      return new Exact(minus, sum.abs(), common, false);
    }

    private BigInteger signed(int common) {
      BigInteger magnitude = units.shiftLeft(exponent - common);
      return negative ? magnitude.negate() : magnitude;
    }

    Exact over(Exact other) {
      BigInteger[] parts = units.shiftLeft(EXTRA).divideAndRemainder(other.units);
      return new Exact(
          negative != other.negative,
          parts[0],
          exponent - other.exponent - EXTRA,
          parts[1].signum() != 0);
    }

    Exact root() {
      int shift = EXTRA + (exponent & 1);
      BigInteger[] parts = units.shiftLeft(shift).sqrtAndRemainder();
      return new Exact(false, parts[0], (exponent - shift) / 2, parts[1].signum() != 0);
    }
  }

  /** A result in double format with its flags. */
  record Result(long bits, int flags) {}

  private BigOracle() {}

  static Result round(Exact exact, boolean single, int rounding, int enables) {
    int precision = single ? 24 : 53;
    int least = single ? -126 : -1022;
    int adjustment = single ? 192 : 1536;
    long sign = exact.negative ? Long.MIN_VALUE : 0;
    if (exact.units.signum() == 0) {
      return new Result(sign, 0);
    }
    int flags = 0;
    int exponent = exact.exponent;
    int leading = exponent + exact.units.bitLength() - 1;
    boolean tiny = leading < least;
    if (tiny && (enables & Fpscr.UE) != 0) {
      flags |= Fpscr.UX;
      exponent += adjustment;
      leading += adjustment;
    }
    int unit = Math.max(leading, least) - precision + 1;
    int shift = unit - exponent;
    BigInteger whole = exact.units.shiftRight(shift);
    BigInteger rest = exact.units.subtract(whole.shiftLeft(shift));
    if (rest.signum() != 0 || exact.inexact) {
      int half = rest.shiftLeft(1).compareTo(BigInteger.ONE.shiftLeft(Math.max(shift, 0)));
      if (half == 0 && exact.inexact) {
        half = 1;
      }
      boolean up =
          switch (rounding) {
            case 0 -> half > 0 || half == 0 && whole.testBit(0);
            case 1 -> false;
            case 2 -> sign == 0;
            case 3 -> sign != 0;
            default -> half >= 0;
          };
      flags |= Fpscr.XX | Fpscr.FI;
      if (up) {
        whole = whole.add(BigInteger.ONE);
        flags |= Fpscr.FR;
      }
      if (tiny) {
        flags |= Fpscr.UX;
      }
    }
    if (unit + whole.bitLength() - 1 > 1 - least) {
      if ((enables & Fpscr.OE) == 0) {
        boolean infinite =
            rounding == 0
                || rounding == 4
                || rounding == 2 && sign == 0
                || rounding == 3 && sign != 0;
        double max = single ? Float.MAX_VALUE : Double.MAX_VALUE;
        double magnitude = infinite ? Double.POSITIVE_INFINITY : max;
        return new Result(
            sign | Double.doubleToRawLongBits(magnitude),
            Fpscr.OX | Fpscr.XX | Fpscr.FI | (infinite ? Fpscr.FR : 0));
      }
      flags |= Fpscr.OX;
      unit -= adjustment;
    }
    double magnitude = Math.scalb(whole.doubleValue(), unit);
    return new Result(sign | Double.doubleToRawLongBits(magnitude), flags);
  }
}
