package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A short sequence of instructions and the registers and memory it begins with.
 *
 * <p>The layout of {@link #write} and of {@link Outcome#read} is that of {@code guest/oracle.c}.
 */
record Trial(long seed, int[] words, Registers registers, long[] pad) {
  static final int WORDS = 24;
  static final long CODE = 0x0180_0000;
  static final long PAGE = 0x3000_0000;
  static final int PAD_AT = 1792;
  static final int PAD_BYTES = 512;
  static final int TRAP = 0x7fe0_0008;
  static final int RECORD_BYTES = WORDS * 4 + Registers.BYTES + PAD_BYTES;

  /** All registers a sequence can see; VSR n is vsr[2n] (doubleword 0) and vsr[2n + 1]. */
  static final class Registers {
    static final int BYTES = 256 + 1024 + 16 + 64;
    final long[] gpr = new long[32];
    final long[] vsr = new long[128];
    long vscr;
    long lr;
    long ctr;
    long xer;
    long cr;
    long fpscr;
    long tar;
    long vrsave;

    void write(ByteBuffer to) {
      to.asLongBuffer().put(gpr).put(vsr);
      to.position(to.position() + 256 + 1024);
      for (long value : new long[] {0, vscr, lr, ctr, xer, cr, fpscr, tar, vrsave, 0}) {
        to.putLong(value);
      }
    }

    static Registers read(ByteBuffer from) {
      Registers r = new Registers();
      from.asLongBuffer().get(r.gpr).get(r.vsr);
      from.position(from.position() + 256 + 1024 + 8);
      r.vscr = from.getLong() & 0xffff_ffffL;
      r.lr = from.getLong();
      r.ctr = from.getLong();
      r.xer = from.getLong();
      r.cr = from.getLong();
      r.fpscr = from.getLong();
      r.tar = from.getLong();
      r.vrsave = from.getLong();
      from.getLong();
      return r;
    }

    void load(Cpu cpu) {
      for (int n = 0; n < 32; n++) {
        cpu.setSlot(PowerState.gpr(n), gpr[n]);
      }
      for (int n = 0; n < 64; n++) {
        cpu.setSlot(PowerState.vsr(n) + 1, vsr[2 * n]);
        cpu.setSlot(PowerState.vsr(n), vsr[2 * n + 1]);
      }
      cpu.setSlot(PowerState.VSCR, vscr);
      cpu.setSlot(PowerState.LR, lr);
      cpu.setSlot(PowerState.CTR, ctr);
      PowerState.setXer(cpu, xer);
      PowerState.setCr(cpu, (int) cr);
      cpu.setSlot(PowerState.FPSCR, fpscr);
      cpu.setSlot(PowerState.TAR, tar);
      cpu.setSlot(PowerState.VRSAVE, vrsave);
    }

    static Registers of(Cpu cpu) {
      Registers r = new Registers();
      for (int n = 0; n < 32; n++) {
        r.gpr[n] = cpu.slot(PowerState.gpr(n));
      }
      for (int n = 0; n < 64; n++) {
        r.vsr[2 * n] = cpu.slot(PowerState.vsr(n) + 1);
        r.vsr[2 * n + 1] = cpu.slot(PowerState.vsr(n));
      }
      r.vscr = cpu.slot(PowerState.VSCR);
      r.lr = cpu.slot(PowerState.LR);
      r.ctr = cpu.slot(PowerState.CTR);
      r.xer = PowerState.xer(cpu);
      r.cr = PowerState.cr(cpu) & 0xffff_ffffL;
      r.fpscr = cpu.slot(PowerState.FPSCR);
      r.tar = cpu.slot(PowerState.TAR);
      r.vrsave = cpu.slot(PowerState.VRSAVE);
      return r;
    }
  }

  /** What a sequence left behind; {@code rest} stands for the memory around the pad. */
  record Outcome(int signal, long nip, long address, Registers registers, long[] pad, long rest) {
    static final int BYTES = 32 + Registers.BYTES + PAD_BYTES + 16;

    static Outcome read(ByteBuffer from) {
      int signal = (int) from.getLong();
      from.getLong();
      long nip = from.getLong();
      long address = from.getLong();
      Registers registers = Registers.read(from);
      long[] pad = new long[PAD_BYTES / 8];
      for (int i = 0; i < pad.length; i++) {
        pad[i] = from.getLong();
      }
      long rest = from.getLong();
      from.getLong();
      return new Outcome(signal, nip, address, registers, pad, rest);
    }
  }

  void write(ByteBuffer to) {
    for (int i = 0; i < WORDS; i++) {
      to.putInt(i < words.length ? words[i] : TRAP);
    }
    registers.write(to);
    for (long value : pad) {
      to.putLong(value);
    }
  }

  /** The same trial without one of its instructions, which becomes a no-op. */
  Trial without(int index) {
    int[] fewer = words.clone();
    fewer[index] = 0x6000_0000;
    return new Trial(seed, fewer, registers, pad);
  }

  /** Loads registers, code and memory. */
  void load(Cpu cpu) {
    GuestMemory memory = cpu.memory();
    ByteBuffer code = ByteBuffer.allocate(GuestMemory.PAGE_SIZE).order(Machine.order(memory));
    while (code.hasRemaining()) {
      int i = code.position() / 4;
      code.putInt(i < words.length ? words[i] : TRAP);
    }
    memory.poke(CODE, code.array(), 0, code.capacity());
    ByteBuffer page = ByteBuffer.allocate(GuestMemory.PAGE_SIZE).order(Machine.order(memory));
    page.position(PAD_AT);
    page.asLongBuffer().put(pad);
    memory.poke(PAGE, page.array(), 0, page.capacity());
    registers.load(cpu);
    cpu.setSlot(PowerState.RESERVATION, -1);
    cpu.setPc(CODE);
  }

  /** Runs on our own processor. */
  Outcome run(Cpu cpu) {
    load(cpu);
    return outcome(cpu, cpu.run());
  }

  static Outcome outcome(Cpu cpu, Stop stop) {
    GuestMemory memory = cpu.memory();
    int signal =
        switch (stop) {
          case ILLEGAL, PRIVILEGED -> 4;
          case TRAP -> 5;
          case FLOAT -> 8;
          case FAULT -> cpu.fault().cause() == GuestFault.Cause.MISALIGNED ? 7 : 11;
          default -> 0;
        };
    long address = signal == 11 ? cpu.fault().address() : 0;
    byte[] bytes = new byte[GuestMemory.PAGE_SIZE];
    memory.peek(PAGE, bytes, 0, bytes.length);
    ByteBuffer page = ByteBuffer.wrap(bytes).order(Machine.order(memory));
    long[] pad = new long[PAD_BYTES / 8];
    long rest = 0;
    for (int i = 0; i < bytes.length / 8; i++) {
      int k = i - PAD_AT / 8;
      if (k >= 0 && k < pad.length) {
        pad[k] = page.getLong(8 * i);
      } else {
        rest = rest * 31 + page.getLong(8 * i);
      }
    }
    return new Outcome(signal, cpu.pc(), address, Registers.of(cpu), pad, rest);
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(words);
  }
}
