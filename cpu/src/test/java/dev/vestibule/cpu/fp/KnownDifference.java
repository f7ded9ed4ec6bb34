package dev.vestibule.cpu.fp;

import java.util.Set;

/**
 * Where is qemu-user 7.2 wrong by the ISA book (2.07, Book I), so that a result need not agree?
 * Each case names the section and is stated as narrowly as possible.
 */
final class KnownDifference {
  private static final Set<String> COMPARES = Set.of("fcmpu", "fcmpo", "xscmpudp", "xscmpodp");
  private static final Set<String> NO_FPRF = Set.of("fcfidu", "fcfids", "fcfidus");
  private static final long DRN = 7L << 32;
  private static final long STICKY =
      (Fpscr.EXCEPTIONS | Fpscr.FX | Fpscr.FEX | Fpscr.VX) & 0xFFFF_FFFFL;

  private final Instruction instruction;
  private final String name;
  private final long before;
  private final Machine after;
  private final int flags;

  KnownDifference(Instruction instruction, long before, Machine after) {
    this.instruction = instruction;
    this.name = instruction.mnemonic();
    this.before = before;
    this.after = after;
    this.flags = after.env.flags;
  }

  /** FPSCR bits not to compare. */
  long ignoredFpscr() {
    // 4.2.2: FR. qemu never sets it.
    long ignored = Fpscr.FR;
    // 4.2.2: FX is set when an exception bit changes from 0 to 1; qemu sets it whenever an
    // exception occurs, and not at all in mtfsb1.
    if ((before & after.fpscr & Fpscr.EXCEPTIONS) != 0 || name.equals("mtfsb1")) {
      ignored |= Fpscr.FX & 0xFFFF_FFFFL;
    }
    if (instruction.assembly().equals("mtfsb1 29")) {
      // 4.6.10: mtfsb1 sets any bit but FEX and VX; qemu leaves NI out.
      ignored |= Fpscr.NI;
    }
    if (name.equals("mtfsf") && (after.fpscr & Fpscr.FEX) != 0) {
      // The signal that this raises loses DRN: qemu's signal frame holds 32 bits.
      ignored |= DRN;
    }
    if (((flags | after.allFlags) & Fpscr.VXIMZ) != 0 && name.matches("(f|xs|xv)n?m(add|sub).*")) {
      // 7.6.3, actions for multiply-add: infinity times zero and a signalling NaN to be added
      // raise both VXIMZ and VXSNAN; qemu raises the first.
      ignored |= Fpscr.VXSNAN;
    }
    return ignored | ignoredOfScalar() | ignoredOfVector();
  }

  private long ignoredOfScalar() {
    long ignored = 0;
    if (COMPARES.contains(name)) {
      // 4.6.8: a compare alters FPCC, not FI and C.
      ignored |= Fpscr.FI | Fpscr.FPRF & ~Fpscr.FPCC;
    }
    if (name.matches("fcmpo|xscmpodp") && (flags & Fpscr.VXSNAN) != 0 && enabled(Fpscr.VE)) {
      // 4.6.8: a signalling NaN raises VXVC only while VE is 0.
      ignored |= Fpscr.VXVC;
    }
    if (NO_FPRF.contains(name)) {
      // 4.6.7.2: FPRF tells the class of the result; qemu forgets these three.
      ignored |= Fpscr.FPRF;
    }
    if (instruction.scalar() && ofTinySingle()) {
      // 4.2.2 and Appendix A.1: the class is that of the single-precision number.
      ignored |= Fpscr.FPRF & ~Fpscr.FPCC;
    }
    if (isVsxScalarEstimate() && isZero(after.b(0))) {
      // 7.6.3: estimates of a zero raise ZX.
      ignored |= STICKY | Fpscr.FPRF;
    }
    if (name.matches("fres?") && isZero(after.b(0))) {
      // 4.6.6.1: the estimate of a zero is an infinity, qemu's is a half.
      ignored |= Fpscr.FPRF;
    }
    if (Fpscr.suppresses(before, flags)) {
      // 4.4.1.2: FI becomes zero with an enabled invalid operation.
      ignored |= Fpscr.FI;
    }
    if (deferred() || negatedBeforeRounding() || adjustedTwice()) {
      ignored |= Fpscr.FPRF;
    }
    if (negatedBeforeRounding()) {
      ignored |= STICKY & ~(Fpscr.XX | Fpscr.VX | Fpscr.INVALID);
    }
    return extremeOfDenormal() ? ignored | STICKY : ignored;
  }

  private long ignoredOfVector() {
    if (!name.startsWith("xv")) {
      return 0;
    }
    if (Fpscr.suppressesVector(before, after.allFlags)) {
      // 7.4: the flags are those of all elements; qemu stops at the first that traps.
      return STICKY | Fpscr.FI;
    }
    long ignored = 0;
    if ((after.allFlags & Fpscr.OX) != 0) {
      // 7.4: as above; of overflow in one element and underflow in another qemu tells one.
      ignored |= Fpscr.UX;
    }
    if ((after.allFlags & (Fpscr.INVALID | Fpscr.ZX)) != 0) {
      // 7.4: vector instructions leave FI alone; qemu clears it with VX and ZX.
      ignored |= Fpscr.FI;
    }
    if (name.matches("xvr(sqrt)?e.p")) {
      // 7.6.3: estimates of a zero raise ZX.
      ignored |= Fpscr.ZX | Fpscr.FX & 0xFFFF_FFFFL;
    }
    return ignored;
  }

  /** Whether not to compare the target register. */
  boolean ignoredResult() {
    boolean vector = name.startsWith("xv");
    return deferred()
        || negatedBeforeRounding()
        || adjustedTwice()
        || extremeOfDenormal()
        || roundedTwice()
        // 4.6.6.1: the estimate of a zero is an infinity, qemu's is a half.
        || name.matches("fres?") && isZero(after.b(0))
        // 7.6.3: an enabled ZX suppresses the result.
        || isVsxScalarEstimate() && isZero(after.b(0)) && enabled(Fpscr.ZE)
        // 7.6.3: nothing is written when any element traps; qemu writes for OX, UX and XX, and
        // for compares always.
        || vector && Fpscr.suppressesVector(before, after.allFlags)
        // 7.6.3: elements are converted alike; after an invalid one qemu gives all others its
        // value.
        || vector && isVectorToInteger() && (after.allFlags & Fpscr.VXCVI) != 0;
  }

  /** CR field 6 is undefined when a trap suppresses the result of a compare. */
  boolean ignoredCr() {
    return name.startsWith("xvcmp") && Fpscr.suppressesVector(before, after.allFlags);
  }

  private boolean enabled(int enable) {
    return (before & enable) != 0;
  }

  private static boolean isZero(long bits) {
    return bits << 1 == 0;
  }

  private boolean isVsxScalarEstimate() {
    return name.matches("xsr(sqrt)?e.p");
  }

  private boolean isVectorToInteger() {
    return name.matches("xvcv.p[su]x[wd]s");
  }

  private boolean ofTinySingle() {
    return after.registers[1] == 0
        && FpClass.ofDouble(after.registers[0]) != FpClass.ofSingleInDouble(after.registers[0]);
  }

  /** 4.4.3-4.4.5: enabled OX, UX and XX deliver a result; qemu often traps before storing it. */
  private boolean deferred() {
    int enables = (int) before & (Fpscr.OE | Fpscr.UE | Fpscr.XE);
    return (flags >>> 22 & enables) != 0 && !name.matches("f(n?m)?(add|sub|mul|div)s?");
  }

  /** 4.6.6.2: the result is rounded, then negated; it matters when rounding up or down. */
  private boolean negatedBeforeRounding() {
    return name.matches("(f|xs|xv)nm.*") && (before & 2) != 0;
  }

  /** 4.4.3, 4.4.4: an exponent adjusted by 192 may still be outside the range of singles. */
  private boolean adjustedTwice() {
    return Set.of("frsp", "xsrsp", "xscvdpsp").contains(name)
        && (flags >>> 22 & before & (Fpscr.OE | Fpscr.UE)) != 0;
  }

  /** 7.6.3: one rounding from integer to single; qemu goes through double. */
  private boolean roundedTwice() {
    long magnitude = name.equals("xscvsxdsp") ? Math.abs(after.b(0)) : after.b(0);
    return name.matches("x[sv]cv[su]xdsp") && magnitude >>> 53 != 0;
  }

  /** 7.6.3: max and min raise VXSNAN only; qemu adjusts a denormal result when UE is 1. */
  private boolean extremeOfDenormal() {
    return name.matches("x[sv](max|min).p") && enabled(Fpscr.UE) && after.denormalResult();
  }
}
