package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Cpu;
import java.math.BigInteger;
import java.util.Set;

/**
 * Where a difference from qemu-user 7.2 proves nothing, and why.
 *
 * <p>Three reasons only: the processor model qemu offers lacks the instruction, the book calls the
 * form invalid or the result undefined, or qemu differs from the book; each with its section.
 */
final class QemuDeviations {
  /** Of a later architecture than the 7447A, qemu-ppc's closest model with VMX. */
  private static final Set<String> LATER_THAN_7447A =
      Set.of(
          "isel",
          "popcntb",
          "popcntw",
          "prtyw",
          "cmpb",
          "lbarx",
          "lharx",
          "stbcx",
          "sthcx",
          "divwe",
          "divweu",
          "bctar",
          "mcrxr",
          "icbt",
          "addg6s",
          "cbcdtd",
          "cdtbcd",
          "lfiwax",
          "lfiwzx",
          "lfdp",
          "lfdpx",
          "stfdp",
          "stfdpx",
          "fcpsgn",
          "fmrgew",
          "fmrgow",
          "fsqrt",
          "fsqrts",
          "fre",
          "frsqrtes",
          "frin",
          "friz",
          "frip",
          "frim",
          "fctid",
          "fctidz",
          "fctidu",
          "fctiduz",
          "fctiwu",
          "fctiwuz",
          "fcfid",
          "fcfidu",
          "fcfids",
          "fcfidus",
          "ftdiv",
          "ftsqrt");

  /** VMX instructions that came with POWER8. */
  private static final Set<String> LATER_VMX =
      Set.of(
          "vpkudum",
          "vpksdss",
          "vpksdus",
          "vpkudus",
          "vupkhsw",
          "vupklsw",
          "vmrgew",
          "vmrgow",
          "vaddudm",
          "vadduqm",
          "vaddcuq",
          "vaddeuqm",
          "vaddecuq",
          "vsubudm",
          "vsubuqm",
          "vsubcuq",
          "vsubeuqm",
          "vsubecuq",
          "vmulesw",
          "vmuleuw",
          "vmulosw",
          "vmulouw",
          "vmuluwm",
          "vmaxsd",
          "vmaxud",
          "vminsd",
          "vminud",
          "vcmpequd",
          "vcmpgtsd",
          "vcmpgtud",
          "veqv",
          "vnand",
          "vorc",
          "vrld",
          "vsld",
          "vsrd",
          "vsrad");

  /**
   * Not in qemu's POWER8, though icbt is in ISA 2.07B (Book II, 4.3.1); stqcx. often fails there
   * even right behind its lqarx (Book II, 4.4.2).
   */
  private static final Set<String> ABSENT = Set.of("mcrxr", "dcba", "icbt", "stqcx");

  /** An alignment interrupt in little-endian mode (3.3.6, 3.3.7), at which qemu-user aborts. */
  private static final Set<String> BIG_ENDIAN_ONLY =
      Set.of("lmw", "stmw", "lswi", "lswx", "stswi", "stswx");

  /** An estimate (6.10.5) that qemu gets wrong beyond a few units; FloatTest judges ours. */
  private static final String EXP2 = "vexptefp";

  private QemuDeviations() {}

  /** Whether qemu's processor model lacks the instruction. */
  static boolean absent(Machine.Guest guest, Table.Row row) {
    if (row.name().equals(EXP2)) {
      return true;
    }
    return switch (guest) {
      case PPC ->
          LATER_THAN_7447A.contains(row.name())
              || LATER_VMX.contains(row.name())
              || Set.of("VectorCrypto").contains(row.owner())
              || row.owner().startsWith("Vsx");
      case PPC64 -> ABSENT.contains(row.name());
      case PPC64LE -> ABSENT.contains(row.name()) || BIG_ENDIAN_ONLY.contains(row.name());
    };
  }

  /**
   * Whether the book calls this form of the instruction invalid: Book I, 1.8.2; or, of the FPSCR's
   * upper half, whether the processor model has none.
   */
  static boolean invalidForm(Machine.Guest guest, Table.Row row, int word) {
    int rt = word >>> 21 & 31;
    int ra = word >>> 16 & 31;
    return switch (row.name()) {
      case "lmw" -> ra >= rt;
      case "lswi" -> within(rt, (word >>> 11 & 31) == 0 ? 32 : word >>> 11 & 31, ra);
      case "lfdp", "lfdpx", "stfdp", "stfdpx" -> (rt & 1) != 0;
      case "mfocrf", "mtocrf" -> Integer.bitCount(word >>> 12 & 0xff) != 1;
      case "mtfsf" -> guest == Machine.Guest.PPC && (word & (1 << 25 | 1 << 16)) != 0;
      case "mtfsfi" -> guest == Machine.Guest.PPC && (word & 1 << 16) != 0;
      case "bcctr" -> (word >>> 23 & 1) == 0;
      default -> false;
    };
  }

  private static boolean within(int first, int bytes, int register) {
    return (register - first & 31) < (bytes + 3) / 4;
  }

  /** Whether the book leaves what this instruction does with these registers undefined. */
  static boolean undefined(Table.Row row, int word, Cpu cpu) {
    long a = cpu.slot(word >>> 16 & 31);
    long b = cpu.slot(word >>> 11 & 31);
    int count = (int) cpu.slot(PowerState.XER_REST) & 0x7f;
    return switch (row.name()) {
      case "divw" -> (int) b == 0 || (int) b == -1 && (int) a == Integer.MIN_VALUE;
      case "divwu" -> (int) b == 0;
      case "divd" -> b == 0 || b == -1 && a == Long.MIN_VALUE;
      case "divdu" -> b == 0;
      case "lswx" ->
          within(word >>> 21 & 31, count, word >>> 16 & 31)
              || within(word >>> 21 & 31, count, word >>> 11 & 31);
      // Without a reservation an access may fault or not; with one of another size the store may
      // be performed or not: Book II, 4.4.2.
      case "stbcx", "sthcx", "stwcx", "stdcx" ->
          cpu.slot(PowerState.RESERVED_SIZE) != 1L << "bhwd".indexOf(row.name().charAt(2))
              || cpu.slot(PowerState.RESERVATION)
                  != ((word >>> 16 & 31) == 0 ? b : a + b & cpu.memory().addressMask());
      // qemu gives up a reservation in the block cleared; the book leaves it: Book II, 1.7.3.
      case "dcbz" -> cpu.slot(PowerState.RESERVATION) != -1;
      // On overflow RT is undefined; qemu's divde does not see quotients of 64 bits and a sign.
      case "divwe" -> overflows(a << 32 >> 32, 32, b << 32 >> 32, 31);
      case "divde" -> overflows(a, 64, b, 63);
      // Reserved bits of the VSCR: 6.3.2.
      case "mtvscr" -> (cpu.slot(PowerState.vr(word >>> 11 & 31)) & 0xfffe_fffeL) != 0;
      // Shift counts must be alike in all bytes: 6.8.6.
      case "vsl", "vsr" -> unlike(cpu, PowerState.vr(word >>> 11 & 31));
      case "bcdadd", "bcdsub" ->
          decimal(cpu, PowerState.vr(word >>> 16 & 31), PowerState.vr(word >>> 11 & 31));
      case "mtspr" -> mtspr(row.field("spr").extract(word), rs(cpu, word));
      default -> false;
    };
  }

  /** XER has reserved bits (3.2.2), and VRSAVE 32 bits (6.3.3), where qemu keeps 64. */
  private static boolean mtspr(int spr, long value) {
    return spr == 1 && (int) value << 3 >>> 10 != 0 || spr == 256 && value >>> 32 != 0;
  }

  private static boolean unlike(Cpu cpu, int vector) {
    long counts = 0x0707_0707_0707_0707L;
    long high = cpu.slot(vector + 1) & counts;
    long low = cpu.slot(vector) & counts;
    return high != low || low != (low & 7) * 0x0101_0101_0101_0101L;
  }

  /**
   * The result of invalid numbers is undefined (6.16), and qemu does not see all of them; it calls
   * the sum of two zeros of like signs greater than zero.
   */
  private static boolean decimal(Cpu cpu, int a, int b) {
    long digits = cpu.slot(a) & -16 | cpu.slot(a + 1) | cpu.slot(b) & -16 | cpu.slot(b + 1);
    return digits == 0 || !Decimal.valid(cpu, a) || !Decimal.valid(cpu, b);
  }

  /** Whether an address that is unmapped here belongs to the oracle's program or stack. */
  static boolean oracle(Machine.Guest guest, Trial.Outcome ours) {
    long stack = ours.address() >>> (guest.isa.wide() ? 32 : 24);
    long program = ours.address() >>> 20;
    return ours.signal() == 11 && (stack == 0x3f || stack == 0x40 || program == 0x5a3);
  }

  private static boolean overflows(long a, int shift, long b, int bits) {
    if (b == 0) {
      return true;
    }
    BigInteger quotient = BigInteger.valueOf(a).shiftLeft(shift).divide(BigInteger.valueOf(b));
    return quotient.bitLength() > bits;
  }

  private static long rs(Cpu cpu, int word) {
    return cpu.slot(word >>> 21 & 31);
  }
}
