package dev.vestibule.cpu.power;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.EngineStatistics;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Can a guest that does its worst read or write anything outside its window?
 *
 * <p>Random code, of storage instructions most of all, gets addresses that lead, if nothing keeps
 * it, to the neighbours of its window, the table behind it and its thread's record, straight, by a
 * displacement, as a sum that wraps around, or by updates. The neighbours are inaccessible in one
 * half of the runs: then every access that gets as far as the host and misses window and guards is
 * counted, and there must be none. In the other half they are filled with a pattern and must keep
 * it. {@code -Dhostile.seed=N} replays, {@code -Dhostile.sequences=N} prolongs.
 */
class HostileGuestTest {
  private static final long PAGES = 0x18_0000;
  private static final int BYTES = 4 * GuestMemory.PAGE_SIZE;
  private static final int WORDS = 48;
  private static final int STOPS = 60;
  private static final long GUARD = 1 << 16;
  private static final long NEIGHBOUR = 16 << 20;
  private static final int FIXED_NOREPLACE = 0x10_0000;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final int PATTERN = 0x5a; // of each byte
  private static final Set<String> STORAGE = Set.of("LoadStore", "FloatLoadStore", "VectorStorage");

  private final List<Long> neighbours = new ArrayList<>();
  private final Map<Stop, Integer> stops = new EnumMap<>(Stop.class);
  private final AtomicBoolean done = new AtomicBoolean();

  @AfterEach
  void unmap() {
    for (long at : neighbours) {
      Libc.syscall(HostCalls.MUNMAP, at, NEIGHBOUR);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "PPC, 32, 0",
    "PPC, 32, 3",
    "PPC, 28, 0",
    "PPC64, 28, 0",
    "PPC64, 28, 3",
    "PPC64, 38, 0",
    "PPC64LE, 28, 0",
    "PPC64LE, 30, 3",
    "PPC64LE, 38, 0",
  })
  void nothingOutsideIsTouched(Machine.Guest guest, int bits, int neighbourProtection)
      throws InterruptedException {
    assumeTrue(CodeCache.refusal() == null, () -> "" + CodeCache.refusal());
    long seed = Long.getLong("hostile.seed", System.nanoTime());
    int sequences = Integer.getInteger("hostile.sequences", 1_500);
    System.out.printf("HostileGuestTest: -Dhostile.seed=%d%n", seed);
    long straysBefore = EngineStatistics.strays();
    neighbour(0, neighbourProtection); // what is mapped next comes below it
    GuestMemory memory = GuestMemory.reserve(1L << bits, guest.isa.wide(), guest.isa.bigEndian());
    CodeCache cache = new CodeCache(Engine.TRANSLATE, 0);
    memory.onCodeChange(cache);
    int all = GuestMemory.PROT_READ | GuestMemory.PROT_WRITE | GuestMemory.PROT_EXEC;
    try (memory;
        Cpu cpu = new Cpu(guest.isa, memory, cache)) {
      neighbour(memory.window() - GUARD - NEIGHBOUR, neighbourProtection);
      neighbour(tableEnd(memory), neighbourProtection);
      neighbour(cpu.context() - NEIGHBOUR, neighbourProtection);
      assertThat(memory.mapAnonymous(PAGES, BYTES, all)).isZero();
      assertThat(memory.mapAnonymous(memory.limit() - BYTES, BYTES, all)).isZero();
      assertThat(memory.mapAnonymous(0, BYTES, all)).isZero();
      Thread watchdog = Thread.ofPlatform().daemon().start(() -> interrupt(cpu));
      for (int i = 0; i < sequences; i++) {
        run(cpu, new Random(seed + i));
        if (i % 500 == 0 || i == sequences - 1) {
          check(cpu, seed + i, straysBefore);
        }
      }
      done.set(true);
      watchdog.join();
      cache.close();
    }
    for (long at : neighbours) {
      for (long i = 0; neighbourProtection != 0 && i < NEIGHBOUR; i += 8) {
        assertThat(HostMemory.i64le(at + i)).isEqualTo(PATTERN * 0x0101_0101_0101_0101L);
      }
    }
    System.out.printf("HostileGuestTest: %s, window of 2^%d: %s%n", guest, bits, stops);
    assertThat(stops.getOrDefault(Stop.FAULT, 0)).isGreaterThan(sequences);
  }

  /** Host address of the page table. */
  private static long table(GuestMemory memory) {
    return memory.window() + (memory.spansAll() ? 1L << 32 : memory.limit()) + GUARD;
  }

  private static long tableEnd(GuestMemory memory) {
    return table(memory) + (memory.limit() >>> 12) + 4095 & -4096;
  }

  /** Maps 16 MiB, at an address if nothing is there yet. */
  private void neighbour(long at, int protection) {
    int flags = PRIVATE_ANONYMOUS | (at == 0 ? 0 : FIXED_NOREPLACE);
    long result = Libc.syscall(HostCalls.MMAP, at, NEIGHBOUR, protection, flags, -1, 0);
    if (result > 0 || result < -4096) {
      neighbours.add(result);
      if (protection != 0) {
        HostMemory.fill(result, NEIGHBOUR, PATTERN);
      }
    }
  }

  private void check(Cpu cpu, long seed, long straysBefore) {
    assertThat(EngineStatistics.strays())
        .as("accesses outside, at -Dhostile.seed=%d or before", seed)
        .isEqualTo(straysBefore);
    GuestMemory memory = cpu.memory();
    long table = table(memory);
    long pages = memory.limit() >>> 12;
    for (long n = 0; n < Math.min(pages, 1 << 17); n++) {
      long page = n < 1 << 16 ? n : pages - 1 - (n & 0xffff);
      boolean mapped = memory.protection(page << 12) != 0;
      assertThat(HostMemory.u8(table + page) != 0).as("entry of page %x", page).isEqualTo(mapped);
    }
    assertThat(cpu.slot(Cpu.EXECUTOR)).isEqualTo(memory.window());
    assertThat(cpu.slot(Cpu.EXECUTOR + 1)).isEqualTo(memory.limit());
  }

  private void interrupt(Cpu cpu) {
    while (!done.get()) {
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        return;
      }
      cpu.interrupt();
    }
  }

  private void run(Cpu cpu, Random random) {
    List<Long> targets = targets(cpu, random);
    ByteBuffer code = ByteBuffer.allocate(BYTES).order(Machine.order(cpu.memory()));
    while (code.hasRemaining()) { // what is loaded is an address, too
      code.putLong(targets.get(random.nextInt(targets.size())));
    }
    boolean narrow = random.nextBoolean();
    for (int i = 0; i < WORDS; i++) {
      code.putInt(4 * i, word(random, narrow));
    }
    cpu.memory().poke(PAGES, code.array(), 0, BYTES);
    for (int n = 0; n < 32; n++) {
      long good = PAGES + random.nextInt(BYTES);
      boolean wild = random.nextInt(narrow ? 4 : 1) == 0;
      cpu.setSlot(PowerState.gpr(n), wild ? targets.get(random.nextInt(targets.size())) : good);
    }
    for (int n = 0; n < 32 && !narrow; n += 2) { // pairs whose sum is a target
      if (random.nextBoolean()) {
        long part = random.nextLong() >> random.nextInt(64);
        cpu.setSlot(PowerState.gpr(n), cpu.slot(PowerState.gpr(n)) - part);
        cpu.setSlot(PowerState.gpr(n + 1), part);
      }
    }
    cpu.setSlot(PowerState.LR, targets.get(random.nextInt(targets.size())));
    cpu.setSlot(PowerState.CTR, targets.get(random.nextInt(targets.size())));
    PowerState.setXer(cpu, random.nextInt(128)); // the length for lswx
    cpu.setPc(PAGES);
    cpu.clearInterrupt();
    for (int i = 0; i < STOPS && cpu.pc() >= PAGES && cpu.pc() < PAGES + 4 * WORDS; i++) {
      Stop stop = cpu.run();
      stops.merge(stop, 1, Integer::sum);
      cpu.clearInterrupt();
      if (stop != Stop.SYSCALL) {
        cpu.setPc(cpu.pc() + 4); // and on with the next instruction
      }
    }
  }

  /**
   * An instruction, mostly of storage.
   *
   * @param narrow whether it keeps to few registers, most of which begin as good addresses, so that
   *     what is known of one in a block may be wrong a few instructions later
   */
  private static int word(Random random, boolean narrow) {
    while (true) {
      Table.Row row = Table.ROWS.get(random.nextInt(Table.ROWS.size()));
      boolean storage = STORAGE.contains(row.owner());
      boolean integer = row.owner().equals("FixedPoint") || row.owner().equals("Logic");
      if (!storage && random.nextInt(narrow && integer ? 3 : 8) != 0) {
        continue;
      }
      int word = random.nextInt() & ~row.mask() | row.value();
      for (String name : narrow ? List.of("rt", "rs", "ra", "rb") : List.<String>of()) {
        word = row.has(name) ? row.field(name).insert(word, 3 + random.nextInt(4)) : word;
      }
      for (String name : narrow && storage ? List.of("d", "ds", "dq") : List.<String>of()) {
        word = row.has(name) ? row.field(name).insert(word, random.nextInt(64) - 32) : word;
      }
      if (storage && !narrow && row.has("ra") && row.has("rb") && random.nextBoolean()) {
        int pair = 2 * random.nextInt(16);
        word = row.field("rb").insert(row.field("ra").insert(word, pair), pair + 1);
      }
      return word;
    }
  }

  /** Guest addresses that, taken at their word, lead to what a guest must not reach. */
  private List<Long> targets(Cpu cpu, Random random) {
    GuestMemory memory = cpu.memory();
    long near = random.nextInt(1 << 17) - (1 << 16);
    List<Long> all =
        new ArrayList<>(
            List.of(
                PAGES + random.nextInt(BYTES),
                PAGES + random.nextInt(BYTES),
                memory.limit() + near,
                memory.limit() - random.nextInt(32),
                near,
                (long) random.nextInt(32) - 16,
                table(memory) - memory.window() + random.nextInt(1 << 16),
                cpu.context() - memory.window() + random.nextInt(1 << 13),
                -memory.window() + random.nextInt(1 << 16),
                random.nextLong(),
                random.nextLong() >> random.nextInt(64),
                1L << random.nextInt(64),
                (1L << 32) + near,
                (1L << 31) + near,
                (1L << 47) - memory.window() + near,
                Long.MIN_VALUE + near));
    for (long neighbour : neighbours) {
      all.add(neighbour - memory.window() + random.nextInt((int) NEIGHBOUR));
    }
    return all;
  }
}
