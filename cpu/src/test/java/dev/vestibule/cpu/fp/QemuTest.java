package dev.vestibule.cpu.fp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every instruction that this package serves against qemu-user, in bulk. */
class QemuTest {
  private static final long SEED = Long.getLong("vestibule.seed", 20_260_402L);
  private static final int CASES = Integer.getInteger("vestibule.fp.qemu.cases", 900);
  private static final String COMPILER = "powerpc64le-linux-gnu-gcc";
  private static final String EMULATOR = "qemu-ppc64le";
  private static final int INPUT = 96;
  private static final int OUTPUT = 64;
  private static final long OLD_TARGET = 0xAAAA_AAAA_AAAA_AAAAL;

  @TempDir Path directory;

  @Test
  void instructionsAgreeWithQemu() throws IOException, InterruptedException {
    assumeTrue(onPath(COMPILER) && onPath(EMULATOR), COMPILER + " and " + EMULATOR + " needed");
    List<Instruction> instructions = Instructions.all();
    List<Machine> machines = new ArrayList<>();
    Operands operands = new Operands(SEED);
    ByteBuffer input =
        ByteBuffer.allocate(instructions.size() * CASES * INPUT).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < instructions.size(); i++) {
      for (int n = 0; n < CASES; n++) {
        Machine machine = machine(operands, instructions.get(i));
        machines.add(machine);
        for (long register : machine.registers) {
          input.putLong(register);
        }
        input.putLong(0).putLong(machine.vscr).putLong(machine.fpscr).putLong(i);
      }
    }
    ByteBuffer output = run(build(instructions), input.array());
    assertThat(output.remaining()).isEqualTo(machines.size() * OUTPUT);
    Map<String, String> wrong = new TreeMap<>();
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < machines.size(); i++) {
      Instruction instruction = instructions.get(i / CASES);
      String difference = difference(instruction, machines.get(i), output, i * OUTPUT);
      if (difference != null) {
        wrong.putIfAbsent(instruction.assembly(), difference);
        counts.merge(instruction.assembly(), 1, Integer::sum);
      }
    }
    assertThat(wrong).as("seed %d, counts %s", SEED, counts).isEmpty();
  }

  private static boolean onPath(String program) {
    for (String directory : System.getenv("PATH").split(File.pathSeparator)) {
      if (Files.isExecutable(Path.of(directory, program))) {
        return true;
      }
    }
    return false;
  }

  private static Machine machine(Operands operands, Instruction instruction) {
    Machine m = new Machine();
    m.registers[0] = OLD_TARGET;
    m.registers[1] = ~OLD_TARGET;
    for (int i = 2; i < 8; i++) {
      m.registers[i] = operand(operands, instruction, i >= 4 ? m.registers[i - 2] : 0);
    }
    m.fpscr = operands.below(4);
    if (operands.below(3) == 0) {
      m.fpscr |= operands.below(32) << 3;
    }
    if (operands.below(3) == 0) {
      m.fpscr = Fpscr.move(m.fpscr, operands.anyBits() & operands.anyBits(), 0xFFFF_FF04L);
    }
    m.vscr = operands.below(2) << 16;
    return m;
  }

  private static long operand(Operands operands, Instruction instruction, long previous) {
    if (!instruction.scalar()) {
      return (long) operands.single() << 32 | operands.single() & 0xFFFF_FFFFL;
    }
    if (instruction.single()) {
      return Conversion.singleToDouble(operands.single());
    }
    return switch (operands.below(8)) {
      case 0 -> operands.anyBits() >> operands.below(64);
      case 1, 2 -> operands.near(previous);
      default -> operands.any();
    };
  }

  /** The program that executes {@code instructions}, by index. */
  private Path build(List<Instruction> instructions) throws IOException, InterruptedException {
    StringBuilder table = new StringBuilder("\t.machine power8\n\t.abiversion 2\n\t.text\n");
    for (int i = 0; i < instructions.size(); i++) {
      table.append("op").append(i).append(":\t").append(instructions.get(i).assembly());
      table.append("\n\tblr\n");
    }
    table.append(
        "\t.section .data.rel.ro,\"aw\"\n\t.p2align 3\n\t.globl operations\noperations:\n");
    for (int i = 0; i < instructions.size(); i++) {
      table.append("\t.quad op").append(i).append('\n');
    }
    Path operations = Files.writeString(directory.resolve("operations.s"), table);
    Path program = directory.resolve("oracle");
    Process compiler =
        new ProcessBuilder(
                COMPILER,
                "-O2",
                "-static",
                "-mcpu=power8",
                "-o",
                program.toString(),
                copy("oracle.c").toString(),
                copy("execute.s").toString(),
                operations.toString())
            .redirectErrorStream(true)
            .start();
    String messages = new String(compiler.getInputStream().readAllBytes());
    assertThat(compiler.waitFor()).as(messages).isZero();
    return program;
  }

  private Path copy(String resource) throws IOException {
    Path file = directory.resolve(resource);
    try (InputStream in = QemuTest.class.getResourceAsStream(resource)) {
      assertThat(in).as(resource).isNotNull();
      Files.copy(in, file);
    }
    return file;
  }

  private static ByteBuffer run(Path program, byte[] input) throws IOException {
    Process qemu =
        new ProcessBuilder(EMULATOR, "-cpu", "power8", program.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Thread writer =
        Thread.ofVirtual()
            .start(() -> {
              try (OutputStream out = qemu.getOutputStream()) {
                out.write(input);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    byte[] output = qemu.getInputStream().readAllBytes();
    writer.interrupt();
    return ByteBuffer.wrap(output).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static String difference(Instruction instruction, Machine m, ByteBuffer output, int at) {
    String before = show(m.registers, m.fpscr, m.vscr, 0);
    long fpscr = m.fpscr;
    instruction.model().accept(m);
    int first = at + (instruction.vmx() ? 16 : 0);
    long[] result = {output.getLong(first), output.getLong(first + 8)};
    long[] expected = {m.registers[0], m.registers[1]};
    KnownDifference known = new KnownDifference(instruction, fpscr, m);
    long fpscrMask = known.ignoredFpscr();
    int vscr = (int) output.getLong(at + 40);
    long after = output.getLong(at + 48);
    int cr = (int) output.getLong(at + 56);
    boolean same =
        (result[0] == expected[0] && result[1] == expected[1] || known.ignoredResult())
            && (after & ~fpscrMask) == (m.fpscr & ~fpscrMask)
            && vscr == m.vscr
            && (cr == m.cr || known.ignoredCr());
    return same
        ? null
        : "%nbefore  %s%nqemu     %s%nexpected %s"
            .formatted(
                before, show(result, after, vscr, cr), show(expected, m.fpscr, m.vscr, m.cr));
  }

  private static String show(long[] registers, long fpscr, int vscr, int cr) {
    StringBuilder text = new StringBuilder();
    for (long register : registers) {
      text.append("%016x ".formatted(register));
    }
    return text.append("fpscr %x vscr %x cr %08x".formatted(fpscr, vscr, cr)).toString();
  }
}
