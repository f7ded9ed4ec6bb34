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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Do threads compute the same when machine code has so little room that it is dropped all the time,
 * while they are interrupted, blocks become invalid, and pages that they use come and go?
 *
 * <p>Threads call functions, thousands there are, in an order that each computes; what they must
 * find is computed here. {@code -Ddropped.seed=N} replays, {@code -Ddropped.rounds=N} prolongs.
 */
class DroppedCodeTest {
  private static final long DRIVER = 0x1_0000;
  private static final long FUNCTIONS = 0x10_0000;
  private static final long DATA = 0x2_0000;
  private static final int COUNT = 2048;
  private static final int STEPS = 48; // a multiple of 4
  private static final int SIZE = 256; // bytes of a function
  private static final int THREADS = 3;
  private static final int CAPACITY = 256 << 10;
  private static final int FACTOR = 0x6255;
  private static final int TRAP = 0x7fe0_0008;
  private static final int BLR = 0x4e80_0020;
  private static final int RW = GuestMemory.PROT_READ | GuestMemory.PROT_WRITE;
  private static final int[] CALL = {
    0x1c84_0000 | FACTOR, // mulli 4,4,FACTOR
    0x3884_0539, // addi 4,4,1337
    0x5487_036e, // rlwinm 7,4,0,13,23
    0x7ce7_4214, // add 7,7,8
    0x7ce9_03a6, // mtctr 7
    0x4e80_0421, // bctrl
    0x3529_ffff, // addic. 9,9,-1
    0x4082_ffe4, // bne -28
    TRAP
  };

  private final List<Cpu> cpus = new CopyOnWriteArrayList<>();
  private final AtomicBoolean done = new AtomicBoolean();

  @ParameterizedTest
  @EnumSource
  void threadsComputeTheSame(Machine.Guest guest) throws Exception {
    assumeTrue(CodeCache.refusal() == null, () -> "" + CodeCache.refusal());
    long seed = Long.getLong("dropped.seed", System.nanoTime());
    int rounds = Integer.getInteger("dropped.rounds", 40_000);
    System.out.println("DroppedCodeTest: -Ddropped.seed=" + seed);
    Random random = new Random(seed);
    int[][] added = new int[COUNT][STEPS];
    for (int[] function : added) {
      for (int k = 0; k < STEPS; k++) {
        function[k] = random.nextInt(1 << 15);
      }
    }
    GuestMemory memory = GuestMemory.reserve(1 << 22, guest.isa.wide(), guest.isa.bigEndian());
    CodeCache cache = new CodeCache(Engine.TRANSLATE, 0, CAPACITY);
    memory.onCodeChange(cache);
    load(memory, added);
    try (memory;
        ExecutorService threads = Executors.newFixedThreadPool(THREADS + 1)) {
      List<Future<Integer>> results = new ArrayList<>();
      int[] starts = random.ints(THREADS).toArray();
      for (int t = 0; t < THREADS; t++) {
        int start = starts[t];
        int thread = t;
        results.add(threads.submit(() -> run(guest, memory, cache, thread, start, rounds)));
      }
      Future<?> trouble = threads.submit(() -> trouble(memory, cache, new Random(seed + 1)));
      for (int t = 0; t < THREADS; t++) {
        assertThat(results.get(t).get()).isEqualTo(expected(added, starts[t], rounds));
      }
      done.set(true);
      trouble.get();
      System.out.println(
          "DroppedCodeTest: " + guest + ": code dropped " + cache.drops() + " times");
      assertThat(cache.drops()).isGreaterThan(rounds / 1000);
      cache.close();
    }
  }

  private static void load(GuestMemory memory, int[][] added) {
    int all = RW | GuestMemory.PROT_EXEC;
    assertThat(memory.mapAnonymous(DRIVER, GuestMemory.PAGE_SIZE, all)).isZero();
    assertThat(memory.mapAnonymous(FUNCTIONS, (long) COUNT * SIZE, all)).isZero();
    assertThat(memory.mapAnonymous(DATA, (long) THREADS * GuestMemory.PAGE_SIZE, RW)).isZero();
    poke(memory, DRIVER, CALL);
    for (int i = 0; i < COUNT; i++) {
      int[] words = new int[STEPS + STEPS / 4 + 3];
      int n = 0;
      words[n++] = 0x918b_0000; // stw 12,0(11)
      for (int k = 0; k < STEPS; k++) {
        words[n++] = 0x3863_0000 | added[i][k]; // addi 3,3,added
        if (k % 4 == 3) {
          words[n++] = 0x5463_283e; // rotlwi 3,3,5
        }
      }
      words[n++] = 0x818b_0000; // lwz 12,0(11)
      words[n] = BLR;
      assertThat(4 * words.length).isLessThanOrEqualTo(SIZE);
      poke(memory, FUNCTIONS + (long) i * SIZE, words);
    }
  }

  private static void poke(GuestMemory memory, long address, int[] words) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * words.length).order(Machine.order(memory));
    for (int word : words) {
      bytes.putInt(word);
    }
    memory.poke(address, bytes.array(), 0, bytes.capacity());
  }

  /** What a thread finds in r3; which function it is, eleven bits of the generator say. */
  private static int expected(int[][] added, int start, int rounds) {
    int generator = start;
    int sum = 0;
    for (int i = 0; i < rounds; i++) {
      generator = generator * FACTOR + 1337;
      int function = (generator & (COUNT - 1) * SIZE) / SIZE;
      for (int k = 0; k < STEPS; k++) {
        sum += added[function][k];
        sum = k % 4 == 3 ? Integer.rotateLeft(sum, 5) : sum;
      }
    }
    return sum;
  }

  private int run(
      Machine.Guest guest, GuestMemory memory, CodeCache cache, int thread, int start, int rounds) {
    long page = DATA + (long) thread * GuestMemory.PAGE_SIZE;
    try (Cpu cpu = new Cpu(guest.isa, memory, cache)) {
      cpus.add(cpu);
      cpu.setSlot(4, start);
      cpu.setSlot(8, FUNCTIONS);
      cpu.setSlot(9, rounds);
      cpu.setSlot(11, page);
      cpu.setPc(DRIVER);
      Stop stop = cpu.run();
      while (stop != Stop.TRAP) {
        if (stop == Stop.FAULT) {
          assertThat(cpu.fault().address()).isEqualTo(page);
          synchronized (memory) {
            memory.protect(page, GuestMemory.PAGE_SIZE, RW);
          }
        } else {
          assertThat(stop).isEqualTo(Stop.ATTENTION);
          cpu.clearInterrupt();
        }
        stop = cpu.run();
      }
      cpus.remove(cpu);
      return (int) cpu.slot(3);
    }
  }

  /** What signals, writes to code and mprotect do, at any time. */
  private void trouble(GuestMemory memory, CodeCache cache, Random random) {
    while (!done.get()) {
      long page = (long) random.nextInt(COUNT * SIZE >> 12) << 12;
      switch (random.nextInt(3)) {
        case 0 -> cpus.forEach(Cpu::interrupt);
        case 1 -> cache.codeChanged(FUNCTIONS + page, FUNCTIONS + page + 1);
        default -> {
          synchronized (memory) {
            long data = DATA + ((long) random.nextInt(THREADS) << 12);
            memory.protect(data, GuestMemory.PAGE_SIZE, 0);
          }
        }
      }
      Thread.yield();
    }
  }
}
