package dev.vestibule.observe;

import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.memory.AddressSpace;
import java.lang.ref.WeakReference;
import java.util.function.Consumer;

/** When does a task enter a function of the vDSO? Seen when its first instruction executes. */
final class VdsoEntries {
  private static final String TRAMPOLINE = "__kernel_sigtramp";

  private VdsoEntries() {}

  /**
   * Tells of a task's calls from now on; to be called when it starts and after exec.
   *
   * @param observer who is told
   * @param entered takes the function's name; signal trampolines are no calls
   */
  static void watch(Task task, Object observer, Consumer<String> entered) {
    AddressSpace space = task.space();
    if (space.handed().functions().isEmpty()) {
      return;
    }
    WeakReference<AddressSpace> weak = new WeakReference<>(space);
    CodeEntries.watch(
        task,
        observer,
        address -> {
          AddressSpace alive = weak.get();
          return alive != null && alive.handed().functionAt(address) != null;
        },
        address -> {
          String name = task.space().handed().functionAt(address);
          if (name != null && !name.startsWith(TRAMPOLINE)) {
            entered.accept(name);
          }
        });
  }
}
