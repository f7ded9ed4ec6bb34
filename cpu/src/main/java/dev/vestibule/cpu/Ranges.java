package dev.vestibule.cpu;

import java.util.Map;
import java.util.TreeMap;

/** Which numbers belong to a set of ranges? Neighbours are joined. */
final class Ranges {
  /** Who is told of a range? */
  @FunctionalInterface
  interface Visitor {
    void range(long from, long to);
  }

  private final TreeMap<Long, Long> ends = new TreeMap<>();

  boolean isEmpty() {
    return ends.isEmpty();
  }

  void add(long from, long to) {
    long start = from;
    long end = to;
    Map.Entry<Long, Long> below = ends.floorEntry(from);
    if (below != null && below.getValue() >= from) {
      start = below.getKey();
      end = Math.max(end, below.getValue());
    }
    for (Map.Entry<Long, Long> next = ends.ceilingEntry(start);
        next != null && next.getKey() <= end;
        next = ends.higherEntry(next.getKey())) {
      end = Math.max(end, next.getValue());
    }
    ends.subMap(start, true, end, true).clear();
    ends.put(start, end);
  }

  void remove(long from, long to) {
    Map.Entry<Long, Long> below = ends.lowerEntry(from);
    if (below != null && below.getValue() > from) {
      ends.put(below.getKey(), from);
      if (below.getValue() > to) {
        ends.put(to, below.getValue());
        return;
      }
    }
    Map.Entry<Long, Long> last = ends.lowerEntry(to);
    long end = last == null ? to : last.getValue();
    ends.subMap(from, true, to, false).clear();
    if (last != null && last.getKey() >= from && end > to) {
      ends.put(to, end);
    }
  }

  boolean overlaps(long from, long to) {
    Map.Entry<Long, Long> below = ends.lowerEntry(to);
    return below != null && below.getValue() > from;
  }

  /** Tells of everything in [0, limit) that does not belong to the set, in ascending order. */
  void gaps(long limit, Visitor visitor) {
    long at = 0;
    for (Map.Entry<Long, Long> range : ends.entrySet()) {
      if (range.getKey() > at) {
        visitor.range(at, range.getKey());
      }
      at = range.getValue();
    }
    if (at < limit) {
      visitor.range(at, limit);
    }
  }

  /** Tells of everything in the set that lies between two numbers, in ascending order. */
  void within(long from, long to, Visitor visitor) {
    Map.Entry<Long, Long> below = ends.lowerEntry(from);
    if (below != null && below.getValue() > from) {
      visitor.range(from, Math.min(to, below.getValue()));
    }
    ends.subMap(from, to).forEach((start, end) -> visitor.range(start, Math.min(to, end)));
  }

  /** Tells of everything in the set, in ascending order. */
  void each(Visitor visitor) {
    ends.forEach(visitor::range);
  }

  /** Tells of everything between two numbers that does not belong to the set. */
  void gapsFrom(long from, long to, Visitor visitor) {
    gaps(
        to,
        (start, end) -> {
          if (end > from) {
            visitor.range(Math.max(start, from), end);
          }
        });
  }
}
