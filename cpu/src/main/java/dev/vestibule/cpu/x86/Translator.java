package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.micro.Executor;
import dev.vestibule.cpu.micro.Interpreter;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How are blocks executed as machine code, and what happens when they leave it?
 *
 * <p>One for each address space. Blocks are interpreted until they have shown to be worth the
 * effort. Code is never reused for something else while its address space lives, so that a thread
 * may still run a block that has become invalid until it leaves it.
 */
public final class Translator implements Executor {
  /** How often a block is interpreted before it is translated. */
  public static final int BUDGET = 30;

  /** Bytes of machine code an address space may have; beyond that new code is interpreted. */
  private static final int CAPACITY = 64 << 20;

  private static final int PAGE = 4096;
  private static final long UNSUITABLE = -1;
  private static final int FAULTED = 1;
  private static final int REGISTERS = 256;
  private static final int WINDOW = Cpu.EXECUTOR;
  private static final int TABLE = Cpu.EXECUTOR + 1;
  private static final Stop[] STOPS = Stop.values();
  private static final Cleaner CLEANER = Cleaner.create();

  /** What is found out once about this host. */
  private static final class Host {
    static final @Nullable HostFeatures FEATURES = probe();

    private static @Nullable HostFeatures probe() {
      if (!System.getProperty("os.arch").equals("amd64")) {
        return null;
      }
      CodeMemory memory = CodeMemory.reserve(PAGE, false); // for ever
      if (memory == null) {
        return null;
      }
      HostFeatures features = HostFeatures.probe(memory);
      FaultHandler.instance().install(memory);
      return features;
    }
  }

  private final @Nullable HostFeatures features;
  private final boolean linking;
  private final int budget;
  private volatile long faultExit;
  private volatile Site[] sites = new Site[256];
  private final List<Site> known = new ArrayList<>();
  private final Map<Block, Integer> entries = new IdentityHashMap<>();
  private final TreeMap<Integer, Placed> placed = new TreeMap<>();
  private @Nullable CodeMemory memory;
  private @Nullable BlockEmitter emitter;
  private MemorySegment entry = MemorySegment.NULL;

  /** A block's code, and where in it each instruction begins. */
  private record Placed(Block block, int[] places) {}

  /**
   * @param compare whether what can be repeated is compared with the interpreter
   * @param budget how often a block is interpreted before it is translated
   */
  public Translator(boolean compare, int budget) {
    this(compare, budget, Host.FEATURES);
  }

  /** A translator that makes do with some of the host's features; null if it has none. */
  Translator(boolean compare, int budget, @Nullable HostFeatures features) {
    this.features = features;
    this.linking = !compare;
    this.budget = budget;
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
    try {
      Block block = cpu.block(cpu.pc());
      while (true) {
        long code = block.machineCode();
        if (code == 0 && block.spend()) {
          code = translate(cpu, block);
        }
        Stop stop;
        if (code > 0) {
          stop = linking ? enter(cpu, code) : enterAndCompare(cpu, block, code);
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
      return enter(cpu, code);
    } catch (GuestFault fault) {
      cpu.setFault(fault);
      return Stop.FAULT;
    }
  }

  private void prepare(Cpu cpu) {
    cpu.setSlot(WINDOW, cpu.memory().window());
    cpu.setSlot(TABLE, cpu.memory().table());
  }

  private @Nullable Stop enter(Cpu cpu, long code) {
    return resume(cpu, call(cpu, code));
  }

  private int call(Cpu cpu, long code) {
    cpu.setSlot(FaultHandler.FAULT_EXIT, faultExit);
    FloatStatus.prepare(cpu);
    int site = (int) Libc.call(entry, cpu.context(), code);
    FloatStatus.settle(cpu);
    return site;
  }

  /** Does what the site asks for at which machine code was left. */
  private @Nullable Stop resume(Cpu cpu, int site) {
    if (site == FAULTED) {
      throw lostPage(cpu);
    }
    return site == 0 ? missed(cpu) : left(cpu, sites[site]);
  }

  /**
   * Enters a block; if it came to its end and has stored nothing, the interpreter does it again on
   * a copy of the registers. Another thread's stores in between look like a difference.
   */
  private @Nullable Stop enterAndCompare(Cpu cpu, Block block, long code) {
    if (!repeatable(block)) {
      return enter(cpu, code);
    }
    try (Cpu copy = new Cpu(cpu.isa(), cpu.memory(), cpu.code())) {
      copy.copyRegistersFrom(cpu);
      int site = call(cpu, code);
      Stop stop = resume(cpu, site);
      if (site == 0 || site > FAULTED && sites[site].kind() == Site.Kind.EXIT) {
        copy.interrupt();
        Interpreter.run(copy, block, 0);
        compare(block, cpu, copy);
      }
      return stop;
    }
  }

  private static boolean repeatable(Block block) {
    for (long w : block.code()) {
      int op = Op.op(w);
      int plain = op > Op.ST64LE && op <= Op.ST64LE + Op.INDEXED ? op - Op.INDEXED : op;
      boolean stores = plain >= Op.ST8 && plain <= Op.ST64LE || op >= Op.VST128BE;
      if (stores || op == Op.HELP) {
        return false;
      }
    }
    return true;
  }

  private static void compare(Block block, Cpu ours, Cpu interpreters) {
    for (int slot = 0; slot < REGISTERS; slot++) {
      if (ours.slot(slot) != interpreters.slot(slot)) {
        throw new IllegalStateException(
            "block at 0x%x: slot %d is 0x%x in machine code, 0x%x in the interpreter"
                .formatted(block.pc(), slot, ours.slot(slot), interpreters.slot(slot)));
      }
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

  /** What the JVM makes of such a fault in its own code; the pc is that of the instruction. */
  private synchronized InternalError lostPage(Cpu cpu) {
    CodeMemory where = memory;
    long at = cpu.slot(FaultHandler.FAULT_PC) - (where == null ? 0 : where.address(0));
    Map.Entry<Integer, Placed> found = placed.floorEntry((int) at);
    if (found != null) {
      Placed code = found.getValue();
      int k = Arrays.binarySearch(code.places, (int) at - found.getKey());
      Block block = code.block;
      cpu.setPc(block.pcAt(block.start(k >= 0 ? k : -k - 2)));
    }
    return new InternalError("a page of a mapped file is lost");
  }

  private @Nullable Stop left(Cpu cpu, Site site) {
    Block block = site.block();
    switch (site.kind()) {
      case EXIT -> {
        cpu.setPc(block.exit(site.index()));
        if (cpu.attention()) {
          return Stop.ATTENTION;
        }
        link(site, cpu.block(cpu.pc()));
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

  private synchronized void link(Site site, Block next) {
    long code = next.machineCode();
    CodeMemory where = memory;
    if (code > 0 && linking && where != null) {
      where.patch32(site.jump(), (int) (code - where.address(site.jump() + 4)));
    }
  }

  private synchronized long translate(Cpu cpu, Block block) {
    if (block.machineCode() != 0 || !block.valid()) {
      return block.machineCode();
    }
    BlockEmitter emits = emitter != null ? emitter : begin(cpu, block);
    CodeMemory where = memory;
    if (where == null || emits == null) {
      return unsuitable(block);
    }
    int supported = emits.supported(block);
    if (supported == 0 || (budget > 0 && !BlockEmitter.worthwhile(supported, block))) {
      return unsuitable(block);
    }
    int first = known.size();
    emits.emit(block, cpu.memory(), supported, where.next(), known);
    if (!where.hasRoom(emits.size() + 16)) {
      known.subList(first, known.size()).clear();
      return unsuitable(block);
    }
    publishSites();
    int at = where.append(emits.bytes(), emits.size());
    entries.put(block, emits.entryStub());
    placed.put(at, new Placed(block, emits.places()));
    long code = where.address(at);
    block.setMachineCode(code);
    return code;
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

  private static long unsuitable(Block block) {
    block.grant(Integer.MAX_VALUE);
    block.setMachineCode(UNSUITABLE);
    return UNSUITABLE;
  }

  /** Reserves memory and puts the code around the blocks there; null if the host refuses now. */
  private @Nullable BlockEmitter begin(Cpu cpu, Block any) {
    HostFeatures host = features;
    CodeMemory reserved = host == null ? null : CodeMemory.reserve(CAPACITY, true);
    if (host == null || reserved == null) {
      return null;
    }
    CLEANER.register(this, reserved::close);
    BlockEmitter emits = new BlockEmitter(cpu.isa(), host, any);
    emits.emitEntry(WINDOW, TABLE);
    int in = reserved.append(emits.bytes(), emits.size());
    emits.emitExit(reserved.next());
    reserved.append(emits.bytes(), emits.size());
    entry = MemorySegment.ofAddress(reserved.address(in));
    known.add(new Site(Site.Kind.ENTRY, any, 0, 0)); // number 0 means a missed jump,
    known.add(new Site(Site.Kind.ENTRY, any, 0, 0)); // number 1 a fault
    faultExit = reserved.address(emits.faultStub());
    memory = reserved;
    emitter = emits;
    return emits;
  }

  @Override
  public synchronized void invalidated(Block block) {
    Integer stub = entries.remove(block);
    CodeMemory where = memory;
    if (stub != null && where != null) {
      int at = (int) (block.machineCode() - where.address(0));
      long distance = stub - (at + 5) & 0xffff_ffffL;
      long rest = where.read64(at) & 0xffff_ff00_0000_0000L;
      where.patch64(at, rest | distance << 8 | 0xe9);
    }
  }
}
