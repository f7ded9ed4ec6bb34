package dev.vestibule.cpu.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Do GNU as and objdump read our encodings as the instructions that we mean? */
class AssemblerTest {
  private static final String[] WIDE =
      "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ", -1);
  private static final String[] NARROW =
      "eax ecx edx ebx esp ebp esi edi r8d r9d r10d r11d r12d r13d r14d r15d".split(" ", -1);
  private static final String[] BYTES =
      "al cl dl bl spl bpl sil dil r8b r9b r10b r11b r12b r13b r14b r15b".split(" ", -1);
  private static final String[] HALVES =
      "ax cx dx bx sp bp si di r8w r9w r10w r11w r12w r13w r14w r15w".split(" ", -1);
  private static final String[] OPERATIONS = "add or adc sbb and sub xor cmp".split(" ", -1);
  private static final int[] DISPLACEMENTS = {0, 8, -128, 127, 128, 0x12345};

  private final VectorAssembler a = new VectorAssembler();
  private final List<String> expected = new ArrayList<>();

  @Test
  void encodingsMeanWhatIsWritten(@TempDir Path directory) throws Exception {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "needs an x86-64 host's binutils");
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/objdump")), "needs binutils");
    for (int r = 0; r < 16; r++) {
      oneRegister(r);
      for (int s = 0; s < 16; s++) {
        twoRegisters(r, s);
      }
      for (int displacement : DISPLACEMENTS) {
        for (int base = 0; base < 16; base++) {
          memory(r, base, displacement);
        }
      }
    }
    lowRegisters();
    byte[] ours = Arrays.copyOf(a.bytes(), a.size());
    Path source = directory.resolve("in.s");
    Files.writeString(source, ".intel_syntax noprefix\n" + String.join("\n", expected) + "\n");
    Path object = directory.resolve("out.o");
    Path theirs = directory.resolve("theirs.bin");
    run("as", "-o", object.toString(), source.toString());
    run("objcopy", "-O", "binary", "-j", ".text", object.toString(), theirs.toString());
    Path mine = Files.write(directory.resolve("ours.bin"), ours);
    List<String> is = disassemble(mine);
    List<String> shouldBe = disassemble(theirs);
    for (int i = 0; i < Math.min(is.size(), shouldBe.size()); i++) {
      assertThat(is.get(i)).as("instruction %d", i).isEqualTo(shouldBe.get(i));
    }
    assertThat(is).hasSameSizeAs(shouldBe);
  }

  private void oneRegister(int r) {
    String wide = WIDE[r];
    String narrow = NARROW[r];
    for (long value : new long[] {1, 0x7fff_ffffL, 0xffff_ffffL}) {
      a.constant(r, value);
      expected.add("mov %s, 0x%x".formatted(narrow, value));
    }
    a.constant(r, 0);
    expected.add("xor %s, %s".formatted(narrow, narrow));
    a.constant(r, -2);
    expected.add("mov %s, -2".formatted(wide));
    a.constant(r, 0x1234_5678_9abc_def0L);
    expected.add("movabs %s, 0x123456789abcdef0".formatted(wide));
    a.byteSwap(true, r);
    expected.add("bswap " + wide);
    a.byteSwap(false, r);
    expected.add("bswap " + narrow);
    for (int operation = 0; operation < 8; operation++) {
      a.operateConstant(true, operation, r, -5);
      expected.add("%s %s, -5".formatted(OPERATIONS[operation], wide));
      a.operateConstant(false, operation, r, 0x1234);
      expected.add("%s %s, 0x1234".formatted(OPERATIONS[operation], narrow));
    }
    a.bitToCarry(r, 3);
    expected.add("bt %s, 3".formatted(narrow));
    a.testByte(r, 64);
    expected.add("test %s, 64".formatted(BYTES[r]));
    a.set(Assembler.LESS, r);
    expected.add("setl " + BYTES[r]);
    a.shift(true, Assembler.SAR, r, 63);
    expected.add("sar %s, 63".formatted(wide));
    a.shift(false, Assembler.ROL, r, 7);
    expected.add("rol %s, 7".formatted(narrow));
    a.shift(true, Assembler.SHL, r);
    expected.add("shl %s, cl".formatted(wide));
    a.one(true, Assembler.NEG, r);
    expected.add("neg " + wide);
    a.one(false, Assembler.DIV, r);
    expected.add("div " + narrow);
    a.one(true, Assembler.IDIV, r);
    expected.add("idiv " + wide);
    a.one(true, Assembler.MUL, r);
    expected.add("mul " + wide);
    a.rotate16(r, 8);
    expected.add("rol %s, 8".formatted(HALVES[r]));
    a.readGsBase(r);
    expected.add("rdgsbase " + wide);
    a.writeGsBase(r);
    expected.add("wrgsbase " + wide);
    a.syscall();
    expected.add("syscall");
    a.push(r);
    expected.add("push " + wide);
    a.pop(r);
    expected.add("pop " + wide);
    a.jumpRegister(r);
    expected.add("jmp " + wide);
    a.signIntoRdx(true);
    expected.add("cqo");
    a.signIntoRdx(false);
    expected.add("cdq");
    a.fence();
    expected.add("mfence");
    a.cpuid();
    expected.add("cpuid");
    a.xgetbv();
    expected.add("xgetbv");
    a.complementCarry();
    expected.add("cmc");
    a.ret();
    expected.add("ret");
    a.toVector(r, 15 - r);
    expected.add("movq xmm%d, %s".formatted(r, WIDE[15 - r]));
    a.fromVector(r, 15 - r);
    expected.add("movq %s, xmm%d".formatted(wide, 15 - r));
    a.shiftBytes(true, r, 7);
    expected.add("pslldq xmm%d, 7".formatted(r));
    a.shiftBytes(false, r, 8);
    expected.add("psrldq xmm%d, 8".formatted(r));
    for (int k = 1; k < 4; k++) {
      a.shiftElements(k, VectorAssembler.LEFT, r, 5);
      expected.add("psll%s xmm%d, 5".formatted("bwdq".charAt(k), r));
      a.shiftElements(k, VectorAssembler.RIGHT, r, 5);
      expected.add("psrl%s xmm%d, 5".formatted("bwdq".charAt(k), r));
    }
    a.shiftElements(2, VectorAssembler.RIGHT_SIGNED, r, 31);
    expected.add("psrad xmm%d, 31".formatted(r));
  }

  /** What has no use for more than eight registers, and constants behind the code. */
  private void lowRegisters() {
    for (int r = 0; r < 8; r++) {
      for (int s = 0; s < 8; s++) {
        for (int t = 0; t < 8; t++) {
          a.vex(0x0f3847, t > 3, r, s, t);
          expected.add("vpsllv%s xmm%d, xmm%d, xmm%d".formatted(t > 3 ? "q" : "d", r, s, t));
        }
        a.vex(0x0f72, false, VectorAssembler.LEFT, r, s);
        a.emit8(9);
        expected.add("vpslld xmm%d, xmm%d, 9".formatted(r, s));
      }
      a.integerConstant(0x0f3800, r, 1, 2);
      expected.add("pshufb xmm%d, [rip+ones]".formatted(r));
      a.integerConstant(0x0fdb, r, 3, 4);
      expected.add("pand xmm%d, [rip+threes]".formatted(r));
    }
    for (int r = 0; r < 32; r++) {
      for (int s = 0; s < 32; s++) {
        a.evex(0x0f3875, false, r, s, 31 - r);
        expected.add("vpermi2b xmm%d, xmm%d, xmm%d".formatted(r, s, 31 - r));
        a.evex(0x0f3815, true, r, s, 31 - s);
        expected.add("vprolvq xmm%d, xmm%d, xmm%d".formatted(r, s, 31 - s));
      }
      a.evex(0x0f72, true, 0, r, 31 - r);
      a.emit8(41);
      expected.add("vprorq xmm%d, xmm%d, 41".formatted(r, 31 - r));
      a.evex(0x0f3a25, false, r, 31 - r, r);
      a.emit8(0x96);
      expected.add("vpternlogd xmm%d, xmm%d, xmm%d, 0x96".formatted(r, 31 - r, r));
      a.evex(0x0f6f, true, r, 0, 31 - r);
      expected.add("vmovdqa64 xmm%d, xmm%d".formatted(r, 31 - r));
      a.evex(0x0f3844, true, r, 0, 31 - r);
      expected.add("vplzcntq xmm%d, xmm%d".formatted(r, 31 - r));
    }
    for (int at = a.size(); at % 16 != 0; at++) {
      expected.add("int3");
    }
    a.emitConstants();
    expected.add("ones: .quad 2, 1\nthrees: .quad 4, 3");
  }

  private void twoRegisters(int r, int s) {
    if (r != s) {
      a.move(r, s);
      expected.add("mov %s, %s".formatted(WIDE[r], WIDE[s]));
    }
    a.move32(r, s);
    expected.add("mov %s, %s".formatted(NARROW[r], NARROW[s]));
    a.signExtend32(r, s);
    expected.add("movsxd %s, %s".formatted(WIDE[r], NARROW[s]));
    a.signExtend16(r, s);
    expected.add("movsx %s, %s".formatted(WIDE[r], HALVES[s]));
    a.signExtend8(r, s);
    expected.add("movsx %s, %s".formatted(WIDE[r], BYTES[s]));
    a.zeroExtend16(r, s);
    expected.add("movzx %s, %s".formatted(NARROW[r], HALVES[s]));
    a.zeroExtend8(r, s);
    expected.add("movzx %s, %s".formatted(NARROW[r], BYTES[s]));
    a.moveIf(Assembler.NOT_EQUAL, r, s);
    expected.add("cmovne %s, %s".formatted(WIDE[r], WIDE[s]));
    a.operate(true, Assembler.SUB, r, s);
    expected.add("sub %s, %s".formatted(WIDE[r], WIDE[s]));
    a.operate(false, Assembler.ADC, r, s);
    expected.add("adc %s, %s".formatted(NARROW[r], NARROW[s]));
    a.test(true, r, s);
    expected.add("test %s, %s".formatted(WIDE[r], WIDE[s]));
    a.multiply(true, r, s);
    expected.add("imul %s, %s".formatted(WIDE[r], WIDE[s]));
    a.multiply(false, r, s, 0x4321);
    expected.add("imul %s, %s, 0x4321".formatted(NARROW[r], NARROW[s]));
    a.multiplyByRdx(r, s, s);
    expected.add("mulx %1$s, %2$s, %2$s".formatted(WIDE[r], WIDE[s]));
    a.leadingZeros(true, r, s);
    expected.add("lzcnt %s, %s".formatted(WIDE[r], WIDE[s]));
    a.populationCount(false, r, s);
    expected.add("popcnt %s, %s".formatted(NARROW[r], NARROW[s]));
    a.integer(0x0f3a0f, r, s, 11);
    expected.add("palignr xmm%d, xmm%d, 11".formatted(r, s));
    a.integer(0x0f38dc, r, s);
    expected.add("aesenc xmm%d, xmm%d".formatted(r, s));
    a.vector(0, false, 0x0fc6, r, s);
    a.emit8(0x88);
    expected.add("shufps xmm%d, xmm%d, 0x88".formatted(r, s));
    a.vector(0x66, false, 0x0fef, r, s);
    expected.add("pxor xmm%d, xmm%d".formatted(r, s));
    a.vector(0x66, true, 0x0f6e, r, s);
    expected.add("movq xmm%d, %s".formatted(r, WIDE[s]));
    a.vector(0xf2, false, 0x0f58, r, s);
    expected.add("addsd xmm%d, xmm%d".formatted(r, s));
    if (s != Assembler.RSP) {
      indexed(r, s);
    }
  }

  /** Memory at rbp + index * 4 + displacement, and in the guest's window. */
  private void indexed(int r, int index) {
    a.memory(true, 0x39, r, Assembler.RBP, index, 2, 0x1f80);
    expected.add("cmp [rbp+%s*4+0x1f80], %s".formatted(WIDE[index], WIDE[r]));
    a.jumpMemory(Assembler.RBP, index, 2, 0x1f88);
    expected.add("jmp qword ptr [rbp+%s*4+0x1f88]".formatted(WIDE[index]));
    a.loadAddress(true, r, Assembler.R13, index, 0, 0);
    expected.add("lea %s, [r13+%s*1+0]".formatted(WIDE[r], WIDE[index]));
    guest(r, new Assembler.Place(Assembler.R15, index, 0), "[r15+%s*1]".formatted(WIDE[index]));
    guest(r, new Assembler.Place(Assembler.RSP, index, -8), "[rsp+%s*1-8]".formatted(WIDE[index]));
    guest(r, new Assembler.Place(Assembler.R13, -1, 0x1234), "[r13+0x1234]");
    guest(r, new Assembler.Place(-1, -1, 0x1234), "[0x1234]");
    a.guest(true, 0, false, 0x8b, r, new Assembler.Place(Assembler.RBX, index, 8));
    expected.add("mov %s, gs:[ebx+%s*1+8]".formatted(NARROW[r], NARROW[index]));
  }

  private void guest(int r, Assembler.Place place, String text) {
    String at = "gs:" + text;
    a.guest(false, 0, true, 0x8b, r, place);
    expected.add("mov %s, %s".formatted(WIDE[r], at));
    a.guest(false, 0, false, 0x0fb6, r, place);
    expected.add("movzx %s, byte ptr %s".formatted(NARROW[r], at));
    a.guest(false, 0, true, 0x0f38f0, r, place);
    expected.add("movbe %s, %s".formatted(WIDE[r], at));
    a.guest(false, 0, false, 0x0f38f1, r, place);
    expected.add("movbe %s, %s".formatted(at, NARROW[r]));
    a.guest(false, 0x66, false, 0x0f38f1, r, place);
    expected.add("movbe %s, %s".formatted(at, HALVES[r]));
    a.guest(false, 0x66, false, 0x89, r, place);
    expected.add("mov word ptr %s, %s".formatted(at, HALVES[r]));
    a.guest(false, 0, false, 0x88, r, place);
    expected.add("mov byte ptr %s, %s".formatted(at, BYTES[r]));
    a.guest(false, 0xf3, false, 0x0f6f, r, place);
    expected.add("movdqu xmm%d, %s".formatted(r, at));
  }

  private void memory(int r, int base, int displacement) {
    String at = "[%s%+d]".formatted(WIDE[base], displacement);
    a.load(r, base, displacement);
    expected.add("mov %s, %s".formatted(WIDE[r], at));
    a.bitToCarry(base, displacement, 0);
    expected.add("bt dword ptr %s, 0".formatted(at));
    a.setMemory(Assembler.BELOW, base, displacement);
    expected.add("setb byte ptr %s".formatted(at));
    a.load32(r, base, displacement);
    expected.add("mov %s, %s".formatted(NARROW[r], at));
    a.store(r, base, displacement);
    expected.add("mov %s, %s".formatted(at, WIDE[r]));
    a.signExtend32(r, base, displacement);
    expected.add("movsxd %s, dword ptr %s".formatted(WIDE[r], at));
    a.loadAddress(false, r, base, displacement);
    expected.add("lea %s, %s".formatted(NARROW[r], at));
    a.multiplyMemory(true, r, base, displacement);
    expected.add("imul %s, %s".formatted(WIDE[r], at));
    a.oneMemory(true, Assembler.MUL, base, displacement);
    expected.add("mul qword ptr %s".formatted(at));
    a.multiplyByRdxMemory(r, base, base, displacement);
    expected.add("mulx %s, %s, %s".formatted(WIDE[r], WIDE[base], at));
    a.operateMemory(true, Assembler.OR, r, base, displacement);
    expected.add("or %s, %s".formatted(WIDE[r], at));
    a.storeConstant(-7, base, displacement);
    expected.add("mov qword ptr %s, -7".formatted(at));
    a.operateMemoryConstant(false, Assembler.CMP, base, displacement, 0);
    expected.add("cmp dword ptr %s, 0".formatted(at));
    a.operateMemoryConstant(true, Assembler.ADD, base, displacement, 0x300);
    expected.add("add qword ptr %s, 0x300".formatted(at));
    a.testMemoryByte(base, displacement, 8);
    expected.add("test byte ptr %s, 8".formatted(at));
    a.vectorMemory(0xf3, 0x0f7f, r, base, displacement);
    expected.add("movdqu %s, xmm%d".formatted(at, r));
  }

  private static List<String> disassemble(Path file) throws IOException, InterruptedException {
    String listing =
        run("objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", file.toString());
    List<String> lines = new ArrayList<>();
    for (String line : listing.split("\n", -1)) {
      String[] columns = line.split("\t", -1);
      if (columns.length > 2) {
        lines.add(columns[2].replaceFirst("#.*", "").strip()); // no absolute addresses
      }
    }
    return lines;
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
