package dev.vestibule.handed.power;

import static dev.vestibule.handed.power.VdsoSymbol.Frame.LINK_IN_R12;
import static dev.vestibule.handed.power.VdsoSymbol.release;

import dev.vestibule.profile.Version;
import java.util.List;

/**
 * The functions of Linux 2.6.12 that read its data page: time in units of 2^-20 seconds, {@code
 * xsec = (timebase - tb_orig_stamp) * tb_to_xs >> 64} plus {@code stamp_xsec}. The page's distance
 * is a word in the code, exported as {@code __kernel_datapage_offset}.
 */
final class XsecTime {
  private static final Version SINCE = release("2.6.12");
  private static final Version UNTIL = release("2.6.15");

  /** Leaves the data page's address in r9; r0 and r12 change. */
  private static final String DATA_PAGE =
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

  private XsecTime() {}

  static List<VdsoSymbol> symbols() {
    return List.of(
        entry(
            "__kernel_gettimeofday",
            64,
            """
            1: ld     r7,tb_update_count(r9)
              andi.   r0,r7,1
              bne-    1b
              xor     r0,r7,r7
              add     r9,r9,r0
              mftb    r8
              ld      r5,tb_orig_stamp(r9)
              ld      r6,tb_to_xs(r9)
              subf    r8,r5,r8
              mulhdu  r8,r8,r6
              ld      r5,stamp_xsec(r9)
              add     r8,r8,r5
              xor     r0,r8,r8
              add     r6,r9,r0
              ld      r0,tb_update_count(r6)
              cmpld   r0,r7
              bne-    1b
              lis     r7,1000000@h
              ori     r7,r7,1000000@l
              srdi    r5,r8,20
              clrldi  r6,r8,44
              mulld   r6,r6,r7
              srdi    r6,r6,20
              std     r5,0(r3)
              std     r6,8(r3)
              cmpldi  r4,0
              beq     2f
              lwz     r5,tz_minuteswest(r9)
              lwz     r6,tz_dsttime(r9)
              stw     r5,0(r4)
              stw     r6,4(r4)
            2: li     r3,0
              crclr   so
              blr
            """),
        entry(
            "__kernel_gettimeofday",
            32,
            """
            1: lwz    r10,tb_update_count+4(r9)    # the low half
              andi.   r0,r10,1
              bne-    1b
              xor     r0,r10,r10
              add     r9,r9,r0
            2: mftbu  r7
              mftb    r8
              mftbu   r0
              cmplw   r0,r7
              bne-    2b
              lwz     r5,tb_orig_stamp(r9)
              lwz     r6,tb_orig_stamp+4(r9)
              subfc   r8,r6,r8
              subfe.  r7,r5,r7
              bne-    8f                           # more than 32 bits of ticks: ask the kernel
              lwz     r5,tb_to_xs(r9)
              lwz     r6,tb_to_xs+4(r9)
              mulhwu  r7,r8,r5
              mulhwu  r6,r8,r6
              mullw   r5,r8,r5
              addc    r5,r5,r6                     # only its carry matters
              lwz     r5,stamp_xsec(r9)
              lwz     r6,stamp_xsec+4(r9)
              addze   r7,r7
              addc    r7,r7,r6
              addze   r8,r5                        # r8:r7 = 2^-20 seconds
              xor     r0,r7,r7
              add     r5,r9,r0
              lwz     r0,tb_update_count+4(r5)
              cmplw   r0,r10
              bne-    1b
              rlwinm  r5,r7,12,20,31
              rlwimi  r5,r8,12,0,19
              slwi    r6,r7,12
              lis     r7,1000000@h
              ori     r7,r7,1000000@l
              mulhwu  r6,r6,r7
              stw     r5,0(r3)
              stw     r6,4(r3)
              cmplwi  r4,0
              beq     3f
              lwz     r5,tz_minuteswest(r9)
              lwz     r6,tz_dsttime(r9)
              stw     r5,0(r4)
              stw     r6,4(r4)
            3: li     r3,0
              crclr   so
              blr
            8: li     r0,78
              sc
              blr
            """),
        entry("__kernel_get_syscall_map", 64, map("syscall_map_64", "cmpldi")),
        entry("__kernel_get_syscall_map", 32, map("syscall_map_32", "cmplwi")));
  }

  private static String map(String field, String compare) {
    return compare
        + " r3,0\n beq 1f\n li r0,NR\n stw r0,0(r3)\n1: addi r3,r9,"
        + field
        + "\n crclr so\n blr\n";
  }

  private static VdsoSymbol entry(String name, int bits, String code) {
    return new VdsoSymbol(
        name, SINCE, UNTIL, bits, LINK_IN_R12, (DATA_PAGE + code).replace("{name}", name));
  }
}
