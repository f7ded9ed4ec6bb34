package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EAGAIN;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ENOMEM;
import static dev.vestibule.kernel.Errno.EPERM;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.signal.SignalActions;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.signal.TaskSignals;
import dev.vestibule.kernel.trace.TraceStop;
import dev.vestibule.kernel.trace.Tracee;
import dev.vestibule.kernel.wait.Wait;
import dev.vestibule.kernel.wait.WaitQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/** New processes and threads: fork(2), vfork(2), clone(2). */
public final class CloneCalls {
  private static final long CSIGNAL = 0xff;
  private static final long CLONE_VM = 0x100;
  private static final long CLONE_FS = 0x200;
  private static final long CLONE_FILES = 0x400;
  private static final long CLONE_SIGHAND = 0x800;
  private static final long CLONE_PIDFD = 0x1000;
  private static final long CLONE_PTRACE = 0x2000;
  private static final long CLONE_VFORK = 0x4000;
  private static final long CLONE_PARENT = 0x8000;
  private static final long CLONE_THREAD = 0x10000;
  private static final long CLONE_NEWNS = 0x20000;
  private static final long CLONE_SETTLS = 0x80000;
  private static final long CLONE_PARENT_SETTID = 0x100000;
  private static final long CLONE_CHILD_CLEARTID = 0x200000;
  private static final long DETACHED = 0x400000;
  private static final long CLONE_UNTRACED = 0x800000;
  private static final long CLONE_CHILD_SETTID = 0x1000000;

  /** Namespaces: cgroup, uts, ipc, user, pid, net, and mounts. */
  private static final long NAMESPACES =
      CLONE_NEWNS | 0x2000000L | 0x4000000L | 0x8000000L | 0x10000000L | 0x20000000L | 0x40000000L;

  private CloneCalls() {}

  private record Request(
      long flags, long stack, long parentTid, long pidFd, long childTid, long tls, int exitSignal) {
    static Request plain(long flags) {
      return new Request(flags, 0, 0, 0, 0, 0, Signals.SIGCHLD);
    }

    boolean has(long flag) {
      return (flags & flag) != 0;
    }
  }

  @Syscall(result = Result.PID)
  public static long fork(Task t) {
    return start(t, Request.plain(0));
  }

  @Syscall(result = Result.PID)
  public static long vfork(Task t) {
    return start(t, Request.plain(CLONE_VM | CLONE_VFORK));
  }

  /** The last two arguments are thread pointer and child's id in an order the ABI knows. */
  @Syscall(
      args = "clone_flags, ptr, ptr, ptr, ptr",
      result = Result.PID,
      level = Support.PARTIAL,
      note = "no namespaces (EPERM)")
  public static long clone(
      Task t, long flags, long stack, long parentTid, long fourth, long fifth) {
    boolean tlsFirst = t.abi().tlsBeforeChildTid();
    return start(
        t,
        new Request(
            flags & ~CSIGNAL & 0xffffffffL,
            stack,
            parentTid,
            parentTid,
            tlsFirst ? fifth : fourth,
            tlsFirst ? fourth : fifth,
            (int) (flags & CSIGNAL)));
  }

  private static final int CLONE_ARGS_SIZE_VER0 = 64;

  @Syscall(
      args = "clone_args, size",
      since = "5.3",
      result = Result.PID,
      level = Support.PARTIAL,
      note = "no namespaces, no choice of the pid, no cgroup (EPERM)")
  public static long clone3(Task t, long address, long size) {
    if (Long.compareUnsigned(size, 4096) > 0) {
      return -dev.vestibule.kernel.Errno.E2BIG;
    }
    if (size < CLONE_ARGS_SIZE_VER0) {
      return -EINVAL;
    }
    Struct args = t.abi().struct(t.memory(), address, (int) size);
    long flags = args.i64(0);
    long exitSignal = args.i64(32);
    long stack = args.i64(40);
    long stackSize = args.i64(48);
    long setTids = size >= 80 ? args.i64(72) : 0;
    if ((flags & CSIGNAL) != 0
        || (flags & ~0xffffffffL & ~(1L << 32)) != 0
        || exitSignal < 0
        || exitSignal > CSIGNAL
        || (flags & (CLONE_THREAD | CLONE_PARENT)) != 0 && exitSignal != 0
        || (stack == 0) != (stackSize == 0)) {
      return -EINVAL;
    }
    if (setTids != 0) {
      return -EPERM;
    }
    return start(
        t,
        new Request(
            flags,
            stack == 0 ? 0 : stack + stackSize,
            args.i64(24),
            args.i64(8),
            args.i64(16),
            args.i64(56),
            (int) exitSignal));
  }

  private static void check(Request r) {
    if (r.has(CLONE_NEWNS) && r.has(CLONE_FS)
        || r.has(CLONE_THREAD) && !r.has(CLONE_SIGHAND)
        || r.has(CLONE_SIGHAND) && !r.has(CLONE_VM)
        || r.exitSignal() > Signals.LAST) {
      throw new Failure(EINVAL);
    }
    if (r.has(NAMESPACES)) {
      throw new Failure(EPERM);
    }
    if (r.has(CLONE_PIDFD) && (r.has(CLONE_THREAD) || r.has(DETACHED))) {
      throw new Failure(EINVAL);
    }
  }

  private static long start(Task t, Request r) {
    check(r);
    FileTable files = r.has(CLONE_FILES) ? t.files().share() : t.files().copy();
    FsContext fs = r.has(CLONE_FS) ? t.fs() : t.fs().copy();
    Task child;
    try {
      child = r.has(CLONE_THREAD) ? thread(t, files, fs) : process(t, r, files, fs);
    } catch (Failure | OutOfMemoryError e) {
      files.leave();
      throw e instanceof Failure failure ? failure : new Failure(ENOMEM);
    }
    child.cpu().copyRegistersFrom(t.cpu());
    t.abi().startChild(child.cpu(), r.stack(), r.has(CLONE_SETTLS), r.tls());
    child.setAffinity(t.affinity());
    inherit(t, child, r);
    int tid = child.tid();
    if (r.has(CLONE_PIDFD)) {
      long fd = PidCalls.open(t, child.process(), 0);
      t.tryStore32(r.pidFd(), (int) fd);
    }
    if (r.has(CLONE_PARENT_SETTID)) {
      t.tryStore32(r.parentTid(), tid);
    }
    if (r.has(CLONE_CHILD_SETTID)) {
      child.tryStore32(r.childTid(), tid);
    }
    if (r.has(CLONE_CHILD_CLEARTID)) {
      child.setClearChildTid(r.childTid());
    }
    if (t.process().limits().soft(Limits.RLIMIT_CPU) >= 0) {
      t.machine().watchCpuLimits();
    }
    Tracee tracee = t.tracee();
    int event = tracee == null ? 0 : event(tracee, r);
    if (tracee != null && (event != 0 || r.has(CLONE_PTRACE))) {
      tracee.inherit(child);
    }
    if (r.has(CLONE_VFORK)) {
      startAndWait(t, child, event);
    } else {
      child.start();
      if (event != 0 && tracee != null) {
        tracee.event(event, tid);
      }
    }
    return tid;
  }

  /** What a tracer wants to hear of this call: one of TraceStop's events, or 0. */
  private static int event(Tracee tracee, Request r) {
    int event = TraceStop.EVENT_FORK;
    if (r.has(CLONE_VFORK)) {
      event = TraceStop.EVENT_VFORK;
    } else if (r.exitSignal() != Signals.SIGCHLD) {
      event = TraceStop.EVENT_CLONE;
    }
    return !r.has(CLONE_UNTRACED) && tracee.wants(event) ? event : 0;
  }

  private static Task thread(Task t, FileTable files, FsContext fs) {
    return t.machine().newThread(t.process(), files, fs, t.credentials());
  }

  private static Task process(Task t, Request r, FileTable files, FsContext fs) {
    Process process = t.process();
    int most = process.limits().count(Limits.RLIMIT_NPROC);
    if (t.machine().taskCount() >= most) {
      throw new Failure(EAGAIN);
    }
    AddressSpace space =
        r.has(CLONE_VM) ? t.space().share() : t.space().fork(process.tasks().size() == 1);
    try {
      SignalActions actions = r.has(CLONE_SIGHAND) ? process.actions() : process.actions().copy();
      Process parent = process;
      if (r.has(CLONE_PARENT)) {
        Process above = process.parent();
        parent = above == null ? process : above;
      }
      Task child =
          t.machine()
              .newProcess(
                  parent,
                  t.abi(),
                  space,
                  files,
                  fs,
                  t.credentials(),
                  actions,
                  process.limits().copy());
      child.process().inheritFrom(process);
      child.process().setGroup(process.groupId(), process.sessionId());
      child.process().setExitSignal(r.has(CLONE_PARENT) ? process.exitSignal() : r.exitSignal());
      return child;
    } catch (Failure failure) {
      space.leave();
      throw failure;
    }
  }

  private static void inherit(Task t, Task child, Request r) {
    child.setComm(t.comm());
    child.setNice(t.nice());
    child.setSeccomp(t.seccomp());
    if (!r.has(t.process().rseqOwnership().rules().endsWithThreads() ? CLONE_THREAD : CLONE_VM)) {
      child.rseq().copyFrom(t.rseq());
    }
    synchronized (t.machine().lock()) {
      TaskSignals mine = t.signals();
      child.signals().setBlocked(mine.maskToRestore());
      if (!r.has(CLONE_VM) || r.has(CLONE_VFORK)) {
        child.signals().setStack(mine.stackBase(), mine.stackSize(), mine.stackFlags());
      }
    }
  }

  /** The parent sleeps, whatever signals arrive, until the child execs or ends. */
  private static void startAndWait(Task t, Task child, int event) {
    WaitQueue released = new WaitQueue();
    AtomicBoolean done = new AtomicBoolean();
    child.setVforkParent(() -> {
      done.set(true);
      released.wake();
    });
    try (Wait wait = Wait.on(t, released)) {
      child.start();
      Tracee tracee = t.tracee();
      int tid = child.tid();
      if (event != 0 && tracee != null) {
        tracee.event(event, tid);
      }
      t.setWaitsForChild(true);
      try {
        while (!done.get()) {
          if (wait.sleepKillable(Wait.FOREVER) == Wait.Outcome.INTERRUPTED) {
            return;
          }
        }
      } finally {
        t.setWaitsForChild(false);
      }
      Tracee now = t.tracee();
      if (now != null) {
        now.event(TraceStop.EVENT_VFORK_DONE, tid);
      }
    }
  }

  @Syscall(names = "set_tid_address", args = "ptr", result = Result.PID)
  public static long setTidAddress(Task t, long address) {
    t.setClearChildTid(address);
    t.process().rseqOwnership().threadSetUp(t);
    return t.tid();
  }

  @Syscall(
      args = "clone_flags",
      since = "2.6.16",
      level = Support.PARTIAL,
      note = "files, directory and System V semaphores only; no namespaces (EPERM)")
  public static long unshare(Task t, long flags) {
    long known = CLONE_FS | CLONE_FILES | 0x40000 | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
    if ((flags & ~(known | NAMESPACES | 0x80L)) != 0) {
      return -EINVAL;
    }
    if ((flags & (NAMESPACES | 0x80L)) != 0) {
      return -EPERM;
    }
    if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) != 0
        && t.process().tasks().size() > 1) {
      return -EINVAL;
    }
    if ((flags & CLONE_FS) != 0) {
      t.setFs(t.fs().copy());
    }
    if ((flags & CLONE_FILES) != 0 && t.files().shared()) {
      FileTable old = t.files();
      t.setFiles(old.copy());
      old.leave();
    }
    return 0;
  }
}
