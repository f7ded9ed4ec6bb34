package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Cpu;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * Which threads are in the machine code of an address space, and how are they got out of it?
 *
 * <p>A thread says that it is inside before it learns where the code lies, and does not wait for
 * anybody before it has left. Who wants to use the code's memory anew closes it, asks those inside
 * by their attention slots to leave, and waits until all have. Each time counts as a generation;
 * what a thread kept of an older one (its table of jumps) is forgotten when it enters.
 */
final class Occupants {
  private static final int SPINS = 200;
  private static final long PAUSE = 20_000; // ns

  /** What is known of one thread. */
  static final class Occupant {
    private final Occupants of;
    private final Cpu cpu;
    private volatile boolean inside;
    private int generation;

    private Occupant(Occupants of, Cpu cpu) {
      this.of = of;
      this.cpu = cpu;
    }

    /** Of which generation the code was when the thread last entered. */
    int generation() {
      return generation;
    }

    /** Whether what the thread learned when it last entered is still where it was. */
    boolean current() {
      return generation == of.generation;
    }

    /** Enters; false if the code is being emptied: then whoever empties it is to be awaited. */
    boolean enter() {
      inside = true;
      if (of.closed) {
        inside = false;
        return false;
      }
      if (generation != of.generation) {
        cpu.forgetJumps();
        generation = of.generation;
      }
      cpu.calm();
      return true;
    }

    /** Leaves, if it is inside. */
    void leave() {
      inside = false;
    }
  }

  private final Set<Occupant> all = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;
  private volatile int generation;

  /** The thread, which is registered at its first call. */
  Occupant of(Cpu cpu) {
    if (cpu.executorState() instanceof Occupant known && known.of == this) {
      return known;
    }
    Occupant occupant = new Occupant(this, cpu);
    occupant.generation = generation - 1;
    all.add(occupant);
    cpu.setExecutorState(occupant);
    return occupant;
  }

  /** The thread will not enter any more. */
  void forget(Cpu cpu) {
    if (cpu.executorState() instanceof Occupant known && known.of == this) {
      all.remove(known);
    }
  }

  /** Gets all threads out and keeps them out until {@link #open}; the caller is outside. */
  void close() {
    closed = true;
    for (Occupant occupant : all) {
      for (int tries = 0; occupant.inside; tries++) {
        occupant.cpu.nudge();
        if (tries < SPINS) {
          Thread.onSpinWait();
        } else {
          LockSupport.parkNanos(PAUSE);
        }
      }
    }
  }

  /** Lets threads in again, who will find other code. */
  void open() {
    generation++;
    closed = false;
  }

  /** How often the code was emptied. */
  int generation() {
    return generation;
  }
}
