package dev.vestibule.kernel.proc;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.rseq.Ownership;
import dev.vestibule.kernel.rseq.Registrant;
import dev.vestibule.kernel.rseq.Rseq;
import dev.vestibule.kernel.rseq.RseqCall;
import org.jspecify.annotations.Nullable;

/**
 * What does /proc/PID/rseq_owner say, which no Linux has? The state of a thread, its registration
 * with the object that has made it, and the calls of rseq(2) of the process.
 */
final class RseqText {
  private RseqText() {}

  /**
   * The text.
   *
   * @param only the thread, or null for the process's first
   */
  static String of(Process process, @Nullable Task only) {
    Task task = only != null ? only : process.anyTask();
    if (task == null || process.ended()) {
      return "";
    }
    Ownership ownership = process.rseqOwnership();
    StringBuilder text = new StringBuilder();
    line(text, "State", ownership.state(task, false).label());
    Rseq.Registration is = task.rseq().registration();
    RseqCall owner = task.rseq().owner();
    if (is != null && owner != null) {
      Registrant who = ownership.registrant(owner);
      line(text, "Owner", who.path());
      line(text, "Role", who.role().label());
      line(text, "Area", "0x" + Long.toHexString(is.address()));
      line(text, "Length", Integer.toUnsignedString(is.length()));
      line(text, "Signature", "0x%08x".formatted(is.signature()));
    }
    line(text, "Arbiter", process.machine().rseqOwner().toString());
    for (RseqCall call : ownership.calls()) {
      line(text, "Call", call(ownership, call));
    }
    if (ownership.unlisted() > 0) {
      line(text, "More calls", Long.toString(ownership.unlisted()));
    }
    return GuestText.fromHost(text.toString());
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(name).append(":\t").append(value).append('\n');
  }

  private static String call(Ownership ownership, RseqCall call) {
    String quarrel = ownership.quarrel(call);
    return "%d %s %s 0x%x %d %s%s"
        .formatted(
            call.tid(),
            ownership.registrant(call).name(),
            call.registers() ? "register" : "unregister",
            call.area(),
            Integer.toUnsignedLong(call.length()),
            call.result() == 0 ? "0" : Errno.name((int) -call.result()),
            quarrel.isEmpty() ? "" : "; " + quarrel);
  }
}
