package dev.vestibule.elf;

import dev.vestibule.elf.cfi.CallFrameWriter;
import dev.vestibule.elf.cfi.CieSpec;
import dev.vestibule.elf.cfi.DwarfOp;
import dev.vestibule.elf.cfi.ExpressionWriter;
import dev.vestibule.elf.cfi.FrameSectionWriter;
import dev.vestibule.elf.cfi.FrameSectionWriter.Code;
import dev.vestibule.elf.cfi.PointerEncoding;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Do writer, reader and row machine agree with readelf on call-frame programs nobody would write?
 * Replay with {@code -Delf.frames.seed=N}.
 */
class RandomFramesTest {
  private static final int FUNCTIONS = 200;
  private static final DwarfOp[] PLAIN = {
    DwarfOp.DUP, DwarfOp.DROP, DwarfOp.OVER, DwarfOp.SWAP, DwarfOp.ROT, DwarfOp.ABS, DwarfOp.AND,
    DwarfOp.DIV, DwarfOp.MINUS, DwarfOp.MOD, DwarfOp.MUL, DwarfOp.NEG, DwarfOp.NOT, DwarfOp.OR,
    DwarfOp.PLUS, DwarfOp.SHL, DwarfOp.SHR, DwarfOp.SHRA, DwarfOp.XOR, DwarfOp.EQ, DwarfOp.GE,
    DwarfOp.GT, DwarfOp.LE, DwarfOp.LT, DwarfOp.NE, DwarfOp.NOP, DwarfOp.DEREF
  };

  @TempDir Path scratch;

  @ParameterizedTest
  @CsvSource({"true,big", "true,little", "false,big", "false,little"})
  void agreesWithReadelf(boolean is64, String endian) throws Exception {
    long seed = Long.getLong("elf.frames.seed", System.nanoTime());
    System.out.println("RandomFramesTest: -Delf.frames.seed=" + seed);
    SplittableRandom random = new SplittableRandom(seed);
    ByteOrder order = endian.equals("big") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    FrameSectionWriter frames = new FrameSectionWriter(is64, order, random.nextBoolean());
    int size = 0x1000;
    CieSpec[] cies = {
      cie(is64, order, "zR", PointerEncoding.PCREL | PointerEncoding.SDATA4),
      cie(is64, order, "zRS", PointerEncoding.PCREL | PointerEncoding.UDATA8),
      cie(is64, order, "zR", PointerEncoding.UDATA4),
      cie(is64, order, "", PointerEncoding.ABSPTR),
    };
    for (int i = 0; i < FUNCTIONS; i++) {
      CieSpec cie = cies[random.nextInt(cies.length)];
      Code code = new Code(".text", (long) i * size, size);
      frames.fde(cie, code, program(CallFrameWriter.forCie(order, cie), random, size));
    }
    SharedObject image =
        new SharedObjectBuilder(is64, order, is64 ? Elf.EM_PPC64 : Elf.EM_PPC)
            .soname("random.so")
            .version("V1")
            .section(SectionSpec.code(".text", 16, new byte[FUNCTIONS * size]))
            .symbol(SymbolSpec.function("f", "V1", ".text", 0, size))
            .note(ElfNote.linuxVersion(1, order))
            .frames(frames)
            .build();
    Path file = scratch.resolve("random.so");
    Files.write(file, image.bytes());
    ReadelfTest.compare(file);
  }

  private static CieSpec cie(boolean is64, ByteOrder order, String augmentation, int encoding) {
    byte[] initial =
        new CallFrameWriter(order, 4, -4).defCfa(1, 0).sameValue(20).offset(21, -8).toByteArray();
    return new CieSpec(augmentation, 4, -4, 65, encoding, is64 ? 8 : 4, initial);
  }

  private static byte[] program(CallFrameWriter out, SplittableRandom random, int size) {
    int left = size / 4 - 1;
    int remembered = 0;
    boolean expression = false;
    for (int i = random.nextInt(40); i > 0; i--) {
      int column = random.nextInt(random.nextBoolean() ? 32 : 110);
      long offset = 4L * (random.nextInt(8) == 0 ? random.nextInt() >> 4 : random.nextInt(-64, 64));
      switch (random.nextInt(14)) {
        case 0, 1, 2 -> {
          int step = Math.min(left, random.nextInt(1, random.nextInt(4) == 0 ? 400 : 40));
          if (step > 0) {
            out.advance(4 * step);
            left -= step;
          }
        }
        case 3, 4 -> out.offset(column, offset);
        case 5 -> out.valOffset(column, offset);
        case 6 -> out.register(column, random.nextInt(110));
        case 7 -> out.undefined(column).sameValue((column + 1) % 110);
        case 8 -> out.restore(random.nextInt(20, 22));
        case 9 -> {
          out.defCfa(column, Math.abs(offset));
          expression = false;
        }
        case 10 -> {
          if (!expression) {
            out.defCfaOffset(offset).defCfaRegister(column);
          }
        }
        case 11 -> {
          if (remembered > 0 && random.nextBoolean()) {
            // Both states have a register and an offset, so that the next change is meaningful.
            out.restoreState();
            remembered--;
          } else if (!expression) {
            out.rememberState();
            remembered++;
          }
          expression = false;
          out.defCfa(1, 16);
        }
        case 12 -> {
          out.defCfaExpression(e -> expression(e, random));
          expression = true;
        }
        default -> {
          if (random.nextBoolean()) {
            out.expression(column, e -> expression(e, random));
          } else {
            out.valExpression(column, e -> expression(e, random));
          }
        }
      }
    }
    return out.toByteArray();
  }

  private static void expression(ExpressionWriter e, SplittableRandom random) {
    for (int i = random.nextInt(1, 12); i > 0; i--) {
      switch (random.nextInt(14)) {
        case 0 -> e.lit(random.nextInt(32));
        case 1 -> e.breg(random.nextInt(32), random.nextInt(-100_000, 100_000));
        case 2 -> e.breg(random.nextInt(32, 110), random.nextInt(-100, 100));
        case 3 -> e.const1u(random.nextInt(256));
        case 4 -> e.const2u(random.nextInt(65536));
        case 5 -> e.const4u(random.nextInt());
        case 6 -> e.constu(random.nextLong() >>> random.nextInt(1, 64));
        case 7 -> e.consts(random.nextLong() >> random.nextInt(1, 64));
        case 8 -> e.plusUconst(random.nextInt(1 << 20));
        case 9 -> e.skip(random.nextInt(-1000, 1000));
        case 10 -> e.bra(random.nextInt(-1000, 1000));
        case 11 -> e.derefSize(random.nextInt(1, 5));
        default -> e.op(PLAIN[random.nextInt(PLAIN.length)]);
      }
    }
  }
}
