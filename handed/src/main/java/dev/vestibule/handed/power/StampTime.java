package dev.vestibule.handed.power;

import static dev.vestibule.handed.power.VdsoSymbol.Frame.LINK_IN_R12;
import static dev.vestibule.handed.power.VdsoSymbol.release;

import dev.vestibule.profile.Version;
import java.util.List;

/**
 * The time functions between {@link XsecTime} and {@link GenericTime}: seconds of the last update
 * in {@code stamp_xtime}, and {@code (timebase - tb_orig_stamp) * tb_to_xs >> 52} units of 2^-32
 * seconds since then. At first the nanoseconds of the last update were added to nanoseconds, later
 * its {@code stamp_sec_fraction} to units.
 *
 * <p>Only CLOCK_REALTIME and CLOCK_MONOTONIC are served, and the coarse two once they were; {@code
 * wtom_clock} is the way from one to the other. NAME_low is the low word of a field.
 */
final class StampTime {
  /** Nanoseconds with nanoseconds; between 2.6.20 and 2.6.32. */
  static final Version NANOSECONDS = release("2.6.25");

  /** Units with units; between 2.6.32 and 2.6.39. */
  static final Version UNITS = release("2.6.36");

  private static final Version TIME = release("3.4");
  private static final Version COARSE_64 = release("4.16");
  private static final Version COARSE_32 = release("5.6");
  static final Version UNTIL = release("5.11");

  /** The begin of a reading: r8 = the update count. */
  static final String COUNT_64 =
      """
      1: ld     r8,tb_update_count(r9)
        andi.   r0,r8,1
        bne-    1b
        xor     r0,r8,r8
        add     r9,r9,r0
      """;

  static final String COUNT_32 =
      """
      1: lwz    r8,tb_update_count_low(r9)
        andi.   r0,r8,1
        bne-    1b
        xor     r0,r8,r8
        add     r9,r9,r0
      """;

  /** r6 = units since the last update. */
  private static final String UNITS_64 =
      """
        mftb    r6
        ld      r5,tb_orig_stamp(r9)
        subf    r6,r5,r6
        ld      r5,tb_to_xs(r9)
        sldi    r6,r6,12
        mulhdu  r6,r6,r5
      """;

  /** r6:r7 = ticks since the last update, times 2^12. */
  private static final String TICKS_32 =
      """
      2: mftbu  r6
        mftb    r7
        mftbu   r0
        cmplw   r0,r6
        bne-    2b
        lwz     r10,tb_orig_stamp+4(r9)
        lwz     r0,tb_orig_stamp(r9)
        subfc   r7,r10,r7
        subfe   r6,r0,r6
        slwi    r6,r6,12
        rlwimi  r6,r7,12,20,31
        slwi    r7,r7,12
      """;

  /** r6:r7 = whole seconds and units since the last update, by the high half of tb_to_xs. */
  private static final String UNITS_32 =
      TICKS_32
          + """
            lwz     r10,tb_to_xs(r9)
            mulhwu  r7,r7,r10
            mullw   r0,r6,r10
            mulhwu  r6,r6,r10
            addc    r7,r7,r0
            addze   r6,r6
          """;

  /** As {@link #UNITS_32}, by all 64 bits. */
  private static final String EXACT_UNITS_32 =
      TICKS_32
          + """
            lwz     r10,tb_to_xs(r9)
            lwz     r11,tb_to_xs+4(r9)
            mulhwu  r0,r7,r11
            mullw   r5,r6,r11
            addc    r0,r0,r5
            mulhwu  r5,r6,r11
            addze   r5,r5
            mullw   r11,r7,r10
            addc    r0,r0,r11                    # only its carry matters
            mulhwu  r7,r7,r10
            adde    r7,r7,r5
            li      r5,0
            addze   r5,r5
            mullw   r0,r6,r10
            mulhwu  r6,r6,r10
            addc    r7,r7,r0
            adde    r6,r6,r5
          """;

  /** r5 = seconds, r6 = units, of CLOCK_REALTIME. */
  private static final String ADD_UNITS_64 =
      """
        lwz     r5,stamp_sec_fraction(r9)
        add     r6,r6,r5
        ld      r5,stamp_xtime_sec(r9)
        srdi    r0,r6,32
        add     r5,r5,r0
      """;

  /** r5 = seconds, r7 = units, of CLOCK_REALTIME. */
  private static final String ADD_UNITS_32 =
      """
        lwz     r10,stamp_sec_fraction(r9)
        lwz     r5,stamp_xtime_sec_low(r9)
        addc    r7,r7,r10
        adde    r5,r5,r6
      """;

  /** Loads the way to CLOCK_MONOTONIC into r10 and r11. */
  static final String WAY_64 =
      """
        {signed wtom_clock_sec} r10,wtom_clock_sec(r9)
        lwa     r11,wtom_clock_nsec(r9)
        or      r0,r10,r11
        or      r0,r0,r5
      """;

  static final String WAY_32 =
      """
        lwz     r10,wtom_clock_sec_low(r9)
        lwz     r11,wtom_clock_nsec(r9)
        or      r0,r10,r11
        or      r0,r0,r5
      """;

  /** The end of a reading that depends on r0 and begins again at 1. */
  static final String AGAIN_64 =
      """
        xor     r0,r0,r0
        add     r9,r9,r0
        ld      r0,tb_update_count(r9)
        cmpld   r0,r8
        bne-    1b
      """;

  static final String AGAIN_32 =
      """
        xor     r0,r0,r0
        add     r9,r9,r0
        lwz     r0,tb_update_count_low(r9)
        cmplw   r0,r8
        bne-    1b
      """;

  /** Seconds in r5 and nanoseconds in r6, of CLOCK_REALTIME, become what was asked for. */
  static final String STORE_64 =
      """
        cmpwi   r3,1
        bne     4f
      3: add    r5,r5,r10                          # to CLOCK_MONOTONIC
        add     r6,r6,r11
        cmpdi   r6,0
        bge     5f
        add     r6,r6,r7
        addi    r5,r5,-1
      5: cmpd   r6,r7
        blt     4f
        subf    r6,r7,r6
        addi    r5,r5,1
      4: std    r5,0(r4)
        std     r6,8(r4)
        li      r3,0
        crclr   so
        blr
      """;

  static final String STORE_32 =
      STORE_64
          .replace("cmpd ", "cmpw ")
          .replace("cmpdi", "cmpwi")
          .replace("std ", "stw ")
          .replace("8(r4)", "4(r4)");

  static final String BILLION = "lis r7,1000000000@h\n ori r7,r7,1000000000@l\n";

  static final String NOT_SERVED = "8: li r0,246\n sc\n blr\n";

  private StampTime() {}

  static List<VdsoSymbol> symbols() {
    return List.of(
        gettimeofday64(),
        gettimeofday32(),
        // Nanoseconds of the last update: their sum may reach two seconds.
        gettime(
            64,
            NANOSECONDS,
            UNITS,
            fine64(
                "ld r5,stamp_xtime_sec(r9)\n ld r12,stamp_xtime_nsec(r9)\n",
                """
                  mulhwu  r0,r6,r7
                  clrldi  r0,r0,32
                  srdi    r6,r6,32
                  add     r5,r5,r6
                  add     r6,r0,r12
                  cmpd    r6,r7
                  blt     6f
                  subf    r6,r7,r6
                  addi    r5,r5,1
                6:
                """)),
        gettime(
            32,
            NANOSECONDS,
            UNITS,
            COUNT_32
                + EXACT_UNITS_32
                + """
                  lwz     r5,stamp_xtime_sec_low(r9)
                  lwz     r12,stamp_xtime_nsec_low(r9)
                  add     r5,r5,r6
                """
                + WAY_32
                + "or r0,r0,r12\n or r0,r0,r7\n"
                + AGAIN_32
                + "mr r6,r7\n"
                + BILLION
                + """
                  mulhwu  r6,r6,r7
                  add     r6,r6,r12
                  cmpw    r6,r7
                  blt     6f
                  subf    r6,r7,r6
                  addi    r5,r5,1
                6:
                """
                + STORE_32),
        gettime(64, UNITS, COARSE_64, fine64(ADD_UNITS_64, NANOSECONDS_64)),
        gettime(32, UNITS, COARSE_32, fine32()),
        gettime(
            64,
            COARSE_64,
            UNTIL,
            "cmplwi r3,5\n bge 7f\n"
                + fine64(ADD_UNITS_64, NANOSECONDS_64)
                + coarse(
                    COUNT_64,
                    "ld r5,stamp_xtime_sec(r9)\n ld r6,stamp_xtime_nsec(r9)\n",
                    WAY_64,
                    AGAIN_64)),
        gettime(
            32,
            COARSE_32,
            UNTIL,
            "cmplwi r3,5\n bge 7f\n"
                + fine32()
                + coarse(
                    COUNT_32,
                    "lwz r5,stamp_xtime_sec_low(r9)\n lwz r6,stamp_xtime_nsec_low(r9)\n",
                    WAY_32,
                    AGAIN_32)),
        time(64, "ld r6,stamp_xtime_sec(r9)\n cmpldi r3,0\n", "std r6,0(r3)\n"),
        time(32, "lwz r6,stamp_xtime_sec_low(r9)\n cmplwi r3,0\n", "stw r6,0(r3)\n"));
  }

  /** From units in r6. */
  private static final String NANOSECONDS_64 = "mulhwu r6,r6,r7\n clrldi r6,r6,32\n";

  private static String fine64(String stamp, String convert) {
    return COUNT_64
        + UNITS_64
        + stamp
        + WAY_64
        + "or r0,r0,r6\n"
        + (stamp.contains("r12") ? "or r0,r0,r12\n" : "")
        + AGAIN_64
        + BILLION
        + convert
        + STORE_64;
  }

  private static String fine32() {
    return COUNT_32
        + UNITS_32
        + ADD_UNITS_32
        + WAY_32
        + "or r0,r0,r7\n"
        + AGAIN_32
        + "mr r6,r7\n"
        + BILLION
        + "mulhwu r6,r6,r7\n"
        + STORE_32;
  }

  /**
   * CLOCK_REALTIME_COARSE is 5, CLOCK_MONOTONIC_COARSE is 6; the end is that of the fine clocks.
   */
  private static String coarse(String count, String stamp, String way, String again) {
    return "7:\n"
        + count
        + stamp
        + way
        + "or r0,r0,r6\n"
        + again
        + BILLION
        + "cmplwi r3,6\n beq 3b\n b 4b\n";
  }

  private static VdsoSymbol gettime(int bits, Version since, Version until, String code) {
    int last = since.equals(COARSE_64) && bits == 64 || since.equals(COARSE_32) ? 6 : 1;
    String served = "cmplwi r3," + last + "\n bgt 8f\n";
    if (last == 6) {
      served += "cmplwi r3,1\n ble 9f\n cmplwi r3,5\n blt 8f\n9:\n";
    }
    return entry("__kernel_clock_gettime", since, until, bits, served + code + NOT_SERVED);
  }

  private static VdsoSymbol gettimeofday64() {
    return entry(
        "__kernel_gettimeofday",
        UNITS,
        UNTIL,
        64,
        "cmpldi r3,0\n beq 3f\n"
            + COUNT_64
            + UNITS_64
            + ADD_UNITS_64
            + "or r0,r5,r6\n"
            + AGAIN_64
            + """
              lis     r7,1000000@h
              ori     r7,r7,1000000@l
              mulhwu  r6,r6,r7
              clrldi  r6,r6,32
              std     r5,0(r3)
              std     r6,8(r3)
            3: cmpldi r4,0
            """
            + TIMEZONE);
  }

  private static VdsoSymbol gettimeofday32() {
    return entry(
        "__kernel_gettimeofday",
        UNITS,
        UNTIL,
        32,
        "cmplwi r3,0\n beq 3f\n"
            + COUNT_32
            + UNITS_32
            + ADD_UNITS_32
            + "or r0,r5,r7\n"
            + AGAIN_32
            + """
              lis     r6,1000000@h
              ori     r6,r6,1000000@l
              mulhwu  r6,r7,r6
              stw     r5,0(r3)
              stw     r6,4(r3)
            3: cmplwi r4,0
            """
            + TIMEZONE);
  }

  static final String TIMEZONE =
      """
        beq     4f
        lwz     r6,tz_minuteswest(r9)
        lwz     r7,tz_dsttime(r9)
        stw     r6,0(r4)
        stw     r7,4(r4)
      4: li     r3,0
        crclr   so
        blr
      """;

  private static VdsoSymbol time(int bits, String load, String store) {
    return entry(
        "__kernel_time",
        TIME,
        UNTIL,
        bits,
        load + " beq 1f\n" + store + "1: mr r3,r6\n crclr so\n blr\n");
  }

  static VdsoSymbol entry(String name, Version since, Version until, int bits, String code) {
    return new VdsoSymbol(
        name, since, until, bits, LINK_IN_R12, (XsecTime.DATA_PAGE + code).replace("{name}", name));
  }

  /** The resolution, which was a constant in the code until it was in the data page. */
  static List<VdsoSymbol> resolutions() {
    String ids = "cmplwi r3,1\n bgt 8f\n";
    String end = "3: li r3,0\n crclr so\n blr\n8: li r0,247\n sc\n blr\n";
    String constant = "lis r5,RESOLUTION@h\n ori r5,r5,RESOLUTION@l\n";
    String store64 = "li r6,0\n cmpldi r4,0\n beq 3f\n std r6,0(r4)\n std r5,8(r4)\n";
    String store32 = "li r6,0\n cmplwi r4,0\n beq 3f\n stw r6,0(r4)\n stw r5,4(r4)\n";
    String name = "__kernel_clock_getres";
    Version first = release("2.6.15");
    Version field = release("5.6");
    String page = "lwz r5,hrtimer_res(r9)\n";
    return List.of(
        new VdsoSymbol(
            name, first, field, 64, VdsoSymbol.Frame.LEAF, ids + constant + store64 + end),
        new VdsoSymbol(
            name, first, field, 32, VdsoSymbol.Frame.LEAF, ids + constant + store32 + end),
        entry(name, field, UNTIL, 64, ids + page + store64 + end),
        entry(name, field, UNTIL, 32, ids + page + store32 + end));
  }
}
