package dev.vestibule.cpu.power;

import dev.vestibule.cpu.fp.FpClass;
import dev.vestibule.cpu.fp.Fpscr;
import java.util.Set;

/**
 * Where does qemu-user 7.2 differ from the book in floating point, so that a sequence proves
 * nothing?
 *
 * <p>The comparison of single instructions in {@code dev.vestibule.cpu.fp} states each case as
 * narrowly as possible; here it matters only that a sequence met one of them.
 */
final class FloatDeviations {
  private static final Set<String> OWNERS =
      Set.of("FloatingPoint", "VsxScalar", "VsxArithmetic", "VsxConversion");
  private static final Set<String> NO_CLASS = Set.of("fcfidu", "fcfids", "fcfidus");
  private static final long FX = Fpscr.FX & 0xffff_ffffL;
  private static final int NI_BIT = 29;

  private FloatDeviations() {}

  /**
   * qemu's FPSCR: 4.2.2, without FR, which its arithmetic never sets, and without a VX that
   * summarizes nothing, which it shows now and then.
   */
  static long fpscr(Trial.Registers theirs) {
    long fpscr = theirs.fpscr & ~(long) Fpscr.FR;
    return (fpscr & Fpscr.INVALID) == 0 ? fpscr & ~(long) Fpscr.VX : fpscr;
  }

  /**
   * Whether qemu differs in the instruction that led from one state to another here.
   *
   * @param raised the exceptions that the sequence raised before it
   */
  static boolean differs(
      Table.Row row, int word, long raised, Trial.Registers before, Trial.Registers after) {
    if (!OWNERS.contains(row.owner())) {
      return false;
    }
    return switch (row.name()) {
      // 4.6.10: what qemu left out it cannot show.
      case "mffs" -> (before.fpscr & Fpscr.FR) != 0;
      case "mcrfs" ->
          (before.fpscr & Fpscr.FR) != 0 && row.field("bfa").extract(word) == 3
              || cleared(before, after);
      // 4.6.10: mtfsb1 raises FX with an exception bit; qemu forgets that, and NI altogether.
      case "mtfsb1" ->
          row.field("bt").extract(word) == NI_BIT
              || fx(before) != fx(after)
              || (after.fpscr & Fpscr.FR) != 0;
      // Moving to the FPSCR is compared as long as it enables nothing, nor sets what qemu's
      // arithmetic never clears.
      case "mtfsf", "mtfsfi", "mtfsb0" ->
          (after.fpscr & (Fpscr.FEX | Fpscr.FR)) != 0 || cleared(before, after);
      // 4.6.8: a compare alters FPCC, not FI and C.
      case "fcmpu", "fcmpo", "xscmpudp", "xscmpodp" ->
          (before.fpscr & (Fpscr.FI | Fpscr.FPRF & ~Fpscr.FPCC)) != 0
              || (after.fpscr & (Fpscr.VXVC | Fpscr.VXSNAN)) != 0
              || ofStatus(before, after);
      default -> ofStatus(before, after) || ofResult(row, word, raised, before, after);
    };
  }

  /** 7.6.1: of exceptions that a program clears, qemu's maximum and minimum raise some again. */
  private static boolean cleared(Trial.Registers before, Trial.Registers after) {
    return (before.fpscr & ~after.fpscr & Fpscr.EXCEPTIONS) != 0;
  }

  private static long fx(Trial.Registers registers) {
    return registers.fpscr & FX;
  }

  /** Differences in what an operation that alters the FPSCR makes of it. */
  private static boolean ofStatus(Trial.Registers before, Trial.Registers after) {
    // 4.2.2: FX is set when an exception bit changes from 0 to 1; qemu sets it whenever an
    // exception occurs.
    boolean occurredAgain = fx(before) == 0 && (before.fpscr & Fpscr.EXCEPTIONS) != 0;
    // 4.4: with exceptions enabled the two differ in many ways.
    boolean enabled = (before.fpscr & Fpscr.ENABLES) != 0;
    // 7.6.1, multiply-add: infinity times zero and a signalling NaN to be added raise both.
    long both = Fpscr.VXIMZ | Fpscr.VXSNAN;
    return occurredAgain || enabled || (after.fpscr & both) == both;
  }

  private static boolean ofResult(
      Table.Row row, int word, long raised, Trial.Registers before, Trial.Registers after) {
    String name = row.name();
    if (name.matches("x[sv](max|min).p|x[sv]cv[su]x[wd][sd]p") && raised != 0) {
      return true; // 7.6.1: qemu raises here what other operations left over.
    }
    if (name.matches("xs(n?m)?(add|sub|mul|div|sqrt).*sp") && (after.fpscr & Fpscr.UX) != 0) {
      return true; // 7.6.1: one rounding, to single; qemu goes through double.
    }
    long changed = before.fpscr ^ after.fpscr;
    if (name.matches("(f|xs|xv)nm.*") && (before.fpscr & 2) != 0) {
      return true; // 4.6.6.2: the result is rounded, then negated.
    }
    if (NO_CLASS.contains(name) && (changed & Fpscr.FPRF) != 0) {
      return true; // 4.6.7.2: FPRF tells the class of the result; qemu forgets these three.
    }
    if (name.matches("xv?s?re.p|xv?s?rsqrte.p|fres?|x[sv]r(sqrt)?e[ds]p")
        && hasZero(row, word, before)) {
      return true; // 4.6.6.1, 7.6.1: estimates of a zero are infinities and raise ZX.
    }
    if (name.matches("x[sv]cv[su]xdsp") && isLong(row, word, before)) {
      return true; // 7.6.1: one rounding from integer to single; qemu goes through double.
    }
    if (name.matches("xs.*sp") && (changed & Fpscr.UX) != 0) {
      return true; // 4.4.4: tiny is judged before rounding; qemu rounds to double first.
    }
    if (name.startsWith("xvcmp") && changed != 0) {
      return true; // qemu's record forms behind a compare read the FPSCR of before it.
    }
    if (name.startsWith("xv")) {
      return ofVector(name, before, after);
    }
    int target = row.has("frt") ? row.field("frt").extract(word) : target(row, word);
    long result = target < 0 ? 0 : after.vsr[2 * target];
    // 4.2.2: the class is that of the single-precision number.
    return name.matches("f.*s|frsp|xs.*sp")
        && FpClass.ofDouble(result) != FpClass.ofSingleInDouble(result);
  }

  private static int target(Table.Row row, int word) {
    return row.has("xt") ? row.field("xt").extract(word) : -1;
  }

  private static boolean ofVector(String name, Trial.Registers before, Trial.Registers after) {
    // 7.2.1: vector instructions leave FI alone; qemu clears it with VX and ZX.
    boolean cleared =
        (before.fpscr & Fpscr.FI) != 0 && (after.fpscr & (Fpscr.INVALID | Fpscr.ZX)) != 0;
    // 7.2.1: the flags are those of all elements; of overflow and underflow qemu tells one.
    long both = Fpscr.OX | Fpscr.UX;
    // 7.6.1: elements are converted alike; after an invalid one qemu gives all others its value.
    boolean invalid = name.matches("xvcv.p[su]x[wd]s") && (after.fpscr & Fpscr.VXCVI) != 0;
    return cleared || invalid || (after.fpscr & both) == both;
  }

  private static long[] source(Table.Row row, int word, Trial.Registers before) {
    int n = row.has("frb") ? row.field("frb").extract(word) : row.field("xb").extract(word);
    return new long[] {before.vsr[2 * n], before.vsr[2 * n + 1]};
  }

  /** Whether some word or doubleword of operand B is a zero. */
  private static boolean hasZero(Table.Row row, int word, Trial.Registers before) {
    for (long half : source(row, word, before)) {
      if (half << 1 == 0 || half >> 32 << 33 == 0 || (int) half << 1 == 0) {
        return true;
      }
    }
    return false;
  }

  private static boolean isLong(Table.Row row, int word, Trial.Registers before) {
    for (long half : source(row, word, before)) {
      if (half >>> 53 != 0 && -half >>> 53 != 0) {
        return true;
      }
    }
    return false;
  }
}
