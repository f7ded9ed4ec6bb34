package dev.vestibule.cpu.power;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AssemblerTest {
  @TempDir Path dir;

  @Test
  void readsWhatTheDisassemblerWrites() {
    long seed = Long.getLong("seed", 21);
    List<String> differences = new ArrayList<>();
    int[] words = DisassemblerTest.words(new Random(seed));
    for (int i = 0; i < words.length; i++) {
      long address = 0x1_0000_0000L + 4L * i;
      String text = Disassembler.disassemble(words[i], address);
      String again;
      try {
        int word = ByteBuffer.wrap(new Assembler(true).assemble(text, address).bytes()).getInt();
        // Reserved bits of BO come back as 0.
        again = Disassembler.disassemble(word, address);
      } catch (AssemblyException e) {
        again = e.getMessage();
      }
      if (!again.equals(text)) {
        differences.add("%08x: %s: %s".formatted(words[i], text, again));
      }
    }
    assertThat(differences).as("seed %d", seed).isEmpty();
  }

  private static final String SOURCE =
      """
      .set size, 5*8 ; half = size >> 1
      begin:  li 3,-1 ; lis %r4,0x8000 ; la 5,8(r1)
      lis 6,1000000@h ; ori 6,6,1000000@l ; lis 6,1000000000@h ; ori 6,6,1000000000@l
      addis 7,7,(end-begin+0x123456)@ha ; addi 7,7,(end-begin+0x123456)@l
      1: lwzu r3,-4(r4)        # a comment; with a semicolon
      cmpwi cr7,r3,'A' ; cmplwi r3,0xffff ; cmpdi 3,-1 ; cmpldi cr1,3,1 ; cmpw 3,4 ; cmpld cr2,3,4
      beq cr7,1f ; bne- 1b ; blt+ cr2,1b ; bdnz 1b ; bdz 1f ; bge end ; bnl end ; bng end
      bso cr3,1b ; bns 1b
      b end ; bl begin ; bcl 20,31,1f
      1: 2: blr ; blrl ; bctr ; bctrl ; beqlr ; bnelr cr6 ; bgtctr cr5 ; bdnzlr ; bc 12,4*cr3+eq,2b
      mr 3,4 ; mr. 3,4 ; not 5,6 ; sub 3,4,5 ; sub. 3,4,5 ; subi 3,3,8 ; subc 3,4,5
      slwi 3,4,5 ; srwi 3,4,5 ; sldi 3,4,33 ; srdi. 3,4,33 ; clrlwi 3,4,16 ; clrrwi 3,4,4
      clrldi 3,4,32 ; clrrdi 3,4,12 ; rotlwi 3,4,8 ; rotrwi 3,4,8 ; rotldi 3,4,9 ; rotlw 3,4,5
      extlwi 3,4,8,9 ; extrwi 3,4,8,9 ; inslwi 3,4,8,9 ; insrwi 3,4,8,9 ; clrlslwi 3,4,9,3
      extldi 3,4,8,9 ; extrdi 3,4,8,9 ; insrdi 3,4,8,9 ; clrlsldi 3,4,9,3
      rldicl 3,4,20,44 ; rldicr 3,4,20,43 ; rlwimi 3,4,12,0,19 ; rldimi 3,4,5,6
      mflr 12 ; mtlr 12 ; mfctr 0 ; mtctr 0 ; mfcr 0 ; mtcr 0 ; mtcrf 0x81,3 ; mfxer 4 ; mtxer 4
      mftb 3 ; mftbu 4 ; mfspr 5,259 ; mfocrf 3,0x10 ; mtocrf 0x10,3
      crclr 4*cr0+so ; crset so ; crnot 3,4 ; crmove 4*cr1+lt,4*cr2+gt ; crorc eq,lt,gt
      sync ; lwsync ; isync ; eieio ; hwsync ; sc ; nop ; trap ; twi 31,0,0 ; tweq 3,4 ; tdlgei 3,5
      ld 3,size(1) ; std 3,-half(r1) ; stdu 1,-112(1) ; lwa 3,8(4) ; lmw 29,0(1)
      lwarx 3,0,4 ; stwcx. 3,0,4 ; ldarx 3,0,4 ; dcbst 0,3 ; icbi 0,6 ; dcbz 3,4 ; isel 3,4,5,eq
      mulhwu 3,4,5 ; addc. 3,4,5 ; adde 3,4,5 ; addze 3,4 ; subfc 7,6,4 ; subfe. 0,5,3 ; neg 3,3
      mulhdu 8,8,5 ; divdu 3,4,5 ; mullw 3,4,5 ; cntlzw 3,4 ; extsw 3,4 ; andi. 0,7,1 ; xoris 3,4,0x7fff
      .balign 4
      end: .long 1, end-begin, . - end ; .quad 0x123456789abcdef0, -21*8 ; .short 7,-7 ; .byte 1,2,3
      .ascii "ab,#;\\n" ; .asciz "x\\"y"
      .align 3
      .space 4, 0x55
      .long (3+4)*5-6/2, ~0 & 0xff, 1<<5|3, 0b101, 017, 7%4, begin-end
      """;

  @Test
  void agreesWithGnuAs() {
    Binutils.assume();
    byte[] expected = Binutils.assemble(dir, SOURCE);
    byte[] ours = new Assembler(true).assemble(SOURCE, 0).bytes();
    assertThat(lines(ours)).isEqualTo(lines(expected));
    assertThat(new Assembler(true).assemble(SOURCE, 0x10000).bytes()).isEqualTo(expected);
  }

  private static List<String> lines(byte[] bytes) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i + 4 <= bytes.length; i += 4) {
      int word = ByteBuffer.wrap(bytes).getInt(i);
      lines.add("%03x: %08x %s".formatted(i, word, Disassembler.disassemble(word, i)));
    }
    return lines;
  }

  @Test
  void namesTheLineOfAMistake() {
    complains("nop\nfoo 3,4\n", "line 2: unknown instruction foo");
    complains("addi 3,4\n", "line 1: addi does not take 2 operands");
    complains("addi 3,4,40000", "line 1: '40000' is 40000, not from -32768 to 32767");
    complains("ld 3,2(4)", "line 1: '2' is 2, not a multiple of 4");
    complains("lwz 3,4", "line 1: '4' must look like d(ra)");
    complains("b nowhere", "line 1: unknown symbol nowhere");
    complains("b 1f", "line 1: unknown symbol 1f");
    complains("a: nop\na: nop", "line 2: label a exists already");
    complains(".long 1/0", "line 1: division by zero");
    complains(".long 1 2", "line 1: '1 2' ends at '2'");
    complains(".ascii \"a", "line 1: unterminated string");
    complains(".space 1<<40", "line 1: impossible size 1099511627776");
    complains("li r32,0", "line 1: unknown symbol r32");
    complains("mr 3,32", "line 1: '32' is 32, not from 0 to 31");
    complains(".long " + "(".repeat(5000), "line 1: nested too deep");
  }

  private static void complains(String source, String message) {
    assertThatThrownBy(() -> new Assembler(true).assemble(source, 0))
        .isInstanceOf(AssemblyException.class)
        .hasMessage(message);
  }

  @Test
  void writesLittleEndianToo() {
    assertThat(new Assembler(false).assemble("blr ; .short 0x102", 0).bytes())
        .containsExactly(0x20, 0x00, 0x80, 0x4e, 0x02, 0x01);
  }
}
