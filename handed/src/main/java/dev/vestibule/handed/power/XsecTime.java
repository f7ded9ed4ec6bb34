package dev.vestibule.handed.power;

import static dev.vestibule.handed.power.VdsoSymbol.release;

import dev.vestibule.profile.Version;
import java.util.List;

/**
 * The first kernels' functions: time in units of 2^-20 seconds, {@code xsec = (timebase -
 * tb_orig_stamp) * tb_to_xs >> 64} plus {@code stamp_xsec}; and what else there is up to Linux
 * 5.10. The data page's distance is a word in the code, exported as {@code
 * __kernel_datapage_offset}.
 */
final class XsecTime {
  private static final Version FIRST = release("2.6.12");

  /** The release that merged arch/ppc64 with arch/ppc. */
  private static final Version MERGED = release("2.6.15");

  /** Leaves the data page's address in r9; r0 and r12 change. */
  static final String DATA_PAGE =
      """
        mflr    r12
      {name}$kept:
        bcl     20,31,9f
      9: mflr   r9
        mtlr    r12
      {name}$back:
        lwz     r0,__kernel_datapage_offset-9b(r9)
        add     r9,r9,r0
        addi    r9,r9,__kernel_datapage_offset-9b
      """;

  /** r6 = units of 2^-20 seconds since 1970. */
  private static final String XSEC_64 =
      """
        mftb    r6
        ld      r5,tb_orig_stamp(r9)
        subf    r6,r5,r6
        ld      r5,tb_to_xs(r9)
        mulhdu  r6,r6,r5
        ld      r5,stamp_xsec(r9)
        add     r6,r6,r5
      """;

  /** From r6: seconds in r5, microseconds in r6. */
  private static final String MICROSECONDS_64 =
      """
        lis     r7,1000000@h
        ori     r7,r7,1000000@l
        srdi    r5,r6,20
        clrldi  r6,r6,44
        mulld   r6,r6,r7
        srdi    r6,r6,20
      """;

  /** r5:r7 = units of 2^-20 seconds since 1970; to 8 if more than 32 bits of ticks passed. */
  private static final String XSEC_32 =
      """
      2: mftbu  r6
        mftb    r7
        mftbu   r0
        cmplw   r0,r6
        bne-    2b
        lwz     r5,tb_orig_stamp(r9)
        lwz     r10,tb_orig_stamp+4(r9)
        subfc   r7,r10,r7
        subfe.  r6,r5,r6
        bne-    8f
        lwz     r5,tb_to_xs(r9)
        lwz     r10,tb_to_xs+4(r9)
        mulhwu  r6,r7,r5
        mulhwu  r10,r7,r10
        mullw   r5,r7,r5
        addc    r5,r5,r10                    # only its carry matters
        lwz     r5,stamp_xsec(r9)
        lwz     r10,stamp_xsec+4(r9)
        addze   r6,r6
        addc    r7,r6,r10
        addze   r5,r5
      """;

  /** From r5:r7: seconds in r5, microseconds in r6. */
  private static final String MICROSECONDS_32 =
      """
        slwi    r6,r7,12
        slwi    r5,r5,12
        rlwimi  r5,r7,12,20,31
        lis     r7,1000000@h
        ori     r7,r7,1000000@l
        mulhwu  r6,r6,r7
      """;

  private XsecTime() {}

  static List<VdsoSymbol> symbols() {
    return List.of(
        gettimeofday(FIRST, StampTime.NANOSECONDS, 64, ""),
        gettimeofday(FIRST, StampTime.NANOSECONDS, 32, ""),
        gettimeofday(StampTime.NANOSECONDS, StampTime.UNITS, 64, "cmpldi r3,0\n beq 3f\n"),
        gettimeofday(StampTime.NANOSECONDS, StampTime.UNITS, 32, "cmplwi r3,0\n beq 3f\n"),
        gettime(
            64,
            StampTime.COUNT_64
                + XSEC_64
                + StampTime.WAY_64
                + "or r0,r0,r6\n"
                + StampTime.AGAIN_64
                + MICROSECONDS_64
                + "mulli r6,r6,1000\n"
                + StampTime.BILLION
                + StampTime.STORE_64),
        gettime(
            32,
            StampTime.COUNT_32
                + XSEC_32
                + StampTime.WAY_32
                + "or r0,r0,r7\n"
                + StampTime.AGAIN_32
                + MICROSECONDS_32
                + "mulli r6,r6,1000\n"
                + StampTime.BILLION
                + StampTime.STORE_32));
  }

  private static VdsoSymbol gettime(int bits, String code) {
    return StampTime.entry(
        "__kernel_clock_gettime",
        MERGED,
        StampTime.NANOSECONDS,
        bits,
        "cmplwi r3,1\n bgt 8f\n" + code + StampTime.NOT_SERVED);
  }

  private static VdsoSymbol gettimeofday(Version since, Version until, int bits, String check) {
    String code =
        bits == 64
            ? check
                + StampTime.COUNT_64
                + XSEC_64
                + "mr r0,r6\n"
                + StampTime.AGAIN_64
                + MICROSECONDS_64
                + "std r5,0(r3)\n std r6,8(r3)\n3: cmpldi r4,0\n"
                + StampTime.TIMEZONE
            : check
                + StampTime.COUNT_32
                + XSEC_32
                + "or r0,r5,r7\n"
                + StampTime.AGAIN_32
                + MICROSECONDS_32
                + "stw r5,0(r3)\n stw r6,4(r3)\n3: cmplwi r4,0\n"
                + StampTime.TIMEZONE
                + "8: li r0,78\n sc\n blr\n";
    return StampTime.entry("__kernel_gettimeofday", since, until, bits, code);
  }

  /** What the data page tells beside the time. */
  static List<VdsoSymbol> others() {
    String map = "__kernel_get_syscall_map";
    String frequency = "__kernel_get_tbfreq";
    return List.of(
        StampTime.entry(map, FIRST, StampTime.UNTIL, 64, map("syscall_map_64", "cmpldi")),
        StampTime.entry(map, FIRST, StampTime.UNTIL, 32, map("syscall_map_32", "cmplwi")),
        StampTime.entry(
            frequency,
            MERGED,
            StampTime.UNTIL,
            64,
            "ld r3,tb_ticks_per_sec(r9)\n crclr so\n blr\n"),
        StampTime.entry(
            frequency,
            MERGED,
            StampTime.UNTIL,
            32,
            "lwz r3,tb_ticks_per_sec(r9)\n lwz r4,tb_ticks_per_sec+4(r9)\n crclr so\n blr\n"));
  }

  private static String map(String field, String compare) {
    return compare
        + " r3,0\n beq 1f\n li r0,NR\n stw r0,0(r3)\n1: addi r3,r9,"
        + field
        + "\n crclr so\n blr\n";
  }
}
