package dev.vestibule.observe;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** How often and how long was each system call made? strace -c's table. */
public final class CallSummary {
  private static final String RULE =
      "------ ----------- ----------- --------- --------- ----------------";

  /** Counts of one call; errors and time in it. */
  private static final class Entry {
    private long calls;
    private long errors;
    private long nanos;

    synchronized void add(long duration, boolean failed) {
      calls++;
      nanos += duration;
      if (failed) {
        errors++;
      }
    }
  }

  private final Map<String, Entry> entries = new ConcurrentHashMap<>();

  /**
   * Counts one call.
   *
   * @param nanos time spent in it
   */
  public void add(String name, long nanos, boolean failed) {
    entries.computeIfAbsent(name, n -> new Entry()).add(nanos, failed);
  }

  /** The table, most time first, then most calls. */
  public List<String> lines() {
    List<Map.Entry<String, Entry>> sorted = new ArrayList<>(entries.entrySet());
    sorted.sort((a, b) -> {
      int byTime = Long.compare(b.getValue().nanos / 1000, a.getValue().nanos / 1000);
      if (byTime != 0) {
        return byTime;
      }
      int byCalls = Long.compare(b.getValue().calls, a.getValue().calls);
      return byCalls != 0 ? byCalls : a.getKey().compareTo(b.getKey());
    });
    Entry total = new Entry();
    for (Map.Entry<String, Entry> entry : sorted) {
      total.calls += entry.getValue().calls;
      total.errors += entry.getValue().errors;
      total.nanos += entry.getValue().nanos;
    }
    List<String> lines = new ArrayList<>();
    lines.add("% time     seconds  usecs/call     calls    errors syscall");
    lines.add(RULE);
    for (Map.Entry<String, Entry> entry : sorted) {
      lines.add(line(entry.getKey(), entry.getValue(), total.nanos));
    }
    lines.add(RULE);
    lines.add(line("total", total, total.nanos));
    return lines;
  }

  private static String line(String name, Entry entry, long total) {
    double share = total == 0 ? 0 : 100.0 * entry.nanos / total;
    return String.format(
        "%6.2f %11.6f %11d %9d %9s %s",
        name.equals("total") ? 100.0 : share,
        entry.nanos / 1e9,
        entry.calls == 0 ? 0 : entry.nanos / entry.calls / 1000,
        entry.calls,
        entry.errors == 0 ? "" : Long.toString(entry.errors),
        name);
  }
}
