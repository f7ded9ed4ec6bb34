package dev.vestibule.cpu.micro;

import dev.vestibule.cpu.Cpu;

/** What do the floating-point micro-operations do? */
final class FloatOps {
  private FloatOps() {}

  static void execute(Cpu cpu, long w) {
    throw new AssertionError("floating-point micro-operation " + Op.op(w) + " of " + cpu);
  }
}
