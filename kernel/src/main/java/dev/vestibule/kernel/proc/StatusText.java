package dev.vestibule.kernel.proc;

import dev.vestibule.kernel.CpuTime;
import dev.vestibule.kernel.Credentials;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.seccomp.Seccomp;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.time.GuestTimes;
import dev.vestibule.kernel.trace.Tracee;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What do /proc/PID/status, stat and statm say? See proc(5). */
final class StatusText {
  private static final long TICK = GuestTimes.SECOND / 100;
  private static final String ALL_CAPABILITIES = "000001ffffffffff";
  private static final String NO_CAPABILITIES = "0000000000000000";

  private StatusText() {}

  /** Sizes of an address space in bytes. */
  private record Sizes(long all, long data, long stack, long text, long resident) {
    static Sizes of(Process process) {
      if (process.ended()) {
        return new Sizes(0, 0, 0, 0, 0);
      }
      long all = 0;
      long data = 0;
      long stack = 0;
      long text = 0;
      long resident = 0;
      List<Vma> mappings = process.space().mappings();
      for (Vma vma : mappings) {
        long length = vma.length();
        all += length;
        if (vma.has(Vma.GROWS_DOWN)) {
          stack += length;
        } else if (!vma.shared() && (vma.protection() & 2) != 0) {
          data += length;
        } else if ((vma.protection() & 4) != 0) {
          text += length;
        }
        resident += vma.protection() == 0 ? 0 : length;
      }
      return new Sizes(all, data, stack, text, resident);
    }
  }

  private static char state(Process process, @Nullable Task task, Task reader) {
    if (process.ended() || task == null) {
      return 'Z';
    }
    Tracee tracee = task.tracee();
    if (tracee != null && tracee.stop() != null) {
      return 't';
    }
    if (process.stopped()) {
      return 'T';
    }
    Thread.State state = task.thread().getState();
    boolean runs = task == reader || state == Thread.State.RUNNABLE;
    return runs ? 'R' : 'S';
  }

  private static String stateName(char state) {
    return switch (state) {
      case 'Z' -> "Z (zombie)";
      case 'T' -> "T (stopped)";
      case 't' -> "t (tracing stop)";
      case 'R' -> "R (running)";
      default -> "S (sleeping)";
    };
  }

  private static @Nullable Task subject(Process process, @Nullable Task only) {
    return only != null ? only : process.anyTask();
  }

  // ---- status

  static String status(Process process, @Nullable Task only, Task reader) {
    Task task = subject(process, only);
    StringBuilder text = new StringBuilder();
    line(text, "Name", task == null ? "" : task.comm());
    if (task != null) {
      line(text, "Umask", "%04o".formatted(task.fs().umask()));
    }
    line(text, "State", stateName(state(process, task, reader)));
    line(text, "Tgid", process.pid());
    line(text, "Ngid", 0);
    line(text, "Pid", task == null ? process.pid() : task.tid());
    line(text, "PPid", process.parentPid());
    Tracee tracee = task == null ? null : task.tracee();
    line(text, "TracerPid", tracee == null ? 0 : tracee.tracer().id());
    if (task != null) {
      identity(text, task);
      memory(text, process);
    }
    line(text, "Threads", process.tasks().size());
    if (task != null) {
      signals(text, process, task);
      capabilities(text, task.credentials());
    }
    line(text, "NoNewPrivs", process.noNewPrivileges() ? 1 : 0);
    Seccomp seccomp = task == null ? null : task.seccomp();
    line(text, "Seccomp", seccomp == null ? 0 : seccomp.mode());
    line(text, "Seccomp_filters", seccomp == null ? 0 : seccomp.filters());
    if (task != null) {
      line(text, "Cpus_allowed", mask(task.affinity(), process.machine().processors()));
      line(text, "Cpus_allowed_list", ranges(task.affinity()));
    }
    line(text, "Mems_allowed", "1");
    line(text, "Mems_allowed_list", "0");
    line(text, "voluntary_ctxt_switches", 0);
    line(text, "nonvoluntary_ctxt_switches", 0);
    return text.toString();
  }

  /** A set of processors as the kernel's %*pb: words of 32 bits, the highest first. */
  private static String mask(BitSet set, int processors) {
    StringBuilder mask = new StringBuilder();
    for (int word = (processors - 1) / 32; word >= 0; word--) {
      long bits = 0;
      for (int bit = 0; bit < 32; bit++) {
        bits |= set.get(32 * word + bit) ? 1L << bit : 0;
      }
      int digits = mask.isEmpty() ? ((processors - 1) % 32 + 4) / 4 : 8;
      mask.append(mask.isEmpty() ? "" : ",").append(("%0" + digits + "x").formatted(bits));
    }
    return mask.toString();
  }

  /** The same as %*pbl: 0-2,5. */
  private static String ranges(BitSet set) {
    StringBuilder ranges = new StringBuilder();
    for (int from = set.nextSetBit(0); from >= 0; ) {
      int end = set.nextClearBit(from);
      ranges.append(ranges.isEmpty() ? "" : ",").append(from);
      ranges.append(end - from > 1 ? "-" + (end - 1) : "");
      from = set.nextSetBit(end);
    }
    return ranges.toString();
  }

  private static void line(StringBuilder text, String name, Object value) {
    text.append(name).append(":\t").append(value).append('\n');
  }

  private static void identity(StringBuilder text, Task task) {
    Credentials c = task.credentials();
    line(text, "Uid", c.uid() + "\t" + c.euid() + "\t" + c.suid() + "\t" + c.fsuid());
    line(text, "Gid", c.gid() + "\t" + c.egid() + "\t" + c.sgid() + "\t" + c.fsgid());
    line(text, "FDSize", task.files().size());
    String groups = c.groups().stream().map(String::valueOf).collect(Collectors.joining(" "));
    line(text, "Groups", groups + " ");
    Process process = task.process();
    line(text, "NStgid", process.pid());
    line(text, "NSpid", task.tid());
    line(text, "NSpgid", process.groupId());
    line(text, "NSsid", process.sessionId());
  }

  private static void memory(StringBuilder text, Process process) {
    Sizes sizes = Sizes.of(process);
    kilobytes(text, "VmPeak", sizes.all);
    kilobytes(text, "VmSize", sizes.all);
    kilobytes(text, "VmLck", 0);
    kilobytes(text, "VmPin", 0);
    kilobytes(text, "VmHWM", sizes.resident);
    kilobytes(text, "VmRSS", sizes.resident);
    kilobytes(text, "RssAnon", sizes.data + sizes.stack);
    kilobytes(text, "RssFile", sizes.text);
    kilobytes(text, "RssShmem", 0);
    kilobytes(text, "VmData", sizes.data);
    kilobytes(text, "VmStk", sizes.stack);
    kilobytes(text, "VmExe", sizes.text);
    kilobytes(text, "VmLib", 0);
    kilobytes(text, "VmPTE", 0);
    kilobytes(text, "VmSwap", 0);
    kilobytes(text, "HugetlbPages", 0);
    line(text, "CoreDumping", 0);
    line(text, "THP_enabled", 0);
  }

  private static void kilobytes(StringBuilder text, String name, long bytes) {
    text.append("%s:\t%8d kB\n".formatted(name, bytes >> 10));
  }

  private static void signals(StringBuilder text, Process process, Task task) {
    synchronized (process.machine().lock()) {
      int limit = process.limits().count(Limits.RLIMIT_SIGPENDING);
      line(text, "SigQ", process.pendingCount() + "/" + limit);
      set(text, "SigPnd", task.signals().pending().set());
      set(text, "ShdPnd", process.pending().set());
      set(text, "SigBlk", task.signals().blocked());
      set(text, "SigIgn", actions(process, true));
      set(text, "SigCgt", actions(process, false));
    }
  }

  private static long actions(Process process, boolean ignored) {
    long set = 0;
    for (int signal = 1; signal <= Signals.LAST; signal++) {
      SignalAction action = process.actions().get(signal);
      boolean counts = ignored ? action.handler() == SignalAction.IGNORE : action.handled();
      set |= counts ? Signals.mask(signal) : 0;
    }
    return set;
  }

  private static void set(StringBuilder text, String name, long set) {
    line(text, name, "%016x".formatted(set));
  }

  private static void capabilities(StringBuilder text, Credentials credentials) {
    String held = credentials.privileged() ? ALL_CAPABILITIES : NO_CAPABILITIES;
    line(text, "CapInh", NO_CAPABILITIES);
    line(text, "CapPrm", held);
    line(text, "CapEff", held);
    line(text, "CapBnd", ALL_CAPABILITIES);
    line(text, "CapAmb", NO_CAPABILITIES);
  }

  // ---- stat

  static String stat(Process process, @Nullable Task only, Task reader) {
    Task task = subject(process, only);
    Sizes sizes = Sizes.of(process);
    AddressSpace.Startup startup = process.space().startup();
    int page = process.space().layout().pageSize();
    long[] f = new long[53];
    f[4] = process.parentPid();
    f[5] = process.groupId();
    f[6] = process.sessionId();
    f[7] = 0;
    f[8] = -1;
    f[9] = 0x400000;
    CpuTime used = only == null ? process.cpuTime() : only.cpuTime();
    f[14] = used.user() / TICK;
    f[15] = used.system() / TICK;
    f[16] = process.childrenTime().user() / TICK;
    f[17] = process.childrenTime().system() / TICK;
    f[18] = 20;
    f[20] = process.tasks().size();
    f[22] = process.startTime() / TICK;
    f[23] = sizes.all;
    f[24] = sizes.resident / page;
    f[25] = -1;
    f[28] = startup.stack();
    if (task != null) {
      f[31] = task.signals().pending().set() & 0x7fff_ffff;
      f[32] = task.signals().blocked() & 0x7fff_ffff;
    }
    f[33] = actions(process, true) & 0x7fff_ffff;
    f[34] = actions(process, false) & 0x7fff_ffff;
    f[38] = process.exitSignal();
    if (task != null) {
      f[39] = task.processor();
      f[40] = task.priority();
      f[41] = task.policy();
    }
    f[48] = startup.arguments();
    f[49] = startup.environment();
    f[50] = startup.environment();
    f[51] = startup.textEnd();
    f[52] = process.ended() ? process.status() : 0;
    StringBuilder text = new StringBuilder();
    text.append(task == null ? process.pid() : task.tid()).append(" (");
    text.append(task == null ? "" : task.comm()).append(") ");
    text.append(state(process, task, reader));
    for (int i = 4; i <= 52; i++) {
      text.append(' ').append(i == 25 ? "18446744073709551615" : Long.toString(f[i]));
    }
    return text.append('\n').toString();
  }

  /** The system call a task sleeps in: number, arguments, stack pointer and program counter. */
  static String call(Process process, @Nullable Task only, Task reader) {
    Task task = subject(process, only);
    char state = state(process, task, reader);
    if (task == null || state == 'R' || state == 'Z') {
      return "running\n";
    }
    synchronized (task.cpu()) {
      if (task.ended()) {
        return "running\n";
      }
      GuestAbi abi = task.abi();
      boolean inside = task.calls().insideCall();
      StringBuilder text = new StringBuilder();
      text.append(inside ? abi.syscallNumber(task.cpu()) : -1);
      for (int i = 0; inside && i < 6; i++) {
        long value = i == 0 ? task.calls().firstArgument() : abi.syscallArgument(task.cpu(), i);
        text.append(" 0x").append(Long.toHexString(value));
      }
      text.append(" 0x").append(Long.toHexString(abi.stackPointer(task.cpu())));
      return text.append(" 0x").append(Long.toHexString(task.cpu().pc())).append('\n').toString();
    }
  }

  static String statm(Process process) {
    if (process.ended()) {
      throw new Failure(Errno.ESRCH);
    }
    Sizes sizes = Sizes.of(process);
    int page = process.space().layout().pageSize();
    return "%d %d %d %d 0 %d 0\n"
        .formatted(
            sizes.all / page,
            sizes.resident / page,
            sizes.text / page,
            sizes.text / page,
            (sizes.data + sizes.stack) / page);
  }
}
