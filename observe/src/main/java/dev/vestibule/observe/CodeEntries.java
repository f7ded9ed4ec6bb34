package dev.vestibule.observe;

import dev.vestibule.cpu.CodeCache;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.kernel.Task;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;

/**
 * Who hears that a task is about to execute a certain instruction? Any number of observers for each
 * task, of which a processor and its code know only one.
 *
 * <p>An observer's predicate must not keep the address space alive, and {@link #forget} ends what
 * holds the task.
 */
public final class CodeEntries {
  private static final Map<CodeCache, Map<Object, LongPredicate>> WATCHED = new WeakHashMap<>();
  private static final Map<Cpu, Map<Object, LongConsumer>> LISTENERS = new WeakHashMap<>();

  private CodeEntries() {}

  /**
   * Tells an observer of a task's entries from now on; to be called when the task starts, after
   * exec, and when there are new addresses. Replaces what the observer has asked for before.
   *
   * @param addresses which addresses matter to the observer, for all tasks of the address space
   * @param entered may be told of other observers' addresses, too
   */
  public static void watch(
      Task task, Object observer, LongPredicate addresses, LongConsumer entered) {
    synchronized (CodeEntries.class) {
      CodeCache code = task.space().code();
      WATCHED.computeIfAbsent(code, c -> new LinkedHashMap<>()).put(observer, addresses);
      LISTENERS.computeIfAbsent(task.cpu(), c -> new LinkedHashMap<>()).put(observer, entered);
      List<LongPredicate> all = List.copyOf(WATCHED.getOrDefault(code, Map.of()).values());
      List<LongConsumer> told =
          new ArrayList<>(LISTENERS.getOrDefault(task.cpu(), Map.of()).values());
      code.watchEntries(address -> all.stream().anyMatch(one -> one.test(address)));
      task.cpu().onEntry(address -> told.forEach(one -> one.accept(address)));
    }
  }

  /** A task has ended: nobody hears of it any more. */
  public static synchronized void forget(Task task) {
    LISTENERS.remove(task.cpu());
  }
}
