package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Access;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.host.HostMemory;

/**
 * What do the rare instructions do that their meaning leaves to Java?
 *
 * <p>Each helper gets the instruction word (or the number its meaning chose) and works on the
 * thread's record. A helper that can fault does so before it writes a register.
 */
final class PowerHelp {
  static final int FENCE = 0;
  static final int LIGHT_FENCE = 1;
  static final int ZERO_BLOCK = 4;
  static final int INVALIDATE_CODE = 5;
  static final int STRING = 6;
  static final int QUAD = 7;
  static final int LOAD_RESERVE = 8;
  static final int STORE_CONDITIONAL = 9;
  static final int DIVIDE_EXTENDED = 10;

  /** Reports a watched address, which stands in place of the word. */
  static final int ENTERED = 11;

  static final int DECIMAL = 12;
  static final int BIG_ENDIAN_ONLY = 13;
  static final int DECLETS = 14;

  private static final int QUAD_BYTES = 16;
  private static final Object QUAD_LOCK = new Object();

  private PowerHelp() {}

  static void help(Cpu cpu, Power isa, int helper, int word) {
    switch (helper) {
      case FENCE -> HostMemory.fullFence();
      case LIGHT_FENCE -> HostMemory.lightFence();
      case ZERO_BLOCK -> zeroBlock(cpu, isa, word);
      case INVALIDATE_CODE -> invalidateCode(cpu, isa, word);
      case STRING -> string(cpu, word);
      case QUAD -> quad(cpu, word);
      case LOAD_RESERVE -> loadReserve(cpu, word);
      case STORE_CONDITIONAL -> storeConditional(cpu, word);
      case DIVIDE_EXTENDED -> divideExtended(cpu, word);
      case DECLETS -> DecimalAssist.convert(cpu, word);
      case DECIMAL -> Decimal.execute(cpu, word);
      case BIG_ENDIAN_ONLY -> throw misaligned(cpu, word);
      default -> throw new AssertionError("helper " + helper);
    }
  }

  private static int rt(int word) {
    return word >>> 21 & 31;
  }

  private static int ra(int word) {
    return word >>> 16 & 31;
  }

  private static int rb(int word) {
    return word >>> 11 & 31;
  }

  private static int extended(int word) {
    return word >>> 1 & 0x3ff;
  }

  private static long base(Cpu cpu, int word) {
    return ra(word) == 0 ? 0 : cpu.slot(ra(word));
  }

  /** The effective address of an X-form, truncated on 32-bit guests. */
  private static long address(Cpu cpu, int word) {
    return base(cpu, word) + cpu.slot(rb(word)) & cpu.memory().addressMask();
  }

  /** Multiple and string forms in little-endian mode: an alignment interrupt, 3.3.6 and 3.3.7. */
  private static GuestFault misaligned(Cpu cpu, int word) {
    int primary = word >>> 26;
    boolean multiple = primary == 46 || primary == 47;
    boolean immediate = extended(word) == 597 || extended(word) == 725;
    long at = multiple ? (short) word : immediate ? 0 : cpu.slot(rb(word));
    boolean store = primary == 47 || extended(word) == 725 || extended(word) == 661;
    return new GuestFault(
        base(cpu, word) + at, store ? Access.STORE : Access.LOAD, GuestFault.Cause.MISALIGNED);
  }

  private static void zeroBlock(Cpu cpu, Power isa, int word) {
    long at = address(cpu, word) & -isa.cacheLine();
    HostMemory.fill(cpu.memory().storable(at, isa.cacheLine()), isa.cacheLine(), 0);
  }

  private static void invalidateCode(Cpu cpu, Power isa, int word) {
    long at = address(cpu, word) & -isa.cacheLine();
    cpu.memory().loadable(at, 1);
    cpu.code().codeChanged(at & -GuestMemory.PAGE_SIZE, at + isa.cacheLine());
  }

  /** lswi, lswx, stswi, stswx: 3.3.7. */
  private static void string(Cpu cpu, int word) {
    int operation = extended(word);
    boolean immediate = operation == 597 || operation == 725;
    int count;
    long at;
    if (immediate) {
      count = rb(word) == 0 ? 32 : rb(word);
      at = base(cpu, word);
    } else {
      count = (int) cpu.slot(PowerState.XER_REST) & 0x7f;
      at = address(cpu, word);
    }
    boolean load = operation == 597 || operation == 533;
    byte[] bytes = new byte[count];
    if (load) {
      cpu.memory().read(at & cpu.memory().addressMask(), bytes, 0, count);
    }
    int register = rt(word);
    for (int i = 0; i < count; i += 4) {
      long value = load ? 0 : cpu.slot(register);
      for (int k = 0; k < 4 && i + k < count; k++) {
        int shift = 24 - 8 * k;
        if (load) {
          value |= (bytes[i + k] & 0xffL) << shift;
        } else {
          bytes[i + k] = (byte) (value >>> shift);
        }
      }
      if (load) {
        cpu.setSlot(register, value);
      }
      register = register + 1 & 31;
    }
    if (!load) {
      cpu.memory().write(at & cpu.memory().addressMask(), bytes, 0, count);
    }
  }

  /** lq and stq: 3.3.5. The even register holds the doubleword at the lower address if BE. */
  private static void quad(Cpu cpu, int word) {
    boolean load = word >>> 26 == 56;
    long displacement = load ? (short) (word & 0xfff0) : (short) (word & 0xfffc);
    long at = base(cpu, word) + displacement;
    if (load) {
      loadQuad(cpu, at, rt(word));
    } else {
      GuestMemory memory = cpu.memory();
      memory.storable(at, 16);
      synchronized (QUAD_LOCK) {
        memory.store64(at + (memory.bigEndian() ? 0 : 8), cpu.slot(rt(word)));
        memory.store64(at + (memory.bigEndian() ? 8 : 0), cpu.slot(rt(word) + 1 & 31));
      }
    }
  }

  private static void loadQuad(Cpu cpu, long at, int register) {
    GuestMemory memory = cpu.memory();
    memory.loadable(at, 16);
    synchronized (QUAD_LOCK) {
      long first = memory.load64(at);
      long second = memory.load64(at + 8);
      cpu.setSlot(register, memory.bigEndian() ? first : second);
      cpu.setSlot(register + 1 & 31, memory.bigEndian() ? second : first);
    }
  }

  private static long aligned(Cpu cpu, int word, int size, Access access) {
    long at = address(cpu, word);
    if ((at & (size - 1)) != 0) {
      throw new GuestFault(at, access, GuestFault.Cause.MISALIGNED);
    }
    return at;
  }

  /** lqarx. */
  private static void loadReserve(Cpu cpu, int word) {
    long at = aligned(cpu, word, QUAD_BYTES, Access.LOAD);
    loadQuad(cpu, at, rt(word));
    cpu.setSlot(PowerState.RESERVED, cpu.slot(rt(word)));
    cpu.setSlot(PowerState.RESERVED_HIGH, cpu.slot(rt(word) + 1 & 31));
    cpu.setSlot(PowerState.RESERVATION, at);
    cpu.setSlot(PowerState.RESERVED_SIZE, QUAD_BYTES);
    HostMemory.lightFence();
  }

  /** stqcx. */
  private static void storeConditional(Cpu cpu, int word) {
    long at = aligned(cpu, word, QUAD_BYTES, Access.STORE);
    boolean reserved =
        cpu.slot(PowerState.RESERVATION) == at && cpu.slot(PowerState.RESERVED_SIZE) == QUAD_BYTES;
    boolean stored = reserved && exchangeQuad(cpu, at, rt(word));
    cpu.setSlot(PowerState.RESERVATION, -1);
    cpu.setSlot(PowerState.CR0, (stored ? 2 : 0) | cpu.slot(PowerState.SO));
  }

  private static boolean exchangeQuad(Cpu cpu, long at, int rs) {
    GuestMemory memory = cpu.memory();
    memory.storable(at, QUAD_BYTES);
    synchronized (QUAD_LOCK) {
      int high = memory.bigEndian() ? 0 : 8;
      if (memory.load64(at + high) != cpu.slot(PowerState.RESERVED)
          || memory.load64(at + 8 - high) != cpu.slot(PowerState.RESERVED_HIGH)) {
        return false;
      }
      memory.store64(at + high, cpu.slot(rs));
      memory.store64(at + 8 - high, cpu.slot(rs + 1 & 31));
      return true;
    }
  }

  /** divwe, divweu, divde, divdeu: the dividend is RA followed by zeros; 3.3.9. */
  private static void divideExtended(Cpu cpu, int word) {
    int operation = word >>> 1 & 0x1ff;
    boolean overflow;
    long quotient = 0;
    long a = cpu.slot(ra(word));
    long b = cpu.slot(rb(word));
    if (operation == 427) {
      long dividend = a << 32;
      int divisor = (int) b;
      overflow = divisor == 0 || (divisor == -1 && dividend == Long.MIN_VALUE);
      if (!overflow) {
        long q = dividend / divisor;
        overflow = q != (int) q;
        quotient = q;
      }
    } else if (operation == 395) {
      long divisor = b & 0xffff_ffffL;
      overflow = (a & 0xffff_ffffL) >= divisor;
      quotient = overflow ? 0 : Long.divideUnsigned(a << 32, divisor);
    } else if (operation == 393) {
      overflow = Long.compareUnsigned(a, b) >= 0;
      quotient = overflow ? 0 : divide128(a, b);
    } else {
      long magnitude = Math.abs(b);
      overflow = b == 0 || Long.compareUnsigned(Math.abs(a), magnitude) >= 0;
      if (!overflow) {
        long q = divide128(Math.abs(a), magnitude);
        boolean negative = (a ^ b) < 0;
        overflow = negative ? Long.compareUnsigned(q, Long.MIN_VALUE) > 0 : q < 0;
        quotient = negative ? -q : q;
      }
    }
    if (overflow) {
      quotient = 0;
    }
    if ((word >>> 10 & 1) != 0) {
      cpu.setSlot(PowerState.OV, overflow ? 1 : 0);
      cpu.setSlot(PowerState.SO, cpu.slot(PowerState.SO) | (overflow ? 1 : 0));
    }
    cpu.setSlot(rt(word), quotient);
    if ((word & 1) != 0) {
      long shown = cpu.memory().wide() ? quotient : (int) quotient;
      long field = shown < 0 ? 8 : shown > 0 ? 4 : 2;
      cpu.setSlot(PowerState.CR0, field | cpu.slot(PowerState.SO));
    }
  }

  /** (high * 2^64) / divisor, unsigned, for high &lt; divisor: one quotient bit at a time. */
  private static long divide128(long high, long divisor) {
    long remainder = high;
    long quotient = 0;
    for (int i = 0; i < 64; i++) {
      boolean carry = remainder < 0;
      remainder <<= 1;
      quotient <<= 1;
      if (carry || Long.compareUnsigned(remainder, divisor) >= 0) {
        remainder -= divisor;
        quotient |= 1;
      }
    }
    return quotient;
  }
}
