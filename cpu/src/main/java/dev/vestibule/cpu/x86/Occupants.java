package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.EngineStatistics;
import dev.vestibule.cpu.EngineStatistics.Departure;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
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
 *
 * <p>Entering is frequent and emptying rare, so where the host has membarrier(2), only the latter
 * pays for the order of "I am inside" before "is it closed?".
 */
final class Occupants {
  private static final int SPINS = 200;
  private static final long PAUSE = 20_000; // ns

  /** Bit of a generation in which nobody may enter. */
  private static final int CLOSED = 1;

  private static final int UNKNOWN = -1;

  // membarrier(2)
  private static final int QUERY = 0;
  private static final int EXPEDITED = 1 << 3;
  private static final int REGISTER_EXPEDITED = 1 << 4;
  private static final boolean BARRIER = offered();

  /** What is known of one thread. */
  static final class Occupant {
    private final Occupants of;
    private final Cpu cpu;
    private boolean inside;
    private int generation = UNKNOWN;
    private final long[] departures = new long[Departure.values().length];

    private Occupant(Occupants of, Cpu cpu) {
      this.of = of;
      this.cpu = cpu;
    }

    /** Counts why the thread has left. */
    void count(Departure reason) {
      departures[reason.ordinal()]++;
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
      HostMemory.lightFence(); // which is enough for the compiler; for the processor see close
      if (!BARRIER) {
        HostMemory.fullFence();
      }
      return of.generation == generation || enterAnew();
    }

    private boolean enterAnew() {
      int now = of.generation;
      if ((now & CLOSED) != 0) {
        leave();
        return false;
      }
      generation = now;
      cpu.forgetJumps();
      cpu.calm();
      return true;
    }

    /** Leaves, if it is inside. */
    void leave() {
      HostMemory.lightFence(); // behind all that was done inside
      inside = false;
    }

    private boolean isInside() {
      HostMemory.lightFence(); // reads it anew each time
      return inside;
    }
  }

  private static boolean offered() {
    long commands = Libc.syscall(HostCalls.MEMBARRIER, QUERY, 0);
    return commands > 0 && (commands & EXPEDITED) != 0;
  }

  private final Set<Occupant> all = ConcurrentHashMap.newKeySet();

  /** Counts how often the code was closed or opened. */
  private volatile int generation;

  /** The thread, which is registered at its first call. */
  Occupant of(Cpu cpu) {
    if (cpu.executorState() instanceof Occupant known && known.of == this) {
      return known;
    }
    Occupant occupant = new Occupant(this, cpu);
    all.add(occupant);
    cpu.setExecutorState(occupant);
    return occupant;
  }

  /** The thread will not enter any more. */
  void forget(Cpu cpu) {
    if (cpu.executorState() instanceof Occupant known && known.of == this) {
      forget(known);
    }
  }

  /** No thread will enter any more. */
  void forgetAll() {
    all.forEach(this::forget);
  }

  private void forget(Occupant occupant) {
    if (all.remove(occupant)) {
      EngineStatistics.addDepartures(occupant.departures);
    }
  }

  /** Gets all threads out and keeps them out until {@link #open}; the caller is outside. */
  void close() {
    generation++;
    if (BARRIER) {
      long result = Libc.syscall(HostCalls.MEMBARRIER, EXPEDITED, 0);
      if (result < 0) { // the first time
        Libc.syscall(HostCalls.MEMBARRIER, REGISTER_EXPEDITED, 0);
        result = Libc.syscall(HostCalls.MEMBARRIER, EXPEDITED, 0);
      }
      if (result < 0) {
        throw new IllegalStateException("membarrier: errno " + -result);
      }
    }
    for (Occupant occupant : all) {
      for (int tries = 0; occupant.isInside(); tries++) {
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
  }

  /** How often the code was emptied. */
  int times() {
    return generation / 2;
  }
}
