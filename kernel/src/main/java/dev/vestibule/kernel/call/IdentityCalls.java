package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EACCES;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EPERM;
import static dev.vestibule.kernel.Errno.ESRCH;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.kernel.Credentials;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who is a process? Ids, process groups, sessions, users and groups: credentials(7). */
public final class IdentityCalls {
  private static final int MOST_GROUPS = 65536;

  private IdentityCalls() {}

  @Syscall(result = Result.PID)
  public static long getpid(Task t) {
    return t.process().pid();
  }

  @Syscall(result = Result.PID)
  public static long gettid(Task t) {
    return t.tid();
  }

  @Syscall(result = Result.PID)
  public static long getppid(Task t) {
    return t.process().parentPid();
  }

  // ---- process groups and sessions ------------------------------------------------------------

  private static @Nullable Process find(Task t, int pid) {
    return pid == 0 || pid == t.process().pid() ? t.process() : t.machine().process(pid);
  }

  @Syscall(args = "pid", result = Result.PID)
  public static long getpgid(Task t, int pid) {
    Process process = find(t, pid);
    return process == null ? -ESRCH : process.groupId();
  }

  @Syscall(result = Result.PID)
  public static long getpgrp(Task t) {
    return t.process().groupId();
  }

  @Syscall(args = "pid", result = Result.PID)
  public static long getsid(Task t, int pid) {
    Process process = find(t, pid);
    return process == null ? -ESRCH : process.sessionId();
  }

  @Syscall(args = "pid, pid")
  public static long setpgid(Task t, int pid, int group) {
    if (group < 0) {
      return -EINVAL;
    }
    synchronized (t.machine().lock()) {
      Process self = t.process();
      Process process = find(t, pid);
      if (process == null || process != self && process.parent() != self) {
        return -ESRCH;
      }
      if (process != self) {
        if (process.sessionId() != self.sessionId()) {
          return -EPERM;
        }
        if (process.executed()) {
          return -EACCES;
        }
      }
      if (process.sessionId() == process.pid()) {
        return -EPERM;
      }
      int wanted = group == 0 ? process.pid() : group;
      if (wanted != process.pid() && !groupInSession(t, wanted, self.sessionId())) {
        return -EPERM;
      }
      process.setGroup(wanted, process.sessionId());
      return 0;
    }
  }

  private static boolean groupInSession(Task t, int group, int session) {
    return t.machine().processes().stream()
        .anyMatch(p -> p.groupId() == group && p.sessionId() == session);
  }

  @Syscall(result = Result.PID)
  public static long setsid(Task t) {
    synchronized (t.machine().lock()) {
      Process self = t.process();
      int pid = self.pid();
      if (t.machine().processes().stream().anyMatch(p -> p.groupId() == pid)) {
        return -EPERM;
      }
      self.setGroup(pid, pid);
      return pid;
    }
  }

  // ---- users and groups -----------------------------------------------------------------------

  @Syscall
  public static long getuid(Task t) {
    return t.credentials().uid();
  }

  @Syscall
  public static long geteuid(Task t) {
    return t.credentials().euid();
  }

  @Syscall
  public static long getgid(Task t) {
    return t.credentials().gid();
  }

  @Syscall
  public static long getegid(Task t) {
    return t.credentials().egid();
  }

  @Syscall(args = "out_int, out_int, out_int")
  public static long getresuid(Task t, long real, long effective, long saved) {
    Credentials c = t.credentials();
    t.memory().store32(real, c.uid());
    t.memory().store32(effective, c.euid());
    t.memory().store32(saved, c.suid());
    return 0;
  }

  @Syscall(args = "out_int, out_int, out_int")
  public static long getresgid(Task t, long real, long effective, long saved) {
    Credentials c = t.credentials();
    t.memory().store32(real, c.gid());
    t.memory().store32(effective, c.egid());
    t.memory().store32(saved, c.sgid());
    return 0;
  }

  private static void users(Task t, int uid, int euid, int suid) {
    Credentials c = t.credentials();
    t.setCredentials(
        new Credentials(uid, euid, suid, euid, c.gid(), c.egid(), c.sgid(), c.fsgid(), c.groups()));
  }

  private static void groups(Task t, int gid, int egid, int sgid) {
    Credentials c = t.credentials();
    t.setCredentials(
        new Credentials(c.uid(), c.euid(), c.suid(), c.fsuid(), gid, egid, sgid, egid, c.groups()));
  }

  @Syscall(args = "uid")
  public static long setuid(Task t, int uid) {
    Credentials c = t.credentials();
    if (uid == -1) {
      return -EINVAL;
    }
    if (c.privileged()) {
      users(t, uid, uid, uid);
    } else if (uid == c.uid() || uid == c.suid()) {
      users(t, c.uid(), uid, c.suid());
    } else {
      return -EPERM;
    }
    return 0;
  }

  @Syscall(args = "gid")
  public static long setgid(Task t, int gid) {
    Credentials c = t.credentials();
    if (gid == -1) {
      return -EINVAL;
    }
    if (c.privileged()) {
      groups(t, gid, gid, gid);
    } else if (gid == c.gid() || gid == c.sgid()) {
      groups(t, c.gid(), gid, c.sgid());
    } else {
      return -EPERM;
    }
    return 0;
  }

  @Syscall(args = "uid, uid")
  public static long setreuid(Task t, int real, int effective) {
    Credentials c = t.credentials();
    boolean any = c.privileged();
    if (!any && real != -1 && real != c.uid() && real != c.euid()
        || !any
            && effective != -1
            && effective != c.uid()
            && effective != c.euid()
            && effective != c.suid()) {
      return -EPERM;
    }
    int uid = real == -1 ? c.uid() : real;
    int euid = effective == -1 ? c.euid() : effective;
    boolean saves = real != -1 || effective != -1 && effective != c.uid();
    users(t, uid, euid, saves ? euid : c.suid());
    return 0;
  }

  @Syscall(args = "gid, gid")
  public static long setregid(Task t, int real, int effective) {
    Credentials c = t.credentials();
    boolean any = c.privileged();
    if (!any && real != -1 && real != c.gid() && real != c.egid()
        || !any
            && effective != -1
            && effective != c.gid()
            && effective != c.egid()
            && effective != c.sgid()) {
      return -EPERM;
    }
    int gid = real == -1 ? c.gid() : real;
    int egid = effective == -1 ? c.egid() : effective;
    boolean saves = real != -1 || effective != -1 && effective != c.gid();
    groups(t, gid, egid, saves ? egid : c.sgid());
    return 0;
  }

  private static boolean mine(int id, int a, int b, int c) {
    return id == -1 || id == a || id == b || id == c;
  }

  @Syscall(args = "uid, uid, uid")
  public static long setresuid(Task t, int real, int effective, int saved) {
    Credentials c = t.credentials();
    if (!c.privileged()
        && !(mine(real, c.uid(), c.euid(), c.suid())
            && mine(effective, c.uid(), c.euid(), c.suid())
            && mine(saved, c.uid(), c.euid(), c.suid()))) {
      return -EPERM;
    }
    users(
        t,
        real == -1 ? c.uid() : real,
        effective == -1 ? c.euid() : effective,
        saved == -1 ? c.suid() : saved);
    return 0;
  }

  @Syscall(args = "gid, gid, gid")
  public static long setresgid(Task t, int real, int effective, int saved) {
    Credentials c = t.credentials();
    if (!c.privileged()
        && !(mine(real, c.gid(), c.egid(), c.sgid())
            && mine(effective, c.gid(), c.egid(), c.sgid())
            && mine(saved, c.gid(), c.egid(), c.sgid()))) {
      return -EPERM;
    }
    groups(
        t,
        real == -1 ? c.gid() : real,
        effective == -1 ? c.egid() : effective,
        saved == -1 ? c.sgid() : saved);
    return 0;
  }

  /** Returns the old id, whether or not it was changed. */
  @Syscall(args = "uid")
  public static long setfsuid(Task t, int uid) {
    Credentials c = t.credentials();
    if (uid != -1
        && (c.privileged() || mine(uid, c.uid(), c.euid(), c.suid()) || uid == c.fsuid())) {
      t.setCredentials(
          new Credentials(
              c.uid(),
              c.euid(),
              c.suid(),
              uid,
              c.gid(),
              c.egid(),
              c.sgid(),
              c.fsgid(),
              c.groups()));
    }
    return c.fsuid();
  }

  /** Returns the old id, whether or not it was changed. */
  @Syscall(args = "gid")
  public static long setfsgid(Task t, int gid) {
    Credentials c = t.credentials();
    if (gid != -1
        && (c.privileged() || mine(gid, c.gid(), c.egid(), c.sgid()) || gid == c.fsgid())) {
      t.setCredentials(
          new Credentials(
              c.uid(),
              c.euid(),
              c.suid(),
              c.fsuid(),
              c.gid(),
              c.egid(),
              c.sgid(),
              gid,
              c.groups()));
    }
    return c.fsgid();
  }

  @Syscall(args = "int, out")
  public static long getgroups(Task t, int size, long list) {
    List<Integer> groups = t.credentials().groups();
    if (size < 0 || size != 0 && size < groups.size()) {
      return -EINVAL;
    }
    if (size != 0) {
      for (int i = 0; i < groups.size(); i++) {
        t.memory().store32(list + 4L * i, groups.get(i));
      }
    }
    return groups.size();
  }

  @Syscall(args = "int, ptr")
  public static long setgroups(Task t, int size, long list) {
    Credentials c = t.credentials();
    if (!c.privileged()) {
      return -EPERM;
    }
    if (size < 0 || size > MOST_GROUPS) {
      return -EINVAL;
    }
    List<Integer> groups = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      groups.add(t.memory().load32(list + 4L * i));
    }
    t.setCredentials(
        new Credentials(
            c.uid(),
            c.euid(),
            c.suid(),
            c.fsuid(),
            c.gid(),
            c.egid(),
            c.sgid(),
            c.fsgid(),
            List.copyOf(groups)));
    return 0;
  }
}
