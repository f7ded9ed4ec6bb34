package dev.vestibule.cpu.power;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Do loops do the same as machine code and in the interpreter, whichever registers they use?
 *
 * <p>Programs are loops within loops of random integer instructions, with branches that depend on
 * data, calls, accesses that fault, and now and then an instruction that only the interpreter
 * knows. {@code -Dloops.seed=N} replays, {@code -Dloops.programs=N} prolongs.
 */
class LoopsTest {
  private static final long CODE = 0x1_0000;
  private static final long DATA = 0x4_0000; // two pages, and a hole behind them
  private static final int TRAP = 0x7fe0_0008;
  private static final int BLR = 0x4e80_0020;
  private static final int BASE = 1;
  private static final int FIRST_COUNTER = 26; // one register for each depth
  private static final int DEPTH = 3;
  private static final int RW = GuestMemory.PROT_READ | GuestMemory.PROT_WRITE;

  // opcode 31: rt, ra, rb; those behind the bar have rs first
  private static final int[] SUMS = {266, 10, 138, 40, 8, 136, 235, 11, 75, 491, 459};
  private static final int[] UNARY = {202, 234, 200, 232, 104};
  private static final int[] LOGIC = {28, 444, 316, 124, 60, 284, 476, 24, 536, 792, 26, 954, 922};
  private static final int[] INDEXED_LOADS = {23, 87, 279, 343};
  private static final int[] LOADS = {32, 34, 40, 42, 33};
  private static final int[] STORES = {36, 38, 44};

  private Random random = new Random();
  private final List<Integer> words = new ArrayList<>();

  @ParameterizedTest
  @EnumSource
  void doTheSame(Machine.Guest guest) {
    assumeTrue(CodeCache.refusal() == null, () -> "" + CodeCache.refusal());
    long seed = Long.getLong("loops.seed", System.nanoTime());
    int programs = Integer.getInteger("loops.programs", 400);
    System.out.println("LoopsTest: -Dloops.seed=" + seed);
    for (int i = 0; i < programs; i++) {
      random = new Random(seed + i);
      words.clear();
      program();
      long[] start = random.longs(38, -70_000, 70_000).toArray();
      byte[] data = new byte[2 * GuestMemory.PAGE_SIZE];
      random.nextBytes(data);
      String interpreted = run(guest, Engine.INTERPRET, start, data);
      for (int budget : new int[] {0, 1 + random.nextInt(20)}) {
        assertThat(run(guest, Engine.TRANSLATE, budget, start, data))
            .as("%s -Dloops.seed=%d -Dloops.programs=1 budget %d", guest, seed + i, budget)
            .isEqualTo(interpreted);
      }
    }
  }

  private String run(Machine.Guest guest, Engine engine, long[] start, byte[] data) {
    return run(guest, engine, 0, start, data);
  }

  private String run(Machine.Guest guest, Engine engine, int budget, long[] start, byte[] data) {
    GuestMemory memory = GuestMemory.reserve(1 << 22, guest.isa.wide(), guest.isa.bigEndian());
    CodeCache cache = new CodeCache(engine, budget);
    memory.onCodeChange(cache);
    try (memory;
        Cpu cpu = new Cpu(guest.isa, memory, cache)) {
      int all = RW | GuestMemory.PROT_EXEC;
      assertThat(memory.mapAnonymous(CODE, 4 * GuestMemory.PAGE_SIZE, all)).isZero();
      assertThat(memory.mapAnonymous(DATA, 2 * GuestMemory.PAGE_SIZE, RW)).isZero();
      ByteBuffer code = ByteBuffer.allocate(4 * words.size()).order(Machine.order(memory));
      words.forEach(code::putInt);
      memory.poke(CODE, code.array(), 0, code.capacity());
      memory.poke(DATA, data, 0, data.length);
      for (int i = 0; i < start.length; i++) {
        cpu.setSlot(i, start[i]);
      }
      cpu.setSlot(PowerState.SO, 0);
      cpu.setSlot(PowerState.OV, 0);
      cpu.setSlot(PowerState.CA, start[3] & 1);
      cpu.setSlot(BASE, DATA + GuestMemory.PAGE_SIZE);
      cpu.setPc(CODE);
      Stop stop = cpu.run();
      while (stop == Stop.ATTENTION) {
        cpu.clearInterrupt();
        stop = cpu.run();
      }
      String end = stop == Stop.FAULT ? "fault at %x".formatted(cpu.fault().address()) : "" + stop;
      byte[] left = new byte[data.length];
      memory.read(DATA, left, 0, left.length);
      return end + state(guest, cpu) + java.util.Arrays.hashCode(left);
    }
  }

  private static String state(Machine.Guest guest, Cpu cpu) {
    StringBuilder text = new StringBuilder();
    for (int slot = 0; slot < 48; slot++) {
      long value = cpu.slot(slot);
      boolean half = !guest.isa.wide() && slot < 34;
      text.append("%n%d: %x".formatted(slot, half ? value & 0xffff_ffffL : value));
    }
    return text.append('\n').toString();
  }

  // ---- programs ---------------------------------------------------------------------------------

  private void program() {
    int function = 4 + random.nextInt(8);
    words.add(0x4800_0000 | 4 * (function + 2)); // b past the function
    for (int i = 0; i < function; i++) {
      plain();
    }
    words.add(BLR);
    items(0, 2 + random.nextInt(3));
    words.add(TRAP);
  }

  private void items(int depth, int count) {
    for (int i = 0; i < count; i++) {
      switch (random.nextInt(16)) {
        case 0, 1 -> skip(depth);
        case 2, 3, 4 -> {
          if (depth < DEPTH) {
            loop(depth);
          }
        }
        case 5 -> {
          if (random.nextInt(4) == 0) {
            words.add(0x4800_0001 | 4 - 4 * words.size() & 0x3ff_fffc); // bl function
          }
        }
        default -> {
          for (int k = random.nextInt(6); k >= 0; k--) {
            plain();
          }
        }
      }
    }
  }

  /** Instructions that a condition jumps over. */
  private void skip(int depth) {
    int field = random.nextInt(8);
    words.add(
        random.nextBoolean()
            ? 11 << 26 | field << 23 | register() << 16 | random.nextInt(1 << 16) // cmpwi
            : 31 << 26 | field << 23 | register() << 16 | register() << 11 | 32 << 1); // cmplw
    if (random.nextInt(3) == 0) {
      plain();
    }
    int at = words.size();
    words.add(0);
    items(depth, 1 + random.nextInt(2));
    int condition = (random.nextBoolean() ? 12 : 4) << 21 | (4 * field + random.nextInt(3)) << 16;
    words.set(at, 16 << 26 | condition | 4 * (words.size() - at));
  }

  private void loop(int depth) {
    int counter = FIRST_COUNTER + depth;
    int rounds = depth == 0 ? 40 : 1 + random.nextInt(20);
    words.add(14 << 26 | counter << 21 | rounds); // li
    boolean inner = depth == DEPTH - 1 && random.nextBoolean();
    if (inner) {
      words.add(31 << 26 | counter << 21 | 9 << 16 | 467 << 1); // mtctr
    }
    int at = words.size();
    items(inner ? DEPTH : depth + 1, 1 + random.nextInt(3));
    if (inner) {
      words.add(0x4200_0000 | 4 * (at - words.size()) & 0xfffc); // bdnz
    } else {
      words.add(13 << 26 | counter << 21 | counter << 16 | 0xffff); // addic.
      words.add(0x4082_0000 | 4 * (at - words.size()) & 0xfffc); // bne
    }
  }

  private void plain() {
    int record = random.nextInt(6) == 0 ? 1 : 0;
    int own = target();
    int displacement = random.nextInt(64) - 32;
    words.add(
        switch (random.nextInt(14)) {
          case 0, 1, 2 -> x(own, register(), register(), pick(SUMS), record);
          case 3 -> x(own, register(), 0, pick(UNARY), record);
          case 4, 5 -> logic(own, record);
          case 6 -> 14 << 26 | own << 21 | (1 + random.nextInt(31)) << 16 | random.nextInt(1 << 16);
          case 7 -> 21 << 26 | register() << 21 | own << 16 | random.nextInt(1 << 15) << 1 | record;
          case 8 -> pick(LOADS) << 26 | own << 21 | BASE << 16 | displacement & 0xffff;
          case 9 -> pick(STORES) << 26 | register() << 21 | BASE << 16 | displacement & 0xffff;
          case 10 -> x(own, BASE, 0, pick(INDEXED_LOADS), 0) & ~(31 << 16) | BASE << 11;
          case 11 -> 8 << 26 | own << 21 | register() << 16 | random.nextInt(1 << 16); // subfic
          case 12 -> random.nextInt(20) == 0 ? rare(own) : x(own, register(), register(), 266, 0);
          default -> 31 << 26 | own << 21 | 19 << 1; // mfcr
        });
  }

  /** An access that may fault, or what machine code leaves to the interpreter. */
  private int rare(int own) {
    return random.nextBoolean()
        ? 32 << 26 | own << 21 | register() << 16 // lwz
        : 31 << 26 | own << 21 | BASE << 16 | 4 << 11 | 597 << 1; // lswi
  }

  private int logic(int own, int record) {
    int op = pick(LOGIC);
    boolean unary = op == 26 || op == 954 || op == 922;
    return x(register(), own, unary ? 0 : register(), op, record);
  }

  private static int x(int t, int a, int b, int op, int record) {
    return 31 << 26 | t << 21 | a << 16 | b << 11 | op << 1 | record;
  }

  private int pick(int[] all) {
    return all[random.nextInt(all.length)];
  }

  private int register() {
    return random.nextInt(32);
  }

  /** A register that programs may change; some more than others, as in compiled loops. */
  private int target() {
    int favourite = 14 + random.nextInt(8);
    int any = random.nextInt(FIRST_COUNTER);
    return random.nextInt(3) > 0 ? favourite : any == BASE ? 3 : any;
  }
}
