package dev.vestibule.observe;

import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Task;
import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;

/** What did guests ask for in vain? One line for each request when it is first made. */
public final class UnsupportedReport implements KernelListener {
  private final LineOutput output;
  private final Collection<String> seen = new ConcurrentLinkedQueue<>();

  public UnsupportedReport(LineOutput output) {
    this.output = output;
  }

  @Override
  public void unsupported(Task task, String what) {
    seen.add(what);
    output.line("vestibule: unsupported: " + what);
  }

  /** Prints all requests again, after the run. */
  public void list() {
    if (seen.isEmpty()) {
      output.line("vestibule: nothing unsupported was asked for");
      return;
    }
    output.line("vestibule: unsupported requests: " + seen.size());
    for (String what : seen.stream().sorted().toList()) {
      output.line("vestibule:   " + what);
    }
  }
}
