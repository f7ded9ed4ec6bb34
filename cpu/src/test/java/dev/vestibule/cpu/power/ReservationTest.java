package dev.vestibule.cpu.power;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What qemu-user cannot be asked about storage: quadwords, and what only big-endian has. */
class ReservationTest {
  /** Who executes; overridden by {@link TranslatedTest}. */
  Engine engine() {
    return Engine.INTERPRET;
  }

  private static final long CODE = 0x1_0000;
  private static final long DATA = 0x2_0000;
  private static final int LQARX_6_0_3 = 0x7cc0_1a28;
  private static final int STQCX_8_0_3 = 0x7d00_196d;
  private static final int LWARX_6_0_3 = 0x7cc0_1828;
  private static final int LMW_30_0_3 = 0xbbc3_0000;
  private static final int STSWX_6_0_3 = 0x7cc0_1d2a;
  private static final int TRAP = 0x7fe0_0008;

  private static Stop run(Cpu cpu, int... words) {
    GuestMemory memory = cpu.memory();
    ByteBuffer code = ByteBuffer.allocate(4 * words.length + 4).order(Machine.order(memory));
    for (int word : words) {
      code.putInt(word);
    }
    code.putInt(TRAP);
    memory.poke(CODE, code.array(), 0, code.capacity());
    cpu.setPc(CODE);
    return cpu.run();
  }

  private Cpu cpu(Machine.Guest guest) {
    GuestMemory memory = GuestMemory.reserve(1 << 20, guest.isa.wide(), guest.isa.bigEndian());
    CodeCache cache = new CodeCache(engine(), 0);
    memory.onCodeChange(cache);
    int readWrite = GuestMemory.PROT_READ | GuestMemory.PROT_WRITE;
    memory.mapAnonymous(CODE, GuestMemory.PAGE_SIZE, readWrite | GuestMemory.PROT_EXEC);
    memory.mapAnonymous(DATA, GuestMemory.PAGE_SIZE, readWrite);
    Cpu cpu = new Cpu(guest.isa, memory, cache);
    cpu.setSlot(3, DATA);
    return cpu;
  }

  @ParameterizedTest
  @EnumSource(names = {"PPC64", "PPC64LE"})
  void quadwordsAreStoredUnderTheirReservation(Machine.Guest guest) {
    Cpu cpu = cpu(guest);
    GuestMemory memory = cpu.memory();
    try (memory;
        cpu) {
      int high = memory.bigEndian() ? 0 : 8;
      memory.store64(DATA + high, 0x1111);
      memory.store64(DATA + 8 - high, 0x2222);
      cpu.setSlot(8, 0x3333);
      cpu.setSlot(9, 0x4444);
      assertThat(run(cpu, LQARX_6_0_3, STQCX_8_0_3)).isEqualTo(Stop.TRAP);
      assertThat(cpu.slot(6)).isEqualTo(0x1111);
      assertThat(cpu.slot(7)).isEqualTo(0x2222);
      assertThat(cpu.slot(PowerState.CR0)).isEqualTo(2);
      assertThat(memory.load64(DATA + high)).isEqualTo(0x3333);
      assertThat(memory.load64(DATA + 8 - high)).isEqualTo(0x4444);
      // The reservation is gone: 4.4.2.
      cpu.setSlot(8, 0x5555);
      assertThat(run(cpu, STQCX_8_0_3)).isEqualTo(Stop.TRAP);
      assertThat(cpu.slot(PowerState.CR0)).isZero();
      assertThat(memory.load64(DATA + high)).isEqualTo(0x3333);
      // Somebody else's store between them.
      assertThat(run(cpu, LQARX_6_0_3)).isEqualTo(Stop.TRAP);
      memory.store64(DATA + 8 - high, 0x6666);
      assertThat(run(cpu, STQCX_8_0_3)).isEqualTo(Stop.TRAP);
      assertThat(cpu.slot(PowerState.CR0)).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void reservationsNeedAlignment(Machine.Guest guest) {
    Cpu cpu = cpu(guest);
    GuestMemory memory = cpu.memory();
    try (memory;
        cpu) {
      cpu.setSlot(3, DATA + 2);
      assertThat(run(cpu, LWARX_6_0_3)).isEqualTo(Stop.FAULT);
      assertThat(cpu.fault().cause()).isEqualTo(GuestFault.Cause.MISALIGNED);
      assertThat(cpu.fault().address()).isEqualTo(DATA + 2);
      assertThat(cpu.pc()).isEqualTo(CODE);
    }
  }

  /** 3.3.6, 3.3.7: an alignment interrupt in little-endian mode. */
  @ParameterizedTest
  @EnumSource(names = "PPC64LE")
  void multiplesAndStringsAreBigEndian(Machine.Guest guest) {
    Cpu cpu = cpu(guest);
    GuestMemory memory = cpu.memory();
    try (memory;
        cpu) {
      for (int word : new int[] {LMW_30_0_3, STSWX_6_0_3}) {
        assertThat(run(cpu, word)).isEqualTo(Stop.FAULT);
        assertThat(cpu.fault().cause()).isEqualTo(GuestFault.Cause.MISALIGNED);
        assertThat(cpu.fault().address()).isEqualTo(DATA);
      }
    }
  }
}
