package dev.vestibule.cpu.micro;

/**
 * What do the vector micro-operations for AES (FIPS 197) and SHA-2 (FIPS 180-4) give?
 *
 * <p>AES's state lies in a vector byte by byte, so that a column is a word.
 */
final class VmxCrypto {
  /** First rows of the matrices that mix columns. */
  private static final int FORWARD = 0x0203_0101;

  private static final int INVERSE = 0x0e0b_0d09;
  private static final byte[] SUBSTITUTE = new byte[256];
  private static final byte[] RESTORE = new byte[256];

  static {
    for (int i = 0; i < 256; i++) {
      int inverse = 0;
      for (int j = 1; j < 256 && inverse == 0; j++) {
        inverse = times(i, j) == 1 ? j : 0;
      }
      int twice = inverse | inverse << 8;
      int value = inverse ^ twice >> 4 ^ twice >> 5 ^ twice >> 6 ^ twice >> 7 ^ 0x63;
      SUBSTITUTE[i] = (byte) value;
      RESTORE[value & 0xff] = (byte) i;
    }
  }

  private VmxCrypto() {}

  /** The product in AES's field of 256 elements. */
  private static int times(int a, int b) {
    int result = 0;
    int power = a;
    for (int rest = b; rest != 0; rest >>= 1) {
      result ^= (rest & 1) != 0 ? power : 0;
      power = power << 1 ^ ((power & 0x80) != 0 ? 0x11b : 0);
    }
    return result;
  }

  static void execute(long ctx, int op, long w) {
    long high = VmxOps.high(ctx, Op.a(w));
    long low = VmxOps.low(ctx, Op.a(w));
    switch (op) {
      case VmxOp.SIGMAW ->
          VmxOps.set(
              ctx,
              w,
              VmxOps.words(sigma((int) (high >>> 32), Op.e(w), 0), sigma((int) high, Op.e(w), 1)),
              VmxOps.words(sigma((int) (low >>> 32), Op.e(w), 2), sigma((int) low, Op.e(w), 3)));
      case VmxOp.SIGMAD -> VmxOps.set(ctx, w, sigma(high, Op.e(w), 0), sigma(low, Op.e(w), 2));
      case VmxOp.SBOX ->
          VmxOps.set(ctx, w, substituted(SUBSTITUTE, high), substituted(SUBSTITUTE, low));
      default -> cipher(ctx, op, w, high, low);
    }
  }

  private static int sigma(int x, int e, int element) {
    boolean one = (e >> 3 - element & 1) != 0;
    if ((e & 16) == 0) {
      return one
          ? Integer.rotateRight(x, 17) ^ Integer.rotateRight(x, 19) ^ x >>> 10
          : Integer.rotateRight(x, 7) ^ Integer.rotateRight(x, 18) ^ x >>> 3;
    }
    return one
        ? Integer.rotateRight(x, 6) ^ Integer.rotateRight(x, 11) ^ Integer.rotateRight(x, 25)
        : Integer.rotateRight(x, 2) ^ Integer.rotateRight(x, 13) ^ Integer.rotateRight(x, 22);
  }

  private static long sigma(long x, int e, int bit) {
    boolean one = (e >> 3 - bit & 1) != 0;
    if ((e & 16) == 0) {
      return one
          ? Long.rotateRight(x, 19) ^ Long.rotateRight(x, 61) ^ x >>> 6
          : Long.rotateRight(x, 1) ^ Long.rotateRight(x, 8) ^ x >>> 7;
    }
    return one
        ? Long.rotateRight(x, 14) ^ Long.rotateRight(x, 18) ^ Long.rotateRight(x, 41)
        : Long.rotateRight(x, 28) ^ Long.rotateRight(x, 34) ^ Long.rotateRight(x, 39);
  }

  private static long substituted(byte[] box, long x) {
    long result = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
      result = result << 8 | box[(int) (x >>> shift) & 0xff] & 0xff;
    }
    return result;
  }

  private static void cipher(long ctx, int op, long w, long high, long low) {
    boolean encrypt = op == VmxOp.CIPHER || op == VmxOp.CIPHERLAST;
    long keyHigh = VmxOps.high(ctx, Op.b(w));
    long keyLow = VmxOps.low(ctx, Op.b(w));
    byte[] box = encrypt ? SUBSTITUTE : RESTORE;
    long left = substituted(box, rows(high, low, 0, encrypt ? 4 : -4));
    long right = substituted(box, rows(high, low, 8, encrypt ? 4 : -4));
    switch (op) {
      case VmxOp.CIPHER ->
          VmxOps.set(ctx, w, mixed(left, FORWARD) ^ keyHigh, mixed(right, FORWARD) ^ keyLow);
      case VmxOp.NCIPHER ->
          VmxOps.set(ctx, w, mixed(left ^ keyHigh, INVERSE), mixed(right ^ keyLow, INVERSE));
      default -> VmxOps.set(ctx, w, left ^ keyHigh, right ^ keyLow);
    }
  }

  /** Eight bytes of the state, row r shifted by r columns; {@code column} is 4, or -4 to undo. */
  private static long rows(long high, long low, int first, int column) {
    long result = 0;
    for (int i = first; i < first + 8; i++) {
      int from = i + column * (i & 3) & 15;
      long half = from < 8 ? high : low;
      result = result << 8 | half >>> 56 - 8 * (from & 7) & 0xff;
    }
    return result;
  }

  /** Two columns, multiplied by the matrix whose first row is given and the next ones rotated. */
  private static long mixed(long x, int row) {
    return VmxOps.words(column((int) (x >>> 32), row), column((int) x, row));
  }

  private static int column(int x, int row) {
    int result = 0;
    for (int i = 0; i < 4; i++) {
      int factors = Integer.rotateRight(row, 8 * i);
      int sum = 0;
      for (int shift = 0; shift < 32; shift += 8) {
        sum ^= times(x >>> shift & 0xff, factors >>> shift & 0xff);
      }
      result = result << 8 | sum;
    }
    return result;
  }
}
