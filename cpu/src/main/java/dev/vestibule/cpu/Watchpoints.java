package dev.vestibule.cpu;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Which data does a debugger watch in an address space? Pages that hold some lose their permissions
 * for the fast path, so every access to them comes here; nobody else pays. An access by an
 * instruction to a watched byte faults before it happens; the kernel's own accesses go unnoticed,
 * as with the processor's DAWR.
 */
public final class Watchpoints {
  /**
   * Bytes that are watched.
   *
   * @param from first address
   * @param to first address behind them
   * @param owner the only thread that is stopped, or null for all
   */
  public record Watch(long from, long to, boolean loads, boolean stores, @Nullable Cpu owner) {
    private boolean meets(long start, long end) {
      return Long.compareUnsigned(start, to) < 0 && Long.compareUnsigned(from, end) < 0;
    }
  }

  private final GuestMemory memory;
  private final List<Watch> watches = new CopyOnWriteArrayList<>();
  private final ThreadLocal<@Nullable Cpu> running = new ThreadLocal<>();

  Watchpoints(GuestMemory memory) {
    this.memory = memory;
  }

  /** Begins to watch; for threads that run, from their next entry to the kernel on. */
  public void add(Watch watch) {
    watches.add(watch);
    refresh(watch);
  }

  /** Ends watching; nothing happens if it was not watched. */
  public void remove(Watch watch) {
    if (watches.remove(watch)) {
      refresh(watch);
    }
  }

  /** Ends all watching that no thread owns. */
  public void clear() {
    for (Watch watch : watches) {
      if (watch.owner == null) {
        remove(watch);
      }
    }
  }

  /** The first watch that an address belongs to, or null. */
  public @Nullable Watch at(long address) {
    for (Watch watch : watches) {
      if (watch.meets(address, address + 1)) {
        return watch;
      }
    }
    return null;
  }

  private void refresh(Watch watch) {
    long page = GuestMemory.PAGE_SIZE;
    for (long at = watch.from & -page; Long.compareUnsigned(at, watch.to) < 0; at += page) {
      memory.refresh(at);
    }
  }

  /** The pages of a range have been mapped or protected anew. */
  void refresh(long from, long to) {
    for (Watch watch : watches) {
      if (watch.meets(from, to)) {
        refresh(watch);
      }
    }
  }

  /** Whether any byte of a range is watched. */
  boolean any(long start, long end) {
    for (Watch watch : watches) {
      if (watch.meets(start, end)) {
        return true;
      }
    }
    return false;
  }

  boolean none() {
    return watches.isEmpty();
  }

  /** Names the thread whose instructions the calling host thread executes, or null for none. */
  void run(@Nullable Cpu cpu) {
    running.set(cpu);
  }

  /** Throws if the running thread's instruction must not access these bytes unnoticed. */
  void check(long address, int size, boolean store) {
    Cpu cpu = running.get();
    if (cpu == null) {
      return;
    }
    for (Watch watch : watches) {
      boolean kind = store ? watch.stores : watch.loads;
      boolean mine = watch.owner == null || watch.owner == cpu;
      if (kind && mine && watch.meets(address, address + size)) {
        long first = Long.compareUnsigned(address, watch.from) < 0 ? watch.from : address;
        throw new GuestFault(first, store ? Access.STORE : Access.LOAD, GuestFault.Cause.WATCHED);
      }
    }
  }
}
