package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.micro.Op;

/**
 * Which host instructions compute what the micro-operations on vectors mean?
 *
 * <p>They need SSE4.2, as all x86-64 processors since about 2009 have it; older ones leave them to
 * the interpreter, as all do with what needs instructions that they have not.
 */
class VmxEmitter extends SingleEmitter {
  VmxEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  /** Whether {@link #emitVectors} knows the operation. */
  final boolean computesVectors(int op) {
    return computesLanes(op)
        || sums(op)
        || shapes(op)
        || quadwords(op)
        || enciphers(op)
        || computesSingles(op);
  }

  final void emitVectors(long w, Label slow) {
    int op = Op.op(w);
    if (computesLanes(op)) {
      emitLanes(op, Op.d(w), Op.a(w), Op.b(w));
    } else if (sums(op)) {
      emitSum(op, Op.d(w), Op.a(w), Op.b(w), Op.c(w), slow);
    } else if (shapes(op)) {
      emitShape(w);
    } else if (quadwords(op)) {
      emitQuadword(w);
    } else if (computesSingles(op)) {
      emitSingles(w, slow);
    } else {
      emitCrypto(w);
    }
  }
}
