package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EPERM;

import dev.vestibule.declare.Syscall;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Task;
import dev.vestibule.profile.Version;

/** Code that must not be interrupted, and code that lets others be: rseq(2), membarrier(2). */
public final class RseqCalls {
  private static final int QUERY = 0;
  private static final int GLOBAL = 1;
  private static final int GLOBAL_EXPEDITED = 1 << 1;
  private static final int REGISTER_GLOBAL_EXPEDITED = 1 << 2;
  private static final int PRIVATE_EXPEDITED = 1 << 3;
  private static final int REGISTER_PRIVATE_EXPEDITED = 1 << 4;
  private static final int PRIVATE_EXPEDITED_SYNC_CORE = 1 << 5;
  private static final int REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 1 << 6;
  private static final int PRIVATE_EXPEDITED_RSEQ = 1 << 7;
  private static final int REGISTER_PRIVATE_EXPEDITED_RSEQ = 1 << 8;
  private static final int GET_REGISTRATIONS = 1 << 9;

  private static final int FLAG_CPU = 1;

  private RseqCalls() {}

  @Syscall(args = "ptr, flags, rseq_flags, flags", since = "4.18")
  public static long rseq(Task t, long area, int length, int flags, int signature) {
    return t.process().rseqOwnership().call(t, area, length, flags, signature);
  }

  /** The commands of a kernel by its release: kernel/sched/membarrier.c, arch/powerpc/Kconfig. */
  private static int known(Task t) {
    Version release = t.machine().profile().uname().linux();
    int known = GLOBAL;
    if (release.atLeast(new Version(4, 14, 0))) {
      known |= PRIVATE_EXPEDITED | REGISTER_PRIVATE_EXPEDITED;
    }
    if (release.atLeast(new Version(4, 16, 0))) {
      known |= GLOBAL_EXPEDITED | REGISTER_GLOBAL_EXPEDITED;
    }
    if (release.atLeast(new Version(5, 9, 0))) { // on Power
      known |= PRIVATE_EXPEDITED_SYNC_CORE | REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;
    }
    if (release.atLeast(new Version(5, 10, 0)) && t.machine().profile().rseq().present()) {
      known |= PRIVATE_EXPEDITED_RSEQ | REGISTER_PRIVATE_EXPEDITED_RSEQ;
    }
    if (release.atLeast(new Version(6, 3, 0))) {
      known |= GET_REGISTRATIONS;
    }
    return known;
  }

  /**
   * The barriers are the host's own: guest threads are host threads of one process. Blocks of code
   * end at isync, which is all that SYNC_CORE needs.
   */
  @Syscall(args = "membarrier, membarrier_flags, int", since = "4.3")
  public static long membarrier(Task t, int command, int flags, int cpu) {
    int known = known(t);
    boolean mayNameCpu = command == PRIVATE_EXPEDITED_RSEQ && (known & command) != 0;
    if (flags != 0 && !(mayNameCpu && flags == FLAG_CPU)) {
      return -EINVAL;
    }
    if (command == QUERY) {
      return known;
    }
    if (Integer.bitCount(command) != 1 || (command & known) == 0) {
      return -EINVAL;
    }
    return switch (command) {
      case REGISTER_GLOBAL_EXPEDITED,
          REGISTER_PRIVATE_EXPEDITED,
          REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
          REGISTER_PRIVATE_EXPEDITED_RSEQ -> {
        t.space().barriers().getAndUpdate(b -> b | command);
        yield 0;
      }
      case GET_REGISTRATIONS -> t.space().barriers().get();
      case PRIVATE_EXPEDITED, PRIVATE_EXPEDITED_SYNC_CORE, PRIVATE_EXPEDITED_RSEQ ->
          expedited(t, command, flags == FLAG_CPU ? cpu : -1);
      default -> barrier(command);
    };
  }

  private static long expedited(Task t, int command, int cpu) {
    int register = command << 1;
    if ((t.space().barriers().get() & register) == 0) {
      return -EPERM;
    }
    boolean alone = t.process().tasks().size() == 1 && !t.space().shared();
    if (alone || t.machine().processors() == 1) {
      return 0;
    }
    if (command == PRIVATE_EXPEDITED_RSEQ) {
      t.machine().guestCpus().restartSequences(t, t.space(), cpu);
    }
    return barrier(PRIVATE_EXPEDITED);
  }

  private static long barrier(int command) {
    if (command == PRIVATE_EXPEDITED) {
      Libc.syscall(HostCalls.MEMBARRIER, REGISTER_PRIVATE_EXPEDITED);
    }
    long result = Libc.syscall(HostCalls.MEMBARRIER, command);
    return result < 0 ? Libc.syscall(HostCalls.MEMBARRIER, GLOBAL) : result;
  }
}
