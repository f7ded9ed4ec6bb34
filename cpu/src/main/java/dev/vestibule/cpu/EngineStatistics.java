package dev.vestibule.cpu;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * How much machine code was made in this JVM, why was it left, and what was interpreted instead?
 *
 * <p>Threads count for themselves; their counts arrive here when they, or their address spaces,
 * end. Names of instructions are looked up only while somebody has asked for them.
 */
public final class EngineStatistics {
  /** Why a thread comes back from machine code. */
  public enum Departure {
    KERNEL("system calls and traps"),
    INTERRUPT("signals and other requests"),
    NEW_TARGET("branches to somewhere new"),
    UNKNOWN("instructions without machine code"),
    SPECIAL("special cases of instructions"),
    FAULT("accesses the host refused"),
    CHANGED("code that had changed");

    private final String text;

    Departure(String text) {
      this.text = text;
    }

    /** In a few words, for people. */
    public String text() {
      return text;
    }
  }

  private static final LongAdder[] DEPARTURES = new LongAdder[Departure.values().length];
  private static final LongAdder BLOCKS = new LongAdder();
  private static final LongAdder INSTRUCTIONS = new LongAdder();
  private static final LongAdder BYTES = new LongAdder();
  private static final LongAdder DROPS = new LongAdder();
  private static final LongAdder STRAYS = new LongAdder();
  private static final Map<String, LongAdder> INTERPRETED = new ConcurrentHashMap<>();
  private static volatile boolean naming;

  static {
    for (int i = 0; i < DEPARTURES.length; i++) {
      DEPARTURES[i] = new LongAdder();
    }
  }

  private EngineStatistics() {}

  /** From now on instructions that are interpreted beside machine code are counted by name. */
  public static void nameInstructions() {
    naming = true;
  }

  /** Whether {@link #nameInstructions} was called; for executors. */
  public static boolean names() {
    return naming;
  }

  // ---- for executors ----------------------------------------------------------------------------

  /** Adds a thread's departures, by ordinal. */
  public static void addDepartures(long[] counts) {
    for (int i = 0; i < counts.length; i++) {
      DEPARTURES[i].add(counts[i]);
    }
  }

  /** A block of so many instructions has become machine code. */
  public static void addBlock(int instructions) {
    BLOCKS.increment();
    INSTRUCTIONS.add(instructions);
  }

  /** So many bytes of machine code were made. */
  public static void addBytes(int count) {
    BYTES.add(count);
  }

  /** An address space has dropped its machine code to make room. */
  public static void addDrop() {
    DROPS.increment();
  }

  /**
   * Machine code has accessed what is neither in its guest's window nor in the guards around it.
   */
  public static void addStray() {
    STRAYS.increment();
  }

  /** An instruction was interpreted so often where its neighbours are machine code. */
  public static void addInterpreted(String name, long times) {
    INTERPRETED.computeIfAbsent(name, n -> new LongAdder()).add(times);
  }

  // ---- what was counted -------------------------------------------------------------------------

  public static long departures(Departure reason) {
    return DEPARTURES[reason.ordinal()].sum();
  }

  /** Blocks that became machine code; one that did so for two contexts counts twice. */
  public static long blocks() {
    return BLOCKS.sum();
  }

  /** Instructions of {@link #blocks}. */
  public static long instructions() {
    return INSTRUCTIONS.sum();
  }

  /** Bytes of machine code that were made. */
  public static long bytes() {
    return BYTES.sum();
  }

  /** How often an address space dropped all its machine code to make room. */
  public static long drops() {
    return DROPS.sum();
  }

  /**
   * Accesses of machine code that the host refused and that were not even aimed at the guards
   * around the guest's window. There are none, whatever guests do, unless an emitter is wrong.
   */
  public static long strays() {
    return STRAYS.sum();
  }

  /** Instructions by name, and how often they were interpreted beside machine code. */
  public static Map<String, Long> interpreted() {
    Map<String, Long> all = new TreeMap<>();
    INTERPRETED.forEach((name, times) -> all.put(name, times.sum()));
    return all;
  }
}
