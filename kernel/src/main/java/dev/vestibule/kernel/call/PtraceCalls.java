package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EFAULT;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EIO;
import static dev.vestibule.kernel.Errno.EPERM;
import static dev.vestibule.kernel.Errno.ESRCH;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.kernel.Credentials;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.rseq.Rseq;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.trace.ProcessTracer;
import dev.vestibule.kernel.trace.TraceStop;
import dev.vestibule.kernel.trace.TracedMemory;
import dev.vestibule.kernel.trace.Tracee;
import dev.vestibule.profile.Version;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One task looks into another: ptrace(2). Requests' numbers are those of the kernel's ptrace.h. */
public final class PtraceCalls {
  private static final int TRACEME = 0;
  private static final int PEEKTEXT = 1;
  private static final int PEEKDATA = 2;
  private static final int POKETEXT = 4;
  private static final int POKEDATA = 5;
  private static final int CONT = 7;
  private static final int KILL = 8;
  private static final int SINGLESTEP = 9;
  private static final int ATTACH = 16;
  private static final int DETACH = 17;
  private static final int SYSCALL = 24;
  private static final int SETOPTIONS = 0x4200;
  private static final int GETEVENTMSG = 0x4201;
  private static final int GETSIGINFO = 0x4202;
  private static final int SETSIGINFO = 0x4203;
  private static final int GETREGSET = 0x4204;
  private static final int SETREGSET = 0x4205;
  private static final int SEIZE = 0x4206;
  private static final int INTERRUPT = 0x4207;
  private static final int LISTEN = 0x4208;
  private static final int PEEKSIGINFO = 0x4209;
  private static final int GETSIGMASK = 0x420a;
  private static final int SETSIGMASK = 0x420b;
  private static final int GET_SYSCALL_INFO = 0x420e;
  private static final int GET_RSEQ_CONFIGURATION = 0x420f;

  /** PTRACE_O_MASK without the option to suspend seccomp. */
  private static final long OPTIONS = 0xff | Tracee.EXIT_KILL;

  private static final int SYSCALL_INFO_SIZE = 88;
  private static final int RSEQ_CONFIGURATION_SIZE = 24;

  /** First releases of what is younger than 2.6.12: ptrace(2). */
  private static final Map<Integer, Version> SINCE =
      Map.ofEntries(
          entry(GETREGSET, 2, 6, 34),
          entry(SETREGSET, 2, 6, 34),
          entry(SEIZE, 3, 4, 0),
          entry(INTERRUPT, 3, 4, 0),
          entry(LISTEN, 3, 4, 0),
          entry(PEEKSIGINFO, 3, 10, 0),
          entry(GETSIGMASK, 3, 11, 0),
          entry(SETSIGMASK, 3, 11, 0),
          entry(GET_SYSCALL_INFO, 5, 3, 0),
          entry(GET_RSEQ_CONFIGURATION, 5, 13, 0));

  private static final Version SECCOMP_EVENTS = new Version(3, 5, 0);
  private static final Version EXIT_KILL = new Version(3, 8, 0);

  private static Map.Entry<Integer, Version> entry(int request, int major, int minor, int patch) {
    return Map.entry(request, new Version(major, minor, patch));
  }

  private static boolean exists(Task t, int request) {
    Version since = SINCE.get(request);
    return since == null || t.machine().profile().uname().linux().atLeast(since);
  }

  /** The options that the kernel knows. */
  private static long options(Task t) {
    Version release = t.machine().profile().uname().linux();
    return OPTIONS
        & (release.atLeast(SECCOMP_EVENTS) ? -1 : ~(1L << TraceStop.EVENT_SECCOMP))
        & (release.atLeast(EXIT_KILL) ? -1 : ~(long) Tracee.EXIT_KILL);
  }

  private PtraceCalls() {}

  @Syscall(
      args = "ptrace, pid, ptr, ptr",
      level = Support.PARTIAL,
      note = "any thread of the tracer will do; no PTRACE_SYSEMU")
  public static long ptrace(Task t, int request, int tid, long address, long data) {
    if (!exists(t, request)) {
      return -EIO;
    }
    switch (request) {
      case TRACEME -> {
        return traceMe(t);
      }
      case ATTACH -> {
        return attach(t, tid, false, 0);
      }
      case SEIZE -> {
        return address != 0 || (data & ~options(t)) != 0 ? -EIO : attach(t, tid, true, (int) data);
      }
      default -> {
        // While the lock is held and it rests, its registers cannot go away.
        synchronized (t.machine().lock()) {
          Tracee tracee = t.process().tracer().find(tid);
          if (tracee == null) {
            return -ESRCH;
          }
          if (request == KILL) {
            return Delivery.send(tracee.task().process(), SigInfo.kernel(Signals.SIGKILL));
          }
          if (request == INTERRUPT) {
            return interrupt(tracee);
          }
          if (tracee.stop() == null) {
            return -ESRCH;
          }
          return request(t, tracee, request, address, data);
        }
      }
    }
  }

  // ---- beginning and ending
  // -----------------------------------------------------------------------

  private static long traceMe(Task t) {
    synchronized (t.machine().lock()) {
      Process parent = t.process().parent();
      if (parent == null) {
        return t.tracee() == null ? 0 : -EPERM;
      }
      Tracee tracee = Tracee.attach(t, parent.tracer(), false, 0);
      if (tracee == null) {
        return -EPERM;
      }
      parent.tracer().began(tracee);
      return 0;
    }
  }

  private static long attach(Task t, int tid, boolean seize, int options) {
    synchronized (t.machine().lock()) {
      Task target = t.machine().task(tid);
      if (target == null) {
        return t.machine().process(tid) == null ? -ESRCH : -EPERM;
      }
      if (target.process() == t.process() || !mayTrace(t, target)) {
        return -EPERM;
      }
      ProcessTracer tracer = t.process().tracer();
      Tracee tracee = Tracee.attach(target, tracer, seize, options);
      if (tracee == null) {
        return -EPERM;
      }
      tracer.began(tracee);
      if (!seize) {
        Delivery.send(target, SigInfo.kernel(Signals.SIGSTOP));
      }
      return 0;
    }
  }

  /** Whether the kernel lets a task look into another: ptrace(2), "Ptrace access mode checking". */
  static boolean mayTrace(Task t, Task target) {
    Credentials mine = t.credentials();
    Credentials theirs = target.credentials();
    if (target.process() == t.process() || mine.privileged()) {
      return true;
    }
    return target.process().dumpable()
        && theirs.uid() == mine.uid()
        && theirs.euid() == mine.uid()
        && theirs.suid() == mine.uid()
        && theirs.gid() == mine.gid()
        && theirs.egid() == mine.gid()
        && theirs.sgid() == mine.gid();
  }

  private static long interrupt(Tracee tracee) {
    if (!tracee.seized()) {
      return -EIO;
    }
    tracee.interrupt();
    return 0;
  }

  // ---- requests about a task that rests
  // -----------------------------------------------------------

  private static long request(Task t, Tracee tracee, int request, long address, long data) {
    return switch (request) {
      case PEEKTEXT, PEEKDATA -> peek(t, tracee, address, data);
      case POKETEXT, POKEDATA -> poke(t, tracee, address, data);
      case CONT, SYSCALL, SINGLESTEP, DETACH, LISTEN -> resume(t, tracee, request, data);
      case SETOPTIONS -> {
        if ((data & ~options(t)) != 0) {
          yield -EINVAL;
        }
        tracee.setOptions((int) data);
        yield 0;
      }
      case GETEVENTMSG -> {
        t.abi().storeWord(t.memory(), data, tracee.message());
        yield 0;
      }
      case GETSIGINFO -> {
        SigInfo info = info(tracee);
        if (info == null) {
          yield -EINVAL;
        }
        SigInfoLayout.build(t.abi(), info).store(t.memory(), data);
        yield 0;
      }
      case SETSIGINFO -> {
        if (info(tracee) == null) {
          yield -EINVAL;
        }
        Struct s = t.abi().struct(t.memory(), data, SigInfoLayout.SIZE);
        tracee.setInfo(SigInfoLayout.parse(t.abi(), s, s.i32(0)));
        yield 0;
      }
      case GETREGSET, SETREGSET -> registerSet(t, tracee, request == SETREGSET, address, data);
      case PEEKSIGINFO -> peekSigInfo(t, tracee, address, data);
      case GETSIGMASK, SETSIGMASK -> {
        if (address != 8) {
          yield -EINVAL;
        }
        if (request == GETSIGMASK) {
          t.memory().store64(data, set(t, tracee.task().signals().blocked()));
        } else {
          Delivery.setBlocked(tracee.task(), set(t, t.memory().load64(data)));
        }
        yield 0;
      }
      case GET_SYSCALL_INFO -> syscallInfo(t, tracee, address, data);
      case GET_RSEQ_CONFIGURATION -> rseqConfiguration(t, tracee, address, data);
      default -> tracee.task().abi().ptrace(t, tracee.task(), request, address, data);
    };
  }

  /** A sigset_t is words in the guest's order, signal 1 in bit 0 of the first. */
  private static long set(Task t, long set) {
    boolean swaps = !t.abi().wide() && t.abi().bigEndian();
    return swaps ? Long.rotateLeft(set, 32) : set;
  }

  private static @Nullable SigInfo info(Tracee tracee) {
    TraceStop stop = tracee.stop();
    return stop == null ? null : stop.info();
  }

  private static long peek(Task t, Tracee tracee, long address, long data) {
    Struct word = t.abi().struct(t.abi().wordSize());
    int length = word.bytes().length;
    if (TracedMemory.read(tracee.task().space(), address, word.bytes(), 0, length) != length) {
      return -EIO;
    }
    word.store(t.memory(), data);
    return 0;
  }

  private static long poke(Task t, Tracee tracee, long address, long data) {
    byte[] word = t.abi().struct(t.abi().wordSize()).putWord(0, data).bytes();
    int length = word.length;
    return TracedMemory.write(tracee.task().space(), address, word, 0, length) == length ? 0 : -EIO;
  }

  private static long resume(Task t, Tracee tracee, int request, long data) {
    TraceStop stop = tracee.stop();
    if (stop == null) {
      return -ESRCH;
    }
    if (request == LISTEN) {
      if (!tracee.seized() || stop.event() != TraceStop.EVENT_STOP) {
        return -EIO;
      }
      tracee.resume(Tracee.Resume.LISTEN, null);
      return 0;
    }
    if (data < 0 || data > Signals.LAST) {
      return -EIO;
    }
    SigInfo signal = data == 0 ? null : signal(t, stop, (int) data);
    if (request == DETACH) {
      t.process().tracer().detach(tracee, signal);
      return 0;
    }
    Tracee.Resume how =
        switch (request) {
          case SYSCALL -> Tracee.Resume.SYSCALL;
          case SINGLESTEP -> Tracee.Resume.STEP;
          default -> Tracee.Resume.CONTINUE;
        };
    tracee.resume(how, signal);
    return 0;
  }

  /** A signal of the tracer's: with what is known of it if it is the one that was to come. */
  private static SigInfo signal(Task t, TraceStop stop, int signal) {
    SigInfo info = stop.info();
    boolean same = stop.kind() == TraceStop.Kind.SIGNAL && stop.signal() == signal;
    return same && info != null && info.signal() == signal
        ? info
        : KillCalls.from(t, signal, SigInfo.SI_USER);
  }

  private static long registerSet(Task t, Tracee tracee, boolean store, long note, long vector) {
    GuestAbi abi = t.abi();
    int word = abi.wordSize();
    Struct set = abi.registerSet(tracee.task(), (int) note);
    if (set == null) {
      return -EINVAL;
    }
    long base = abi.loadWord(t.memory(), vector);
    long asked = abi.loadWord(t.memory(), vector + word);
    int unit = abi.registerSetUnit((int) note);
    if (asked < 0 || asked % unit != 0) {
      return -EINVAL;
    }
    int length = (int) Math.min(asked, set.bytes().length);
    if (store) {
      t.memory().read(base, set.bytes(), 0, length);
      abi.setRegisterSet(tracee.task(), (int) note, set);
    } else {
      t.memory().write(base, set.bytes(), 0, length);
    }
    abi.storeWord(t.memory(), vector + word, length);
    return 0;
  }

  /** struct ptrace_peeksiginfo_args: offset, flags, number. */
  private static long peekSigInfo(Task t, Tracee tracee, long arguments, long data) {
    Struct s = t.abi().struct(t.memory(), arguments, 16);
    long from = s.i64(0);
    int shared = 1;
    int count = s.i32(12);
    if ((s.i32(8) & ~shared) != 0 || count < 0) {
      return -EINVAL;
    }
    boolean ofProcess = (s.i32(8) & shared) != 0;
    Task task = tracee.task();
    List<SigInfo> queue =
        (ofProcess ? task.process().pending() : task.signals().pending()).entries();
    int done = 0;
    for (long i = Math.max(0, from); from >= 0 && i < queue.size() && done < count; i++) {
      long at = data + (long) done * SigInfoLayout.SIZE;
      SigInfoLayout.build(t.abi(), queue.get((int) i)).store(t.memory(), at);
      done++;
    }
    return done;
  }

  /** struct ptrace_rseq_configuration, as much of it as there is room for. */
  private static long rseqConfiguration(Task t, Tracee tracee, long size, long data) {
    if (!t.machine().profile().rseq().present()) {
      return -EIO;
    }
    Struct s = tracee.task().abi().struct(RSEQ_CONFIGURATION_SIZE);
    Rseq.Registration is = tracee.task().rseq().registration();
    if (is != null) {
      s.put64(0, is.address()).put32(8, is.length()).put32(12, is.signature());
    }
    long room = Long.compareUnsigned(size, RSEQ_CONFIGURATION_SIZE) < 0 ? size : s.bytes().length;
    s.store(t.memory(), data, (int) room);
    return RSEQ_CONFIGURATION_SIZE;
  }

  /** struct ptrace_syscall_info, cut to the size the caller knows. */
  private static long syscallInfo(Task t, Tracee tracee, long size, long data) {
    GuestAbi abi = tracee.task().abi();
    TraceStop stop = tracee.stop();
    Task task = tracee.task();
    Struct s = abi.struct(SYSCALL_INFO_SIZE);
    s.put32(4, abi.auditArchitecture());
    s.put64(8, task.cpu().pc()).put64(16, abi.stackPointer(task.cpu()));
    int length = 24;
    if (stop != null && stop.kind() == TraceStop.Kind.SYSCALL_ENTRY) {
      s.put8(0, 1).put64(24, abi.syscallNumber(task.cpu()));
      for (int i = 0; i < 6; i++) {
        s.put64(32 + 8 * i, abi.syscallArgument(task.cpu(), i));
      }
      length = 80;
    } else if (stop != null && stop.kind() == TraceStop.Kind.SYSCALL_EXIT) {
      long result = abi.result(task.cpu());
      s.put8(0, 2).put64(24, result).put8(32, abi.failed(task.cpu()) ? 1 : 0);
      length = 33;
    }
    if (size < 0) {
      return -EFAULT;
    }
    t.memory().write(data, s.bytes(), 0, (int) Math.min(size, length));
    return length;
  }
}
