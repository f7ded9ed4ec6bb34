package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.EngineStatistics;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Isa;
import dev.vestibule.cpu.x86.BlockEmitter.Placed;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which machine code does an address space have, and how does one piece lead to the next?
 *
 * <p>A block has a version for each context with which it is entered, up to a few. Each version
 * begins with a no-operation that can become a jump elsewhere, and each direct exit goes to its
 * site until it is linked. What makes or changes code holds the lock of this object, which nobody
 * waits for inside machine code; what threads ask that are inside holds none.
 */
final class Translation {
  /** Number of the site of a jump that was not found in the thread's table. */
  static final int MISSED = 0;

  /** Number of the site of a fault. */
  static final int FAULTED = 1;

  /** What a block's machine code is that shall not have any. */
  static final long UNSUITABLE = -1;

  /** How many contexts a block is translated for at most. */
  private static final int MOST_VERSIONS = 4;

  /** How many blocks follow each other at most. */
  private static final int LONGEST_TRACE = 16;

  /** Bytes that are kept for code between blocks. */
  private static final int ROOM = 512;

  private final boolean linking;
  private final int budget;
  private final Occupants occupants;
  private final Isa isa;
  private final GuestMemory guest;
  private final CodeCache cache;
  private final CodeMemory memory;
  private final BlockEmitter emitter;
  private final Loops loops;
  private final MemorySegment entry;
  private final long faultExit;
  private final List<Site> known = new ArrayList<>();
  private volatile Site[] sites = new Site[256];
  private final Map<Block, List<Placed>> versions = new IdentityHashMap<>();
  private final List<Placed> placed = new ArrayList<>(); // in the order of their places
  private final List<Block> interpreted = new ArrayList<>(); // for statistics only
  private boolean closed;

  /**
   * Puts the code around all blocks into the memory.
   *
   * @param cpu a thread of the address space
   * @param any a block, whatever it is
   * @param linking whether blocks lead to each other without coming back to Java
   * @param budget how often a block is interpreted before it is translated
   */
  Translation(
      Cpu cpu,
      HostFeatures host,
      CodeMemory memory,
      Block any,
      boolean linking,
      int budget,
      Occupants occupants) {
    this.linking = linking;
    this.budget = budget;
    this.occupants = occupants;
    this.isa = cpu.isa();
    this.guest = cpu.memory();
    this.cache = cpu.code();
    this.memory = memory;
    emitter = new BlockEmitter(cpu, host, any);
    loops = new Loops(isa.hotSlots(), emitter.standardPins(), emitter::translatesAll);
    emitter.emitEntry(Translator.WINDOW);
    int in = memory.append(emitter.bytes(), emitter.size());
    emitter.emitExit(memory.next());
    memory.append(emitter.bytes(), emitter.size());
    entry = MemorySegment.ofAddress(memory.address(in));
    faultExit = memory.address(emitter.faultStub());
    for (int number = MISSED; number <= FAULTED; number++) {
      known.add(new Site(Site.Kind.ENTRY, any, 0, 0, 0, Context.NOTHING));
    }
    memory.keep();
  }

  /** The way in. */
  MemorySegment entry() {
    return entry;
  }

  /** Where a thread goes on that faulted. */
  long faultExit() {
    return faultExit;
  }

  // ---- for threads that come out ----------------------------------------------------------------

  /** The site with a number; for threads that are still inside. */
  Site site(int number) {
    return sites[number];
  }

  long address(int offset) {
    return memory.address(offset);
  }

  /** The code that an address belongs to; for threads that are still inside. */
  Placed at(long address) {
    int at = (int) (address - memory.address(0));
    synchronized (placed) { // not this: who holds that may wait for us
      int low = 0;
      for (int high = placed.size(); high - low > 1; ) {
        int middle = (low + high) >>> 1;
        if (placed.get(middle).at() <= at) {
          low = middle;
        } else {
          high = middle;
        }
      }
      if (placed.isEmpty() || placed.get(low).at() > at) {
        throw new IllegalStateException("a fault in machine code of no block");
      }
      return placed.get(low);
    }
  }

  /** Puts pinned registers into their slots after a fault; returns the instruction's number. */
  int recover(Cpu cpu, Placed code, long address) {
    int distance = (int) (address - memory.address(code.at()));
    int index = Arrays.binarySearch(code.places(), distance);
    int instruction = index >= 0 ? index : -index - 2;
    emitter.recover(cpu, code.contexts()[instruction].pins());
    return instruction;
  }

  // ---- translating ------------------------------------------------------------------------------

  /** The machine code of a block, made if need be; or {@link #UNSUITABLE}. */
  synchronized long translate(Block block) {
    if (block.machineCode() != 0 || !block.valid()) {
      return block.machineCode();
    }
    if (closed || !emitter.worthwhile(block) && budget > 0) {
      return unsuitable(block);
    }
    Placed made = make(block, Context.NOTHING);
    if (made == null && memory.mostlyUsed()) {
      drop();
      made = make(block, Context.NOTHING);
    }
    if (made == null) {
      return unsuitable(block);
    }
    long code = memory.address(made.at());
    block.setMachineCode(code);
    return code;
  }

  private long unsuitable(Block block) {
    if (EngineStatistics.names()) {
      interpreted.add(block);
    }
    return neverTranslate(block);
  }

  /** Leaves a block to the interpreter for good. */
  static long neverTranslate(Block block) {
    block.grant(Integer.MAX_VALUE);
    block.setMachineCode(UNSUITABLE);
    return UNSUITABLE;
  }

  /** Translates a block for a context, and what follows it; null if there is no room. */
  private @Nullable Placed make(Block block, Context context) {
    Pins pins = context.pins() == null && linking ? loops.pinsOf(cache, block) : null;
    if (pins != null) {
      return makeEntering(block, context, pins);
    }
    int first = known.size();
    List<Placed> made = emitter.emit(block, context, guest, memory.next(), new Trace(block), known);
    if (!memory.hasRoom(emitter.size() + ROOM)) {
      known.subList(first, known.size()).clear();
      return null;
    }
    Placed begins = place(made);
    linkKnown(first);
    return begins;
  }

  private @Nullable Placed makeEntering(Block block, Context context, Pins pins) {
    int to = target(block, context.with(pins));
    if (to < 0 || !memory.hasRoom(ROOM)) {
      return null;
    }
    return place(
        List.of(emitter.emitEntering(block, context, guest, memory.next(), pins, to, known)));
  }

  /** Puts what was emitted last into the code memory. */
  private Placed place(List<Placed> made) {
    publishSites();
    int at = memory.append(emitter.bytes(), emitter.size());
    Listing.add(made, emitter.bytes(), emitter.size(), at, memory.address(at));
    EngineStatistics.addBytes(emitter.size());
    for (Placed one : made) {
      EngineStatistics.addBlock(one.block().instructions());
      versions.computeIfAbsent(one.block(), b -> new ArrayList<>(1)).add(one);
      synchronized (placed) {
        placed.add(one);
      }
    }
    return made.getFirst();
  }

  private void publishSites() {
    Site[] all = sites;
    if (known.size() > all.length) {
      all = Arrays.copyOf(all, Math.max(known.size(), 2 * all.length));
    }
    for (int i = known.size() - 1; i >= 0 && all[i] == null; i--) {
      all[i] = known.get(i);
    }
    sites = all;
  }

  /** Blocks that were executed before follow each other, up to a length. */
  private final class Trace implements BlockEmitter.Successors {
    private final Set<Long> seen = new HashSet<>();
    private int length;

    Trace(Block first) {
      seen.add(first.pc());
    }

    @Override
    public @Nullable Block follow(long pc, Context context) {
      Block next = linking && ++length < LONGEST_TRACE ? cache.find(pc) : null;
      if (next == null || !usable(next, context.pins()) || !seen.add(pc)) {
        return null;
      }
      return versions(next, context.pins()) < MOST_VERSIONS && exact(next, context) < 0
          ? next
          : null;
    }

    private boolean usable(Block next, @Nullable Pins pins) {
      return next.machineCode() != UNSUITABLE
          && (budget == 0 || emitter.worthwhile(next))
          && (pins == null ? loops.pinsOf(cache, next) == null : mayHave(pins, next));
    }
  }

  // ---- leading from one to the next -------------------------------------------------------------

  /** Makes a thread's exit, with which it has come out, lead to a block's code from now on. */
  synchronized void link(Occupants.Occupant thread, Site site, Block next) {
    boolean wanted = linking && !closed && next.machineCode() > 0 && next.valid();
    if (wanted && thread.current()) { // else the site's code is gone
      int target = target(next, site.context());
      if (target >= 0) {
        link(site, target);
      } else if (memory.mostlyUsed()) {
        drop();
      }
    }
  }

  private void link(Site site, int target) {
    memory.patch32(site.jump(), target - (site.jump() + 4));
  }

  /** Links the new exits whose successors are already translated for their contexts. */
  private void linkKnown(int first) {
    for (int i = first; linking && i < known.size(); i++) {
      Site site = known.get(i);
      if (site.kind() == Site.Kind.EXIT) {
        Block next = cache.find(site.block().exit(site.index()));
        int at = next == null ? -1 : exact(next, site.context());
        if (at >= 0) {
          link(site, at);
        }
      }
    }
  }

  /** Where a translated block is entered with a context; -1 if there is no room. */
  private int target(Block block, Context context) {
    int exact = exact(block, context);
    if (exact >= 0) {
      return exact;
    }
    Pins pins = context.pins();
    if (pins != null && !mayHave(pins, block) && !grows(pins, block)) {
      int to = target(block, context.with(null));
      return leaving(block, context, false, to);
    }
    Placed made = versions(block, pins) < MOST_VERSIONS ? make(block, context) : null;
    if (made != null) {
      return made.at();
    }
    for (Placed version : versions(block)) {
      if (version.contexts()[0].accepts(context)) {
        return version.at();
      }
    }
    return leaving(block, context, true, exact(block, Context.NOTHING));
  }

  private List<Placed> versions(Block block) {
    return versions.getOrDefault(block, List.of());
  }

  /** How many versions of a block there are with certain pins. */
  private int versions(Block block, @Nullable Pins pins) {
    int count = 0;
    for (Placed version : versions(block)) {
      count += version.contexts()[0].pins() == pins ? 1 : 0;
    }
    return count;
  }

  /** Where the version for a context begins; -1 if there is none. */
  private int exact(Block block, Context context) {
    for (Placed version : versions(block)) {
      if (version.contexts()[0].equals(context)) {
        return version.at();
      }
    }
    return -1;
  }

  /** Code that leaves pins, and perhaps carries out what is pending, before it goes on; or -1. */
  private int leaving(Block block, Context context, boolean settles, int to) {
    if (to < 0 || !memory.hasRoom(ROOM)) {
      return -1;
    }
    emitter.emitLeaving(block, context, guest, memory.next(), settles, to);
    return memory.append(emitter.bytes(), emitter.size());
  }

  // ---- loops ------------------------------------------------------------------------------------

  private boolean mayHave(Pins pins, Block block) {
    return pins.covers(block.pc()) && emitter.translatesAll(block);
  }

  /** Whether a loop grows by a block that it is left for; if not, it may lose its pins instead. */
  private boolean grows(Pins pins, Block block) {
    Loops.Fate fate = loops.left(cache, pins, block);
    if (fate == Loops.Fate.LOST) {
      for (Block head : pins.heads()) {
        if (loops.pinsOf(cache, head) == null) {
          loseEntries(head);
        }
      }
    }
    return fate == Loops.Fate.GROWN && mayHave(pins, block);
  }

  /** Makes what led to a block's code with pins of its own lead to code with the standard ones. */
  private void loseEntries(Block head) {
    List<Placed> all = versions.getOrDefault(head, new ArrayList<>());
    List<Placed> entries = new ArrayList<>();
    for (Iterator<Placed> each = all.iterator(); each.hasNext(); ) {
      Placed one = each.next();
      if (one.contexts()[0].pins() == null) {
        entries.add(one);
        each.remove();
      }
    }
    for (Placed old : entries) {
      Placed made = make(head, old.contexts()[0]);
      if (made == null) {
        all.add(old);
      } else {
        redirect(old.at(), made.at());
      }
    }
  }

  // ---- forgetting -------------------------------------------------------------------------------

  /** Makes a block's code lead back to Java. */
  synchronized void invalidate(Block block) {
    List<Placed> all = versions.remove(block);
    loops.forget(block);
    if (all != null) {
      block.setMachineCode(0); // its place may soon be somebody else's
      for (Placed version : all) {
        redirect(version.at(), version.entryStub());
      }
    }
  }

  /** Turns the beginning of a version into a jump. */
  private void redirect(int at, int to) {
    long distance = to - (at + 5) & 0xffff_ffffL;
    long rest = memory.read64(at) & 0xffff_ff00_0000_0000L;
    memory.patch64(at, rest | distance << 8 | 0xe9);
  }

  /** Forgets all code, to have room for what is needed now. */
  private void drop() {
    occupants.close();
    tell();
    EngineStatistics.addDrop();
    for (Block block : versions.keySet()) {
      block.setMachineCode(0);
      block.grant(budget);
    }
    versions.clear();
    loops.clear();
    synchronized (placed) {
      placed.clear();
    }
    known.subList(FAULTED + 1, known.size()).clear();
    sites = new Site[256];
    publishSites();
    memory.drop();
    occupants.open();
  }

  /** Uses the memory no longer, which is about to be given back. */
  synchronized void close() {
    closed = true;
    tell();
    versions.clear();
  }

  /** Tells the statistics what was interpreted, before it is forgotten. */
  private void tell() {
    if (!EngineStatistics.names()) {
      return;
    }
    for (Site site : known) {
      if (site.kind() == Site.Kind.SLOW && site.times() > 0) {
        tell(site.block(), site.index(), site.times());
      }
    }
    for (Block block : interpreted) {
      for (int k = 0; k < block.instructions(); k++) {
        if (!emitter.knows(block, k)) {
          tell(block, k, Integer.MAX_VALUE - block.budget());
        }
      }
    }
    interpreted.clear();
  }

  private void tell(Block block, int instruction, long times) {
    String name = isa.nameAt(guest, block.pcAt(block.start(instruction)));
    EngineStatistics.addInterpreted(name, times);
  }
}
