package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Cpu;
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
          "isel", "popcntb", "popcntw", "prtyw", "cmpb", "lbarx", "lharx", "stbcx", "sthcx",
          "divwe", "divweu", "bctar", "mcrxr", "icbt", "lfiwax", "lfiwzx", "lfdp", "lfdpx",
          "stfdp", "stfdpx", "fcpsgn", "fmrgew", "fmrgow", "fsqrt", "fsqrts", "fre", "frsqrtes",
          "frin", "friz", "frip", "frim", "fctid", "fctidz", "fctidu", "fctiduz", "fctiwu",
          "fctiwuz", "fcfid", "fcfidu", "fcfids", "fcfidus", "ftdiv", "ftsqrt");

  private QemuDeviations() {}

  /** Whether qemu's processor model lacks the instruction. */
  static boolean absent(Machine.Guest guest, Table.Row row) {
    return switch (guest) {
      case PPC -> LATER_THAN_7447A.contains(row.name()) || row.owner().startsWith("Vsx");
      default -> Set.of("mcrxr", "dcba").contains(row.name());
    };
  }

  /** Whether the book calls this form of the instruction invalid: Book I, 1.8.2. */
  static boolean invalidForm(Table.Row row, int word) {
    int rt = word >>> 21 & 31;
    int ra = word >>> 16 & 31;
    return switch (row.name()) {
      case "lmw" -> ra >= rt;
      case "lswi" -> within(rt, (word >>> 11 & 31) == 0 ? 32 : word >>> 11 & 31, ra);
      case "lfdp", "lfdpx", "stfdp", "stfdpx" -> (rt & 1) != 0;
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
      // Reserved bits of the XER: 3.2.2.
      case "mtspr" -> row.field("spr").extract(word) == 1 && (int) rs(cpu, word) << 3 >>> 10 != 0;
      default -> false;
    };
  }

  private static long rs(Cpu cpu, int word) {
    return cpu.slot(word >>> 21 & 31);
  }
}
