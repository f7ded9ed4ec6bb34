package dev.vestibule.cpu;

import dev.vestibule.cpu.micro.Executor;
import dev.vestibule.cpu.x86.Listing;
import dev.vestibule.cpu.x86.Translator;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Which translated blocks does an address space have?
 *
 * <p>Shared by all threads of a guest process. Blocks become invalid when the bytes or the
 * permission they were made from change; threads notice at the next block boundary, which Power
 * allows (a program must execute isync, which ends a block).
 */
public final class CodeCache implements GuestMemory.CodeWatcher {
  /** Beyond this many blocks everything is forgotten and translated anew. */
  private static final int MOST_BLOCKS = 1 << 18;

  /** What {@link Engine#AUTO} means; tests and comparisons may say otherwise. */
  private static final Engine AUTOMATIC =
      Engine.valueOf(System.getProperty("vestibule.engine", "TRANSLATE"));

  private final BlockTable blocks = new BlockTable();
  private final Set<Long> loops = ConcurrentHashMap.newKeySet();
  private final ConcurrentHashMap<Long, List<Block>> pages = new ConcurrentHashMap<>();
  private volatile LongPredicate watched = CodeCache::never;
  private volatile boolean watching;
  private final Engine engine;
  private final Executor executor;

  /** A cache whose blocks are interpreted. */
  public CodeCache() {
    this(Engine.INTERPRET);
  }

  /** A cache whose blocks run as the engine says, or are interpreted where the host refuses. */
  public CodeCache(Engine engine) {
    this(engine, Translator.BUDGET);
  }

  /** The same; blocks are interpreted {@code budget} times before they become machine code. */
  public CodeCache(Engine engine, int budget) {
    this(engine, budget, Translator.CAPACITY);
  }

  /** The same with at most {@code capacity} bytes of machine code, as far as that is sensible. */
  public CodeCache(Engine engine, int budget, int capacity) {
    this.engine = engine;
    Engine chosen = engine == Engine.AUTO ? AUTOMATIC : engine;
    executor =
        chosen == Engine.INTERPRET || Translator.refusal() != null
            ? Executor.INTERPRETER
            : new Translator(chosen == Engine.BOTH, budget, capacity);
  }

  /** Why this host cannot run machine code of ours, in a few words; null if it can. */
  public static @Nullable String refusal() {
    return Translator.refusal();
  }

  /** Lists all machine code of this JVM that is made from now on; null ends it. */
  public static void listCode(@Nullable PrintStream out) {
    Listing.to(out);
  }

  /** The engine that was asked for. */
  public Engine engine() {
    return engine;
  }

  /** Prepares the address space whose code this is; best while it is empty. */
  public void attach(GuestMemory memory) {
    executor.attach(memory);
  }

  /** How often all machine code was dropped to make room for more. */
  public int drops() {
    return executor.drops();
  }

  /** Gives machine code's memory back; no thread runs in the address space any more. */
  public void close() {
    executor.close();
  }

  Executor executor() {
    return executor;
  }

  private static boolean never(long address) {
    return false;
  }

  /** Names the addresses whose execution {@link Cpu#onEntry} listeners hear of. */
  public void watchEntries(LongPredicate addresses) {
    watched = addresses;
    watching = true;
    codeChanged(0, Long.MAX_VALUE);
  }

  /** Whether {@link #watchEntries} has been called. */
  public boolean watchesEntries() {
    return watching;
  }

  /** Translates one instruction alone, for a single step; nothing is kept. */
  Block single(Isa isa, GuestMemory memory, long pc) {
    return isa.translate(memory, pc, watched, 1);
  }

  /** The valid block that begins at {@code pc}, if there is one; for executors. */
  public @Nullable Block find(long pc) {
    return blocks.find(pc);
  }

  /**
   * Translates the block at {@code pc} if need be.
   *
   * @throws GuestFault if not even its first instruction can be fetched
   */
  Block get(Isa isa, GuestMemory memory, long pc) {
    Block block = find(pc);
    if (block != null) {
      return block;
    }
    if (blocks.size() >= MOST_BLOCKS) {
      codeChanged(0, Long.MAX_VALUE);
      blocks.clear();
      loops.clear();
    }
    memory.watchCode(pc);
    block = isa.translate(memory, pc, watched, isa.mostInstructions());
    block.grant(executor.budget());
    for (long page = page(pc); page <= page(block.end() - 1); page++) {
      List<Block> list = pages.computeIfAbsent(page, p -> new ArrayList<>());
      synchronized (list) {
        list.add(block);
      }
    }
    if (loops.size() >= MOST_BLOCKS) { // of code that changed all the time
      loops.clear();
    }
    for (int i = 0; i < block.exits(); i++) {
      if (Long.compareUnsigned(block.exit(i), block.end()) < 0) {
        loops.add(block.exit(i));
      }
    }
    blocks.put(block);
    return block;
  }

  /** Whether a block jumps back to a guest address, or has done so once; for executors. */
  public boolean loops(long pc) {
    return loops.contains(pc);
  }

  @Override
  public void codeChanged(long from, long to) {
    if (pages.isEmpty()) {
      return;
    }
    long first = page(from);
    long last = page(to - 1);
    if (last - first < pages.size()) {
      for (long page = first; page <= last; page++) {
        forgetPage(page);
      }
    } else {
      for (long page : pages.keySet()) {
        if (page >= first && page <= last) {
          forgetPage(page);
        }
      }
    }
  }

  private void forgetPage(long page) {
    List<Block> list = pages.remove(page);
    if (list == null) {
      return;
    }
    synchronized (list) {
      for (Block block : list) {
        block.invalidate();
        executor.invalidated(block);
      }
    }
  }

  private static long page(long address) {
    return address >>> GuestMemory.PAGE_SHIFT;
  }
}
