package dev.vestibule.kernel;

import dev.vestibule.declare.SyscallSet;
import dev.vestibule.profile.BuildData;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Version;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which call has a number on one architecture under one kernel release?
 *
 * <p>The numbers are facts kept as text beside the ABI ({@code number name}); the meaning is looked
 * up by name among the declarations.
 */
@SyscallSet(dispatcher = "Calls", kinds = "dev.vestibule.kernel.ArgKind")
public final class SyscallTable {
  private static final List<SyscallRow> ROWS = List.copyOf(Calls.rows());

  /** The names of all calls, which only a call that does not exist needs. */
  private static final class Names {
    static final Set<String> ALL =
        ROWS.stream().flatMap(row -> row.names().stream()).collect(Collectors.toUnmodifiableSet());
  }

  /** Numbers that Linux keeps for names alone: sys_ni_syscall on every configuration. */
  private static final Set<String> NEVER =
      Set.of(
          "afs_syscall",
          "bdflush",
          "break",
          "create_module",
          "ftime",
          "get_kernel_syms",
          "getpmsg",
          "gtty",
          "idle",
          "ioperm",
          "iopl",
          "lock",
          "map_shadow_stack",
          "modify_ldt",
          "mpx",
          "multiplexer",
          "nfsservctl",
          "prof",
          "profil",
          "putpmsg",
          "query_module",
          "stty",
          "sys_debug_setcontext",
          "tuxcall",
          "ulimit",
          "vm86",
          "_sysctl",
          "uselib");

  private final @Nullable String[] names;
  private final @Nullable SyscallRow[] rows;

  private SyscallTable(@Nullable String[] names, @Nullable SyscallRow[] rows) {
    this.names = names;
    this.rows = rows;
  }

  /** Every declared call, in the order of their first names. */
  public static List<SyscallRow> declarations() {
    return ROWS;
  }

  /** Whether Linux has a call that is not declared here. */
  static boolean missing(String name) {
    return !Names.ALL.contains(name) && !NEVER.contains(name);
  }

  /**
   * Reads the table of an architecture.
   *
   * @param home class beside which the resource lies
   * @param resource {@code number name} lines
   * @param profile the kernel that decides which calls exist
   * @param absent names that have a number and no call, whatever the kernel
   */
  public static SyscallTable load(
      Class<?> home, String resource, KernelProfile profile, Set<String> absent) {
    Map<String, SyscallRow> byName = new HashMap<>();
    for (SyscallRow row : ROWS) {
      for (String name : row.names()) {
        if (!absent.contains(name) && exists(name, row, profile)) {
          byName.put(name, row);
        }
      }
    }
    @Nullable String[] names = new String[1024];
    @Nullable SyscallRow[] rows = new SyscallRow[1024];
    numbers(home, resource)
        .forEach((name, number) -> {
          if (number < profile.syscalls().count()) {
            names[number] = name;
            rows[number] = byName.get(name);
          }
        });
    return new SyscallTable(names, rows);
  }

  /**
   * The numbers of an architecture by name, in the order of the resource.
   *
   * @param home class beside which the resource lies
   * @param resource {@code number name} lines
   */
  public static Map<String, Integer> numbers(Class<?> home, String resource) {
    Map<String, Integer> numbers = new LinkedHashMap<>();
    byte[] bytes = BuildData.read(home, home::getResourceAsStream, resource);
    if (bytes == null) {
      throw new IllegalStateException("no resource " + resource);
    }
    String text = new String(bytes, StandardCharsets.US_ASCII);
    for (int at = 0, end; at < text.length(); at = end + 1) {
      end = text.indexOf('\n', at);
      int space = text.indexOf(' ', at);
      numbers.put(text.substring(space + 1, end), Integer.parseInt(text, at, space, 10));
    }
    return numbers;
  }

  private static boolean exists(String name, SyscallRow row, KernelProfile profile) {
    if (profile.syscalls().without().contains(name)) {
      return false;
    }
    if (row.since().isEmpty() && row.until().isEmpty()) {
      return true;
    }
    Version release = profile.uname().linux();
    Version since = Version.parse(row.since());
    Version until = Version.parse(row.until());
    return (since == null || release.atLeast(since)) && (until == null || !release.atLeast(until))
        || profile.syscalls().with().contains(name);
  }

  /** The same with one call more, as another kernel has it. */
  SyscallTable with(String name, SyscallTable other) {
    int number = other.number(name);
    @Nullable String[] moreNames = names.clone();
    @Nullable SyscallRow[] moreRows = rows.clone();
    moreNames[number] = name;
    moreRows[number] = other.rows[number];
    return new SyscallTable(moreNames, moreRows);
  }

  /** The number of a call that does something, or -1. */
  public int number(String name) {
    for (int number = 0; number < names.length; number++) {
      if (name.equals(names[number]) && implemented(number)) {
        return number;
      }
    }
    return -1;
  }

  /** Whether a number does something: what __kernel_get_syscall_map tells. */
  public boolean implemented(int number) {
    SyscallRow row = row(number);
    return row != null && row.support() != SyscallRow.Support.ABSENT;
  }

  /** The call's declaration, or null if this kernel does not have it or we do not. */
  public @Nullable SyscallRow row(long number) {
    return number >= 0 && number < rows.length ? rows[(int) number] : null;
  }

  /** The call's name in Linux's table, or null for a number without one. */
  public @Nullable String name(long number) {
    return number >= 0 && number < names.length ? names[(int) number] : null;
  }
}
