package dev.vestibule.cpu.micro;

import dev.vestibule.cpu.Cpu;

/** What do the vector micro-operations do? */
final class VectorOps {
  private VectorOps() {}

  static void execute(Cpu cpu, long w) {
    throw new AssertionError("vector micro-operation " + Op.op(w) + " of " + cpu);
  }
}
