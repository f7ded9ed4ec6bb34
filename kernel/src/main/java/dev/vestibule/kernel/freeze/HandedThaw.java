package dev.vestibule.kernel.freeze;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.exec.HandedPages.Handed;
import dev.vestibule.kernel.exec.ProfilePages;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.HandedSet;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.trace.TracedMemory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What becomes of the handed pages of a process that was frozen under one kernel and goes on under
 * another? The saved bytes lie at their old addresses as anonymous memory when this begins.
 *
 * <ul>
 *   <li>Where an image of the process has the same functions at the same places, made of the same
 *       instructions, the running kernel's pages take its place.
 *   <li>Any other image stays, for addresses in it are known to the program: in registers, cached
 *       pointers, signal frames. The first instruction of each of its functions becomes a branch to
 *       the running kernel's function of that name, or, where that has none, a trap to the machine.
 *       Only one word is changed, so that a function that was interrupted still goes on; what it
 *       then reads is a data page of its own kernel's layout that the machine keeps up to date.
 * </ul>
 */
public final class HandedThaw {
  private static final int BRANCH = 0x4800_0000;
  private static final int BRANCH_BITS = 0x03ff_fffc;
  private static final long REACH = 0x0200_0000;
  private static final int TRAP = 0x7fe0_0008;
  private static final long STEP = 1 << 16;

  private final Machine machine;
  private final AddressSpace space;
  private final List<HandedSet> kept = new ArrayList<>();
  private final Map<Long, String> traps = new HashMap<>();

  private HandedThaw(Machine machine, AddressSpace space) {
    this.machine = machine;
    this.space = space;
  }

  /** An image of the process and where its functions lie in it. */
  private record Old(HandedSet set, byte[] bytes, Map<String, Function> functions) {}

  private record Function(long offset, long size) {}

  /** What was done. */
  public enum Outcome {
    /** The process has no vDSO. */
    NONE,
    /** The running kernel's pages lie at the old addresses. */
    REMAPPED,
    /** The old code stays, with branches to the running kernel's pages elsewhere. */
    BRANCHES,
    /** The old code stays, each function trapping to the machine: the running kernel has none. */
    TRAPS
  }

  /**
   * Gives a process the running kernel's pages.
   *
   * @param sets whose pages it had
   * @throws FreezeRefusal if there is no room, or an image is damaged
   */
  public static Outcome place(Machine machine, AddressSpace space, List<HandedSet> sets)
      throws FreezeRefusal {
    return new HandedThaw(machine, space).place(sets);
  }

  private Outcome place(List<HandedSet> sets) throws FreezeRefusal {
    List<Old> images = new ArrayList<>();
    for (HandedSet set : sets) {
      if (set.vdso() != 0) {
        images.add(read(set));
      }
    }
    if (images.isEmpty()) {
      return Outcome.NONE;
    }
    if (!(machine.handedPages() instanceof ProfilePages running)) {
      for (Old old : images) {
        keep(old, Map.of(), 0);
      }
      space.setKept(kept);
      space.setHandedTraps(traps);
      return Outcome.TRAPS;
    }
    Old same = null;
    for (Old old : images) {
      if (same == null && isSame(old, running)) {
        same = old;
      }
    }
    try {
      long start = same != null ? same.set.start() : room(running, images);
      Handed handed = running.mapAt(space, start);
      space.setHanded(handed);
      for (Old old : images) {
        if (old != same) {
          keep(old, running.image().functions(), handed.vdso());
        }
      }
    } catch (Failure failure) {
      throw new FreezeRefusal("there is no room for this kernel's pages");
    }
    space.setKept(kept);
    space.setHandedTraps(traps);
    return same == null ? Outcome.BRANCHES : Outcome.REMAPPED;
  }

  // ---- what there was
  // -----------------------------------------------------------------------------

  private Old read(HandedSet set) throws FreezeRefusal {
    int length = Math.toIntExact(Math.clamp(set.end() - set.vdso(), 0, 1 << 20));
    byte[] bytes = new byte[length];
    int read = TracedMemory.read(space, set.vdso(), bytes, 0, length);
    Map<String, Function> functions = new HashMap<>();
    try {
      ElfFile file = ElfFile.read(ByteBuffer.wrap(bytes, 0, read), "the saved vDSO");
      for (ElfSymbol symbol : file.dynamicSymbols().symbols()) {
        long offset = file.offsetOf(symbol.value());
        if (symbol.section() != 0 && offset >= 0 && offset <= read - 4 && (offset & 3) == 0) {
          functions.put(symbol.name(), new Function(offset, symbol.size()));
        }
      }
    } catch (ElfException e) {
      throw new FreezeRefusal(
          "the vDSO saved at 0x%x is damaged: %s".formatted(set.vdso(), e.getMessage()));
    }
    return new Old(set, bytes, functions);
  }

  /** Whether the running kernel's pages can lie where these do. */
  private boolean isSame(Old old, ProfilePages running) {
    byte[] now = running.image().bytes();
    if (old.set.end() - old.set.start() != running.length()
        || old.set.vdso() - old.set.start() != running.imageOffset()
        || old.bytes.length < now.length) {
      return false;
    }
    Set<Long> entries = new HashSet<>();
    long first = Long.MAX_VALUE;
    long last = 0;
    for (Map.Entry<String, Function> entry : old.functions.entrySet()) {
      Integer offset = running.image().functions().get(entry.getKey());
      Function function = entry.getValue();
      if (!isCode(entry.getKey())) {
        continue;
      }
      if (offset == null || offset != function.offset) {
        return false;
      }
      entries.add(function.offset);
      first = Math.min(first, function.offset);
      last = Math.max(last, function.offset + Math.max(4, function.size));
    }
    for (long at = first; at < Math.min(last, now.length); at++) {
      boolean patched = !old.set.current() && entries.contains(at & -4L); // perhaps
      if (!patched && old.bytes[(int) at] != now[(int) at]) {
        return false;
      }
    }
    return old.functions.keySet().containsAll(exported(running));
  }

  private static List<String> exported(ProfilePages running) throws IllegalStateException {
    try {
      List<String> names = new ArrayList<>();
      ElfFile file = ElfFile.read(running.image().bytes(), "vDSO");
      for (ElfSymbol symbol : file.dynamicSymbols().symbols()) {
        if (symbol.section() != 0 && (file.offsetOf(symbol.value()) & 3) == 0) {
          names.add(symbol.name());
        }
      }
      return names;
    } catch (ElfException e) {
      throw new IllegalStateException(e);
    }
  }

  // ---- what stays
  // ---------------------------------------------------------------------------------

  /** A place within a branch's reach of all old images, the nearest one. */
  private long room(ProfilePages running, List<Old> images) throws FreezeRefusal {
    long first = Long.MAX_VALUE;
    long last = 0;
    for (Old old : images) {
      first = Math.min(first, old.set.start());
      last = Math.max(last, old.set.end());
    }
    long length = running.length();
    long top = Math.min(first + REACH - length, space.layout().taskSize() - length);
    List<Vma> mappings = space.mappings();
    for (long at = last + STEP - 1 & -STEP; at <= top; at += STEP) {
      if (isFree(mappings, at, at + length)) {
        return at;
      }
    }
    long bottom = Math.max(last - REACH, space.layout().minAddress());
    for (long at = first - length & -STEP; at >= bottom; at -= STEP) {
      if (isFree(mappings, at, at + length)) {
        return at;
      }
    }
    throw new FreezeRefusal(
        "there is no room for this kernel's pages within a branch of the saved vDSO");
  }

  /** Whether nothing is mapped there, nor about to be: a stack grows downward. */
  private boolean isFree(List<Vma> mappings, long from, long to) {
    long growth = 16L << 20;
    for (Vma vma : mappings) {
      long start = vma.has(Vma.GROWS_DOWN) ? Math.max(0, vma.start() - growth) : vma.start();
      if (start < to && vma.end() > from) {
        return false;
      }
    }
    long heap = space.brkEnd();
    return to <= space.brkStart() || from >= heap + (64L << 20);
  }

  /**
   * Leads an image's functions to others, by name and distance from an image, or to the machine.
   */
  private void keep(Old old, Map<String, Integer> targets, long image) throws FreezeRefusal {
    HandedSet set = old.set;
    for (Map.Entry<String, Function> entry : old.functions.entrySet()) {
      String name = entry.getKey();
      if (isPlain(name)) {
        continue;
      }
      long from = set.vdso() + entry.getValue().offset;
      Integer target = targets.get(name);
      int word = TRAP;
      if (target == null) {
        traps.put(from, name);
      } else {
        long distance = image + target - from;
        if (distance >= REACH || distance < -REACH) {
          throw new FreezeRefusal("this kernel's pages lie too far from the saved vDSO");
        }
        word = BRANCH | (int) distance & BRANCH_BITS;
      }
      byte[] bytes = machine.abi().struct(4).put32(0, word).bytes();
      space.memory().poke(from, bytes, 0, 4);
    }
    ProfilePages own = machine.pagesOf(set.kernel());
    if (own != null && own.length() == set.end() - set.start()) {
      own.mapData(space, set.start());
    }
    kept.add(new HandedSet(set.kernel(), set.vdso(), set.start(), set.end(), false));
  }

  /** Trampolines of signals are two instructions that every kernel takes; others are data. */
  private static boolean isPlain(String name) {
    return name.contains("sigtramp") || !isCode(name);
  }

  private static boolean isCode(String name) {
    return name.startsWith("__kernel_") && !name.equals("__kernel_datapage_offset");
  }

  /** What a kept image's area looks like once its bytes are the process's own. */
  public static Vma asOwn(Vma vma) {
    int protection = vma.protection() & ~GuestMemory.PROT_WRITE;
    return new Vma(vma.start(), vma.end(), protection, Vma.MAY_ALL, null, 0, "");
  }
}
