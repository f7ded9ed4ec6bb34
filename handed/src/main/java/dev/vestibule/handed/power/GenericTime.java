package dev.vestibule.handed.power;

import static dev.vestibule.handed.power.VdsoSymbol.Frame.LINK_IN_R12;
import static dev.vestibule.handed.power.VdsoSymbol.NEVER;
import static dev.vestibule.handed.power.VdsoSymbol.release;

import dev.vestibule.profile.Version;
import java.util.List;

/**
 * The time functions of Linux 5.11 and later: {@code ns = (basetime.nsec + (timebase - cycle_last)
 * * mult) >> shift}, read again if the sequence count moved. Errors are positive with CR0.SO set,
 * as sc leaves them; ids not served here go to the system call with the arguments untouched.
 *
 * <p>Loads are ordered by address dependencies: each address contains a zero made from the value
 * that must be read first.
 */
final class GenericTime {
  static final Version SINCE = release("5.11");

  /** Leaves the data page's address in r5; the caller's return address is in r12 meanwhile. */
  static final String DATA_PAGE =
      """
        mflr    r12
      {name}$kept:
        bcl     20,31,9f
      9: mflr   r5
        mtlr    r12
      {name}$back:
        addis   r5,r5,(data_page-9b)@ha
        addi    r5,r5,(data_page-9b)@l
      """;

  /** The same for the page of what does not change. */
  static final String ARCH_PAGE = DATA_PAGE.replace("data_page", "arch_page");

  /**
   * Finds the clock's basetime: r7 = the clock's element, r6 = 16 * id; branches to {@code 8f} for
   * ids not served and to {@code 7f} for coarse ones.
   */
  private static final String CHOOSE =
      """
        cmplwi  r3,11
        bgt     8f
        li      r6,1
        slw     r6,r6,r3
        addi    r7,r5,seq
        andi.   r0,r6,1<<5 | 1<<6            # REALTIME_COARSE, MONOTONIC_COARSE
        bne     7f
        andi.   r0,r6,1<<0 | 1<<1 | 1<<7 | 1<<11  # REALTIME, MONOTONIC, BOOTTIME, TAI
        bne     1f
        andi.   r0,r6,1<<4                   # MONOTONIC_RAW
        beq     8f
        addi    r7,r5,raw_seq
      1:
      """;

  /** From r7 and r6: r11 = seconds, r10 = nanoseconds; to {@code 8f} if there is no counter. */
  private static final String READ_64 =
      """
        lis     r8,1000000000@h
        ori     r8,r8,1000000000@l
      2: lwz    r9,0(r7)
        andi.   r0,r9,1
        bne-    2b
        xor     r0,r9,r9
        add     r7,r7,r0
        lwz     r0,clock_mode-seq(r7)
        cmpwi   r0,0
        beq     8f
        mftb    r10
        ld      r11,cycle_last-seq(r7)
        ld      r0,mask-seq(r7)
        subf    r10,r11,r10
        and     r10,r10,r0
        lwz     r11,mult-seq(r7)
        mulld   r10,r10,r11
        add     r11,r7,r6
        ld      r0,basetime-seq+8(r11)
        ld      r11,basetime-seq(r11)
        add     r10,r10,r0
        lwz     r0,shift-seq(r7)
        srd     r10,r10,r0
        or      r0,r10,r11
        xor     r0,r0,r0
        lwzx    r0,r7,r0
        cmplw   r0,r9
        bne-    2b
      3: cmpld  r10,r8
        blt     4f
        subf    r10,r8,r10
        addi    r11,r11,1
        b       3b
      4:
      """;

  /** As {@link #READ_64}, with the seconds in r8:r11; r3 and r4 are kept, r5 is not. */
  private static final String READ_32 =
      """
      2: lwz    r9,0(r7)
        andi.   r0,r9,1
        bne-    2b
        xor     r0,r9,r9
        add     r7,r7,r0
        lwz     r0,clock_mode-seq(r7)
        cmpwi   r0,0
        beq     8f
      3: mftbu  r8
        mftb    r10
        mftbu   r0
        cmplw   r0,r8
        bne-    3b
        lwz     r11,cycle_last-seq+4(r7)
        lwz     r0,cycle_last-seq(r7)
        subfc   r10,r11,r10
        subfe   r8,r0,r8
        lwz     r11,mult-seq(r7)
        mullw   r8,r8,r11
        mulhwu  r0,r10,r11
        mullw   r10,r10,r11
        add     r8,r8,r0
        add     r5,r7,r6
        lwz     r11,basetime-seq+12(r5)
        lwz     r0,basetime-seq+8(r5)
        addc    r10,r10,r11
        adde    r8,r8,r0
        lwz     r11,shift-seq(r7)
        srw     r10,r10,r11
        subfic  r0,r11,32
        slw     r0,r8,r0
        or      r10,r10,r0
        srw     r0,r8,r11                    # nanoseconds in r0:r10
        lwz     r8,basetime-seq(r5)
        lwz     r11,basetime-seq+4(r5)
        or      r5,r10,r11
        or      r5,r5,r8
        xor     r5,r5,r5
        lwzx    r5,r7,r5
        cmplw   r5,r9
        bne-    2b
        lis     r9,1000000000@h
        ori     r9,r9,1000000000@l
      3: cmpwi  r0,0
        bne     10f
        cmplw   r10,r9
        blt     4f
      10: subfc r10,r9,r10
        addme   r0,r0
        addic   r11,r11,1
        addze   r8,r8
        b       3b
      4:
      """;

  /** A coarse clock into r11 and r10; r6 = bit of the id, r3 = the id. */
  private static final String COARSE_64 =
      """
      7: sldi   r6,r3,4
      6: lwz    r9,0(r7)
        andi.   r0,r9,1
        bne-    6b
        xor     r0,r9,r9
        add     r7,r7,r0
        add     r8,r7,r6
        ld      r11,basetime-seq(r8)
        ld      r10,basetime-seq+8(r8)
        or      r0,r10,r11
        xor     r0,r0,r0
        lwzx    r0,r7,r0
        cmplw   r0,r9
        bne-    6b
      """;

  private static final String COARSE_32 =
      """
      7: slwi   r6,r3,4
      6: lwz    r9,0(r7)
        andi.   r0,r9,1
        bne-    6b
        xor     r0,r9,r9
        add     r7,r7,r0
        add     r5,r7,r6
        lwz     r8,basetime-seq(r5)
        lwz     r11,basetime-seq+4(r5)
        lwz     r10,basetime-seq+12(r5)
        or      r0,r10,r11
        or      r0,r0,r8
        xor     r0,r0,r0
        lwzx    r0,r7,r0
        cmplw   r0,r9
        bne-    6b
      """;

  private static final String SUCCESS =
      """
        li      r3,0
        crclr   so
        blr
      """;

  private static final String TIMEZONE =
      """
      5: cmp{l}i r4,0
        beq     6f
        lwz     r6,tz_minuteswest(r5)
        lwz     r7,tz_dsttime(r5)
        stw     r6,0(r4)
        stw     r7,4(r4)
      6:
      """;

  private static final String FALLBACK =
      """
      8: li     r0,{number}
        sc
        blr
      """;

  private GenericTime() {}

  static List<VdsoSymbol> symbols() {
    return List.of(
        gettimeofday64(),
        gettimeofday32(),
        gettime(
            "__kernel_clock_gettime",
            64,
            246,
            "sldi    r6,r3,4\n" + READ_64,
            COARSE_64,
            """
              std     r11,0(r4)
              std     r10,8(r4)
            """),
        gettime(
            "__kernel_clock_gettime",
            32,
            246,
            "slwi    r6,r3,4\n" + READ_32,
            COARSE_32,
            """
              stw     r11,0(r4)
              stw     r10,4(r4)
            """),
        gettime(
            "__kernel_clock_gettime64",
            32,
            403,
            "slwi    r6,r3,4\n" + READ_32,
            COARSE_32,
            """
              li      r0,0
              stw     r8,0(r4)
              stw     r11,4(r4)
              stw     r0,8(r4)
              stw     r10,12(r4)
            """),
        getres(64, "cmpldi", "std     r0,0(r4)\n std r6,8(r4)\n"),
        getres(32, "cmplwi", "stw     r0,0(r4)\n stw r6,4(r4)\n"),
        time(64, "ld      r6,basetime(r5)\n cmpldi r3,0\n", "std     r6,0(r3)\n"),
        time(32, "lwz     r6,basetime+4(r5)\n cmplwi r3,0\n", "stw     r6,0(r3)\n"));
  }

  private static VdsoSymbol entry(String name, int bits, String code) {
    return new VdsoSymbol(name, SINCE, NEVER, bits, LINK_IN_R12, code.replace("{name}", name));
  }

  private static VdsoSymbol gettime(
      String name, int bits, int number, String read, String coarse, String store) {
    return entry(
        name,
        bits,
        DATA_PAGE
            + CHOOSE
            + read
            + store
            + SUCCESS
            + coarse
            + store
            + SUCCESS
            + FALLBACK.replace("{number}", Integer.toString(number)));
  }

  private static VdsoSymbol gettimeofday64() {
    return entry(
        "__kernel_gettimeofday",
        64,
        DATA_PAGE
            + """
              cmpldi  r3,0
              beq     5f
              addi    r7,r5,seq
              li      r6,0                         # REALTIME
            """
            + READ_64
            + """
              li      r0,1000
              divdu   r10,r10,r0
              std     r11,0(r3)
              std     r10,8(r3)
            """
            + TIMEZONE.replace("cmp{l}i", "cmpldi ")
            + SUCCESS
            + FALLBACK.replace("{number}", "78"));
  }

  private static VdsoSymbol gettimeofday32() {
    return entry(
        "__kernel_gettimeofday",
        32,
        DATA_PAGE
            + """
              cmplwi  r3,0
              beq     5f
              addi    r7,r5,seq
              li      r6,0                         # REALTIME
            """
            + READ_32.replace("\n4:", "\n4: subi r5,r7,seq\n")
            + """
              li      r0,1000
              divwu   r10,r10,r0
              stw     r11,0(r3)
              stw     r10,4(r3)
            """
            + TIMEZONE.replace("cmp{l}i", "cmplwi ")
            + SUCCESS
            + FALLBACK.replace("{number}", "78"));
  }

  private static VdsoSymbol getres(int bits, String compare, String store) {
    return entry(
        "__kernel_clock_getres",
        bits,
        DATA_PAGE
            + """
              cmplwi  r3,11
              bgt     8f
              li      r6,1
              slw     r7,r6,r3
              andi.   r0,r7,1<<0 | 1<<1 | 1<<4 | 1<<7 | 1<<11
              lwz     r6,hrtimer_res(r5)
              bne     1f
              andi.   r0,r7,1<<5 | 1<<6
              beq     8f
              lis     r6,COARSE@h
              ori     r6,r6,COARSE@l
            1: li     r0,0
            """
            + compare
            + " r4,0\n beq 2f\n"
            + store
            + "2:\n"
            + SUCCESS
            + FALLBACK.replace("{number}", "247"));
  }

  /** The second of the last tick, as time(2) has it. */
  private static VdsoSymbol time(int bits, String load, String store) {
    return entry(
        "__kernel_time",
        bits,
        DATA_PAGE
            + load
            + " beq 1f\n"
            + store
            + """
            1: mr     r3,r6
              crclr   so
              blr
            """);
  }

  /** What the data pages tell beside the time. */
  static List<VdsoSymbol> others() {
    return List.of(
        entry(
            "__kernel_get_syscall_map",
            64,
            ARCH_PAGE + MAP.replace("{map}", "syscall_map").replace("cmp{l}i", "cmpldi")),
        entry(
            "__kernel_get_syscall_map",
            32,
            ARCH_PAGE + MAP.replace("{map}", "syscall_map_here").replace("cmp{l}i", "cmplwi")),
        entry(
            "__kernel_get_tbfreq", 64, ARCH_PAGE + "ld r3,tb_ticks_per_sec(r5)\n crclr so\n blr\n"),
        entry(
            "__kernel_get_tbfreq",
            32,
            ARCH_PAGE
                + "lwz r3,tb_ticks_per_sec(r5)\n lwz r4,tb_ticks_per_sec+4(r5)\n crclr so\n blr\n"));
  }

  private static final String MAP =
      """
        cmp{l}i r3,0
        beq     1f
        li      r6,NR
        stw     r6,0(r3)
      1: addi   r3,r5,{map}
        crclr   so
        blr
      """;
}
