package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.E2BIG;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EPERM;
import static dev.vestibule.kernel.Errno.ESRCH;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** Scheduling: sched(7). The host schedules; policies are remembered as far as a program sees. */
public final class SchedCalls {
  private static final int SCHED_OTHER = 0;
  private static final int SCHED_FIFO = 1;
  private static final int SCHED_RR = 2;
  private static final int SCHED_BATCH = 3;
  private static final int SCHED_IDLE = 5;
  private static final int SCHED_DEADLINE = 6;
  private static final int RESET_ON_FORK = 0x4000_0000;
  private static final int ATTR_SIZE = 48;
  private static final String FAIR = "all tasks are SCHED_OTHER to the host";

  private SchedCalls() {}

  private static @Nullable Task find(Task t, int tid) {
    return tid == 0 ? t : t.machine().task(tid);
  }

  @Syscall(names = "sched_yield")
  public static long yield(Task t) {
    t.place().yield();
    return 0;
  }

  @Syscall(names = "sched_getscheduler", args = "pid", level = Support.PARTIAL, note = FAIR)
  public static long getScheduler(Task t, int tid) {
    Task task = find(t, tid);
    return tid < 0 ? -EINVAL : task == null ? -ESRCH : task.policy();
  }

  @Syscall(
      names = "sched_setscheduler",
      args = "pid, sched_policy, ptr",
      level = Support.PARTIAL,
      note = FAIR)
  public static long setScheduler(Task t, int tid, int policy, long parameter) {
    if (tid < 0 || policy < 0 || parameter == 0) {
      return -EINVAL;
    }
    return set(t, tid, policy & ~RESET_ON_FORK, t.memory().load32(parameter));
  }

  private static long set(Task t, int tid, int policy, int priority) {
    Task task = find(t, tid);
    if (task == null) {
      return -ESRCH;
    }
    boolean realTime = policy == SCHED_FIFO || policy == SCHED_RR;
    boolean known =
        realTime || policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE;
    if (!known || realTime != (priority >= 1 && priority <= 99) || !realTime && priority != 0) {
      return -EINVAL;
    }
    if (realTime && !t.credentials().privileged()) {
      return -EPERM;
    }
    task.setPolicy(policy, priority);
    return 0;
  }

  @Syscall(names = "sched_getparam", args = "pid, out_int")
  public static long getParameter(Task t, int tid, long parameter) {
    Task task = find(t, tid);
    if (tid < 0 || parameter == 0) {
      return -EINVAL;
    }
    if (task == null) {
      return -ESRCH;
    }
    t.memory().store32(parameter, task.priority());
    return 0;
  }

  @Syscall(names = "sched_setparam", args = "pid, ptr", level = Support.PARTIAL, note = FAIR)
  public static long setParameter(Task t, int tid, long parameter) {
    Task task = find(t, tid);
    if (tid < 0 || parameter == 0) {
      return -EINVAL;
    }
    return task == null ? -ESRCH : set(t, tid, task.policy(), t.memory().load32(parameter));
  }

  @Syscall(names = "sched_get_priority_max", args = "sched_policy")
  public static long priorityMax(Task t, int policy) {
    return priorityLimit(policy, 99);
  }

  @Syscall(names = "sched_get_priority_min", args = "sched_policy")
  public static long priorityMin(Task t, int policy) {
    return priorityLimit(policy, 1);
  }

  private static long priorityLimit(int policy, int realTime) {
    return switch (policy) {
      case SCHED_FIFO, SCHED_RR -> realTime;
      case SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_DEADLINE -> 0;
      default -> -EINVAL;
    };
  }

  @Syscall(names = "sched_getattr", args = "pid, out, uint, flags", since = "3.14")
  public static long getAttributes(Task t, int tid, long attributes, int size, int flags) {
    Task task = find(t, tid);
    if (attributes == 0 || tid < 0 || flags != 0 || size < ATTR_SIZE || size > 4096) {
      return -EINVAL;
    }
    if (task == null) {
      return -ESRCH;
    }
    Struct s = t.abi().struct(ATTR_SIZE);
    s.put32(0, ATTR_SIZE).put32(4, task.policy()).put32(16, task.nice());
    s.put32(20, task.priority());
    s.store(t.memory(), attributes);
    return 0;
  }

  @Syscall(
      names = "sched_setattr",
      args = "pid, ptr, flags",
      since = "3.14",
      level = Support.PARTIAL,
      note = FAIR)
  public static long setAttributes(Task t, int tid, long attributes, int flags) {
    if (attributes == 0 || tid < 0 || flags != 0) {
      return -EINVAL;
    }
    int size = t.memory().load32(attributes);
    if (size != 0 && size < ATTR_SIZE) {
      return -E2BIG;
    }
    Struct s = t.abi().struct(t.memory(), attributes, ATTR_SIZE);
    long result = set(t, tid, s.i32(4), s.i32(20));
    Task task = find(t, tid);
    if (result == 0 && task != null) {
      task.setNice(Math.max(-20, Math.min(19, s.i32(16))));
    }
    return result;
  }

  /** Bytes of a processor set that covers all processors, in whole words. */
  private static int maskBytes(Task t) {
    int word = t.abi().wordSize();
    int bytes = (t.machine().processors() + 7) / 8;
    return (bytes + word - 1) / word * word;
  }

  @Syscall(names = "sched_getaffinity", args = "pid, size, out_cpu_set")
  public static long getAffinity(Task t, int tid, long size, long mask) {
    int word = t.abi().wordSize();
    int bytes = maskBytes(t);
    if (size < bytes || size % word != 0) {
      return -EINVAL;
    }
    Task task = find(t, tid);
    if (task == null) {
      return -ESRCH;
    }
    Struct s = t.abi().struct(bytes);
    task.affinity().stream()
        .forEach(i -> {
          int at = i / (8 * word) * word;
          s.putWord(at, s.word(at) | 1L << i % (8 * word));
        });
    s.store(t.memory(), mask);
    return bytes;
  }

  @Syscall(
      names = "sched_setaffinity",
      args = "pid, size, cpu_set",
      level = Support.PARTIAL,
      note = "the guest sees it; the host's scheduler is not told")
  public static long setAffinity(Task t, int tid, long size, long mask) {
    Task task = find(t, tid);
    if (task == null) {
      return -ESRCH;
    }
    int word = t.abi().wordSize();
    long most = maskBytes(t);
    long given = Long.compareUnsigned(size, most) < 0 ? size : most;
    int bytes = (int) given / word * word;
    Struct s = t.abi().struct(t.memory(), mask, bytes);
    BitSet processors = new BitSet();
    for (int i = 0; i < t.machine().processors() && i / 8 < bytes; i++) {
      processors.set(i, (s.word(i / (8 * word) * word) & 1L << i % (8 * word)) != 0);
    }
    if (processors.isEmpty()) {
      return -EINVAL;
    }
    task.setAffinity(processors);
    return 0;
  }

  @Syscall(args = "out_int, out_int, ptr", since = "2.6.19")
  public static long getcpu(Task t, long cpu, long node, long unused) {
    if (cpu != 0) {
      t.memory().store32(cpu, t.processor());
    }
    if (node != 0) {
      t.memory().store32(node, 0);
    }
    return 0;
  }
}
