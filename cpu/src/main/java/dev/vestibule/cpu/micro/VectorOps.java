package dev.vestibule.cpu.micro;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import jdk.internal.misc.Unsafe;

/** What do the vector micro-operations do? Moves, logic, loads and stores of 128 bits. */
final class VectorOps {
  private static final Unsafe U = Unsafe.getUnsafe();

  private VectorOps() {}

  static void execute(Cpu cpu, long w) {
    int op = Op.op(w);
    if (op >= VmxOp.FIRST) {
      VmxOps.execute(cpu, op, w);
    } else if (op >= VsxOp.VPERMD) {
      VsxOps.execute(cpu, op, w);
    } else if (op >= Op.VLD128BE) {
      memory(cpu, op, w);
    } else {
      logic(cpu.context(), op, w);
    }
  }

  private static void logic(long ctx, int op, long w) {
    long d = ctx + Op.d(w) * 8L;
    long a = ctx + Op.a(w) * 8L;
    long b = ctx + Op.b(w) * 8L;
    long aLow = U.getLong(a);
    long bLow = U.getLong(b);
    long aHigh = U.getLong(a + 8);
    long bHigh = U.getLong(b + 8);
    switch (op) {
      case Op.VMOV -> set(d, aHigh, aLow);
      case Op.VAND -> set(d, aHigh & bHigh, aLow & bLow);
      case Op.VANDC -> set(d, aHigh & ~bHigh, aLow & ~bLow);
      case Op.VOR -> set(d, aHigh | bHigh, aLow | bLow);
      case Op.VORC -> set(d, aHigh | ~bHigh, aLow | ~bLow);
      case Op.VXOR -> set(d, aHigh ^ bHigh, aLow ^ bLow);
      case Op.VNOR -> set(d, ~(aHigh | bHigh), ~(aLow | bLow));
      case Op.VNAND -> set(d, ~(aHigh & bHigh), ~(aLow & bLow));
      case Op.VEQV -> set(d, ~(aHigh ^ bHigh), ~(aLow ^ bLow));
      case Op.VSEL -> {
        long cLow = U.getLong(ctx + Op.c(w) * 8L);
        long cHigh = U.getLong(ctx + Op.c(w) * 8L + 8);
        set(d, aHigh & ~cHigh | bHigh & cHigh, aLow & ~cLow | bLow & cLow);
      }
      case Op.VZERO -> set(d, 0, 0);
      default -> throw new AssertionError("vector micro-operation " + op);
    }
  }

  private static void memory(Cpu cpu, int op, long w) {
    long d = cpu.context() + Op.d(w) * 8L;
    long at = cpu.slot(Op.a(w)) + Op.imm(w);
    GuestMemory memory = cpu.memory();
    if (op <= Op.VLD32X4LE) {
      memory.loadable(at, 16);
      load(d, memory.loadable(at, 8), memory.loadable(at + 8, 8), op);
    } else {
      memory.storable(at, 16);
      store(d, memory.storable(at, 8), memory.storable(at + 8, 8), op);
    }
  }

  private static void load(long d, long first, long second, int op) {
    boolean big = op == Op.VLD128BE;
    long x = U.getLongUnaligned(null, first, big);
    long y = U.getLongUnaligned(null, second, big);
    switch (op) {
      case Op.VLD128BE, Op.VLD64X2LE -> set(d, x, y);
      case Op.VLD128LE -> set(d, y, x);
      case Op.VLD32X4LE -> set(d, Long.rotateLeft(x, 32), Long.rotateLeft(y, 32));
      default -> throw new AssertionError("vector micro-operation " + op);
    }
  }

  private static void store(long d, long first, long second, int op) {
    long high = U.getLong(d + 8);
    long low = U.getLong(d);
    switch (op) {
      case Op.VST128BE, Op.VST64X2LE -> {
        boolean big = op == Op.VST128BE;
        U.putLongUnaligned(null, first, high, big);
        U.putLongUnaligned(null, second, low, big);
      }
      case Op.VST128LE -> {
        U.putLongUnaligned(null, first, low, false);
        U.putLongUnaligned(null, second, high, false);
      }
      case Op.VST32X4LE -> {
        U.putLongUnaligned(null, first, Long.rotateLeft(high, 32), false);
        U.putLongUnaligned(null, second, Long.rotateLeft(low, 32), false);
      }
      default -> throw new AssertionError("vector micro-operation " + op);
    }
  }

  private static void set(long d, long high, long low) {
    U.putLong(d, low);
    U.putLong(d + 8, high);
  }
}
