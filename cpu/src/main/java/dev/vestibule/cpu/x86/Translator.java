package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.EngineStatistics;
import dev.vestibule.cpu.EngineStatistics.Departure;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.micro.Executor;
import dev.vestibule.cpu.micro.Interpreter;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.x86.BlockEmitter.Placed;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
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

  private static final int PAGE = 4096;

  /** Slot that holds the window's host address. */
  static final int WINDOW = Cpu.EXECUTOR;

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
  private volatile @Nullable Translation translation;
  private Cleaner.@Nullable Cleanable reserved;
  private boolean closed;

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
    Translation code = code();
    try {
      long at = begin(thread, code) ? block.machineCode() : 0;
      while (at > 0) {
        int number = call(cpu, code, at);
        Site site = number > Translation.FAULTED ? code.site(number) : null;
        Block alone = site == null ? null : site.alone();
        if (site == null || alone == null) {
          return resume(cpu, thread, code, number, site);
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
        boolean stays = begin(thread, code) && thread.generation() == generation;
        at = stays ? code.address(site.back()) : 0;
      }
      return null;
    } finally {
      thread.leave();
    }
  }

  private static boolean begin(Occupants.Occupant thread, Translation code) {
    boolean entered = thread.enter();
    if (!entered) {
      synchronized (code) { // whoever empties the code has this lock
        return false;
      }
    }
    return entered;
  }

  private int call(Cpu cpu, Translation code, long at) {
    cpu.setSlot(FaultHandler.FAULT_EXIT, code.faultExit());
    FloatStatus.prepare(cpu);
    if (features != null && !features.fsgsbase()) {
      Libc.syscall(HostCalls.ARCH_PRCTL, ARCH_SET_GS, cpu.memory().window());
    }
    int site = (int) Libc.call(code.entry(), cpu.context(), at);
    FloatStatus.settle(cpu);
    return site;
  }

  /** Leaves, and does what the site asks for at which machine code came back; null for none. */
  private @Nullable Stop resume(
      Cpu cpu, Occupants.Occupant thread, Translation code, int number, @Nullable Site site) {
    if (number == Translation.FAULTED) {
      thread.count(Departure.FAULT);
      return faulted(cpu, thread, code);
    }
    thread.leave();
    thread.count(reason(cpu, site));
    return site == null ? missed(cpu) : left(cpu, thread, code, site);
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
      Translation code = code();
      long at = begin(thread, code) ? block.machineCode() : 0;
      if (at <= 0) {
        return null;
      }
      int number = call(cpu, code, at);
      Site site = number > Translation.FAULTED ? code.site(number) : null;
      Stop stop = resume(cpu, thread, code, number, site);
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
  private @Nullable Stop faulted(Cpu cpu, Occupants.Occupant thread, Translation code) {
    long address = cpu.slot(FaultHandler.FAULT_PC);
    Placed where = code.at(address);
    thread.leave();
    if (!cpu.memory().guards(cpu.slot(FaultHandler.FAULT_ADDRESS))) {
      EngineStatistics.addStray();
    }
    int k = code.recover(cpu, where, address);
    Block block = where.block();
    where.contexts()[k].settle(cpu);
    if (cpu.slot(FaultHandler.FAULT_SIGNAL) == FaultHandler.SIGBUS) {
      cpu.setPc(block.pcAt(block.start(k)));
      throw new InternalError("a page of a mapped file is lost");
    }
    return Interpreter.run(cpu, block, block.start(k));
  }

  private @Nullable Stop left(Cpu cpu, Occupants.Occupant thread, Translation code, Site site) {
    Block block = site.block();
    site.context().settle(cpu);
    switch (site.kind()) {
      case EXIT -> {
        cpu.setPc(block.exit(site.index()));
        if (cpu.attention()) {
          return Stop.ATTENTION;
        }
        code.link(thread, site, cpu.block(cpu.pc()));
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

  // ---- having machine code ----------------------------------------------------------------------

  /** The code, which is there as soon as a block has machine code. */
  private Translation code() {
    Translation code = translation;
    if (code == null) {
      throw new IllegalStateException("no machine code");
    }
    return code;
  }

  private long translate(Cpu cpu, Block block) {
    Translation code = translation;
    if (code == null) {
      code = begin(cpu, block);
    }
    return code == null ? Translation.neverTranslate(block) : code.translate(block);
  }

  /** Reserves memory and begins to translate; null if the host refuses now. */
  private synchronized @Nullable Translation begin(Cpu cpu, Block any) {
    if (translation == null && features != null && !closed) {
      CodeMemory taken = CodeMemory.reserve(capacity, true);
      if (taken != null) {
        reserved = CLEANER.register(this, taken::close);
        translation = new Translation(cpu, features, taken, any, linking, budget, occupants);
      }
    }
    return translation;
  }

  @Override
  public int drops() {
    return occupants.times();
  }

  @Override
  public void forget(Cpu cpu) {
    occupants.forget(cpu);
  }

  @Override
  public synchronized void close() {
    closed = true;
    occupants.forgetAll();
    if (translation != null) {
      translation.close();
      translation = null;
    }
    if (reserved != null) {
      reserved.clean();
    }
  }

  @Override
  public void invalidated(Block block) {
    Translation code = translation;
    if (code != null) {
      code.invalidate(block);
    }
  }
}
