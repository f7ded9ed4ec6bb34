package dev.vestibule.handed.power;

import static dev.vestibule.handed.power.VdsoSymbol.EVER;
import static dev.vestibule.handed.power.VdsoSymbol.Frame.LEAF;
import static dev.vestibule.handed.power.VdsoSymbol.Frame.SIGNAL;
import static dev.vestibule.handed.power.VdsoSymbol.Frame.SIGNAL_RT;
import static dev.vestibule.handed.power.VdsoSymbol.NEVER;
import static dev.vestibule.handed.power.VdsoSymbol.release;

import dev.vestibule.profile.Version;
import java.util.List;

/** Signal trampolines and cache maintenance. */
final class Common {
  private static final Version BRANCHING = release("5.10");
  private static final Version GENERIC = release("5.11");

  private Common() {}

  static List<VdsoSymbol> trampolines() {
    return List.of(
        new VdsoSymbol(
            "__kernel_sigtramp_rt64",
            EVER,
            BRANCHING,
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
            """),
        new VdsoSymbol(
            "__kernel_sigtramp_rt64",
            BRANCHING,
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
            """),
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

  /** Processors whose instruction caches see stores need no loop. */
  static List<VdsoSymbol> caches() {
    return List.of(
        new VdsoSymbol(
            "__kernel_sync_dicache",
            GENERIC,
            NEVER,
            64,
            LEAF,
            """
              sync
              icbi    0,r1
              isync
              li      r3,0
              crclr   so
              blr
            """),
        sync("__kernel_sync_dicache", EVER, GENERIC, 64, 128),
        sync("__kernel_sync_dicache", EVER, GENERIC, 32, 128),
        sync("__kernel_sync_dicache", GENERIC, NEVER, 32, 32),
        new VdsoSymbol("__kernel_sync_dicache_p5", EVER, GENERIC, 64, LEAF, COHERENT),
        new VdsoSymbol("__kernel_sync_dicache_p5", EVER, GENERIC, 32, LEAF, COHERENT));
  }

  private static final String COHERENT =
      """
        sync
        isync
        li      r3,0
        blr
      """;

  /** {@code (start r3, end r4)}: writes back and then invalidates each block of the range. */
  private static VdsoSymbol sync(String name, Version since, Version until, int bits, int block) {
    String code =
        """
          li      r5,{block}-1
          andc    r6,r3,r5
          subf    r8,r6,r4
          add     r8,r8,r5
          {shift} r8,r8,{log}
          crclr   so
          beqlr
          mtctr   r8
          mr      r3,r6
        1: dcbst  0,r3
          addi    r3,r3,{block}
          bdnz    1b
          sync
          mtctr   r8
        1: icbi   0,r6
          addi    r6,r6,{block}
          bdnz    1b
          isync
          li      r3,0
          crclr   so
          blr
        """
            .replace("{block}", Integer.toString(block))
            .replace("{log}", Integer.toString(Integer.numberOfTrailingZeros(block)))
            .replace("{shift}", bits == 64 ? "srdi." : "srwi.");
    return new VdsoSymbol(name, since, until, bits, LEAF, code);
  }
}
