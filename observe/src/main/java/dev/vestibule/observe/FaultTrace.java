package dev.vestibule.observe;

import dev.vestibule.cpu.Access;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.Stop;
import dev.vestibule.kernel.KernelListener;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;

/**
 * Which instructions of guests could not be carried out, and why? One line for each: {@code fault:
 * SIGSEGV: store to 0x0: nothing is mapped there; pc 0x10000508 (/bin/x+0x508)}.
 */
public final class FaultTrace implements KernelListener {
  private final LineOutput output;

  public FaultTrace(LineOutput output) {
    this.output = output;
  }

  @Override
  public void fault(Task task, Stop stop, SigInfo info) {
    long pc = task.cpu().pc();
    StringBuilder line = new StringBuilder(TaskPrefix.of(task)).append("fault: ");
    line.append(Signals.name(info.signal())).append(": ");
    line.append(stop == Stop.FAULT ? access(task.cpu().fault()) : reason(stop));
    line.append("; pc 0x").append(Long.toHexString(pc)).append(place(task, pc));
    output.line(line);
  }

  private static String access(GuestFault fault) {
    String what =
        switch (fault.access()) {
          case Access.LOAD -> "load from ";
          case Access.STORE -> "store to ";
          default -> "fetch from ";
        };
    String why =
        switch (fault.cause()) {
          case UNMAPPED -> "nothing is mapped there";
          case FORBIDDEN -> "the page's protection forbids it";
          case BEYOND_FILE -> "beyond the end of the mapped file";
          case MISALIGNED -> "not aligned";
          case WATCHED -> "watched by a debugger";
        };
    return what + "0x" + Long.toHexString(fault.address()) + ": " + why;
  }

  private static String reason(Stop stop) {
    return switch (stop) {
      case ILLEGAL -> "no instruction of this processor";
      case PRIVILEGED -> "a privileged instruction";
      case TRAP -> "a trap instruction";
      case FLOAT -> "a floating-point exception";
      default -> stop.name();
    };
  }

  /** The mapping that holds an address, and where in its file. */
  private static String place(Task task, long pc) {
    Vma vma = task.space().find(pc);
    if (vma == null) {
      return "";
    }
    Backing backing = vma.backing();
    String name = backing != null && vma.name().isEmpty() ? backing.path() : vma.name();
    if (name.isEmpty()) {
      return "";
    }
    long offset = pc - vma.start() + (backing == null ? 0 : vma.offset());
    return " (" + GuestText.toHost(name) + "+0x" + Long.toHexString(offset) + ")";
  }
}
