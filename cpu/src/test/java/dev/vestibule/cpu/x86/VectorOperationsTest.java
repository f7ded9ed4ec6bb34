package dev.vestibule.cpu.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.micro.Interpreter;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VmxOp;
import dev.vestibule.cpu.micro.VsxOp;
import dev.vestibule.cpu.power.Power;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Does the machine code of each vector micro-operation do what the interpreter does, whatever
 * coincides, whichever instructions the host has, and in whatever company?
 *
 * <p>{@code -Dmicro.seed=N} replays, {@code -Dmicro.op=N} keeps to one operation, {@code
 * -Dmicro.rounds=N} tries each more often.
 */
class VectorOperationsTest {
  private static final int ROUNDS = Integer.getInteger("micro.rounds", 80);
  private static final long CODE = 0x4_0000;
  private static final int FIRST = 128; // VR 0
  private static final int SHOWN = 192;
  private static final long[] TELLING = {
    0,
    -1,
    1,
    Long.MIN_VALUE,
    Long.MAX_VALUE,
    0x8000_0000_8000_0000L,
    0x7fff_ffff_7fff_ffffL,
    0x8000_8000_8000_8000L,
    0x7fff_7fff_7fff_7fffL,
    0x8080_8080_8080_8080L,
    0x7f7f_7f7f_7f7f_7f7fL,
    0x0001_0203_0405_0607L,
    0x1f1e_1d1c_1b1a_1918L,
    0x00ff_0080_007f_ff80L,
    0x0000_ffff_0000_7fffL,
    0x3f80_0000_bf80_0000L, // singles from here on
    0x0080_0000_007f_ffffL,
    0x8080_0001_8000_0001L,
    0x7f80_0000_7fc0_0000L,
    0xff7f_ffff_7f7f_ffffL,
    0x4eff_ffff_cf00_0000L,
    0x3f00_0000_bfc0_0001L,
    0x7f00_0000_0100_0000L
  };

  /** Processors with more and more of what the emitter looks for. */
  enum Host {
    V2(-1 & ~(1 << 1 | 1 << 12 | 1 << 25 | 1 << 28), 0, 0),
    AES(-1, 0, 0),
    AVX2(-1, 1 << 5, 0),
    AVX512(-1, -1, 0),
    ALL(-1, -1, -1);

    private final int basic;
    private final int structuredB;
    private final int structuredC;

    Host(int basic, int structuredB, int structuredC) {
      this.basic = basic;
      this.structuredB = structuredB;
      this.structuredC = structuredC;
    }

    HostFeatures of(HostFeatures f) {
      return new HostFeatures(
          f.basic() & basic,
          f.structuredB() & structuredB,
          f.structuredC() & structuredC,
          f.extended(),
          f.saved(),
          f.allowed());
    }
  }

  /** Operations whose elements have no such size, or that are left to the interpreter. */
  private static final int[] UNKNOWN = {
    VmxOp.ADDU_SAT + VmxOp.DOUBLEWORDS,
    VmxOp.ADDS_SAT + VmxOp.DOUBLEWORDS,
    VmxOp.SUBU_SAT + VmxOp.DOUBLEWORDS,
    VmxOp.SUBS_SAT + VmxOp.DOUBLEWORDS,
    VmxOp.MERGEH + VmxOp.DOUBLEWORDS,
    VmxOp.MERGEL + VmxOp.DOUBLEWORDS,
    VmxOp.MULEU + VmxOp.DOUBLEWORDS,
    VmxOp.MULES + VmxOp.DOUBLEWORDS,
    VmxOp.MULOU + VmxOp.DOUBLEWORDS,
    VmxOp.MULOS + VmxOp.DOUBLEWORDS,
    VmxOp.PMSUM + VmxOp.BYTES,
    VmxOp.PMSUM + VmxOp.HALFWORDS,
    VmxOp.PACK + VmxOp.BYTES,
    VmxOp.PACKUU + VmxOp.BYTES,
    VmxOp.PACKSS + VmxOp.BYTES,
    VmxOp.PACKSU + VmxOp.BYTES,
    VmxOp.UNPACKH + VmxOp.DOUBLEWORDS,
    VmxOp.UNPACKL + VmxOp.DOUBLEWORDS,
    689,
    690,
    691,
    704,
    705,
    706,
    707,
    VmxOp.PACKPX,
    VmxOp.UNPACKHPX,
    VmxOp.UNPACKLPX,
    721,
    722,
    723,
    731,
    732,
    733,
    734,
    735,
    VmxOp.FEXP2,
    VmxOp.FLOG2
  };

  private final GuestMemory memory = GuestMemory.reserve(1 << 20, true, true);
  private final CodeCache cache = new CodeCache(Engine.TRANSLATE, 0);
  private final Cpu expected = new Cpu(Power.ppc64(), memory, cache);
  private final Cpu actual = new Cpu(Power.ppc64(), memory, cache);
  private Random random = new Random(0);

  @BeforeEach
  void map() {
    assumeTrue(Translator.refusal() == null, () -> "" + Translator.refusal());
    memory.onCodeChange(cache);
    memory.mapAnonymous(CODE, GuestMemory.PAGE_SIZE, GuestMemory.PROT_READ | 4);
  }

  @AfterEach
  void close() {
    expected.close();
    actual.close();
    memory.close();
  }

  private static int[] known(HostFeatures features) {
    VmxEmitter emitter = new VmxEmitter(new int[0], features);
    return IntStream.concat(
            IntStream.rangeClosed(VmxOp.FIRST, VmxOp.FBOUNDS),
            IntStream.rangeClosed(VsxOp.VPERMD, VsxOp.VSPLATD))
        .filter(emitter::computesVectors)
        .toArray();
  }

  private static HostFeatures features() {
    HostFeatures features = Translator.features();
    assumeTrue(features != null);
    return features == null ? new HostFeatures(0, 0, 0, 0, 0, 0) : features;
  }

  @Test
  void emitsAllButTheUnknown() {
    HostFeatures all = new HostFeatures(-1, -1, -1, -1, -1, -1);
    IntStream wanted = IntStream.rangeClosed(VmxOp.FIRST, VmxOp.FBOUNDS);
    int[] unknown =
        wanted.filter(op -> !new VmxEmitter(new int[0], all).computesVectors(op)).toArray();
    assertThat(unknown).containsExactly(UNKNOWN);
  }

  @ParameterizedTest
  @EnumSource
  void computes(Host host) {
    HostFeatures features = host.of(features());
    int[] known = known(features);
    Translator translator = new Translator(false, 0, Translator.CAPACITY, features);
    int only = Integer.getInteger("micro.op", -1);
    for (int op : known) {
      if (only >= 0 && op != only) {
        continue;
      }
      long seed = Long.getLong("micro.seed", 42 + op);
      random = new Random(seed);
      for (int round = 0; round < ROUNDS; round++) {
        prepare();
        List<Long> code = new ArrayList<>();
        for (int more = random.nextInt(3) == 0 ? random.nextInt(12) : 0; more > 0; more--) {
          code.add(other(known));
        }
        code.add(operation(op));
        if (random.nextInt(3) == 0) {
          code.add(other(known));
        }
        code.add(Op.encodeImmediate(Op.STOP, 0, 0, Stop.TRAP.ordinal()));
        compare("%s op %d seed %d round %d".formatted(host, op, seed, round), translator, code);
      }
    }
  }

  private void prepare() {
    expected.setSlot(VmxOp.VSCR, random.nextInt(2) << 16);
    for (int slot = 64; slot < SHOWN; slot++) {
      expected.setSlot(slot, number());
    }
    if (random.nextInt(4) == 0) { // elements that are alike
      expected.setSlot(FIRST, expected.slot(FIRST + 2) ^ 0xff << random.nextInt(64));
      expected.setSlot(FIRST + 1, expected.slot(FIRST + 3));
    }
    for (int slot : new int[] {3, 20, 46}) {
      expected.setSlot(slot, number());
    }
  }

  private long number() {
    return switch (random.nextInt(6)) {
      case 0 -> TELLING[random.nextInt(TELLING.length)];
      case 1 -> 0x0101_0101_0101_0101L * random.nextInt(256);
      case 2 -> random.nextLong() & 0x1f1f_1f1f_1f1f_1f1fL;
      case 3 -> random.nextLong() & random.nextLong() & random.nextLong();
      case 4 -> single() << 32 | single();
      default -> random.nextLong();
    };
  }

  /** A number of some usual magnitude, or one around the least. */
  private long single() {
    float scale = Math.scalb(1f, random.nextBoolean() ? random.nextInt(40) - 10 : -120);
    return Float.floatToRawIntBits((random.nextFloat() - 0.5f) * scale) & 0xffff_ffffL;
  }

  private int pair() {
    return FIRST + 2 * random.nextInt(random.nextInt(4) == 0 ? 24 : 4);
  }

  private int integer() {
    return random.nextBoolean() ? 3 : 20;
  }

  /** Some operation, or an integer one that writes half of a vector. */
  private long other(int[] known) {
    return random.nextInt(6) == 0
        ? Op.encode(Op.MOV, pair() + random.nextInt(2), integer(), 0, 0, 0)
        : operation(known[random.nextInt(known.length)]);
  }

  private long operation(int op) {
    int k = op & 3;
    int e =
        switch (op & ~3) {
          case VmxOp.SPLAT -> random.nextInt(16 >> k);
          case VmxOp.PUT, VmxOp.GET -> random.nextInt(2);
          default ->
              switch (op) {
                case VmxOp.SHIFT -> random.nextInt(16);
                case VmxOp.SIGMAW,
                    VmxOp.SIGMAD,
                    VmxOp.FTOS,
                    VmxOp.FTOU,
                    VmxOp.FFROMS,
                    VmxOp.FFROMU ->
                    random.nextInt(32);
                default -> random.nextInt(4);
              };
        };
    return switch (op & ~3) {
      case VmxOp.SPLATI -> Op.encodeImmediate(op, pair(), pair(), random.nextInt(-16, 16));
      case VmxOp.PUT -> Op.encode(op, pair(), integer(), integer(), pair(), e);
      case VmxOp.GET -> Op.encode(op, integer(), pair(), integer(), 3, e);
      default ->
          switch (op) {
            case VmxOp.LVSL, VmxOp.LVSR -> Op.encode(op, pair(), integer(), pair(), pair(), 0);
            case VmxOp.ALL -> Op.encode(op, 46, pair(), pair(), pair(), 0);
            case VsxOp.VSPLATD -> Op.encode(op, pair(), integer(), integer(), 0, 0);
            default -> Op.encode(op, pair(), pair(), pair(), pair(), e);
          };
    };
  }

  private void compare(String what, Translator translator, List<Long> operations) {
    long[] code = operations.stream().mapToLong(w -> w).toArray();
    short[] starts = new short[code.length]; // each an instruction, so that it can leave
    for (int i = 0; i < starts.length; i++) {
      starts[i] = (short) i;
    }
    long end = CODE + 4 * starts.length;
    Block block = new Block(CODE, end, code, new long[0], new long[] {CODE}, starts);
    expected.setPc(CODE);
    actual.copyRegistersFrom(expected);
    String before = registers(expected);
    expected.interrupt();
    Stop first = Interpreter.run(expected, block, 0);
    actual.interrupt();
    Stop second = translator.runOnce(actual, block);
    assertThat(block.machineCode()).as(what).isPositive();
    assertThat(second).as(what).isEqualTo(first);
    for (int slot = 0; slot < SHOWN; slot++) {
      if (actual.slot(slot) != expected.slot(slot)) {
        StringBuilder text = new StringBuilder(what);
        for (long w : code) {
          text.append(
              "%n%d d %d a %d b %d c %d e %d imm %x"
                  .formatted(Op.op(w), Op.d(w), Op.a(w), Op.b(w), Op.c(w), Op.e(w), Op.imm(w)));
        }
        fail(
            "%s%n%s%nslot %d is %x, not %x"
                .formatted(text, before, slot, actual.slot(slot), expected.slot(slot)));
      }
    }
  }

  private static String registers(Cpu cpu) {
    StringBuilder text = new StringBuilder();
    for (int slot = FIRST; slot < FIRST + 48; slot += 2) {
      text.append("%d %016x %016x; ".formatted(slot, cpu.slot(slot + 1), cpu.slot(slot)));
    }
    return text.append("3 %x 20 %x".formatted(cpu.slot(3), cpu.slot(20))).toString();
  }
}
