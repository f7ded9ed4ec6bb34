package dev.vestibule.kernel;

import dev.vestibule.kernel.abi.power.PowerAbi;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which system calls does Linux have, and how far is each supported here? */
public final class SyscallCatalogue {
  /** The tables of numbers, in the order of {@link Entry#numbers}. */
  public static final List<String> TABLES = List.of("ppc", "ppc64");

  /**
   * One system call.
   *
   * @param numbers one per table; null where that architecture has no such call
   * @param row its declaration, or null if it is not supported at all
   */
  public record Entry(String name, List<@Nullable Integer> numbers, @Nullable SyscallRow row) {
    /** How far it is supported, in a word or a sentence. */
    public String support() {
      if (row == null) {
        return SyscallTable.missing(name) ? "no (ENOSYS)" : "ENOSYS, as in Linux";
      }
      String note = row.note().isEmpty() ? "" : ": " + row.note();
      return switch (row.support()) {
        case FULL -> "yes" + note;
        case PARTIAL -> "partly" + note;
        case REFUSED -> "refused" + note;
        case ABSENT -> "no (ENOSYS)" + note;
      };
    }

    /** Which kernels have it, as far as it is known; may be empty. */
    public String kernels() {
      if (row == null) {
        return "";
      }
      String since = row.since().isEmpty() ? "" : "from " + row.since();
      String until = row.until().isEmpty() ? "" : "before " + row.until();
      return since.isEmpty() || until.isEmpty() ? since + until : since + ", " + until;
    }
  }

  private SyscallCatalogue() {}

  /** All system calls by name. */
  public static List<Entry> entries() {
    Map<String, SyscallRow> rows = new HashMap<>();
    for (SyscallRow row : SyscallTable.declarations()) {
      row.names().forEach(name -> rows.put(name, row));
    }
    Map<String, Integer> narrow = PowerAbi.numbers(false);
    Map<String, Integer> wide = PowerAbi.numbers(true);
    TreeSet<String> names = new TreeSet<>(narrow.keySet());
    names.addAll(wide.keySet());
    List<Entry> entries = new ArrayList<>();
    for (String name : names) {
      List<@Nullable Integer> numbers = new ArrayList<>();
      numbers.add(narrow.get(name));
      numbers.add(wide.get(name));
      entries.add(new Entry(name, numbers, rows.get(name)));
    }
    return entries;
  }
}
