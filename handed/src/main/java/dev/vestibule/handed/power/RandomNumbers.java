package dev.vestibule.handed.power;

import static dev.vestibule.handed.power.VdsoSymbol.NEVER;
import static dev.vestibule.handed.power.VdsoSymbol.release;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Random numbers without a system call, since Linux 6.12: ChaCha20 with a key that is fetched anew
 * whenever the generation in the data page says so. The caller's opaque state has 144 bytes: 96 of
 * output in stock, the key of 32, the key's generation, how much of the stock is used up, and
 * whether the state is in use. Nothing of the cipher ever lies on the stack, and used bytes are
 * zeroed.
 *
 * <p>The cipher's sixteen words are r14 to r29; r30 holds the state, r31 where output goes, r6 how
 * much is still wanted, r9 the block counter.
 */
final class RandomNumbers {
  private static final String NAME = "__kernel_getrandom";

  private static final String STATE =
      """
      .set KEY,96
      .set GENERATION,128
      .set POSITION,136
      .set IN_USE,137
      .set STATE_SIZE,144
      """;

  /** Refuses, or leaves to the system call at 8, whatever needs no cipher; r8 = the page. */
  private static final String CHECKS =
      """
        {cmpi}  r7,-1
        bne     1f
        or      r0,r3,r4
        or.     r0,r0,r5
        bne     1f
        li      r0,STATE_SIZE                # what is the state to be?
        stw     r0,0(r6)
        li      r0,3                         # PROT_READ | PROT_WRITE
        stw     r0,4(r6)
        li      r0,0x28                      # MAP_DROPPABLE | MAP_ANONYMOUS
        stw     r0,8(r6)
        li      r0,13
        mtctr   r0
        addi    r6,r6,8
        li      r0,0
      2: stwu   r0,4(r6)
        bdnz    2b
        b       7f
      1: andi.  r0,r6,PAGE_SIZE-1
        cmplwi  r0,PAGE_SIZE-STATE_SIZE
        bgt     16f                          # it must not cross a page's end
        srwi.   r0,r5,3
        bne     8f
        {cmpi}  r7,STATE_SIZE
        bne     8f
        mflr    r12
      {name}$kept:
        bcl     20,31,9f
      9: mflr   r8
        mtlr    r12
      {name}$back:
        addis   r8,r8,(rng_page-9b)@ha
        addi    r8,r8,(rng_page-9b)@l
        lbz     r0,rng_is_ready(r8)
        cmpwi   r0,0
        beq     8f
        {cmpi}  r4,0
        beq     7f
        lbz     r0,IN_USE(r6)
        cmpwi   r0,0
        bne     8f
      """;

  private static final String BODY =
      """
        {stu}   r1,-FRAME(r1)
      {name}$framed:
        mflr    r0
        {st}    r0,FRAME+LINK(r1)
        {saves}
      {name}$saved:
        {st}    r3,BUFFER(r1)
        {st}    r4,LENGTH(r1)
        {st}    r5,FLAGS(r1)
        {st}    r8,PAGE(r1)
        mr      r30,r6
        li      r0,1
        stb     r0,IN_USE(r30)
        li      r0,0
        {st}    r0,RETRIED(r1)
        li      r9,0
        lis     r0,0x7fff                    # no call yields more
        ori     r0,r0,-PAGE_SIZE & 0xffff
        {cmpl}  r4,r0
        ble     1f
        mr      r4,r0
      1: {st}   r4,YIELD(r1)

      # Does the key belong to this generation?
      10: {ld}  r8,PAGE(r1)
        {compare}
        beq     2f
        {renew}
        lwsync
        {st}    r9,COUNTER(r1)
        addi    r3,r30,KEY
        li      r4,32
        li      r5,0
        li      r0,359
        sc
        bso     5f
        cmpwi   r3,32
        bne     5f
        {ld}    r9,COUNTER(r1)
        li      r0,96
        stb     r0,POSITION(r30)
      2: {ld}   r31,BUFFER(r1)
        {ld}    r6,YIELD(r1)

      # Bytes in stock first.
      11: lbz   r7,POSITION(r30)
        subfic  r8,r7,96
        {cmpl}  r8,r6
        ble     1f
        mr      r8,r6
      1: cmpwi  r8,0
        beq     3f
        mtctr   r8
        add     r11,r30,r7
        add     r7,r7,r8
        stb     r7,POSITION(r30)
        subf    r6,r8,r6
        li      r12,0
      2: lbz    r0,0(r11)
        stb     r0,0(r31)
        stb     r12,0(r11)
        addi    r11,r11,1
        addi    r31,r31,1
        bdnz    2b
      3: {cmpi} r6,0
        bne     12f
        {ld}    r8,PAGE(r1)
        {compare}
        bne     4f
        li      r0,0
        stb     r0,IN_USE(r30)
        {ld}    r3,YIELD(r1)
        crclr   so
        b       13f
      # The key was replaced or wiped meanwhile: once more from the start, then no more.
      4: {ld}   r0,RETRIED(r1)
        cmpwi   r0,0
        bne     6f
        li      r0,1
        {st}    r0,RETRIED(r1)
        b       10b
      5: li     r0,0
        {forget}
      6: li     r0,0
        stb     r0,IN_USE(r30)
        {ld}    r3,BUFFER(r1)
        {ld}    r4,LENGTH(r1)
        {ld}    r5,FLAGS(r1)
        li      r0,359
        sc
        b       13f

      # Whole blocks go where they are wanted, two more replace the stock and the key.
      12: srwi    r10,r6,6
        andi.   r6,r6,63
        cmpwi   r10,0
        beq     1f
        bl      20f
      1: mr     r5,r31
        mr      r31,r30
        li      r10,2
        bl      20f
        mr      r31,r5
        li      r0,0
        stb     r0,POSITION(r30)
        b       11b

      {name}$restoring:
      13: {ld}  r0,FRAME+LINK(r1)
        mtlr    r0
        {restores}
        addi    r1,r1,FRAME
      {name}$restored:
        blr
      """;

  private static final String ENDS =
      """
      16: li    r3,14                        # EFAULT
        crset   so
        blr
      7: li     r3,0
        crclr   so
        blr
      8: li     r0,359
        sc
        blr
      {name}$cipher:
      """;

  private static final int FIRST_SAVED = 14;
  private static final int LAST_SAVED = 31;
  private static final int[] CONSTANTS = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  private static final int[][] QUARTERS = {
    {0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15},
    {0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14}
  };

  private RandomNumbers() {}

  static List<VdsoSymbol> symbols() {
    return List.of(symbol(64), symbol(32));
  }

  /** Bytes of its stack frame. */
  static int frame(int word) {
    return slots(word) + 7 * word + 15 & -16;
  }

  /** Where in the frame a register is saved. */
  static int saved(int register, int word) {
    return (word == 8 ? 112 : 16) + (register - FIRST_SAVED) * word;
  }

  /** Where in the caller's frame the return address is saved. */
  static int link(int word) {
    return word == 8 ? 16 : 4;
  }

  /** The registers that it saves. */
  static IntStream savedRegisters() {
    return IntStream.rangeClosed(FIRST_SAVED, LAST_SAVED);
  }

  private static int slots(int word) {
    return saved(LAST_SAVED + 1, word);
  }

  private static VdsoSymbol symbol(int bits) {
    boolean wide = bits == 64;
    int word = bits / 8;
    StringBuilder names = new StringBuilder(STATE);
    names.append(".set FRAME,").append(frame(word)).append('\n');
    names.append(".set LINK,").append(link(word)).append('\n');
    String[] slots = {"BUFFER", "LENGTH", "FLAGS", "PAGE", "RETRIED", "YIELD", "COUNTER"};
    for (int i = 0; i < slots.length; i++) {
      names.append(".set %s,%d\n".formatted(slots[i], slots(word) + i * word));
    }
    String code =
        (names + CHECKS + BODY + ENDS + cipher())
            .replace("{saves}", registers("{st} r%d,%d(r1)\n", word))
            .replace("{restores}", registers("{ld} r%d,%d(r1)\n", word))
            .replace("{compare}", wide ? COMPARE_64 : COMPARE_32)
            .replace("{renew}", wide ? "std r11,GENERATION(r30)" : RENEW_32)
            .replace("{forget}", wide ? "std r0,GENERATION(r30)" : FORGET_32)
            .replace("{cmpi}", wide ? "cmpdi" : "cmpwi")
            .replace("{cmpl}", wide ? "cmpld" : "cmplw")
            .replace("{stu}", wide ? "stdu" : "stwu")
            .replace("{st}", wide ? "std" : "stw")
            .replace("{ld}", wide ? "ld" : "lwz");
    return new VdsoSymbol(NAME, release("6.12"), NEVER, bits, VdsoSymbol.Frame.STACK, code);
  }

  private static String registers(String line, int word) {
    return savedRegisters()
        .mapToObj(r -> line.formatted(r, saved(r, word)))
        .collect(Collectors.joining());
  }

  private static final String COMPARE_64 =
      "ld r11,rng_generation(r8)\n ld r0,GENERATION(r30)\n cmpd r0,r11\n";
  private static final String COMPARE_32 =
      """
        lwz     r11,rng_generation(r8)
        lwz     r12,rng_generation+4(r8)
        lwz     r0,GENERATION(r30)
        lwz     r10,GENERATION+4(r30)
        xor     r0,r0,r11
        xor     r10,r10,r12
        or.     r0,r0,r10
      """;
  private static final String RENEW_32 = "stw r11,GENERATION(r30)\n stw r12,GENERATION+4(r30)\n";
  private static final String FORGET_32 = "stw r0,GENERATION(r30)\n stw r0,GENERATION+4(r30)\n";

  /** r10 blocks to r31 and on, with the key of the state in r30; keeps r5 and r6. */
  private static String cipher() {
    StringBuilder code = new StringBuilder("20:\n");
    for (int i = 0; i < 16; i++) {
      if (i < 4) {
        code.append(constant("r" + (FIRST_SAVED + i), i));
      } else if (i < 12) {
        code.append("li r8,KEY+%d\n {load le} r%d,r30,r8\n".formatted(4 * (i - 4), 14 + i));
      } else {
        code.append(i == 12 ? "mr r26,r9\n" : "li r%d,0\n".formatted(14 + i));
      }
    }
    code.append("li r0,10\n mtctr r0\n21:\n");
    for (int[] q : QUARTERS) {
      step(code, q[0], q[1], q[3], 16);
      step(code, q[2], q[3], q[1], 12);
      step(code, q[0], q[1], q[3], 8);
      step(code, q[2], q[3], q[1], 7);
    }
    code.append("bdnz 21b\n");
    for (int i = 0; i < 16; i++) {
      int register = FIRST_SAVED + i;
      String input =
          i < 4
              ? constant("r0", i)
              : i < 12
                  ? "li r8,KEY+%d\n {load le} r0,r30,r8\n".formatted(4 * (i - 4))
                  : i == 12 ? "mr r0,r9\n" : "li r0,0\n";
      code.append(input);
      code.append("add r%d,r%d,r0\n li r8,%d\n".formatted(register, register, 4 * i));
      code.append("{store le} r%d,r31,r8\n".formatted(register));
    }
    return code.append("addi r31,r31,64\n addi r9,r9,1\n addic. r10,r10,-1\n bne 20b\n blr\n")
        .toString();
  }

  private static String constant(String register, int i) {
    return "lis %s,0x%x\n ori %s,%s,0x%x\n"
        .formatted(
            register, (short) (CONSTANTS[i] >>> 16), register, register, CONSTANTS[i] & 0xffff);
  }

  /** {@code a += b; d = (d ^ a) <<< bits}. */
  private static void step(StringBuilder code, int a, int b, int d, int bits) {
    code.append("add r%d,r%d,r%d\n".formatted(14 + a, 14 + a, 14 + b));
    code.append("xor r%d,r%d,r%d\n".formatted(14 + d, 14 + d, 14 + a));
    code.append("rotlwi r%d,r%d,%d\n".formatted(14 + d, 14 + d, bits));
  }
}
