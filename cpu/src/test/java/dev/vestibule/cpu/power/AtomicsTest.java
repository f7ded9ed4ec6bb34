package dev.vestibule.cpu.power;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Does no increment get lost when threads count under reservations of all sizes, beside each other?
 *
 * <p>Counters of one and two bytes share words, so that one thread's success must not undo what
 * another stored next to it.
 */
class AtomicsTest {
  /** Who executes; overridden by {@link TranslatedTest}. */
  Engine engine() {
    return Engine.INTERPRET;
  }

  private static final long CODE = 0x1_0000;
  private static final long DATA = 0x2_0000;
  private static final int THREADS = 3;
  private static final int ROUNDS = 20_000;
  private static final int TRAP = 0x7fe0_0008;
  private static final int[] SIZES = {1, 2, 4, 8, 16};
  private static final int[] LOAD = {52, 116, 20, 84, 276};
  private static final int[] STORE = {694, 726, 150, 214, 182};

  @ParameterizedTest
  @EnumSource
  void noIncrementIsLost(Machine.Guest guest) throws Exception {
    int kinds = guest.isa.wide() ? 5 : 3;
    GuestMemory memory = GuestMemory.reserve(1 << 20, guest.isa.wide(), guest.isa.bigEndian());
    CodeCache cache = new CodeCache(engine(), 0);
    memory.onCodeChange(cache);
    int readWrite = GuestMemory.PROT_READ | GuestMemory.PROT_WRITE;
    memory.mapAnonymous(CODE, GuestMemory.PAGE_SIZE, readWrite | GuestMemory.PROT_EXEC);
    memory.mapAnonymous(DATA, GuestMemory.PAGE_SIZE, readWrite);
    for (int kind = 0; kind < kinds; kind++) {
      byte[] code = code(guest, kind);
      memory.poke(CODE + 64 * kind, code, 0, code.length);
    }
    try (memory;
        ExecutorService threads = Executors.newFixedThreadPool(2 * kinds * THREADS)) {
      List<Callable<Stop>> tasks = new ArrayList<>();
      for (int kind = 0; kind < kinds; kind++) {
        for (int i = 0; i < THREADS; i++) {
          tasks.add(count(guest, memory, cache, kind, 0));
          tasks.add(count(guest, memory, cache, kind, 1));
        }
      }
      for (Future<Stop> task : threads.invokeAll(tasks)) {
        assertThat(task.get()).isEqualTo(Stop.TRAP);
      }
      for (int kind = 0; kind < kinds; kind++) {
        for (int place = 0; place < 2; place++) {
          long wanted = THREADS * ROUNDS;
          long mask = SIZES[kind] >= 8 ? -1 : (1L << 8 * SIZES[kind]) - 1;
          assertThat(counter(memory, kind, place))
              .as("%s bytes, counter %s", SIZES[kind], place)
              .isEqualTo(wanted & mask);
        }
      }
    }
  }

  private static Callable<Stop> count(
      Machine.Guest guest, GuestMemory memory, CodeCache cache, int kind, int place) {
    return () -> {
      try (Cpu cpu = new Cpu(guest.isa, memory, cache)) {
        cpu.setSlot(3, address(kind, place));
        cpu.setSlot(PowerState.CTR, ROUNDS);
        cpu.setPc(CODE + 64 * kind);
        return cpu.run();
      }
    };
  }

  /** Two counters of each size, side by side. */
  private static long address(int kind, int place) {
    return DATA + 32 * kind + (long) place * SIZES[kind];
  }

  private static long counter(GuestMemory memory, int kind, int place) {
    long at = address(kind, place);
    return switch (SIZES[kind]) {
      case 1 -> memory.load8(at);
      case 2 -> memory.load16(at);
      case 4 -> memory.load32(at);
      case 8 -> memory.load64(at);
      default -> memory.load64(at + (memory.bigEndian() ? 8 : 0));
    };
  }

  private static byte[] code(Machine.Guest guest, int kind) {
    int counted = SIZES[kind] == 16 ? 7 : 6;
    int[] words = {
      31 << 26 | 6 << 21 | 3 << 11 | LOAD[kind] << 1, // l.arx 6,0,3
      14 << 26 | counted << 21 | counted << 16 | 1, // addi counted,counted,1
      31 << 26 | 6 << 21 | 3 << 11 | STORE[kind] << 1 | 1, // st.cx. 6,0,3
      0x4082_fff4, // bne -12
      0x4200_fff0, // bdnz -16
      TRAP
    };
    ByteBuffer code = ByteBuffer.allocate(4 * words.length);
    code.order(guest.isa.bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    for (int word : words) {
      code.putInt(word);
    }
    return code.array();
  }
}
