package dev.vestibule.handed.power;

import static dev.vestibule.handed.power.VdsoSymbol.EVER;
import static dev.vestibule.handed.power.VdsoSymbol.Frame.LEAF;
import static dev.vestibule.handed.power.VdsoSymbol.Frame.SIGNAL;
import static dev.vestibule.handed.power.VdsoSymbol.Frame.SIGNAL_RT;
import static dev.vestibule.handed.power.VdsoSymbol.NEVER;
import static dev.vestibule.handed.power.VdsoSymbol.release;

import dev.vestibule.profile.KernelProfile.TrampolineStart;
import dev.vestibule.profile.Version;
import java.util.List;

/** Signal trampolines and cache maintenance. */
final class Common {
  private static final Version GENERIC = release("5.11");

  private Common() {}

  static List<VdsoSymbol> trampolines() {
    return List.of(
        new VdsoSymbol(
                "__kernel_sigtramp_rt64",
                EVER,
                NEVER,
                64,
                SIGNAL_RT,
                """
                  # Unwinders look up the address before the return address: the nop is there for them.
                  .balign 8
                  nop
                {name}$start:
                  nop
                {name}:
                  addi    r1,r1,128
                  li      r0,172                       # rt_sigreturn
                  sc
                {name}$end:
                  # The shape of an on-stack trampoline; the last number makes the frame test of old
                  # libgcc read a null pointer.
                  .long   0,0,0
                  .quad   0,-21*8
                """)
            .startedBy(TrampolineStart.NOP),
        new VdsoSymbol(
                "__kernel_sigtramp_rt64",
                EVER,
                NEVER,
                64,
                SIGNAL_RT,
                """
                  # The kernel resumes here with the handler in CTR, so that call and return pair up.
                {name}$start:
                __kernel_start_sigtramp_rt64:
                  bctrl
                {name}:
                  addi    r1,r1,128
                  li      r0,172                       # rt_sigreturn
                  sc
                {name}$end:
                  .long   0,0,0
                  .quad   0,-21*8
                """)
            .startedBy(TrampolineStart.BRANCH),
        new VdsoSymbol("__kernel_sigtramp32", EVER, NEVER, 32, SIGNAL, trampoline32(119)),
        new VdsoSymbol("__kernel_sigtramp_rt32", EVER, NEVER, 32, SIGNAL_RT, trampoline32(172)));
  }

  private static String trampoline32(int number) {
    return """
    {name}$start:
      nop
    {name}:
      li      r0,%d
      sc
    {name}$end:
    """
        .formatted(number);
  }

  /** Which processor this is, in a register that the kernel keeps. */
  static List<VdsoSymbol> processors() {
    String name = "__kernel_getcpu";
    String store =
        """
          cmplwi  cr1,r4,0
          beq     1f
          stw     r6,0(r3)
        1: beq    cr1,2f
          stw     r7,0(r4)
        2: li     r3,0
          crclr   so
          blr
        """;
    String read =
        """
          mfspr   r5,259                       # node << 16 | cpu
          clrlwi  r6,r5,16
          rlwinm  r7,r5,16,16,31
        """;
    Version since = release("3.8");
    return List.of(
        new VdsoSymbol(
            name,
            since,
            NEVER,
            64,
            LEAF,
            read + "cmpldi r3,0\n" + store.replace("cmplwi", "cmpldi")),
        new VdsoSymbol(name, since, NEVER, 32, LEAF, read + "cmplwi r3,0\n" + store).onKernel(64),
        // Of 32-bit kernels only those for one processor have it.
        new VdsoSymbol(
                name, release("5.8"), NEVER, 32, LEAF, "li r6,0\n li r7,0\n cmplwi r3,0\n" + store)
            .onKernel(32));
  }

  /** Where stores to code are made to be seen. */
  static List<VdsoSymbol> caches() {
    String name = "__kernel_sync_dicache";
    return List.of(
        loop(EVER, ASKING, 64, 7),
        loop(EVER, ASKING, 32, 7),
        asking(ASKING, GENERIC, 64, XsecTime.DATA_PAGE, "r9"),
        asking(ASKING, GENERIC, 32, XsecTime.DATA_PAGE, "r9"),
        asking(GENERIC, NEVER, 64, FIXUP + GenericTime.ARCH_PAGE, "r5"),
        asking(GENERIC, NEVER, 32, FIXUP + GenericTime.ARCH_PAGE, "r5").onKernel(64),
        loop(GENERIC, NEVER, 32, 5).onKernel(32),
        new VdsoSymbol(name + "_p5", EVER, GENERIC, 64, LEAF, COHERENT),
        new VdsoSymbol(name + "_p5", EVER, GENERIC, 32, LEAF, COHERENT));
  }

  /** The release whose code asks the data page for the size of cache blocks. */
  private static final Version ASKING = release("2.6.20");

  private static final String COHERENT =
      """
        crclr   so
        sync
        isync
        li      r3,0
        blr
      """;

  /** Processors whose instruction caches see stores need no loop; the kernel clears others' way. */
  private static final String FIXUP =
      """
      {name}$fixup:
        {branch if coherent-icache}
      {name}$fixed:
      """;

  private static final String COHERENT_END =
      """
      6: crclr  so
        sync
        icbi    0,r1
        isync
        li      r3,0
        blr
      """;

  /**
   * {@code (start r3, end r4)}: writes back and then invalidates each block of the range.
   *
   * @param log2 of a block's size
   */
  private static VdsoSymbol loop(Version since, Version until, int bits, int log2) {
    String code =
        """
          li      r5,{block}-1
          andc    r6,r3,r5
          subf    r8,r6,r4
          add     r8,r8,r5
          srwi.   r8,r8,{log}
          crclr   so
          beqlr
          mtctr   r8
          mr      r7,r6
        1: dcbst  0,r7
          addi    r7,r7,{block}
          bdnz    1b
          sync
          mtctr   r8
        1: icbi   0,r6
          addi    r6,r6,{block}
          bdnz    1b
          isync
          li      r3,0
          blr
        """
            .replace("{block}", Integer.toString(1 << log2))
            .replace("{log}", Integer.toString(log2));
    boolean fixed = since.equals(GENERIC);
    return new VdsoSymbol(
        "__kernel_sync_dicache",
        since,
        until,
        bits,
        LEAF,
        fixed ? FIXUP + code + COHERENT_END : code);
  }

  /** The same with sizes from the data page, whose address the begin leaves in a register. */
  private static VdsoSymbol asking(
      Version since, Version until, int bits, String begin, String page) {
    String code =
        """
          mr      r11,{page}
          lwz     r7,dcache_block_size(r11)
          lwz     r9,dcache_log_block_size(r11)
          subi    r10,r7,1
          andc    r6,r3,r10
          subf    r8,r6,r4
          add     r8,r8,r10
          srw.    r8,r8,r9
          crclr   so
          beqlr
          mtctr   r8
        1: dcbst  0,r6
          add     r6,r6,r7
          bdnz    1b
          sync
          lwz     r7,icache_block_size(r11)
          lwz     r9,icache_log_block_size(r11)
          subi    r10,r7,1
          andc    r6,r3,r10
          subf    r8,r6,r4
          add     r8,r8,r10
          srw.    r8,r8,r9
          beqlr
          mtctr   r8
        1: icbi   0,r6
          add     r6,r6,r7
          bdnz    1b
          isync
          li      r3,0
          blr
        """
            .replace("{page}", page);
    String end = since.equals(GENERIC) ? COHERENT_END : "";
    return new VdsoSymbol(
        "__kernel_sync_dicache",
        since,
        until,
        bits,
        VdsoSymbol.Frame.LINK_IN_R12,
        (begin + code + end).replace("{name}", "__kernel_sync_dicache"));
  }
}
