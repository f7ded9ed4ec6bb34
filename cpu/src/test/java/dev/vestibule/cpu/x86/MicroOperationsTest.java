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
import dev.vestibule.cpu.fp.Fpscr;
import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.cpu.micro.Interpreter;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VsxOp;
import dev.vestibule.cpu.power.Power;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Does the machine code of each micro-operation do what the interpreter does, whatever lies in
 * registers, in memory, is a constant, or coincides?
 *
 * <p>{@code -Dmicro.seed=N} replays.
 */
class MicroOperationsTest {
  private static final int ROUNDS = 400;
  private static final long DATA = 0x1_0000;
  private static final long CODE = 0x4_0000;
  private static final long[] TELLING = {
    0,
    1,
    2,
    -1,
    -2,
    7,
    8,
    31,
    32,
    33,
    63,
    64,
    65,
    127,
    128,
    255,
    256,
    0x7fff,
    0x8000,
    0xffff,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    0x8000_0000L,
    0xffff_ffffL,
    0x1_0000_0000L,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  /** Registers that are pinned, registers that are not, and temporaries. */
  private static final int[] SLOTS = {3, 9, 1, 31, 12, 20, 33, 36, 37, 40, 45, 512, 513};

  private static final int SO = 35;
  private static final int SHOWN = 200;
  private static final int SAVED_STATUS = 30;

  private final GuestMemory memory = GuestMemory.reserve(1 << 20, true, true);
  private final CodeCache cache = new CodeCache(Engine.TRANSLATE, 0);
  private final Cpu expected = new Cpu(Power.ppc64(), memory, cache);
  private final Cpu actual = new Cpu(Power.ppc64(), memory, cache);
  private final Translator translator = new Translator(false, 0, Translator.CAPACITY);
  private Random random = new Random(0);

  @BeforeEach
  void map() {
    assumeTrue(Translator.refusal() == null, () -> "" + Translator.refusal());
    memory.onCodeChange(cache);
    memory.mapAnonymous(DATA, 2 * GuestMemory.PAGE_SIZE, GuestMemory.PROT_READ | 2);
    memory.mapAnonymous(CODE, GuestMemory.PAGE_SIZE, GuestMemory.PROT_READ | 4);
  }

  @AfterEach
  void close() {
    expected.close();
    actual.close();
    memory.close();
  }

  static Stream<Integer> integer() {
    return IntStream.concat(
            IntStream.rangeClosed(Op.MOV, Op.SELECT), IntStream.of(Op.POPCNTD, Op.CMPB))
        .boxed();
  }

  static Stream<Integer> accesses() {
    return IntStream.range(Op.LDU8, Op.LDU8 + 36).boxed();
  }

  static Stream<Integer> floats() {
    return IntStream.concat(
            IntStream.concat(
                IntStream.rangeClosed(FloatOp.FADD64, FloatOp.FPSCR_TAKE),
                IntStream.rangeClosed(FloatOp.FNEG64, FloatOp.FCUT)),
            IntStream.concat(
                IntStream.rangeClosed(VsxOp.VFNEG64, VsxOp.VFCPSGN32),
                IntStream.concat(
                    IntStream.rangeClosed(VsxOp.VFADD64, VsxOp.VFCMPGE64),
                    IntStream.concat(
                        IntStream.rangeClosed(VsxOp.VFTOS64, VsxOp.VFFROMU64TO32),
                        IntStream.concat(
                            IntStream.rangeClosed(VsxOp.VFADD32, VsxOp.VFCMPGE32),
                            IntStream.rangeClosed(VsxOp.VF32TOS32, VsxOp.VFFROMU32TO32))))))
        .boxed();
  }

  static Stream<Integer> exits() {
    return IntStream.rangeClosed(Op.EXIT_ANY, Op.EXIT_NONZERO64).boxed();
  }

  @ParameterizedTest
  @MethodSource("integer")
  void computes(int op) {
    long seed = Long.getLong("micro.seed", 42 + op);
    random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      List<Long> code = new ArrayList<>();
      long[] pool = {number(), number(), mask()};
      prepare(code);
      long w = operation(op);
      code.add(w);
      finish(code, Op.d(w), Op.carries(op) ? Op.c(w) : 40);
      compare("op %d seed %d round %d".formatted(op, seed, round), code, pool, new long[] {CODE});
    }
  }

  @ParameterizedTest
  @MethodSource("accesses")
  void accesses(int op) {
    long seed = Long.getLong("micro.seed", 42 + op);
    random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      List<Long> code = new ArrayList<>();
      prepare(code);
      int base = SLOTS[random.nextInt(SLOTS.length)];
      int value = SLOTS[random.nextInt(SLOTS.length)];
      long address = DATA + random.nextInt(2 * GuestMemory.PAGE_SIZE);
      if (random.nextInt(8) == 0) {
        address = random.nextBoolean() ? number() : DATA + GuestMemory.PAGE_SIZE - 3;
      }
      int offset = random.nextInt(-0x8000, 0x8000);
      if (op >= Op.LDU8 + Op.INDEXED) {
        int index = SLOTS[random.nextInt(SLOTS.length)];
        set(code, base, address - offset);
        set(code, index, base == index ? address / 2 : offset);
        code.add(Op.encode(op, value, base, index, 0, 0));
      } else {
        offset = random.nextInt(3) == 0 ? 0 : offset;
        set(code, base, address - offset);
        code.add(Op.encodeImmediate(op, value, base, offset));
      }
      finish(code, value, 40);
      compare(
          "op %d seed %d round %d".formatted(op, seed, round),
          code,
          new long[0],
          new long[] {CODE});
    }
  }

  static Stream<Integer> vectors() {
    return IntStream.rangeClosed(Op.VMOV, Op.VST32X4LE).boxed();
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void vectors(int op) {
    long seed = Long.getLong("micro.seed", 42 + op);
    random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      List<Long> code = new ArrayList<>();
      for (int slot = 64; slot < SHOWN; slot++) {
        expected.setSlot(slot, number());
      }
      int[] pair = random.ints(4, 32, 36).map(n -> 2 * n).toArray();
      if (op < Op.VLD128BE) {
        code.add(Op.encode(op, pair[0], pair[1], pair[2], pair[3], 0));
      } else {
        long address = DATA + random.nextInt(2 * GuestMemory.PAGE_SIZE);
        int offset = random.nextInt(3) == 0 ? 0 : random.nextInt(-0x8000, 0x8000);
        int base = random.nextBoolean() ? 3 : 20;
        set(code, base, (random.nextInt(8) == 0 ? address & -16 : address) - offset);
        code.add(Op.encodeImmediate(op, pair[0], base, offset));
      }
      finish(code, 3, 40);
      compare(
          "op %d seed %d round %d".formatted(op, seed, round),
          code,
          new long[0],
          new long[] {CODE});
    }
  }

  /** Each operation by itself and among others, whose status may come to light or not. */
  @ParameterizedTest
  @MethodSource("floats")
  void floats(int op) {
    long seed = Long.getLong("micro.seed", 42 + op);
    random = new Random(seed);
    List<Integer> all = floats().toList();
    for (int round = 0; round < 5 * ROUNDS; round++) {
      for (int slot = 64; slot < SHOWN; slot++) {
        boolean singles = op >= VsxOp.VFNEG32 && random.nextBoolean();
        expected.setSlot(slot, singles ? FloatNumbers.singles(random) : FloatNumbers.any(random));
      }
      expected.setSlot(3, DATA);
      boolean enables = random.nextInt(16) == 0;
      long fpscr = random.nextLong() & (enables ? -1 : ~Fpscr.ENABLES);
      fpscr = random.nextBoolean() ? fpscr & Fpscr.RN : fpscr;
      expected.setSlot(FloatOp.FPSCR, Fpscr.move(0, fpscr, -1));
      fpscr ^= random.nextInt(4) == 0 ? 1L << random.nextInt(36) : 0;
      fpscr &= random.nextBoolean() ? -1 : ~Fpscr.INVALID;
      expected.setSlot(SAVED_STATUS, Fpscr.move(0, fpscr, -1));
      List<Long> code = new ArrayList<>();
      int length = random.nextInt(2, 9);
      int which = random.nextInt(1, length);
      code.add(Op.encodeImmediate(Op.ADDI, 5, 5, 1)); // something that is known
      for (int i = 1; i < length; i++) {
        int other = all.get(random.nextInt(all.size()));
        code.add(
            i == which
                ? floating(op)
                : switch (random.nextInt(8)) {
                  case 0 -> moving();
                  case 1 -> Op.encodeImmediate(Op.CONST, 64 + 2 * random.nextInt(4), 0, 0);
                  case 2 -> floating(op);
                  case 3 -> floating(FloatOp.FADD64);
                  case 4 -> floating(FloatOp.FCMPU64);
                  default -> floating(other);
                });
      }
      short[] starts = new short[length + 1];
      for (int i = 0; i <= length; i++) {
        starts[i] = (short) i;
      }
      finish(code, 3, 40);
      compare(
          "op %d seed %d round %d".formatted(op, seed, round),
          code,
          new long[0],
          new long[] {CODE},
          starts);
    }
  }

  /** Gives a register that floating point uses another value. */
  private long moving() {
    int low = 64 + 2 * random.nextInt(4);
    int other = 64 + 2 * random.nextInt(4);
    return switch (random.nextInt(8)) {
      case 0 -> Op.encodeImmediate(Op.LD64BE, low + 1, 3, 8);
      case 1 -> Op.encodeImmediate(Op.LDU32LE, low + 1, 3, 8);
      case 2 -> Op.encode(Op.VXOR, low, other, 68, 0, 0);
      case 3 -> Op.encode(Op.ADD, low + 1, other + 1, 3, 0, 0);
      case 4 -> Op.encodeImmediate(Op.ST64LE, low + 1, 3, 8);
      case 5, 6 -> Op.encode(Op.MOV, low + 1, FloatOp.FPSCR, 0, 0, 0);
      default -> Op.encode(Op.MOV, low + 1, random.nextBoolean() ? 5 : other + 1, 0, 0, 0);
    };
  }

  private long vectorFloating(int op) {
    int[] pair = random.ints(4, 32, 36).map(n -> 2 * n).toArray();
    boolean compares =
        op >= VsxOp.VFCMPEQ64 && op <= VsxOp.VFCMPGE64
            || op >= VsxOp.VFCMPEQ32 && op <= VsxOp.VFCMPGE32;
    boolean rounds = op == VsxOp.VFROUND64 || op == VsxOp.VFROUND32;
    int e = rounds ? random.nextInt(5) : compares ? random.nextInt(2) * FloatOp.RECORD : 0;
    return Op.encode(op, pair[0], pair[1], pair[2], pair[3], e);
  }

  /** A move to the FPSCR of a value that was its own, or of another one. */
  private long toStatus(int op) {
    if (op == FloatOp.FPSCR_TAKE) {
      return Op.encode(op, 40, FloatOp.FPSCR, 0, 0, random.nextInt(8));
    }
    if (op >= FloatOp.FPSCR_CLEAR) {
      int bit = random.nextBoolean() ? random.nextInt(32) : random.nextInt(30, 32);
      return Op.encode(op, FloatOp.FPSCR, FloatOp.FPSCR, 0, 0, bit);
    }
    int fields = random.nextBoolean() ? 0xff : 1 << random.nextInt(3);
    int high = random.nextInt(8) == 0 ? 0x100 : 0;
    return Op.encode(op, FloatOp.FPSCR, SAVED_STATUS, 0, 0, fields | high);
  }

  private long floating(int op) {
    if (op >= Op.FIRST_VECTOR) {
      return vectorFloating(op);
    }
    if (op >= FloatOp.FPSCR_FIELDS && op <= FloatOp.FPSCR_TAKE) {
      return toStatus(op);
    }
    int d = 65 + 2 * random.nextInt(4);
    int a = 65 + 2 * random.nextInt(5);
    int b = 65 + 2 * random.nextInt(5);
    int c = 65 + 2 * random.nextInt(5);
    int e = random.nextInt(64) == 0 ? FloatOp.RECORD : 0;
    if (op >= FloatOp.FTOS32 && op <= FloatOp.FTOU64) {
      int[] modes = {FloatOp.CURRENT, 0, 1, 1, 1, 2, 3, 4};
      e |= modes[random.nextInt(8)] | random.nextInt(2) * FloatOp.CLASS;
      if (op <= FloatOp.FTOU32) {
        e |= random.nextInt(2) * FloatOp.TWICE;
      }
    } else if (op == FloatOp.FROUND64) {
      e |= random.nextInt(5);
    } else if (op >= FloatOp.FCMPU64 && op <= FloatOp.FTSQRT64) {
      d = 40 + random.nextInt(8);
    }
    return Op.encode(op, d, a, b, c, e);
  }

  @ParameterizedTest
  @MethodSource("exits")
  void leaves(int op) {
    long seed = Long.getLong("micro.seed", 42 + op);
    random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      List<Long> code = new ArrayList<>();
      prepare(code);
      int a = SLOTS[random.nextInt(SLOTS.length)];
      if (random.nextBoolean()) { // behind a compare, which may be repeated
        int compare = Op.CMPS32 + random.nextInt(8);
        long w = operation(compare);
        code.add(w);
        a = Op.d(w);
        if (random.nextBoolean()) {
          code.add(operation(Op.ADD));
        }
      }
      code.add(Op.encodeImmediate(op, 0, a, 1 << 8 | 1 << random.nextInt(4)));
      code.add(Op.encodeImmediate(Op.ADDI, 5, 5, 1));
      finish(code, 3, 40);
      long target = random.nextBoolean() ? CODE : CODE + 256;
      compare(
          "op %d seed %d round %d".formatted(op, seed, round),
          code,
          new long[0],
          new long[] {CODE, target});
    }
  }

  private long number() {
    return switch (random.nextInt(4)) {
      case 0 -> TELLING[random.nextInt(TELLING.length)];
      case 1 -> random.nextInt();
      case 2 -> random.nextLong();
      default -> random.nextLong() >>> random.nextInt(64);
    };
  }

  /** A mask as rotates have: a run of ones, perhaps around the end, of a word or a doubleword. */
  private long mask() {
    long run = -1L >>> random.nextInt(64);
    run = Long.rotateLeft(run, random.nextInt(64));
    return random.nextBoolean() ? run : run & 0xffff_ffffL;
  }

  /** Gives every slot a value; temporaries have none until they are written. */
  private void prepare(List<Long> code) {
    expected.setSlot(SO, random.nextInt(2));
    for (int slot : SLOTS) {
      if (slot >= 512) {
        set(code, slot, number());
      } else {
        expected.setSlot(slot, slot == 37 ? random.nextInt(2) : number());
      }
    }
  }

  /** A constant that the emitter knows, or a value in a register. */
  private void set(List<Long> code, int slot, long value) {
    if (slot < 512) {
      expected.setSlot(slot, value);
    } else if (value == (int) value && random.nextBoolean()) {
      code.add(Op.encodeImmediate(Op.CONST, slot, 0, (int) value));
    } else {
      expected.setSlot(slot == 512 ? 21 : 22, value);
      code.add(Op.encode(Op.MOV, slot, slot == 512 ? 21 : 22, 0, 0, 0));
    }
  }

  private long operation(int op) {
    int d = SLOTS[random.nextInt(SLOTS.length)];
    int a = SLOTS[random.nextInt(SLOTS.length)];
    int b = SLOTS[random.nextInt(SLOTS.length)];
    int c = SLOTS[random.nextInt(SLOTS.length)];
    return switch (op) {
      case Op.POOL -> Op.encodeImmediate(op, d, 0, random.nextInt(2));
      case Op.CONST, Op.ADDI, Op.RSUBI, Op.MULI, Op.ANDI, Op.ORI, Op.XORI ->
          Op.encodeImmediate(op, d, a, (int) number());
      case Op.ROTM32, Op.ROTM64, Op.ROTI32, Op.ROTI64 ->
          Op.encodeImmediate(op, d, a, 2 << 6 | random.nextInt(op == Op.ROTM32 ? 32 : 64));
      case Op.SARI32, Op.SARI64, Op.SHLI, Op.SHRI ->
          Op.encodeImmediate(op, d, a, random.nextInt(op == Op.SARI32 ? 32 : 64));
      case Op.ADDC64, Op.ADDC32, Op.SUBC64, Op.SUBC32, Op.ADC64, Op.ADC32 ->
          Op.encode(op, d == 37 ? 3 : d, a, b, 37, 0);
      case Op.CMPSI32, Op.CMPUI32, Op.CMPSI64, Op.CMPUI64 ->
          op | (long) d << 10 | (long) a << 21 | (long) SO << 32 | (long) (short) number() << 43;
      case Op.CMPS32, Op.CMPU32, Op.CMPS64, Op.CMPU64 -> Op.encode(op, d, a, b, SO, 0);
      default -> Op.encode(op, d, a, b, c, 0);
    };
  }

  /** Shows temporaries in registers, and leaves the block. */
  private static void finish(List<Long> code, int first, int second) {
    code.add(Op.encode(Op.MOV, 62, first, 0, 0, 0));
    code.add(Op.encode(Op.MOV, 63, second, 0, 0, 0));
    code.add(Op.encodeImmediate(Op.STOP, 0, 0, Stop.TRAP.ordinal()));
  }

  private void compare(String what, List<Long> operations, long[] pool, long[] exits) {
    compare(what, operations, pool, exits, new short[] {0});
  }

  private void compare(
      String what, List<Long> operations, long[] pool, long[] exits, short[] starts) {
    long[] code = operations.stream().mapToLong(w -> w).toArray();
    Block block = new Block(CODE, CODE + 4L * starts.length, code, pool, exits, starts);
    expected.setPc(CODE);
    byte[] before = new byte[2 * GuestMemory.PAGE_SIZE];
    random.nextBytes(before);
    memory.poke(DATA, before, 0, before.length);
    actual.copyRegistersFrom(expected);
    expected.interrupt();
    Stop first = Interpreter.run(expected, block, 0);
    byte[] after = new byte[before.length];
    memory.peek(DATA, after, 0, after.length);
    memory.poke(DATA, before, 0, before.length);
    actual.interrupt();
    Stop second = translator.runOnce(actual, block);
    StringBuilder text = new StringBuilder(what);
    for (long w : code) {
      text.append(
          "%n%d d %d a %d b %d c %d imm %x/%x"
              .formatted(Op.op(w), Op.d(w), Op.a(w), Op.b(w), Op.c(w), Op.imm(w), w >> 43));
    }
    assertThat(second).as("%s", text).isEqualTo(first);
    if (first == Stop.FAULT) {
      assertThat(actual.fault().address()).as(what).isEqualTo(expected.fault().address());
    }
    for (int slot = 0; slot < SHOWN; slot++) {
      if (actual.slot(slot) != expected.slot(slot)) {
        fail(
            "%s: slot %d is %x, not %x"
                .formatted(text, slot, actual.slot(slot), expected.slot(slot)));
      }
    }
    byte[] translated = new byte[before.length];
    memory.peek(DATA, translated, 0, translated.length);
    assertThat(Arrays.equals(translated, after)).as(what).isTrue();
  }
}
