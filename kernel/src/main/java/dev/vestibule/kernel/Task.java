package dev.vestibule.kernel;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.core.CoreDump;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.rseq.Rseq;
import dev.vestibule.kernel.sched.TaskCpu;
import dev.vestibule.kernel.seccomp.Seccomp;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.signal.TaskSignals;
import dev.vestibule.kernel.trace.TraceStop;
import dev.vestibule.kernel.trace.Tracee;
import dev.vestibule.kernel.wait.WaitQueue;
import java.util.BitSet;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What is one guest thread doing? Runs on a host thread of its own; its methods are called there
 * unless they say otherwise.
 */
public final class Task {
  /** Host stack of a guest thread in bytes. */
  private static final long HOST_STACK = 2L << 20;

  private final Machine machine;
  private volatile int tid;
  private final Cpu cpu;
  private final Thread thread;
  private final TaskSignals signals = new TaskSignals();
  private final Syscalls calls;
  private final TaskCpu place;
  private final Rseq rseq = new Rseq(this);
  private Process process;
  private FileTable files;
  private FsContext fs;
  private volatile Credentials credentials;
  private volatile String comm = "";
  private volatile boolean noticed;
  private volatile boolean dying;
  private volatile boolean ended;
  private int exitCode;
  private volatile int hostTid;
  private volatile int nice;
  private volatile BitSet affinity;
  private volatile int policy;
  private volatile int priority;
  private int deathSignal;
  private long robustList;
  private long robustLength;
  private long clearChildTid;
  private @Nullable VforkParent vforkParent;
  private volatile boolean waitsForChild;
  private volatile @Nullable Tracee tracee;
  private volatile @Nullable Seccomp seccomp;

  /** Called when a vfork child no longer uses its parent's memory. */
  @FunctionalInterface
  public interface VforkParent {
    void released();
  }

  Task(
      Machine machine,
      Process process,
      int tid,
      Cpu cpu,
      FileTable files,
      FsContext fs,
      Credentials credentials) {
    this.machine = machine;
    this.process = process;
    this.tid = tid;
    this.cpu = cpu;
    this.files = files;
    this.fs = fs;
    this.credentials = credentials;
    this.calls = new Syscalls(this);
    this.affinity = new BitSet();
    affinity.set(0, machine.processors());
    this.place = machine.guestCpus().placeOf(this);
    showProcessor();
    this.thread =
        Thread.ofPlatform()
            .name("guest-" + tid)
            .daemon()
            .stackSize(HOST_STACK)
            .unstarted(this::live);
  }

  // ---- who and where --------------------------------------------------------------------------

  public Machine machine() {
    return machine;
  }

  public Process process() {
    return process;
  }

  public int tid() {
    return tid;
  }

  /** Takes over the leader's identity: exec in another thread. */
  void becomeLeader() {
    tid = process.pid();
  }

  public Cpu cpu() {
    return cpu;
  }

  public Thread thread() {
    return thread;
  }

  public GuestAbi abi() {
    return process.abi();
  }

  public AddressSpace space() {
    return process.space();
  }

  public GuestMemory memory() {
    return cpu.memory();
  }

  public FileTable files() {
    return files;
  }

  public void setFiles(FileTable files) {
    this.files = files;
  }

  public FsContext fs() {
    return fs;
  }

  public void setFs(FsContext fs) {
    this.fs = fs;
  }

  public Credentials credentials() {
    return credentials;
  }

  public void setCredentials(Credentials credentials) {
    this.credentials = credentials;
  }

  public TaskSignals signals() {
    return signals;
  }

  /** The system call in progress. */
  public Syscalls calls() {
    return calls;
  }

  /** The thread's name, 15 characters at most. */
  public String comm() {
    return comm;
  }

  public void setComm(String name) {
    comm = name.length() > 15 ? name.substring(0, 15) : name;
  }

  /** Which system calls it allows itself; null for all. */
  public @Nullable Seccomp seccomp() {
    return seccomp;
  }

  public void setSeccomp(@Nullable Seccomp value) {
    seccomp = value;
  }

  /** setpriority(2)'s value, -20..19. */
  public int nice() {
    return nice;
  }

  public void setNice(int value) {
    nice = value;
  }

  /** The processors it may run on; not to be modified. */
  public BitSet affinity() {
    return affinity;
  }

  /** sched_setaffinity(2); any thread may ask. */
  public void setAffinity(BitSet processors) {
    affinity = processors;
    machine.guestCpus().affinityChanged(place);
    if (!place.active()) {
      showProcessor();
    }
  }

  /** Its place among the guest's CPUs. */
  public TaskCpu place() {
    return place;
  }

  /** Its restartable sequences. */
  public Rseq rseq() {
    return rseq;
  }

  /**
   * The processor it runs on as far as the guest can tell, always one of its affinity: the guest
   * CPU it has or had last, or, where it needs none, the same until its affinity changes. The
   * host's own choice is not shown.
   */
  public int processor() {
    int number = place.number();
    if (place.active() && number >= 0) {
      return number;
    }
    BitSet allowed = affinity;
    int processor = allowed.nextSetBit(0);
    for (int n = tid % allowed.cardinality(); n > 0; n--) {
      processor = allowed.nextSetBit(processor + 1);
    }
    return processor;
  }

  /** Lets the registers that name the processor say so. */
  public void showProcessor() {
    synchronized (cpu) {
      if (!ended) { // afterwards the registers' memory is gone
        abi().showProcessor(cpu, machine.profile().cpu().version(), processor(), 0);
      }
    }
  }

  /** sched_setscheduler(2)'s policy. */
  public int policy() {
    return policy;
  }

  /** The priority of a real-time policy, else 0. */
  public int priority() {
    return priority;
  }

  public void setPolicy(int newPolicy, int newPriority) {
    policy = newPolicy;
    priority = newPriority;
  }

  /** prctl(PR_SET_PDEATHSIG). */
  public int deathSignal() {
    return deathSignal;
  }

  public void setDeathSignal(int signal) {
    deathSignal = signal;
  }

  /** Processor time the task has used; none before it runs and after it ended. */
  public CpuTime cpuTime() {
    long total = cpuNanos();
    return new CpuTime(total, Math.min(total, HostThreads.systemNanos(thread, hostTid)));
  }

  /** All processor time the task has used, in nanoseconds; 0 before it runs and after it ended. */
  public long cpuNanos() {
    int host = hostTid;
    if (host == 0 || ended) {
      return 0;
    }
    long buffer = HostMemory.allocate(16);
    try {
      long clock = (~(long) host << 3) | 6; // CPUCLOCK_PERTHREAD | CPUCLOCK_SCHED
      if (Libc.syscall(HostCalls.CLOCK_GETTIME, (int) clock, buffer) < 0) {
        return 0;
      }
      return HostMemory.slot(buffer) * 1_000_000_000L + HostMemory.slot(buffer + 8);
    } finally {
      HostMemory.free(buffer);
    }
  }

  public long robustList() {
    return robustList;
  }

  public long robustLength() {
    return robustLength;
  }

  public void setRobustList(long head, long length) {
    robustList = head;
    robustLength = length;
  }

  public long clearChildTid() {
    return clearChildTid;
  }

  public void setClearChildTid(long address) {
    clearChildTid = address;
  }

  // ---- attention ------------------------------------------------------------------------------

  /** Makes the task look at its signals soon, wherever it is; callable from any thread. */
  public void notice() {
    noticed = true;
    cpu.interrupt();
    LockSupport.unpark(thread);
  }

  /** Nothing is left to look at; under the machine's lock. */
  public void clearNotice() {
    noticed = dying;
  }

  /** Whether a sleep must end: a signal is to be delivered, or the task must stop or die. */
  public boolean mustLeaveSleep() {
    return noticed;
  }

  /** Whether the task is about to end. */
  public boolean dying() {
    return dying;
  }

  /** Makes the task end as soon as possible; callable from any thread. */
  public void kill(int status) {
    synchronized (machine.lock()) {
      if (!dying) {
        exitCode = status;
        dying = true;
      }
    }
    notice();
  }

  /** What wait(2) would report of a task that is {@link #dying}. */
  public int exitStatus() {
    return exitCode;
  }

  /** Whether the task has ended, its memory and files given up. */
  public boolean ended() {
    return ended;
  }

  /** Names who is told when the task stops using shared memory. */
  public void setVforkParent(@Nullable VforkParent parent) {
    vforkParent = parent;
  }

  /** Wakes the parent that vfork suspended: at exec and at exit. */
  public void releaseVforkParent() {
    VforkParent parent = vforkParent;
    vforkParent = null;
    if (parent != null) {
      parent.released();
    }
  }

  /** Whether it sleeps until a vfork child execs or ends, and takes no signals meanwhile. */
  public boolean waitsForChild() {
    return waitsForChild;
  }

  public void setWaitsForChild(boolean value) {
    waitsForChild = value;
  }

  /** What a tracer holds of it, or null without one. */
  public @Nullable Tracee tracee() {
    return tracee;
  }

  /** For {@link Tracee}; under the machine's lock. */
  public void setTracee(@Nullable Tracee held) {
    tracee = held;
  }

  // ---- sleeping -------------------------------------------------------------------------------

  /** Sleeps until unparked; its guest CPU is free meanwhile. */
  public void sleep(Object reason) {
    place.sleeps();
    LockSupport.park(reason);
    place.wakes();
  }

  /** The same, for so many nanoseconds of the host at most. */
  public void sleep(Object reason, long nanos) {
    place.sleeps();
    LockSupport.parkNanos(reason, nanos);
    place.wakes();
  }

  // ---- life -----------------------------------------------------------------------------------

  /** Begins to run. */
  public void start() {
    machine.listener().taskStarted(this);
    thread.start();
  }

  private void live() {
    hostTid = (int) Libc.syscall(HostCalls.GETTID);
    try {
      while (!dying) {
        step();
      }
      Tracee traced = tracee;
      if (traced != null) {
        traced.event(TraceStop.EVENT_EXIT, exitCode);
        synchronized (machine.lock()) {
          traced.watch(null);
        }
      }
    } catch (Throwable e) {
      machine.internalError(this, e);
    } finally {
      end();
    }
  }

  private void step() {
    cpu.clearInterrupt();
    if (noticed || calls.restartPending() || signals.maskSuspended()) {
      Delivery.deliver(this);
      if (dying) {
        return;
      }
    }
    boolean placed = place.active();
    if (placed && !place.enter()) {
      return;
    }
    if (rseq.pending() && !rseq.resume()) {
      place.leave();
      Delivery.force(this, SigInfo.kernel(Signals.SIGSEGV));
      return;
    }
    Tracee traced = tracee;
    boolean single = traced != null && traced.stepping();
    Stop stop;
    try {
      stop = single ? cpu.step() : cpu.run();
    } catch (InternalError lostPage) {
      // What the JVM makes of a host SIGBUS: somebody shortened a file that is mapped. Once its
      // pages are known to be lost, the instruction faults as the guest's.
      if (!space().findLostPages()) {
        Delivery.force(this, SigInfo.fault(Signals.SIGBUS, SigInfo.BUS_ADRERR, cpu.pc()));
      }
      return;
    } finally {
      if (placed) {
        place.leave();
      }
    }
    calls.entered(stop);
    switch (stop) {
      case SYSCALL -> calls.carryOut();
      case ATTENTION -> {}
      default -> {
        if (stop == Stop.TRAP && HandedTraps.answer(this)) {
          return;
        }
        SigInfo info = abi().signalFor(this, stop);
        if (info != null) {
          if (traced != null && info.code() == SigInfo.TRAP_HWBKPT && stop == Stop.FAULT) {
            traced.watchHit();
          }
          machine.listener().fault(this, stop, info);
          Delivery.force(this, info);
        }
      }
    }
    if (single && traced != null && (stop == Stop.SYSCALL || stop == Stop.ATTENTION)) {
      traced.stepped();
    }
  }

  private void end() {
    place.release();
    try {
      CoreDump dump = process.coreDump();
      if (dump != null) {
        dump.arrive(this);
      }
      process.taskEnding(this);
      releaseVforkParent();
      files.leave();
      machine.listener().taskExited(this);
    } catch (Throwable e) {
      machine.internalError(this, e);
    } finally {
      process.addCpuTime(cpuTime());
      ended = true;
      process.taskEnded(this, exitCode);
      synchronized (cpu) {
        cpu.close();
      }
    }
  }

  /** Stores a word for the guest if it can be stored; faults are ignored. */
  public boolean tryStore32(long address, int value) {
    try {
      memory().store32(address, value);
      return true;
    } catch (GuestFault ignored) {
      return false;
    }
  }

  /** Something to wait for that never comes: pause(2). */
  public static WaitQueue nothing() {
    return new WaitQueue();
  }
}
