package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EFAULT;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EPERM;
import static dev.vestibule.kernel.Errno.ESRCH;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.seccomp.Seccomp;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.profile.Version;

/** What a process says about itself, and its end: exit(2), prctl(2), personality(2), capget(2). */
public final class ProcessCalls {
  private ProcessCalls() {}

  @Syscall(args = "int", result = Result.NOTHING)
  public static long exit(Task t, int status) {
    t.kill((status & 0xff) << 8);
    return 0;
  }

  @Syscall(names = "exit_group", args = "int", result = Result.NOTHING)
  public static long exitGroup(Task t, int status) {
    t.process().groupExit((status & 0xff) << 8);
    return 0;
  }

  @Syscall(names = "restart_syscall")
  public static long restartSyscall(Task t) {
    return t.calls().resume();
  }

  @Syscall(args = "flags", result = Result.HEX)
  public static long personality(Task t, int value) {
    int old = t.process().personality();
    if (value != -1) {
      t.process().setPersonality(value);
    }
    return old;
  }

  private static final int PR_SET_PDEATHSIG = 1;
  private static final int PR_GET_PDEATHSIG = 2;
  private static final int PR_GET_DUMPABLE = 3;
  private static final int PR_SET_DUMPABLE = 4;
  private static final int PR_GET_UNALIGN = 5;
  private static final int PR_SET_UNALIGN = 6;
  private static final int PR_GET_KEEPCAPS = 7;
  private static final int PR_SET_KEEPCAPS = 8;
  private static final int PR_GET_FPEXC = 11;
  private static final int PR_SET_FPEXC = 12;
  private static final int PR_GET_TIMING = 13;
  private static final int PR_SET_TIMING = 14;
  private static final int PR_SET_NAME = 15;
  private static final int PR_GET_NAME = 16;
  private static final int PR_GET_ENDIAN = 19;
  private static final int PR_GET_SECCOMP = 21;
  private static final int PR_SET_SECCOMP = 22;
  private static final int PR_CAPBSET_READ = 23;
  private static final int PR_CAPBSET_DROP = 24;
  private static final int PR_GET_SECUREBITS = 27;
  private static final int PR_SET_TIMERSLACK = 29;
  private static final int PR_GET_TIMERSLACK = 30;
  private static final int PR_SET_CHILD_SUBREAPER = 36;
  private static final int PR_GET_CHILD_SUBREAPER = 37;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int PR_GET_NO_NEW_PRIVS = 39;
  private static final int PR_GET_TID_ADDRESS = 40;
  private static final int PR_SET_THP_DISABLE = 41;
  private static final int PR_GET_THP_DISABLE = 42;
  private static final int LAST_CAPABILITY = 40;

  @Syscall(
      args = "prctl, ulong, ulong, ulong, ulong",
      level = Support.PARTIAL,
      note = "no speculation control, no PR_SET_MM; such options are EINVAL")
  public static long prctl(Task t, int option, long a, long b, long c, long d) {
    Process process = t.process();
    switch (option) {
      case PR_SET_PDEATHSIG -> {
        if (a < 0 || a > Signals.LAST) {
          return -EINVAL;
        }
        t.setDeathSignal((int) a);
        return 0;
      }
      case PR_GET_PDEATHSIG -> t.memory().store32(a, t.deathSignal());
      case PR_GET_DUMPABLE -> {
        return process.dumpable() ? 1 : 0;
      }
      case PR_SET_DUMPABLE -> {
        if (a != 0 && a != 1) {
          return -EINVAL;
        }
        process.setDumpable(a == 1);
      }
      case PR_SET_NAME -> t.setComm(name(t, a));
      case PR_GET_NAME -> {
        byte[] name = java.util.Arrays.copyOf(GuestText.bytes(t.comm()), 16);
        t.memory().write(a, name, 0, name.length);
      }
      case PR_GET_TIMERSLACK -> {
        return 50_000;
      }
      case PR_SET_CHILD_SUBREAPER -> process.setSubreaper(a != 0);
      case PR_GET_CHILD_SUBREAPER -> t.memory().store32(a, process.subreaper() ? 1 : 0);
      case PR_SET_NO_NEW_PRIVS -> {
        if (a != 1 || (b | c | d) != 0) {
          return -EINVAL;
        }
        process.setNoNewPrivileges();
      }
      case PR_GET_NO_NEW_PRIVS -> {
        return (a | b | c | d) != 0 ? -EINVAL : process.noNewPrivileges() ? 1 : 0;
      }
      case PR_GET_TID_ADDRESS -> t.abi().storeWord(t.memory(), a, t.clearChildTid());
      case PR_CAPBSET_READ -> {
        return a < 0 || a > LAST_CAPABILITY ? -EINVAL : 1;
      }
      case PR_CAPBSET_DROP -> {
        return t.credentials().privileged() ? 0 : -EPERM;
      }
      case PR_GET_ENDIAN -> t.memory().store32(a, t.abi().bigEndian() ? 0 : 1);
      case PR_SET_FPEXC -> {
        return t.abi().setFloatTraps(t, (int) a);
      }
      case PR_GET_FPEXC -> t.memory().store32(a, t.abi().floatTraps(t));
      case PR_GET_UNALIGN -> t.memory().store32(a, 0);
      case PR_GET_KEEPCAPS,
          PR_SET_KEEPCAPS,
          PR_SET_UNALIGN,
          PR_SET_TIMERSLACK,
          PR_GET_SECUREBITS,
          PR_GET_TIMING,
          PR_SET_THP_DISABLE,
          PR_GET_THP_DISABLE -> {
        return 0;
      }
      case PR_GET_SECCOMP -> {
        Seccomp seccomp = t.seccomp();
        return seccomp == null ? 0 : seccomp.mode();
      }
      case PR_SET_SECCOMP -> {
        Version linux = t.machine().profile().uname().linux();
        if ((int) a != a || !Seccomp.known(linux, (int) a)) {
          return -EINVAL;
        }
        return a == Seccomp.MODE_STRICT
            ? SeccompCalls.setStrict(t)
            : SeccompCalls.addFilter(t, 0, b);
      }
      case PR_SET_TIMING -> {
        return a == 0 ? 0 : -EINVAL;
      }
      default -> {
        t.machine().unsupported(t, "prctl option " + option);
        return -EINVAL;
      }
    }
    return 0;
  }

  private static String name(Task t, long address) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < 15; i++) {
      int c = t.memory().load8(address + i);
      if (c == 0) {
        break;
      }
      name.append((char) c);
    }
    return name.toString();
  }

  // ---- capabilities ---------------------------------------------------------------------------

  private static final int VERSION_1 = 0x19980330;
  private static final int VERSION_2 = 0x20071026;
  private static final int VERSION_3 = 0x20080522;

  /** Number of 32-bit words per set, or 0 for an unknown version. */
  private static int words(Task t, long header) {
    int version = t.memory().load32(header);
    if (version == VERSION_1) {
      return 1;
    }
    if (version == VERSION_2 || version == VERSION_3) {
      return 2;
    }
    t.memory().store32(header, VERSION_3);
    return 0;
  }

  @Syscall(args = "ptr, out")
  public static long capget(Task t, long header, long data) {
    int words = words(t, header);
    if (words == 0) {
      return data == 0 ? 0 : -EINVAL;
    }
    int pid = t.memory().load32(header + 4);
    Task other = pid == 0 ? t : t.machine().task(pid);
    if (pid < 0 || other == null) {
      return pid < 0 ? -EINVAL : -ESRCH;
    }
    if (data == 0) {
      return 0;
    }
    long all = other.credentials().privileged() ? (1L << (LAST_CAPABILITY + 1)) - 1 : 0;
    for (int i = 0; i < words; i++) {
      int part = (int) (all >>> (32 * i));
      t.memory().store32(data + 12L * i, part);
      t.memory().store32(data + 12L * i + 4, part);
      t.memory().store32(data + 12L * i + 8, 0);
    }
    return 0;
  }

  @Syscall(
      args = "ptr, ptr",
      level = Support.PARTIAL,
      note = "capabilities follow the effective user; giving some up is accepted and forgotten")
  public static long capset(Task t, long header, long data) {
    int words = words(t, header);
    if (words == 0) {
      return -EINVAL;
    }
    int pid = t.memory().load32(header + 4);
    if (pid != 0 && pid != t.tid()) {
      return -EPERM;
    }
    if (data == 0) {
      return -EFAULT;
    }
    for (int i = 0; i < words; i++) {
      int wanted = t.memory().load32(data + 12L * i) | t.memory().load32(data + 12L * i + 4);
      if (wanted != 0 && !t.credentials().privileged()) {
        return -EPERM;
      }
    }
    return 0;
  }
}
