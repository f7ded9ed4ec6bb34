package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.EngineStatistics;
import dev.vestibule.cpu.EngineStatistics.Departure;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Isa;
import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.micro.Executor;
import dev.vestibule.cpu.micro.Interpreter;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.x86.BlockEmitter.Placed;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How are blocks executed as machine code, and what happens when they leave it?
 *
 * <p>One for each address space. Blocks are interpreted until they have shown to be worth the
 * effort. Code stays where it is until there is no room for more, so that a thread may still run a
 * block that has become invalid until it leaves it. Then all threads leave ({@link Occupants}), and
 * everything is forgotten.
 */
public final class Translator implements Executor {
  /** How often a block is interpreted before it is translated. */
  public static final int BUDGET = 15;

  /** Bytes of machine code an address space may have; the property is for tests. */
  public static final int CAPACITY =
      Integer.getInteger("vestibule.code.capacity", FaultHandler.PLACE);

  /** No less: a run of blocks should fit, and not only one. */
  private static final int LEAST_CAPACITY = 32 << 10;

  /** How many contexts a block is translated for at most. */
  private static final int MOST_VERSIONS = 4;

  /** How many blocks follow each other at most. */
  private static final int LONGEST_TRACE = 16;

  /** Bytes that are kept for code that settles. */
  private static final int ROOM = 512;

  private static final int PAGE = 4096;
  private static final long UNSUITABLE = -1;
  private static final int FAULTED = 1;
  private static final int WINDOW = Cpu.EXECUTOR;

  /** Slot that holds the size of the guest's window. */
  static final int LIMIT = Cpu.EXECUTOR + 1;

  /** What the host has and this JVM shall not use, for tests: names separated by commas. */
  private static final List<String> HIDDEN =
      Stream.of(System.getProperty("vestibule.host.without", "").split(",", -1))
          .filter(name -> !name.isEmpty())
          .toList();

  /** In that list: the host refuses executable memory. */
  private static final String EXECUTION = "execution";

  private static final int ARCH_SET_GS = 0x1001;
  private static final Stop[] STOPS = Stop.values();
  private static final Cleaner CLEANER = Cleaner.create();

  /** What is found out once about this host. */
  private static final class Host {
    static final @Nullable HostFeatures FEATURES = probe();

    private static @Nullable HostFeatures probe() {
      if (!System.getProperty("os.arch").equals("amd64")) {
        return null;
      }
      List<String> hidden = new ArrayList<>(HIDDEN);
      CodeMemory memory =
          hidden.remove(EXECUTION) ? null : CodeMemory.reserve(PAGE, false); // for ever
      if (memory == null) {
        return null;
      }
      HostFeatures features = HostFeatures.probe(memory).without(hidden);
      FaultHandler.instance().install(memory);
      return features;
    }
  }

  private final @Nullable HostFeatures features;
  private final boolean linking;
  private final int budget;
  private final int capacity;
  private final Occupants occupants = new Occupants();
  private volatile long faultExit;
  private volatile Site[] sites = new Site[256];
  private final List<Site> known = new ArrayList<>();
  private final Map<Block, List<Placed>> versions = new IdentityHashMap<>();
  private final List<Block> interpreted = new ArrayList<>(); // for statistics only
  private @Nullable GuestNames names;
  private final List<Placed> placed = new ArrayList<>(); // in the order of their places
  private volatile @Nullable CodeMemory memory;
  private @Nullable BlockEmitter emitter;
  private @Nullable Loops loops;
  private Cleaner.@Nullable Cleanable reserved;
  private boolean closed;
  private MemorySegment entry = MemorySegment.NULL;

  /**
   * @param compare whether what can be repeated is compared with the interpreter
   * @param budget how often a block is interpreted before it is translated
   * @param capacity how many bytes of machine code there may be
   */
  public Translator(boolean compare, int budget, int capacity) {
    this(compare, budget, capacity, Host.FEATURES);
  }

  /** A translator that makes do with some of the host's features; null if it has none. */
  Translator(boolean compare, int budget, int capacity, @Nullable HostFeatures features) {
    this.features = features;
    this.linking = !compare;
    this.budget = budget;
    this.capacity = Math.clamp(capacity, LEAST_CAPACITY, FaultHandler.PLACE);
  }

  /** What this host's processor can do; null if it cannot run machine code of ours. */
  static @Nullable HostFeatures features() {
    return Host.FEATURES;
  }

  /** Why this host cannot run machine code of ours, in a few words; null if it can. */
  public static @Nullable String refusal() {
    if (!System.getProperty("os.arch").equals("amd64")) {
      return "no emitter for " + System.getProperty("os.arch") + " processors";
    }
    return Host.FEATURES == null ? "the host refuses executable memory" : null;
  }

  @Override
  public int budget() {
    return budget;
  }

  // ---- running ----------------------------------------------------------------------------------

  @Override
  public Stop run(Cpu cpu) {
    prepare(cpu);
    if (cpu.memory().watchpoints() != null) {
      return Executor.INTERPRETER.run(cpu);
    }
    try {
      Block block = cpu.block(cpu.pc());
      while (true) {
        long code = block.machineCode();
        if (code == 0 && block.spend()) {
          code = translate(cpu, block);
        }
        Stop stop;
        if (code > 0) {
          stop = linking ? enter(cpu, block) : enterAndCompare(cpu, block);
        } else {
          stop = Interpreter.run(cpu, block, 0);
        }
        if (stop != null) {
          return stop;
        }
        block = cpu.block(cpu.pc());
      }
    } catch (GuestFault fault) {
      cpu.setFault(fault);
      return Stop.FAULT;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Translates a block that need not be in a cache, enters it once and handles what it left for.
   */
  @Nullable Stop runOnce(Cpu cpu, Block block) {
    prepare(cpu);
    long code = translate(cpu, block);
    if (code <= 0) {
      throw new IllegalArgumentException("block cannot be translated");
    }
    try {
      return enter(cpu, block);
    } catch (GuestFault fault) {
      cpu.setFault(fault);
      return Stop.FAULT;
    }
  }

  private void prepare(Cpu cpu) {
    cpu.setSlot(WINDOW, cpu.memory().window());
    cpu.setSlot(LIMIT, cpu.memory().limit());
  }

  @Override
  public void attach(GuestMemory memory) {
    if (!memory.enforced()) {
      FaultHandler.instance().guard(memory);
    }
  }

  /** Enters a block's machine code, unless it has none any more, and does what it leaves for. */
  private @Nullable Stop enter(Cpu cpu, Block block) {
    Occupants.Occupant thread = occupants.of(cpu);
    try {
      long at = begin(thread) ? block.machineCode() : 0;
      while (at > 0) {
        int number = call(cpu, at);
        Site site = number > FAULTED ? sites[number] : null;
        Block alone = site == null ? null : site.alone();
        if (site == null || alone == null) {
          return resume(cpu, thread, number, site);
        }
        int generation = thread.generation();
        thread.leave();
        thread.count(Departure.UNKNOWN);
        site.count();
        site.context().settle(cpu);
        Stop stop = Interpreter.run(cpu, alone, 0);
        if (stop != null && stop != Stop.ATTENTION) { // which the next exit looks at
          return stop; // a block that has just changed itself is executed to its end, too
        }
        boolean stays = begin(thread) && thread.generation() == generation;
        at = stays ? codeAt(site.back()) : 0;
      }
      return null;
    } finally {
      thread.leave();
    }
  }

  private boolean begin(Occupants.Occupant thread) {
    boolean entered = thread.enter();
    if (!entered) {
      synchronized (this) { // whoever empties the code has this lock
        return false;
      }
    }
    return entered;
  }

  private int call(Cpu cpu, long code) {
    cpu.setSlot(FaultHandler.FAULT_EXIT, faultExit);
    FloatStatus.prepare(cpu);
    if (features != null && !features.fsgsbase()) {
      Libc.syscall(HostCalls.ARCH_PRCTL, ARCH_SET_GS, cpu.memory().window());
    }
    int site = (int) Libc.call(entry, cpu.context(), code);
    FloatStatus.settle(cpu);
    return site;
  }

  /** Leaves, and does what the site asks for at which machine code came back; null for none. */
  private @Nullable Stop resume(
      Cpu cpu, Occupants.Occupant thread, int number, @Nullable Site site) {
    if (number == FAULTED) {
      thread.count(Departure.FAULT);
      return faulted(cpu, thread);
    }
    thread.leave();
    thread.count(reason(cpu, site));
    return site == null ? missed(cpu) : left(cpu, thread, site);
  }

  private static Departure reason(Cpu cpu, @Nullable Site site) {
    if (site != null && site.kind() == Site.Kind.STOP) {
      return Departure.KERNEL;
    }
    if (cpu.attention()) {
      return Departure.INTERRUPT;
    }
    if (site == null || site.kind() == Site.Kind.EXIT) {
      return Departure.NEW_TARGET;
    }
    site.count();
    return site.kind() == Site.Kind.ENTRY
        ? Departure.CHANGED
        : site.back() != 0 ? Departure.UNKNOWN : Departure.SPECIAL;
  }

  /**
   * Enters a block; if it came to its end and has stored nothing, the interpreter does it again on
   * a copy of the registers. Another thread's stores in between look like a difference.
   */
  private @Nullable Stop enterAndCompare(Cpu cpu, Block block) {
    if (!Comparison.repeatable(block)) {
      return enter(cpu, block);
    }
    Occupants.Occupant thread = occupants.of(cpu);
    try (Cpu copy = new Cpu(cpu.isa(), cpu.memory(), cpu.code())) {
      copy.copyRegistersFrom(cpu);
      long code = begin(thread) ? block.machineCode() : 0;
      if (code <= 0) {
        return null;
      }
      int number = call(cpu, code);
      Site site = number > FAULTED ? sites[number] : null;
      Stop stop = resume(cpu, thread, number, site);
      if (number == 0 || site != null && site.kind() == Site.Kind.EXIT) {
        copy.interrupt();
        Interpreter.run(copy, block, 0);
        Comparison.compare(block, cpu, copy);
      }
      return stop;
    } finally {
      thread.leave();
    }
  }

  /** An indirect jump did not find its target in the thread's table, or saw attention. */
  private @Nullable Stop missed(Cpu cpu) {
    if (cpu.attention()) {
      return Stop.ATTENTION;
    }
    long pc = cpu.pc();
    long code = cpu.block(pc).machineCode();
    if (code > 0 && linking) {
      long at = cpu.context() + Cpu.SLOTS * 8L + (pc >>> 2 & Cpu.JUMP_TABLE - 1) * 16;
      HostMemory.putSlot(at, pc);
      HostMemory.putSlot(at + 8, code);
    }
    return null;
  }

  /**
   * The host did not allow an access. The interpreter does it again: it knows why, and whether a
   * missing page can be had. If a page of a mapped file is lost, it meets what the JVM makes of
   * that in its own code.
   */
  private @Nullable Stop faulted(Cpu cpu, Occupants.Occupant thread) {
    CodeMemory where = memory;
    int at = (int) (cpu.slot(FaultHandler.FAULT_PC) - (where == null ? 0 : where.address(0)));
    Placed code = placedAt(at);
    thread.leave();
    int index = Arrays.binarySearch(code.places(), at - code.at());
    int k = index >= 0 ? index : -index - 2;
    Block block = code.block();
    recover(cpu, code.contexts()[k].pins());
    code.contexts()[k].settle(cpu);
    if (cpu.slot(FaultHandler.FAULT_SIGNAL) == FaultHandler.SIGBUS) {
      cpu.setPc(block.pcAt(block.start(k)));
      throw new InternalError("a page of a mapped file is lost");
    }
    return Interpreter.run(cpu, block, block.start(k));
  }

  /** The code that a place belongs to. */
  private Placed placedAt(int at) {
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

  private void recover(Cpu cpu, @Nullable Pins pins) {
    BlockEmitter emits = emitter;
    if (emits == null) {
      throw new IllegalStateException("no code");
    }
    emits.recover(cpu, pins);
  }

  private @Nullable Stop left(Cpu cpu, Occupants.Occupant thread, Site site) {
    Block block = site.block();
    site.context().settle(cpu);
    switch (site.kind()) {
      case EXIT -> {
        cpu.setPc(block.exit(site.index()));
        if (cpu.attention()) {
          return Stop.ATTENTION;
        }
        link(cpu, thread, site, cpu.block(cpu.pc()));
        return null;
      }
      case SLOW -> {
        return Interpreter.run(cpu, block, block.start(site.index()));
      }
      case STOP -> {
        int imm = Op.imm(block.code()[site.index()]);
        cpu.setPc((imm & 0x100) != 0 ? block.end() : block.pcAt(site.index()));
        return STOPS[imm & 0xff];
      }
      case ENTRY -> {
        cpu.setPc(block.pc());
        return null;
      }
    }
    throw new AssertionError(site);
  }

  // ---- translating ------------------------------------------------------------------------------

  private long codeAt(int offset) {
    CodeMemory where = memory;
    if (where == null) {
      throw new IllegalStateException("no code");
    }
    return where.address(offset);
  }

  private synchronized void link(Cpu cpu, Occupants.Occupant thread, Site site, Block next) {
    CodeMemory where = memory;
    boolean wanted = linking && next.machineCode() > 0 && next.valid();
    if (wanted && where != null && thread.current()) { // else the site's code is gone
      int target = target(cpu, next, site.context());
      if (target >= 0) {
        where.patch32(site.jump(), target - (site.jump() + 4));
      } else if (where.mostlyUsed()) {
        drop(where);
      }
    }
  }

  /** Forgets all code, to have room for what is needed now. */
  private void drop(CodeMemory where) {
    occupants.close();
    tell();
    EngineStatistics.addDrop();
    for (Block block : versions.keySet()) {
      block.setMachineCode(0);
      block.grant(budget);
    }
    versions.clear();
    if (loops != null) {
      loops.clear();
    }
    synchronized (placed) {
      placed.clear();
    }
    known.subList(FAULTED + 1, known.size()).clear();
    sites = new Site[256];
    publishSites();
    where.drop();
    occupants.open();
  }

  /** Tells the statistics what was interpreted, before it is forgotten. */
  private void tell() {
    GuestNames namer = names;
    BlockEmitter emits = emitter;
    if (namer == null || emits == null || !EngineStatistics.names()) {
      return;
    }
    for (Site site : known) {
      if (site.kind() == Site.Kind.SLOW && site.times() > 0) {
        namer.tell(site.block(), site.index(), site.times());
      }
    }
    for (Block block : interpreted) {
      for (int k = 0; k < block.instructions(); k++) {
        if (!emits.knows(block, k)) {
          namer.tell(block, k, Integer.MAX_VALUE - block.budget());
        }
      }
    }
    interpreted.clear();
  }

  /** Whose code this is, to name its instructions. */
  private record GuestNames(Isa isa, GuestMemory memory) {
    void tell(Block block, int instruction, long times) {
      String name = isa.nameAt(memory, block.pcAt(block.start(instruction)));
      EngineStatistics.addInterpreted(name, times);
    }
  }

  @Override
  public int drops() {
    return occupants.times();
  }

  /** Where a translated block is entered with a context; -1 if there is no room. */
  private int target(Cpu cpu, Block block, Context context) {
    List<Placed> all = versions.getOrDefault(block, List.of());
    int exact = exact(all, context);
    if (exact >= 0) {
      return exact;
    }
    Pins pins = context.pins();
    if (pins != null && !mayHave(pins, block) && !grows(cpu, pins, block)) {
      int to = target(cpu, block, context.with(null));
      return to < 0 ? -1 : leaving(cpu, block, context, false, to);
    }
    Placed made = versions(all, pins) < MOST_VERSIONS ? make(cpu, block, context) : null;
    if (made != null) {
      return made.at();
    }
    for (Placed version : all) {
      if (version.contexts()[0].accepts(context)) {
        return version.at();
      }
    }
    return leaving(cpu, block, context, true, exact(all, Context.NOTHING));
  }

  private boolean mayHave(Pins pins, Block block) {
    BlockEmitter emits = emitter;
    return pins.covers(block.pc()) && emits != null && emits.translatesAll(block);
  }

  /** Whether a loop grows by a block that it is left for; if not, it may lose its pins instead. */
  private boolean grows(Cpu cpu, Pins pins, Block block) {
    Loops all = loops;
    if (all == null) {
      return false;
    }
    Loops.Fate fate = all.left(cpu.code(), pins, block);
    if (fate == Loops.Fate.LOST) {
      for (Block head : pins.heads()) {
        if (pinsOf(cpu, head) == null) {
          loseEntries(cpu, head);
        }
      }
    }
    return fate == Loops.Fate.GROWN && mayHave(pins, block);
  }

  /** Makes what led to a block's code with pins of its own lead to code with the standard ones. */
  private void loseEntries(Cpu cpu, Block head) {
    List<Placed> all = versions.getOrDefault(head, new ArrayList<>());
    List<Placed> entries = all.stream().filter(one -> one.contexts()[0].pins() == null).toList();
    all.removeAll(entries);
    for (Placed entry : entries) {
      Placed made = make(cpu, head, entry.contexts()[0]);
      CodeMemory where = memory;
      if (made == null || where == null) {
        all.add(entry);
      } else {
        redirect(where, entry.at(), made.at());
      }
    }
  }

  /** Turns the beginning of a block's code into a jump. */
  private static void redirect(CodeMemory where, int at, int to) {
    long distance = to - (at + 5) & 0xffff_ffffL;
    long rest = where.read64(at) & 0xffff_ff00_0000_0000L;
    where.patch64(at, rest | distance << 8 | 0xe9);
  }

  /** How many versions there are with certain pins. */
  private static int versions(List<Placed> all, @Nullable Pins pins) {
    int count = 0;
    for (Placed version : all) {
      count += version.contexts()[0].pins() == pins ? 1 : 0;
    }
    return count;
  }

  private static int exact(List<Placed> versions, Context context) {
    for (Placed version : versions) {
      if (version.contexts()[0].equals(context)) {
        return version.at();
      }
    }
    return -1;
  }

  /** Code that leaves pins, and perhaps carries out what is pending, before it goes on, or -1. */
  private int leaving(Cpu cpu, Block block, Context context, boolean settles, int to) {
    CodeMemory where = memory;
    BlockEmitter emits = emitter;
    if (where == null || emits == null || to < 0 || !where.hasRoom(ROOM)) {
      return -1;
    }
    emits.emitLeaving(block, context, cpu.memory(), where.next(), settles, to);
    return where.append(emits.bytes(), emits.size());
  }

  private synchronized long translate(Cpu cpu, Block block) {
    if (block.machineCode() != 0 || !block.valid()) {
      return block.machineCode();
    }
    BlockEmitter emits = emitter != null ? emitter : begin(cpu, block);
    CodeMemory where = memory;
    if (where == null || emits == null || (!emits.worthwhile(block) && budget > 0)) {
      return unsuitable(block);
    }
    Placed made = make(cpu, block, Context.NOTHING);
    if (made == null && where.mostlyUsed()) {
      drop(where);
      made = make(cpu, block, Context.NOTHING);
    }
    if (made == null) {
      return unsuitable(block);
    }
    long code = where.address(made.at());
    block.setMachineCode(code);
    return code;
  }

  /** Translates a block for a context, and what follows it; null if there is no room. */
  private @Nullable Placed make(Cpu cpu, Block block, Context context) {
    BlockEmitter emits = emitter;
    CodeMemory where = memory;
    if (where == null || emits == null) {
      return null;
    }
    Pins pins = context.pins() == null && linking ? pinsOf(cpu, block) : null;
    if (pins != null) {
      int to = target(cpu, block, context.with(pins));
      return to < 0 || !where.hasRoom(ROOM)
          ? null
          : place(
              List.of(
                  emits.emitEntering(block, context, cpu.memory(), where.next(), pins, to, known)));
    }
    int first = known.size();
    Trace trace = new Trace(cpu, block);
    List<Placed> made = emits.emit(block, context, cpu.memory(), where.next(), trace, known);
    if (!where.hasRoom(emits.size() + ROOM)) {
      known.subList(first, known.size()).clear();
      return null;
    }
    Placed placed = place(made);
    linkKnown(cpu, first);
    return placed;
  }

  private @Nullable Pins pinsOf(Cpu cpu, Block block) {
    Loops all = loops;
    return all == null ? null : all.pinsOf(cpu.code(), block);
  }

  /** Puts what was emitted last into the code memory. */
  private Placed place(List<Placed> made) {
    CodeMemory where = memory;
    BlockEmitter emits = emitter;
    if (where == null || emits == null) {
      throw new IllegalStateException("no code");
    }
    publishSites();
    int at = where.append(emits.bytes(), emits.size());
    Listing.add(made, emits.bytes(), emits.size(), at, where.address(at));
    EngineStatistics.addBytes(emits.size());
    for (Placed one : made) {
      EngineStatistics.addBlock(one.block().instructions());
      versions.computeIfAbsent(one.block(), b -> new ArrayList<>()).add(one);
      synchronized (placed) {
        placed.add(one);
      }
    }
    return made.getFirst();
  }

  /** Links the new exits whose successors are already translated for their contexts. */
  private void linkKnown(Cpu cpu, int first) {
    CodeMemory where = memory;
    for (int i = first; linking && where != null && i < known.size(); i++) {
      Site site = known.get(i);
      if (site.kind() == Site.Kind.EXIT) {
        Block next = cpu.code().find(site.block().exit(site.index()));
        int at = next == null ? -1 : exact(versions.getOrDefault(next, List.of()), site.context());
        if (at >= 0) {
          where.patch32(site.jump(), at - (site.jump() + 4));
        }
      }
    }
  }

  /** Blocks that were executed before follow each other, up to a length. */
  private final class Trace implements BlockEmitter.Successors {
    private final Cpu cpu;
    private final Set<Long> seen = new HashSet<>();
    private int length;

    Trace(Cpu cpu, Block first) {
      this.cpu = cpu;
      seen.add(first.pc());
    }

    @Override
    public @Nullable Block follow(long pc, Context context) {
      Block next = linking && ++length < LONGEST_TRACE ? cpu.code().find(pc) : null;
      boolean usable =
          next != null
              && next.machineCode() != UNSUITABLE
              && (budget == 0 || emitter != null && emitter.worthwhile(next));
      Pins pins = context.pins();
      if (next == null || !usable || !seen.add(pc)) {
        return null;
      }
      if (pins == null ? pinsOf(cpu, next) != null : !mayHave(pins, next)) {
        return null;
      }
      List<Placed> all = versions.getOrDefault(next, List.of());
      return versions(all, pins) < MOST_VERSIONS && exact(all, context) < 0 ? next : null;
    }
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

  private long unsuitable(Block block) {
    if (EngineStatistics.names()) {
      interpreted.add(block);
    }
    block.grant(Integer.MAX_VALUE);
    block.setMachineCode(UNSUITABLE);
    return UNSUITABLE;
  }

  /** Reserves memory and puts the code around the blocks there; null if the host refuses now. */
  private @Nullable BlockEmitter begin(Cpu cpu, Block any) {
    HostFeatures host = features;
    CodeMemory taken = host == null || closed ? null : CodeMemory.reserve(capacity, true);
    if (host == null || taken == null) {
      return null;
    }
    reserved = CLEANER.register(this, taken::close);
    names = new GuestNames(cpu.isa(), cpu.memory());
    BlockEmitter emits = new BlockEmitter(cpu, host, any);
    emits.emitEntry(WINDOW);
    int in = taken.append(emits.bytes(), emits.size());
    emits.emitExit(taken.next());
    taken.append(emits.bytes(), emits.size());
    entry = MemorySegment.ofAddress(taken.address(in));
    known.add(
        new Site(Site.Kind.ENTRY, any, 0, 0, 0, Context.NOTHING)); // number 0 means a missed jump,
    known.add(new Site(Site.Kind.ENTRY, any, 0, 0, 0, Context.NOTHING)); // number 1 a fault
    faultExit = taken.address(emits.faultStub());
    taken.keep();
    memory = taken;
    emitter = emits;
    loops = new Loops(cpu.isa().hotSlots(), emits.standardPins(), emits::translatesAll);
    return emits;
  }

  @Override
  public void forget(Cpu cpu) {
    occupants.forget(cpu);
  }

  @Override
  public synchronized void close() {
    closed = true;
    occupants.forgetAll();
    tell();
    if (reserved != null) {
      reserved.clean();
      memory = null;
      emitter = null;
    }
  }

  @Override
  public synchronized void invalidated(Block block) {
    List<Placed> all = versions.remove(block);
    CodeMemory where = memory;
    if (loops != null) {
      loops.forget(block);
    }
    if (all == null || where == null) {
      return;
    }
    block.setMachineCode(0); // its place may soon be somebody else's
    for (Placed version : all) {
      redirect(where, version.at(), version.entryStub());
    }
  }
}
