package dev.vestibule.kernel.sched;

import java.util.BitSet;

/**
 * Which small numbers do the tasks of one address space have that hold a guest CPU (mm_cid of
 * rseq(2))? No two that run at the same time have the same, and none is larger than need be.
 */
public final class ConcurrencyIds {
  private final BitSet taken = new BitSet();

  synchronized int take() {
    int id = taken.nextClearBit(0);
    taken.set(id);
    return id;
  }

  synchronized void give(int id) {
    taken.clear(id);
  }
}
