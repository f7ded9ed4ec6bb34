package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EACCES;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EOPNOTSUPP;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.seccomp.Seccomp;
import java.util.ArrayList;
import java.util.List;

/** What a task forbids itself: seccomp(2), and prctl(2)'s older way to it. */
public final class SeccompCalls {
  private static final int SET_MODE_STRICT = 0;
  private static final int SET_MODE_FILTER = 1;
  private static final int GET_ACTION_AVAIL = 2;
  private static final int FLAG_TSYNC = 1;
  private static final int FLAG_LOG = 2;
  private static final int FLAG_SPEC_ALLOW = 4;

  private SeccompCalls() {}

  @Syscall(
      args = "uint, flags, ptr",
      since = "3.17",
      level = Support.PARTIAL,
      note = "no user notification")
  public static long seccomp(Task t, int operation, int flags, long argument) {
    switch (operation) {
      case SET_MODE_STRICT -> {
        return flags != 0 || argument != 0 ? -EINVAL : setStrict(t);
      }
      case SET_MODE_FILTER -> {
        return addFilter(t, flags, argument);
      }
      case GET_ACTION_AVAIL -> {
        if (flags != 0) {
          return -EINVAL;
        }
        return Seccomp.available(t.memory().load32(argument)) ? 0 : -EOPNOTSUPP;
      }
      default -> {
        return -EINVAL;
      }
    }
  }

  static long setStrict(Task t) {
    Seccomp now = t.seccomp();
    if (now != null && now.mode() != Seccomp.MODE_STRICT) {
      return -EINVAL;
    }
    t.setSeccomp(Seccomp.strict());
    return 0;
  }

  static long addFilter(Task t, int flags, long program) {
    if ((flags & ~(FLAG_TSYNC | FLAG_LOG | FLAG_SPEC_ALLOW)) != 0) {
      return -EINVAL;
    }
    Seccomp now = t.seccomp();
    Seccomp next = Seccomp.filtered(now, t, program);
    if (!t.process().noNewPrivileges() && !t.credentials().privileged()) {
      return -EACCES;
    }
    if (now != null && now.mode() != Seccomp.MODE_FILTER) {
      return -EINVAL;
    }
    synchronized (t.machine().lock()) {
      List<Task> synced = new ArrayList<>(List.of(t));
      if ((flags & FLAG_TSYNC) != 0) {
        for (Task other : t.process().tasks()) {
          if (other.dying()) {
            continue; // joined already, perhaps, with filters of its own
          }
          if (!next.extendsThat(other.seccomp())) {
            return other.tid();
          }
          synced.add(other);
        }
      }
      synced.forEach(task -> task.setSeccomp(next));
    }
    return 0;
  }
}
