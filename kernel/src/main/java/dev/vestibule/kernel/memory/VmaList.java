package dev.vestibule.kernel.memory;

import static dev.vestibule.kernel.Errno.EINVAL;

import dev.vestibule.kernel.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which mappings are there, in order? Splits, joins and replaces them and counts their backings;
 * the memory behind them is {@link AddressSpace}'s affair, and so is the lock.
 */
final class VmaList {
  /** Pages kept free below a stack: stack_guard_gap. */
  static final long STACK_GUARD = 256;

  private final Layout layout;
  private final TreeMap<Long, Vma> vmas = new TreeMap<>();
  private long counted;

  VmaList(Layout layout) {
    this.layout = layout;
  }

  /** Bytes of the mappings that count as the process's own memory. */
  long counted() {
    return counted;
  }

  int count() {
    return vmas.size();
  }

  /** All mappings in ascending order; a copy. */
  List<Vma> all() {
    return List.copyOf(vmas.values());
  }

  /** The mapping that holds an address, or null. */
  @Nullable Vma find(long address) {
    Map.Entry<Long, Vma> entry = vmas.floorEntry(address);
    return entry != null && entry.getValue().holds(address) ? entry.getValue() : null;
  }

  /** The first mapping that begins above an address, or null. */
  @Nullable Vma above(long address) {
    Map.Entry<Long, Vma> entry = vmas.higherEntry(address);
    return entry == null ? null : entry.getValue();
  }

  /** The last mapping that begins below an address, or null. */
  @Nullable Vma below(long address) {
    Map.Entry<Long, Vma> entry = vmas.lowerEntry(address);
    return entry == null ? null : entry.getValue();
  }

  /** Takes the mappings of a range out of the list; the caller releases their backings. */
  List<Vma> take(long from, long to) {
    List<Vma> taken = isolate(from, to);
    for (Vma vma : taken) {
      vmas.remove(vma.start());
      if (vma.counted()) {
        counted -= vma.length();
      }
    }
    return taken;
  }

  /** Whether nothing is mapped between two addresses. */
  boolean isFree(long from, long to) {
    Map.Entry<Long, Vma> below = vmas.lowerEntry(to);
    return below == null || below.getValue().end() <= from;
  }

  /** The highest room below the begin of the search, or -1. */
  long searchDown(long bytes, long alignment) {
    long top = layout.searchFrom();
    Map.Entry<Long, Vma> below = vmas.lowerEntry(top);
    while (true) {
      long floor = below == null ? layout.minAddress() : below.getValue().end();
      long start = (top - bytes) & -alignment;
      if (start >= floor && start >= layout.minAddress()) {
        return start;
      }
      if (below == null) {
        return -1;
      }
      top = Math.min(top, gapEnd(below.getValue()));
      below = vmas.lowerEntry(below.getKey());
    }
  }

  /** The stack keeps a distance of 256 pages to whatever lies below it. */
  private long gapEnd(Vma above) {
    return above.has(Vma.GROWS_DOWN)
        ? above.start() - STACK_GUARD * layout.pageSize()
        : above.start();
  }

  /** The lowest room above the begin of the search, or -1. */
  long searchUp(long bytes, long alignment) {
    long start =
        layout.topDown() ? layout.taskSize() / 3 & -layout.pageSize() : layout.searchFrom();
    Map.Entry<Long, Vma> below = vmas.floorEntry(start);
    if (below != null) {
      start = Math.max(start, below.getValue().end());
    }
    while (true) {
      start = (start + alignment - 1) & -alignment;
      if (start > layout.taskSize() - bytes) {
        return -1;
      }
      Map.Entry<Long, Vma> above = vmas.ceilingEntry(start);
      if (above == null || start + bytes <= gapEnd(above.getValue())) {
        return start;
      }
      start = above.getValue().end();
    }
  }

  /** Puts a mapping into the list, joined with its neighbours where they continue each other. */
  void insert(Vma vma) {
    Vma joined = vma;
    if (vma.backing() != null) {
      vma.backing().retain();
    }
    if (vma.counted()) {
      counted += vma.length();
    }
    Map.Entry<Long, Vma> before = vmas.lowerEntry(vma.start());
    if (before != null && before.getValue().continuedBy(joined)) {
      joined = join(before.getValue(), joined);
    }
    Map.Entry<Long, Vma> after = vmas.higherEntry(vma.start());
    if (after != null && joined.continuedBy(after.getValue())) {
      vmas.remove(after.getKey());
      joined = join(joined, after.getValue());
    }
    vmas.put(joined.start(), joined);
  }

  private static Vma join(Vma low, Vma high) {
    if (low.backing() != null) {
      low.backing().release(); // one of two references to the same backing
    }
    return new Vma(
        low.start(),
        high.end(),
        low.protection(),
        low.flags(),
        low.backing(),
        low.offset(),
        low.name());
  }

  /** Throws EINVAL if an operation on a range would split a mapping that must stay whole. */
  void checkWhole(long from, long to) {
    if (splitsWhole(from, to)) {
      throw new Failure(EINVAL);
    }
  }

  /** Whether an operation on a range would split a mapping that must stay whole. */
  boolean splitsWhole(long from, long to) {
    return mustStayWholeAt(from) || mustStayWholeAt(to);
  }

  private boolean mustStayWholeAt(long edge) {
    Map.Entry<Long, Vma> entry = vmas.lowerEntry(edge);
    return entry != null && entry.getValue().end() > edge && entry.getValue().has(Vma.WHOLE);
  }

  /** Splits mappings so that one begins or ends at {@code edge}. */
  void splitAt(long edge) {
    Map.Entry<Long, Vma> entry = vmas.lowerEntry(edge);
    if (entry == null || entry.getValue().end() <= edge) {
      return;
    }
    Vma vma = entry.getValue();
    if (vma.backing() != null) {
      vma.backing().retain();
    }
    vmas.put(vma.start(), vma.part(vma.start(), edge));
    vmas.put(edge, vma.part(edge, vma.end()));
  }

  /** The mappings of a range, split at its edges. */
  List<Vma> isolate(long from, long to) {
    splitAt(from);
    splitAt(to);
    return new ArrayList<>(vmas.subMap(from, to).values());
  }

  /** Undoes a split that turned out not to be needed. */
  void joinAt(long edge) {
    Map.Entry<Long, Vma> before = vmas.lowerEntry(edge);
    Vma after = vmas.get(edge);
    if (before != null && after != null && before.getValue().continuedBy(after)) {
      vmas.remove(edge);
      vmas.put(before.getKey(), join(before.getValue(), after));
    }
  }

  /** Puts changed mappings in the place of those with the same bounds; joins neighbours then. */
  void replace(List<Vma> changed) {
    List<Vma> old = new ArrayList<>();
    for (Vma vma : changed) {
      Vma before = vmas.remove(vma.start());
      if (before != null) {
        old.add(before);
        if (before.counted()) {
          counted -= before.length();
        }
      }
    }
    changed.forEach(this::insert);
    for (Vma vma : old) {
      if (vma.backing() != null) {
        vma.backing().release();
      }
    }
  }

  /** The mappings that a range touches, whole. */
  List<Vma> covering(long from, long to) {
    List<Vma> all = new ArrayList<>();
    Map.Entry<Long, Vma> first = vmas.lowerEntry(from);
    if (first != null && first.getValue().end() > from) {
      all.add(first.getValue());
    }
    all.addAll(vmas.subMap(from, to).values());
    return all;
  }
}
