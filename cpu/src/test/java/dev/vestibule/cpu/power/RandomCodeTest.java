package dev.vestibule.cpu.power;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestMemory;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Does any code whatever, with any registers, end in an orderly stop?
 *
 * <p>Half the words are entirely random, half belong to a row of the table with random operands and
 * random reserved bits. Code and data share pages, so that programs overwrite themselves. {@code
 * -Dcode.seed} and {@code -Dcode.sequences} replay and prolong.
 */
class RandomCodeTest {
  /** Who executes; overridden by {@link TranslatedTest}. */
  Engine engine() {
    return Engine.INTERPRET;
  }

  private static final long PAGES = 0x0180_0000;
  private static final int BYTES = 4 * GuestMemory.PAGE_SIZE;
  private static final long LIMIT = 1L << 28;

  @ParameterizedTest
  @EnumSource
  void anyCodeStops(Machine.Guest guest) throws InterruptedException {
    long seed = Long.getLong("code.seed", 42);
    int sequences = Integer.getInteger("code.sequences", 20_000);
    GuestMemory memory = GuestMemory.reserve(LIMIT, guest.isa.wide(), guest.isa.bigEndian());
    CodeCache cache = new CodeCache(engine(), 0);
    memory.onCodeChange(cache);
    AtomicBoolean done = new AtomicBoolean();
    try (memory;
        Cpu cpu = new Cpu(guest.isa, memory, cache)) {
      int all = GuestMemory.PROT_READ | GuestMemory.PROT_WRITE | GuestMemory.PROT_EXEC;
      memory.mapAnonymous(PAGES, BYTES, all);
      Thread watchdog = Thread.ofPlatform().daemon().start(() -> interrupt(cpu, done));
      for (int i = 0; i < sequences; i++) {
        run(cpu, new Random(seed + i), seed + i);
      }
      done.set(true);
      watchdog.join();
    }
  }

  /** Ends loops. */
  private static void interrupt(Cpu cpu, AtomicBoolean done) {
    while (!done.get()) {
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        return;
      }
      cpu.interrupt();
    }
  }

  private static void run(Cpu cpu, Random random, long seed) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    ByteBuffer code = ByteBuffer.wrap(bytes).order(Machine.order(cpu.memory()));
    for (int at = 0; at < 256; at += 4) {
      if (random.nextBoolean()) {
        Table.Row row = Table.ROWS.get(random.nextInt(Table.ROWS.size()));
        code.putInt(at, random.nextInt() & ~row.mask() | row.value());
      }
    }
    cpu.memory().poke(PAGES, bytes, 0, bytes.length);
    for (int slot = 0; slot < PowerState.PC; slot++) {
      cpu.setSlot(slot, random.nextInt(3) == 0 ? random.nextLong() : PAGES + random.nextInt(BYTES));
    }
    for (int n = 0; n < 128; n++) {
      cpu.setSlot(PowerState.VSR + n, random.nextLong());
    }
    cpu.setPc(PAGES);
    cpu.clearInterrupt();
    try {
      assertThat(cpu.run()).isNotNull();
    } catch (RuntimeException | Error e) {
      throw new AssertionError("-Dcode.seed=" + seed + " -Dcode.sequences=1", e);
    }
  }
}
