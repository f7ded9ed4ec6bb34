package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Isa;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;

/** Which Power guest is it: {@code ppc}, {@code ppc64} or {@code ppc64le}? */
public final class Power implements Isa {
  private static final int MOST_INSTRUCTIONS = 64;
  private static final int LARGEST_BLOCK = 4096;
  private static final Power PPC = new Power("ppc", false, true, 32);
  private static final Power PPC64 = new Power("ppc64", true, true, 128);
  private static final Power PPC64LE = new Power("ppc64le", true, false, 128);

  private final String name;
  private final boolean wide;
  private final boolean bigEndian;
  private final int cacheLine;
  private final ThreadLocal<PowerBuilder> builders;

  private Power(String name, boolean wide, boolean bigEndian, int cacheLine) {
    this.name = name;
    this.wide = wide;
    this.bigEndian = bigEndian;
    this.cacheLine = cacheLine;
    this.builders = ThreadLocal.withInitial(() -> new PowerBuilder(wide, bigEndian, cacheLine));
  }

  /** 32-bit, big-endian. */
  public static Power ppc() {
    return PPC;
  }

  /** 64-bit, big-endian, ELFv1. */
  public static Power ppc64() {
    return PPC64;
  }

  /** 64-bit, little-endian, ELFv2. */
  public static Power ppc64le() {
    return PPC64LE;
  }

  /**
   * The same guest on a processor whose cache blocks have another size.
   *
   * @param bytes a power of two, 16 to 4096
   */
  public Power withCacheBlocks(int bytes) {
    if (bytes < 16 || bytes > LARGEST_BLOCK || Integer.bitCount(bytes) != 1) {
      throw new IllegalArgumentException("cache blocks of " + bytes + " bytes");
    }
    return bytes == cacheLine ? this : new Power(name, wide, bigEndian, bytes);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean bigEndian() {
    return bigEndian;
  }

  @Override
  public boolean wide() {
    return wide;
  }

  @Override
  public int pcSlot() {
    return PowerState.PC;
  }

  /** Bytes that dcbz clears and icbi covers; by default 32 on ppc, 128 on the 64-bit guests. */
  int cacheLine() {
    return cacheLine;
  }

  @Override
  public int[] hotSlots() {
    int[] general = {3, 9, 4, 10, 5, 1, 31, 30, 8, 7, 6, 29, 11, 0, 12, 28, 27, 26, 25, 24, 23, 22};
    int[] others = {21, 20, 19, 18, 17, 16, 15, 14, 2, 13, PowerState.CTR, PowerState.CA};
    return IntStream.concat(Arrays.stream(general), Arrays.stream(others)).toArray(); // r3, r9...
  }

  @Override
  public int[] hotFloatSlots() {
    int[] registers = {0, 1, 12, 13, 11, 10, 9, 8, 31}; // f0, f1...
    return Arrays.stream(registers).map(PowerState::fpr).toArray();
  }

  @Override
  public void reset(Cpu cpu) {
    cpu.setSlot(PowerState.RESERVATION, -1);
    cpu.setSlot(PowerState.PVR, wide ? 0x004d_0200 : 0x8003_0202);
    cpu.setSlot(PowerState.VSCR, 0x1_0000);
    cpu.setSlot(PowerState.PPR, 3L << 50);
    cpu.setSlot(PowerState.FPEXC, 0);
  }

  @Override
  public void help(Cpu cpu, int helper, long word) {
    if (helper == PowerHelp.ENTERED) {
      cpu.entered(word);
    } else {
      PowerHelp.help(cpu, this, helper, (int) word);
    }
  }

  @Override
  public Ordering ordering(int helper) {
    return switch (helper) {
      case PowerHelp.FENCE -> Ordering.FULL;
      case PowerHelp.LIGHT_FENCE -> Ordering.LIGHT;
      default -> Ordering.NONE;
    };
  }

  @Override
  public String nameAt(GuestMemory memory, long pc) {
    byte[] bytes = new byte[Integer.BYTES];
    try {
      memory.peek(pc, bytes, 0, bytes.length);
    } catch (GuestFault gone) {
      return "unmapped";
    }
    ByteOrder order = bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    String text = Disassembler.disassemble(ByteBuffer.wrap(bytes).order(order).getInt(), pc);
    int blank = text.indexOf(' ');
    return blank < 0 || text.startsWith(".") ? text : text.substring(0, blank);
  }

  @Override
  public int mostInstructions() {
    return MOST_INSTRUCTIONS;
  }

  @Override
  public Block translate(GuestMemory memory, long pc, LongPredicate watched, int most) {
    PowerBuilder m = builders.get();
    m.begin(pc);
    long at = pc;
    while (!m.ended() && m.instructions() < most) {
      int word;
      try {
        word = memory.fetch32(at);
      } catch (GuestFault fault) {
        if (at == pc) {
          throw fault;
        }
        break;
      }
      boolean entry = watched.test(at);
      if (at != pc && (entry || (at & (GuestMemory.PAGE_SIZE - 1)) == 0)) {
        break; // one page for one block: its code is watched as a whole
      }
      m.instruction(at);
      if (entry) {
        m.help(PowerHelp.ENTERED, at);
      }
      int row = PowerDecoder.decode(word);
      if (row < 0 || (!wide && PowerDecoder.wide(row))) {
        m.illegal();
      } else {
        PowerDecoder.build(row, word, m);
      }
      at += 4;
    }
    return m.finish(at);
  }

  @Override
  public List<Register> registers() {
    int bits = wide ? 64 : 32;
    List<Register> all = new ArrayList<>();
    for (int n = 0; n < 32; n++) {
      all.add(new Register("r" + n, PowerState.gpr(n), bits));
    }
    all.add(new Register("pc", PowerState.PC, bits));
    all.add(new Register("lr", PowerState.LR, bits));
    all.add(new Register("ctr", PowerState.CTR, bits));
    for (int n = 0; n < 32; n++) {
      all.add(new Register("f" + n, PowerState.fpr(n), 64));
    }
    return List.copyOf(all);
  }
}
