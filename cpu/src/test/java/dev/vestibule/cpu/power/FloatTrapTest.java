package dev.vestibule.cpu.power;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.fp.Fpscr;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What happens when an instruction raises an enabled floating-point exception? */
class FloatTrapTest {
  private static final long CODE = 0x1_0000;
  private static final long ONE = Double.doubleToRawLongBits(1);

  private final GuestMemory memory = GuestMemory.reserve(1 << 20, true, false);
  private final Cpu cpu = new Cpu(Power.ppc64le(), memory, new CodeCache());

  FloatTrapTest() {
    memory.mapAnonymous(CODE, GuestMemory.PAGE_SIZE, GuestMemory.PROT_READ | GuestMemory.PROT_EXEC);
  }

  @AfterEach
  void close() {
    cpu.close();
    memory.close();
  }

  /** Runs instructions and a trap behind them on f1 = 1, f2 = 0, f3 = 0x7777, FPSCR as given. */
  private Stop run(String source, long fpscr) {
    byte[] code = new Assembler(false).assemble(source + "\ntrap\n", CODE).bytes();
    memory.poke(CODE, code, 0, code.length);
    cpu.setSlot(PowerState.fpr(1), ONE);
    cpu.setSlot(PowerState.fpr(2), 0);
    cpu.setSlot(PowerState.fpr(3), 0x7777);
    cpu.setSlot(PowerState.FPSCR, fpscr);
    cpu.setSlot(PowerState.crField(1), 0);
    cpu.setPc(CODE);
    return cpu.run();
  }

  @Test
  void enabledZeroDivideStopsAtItsInstructionAndKeepsTheTarget() {
    cpu.setSlot(PowerState.FPEXC, 3);
    assertThat(run("nop\nfdiv. 3,1,2\nfmr 4,3", Fpscr.ZE)).isEqualTo(Stop.FLOAT);
    assertThat(cpu.pc()).isEqualTo(CODE + 4);
    assertThat(cpu.slot(PowerState.fpr(3))).isEqualTo(0x7777);
    int raised = Fpscr.FX | Fpscr.FEX | Fpscr.ZX;
    assertThat((int) cpu.slot(PowerState.FPSCR) & ~Fpscr.ZE).isEqualTo(raised);
    assertThat(cpu.slot(PowerState.crField(1))).isEqualTo(0xC);
  }

  @Test
  void withoutTrapsTheThreadGoesOn() {
    assertThat(run("fdiv. 3,1,2\nfmr 4,3", Fpscr.ZE)).isEqualTo(Stop.TRAP);
    assertThat(cpu.slot(PowerState.fpr(4))).isEqualTo(0x7777);
    assertThat(cpu.slot(PowerState.FPSCR) & Fpscr.FEX).isNotZero();
  }

  @Test
  void enablingAPendingExceptionStops() {
    cpu.setSlot(PowerState.FPEXC, 3);
    assertThat(run("fdiv 3,1,2\nmtfsb1 27\nnop", 0)).isEqualTo(Stop.FLOAT);
    assertThat(cpu.pc()).isEqualTo(CODE + 4);
    assertThat(cpu.slot(PowerState.fpr(3))).isEqualTo(0x7FF0_0000_0000_0000L);
  }

  @Test
  void enabledExceptionInOneElementKeepsTheVector() {
    cpu.setSlot(PowerState.FPEXC, 3);
    cpu.setSlot(PowerState.vsr(1), ONE);
    cpu.setSlot(PowerState.vsr(2), ONE);
    cpu.setSlot(PowerState.vsr(3), 0x3333);
    assertThat(run("xvdivdp 3,1,2", Fpscr.ZE)).isEqualTo(Stop.FLOAT);
    assertThat(cpu.slot(PowerState.fpr(3))).isEqualTo(0x7777);
    assertThat(cpu.slot(PowerState.vsr(3))).isEqualTo(0x3333);
  }
}
