package dev.vestibule.cpu.micro;

/** What do the vector micro-operations give that multiply and add across elements? */
final class VmxSums {
  private static final int B = VmxOp.BYTES;
  private static final int H = VmxOp.HALFWORDS;
  private static final int W = VmxOp.WORDS;
  private static final long M32 = 0xffff_ffffL;

  private VmxSums() {}

  static void execute(long ctx, int op, long w) {
    long aHigh = VmxOps.high(ctx, Op.a(w));
    long aLow = VmxOps.low(ctx, Op.a(w));
    long bHigh = VmxOps.high(ctx, Op.b(w));
    long bLow = VmxOps.low(ctx, Op.b(w));
    if (op <= VmxOp.MULW) {
      VmxOps.set(ctx, w, plain(op, aHigh, bHigh), plain(op, aLow, bLow));
    } else if (op <= VmxOp.MULLADD) {
      int c = Op.c(w);
      long left = halfwords(ctx, op, aHigh, bHigh, VmxOps.high(ctx, c));
      VmxOps.set(ctx, w, left, halfwords(ctx, op, aLow, bLow, VmxOps.low(ctx, c)));
    } else if (op <= VmxOp.MSUMSH_SAT) {
      int c = Op.c(w);
      long left = products(ctx, op, aHigh, bHigh, VmxOps.high(ctx, c));
      VmxOps.set(ctx, w, left, products(ctx, op, aLow, bLow, VmxOps.low(ctx, c)));
    } else if (op == VmxOp.SUMW) {
      long sum = (aHigh >> 32) + (int) aHigh + (aLow >> 32) + (int) aLow + (int) bLow;
      VmxOps.set(ctx, w, 0, signed(ctx, sum) & M32);
    } else if (op == VmxOp.SUM2W) {
      long left = signed(ctx, (aHigh >> 32) + (int) aHigh + (int) bHigh) & M32;
      VmxOps.set(ctx, w, left, signed(ctx, (aLow >> 32) + (int) aLow + (int) bLow) & M32);
    } else {
      VmxOps.set(ctx, w, across(ctx, op, aHigh, bHigh), across(ctx, op, aLow, bLow));
    }
  }

  private static long plain(int op, long a, long b) {
    return switch (op) {
      case VmxOp.ADDCARRYW -> carries(Lanes.below(W, Lanes.add(W, a, b), a));
      case VmxOp.SUBCARRYW -> carries(~Lanes.below(W, a, b));
      default -> VmxOps.words((a >>> 32) * (b >>> 32), (a & M32) * (b & M32));
    };
  }

  private static long carries(long tops) {
    return tops >>> 31 & 0x1_0000_0001L;
  }

  private static long halfwords(long ctx, int op, long a, long b, long c) {
    long result = 0;
    for (int i = 0; i < 4; i++) {
      long product = Lanes.signed(H, a, i) * Lanes.signed(H, b, i);
      long addend = Lanes.signed(H, c, i);
      long value =
          switch (op) {
            case VmxOp.MULHADD -> (product >> 15) + addend;
            case VmxOp.MULHRADD -> (product + 0x4000 >> 15) + addend;
            default -> (short) (product + addend);
          };
      if (value != (short) value) {
        value = value < 0 ? Short.MIN_VALUE : Short.MAX_VALUE;
        VmxOps.saturated(ctx);
      }
      result = result << 16 | value & 0xffff;
    }
    return result;
  }

  private static long products(long ctx, int op, long a, long b, long c) {
    long left = product(ctx, op, a >>> 32, b >>> 32, (int) (c >>> 32));
    return VmxOps.words(left, product(ctx, op, a, b, (int) c));
  }

  /** One word: a, b and c lie in the right halves. */
  private static long product(long ctx, int op, long a, long b, int c) {
    long sum = 0;
    boolean bytes = op <= VmxOp.MSUMMB;
    for (int i = bytes ? 4 : 2; i < (bytes ? 8 : 4); i++) {
      sum +=
          switch (op) {
            case VmxOp.MSUMUB -> Lanes.unsigned(B, a, i) * Lanes.unsigned(B, b, i);
            case VmxOp.MSUMMB -> Lanes.signed(B, a, i) * Lanes.unsigned(B, b, i);
            case VmxOp.MSUMUH, VmxOp.MSUMUH_SAT ->
                Lanes.unsigned(H, a, i) * Lanes.unsigned(H, b, i);
            default -> Lanes.signed(H, a, i) * Lanes.signed(H, b, i);
          };
    }
    return switch (op) {
      case VmxOp.MSUMUH_SAT -> unsigned(ctx, sum + (c & M32));
      case VmxOp.MSUMSH_SAT -> signed(ctx, sum + c);
      default -> sum + c;
    };
  }

  private static long across(long ctx, int op, long a, long b) {
    long left = 0;
    long right = 0;
    int k = op == VmxOp.SUM4SH ? H : B;
    int half = 4 >> k;
    for (int i = 0; i < half; i++) {
      boolean unsigned = op == VmxOp.SUM4UB;
      left += unsigned ? Lanes.unsigned(k, a, i) : Lanes.signed(k, a, i);
      right += unsigned ? Lanes.unsigned(k, a, half + i) : Lanes.signed(k, a, half + i);
    }
    return op == VmxOp.SUM4UB
        ? VmxOps.words(unsigned(ctx, left + (b >>> 32)), unsigned(ctx, right + (b & M32)))
        : VmxOps.words(signed(ctx, left + (b >> 32)), signed(ctx, right + (int) b));
  }

  private static long signed(long ctx, long value) {
    if (value == (int) value) {
      return value;
    }
    VmxOps.saturated(ctx);
    return value < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
  }

  private static long unsigned(long ctx, long value) {
    if (value <= M32) {
      return value;
    }
    VmxOps.saturated(ctx);
    return M32;
  }
}
