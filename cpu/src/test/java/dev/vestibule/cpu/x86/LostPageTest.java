package dev.vestibule.cpu.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.power.Power;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Does machine code survive that somebody shortens a file that it reads through a mapping? */
class LostPageTest {
  private static final long CODE = 0x1_0000;
  private static final long DATA = 0x2_0000;
  private static final int ADDI_4_4_1 = 0x3884_0001;
  private static final int LWZ_3_0_5 = 0x8065_0000;
  private static final int TRAP = 0x7fe0_0008;
  private static final int READ_WRITE = 3;

  @Test
  void theFaultIsPreciseAndTheJvmLives(@TempDir Path directory) throws Exception {
    assumeTrue(Translator.refusal() == null, () -> "" + Translator.refusal());
    Path file = Files.write(directory.resolve("file"), new byte[4096]);
    GuestMemory memory = GuestMemory.reserve(1 << 20, true, true);
    CodeCache cache = new CodeCache(Engine.TRANSLATE, 0);
    memory.mapAnonymous(CODE, GuestMemory.PAGE_SIZE, 7);
    int fd = open(file);
    assertThat(memory.mapFile(DATA, GuestMemory.PAGE_SIZE, READ_WRITE, fd, 0, true, true)).isZero();
    ByteBuffer code = ByteBuffer.allocate(16);
    code.putInt(ADDI_4_4_1).putInt(ADDI_4_4_1).putInt(LWZ_3_0_5).putInt(TRAP);
    try (memory;
        Cpu cpu = new Cpu(Power.ppc64(), memory, cache)) {
      memory.poke(CODE, code.array(), 0, code.capacity());
      for (int round = 1; round <= 100; round++) {
        Libc.syscall(HostCalls.FTRUNCATE, fd, round % 2 == 0 ? 4096 : 0);
        cpu.setSlot(4, 0);
        cpu.setSlot(5, DATA);
        cpu.setPc(CODE);
        if (round % 2 == 0) {
          cpu.run();
        } else {
          assertThatThrownBy(cpu::run).isInstanceOf(InternalError.class);
        }
        assertThat(cpu.pc()).isEqualTo(CODE + (round % 2 == 0 ? 12 : 8));
        assertThat(cpu.slot(4)).isEqualTo(2);
      }
    } finally {
      Libc.syscall(HostCalls.CLOSE, fd);
    }
  }

  private static int open(Path file) {
    byte[] name = file.toString().getBytes(StandardCharsets.UTF_8);
    long path = HostMemory.allocate(name.length + 1);
    HostMemory.copyIn(name, 0, path, name.length);
    int readWrite = 2;
    int fd = (int) Libc.syscall(HostCalls.OPENAT, -100, path, readWrite);
    HostMemory.free(path);
    return fd;
  }
}
