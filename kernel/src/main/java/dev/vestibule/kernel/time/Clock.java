package dev.vestibule.kernel.time;

import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Version;
import org.jspecify.annotations.Nullable;

/** Which clock does a clockid_t name, and what does it read? See clock_gettime(2). */
public sealed interface Clock {
  int REALTIME = 0;
  int MONOTONIC = 1;
  int PROCESS_CPUTIME = 2;
  int THREAD_CPUTIME = 3;
  int MONOTONIC_RAW = 4;
  int REALTIME_COARSE = 5;
  int MONOTONIC_COARSE = 6;
  int BOOTTIME = 7;
  int TAI = 11;

  /** Nanoseconds. */
  long read(Machine machine);

  /** What clock_getres(2) says, in nanoseconds. */
  long resolution(KernelProfile profile);

  /** A clock of the machine. */
  record OfMachine(int id) implements Clock {
    @Override
    public long read(Machine machine) {
      TimeService time = machine.time();
      return switch (id) {
        case REALTIME, TAI -> time.realtime();
        case MONOTONIC_RAW -> time.monotonicRaw();
        case REALTIME_COARSE -> time.realtimeCoarse();
        case MONOTONIC_COARSE -> time.monotonicCoarse();
        default -> time.monotonic();
      };
    }

    @Override
    public long resolution(KernelProfile profile) {
      boolean coarse = id == REALTIME_COARSE || id == MONOTONIC_COARSE;
      return coarse ? profile.time().coarseNanos() : profile.time().resolutionNanos();
    }

    /** Whether timers and sleeps can be set by it. */
    public boolean timers() {
      return id == REALTIME || id == MONOTONIC || id == BOOTTIME || id == TAI;
    }

    /** What must be added to a time of this clock to make it one of CLOCK_MONOTONIC. */
    public long toMonotonic(Machine machine) {
      TimeService time = machine.time();
      return id == REALTIME || id == TAI ? time.monotonic() - time.realtime() : 0;
    }
  }

  /**
   * Processor time of a process or a thread.
   *
   * @param process null where it is a thread's time
   * @param thread null for a process's time
   * @param precise whether it is told to the nanosecond, not to the tick
   */
  record OfProcessor(@Nullable Process process, @Nullable Task thread, boolean precise)
      implements Clock {
    private static final long TICK = 10_000_000;

    @Override
    public long read(Machine machine) {
      return process != null ? process.cpuNanos() : thread != null ? thread.cpuNanos() : 0;
    }

    /** How many threads may add to it at a time. */
    public int threads() {
      return process == null ? 1 : Math.max(1, process.tasks().size());
    }

    @Override
    public long resolution(KernelProfile profile) {
      return precise ? 1 : TICK;
    }
  }

  /** The clock of an id, or null if this kernel has none (EINVAL). */
  static @Nullable Clock of(Task task, int id) {
    if (id < 0) {
      return ofProcessor(task, id);
    }
    Version since =
        switch (id) {
          case REALTIME, MONOTONIC, PROCESS_CPUTIME, THREAD_CPUTIME -> Version.parse("2.6.0");
          case MONOTONIC_RAW -> Version.parse("2.6.28");
          case REALTIME_COARSE, MONOTONIC_COARSE -> Version.parse("2.6.32");
          case BOOTTIME -> Version.parse("2.6.39");
          case TAI -> Version.parse("3.10");
          default -> null;
        };
    if (since == null || !task.machine().profile().uname().linux().atLeast(since)) {
      return null;
    }
    return switch (id) {
      case PROCESS_CPUTIME -> new OfProcessor(task.process(), null, true);
      case THREAD_CPUTIME -> new OfProcessor(null, task, true);
      default -> new OfMachine(id);
    };
  }

  /** Ids made from a pid: its complement times 8, 4 for a thread, and what is counted, 0 to 2. */
  private static @Nullable Clock ofProcessor(Task task, int id) {
    int counted = id & 3;
    int pid = ~(id >> 3);
    if (counted == 3) {
      return null; // CLOCKFD: descriptors of clock devices
    }
    boolean precise = counted == 2;
    if ((id & 4) != 0) {
      Task thread = pid == 0 ? task : task.machine().task(pid);
      return thread == null || thread.process() != task.process()
          ? null
          : new OfProcessor(null, thread, precise);
    }
    Process process = pid == 0 ? task.process() : task.machine().process(pid);
    return process == null ? null : new OfProcessor(process, null, precise);
  }
}
