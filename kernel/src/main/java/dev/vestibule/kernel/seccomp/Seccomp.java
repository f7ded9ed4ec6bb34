package dev.vestibule.kernel.seccomp;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.trace.TraceStop;
import dev.vestibule.kernel.trace.Tracee;
import dev.vestibule.profile.Version;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which system calls does a task allow itself? Immutable, so that threads and children share it.
 * seccomp(2), and Linux's kernel/seccomp.c for the order of things.
 */
public final class Seccomp {
  public static final int MODE_STRICT = 1;
  public static final int MODE_FILTER = 2;

  private static final int KILL_PROCESS = 0x8000_0000;
  private static final int KILL_THREAD = 0;
  private static final int TRAP = 0x0003_0000;
  private static final int ERRNO = 0x0005_0000;
  private static final int TRACE = 0x7ff0_0000;
  private static final int LOG = 0x7ffc_0000;
  private static final int ALLOW = 0x7fff_0000;
  private static final int SYS_SECCOMP = 1;
  private static final int ACTION = 0xffff_0000;
  private static final int MOST_ERRNO = 4095;

  /** All filters of a task together, as if each had four instructions more. */
  private static final int MOST_TOGETHER = 1 << 15;

  private static final int OVERHEAD = 4;
  private static final Version STRICT_SINCE = new Version(2, 6, 23);
  private static final Version FILTERS_SINCE = new Version(3, 5, 0);
  private static final Set<String> STRICT = Set.of("read", "write", "exit", "rt_sigreturn");

  private final int mode;
  private final @Nullable Filter newest;

  /** The instructions of all filters, and what each counts for besides. */
  private final int together;

  private Seccomp(int mode, @Nullable Filter newest, int together) {
    this.mode = mode;
    this.newest = newest;
    this.together = together;
  }

  /** read, write, exit and the return from handlers are left. */
  public static Seccomp strict() {
    return new Seccomp(MODE_STRICT, null, 0);
  }

  /**
   * One filter more.
   *
   * @param before what holds already
   * @param program address of a struct sock_fprog
   * @throws Failure EINVAL if a kernel would not take it, ENOMEM if there are too many
   */
  public static Seccomp filtered(@Nullable Seccomp before, Task task, long program) {
    GuestAbi abi = task.abi();
    int word = abi.wordSize();
    int count = task.memory().load16(program) & 0xffff;
    if (count == 0 || count > Filter.MOST_INSTRUCTIONS) {
      throw new Failure(Errno.EINVAL);
    }
    long at = abi.loadWord(task.memory(), program + word);
    byte[] instructions = abi.struct(task.memory(), at, 8 * count).bytes();
    ByteOrder order = abi.bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    return filtered(before, instructions, order);
  }

  /**
   * One filter more.
   *
   * @param before what holds already
   * @param instructions of struct sock_filter
   * @throws Failure EINVAL if a kernel would not take it, ENOMEM if there are too many
   */
  public static Seccomp filtered(@Nullable Seccomp before, byte[] instructions, ByteOrder order) {
    Filter filter = new Filter(instructions, order, before == null ? null : before.newest);
    int together = filter.length() + OVERHEAD + (before == null ? 0 : before.together);
    if (together > MOST_TOGETHER) {
      throw new Failure(Errno.ENOMEM);
    }
    return new Seccomp(MODE_FILTER, filter, together);
  }

  /** Whether a Linux has a mode: prctl(2), PR_SET_SECCOMP. */
  public static boolean known(Version linux, int mode) {
    return mode == MODE_STRICT && linux.atLeast(STRICT_SINCE)
        || mode == MODE_FILTER && linux.atLeast(FILTERS_SINCE);
  }

  /** The filters, the first one first; tasks that share some have the same objects. */
  public List<Filter> chain() {
    List<Filter> chain = new ArrayList<>();
    for (Filter filter = newest; filter != null; filter = filter.earlier()) {
      chain.add(filter);
    }
    return chain.reversed();
  }

  /** SECCOMP_MODE_STRICT or SECCOMP_MODE_FILTER. */
  public int mode() {
    return mode;
  }

  /** How many filters are asked. */
  public int filters() {
    return chain().size();
  }

  /** Whether this came about by adding filters to the other, so that a thread may be given it. */
  public boolean extendsThat(@Nullable Seccomp other) {
    if (other == null) {
      return true;
    }
    for (Filter filter = newest; filter != null; filter = filter.earlier()) {
      if (filter == other.newest) {
        return true;
      }
    }
    return false;
  }

  /** Whether a return action is known: SECCOMP_GET_ACTION_AVAIL. */
  public static boolean available(int action) {
    return switch (action) {
      case KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, TRACE, LOG, ALLOW -> true;
      default -> false;
    };
  }

  /**
   * Asks whether a call may be made, and does what is to be done instead.
   *
   * @param name the call's name, or null if the architecture has none with this number
   * @return whether it may be made
   */
  public boolean admits(Task task, long number, @Nullable String name) {
    if (newest == null) {
      boolean allowed =
          name != null
              && (STRICT.contains(name) || task.abi().wordSize() == 4 && name.equals("sigreturn"));
      if (!allowed) {
        task.kill(Signals.SIGKILL);
      }
      return allowed;
    }
    return judge(task, number, false);
  }

  /**
   * @param traced whether a tracer has had its say already
   */
  private boolean judge(Task task, long number, boolean traced) {
    int verdict = verdict(task, number);
    int data = verdict & ~ACTION;
    switch (verdict & ACTION) {
      case ALLOW, LOG -> {
        return true;
      }
      case ERRNO -> task.abi().setResult(task.cpu(), -Math.min(data, MOST_ERRNO));
      case TRAP -> signal(task, number, data);
      case TRACE -> {
        return traced || tracerAdmits(task, data);
      }
      case KILL_THREAD -> {
        if (task.process().tasks().size() == 1) {
          killProcess(task, number, data);
        } else {
          task.kill(Signals.SIGSYS);
        }
      }
      default -> killProcess(task, number, data);
    }
    return false;
  }

  /** Lets a tracer decide; it may ask for another call, or for none by a negative number. */
  private boolean tracerAdmits(Task task, int data) {
    Tracee tracee = task.tracee();
    if (tracee == null || !tracee.wants(TraceStop.EVENT_SECCOMP)) {
      task.abi().setResult(task.cpu(), -Errno.ENOSYS);
      return false;
    }
    tracee.event(TraceStop.EVENT_SECCOMP, data);
    long number = task.abi().syscallNumber(task.cpu());
    return !task.dying() && (int) number >= 0 && judge(task, number, true);
  }

  /** The strictest answer of all filters; the newest one's, where several are equally strict. */
  private int verdict(Task task, long number) {
    GuestAbi abi = task.abi();
    Cpu cpu = task.cpu();
    int[] words = new int[Filter.DATA_BYTES / 4];
    words[0] = (int) number;
    words[1] = abi.auditArchitecture();
    put(abi, words, 2, cpu.pc());
    for (int i = 0; i < 6; i++) {
      put(abi, words, 4 + 2 * i, abi.syscallArgument(cpu, i));
    }
    int strictest = ALLOW;
    for (Filter filter = newest; filter != null; filter = filter.earlier()) {
      int verdict = filter.run(words);
      if ((verdict & ACTION) < (strictest & ACTION)) {
        strictest = verdict;
      }
    }
    return strictest;
  }

  private static void put(GuestAbi abi, int[] words, int at, long value) {
    words[abi.bigEndian() ? at : at + 1] = (int) (value >>> 32);
    words[abi.bigEndian() ? at + 1 : at] = (int) value;
  }

  /** SIGSYS with the filter's data in si_errno, and which call it was; the registers stay. */
  private static void signal(Task task, long number, int data) {
    GuestAbi abi = task.abi();
    long pc = task.cpu().pc();
    int word = abi.wordSize();
    int at = word == 8 ? 16 : 12;
    Struct s = abi.struct(SigInfoLayout.SIZE).put32(4, data).putWord(at, pc);
    s.put32(at + word, (int) number).put32(at + word + 4, abi.auditArchitecture());
    Delivery.force(task, new SigInfo(Signals.SIGSYS, SYS_SECCOMP, 0, 0, 0, pc, 0, s.bytes()));
  }

  private static void killProcess(Task task, long number, int data) {
    task.process().actions().set(Signals.SIGSYS, SignalAction.INITIAL);
    signal(task, number, data);
  }
}
