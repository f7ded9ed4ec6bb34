package dev.vestibule.cpu.micro;

import dev.vestibule.cpu.Access;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.host.HostMemory;

/**
 * How are reservations kept? A load remembers address, size and value; the store compares and sets,
 * so like every user-mode emulator it cannot see a value that changed and changed back.
 */
final class Reservations {
  private Reservations() {}

  static void execute(Cpu cpu, long w) {
    boolean load = Op.op(w) == Op.RESERVE;
    GuestMemory memory = cpu.memory();
    int size = 1 << (Op.e(w) & Op.SIZE);
    long at = cpu.slot(Op.a(w)) & memory.addressMask();
    if ((at & size - 1) != 0) {
      Access access = load ? Access.LOAD : Access.STORE;
      throw new GuestFault(at, access, GuestFault.Cause.MISALIGNED);
    }
    if (load) {
      reserve(cpu, w, at, size);
    } else {
      store(cpu, w, at, size);
    }
  }

  private static void reserve(Cpu cpu, long w, long at, int size) {
    long value = inOrder(w, size, present(cpu.memory().loadable(at, size), size));
    cpu.setSlot(Op.RESERVATION, at);
    cpu.setSlot(Op.RESERVED, value);
    cpu.setSlot(Op.RESERVED_SIZE, size);
    cpu.setSlot(Op.d(w), value);
    HostMemory.lightFence();
  }

  private static void store(Cpu cpu, long w, long at, int size) {
    boolean stored = false;
    if (cpu.slot(Op.RESERVATION) == at && cpu.slot(Op.RESERVED_SIZE) == size) {
      long old = inOrder(w, size, cpu.slot(Op.RESERVED));
      long now = inOrder(w, size, cpu.slot(Op.b(w)));
      stored = exchange(cpu.memory().storable(at, size), size, old, now);
    }
    cpu.setSlot(Op.RESERVATION, -1);
    cpu.setSlot(Op.d(w), stored ? 1 : 0);
  }

  private static long present(long host, int size) {
    return switch (size) {
      case 1 -> HostMemory.u8(host);
      case 2 -> HostMemory.s16le(host) & 0xffff;
      case 4 -> HostMemory.i32Volatile(host) & 0xffff_ffffL;
      default -> HostMemory.slotVolatile(host);
    };
  }

  /** From the host's order to the guest's, or back. */
  private static long inOrder(long w, int size, long value) {
    return (Op.e(w) & Op.BIG) == 0 ? value : Long.reverseBytes(value) >>> 64 - 8 * size;
  }

  private static boolean exchange(long host, int size, long old, long now) {
    return switch (size) {
      case 8 -> HostMemory.compareAndSet64(host, old, now);
      case 4 -> HostMemory.compareAndSet32(host, (int) old, (int) now);
      default -> exchangePart(host, size, (int) old, (int) now);
    };
  }

  /** A compare-and-set of one or two bytes, through the aligned word that holds them. */
  private static boolean exchangePart(long host, int size, int old, int now) {
    long word = host & -4;
    int shift = (int) (host & 3) * 8;
    int mask = (size == 1 ? 0xff : 0xffff) << shift;
    while (true) {
      int present = HostMemory.i32Volatile(word);
      if ((present & mask) != (old << shift & mask)) {
        return false;
      }
      if (HostMemory.compareAndSet32(word, present, present & ~mask | now << shift & mask)) {
        return true;
      }
    }
  }
}
