package dev.vestibule.cpu;

import java.util.List;
import java.util.function.LongPredicate;

/** How do this architecture's instructions become micro-operations, and where are its registers? */
public interface Isa {
  /** The guest architecture: {@code ppc}, {@code ppc64}, {@code ppc64le}. */
  String name();

  boolean bigEndian();

  /** Whether general registers and addresses have 64 bits. */
  boolean wide();

  /** Slot of the program counter. */
  int pcSlot();

  /**
   * Slots that programs use most, the most used first; emitters keep the first ones in host
   * registers, others in loops that use them more.
   */
  int[] hotSlots();

  /** The same of slots for floating-point numbers. */
  int[] hotFloatSlots();

  /** Gives a new record its power-on contents. */
  void reset(Cpu cpu);

  /**
   * Translates straight-line code from {@code pc}; bad code becomes a stop.
   *
   * @param watched addresses whose execution {@link Cpu#entered} must report
   * @param most how many instructions the block may have, from 1
   * @throws GuestFault if not even the first instruction can be fetched
   */
  Block translate(GuestMemory memory, long pc, LongPredicate watched, int most);

  /** The name of the instruction at an address, for statistics. */
  String nameAt(GuestMemory memory, long pc);

  /** How many instructions a block has at most. */
  int mostInstructions();

  /** Executes a rare instruction that its meaning left to a helper. */
  void help(Cpu cpu, int helper, long word);

  /** Which accesses does a helper keep in order, if it does nothing else? */
  enum Ordering {
    /** It does something else. */
    NONE,
    /** All but earlier stores and later loads. */
    LIGHT,
    FULL
  }

  /** What a helper does, for executors that order accesses themselves. */
  Ordering ordering(int helper);

  /** A register that users, debuggers and tests may name. */
  record Register(String name, int slot, int bits) {}

  List<Register> registers();
}
