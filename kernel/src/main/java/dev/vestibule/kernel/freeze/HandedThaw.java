package dev.vestibule.kernel.freeze;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.inspect.RejectedImage;
import dev.vestibule.inspect.VdsoSymbols;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.exec.HandedPages.Handed;
import dev.vestibule.kernel.exec.ProfilePages;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.HandedSet;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.trace.TracedMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

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
  private final Set<Long> hooked = new HashSet<>();

  private HandedThaw(Machine machine, AddressSpace space) {
    this.machine = machine;
    this.space = space;
  }

  /** An image of the process and where its functions lie in it. */
  private record Old(HandedSet set, byte[] bytes, VdsoSymbols symbols) {}

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
      findHooks(images);
      for (Old old : images) {
        keep(old, Map.of(), 0);
      }
      space.setKept(kept);
      space.setHandedTraps(traps);
      return Outcome.TRAPS;
    }
    VdsoSymbols symbols = symbols(running);
    findHooks(images);
    Old same = null;
    for (Old old : images) {
      if (same == null && isSame(old, running, symbols)) {
        same = old;
      }
    }
    try {
      long start = same != null ? same.set.start() : room(running, images);
      Handed handed = running.mapAt(space, start);
      space.setHanded(handed);
      for (Old old : images) {
        if (old != same) {
          keep(old, symbols.functions(), handed.vdso());
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
    int length = Math.toIntExact(Math.clamp(set.end() - set.vdso(), 0, VdsoSymbols.LARGEST_IMAGE));
    byte[] bytes = new byte[length];
    for (Vma vma : space.mappings()) {
      if (vma.backing() != null && vma.start() < set.end() && vma.end() > set.start()) {
        throw new FreezeRefusal("a file lies where the vDSO at 0x%x was".formatted(set.vdso()));
      }
    }
    int read = Math.max(0, TracedMemory.read(space, set.vdso(), bytes, 0, length));
    try {
      bytes = Arrays.copyOf(bytes, read);
      return new Old(set, bytes, VdsoSymbols.read(bytes, "the saved vDSO"));
    } catch (RejectedImage e) {
      throw new FreezeRefusal(
          "the vDSO saved at 0x%x is damaged: %s".formatted(set.vdso(), e.getMessage()));
    }
  }

  /** Of the running kernel's image, which is as trustworthy as the machine. */
  private static VdsoSymbols symbols(ProfilePages running) {
    try {
      return VdsoSymbols.read(running.image().bytes(), "vDSO");
    } catch (RejectedImage e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether the running kernel's pages can lie where these do. */
  private static boolean isSame(Old old, ProfilePages running, VdsoSymbols symbols) {
    byte[] now = running.image().bytes();
    if (old.set.end() - old.set.start() != running.length()
        || old.set.vdso() - old.set.start() != running.imageOffset()
        || old.bytes.length < now.length
        || !old.symbols.functions().equals(symbols.functions())) {
      return false;
    }
    Set<Long> patched = new HashSet<>();
    if (!old.set.current()) {
      symbols.functions().forEach((name, offset) -> addWord(patched, name, offset));
    }
    // Whoever has edited one in use, wherever it was, keeps what is edited.
    long first = old.set.current() ? 0 : Collections.min(symbols.functions().values());
    long end = old.set.current() ? now.length : Math.min(symbols.end(), now.length);
    for (long at = first; at < end; at++) {
      if (!patched.contains(at) && old.bytes[(int) at] != now[(int) at]) {
        return false;
      }
    }
    return true;
  }

  private static void addWord(Set<Long> bytes, String name, long offset) {
    for (long at = offset; !isPlain(name) && at < offset + 4; at++) {
      bytes.add(at);
    }
  }

  /**
   * Finds functions whose first instruction is neither their kernel's nor one of an earlier thaw:
   * the process, or a debugger, has changed it.
   */
  private void findHooks(List<Old> images) {
    Set<Long> functions = new HashSet<>();
    for (Old old : images) {
      old.symbols.functions().values().forEach(offset -> functions.add(old.set.vdso() + offset));
    }
    for (Old old : images) {
      ProfilePages own = machine.pagesOf(old.set.kernel());
      byte[] pristine = own == null ? new byte[0] : own.image().bytes();
      if (own == null || !old.symbols.functions().equals(symbols(own).functions())) {
        continue; // a real kernel's image, or of pages of another size: nobody knows what it was
      }
      old.symbols
          .functions()
          .forEach((name, offset) -> {
            long at = old.set.vdso() + offset;
            int word = word(old.bytes, offset);
            boolean changed = !isPlain(name) && word != word(pristine, offset);
            if (changed && (old.set.current() || !isOurs(word, at, functions))) {
              hooked.add(at);
            }
          });
    }
  }

  private int word(byte[] bytes, long offset) {
    if (offset + 4 > bytes.length) {
      return 0;
    }
    Struct word = machine.abi().struct(4);
    System.arraycopy(bytes, (int) offset, word.bytes(), 0, 4);
    return word.i32(0);
  }

  /** Whether an earlier thaw may have put an instruction there. */
  private boolean isOurs(int word, long at, Set<Long> functions) {
    if (word == TRAP) {
      return true;
    }
    long target = at + (word << 6 >> 6 & ~3);
    boolean branch = (word & ~BRANCH_BITS) == BRANCH;
    boolean nowhere =
        space.mappings().stream().noneMatch(vma -> vma.start() <= target && target < vma.end());
    return branch && (functions.contains(target) || nowhere);
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
  private void keep(Old old, Map<String, Long> targets, long image) throws FreezeRefusal {
    HandedSet set = old.set;
    Map<Long, String> entries = new TreeMap<>();
    old.symbols.functions().forEach((name, offset) -> choose(entries, name, offset, targets));
    for (Map.Entry<Long, String> entry : entries.entrySet()) {
      long from = set.vdso() + entry.getKey();
      if (hooked.contains(from)) {
        continue; // goes where somebody wants it to go, and from there on in the old code
      }
      Long target = targets.get(entry.getValue());
      int word = TRAP;
      if (target == null) {
        traps.put(from, entry.getValue());
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

  /** Of the names that a place has, one that the running kernel knows, if there is any. */
  private static void choose(
      Map<Long, String> entries, String name, long offset, Map<String, Long> targets) {
    if (!isPlain(name) && (offset & 3) == 0) {
      entries.merge(offset, name, (one, other) -> targets.containsKey(one) ? one : other);
    }
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
