package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EPERM;
import static dev.vestibule.kernel.Errno.ESRCH;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.kernel.CpuTime;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Limits, usage and priorities: getrlimit(2), getrusage(2), getpriority(2). */
public final class ResourceCalls {
  private static final int RUSAGE_WORDS = 18;
  private static final int RUSAGE_SELF = 0;
  private static final int RUSAGE_CHILDREN = -1;
  private static final int RUSAGE_THREAD = 1;

  private ResourceCalls() {}

  /** For 32-bit processes only, to whom more than 2^31 - 1 was unlimited once. */
  @Syscall(args = "resource, out_rlimit")
  public static long getrlimit(Task t, int resource, long limit) {
    return tell(t, resource, limit, Integer.MAX_VALUE);
  }

  @Syscall(args = "resource, out_rlimit")
  public static long ugetrlimit(Task t, int resource, long limit) {
    return tell(t, resource, limit, -1);
  }

  private static long tell(Task t, int resource, long limit, long most) {
    if (resource < 0 || resource >= Limits.COUNT) {
      return -EINVAL;
    }
    Limits limits = t.process().limits();
    int word = t.abi().wordSize();
    t.abi()
        .struct(2 * word)
        .putWord(0, least(limits.soft(resource), most))
        .putWord(word, least(limits.hard(resource), most))
        .store(t.memory(), limit);
    return 0;
  }

  private static long least(long one, long other) {
    return Long.compareUnsigned(one, other) < 0 ? one : other;
  }

  @Syscall(args = "resource, rlimit")
  public static long setrlimit(Task t, int resource, long limit) {
    int word = t.abi().wordSize();
    Struct s = t.abi().struct(t.memory(), limit, 2 * word);
    return set(t, t.process(), resource, unlimited(s, 0, word), unlimited(s, word, word));
  }

  private static long unlimited(Struct s, int at, int word) {
    return word == 4 && s.i32(at) == -1 ? -1 : s.word(at);
  }

  @Syscall(args = "pid, resource, rlimit64, out_rlimit64", since = "2.6.36")
  public static long prlimit64(Task t, int pid, int resource, long limit, long old) {
    if (resource < 0 || resource >= Limits.COUNT) {
      return -EINVAL;
    }
    Process process = pid == 0 ? t.process() : t.machine().process(pid);
    if (process == null) {
      Task task = t.machine().task(pid);
      if (task == null) {
        return -ESRCH;
      }
      process = task.process();
    }
    if (process != t.process()
        && !t.credentials().privileged()
        && process.uid() != t.credentials().uid()) {
      return -EPERM;
    }
    Limits limits = process.limits();
    long soft = limits.soft(resource);
    long hard = limits.hard(resource);
    if (limit != 0) {
      Struct s = t.abi().struct(t.memory(), limit, 16);
      long result = set(t, process, resource, s.i64(0), s.i64(8));
      if (result != 0) {
        return result;
      }
    }
    if (old != 0) {
      t.abi().struct(16).put64(0, soft).put64(8, hard).store(t.memory(), old);
    }
    return 0;
  }

  private static long set(Task t, Process process, int resource, long soft, long hard) {
    if (resource < 0 || resource >= Limits.COUNT || Long.compareUnsigned(soft, hard) > 0) {
      return -EINVAL;
    }
    Limits limits = process.limits();
    if (Long.compareUnsigned(hard, limits.hard(resource)) > 0 && !t.credentials().privileged()) {
      return -EPERM;
    }
    long mostFiles = 1 << 20;
    if (resource == Limits.RLIMIT_NOFILE && Long.compareUnsigned(hard, mostFiles) > 0) {
      return -EPERM;
    }
    limits.set(resource, soft, hard);
    if (resource == Limits.RLIMIT_CPU) {
      t.machine().watchCpuLimits();
    }
    return 0;
  }

  /** struct rusage with a processor time. */
  static Struct usage(Task t, CpuTime time) {
    int word = t.abi().wordSize();
    return t.abi()
        .struct(RUSAGE_WORDS * word)
        .putWord(0, time.user() / 1_000_000_000)
        .putWord(word, time.user() / 1000 % 1_000_000)
        .putWord(2 * word, time.system() / 1_000_000_000)
        .putWord(3 * word, time.system() / 1000 % 1_000_000);
  }

  @Syscall(
      args = "rusage_who, out_rusage",
      level = Support.PARTIAL,
      note =
          "only the largest resident size and the processor time, of which system time is what the"
              + " host's kernel took")
  public static long getrusage(Task t, int who, long usage) {
    CpuTime time;
    switch (who) {
      case RUSAGE_SELF -> time = t.process().cpuTime();
      case RUSAGE_CHILDREN -> time = t.process().childrenTime();
      case RUSAGE_THREAD -> time = t.cpuTime();
      default -> {
        return -EINVAL;
      }
    }
    Struct s = usage(t, time);
    s.putWord(4 * t.abi().wordSize(), t.space().size() / 4096);
    s.store(t.memory(), usage);
    return 0;
  }

  private static final int PRIO_PROCESS = 0;
  private static final int PRIO_PGRP = 1;
  private static final int PRIO_USER = 2;

  @Syscall(args = "priority_which, pid")
  public static long getpriority(Task t, int which, int who) {
    long best = -ESRCH;
    for (Task task : selected(t, which, who)) {
      best = Math.max(best, 20 - task.nice());
    }
    return which < PRIO_PROCESS || which > PRIO_USER ? -EINVAL : best;
  }

  @Syscall(args = "priority_which, pid, int")
  public static long setpriority(Task t, int which, int who, int nice) {
    if (which < PRIO_PROCESS || which > PRIO_USER) {
      return -EINVAL;
    }
    int value = Math.max(-20, Math.min(19, nice));
    long result = -ESRCH;
    for (Task task : selected(t, which, who)) {
      if (value < task.nice() && !t.credentials().privileged()) {
        result = -dev.vestibule.kernel.Errno.EACCES;
      } else {
        task.setNice(value);
        result = result == -ESRCH ? 0 : result;
      }
    }
    return result;
  }

  private static Collection<Task> selected(Task t, int which, int who) {
    if (which == PRIO_PROCESS) {
      @Nullable Task task = who == 0 ? t : t.machine().task(who);
      return task == null ? java.util.List.of() : java.util.List.of(task);
    }
    int group = who == 0 ? t.process().groupId() : who;
    int user = who == 0 ? t.credentials().uid() : who;
    return t.machine().processes().stream()
        .filter(p -> which == PRIO_PGRP ? p.groupId() == group : p.uid() == user)
        .flatMap(p -> p.tasks().stream())
        .toList();
  }

  @Syscall(args = "int")
  public static long nice(Task t, int increment) {
    int wanted = Math.max(-40, Math.min(40, increment)) + t.nice();
    if (increment < 0 && !t.credentials().privileged()) {
      return -EPERM;
    }
    t.setNice(Math.max(-20, Math.min(19, wanted)));
    return 0;
  }
}
