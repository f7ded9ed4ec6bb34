package dev.vestibule.cpu.power;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Is code executed as it was last written, after the sequence of Book II, 1.8? */
class SelfModifyingTest {
  /** Who executes; overridden by {@link TranslatedTest}. */
  Engine engine() {
    return Engine.INTERPRET;
  }

  private static final long CODE = 0x1_0000;
  private static final int ROUNDS = 1000;
  private static final int STW_4_0_5 = 0x9085_0000;
  private static final int DCBST_0_5 = 0x7c00_286c;
  private static final int SYNC = 0x7c00_04ac;
  private static final int ICBI_0_5 = 0x7c00_2fac;
  private static final int ISYNC = 0x4c00_012c;
  private static final int ADDI_3_3_1 = 0x3863_0001;
  private static final int ADDI_4_4_1 = 0x3884_0001;
  private static final int BDNZ_BACK_32 = 0x4200_ffe0;
  private static final int TRAP = 0x7fe0_0008;

  /** Each round writes "addi 3,3,n" with the next n over the instruction it is about to execute. */
  @ParameterizedTest
  @EnumSource
  void writtenCodeRuns(Machine.Guest guest) {
    GuestMemory memory = GuestMemory.reserve(1 << 20, guest.isa.wide(), guest.isa.bigEndian());
    CodeCache cache = new CodeCache(engine(), 0);
    memory.onCodeChange(cache);
    int all = GuestMemory.PROT_READ | GuestMemory.PROT_WRITE | GuestMemory.PROT_EXEC;
    memory.mapAnonymous(CODE, GuestMemory.PAGE_SIZE, all);
    int[] words = {
      ADDI_4_4_1,
      STW_4_0_5,
      DCBST_0_5,
      SYNC,
      ICBI_0_5,
      SYNC,
      ISYNC,
      ADDI_3_3_1, // overwritten
      BDNZ_BACK_32,
      TRAP
    };
    ByteBuffer code = ByteBuffer.allocate(4 * words.length).order(Machine.order(memory));
    for (int word : words) {
      code.putInt(word);
    }
    try (memory;
        Cpu cpu = new Cpu(guest.isa, memory, cache)) {
      memory.poke(CODE, code.array(), 0, code.capacity());
      cpu.setSlot(4, ADDI_3_3_1 - 1);
      cpu.setSlot(5, CODE + 28);
      cpu.setSlot(PowerState.CTR, ROUNDS);
      cpu.setPc(CODE);
      assertThat(cpu.run()).isEqualTo(Stop.TRAP);
      assertThat(cpu.slot(3)).isEqualTo(ROUNDS * (ROUNDS + 1L) / 2);
    }
  }
}
