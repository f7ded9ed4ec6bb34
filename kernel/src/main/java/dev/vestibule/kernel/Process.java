package dev.vestibule.kernel;

import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.core.CoreDump;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.rseq.Ownership;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.kernel.signal.SignalActions;
import dev.vestibule.kernel.signal.SignalQueue;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.time.ProcessTimers;
import dev.vestibule.kernel.trace.ProcessTracer;
import dev.vestibule.kernel.trace.Tracee;
import dev.vestibule.kernel.wait.Wait;
import dev.vestibule.kernel.wait.WaitQueue;
import dev.vestibule.profile.KernelProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What belongs to all threads of a program together? Linux's thread group. State that other
 * processes see is guarded by {@link Machine#lock}.
 */
public final class Process {
  private final Machine machine;
  private final int pid;
  private final List<Task> tasks = new CopyOnWriteArrayList<>();
  private final List<Process> children = new ArrayList<>();
  private final SignalQueue pending = new SignalQueue();
  private final ProcessTimers timers;
  private final Ownership rseqOwnership = new Ownership(this);
  private final WaitQueue childEvents = new WaitQueue();
  private final WaitQueue signalled = new WaitQueue();
  private final WaitQueue exited = new WaitQueue();
  private final Limits limits;
  private GuestAbi abi;
  private volatile SyscallTable syscalls;
  private SignalActions actions;
  private volatile AddressSpace space;
  private @Nullable Process parent;
  private int groupId;
  private int sessionId;
  private int exitSignal = Signals.SIGCHLD;
  private volatile boolean stopped;
  private int stopSignal;
  private boolean reportStop;
  private boolean reportContinue;
  private int groupStops;
  private @Nullable Tracee leader;
  private @Nullable ProcessTracer tracer;
  private boolean exiting;
  private int groupStatus;
  private volatile @Nullable CoreDump coreDump;
  private volatile boolean zombie;
  private boolean reaped;
  private int status;
  private boolean executed;
  private boolean dumpable = true;
  private boolean subreaper;
  private volatile String executable = "";
  private int personality;
  private final long startTime;
  private int uid;
  private boolean noNewPrivileges;
  private final AtomicLong endedNanos = new AtomicLong();
  private final AtomicLong endedSystemNanos = new AtomicLong();
  private volatile CpuTime childrenTime = CpuTime.NONE;

  Process(
      Machine machine,
      int pid,
      @Nullable Process parent,
      GuestAbi abi,
      AddressSpace space,
      SignalActions actions,
      Limits limits) {
    this.machine = machine;
    this.pid = pid;
    this.parent = parent;
    this.abi = abi;
    this.syscalls = machine.syscalls();
    this.space = space;
    this.actions = actions;
    this.limits = limits;
    this.timers = new ProcessTimers(this);
    this.startTime = machine.time().monotonic();
  }

  /** When it was made: nanoseconds of CLOCK_MONOTONIC. */
  public long startTime() {
    return startTime;
  }

  public Machine machine() {
    return machine;
  }

  public int pid() {
    return pid;
  }

  public GuestAbi abi() {
    return abi;
  }

  /** The system calls this process may make. */
  public SyscallTable syscalls() {
    return syscalls;
  }

  /**
   * Its program relies on rseq(2), which its kernel does not have: until it executes another one,
   * it has that of a kernel which does.
   */
  public void keepRseqOf(KernelProfile kernel) {
    syscalls = machine.syscalls().with("rseq", abi.syscalls(kernel));
    rseqOwnership.keep(kernel.rseq());
  }

  /** exec(2): the program is one that the running kernel has started. */
  public void endKeptRseq() {
    syscalls = machine.syscalls();
    rseqOwnership.keep(null);
  }

  public AddressSpace space() {
    return space;
  }

  /** Continues in another address space, perhaps on another architecture: exec. */
  public void setSpace(AddressSpace newSpace, GuestAbi newAbi) {
    timers.deletePosix();
    space = newSpace;
    abi = newAbi;
  }

  public SignalActions actions() {
    return actions;
  }

  public void setActions(SignalActions newActions) {
    actions = newActions;
  }

  /** Who has registered what for restartable sequences. */
  public Ownership rseqOwnership() {
    return rseqOwnership;
  }

  /** Its interval timers and POSIX timers. */
  public ProcessTimers timers() {
    return timers;
  }

  /** Signals pending for the process as a whole. */
  public SignalQueue pending() {
    return pending;
  }

  public Limits limits() {
    return limits;
  }

  /** All living tasks, the oldest first. */
  public List<Task> tasks() {
    return tasks;
  }

  public @Nullable Task anyTask() {
    return tasks.isEmpty() ? null : tasks.get(0);
  }

  /** Woken when a child changes its state. */
  public WaitQueue childEvents() {
    return childEvents;
  }

  /** Woken when a signal becomes pending: signalfd. */
  public WaitQueue signalled() {
    return signalled;
  }

  /** Woken when the process ends or one of its tasks does: pidfd, exec. */
  public WaitQueue exited() {
    return exited;
  }

  /** The parent's pid as getppid(2) says; 0 without one. */
  public int parentPid() {
    Process p = parent;
    return p == null ? 1 : p.pid;
  }

  public @Nullable Process parent() {
    return parent;
  }

  /** Living and dead children not yet waited for; under the machine's lock. */
  public List<Process> children() {
    return children;
  }

  public int groupId() {
    return groupId;
  }

  public int sessionId() {
    return sessionId;
  }

  /** Joins a process group; under the machine's lock. */
  public void setGroup(int group, int session) {
    groupId = group;
    sessionId = session;
  }

  public int exitSignal() {
    return exitSignal;
  }

  public void setExitSignal(int signal) {
    exitSignal = signal;
  }

  /** Path of the program, inside the guest's root. */
  public String executable() {
    return executable;
  }

  public void setExecutable(String path) {
    executable = path;
    executed = true;
  }

  /** Whether exec succeeded since the process was forked. */
  public boolean executed() {
    return executed;
  }

  void clearExecuted() {
    executed = false;
  }

  /** What else was saved of a process; before its tasks start. */
  public void restore(
      String program, boolean hasExecuted, int stoppedBy, boolean mayGainNoPrivileges) {
    executable = program;
    executed = hasExecuted;
    stopped = stoppedBy != 0;
    stopSignal = stoppedBy;
    noNewPrivileges = mayGainNoPrivileges;
  }

  /** Makes it a process that has ended and that its parent has yet to wait for. */
  public void restoreEnded(int waitStatus, int user) {
    synchronized (machine.lock()) {
      zombie = true;
      status = waitStatus;
      uid = user;
    }
  }

  public boolean dumpable() {
    return dumpable;
  }

  public void setDumpable(boolean value) {
    dumpable = value;
  }

  public boolean subreaper() {
    return subreaper;
  }

  public void setSubreaper(boolean value) {
    subreaper = value;
  }

  /** What fork passes on besides what the constructor takes. */
  public void inheritFrom(Process other) {
    personality = other.personality;
    dumpable = other.dumpable;
    executable = other.executable;
    noNewPrivileges = other.noNewPrivileges;
    syscalls = other.syscalls;
    rseqOwnership.copyFrom(other.rseqOwnership);
  }

  /** Real user id, also after the end. */
  public int uid() {
    Task task = anyTask();
    if (task != null) {
      uid = task.credentials().uid();
    }
    return uid;
  }

  /** Processor time of all tasks so far, in nanoseconds. */
  public long cpuNanos() {
    long sum = endedNanos.get();
    for (Task task : tasks) {
      sum += task.cpuNanos();
    }
    return sum;
  }

  /** The same, divided. */
  public CpuTime cpuTime() {
    CpuTime sum = new CpuTime(endedNanos.get(), endedSystemNanos.get());
    for (Task task : tasks) {
      sum = sum.plus(task.cpuTime());
    }
    return sum;
  }

  void addCpuTime(CpuTime time) {
    endedNanos.addAndGet(time.total());
    endedSystemNanos.addAndGet(time.system());
  }

  /** Processor time of children that were waited for, theirs included. */
  public CpuTime childrenTime() {
    return childrenTime;
  }

  /** prctl(PR_SET_NO_NEW_PRIVS). */
  public boolean noNewPrivileges() {
    return noNewPrivileges;
  }

  public void setNoNewPrivileges() {
    noNewPrivileges = true;
  }

  /** personality(2)'s value. */
  public int personality() {
    return personality;
  }

  public void setPersonality(int value) {
    personality = value;
  }

  /** ADDR_NO_RANDOMIZE. */
  public boolean noRandomize() {
    return (personality & 0x0040000) != 0;
  }

  /** Stops sharing signal actions with processes cloned with CLONE_SIGHAND. */
  public void ownActions() {
    actions = actions.copy();
  }

  void add(Task task) {
    tasks.add(task);
  }

  /** Entries in the queues of the process and its tasks. */
  public int pendingCount() {
    int count = pending.size();
    for (Task task : tasks) {
      count += task.signals().pending().size();
    }
    return count;
  }

  // ---- stopping -------------------------------------------------------------------------------

  /** Whether a stop signal holds all tasks. */
  public boolean stopped() {
    return stopped;
  }

  /** Stops all tasks. */
  public void stop(int signal) {
    synchronized (machine.lock()) {
      if (stopped || exiting) {
        return;
      }
      stopped = true;
      groupStops++;
      stopSignal = signal;
      reportStop = true;
      reportContinue = false;
      for (Task task : tasks) {
        task.notice();
      }
      Process p = parent;
      if (p == null || !p.isTracer() || !p.tracer().traces(this)) { // else it hears as a tracer
        tellParent(SigInfo.CLD_STOPPED, signal);
      }
    }
  }

  /** SIGCONT. */
  public void resume() {
    synchronized (machine.lock()) {
      if (!stopped) {
        return;
      }
      stopped = false;
      reportStop = false;
      reportContinue = true;
      for (Task task : tasks) {
        task.notice();
      }
      tellParent(SigInfo.CLD_CONTINUED, Signals.SIGCONT);
    }
  }

  /** The signal that stopped it last. */
  public int stopSignal() {
    return stopSignal;
  }

  /** How often a signal has stopped it. */
  public int groupStops() {
    return groupStops;
  }

  /** The signal that stopped it, if wait(2) has yet to report that; else 0. */
  public int reportableStop() {
    return reportStop ? stopSignal : 0;
  }

  public boolean reportableContinue() {
    return reportContinue;
  }

  public void stopReported() {
    reportStop = false;
  }

  public void continueReported() {
    reportContinue = false;
  }

  public void discardPending(long signals) {
    pending.discard(signals);
    for (Task task : tasks) {
      task.signals().pending().discard(signals);
    }
  }

  /** Whether nobody outside the group, in its session, could continue it. */
  public boolean orphanedGroup() {
    synchronized (machine.lock()) {
      for (Process other : machine.processes()) {
        Process above = other.parent;
        if (other.groupId == groupId
            && !other.zombie
            && above != null
            && above.groupId != groupId
            && above.sessionId == sessionId) {
          return false;
        }
      }
      return true;
    }
  }

  // ---- ending ---------------------------------------------------------------------------------

  /**
   * Ends all tasks.
   *
   * @param waitStatus as wait(2) reports it
   */
  public void groupExit(int waitStatus) {
    groupExit(waitStatus, null);
  }

  /** A signal whose default is a core file ends all threads; on the thread that took it. */
  public void dumpCore(Task task, SigInfo info) {
    if (limits.soft(Limits.RLIMIT_CORE) == 0) {
      groupExit(info.signal());
      return;
    }
    CoreDump dump = new CoreDump(task, info);
    if (groupExit(info.signal(), dump) && dump.write()) {
      int dumped = 0x80;
      synchronized (machine.lock()) {
        groupStatus |= dumped;
      }
    }
  }

  /** The core dump that threads have to wait for before they end, or null. */
  @Nullable CoreDump coreDump() {
    return coreDump;
  }

  private boolean groupExit(int waitStatus, @Nullable CoreDump dump) {
    synchronized (machine.lock()) {
      if (exiting) {
        return false;
      }
      exiting = true;
      coreDump = dump;
      groupStatus = waitStatus;
      stopped = false;
      for (Task task : tasks) {
        task.kill(waitStatus);
      }
      return true;
    }
  }

  /**
   * Ends all other tasks and waits until they are gone: exec. The task becomes the leader.
   *
   * @return false if the process is ending instead
   */
  public boolean becomeSingleThreaded(Task task) {
    try (Wait wait = Wait.on(task, exited)) {
      synchronized (machine.lock()) {
        if (exiting) {
          return false;
        }
        for (Task other : tasks) {
          if (other != task) {
            other.kill(0);
          }
        }
      }
      while (tasks.size() > 1) {
        if (wait.sleepKillable(Wait.FOREVER) == Wait.Outcome.INTERRUPTED) {
          return false;
        }
      }
    }
    machine.becomeLeader(task);
    synchronized (machine.lock()) {
      Tracee old = leader;
      leader = null;
      if (old != null && old != task.tracee()) {
        old.tracer().replaced(old);
      }
    }
    return true;
  }

  /** Whether {@link #groupExit} was called. */
  public boolean exiting() {
    return exiting;
  }

  /** Whether no task is left. */
  public boolean ended() {
    return zombie;
  }

  /** What it traces; under the machine's lock. */
  public ProcessTracer tracer() {
    ProcessTracer mine = tracer;
    if (mine == null) {
      mine = new ProcessTracer(this);
      tracer = mine;
    }
    return mine;
  }

  /** Whether it traces anything; under the machine's lock. */
  public boolean isTracer() {
    return tracer != null;
  }

  /** Whether it has ended and only a tracer knows of it yet. */
  public boolean endHidden() {
    return zombie && leader != null;
  }

  /** What wait(2) reports, once it has ended. */
  public int status() {
    return status;
  }

  /** The last things a task does in its memory; on its own thread. */
  void taskEnding(Task task) {
    machine.taskEnding(task);
  }

  void taskEnded(Task task, int exitCode) {
    boolean last;
    synchronized (machine.lock()) {
      uid = task.credentials().uid();
      if (task.tid() == pid) {
        status = exitCode;
      }
      tasks.remove(task);
      last = tasks.isEmpty();
      machine.forget(task);
      Tracee tracee = task.tracee();
      if (tracee != null && task.tid() == pid) {
        leader = tracee;
      } else if (tracee != null) {
        tracee.tracer().ended(tracee, exitCode, false);
      }
      if (!last) {
        for (Task other : tasks) {
          Delivery.recalculate(other);
        }
      }
    }
    if (last) {
      end();
    }
    exited.wake();
  }

  private void end() {
    timers.end();
    space.leave();
    synchronized (machine.lock()) {
      if (exiting) {
        status = groupStatus;
      }
      machine.hangUp(this);
      machine.adoptChildrenOf(this);
      if (tracer != null) {
        tracer.end();
      }
      zombie = true;
      machine.listener().processExited(this, status);
      Tracee tracee = leader;
      if (tracee != null && tracee.task().tracee() == tracee) {
        boolean hidden = tracee.tracer().hidesEnd(tracee);
        tracee.tracer().ended(tracee, status, true);
        if (hidden) {
          return;
        }
      }
      announceEnd();
    }
  }

  /** Lets the parent know of the end, once no tracer keeps it from that. */
  public void announceEnd() {
    synchronized (machine.lock()) {
      leader = null;
      boolean autoReap = false;
      Process p = parent;
      if (p != null) {
        SignalAction action = p.actions.get(Signals.SIGCHLD);
        autoReap =
            exitSignal == Signals.SIGCHLD
                && (action.handler() == SignalAction.IGNORE
                    || action.has(SignalAction.SA_NOCLDWAIT));
        int code = (status & 0x7f) == 0 ? SigInfo.CLD_EXITED : SigInfo.CLD_KILLED;
        if ((status & 0x80) != 0) {
          code = SigInfo.CLD_DUMPED;
        }
        int shown = code == SigInfo.CLD_EXITED ? status >> 8 & 0xff : status & 0x7f;
        if (exitSignal != 0 && !(autoReap && action.handler() == SignalAction.IGNORE)) {
          Delivery.send(p, childInfo(code, shown));
        }
      }
      if (p == null || autoReap) {
        reap();
      }
      if (p != null) {
        p.childEvents.wake();
      }
    }
  }

  private SigInfo childInfo(int code, int shown) {
    SigInfo info = SigInfo.child(code, pid, uid(), shown, 0, 0);
    return exitSignal == Signals.SIGCHLD
        ? info
        : new SigInfo(
            exitSignal, code, info.pid(), info.uid(), info.value(), info.address(), 0, null);
  }

  private void tellParent(int code, int signal) {
    Process p = parent;
    if (p == null) {
      return;
    }
    if (!p.actions.get(Signals.SIGCHLD).has(SignalAction.SA_NOCLDSTOP)) {
      Delivery.send(p, SigInfo.child(code, pid, uid(), signal, 0, 0));
    }
    p.childEvents.wake();
  }

  /** Forgets an ended process; under the machine's lock. */
  public void reap() {
    if (!reaped) {
      reaped = true;
      Process p = parent;
      if (p != null) {
        p.children.remove(this);
        p.childrenTime = p.childrenTime.plus(cpuTime()).plus(childrenTime);
      }
      machine.forget(this);
    }
  }

  /** Gives a child another parent; under the machine's lock. */
  void adopt(@Nullable Process newParent) {
    parent = newParent;
    exitSignal = Signals.SIGCHLD;
    if (newParent != null) {
      newParent.children.add(this);
    }
    if (zombie && !endHidden()) {
      if (newParent == null) {
        reap();
      } else {
        Delivery.send(newParent, childInfo(SigInfo.CLD_EXITED, status >> 8 & 0xff));
        newParent.childEvents.wake();
      }
    }
  }
}
