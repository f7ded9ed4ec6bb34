package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.micro.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which loops deserve pins of their own?
 *
 * <p>A loop is a block that is jumped back to, and what lies behind it on a way back to it by
 * direct exits that have been taken. One that is left in its middle every now and then, for a call
 * or an instruction that is interpreted, keeps the standard pins: exchanging them costs more than
 * they save. Loops within a loop have its pins, or it has theirs.
 */
final class Loops {
  /** How many blocks a loop has at most. */
  private static final int MOST_BLOCKS = 24;

  /** How far they lie behind its beginning, in bytes. */
  private static final long SPAN = 4096;

  /** By how many uses a slot must be ahead of a standard pin. */
  private static final int WORTH = 2;

  /** How much an operation in a block counts that is already machine code: in an inner loop. */
  private static final int INNER = 4;

  private static final Pins NONE = new Pins(new int[0]);

  private final int[] candidates;
  private final Pins standard;
  private final Predicate<Block> suitable;
  private final Map<Block, Pins> decided = new IdentityHashMap<>();

  /**
   * @param candidates slots that may be pinned, the standard pins first
   * @param suitable which blocks may have pins of their own
   */
  Loops(int[] candidates, Pins standard, Predicate<Block> suitable) {
    this.candidates = candidates;
    this.standard = standard;
    this.suitable = suitable;
  }

  void clear() {
    decided.clear();
  }

  void forget(Block block) {
    decided.remove(block);
  }

  /** The pins of the loop that begins with a block; null if it has the standard ones. */
  @Nullable Pins pinsOf(CodeCache code, Block head) {
    if (!code.loops(head.pc())) {
      return null;
    }
    Pins known = decided.get(head);
    if (known == null) {
      known = decide(code, head);
      decided.put(head, known);
    }
    return known == NONE ? null : known;
  }

  private Pins decide(CodeCache code, Block head) {
    Map<Long, Block> body = body(code, head);
    if (!suits(code, head, body)) {
      return NONE;
    }
    for (Block block : body.values()) {
      Pins inner = decided.get(block);
      if (inner != null && inner != NONE) {
        inner.give(head, body.keySet());
        return inner;
      }
    }
    Pins chosen = choose(uses(body.values()));
    if (chosen != NONE) {
      chosen.give(head, body.keySet());
    }
    return chosen;
  }

  /** What becomes of a loop that is left for a block that did not belong to it? */
  enum Fate {
    /** The block belongs to it now. */
    GROWN,
    /** It has come to its end. */
    ENDED,
    /** It has lost its pins. */
    LOST
  }

  /** Looks at the loops with some pins again, as one is left for a block without them. */
  Fate left(CodeCache code, Pins pins, Block to) {
    for (Block head : pins.heads()) {
      Map<Long, Block> body = body(code, head);
      boolean belongs = body.containsKey(to.pc());
      if (belongs && suits(code, head, body)) {
        pins.give(head, body.keySet());
        return Fate.GROWN;
      }
      if (belongs || inMiddle(head, body, to.pc())) {
        decided.put(head, NONE);
        return Fate.LOST;
      }
    }
    return Fate.ENDED;
  }

  // ---- finding loops ----------------------------------------------------------------------------

  /** The blocks on a way from the beginning to itself; none if there are too many. */
  private static Map<Long, Block> body(CodeCache code, Block head) {
    Map<Long, Block> reached = new LinkedHashMap<>();
    reached.put(head.pc(), head);
    List<Block> waiting = new ArrayList<>(List.of(head));
    while (!waiting.isEmpty()) {
      Block block = waiting.removeLast();
      for (int i = 0; i < block.exits(); i++) {
        long pc = block.exit(i);
        Block next = pc - head.pc() > 0 && pc - head.pc() < SPAN ? code.find(pc) : null;
        if (next != null && reached.putIfAbsent(pc, next) == null) {
          waiting.add(next);
        }
      }
      if (reached.size() > MOST_BLOCKS) {
        return Map.of();
      }
    }
    Set<Long> returning = new HashSet<>();
    boolean grows = true;
    while (grows) {
      grows = false;
      for (Block block : reached.values()) {
        if (!returning.contains(block.pc()) && leadsTo(block, head.pc(), returning)) {
          returning.add(block.pc());
          grows = true;
        }
      }
    }
    reached.keySet().retainAll(returning);
    return reached;
  }

  private static boolean leadsTo(Block block, long head, Set<Long> returning) {
    for (int i = 0; i < block.exits(); i++) {
      if (block.exit(i) == head || returning.contains(block.exit(i))) {
        return true;
      }
    }
    return false;
  }

  /** Whether a loop is all machine code, and nobody has left it in its middle. */
  private boolean suits(CodeCache code, Block head, Map<Long, Block> body) {
    if (!body.containsKey(head.pc())) {
      return false;
    }
    for (Block block : body.values()) {
      if (!suitable.test(block)) {
        return false;
      }
    }
    for (Block block : body.values()) {
      for (int i = 0; i < block.exits(); i++) {
        long pc = block.exit(i);
        if (!body.containsKey(pc) && inMiddle(head, body, pc) && code.find(pc) != null) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean inMiddle(Block head, Map<Long, Block> body, long pc) {
    long end = 0;
    for (Block block : body.values()) {
      end = Math.max(end, block.end() - head.pc());
    }
    return Long.compareUnsigned(pc - head.pc(), end) < 0;
  }

  // ---- choosing ---------------------------------------------------------------------------------

  /** How often each candidate is used. */
  private int[] uses(Iterable<Block> blocks) {
    int[] places = new int[64];
    Arrays.fill(places, -1);
    for (int i = 0; i < candidates.length; i++) {
      places[candidates[i]] = i;
    }
    int[] uses = new int[candidates.length];
    for (Block block : blocks) {
      int weight = block.machineCode() > 0 ? INNER : 1;
      for (long w : block.code()) {
        count(w, places, uses, weight);
      }
    }
    return uses;
  }

  private static void count(long w, int[] places, int[] uses, int weight) {
    int d = Op.d(w);
    if (d < places.length && places[d] >= 0 && !BlockEmitter.leaves(Op.op(w))) {
      uses[places[d]] += weight;
    }
    int a = Op.a(w);
    int b = Op.b(w);
    int c = Op.c(w);
    countRead(w, a, places, uses, weight);
    if (b != a) {
      countRead(w, b, places, uses, weight);
    }
    if (c != a && c != b) {
      countRead(w, c, places, uses, weight);
    }
  }

  private static void countRead(long w, int slot, int[] places, int[] uses, int weight) {
    if (slot < places.length && places[slot] >= 0 && CompareEmitter.reads(w, slot)) {
      uses[places[slot]] += weight;
    }
  }

  /** The standard pins, those replaced that others are used much more than. */
  private Pins choose(int[] uses) {
    int[] slots = new int[standard.count()];
    Arrays.setAll(slots, standard::slot);
    boolean changed = false;
    while (true) {
      int best = most(uses, slots.length, candidates.length);
      int worst = least(uses, slots.length);
      if (best < 0 || uses[best] < uses[worst] + WORTH) {
        return changed ? new Pins(slots) : NONE;
      }
      slots[worst] = candidates[best];
      uses[worst] = Integer.MAX_VALUE - WORTH; // taken
      uses[best] = -1;
      changed = true;
    }
  }

  private static int most(int[] uses, int from, int to) {
    int found = -1;
    for (int i = from; i < to; i++) {
      found = found < 0 || uses[i] > uses[found] ? i : found;
    }
    return found;
  }

  private static int least(int[] uses, int to) {
    int found = 0;
    for (int i = 1; i < to; i++) {
      found = uses[i] < uses[found] ? i : found;
    }
    return found;
  }
}
