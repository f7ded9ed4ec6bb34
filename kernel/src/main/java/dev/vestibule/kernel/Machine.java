package dev.vestibule.kernel;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.handed.TimeSource;
import dev.vestibule.handed.Timekeeper;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.abi.power.PowerAbi;
import dev.vestibule.kernel.exec.Arguments;
import dev.vestibule.kernel.exec.Exec;
import dev.vestibule.kernel.exec.HandedPages;
import dev.vestibule.kernel.exec.ProfilePages;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.file.HostMount;
import dev.vestibule.kernel.file.HostStream;
import dev.vestibule.kernel.freeze.Freezer;
import dev.vestibule.kernel.futex.FutexTable;
import dev.vestibule.kernel.futex.RobustList;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Layout;
import dev.vestibule.kernel.proc.SystemMounts;
import dev.vestibule.kernel.rseq.RseqOwner;
import dev.vestibule.kernel.sched.GuestCpus;
import dev.vestibule.kernel.sched.Preemption;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SignalActions;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.time.MachineTime;
import dev.vestibule.kernel.time.TimeService;
import dev.vestibule.kernel.time.TimerQueue;
import dev.vestibule.kernel.tty.Terminals;
import dev.vestibule.profile.KernelProfile;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What is one booted kernel? Its processes, time, settings and listeners. Everything that processes
 * see of each other (process tree, signals) is guarded by {@link #lock}, a lock that is never held
 * while anything waits.
 */
public final class Machine implements AutoCloseable {
  private static final int HOST_USER = (int) Libc.syscall(HostCalls.GETUID);
  private static final int HOST_GROUP = (int) Libc.syscall(HostCalls.GETGID);
  private static final int AT_FDCWD = -100;

  private final int askedCpus;
  private final double timeRate;
  private final Object lock = new Object();
  private final Map<Integer, Task> tasks = new ConcurrentHashMap<>();
  private final Map<Integer, Process> processes = new LinkedHashMap<>();
  private final KernelProfile profile;
  private final GuestAbi abi;
  private final SyscallTable syscalls;
  private final FileTree fileTree;
  private final HandedPages handedPages;
  private final HandedPages pagesOutside;
  private final Random random;
  private final boolean reachesNetwork;
  private final Engine engine;
  private final Terminals terminals = new Terminals(this);
  private final FutexTable futexes = new FutexTable();
  private final CpuLimits cpuLimits = new CpuLimits(this);
  private final Freezer freezer = new Freezer(this);
  private final Set<String> reported = ConcurrentHashMap.newKeySet();
  private final Settings settings;
  private final Timekeeper keeper;
  private final FormerKernels formerKernels;
  private final TimeService time;
  private final TimerQueue timers;
  private final long window;
  private final KernelListener listener;
  private final GuestCpus guestCpus;
  private final @Nullable Preemption preemption;
  private final RseqOwner rseqOwner;
  private int lastPid;

  /** Bytes of the smallest address space that is of use. */
  private static final long LEAST_WINDOW = 1L << 29;

  /**
   * What a machine is built from.
   *
   * @param mostTasks guest threads that may exist at a time
   * @param memoryLimit private writable bytes one process may have
   * @param window most bytes a 64-bit guest's address space may span
   * @param firstPid pid of the first process
   * @param seed what random numbers come from, or null for the host's randomness
   * @param randomize whether addresses are randomised as kernels do
   * @param nodeName what uname(2) calls this machine
   * @param debug whether internal errors show their stack traces
   */
  public record Settings(
      int mostTasks,
      long memoryLimit,
      long window,
      int firstPid,
      @Nullable Long seed,
      boolean randomize,
      String nodeName,
      boolean debug,
      PrintStream diagnostics) {

    /** The same, with random numbers that come from a seed, or from the host if it is null. */
    public Settings withSeed(@Nullable Long value) {
      return new Settings(
          mostTasks, memoryLimit, window, firstPid, value, randomize, nodeName, debug, diagnostics);
    }

    /** The same, under another name. */
    public Settings withNodeName(String value) {
      return new Settings(
          mostTasks, memoryLimit, window, firstPid, seed, randomize, value, debug, diagnostics);
    }

    /** The same, with or without stack traces of internal errors. */
    public Settings withDebug(boolean value) {
      return new Settings(
          mostTasks, memoryLimit, window, firstPid, seed, randomize, nodeName, value, diagnostics);
    }

    /** Moderate limits, host randomness, diagnostics on stderr. */
    public static Settings defaults() {
      return new Settings(
          4096,
          Math.max(4L << 30, Runtime.getRuntime().maxMemory() * 4),
          1L << 38,
          (int) ProcessHandle.current().pid(),
          null,
          true,
          "vestibule",
          false,
          System.err);
    }
  }

  private Machine(Builder builder) {
    int cpus = builder.cpus;
    this.askedCpus = cpus;
    this.timeRate = builder.timeSource.rate();
    this.rseqOwner = builder.rseqOwner;
    KernelProfile kernel = cpus == 0 ? builder.profile : builder.profile.withProcessors(cpus);
    this.profile = rseqOwner.kind() == RseqOwner.Kind.NONE ? kernel.withoutRseq() : kernel;
    Container container = builder.container;
    this.settings =
        container == null ? builder.settings : builder.settings.withNodeName(container.nodeName());
    this.listener = builder.listener;
    this.window = largestWindow(settings.window(), GuestMemory::fits);
    FileTree tree = builder.fileTree;
    this.fileTree = tree != null ? tree : new FileTree(HostMount.of(List.of("/")));
    this.abi = PowerAbi.of(profile);
    this.syscalls = abi.syscalls(profile);
    this.keeper = new Timekeeper(profile, builder.timeSource, container == null ? -1 : 0);
    this.time = new MachineTime(keeper);
    this.formerKernels = new FormerKernels(profile, syscalls, builder.timeSource);
    this.timers = new TimerQueue(time);
    HandedPages given = builder.handedPages;
    VdsoImage image = builder.vdsoImage;
    this.handedPages =
        given != null
            ? given
            : image != null
                ? ProfilePages.of(profile, keeper, syscalls, image)
                : ProfilePages.of(profile, keeper, syscalls);
    this.pagesOutside = container == null ? handedPages : handedPages.elsewhere();
    this.lastPid = settings.firstPid() - 1;
    Long seed = settings.seed();
    this.random = seed == null ? new HostRandom() : new Random(seed);
    this.reachesNetwork = builder.reachesNetwork;
    this.engine = builder.engine;
    int rate = builder.preemptRate;
    Random chance = seed == null ? new Random() : new Random(seed);
    this.guestCpus = new GuestCpus(processors(), cpus != 0 || rate != 0, chance::nextLong);
    this.preemption = rate == 0 ? null : new Preemption(guestCpus, rate, chance::nextLong);
    SystemMounts.add(this);
  }

  /** Begins to build a machine that runs a kernel. */
  public static Builder builder(KernelProfile profile) {
    return new Builder(profile);
  }

  /** Which parts is a machine made of? Every part has a default. */
  public static final class Builder {
    private final KernelProfile profile;
    private Settings settings = Settings.defaults();
    private TimeSource timeSource = TimeSource.host();
    private KernelListener listener = new KernelListener() {};
    private @Nullable FileTree fileTree;
    private boolean reachesNetwork;
    private Engine engine = Engine.AUTO;
    private @Nullable HandedPages handedPages;
    private @Nullable VdsoImage vdsoImage;
    private int cpus;
    private int preemptRate;
    private RseqOwner rseqOwner = RseqOwner.AUTO;
    private @Nullable Container container;

    private Builder(KernelProfile profile) {
      this.profile = profile;
    }

    public Builder settings(Settings value) {
      settings = value;
      return this;
    }

    /** What makes time pass; the host's clocks by default. */
    public Builder timeSource(TimeSource value) {
      timeSource = value;
      return this;
    }

    public Builder listener(KernelListener value) {
      listener = value;
      return this;
    }

    /** What guests see of the host's files; the whole of them by default. */
    public Builder fileTree(FileTree value) {
      fileTree = value;
      return this;
    }

    /** Lets guests' TCP and UDP reach beyond the loopback interface; they do not by default. */
    public Builder reachesNetwork(boolean value) {
      reachesNetwork = value;
      return this;
    }

    /** Who executes guests' code; {@link Engine#AUTO} by default. */
    public Builder engine(Engine value) {
      engine = value;
      return this;
    }

    /** The profile's own by default; {@link HandedPages#NONE} for a kernel started with vdso=0. */
    public Builder handedPages(HandedPages value) {
      handedPages = value;
      return this;
    }

    /** The image in the profile's pages; its own by default. */
    public Builder vdsoImage(VdsoImage value) {
      vdsoImage = value;
      return this;
    }

    /**
     * How many CPUs the guest has, and at most so many of its threads run at a time; as many as the
     * host has by default. A kernel that can use fewer has fewer.
     */
    public Builder cpus(int value) {
      cpus = value;
      return this;
    }

    /** How often each running thread is preempted in a second although nobody needs its CPU. */
    public Builder preemptRate(int value) {
      preemptRate = value;
      return this;
    }

    /** Who may register areas for restartable sequences; whoever comes first by default. */
    public Builder rseqOwner(RseqOwner value) {
      rseqOwner = value;
      return this;
    }

    /** Puts all guests into a container; none by default. */
    public Builder container(@Nullable Container value) {
      container = value;
      return this;
    }

    /**
     * The machine.
     *
     * @throws HostLimit if the host has no room for a guest's address space
     */
    public Machine build() {
      return new Machine(this);
    }
  }

  /** The kernel this machine runs. */
  public KernelProfile profile() {
    return profile;
  }

  /** Who executes guests' code. */
  public Engine engine() {
    return engine;
  }

  /** The guest architecture's ABI. */
  public GuestAbi abi() {
    return abi;
  }

  /** The system calls of this kernel. */
  public SyscallTable syscalls() {
    return syscalls;
  }

  /** Where names of files lead. */
  public FileTree fileTree() {
    return fileTree;
  }

  public Terminals terminals() {
    return terminals;
  }

  /** Whether sockets reach beyond the loopback interface. */
  public boolean reachesNetwork() {
    return reachesNetwork;
  }

  public FutexTable futexes() {
    return futexes;
  }

  /** What holds all tasks still. */
  public Freezer freezer() {
    return freezer;
  }

  public HandedPages handedPages() {
    return handedPages;
  }

  /**
   * The pages of a kernel that a process was frozen under, their data kept up to date; null if
   * there is no such profile.
   */
  public @Nullable ProfilePages pagesOf(String kernel) {
    return formerKernels.pages(kernel);
  }

  /** What this kernel hands to processes outside of the guests' container: the same without one. */
  public HandedPages pagesOutside() {
    return pagesOutside;
  }

  /** The address space of this kernel's processes, cut to what the host can provide. */
  public KernelProfile.AddressSpace addressSpace() {
    return profile.memory().within(window);
  }

  /** Is there room for a number of address spaces of a size? */
  @FunctionalInterface
  interface Room {
    boolean fits(long size, int count);
  }

  /**
   * Looks how much address space the host grants, which may be limited by ulimit -v or by its
   * accounting of memory: the wanted size for sixteen processes at a time, or less, or for fewer
   * (exec needs room for two).
   */
  static long largestWindow(long wanted, Room room) {
    for (int processes : new int[] {16, 4, 2}) {
      for (long size = wanted; size >= Math.min(wanted, LEAST_WINDOW); size /= 2) {
        if (room.fits(size, processes)) {
          return size;
        }
      }
    }
    throw new HostLimit(
        "the host grants no address space for guests, not even %d MiB (ulimit -v, vm.overcommit_memory)"
            .formatted(LEAST_WINDOW >> 20));
  }

  /** Bytes of memory the guest is told the machine has. */
  public long memorySize() {
    return settings.memoryLimit();
  }

  /** The guest's CPUs, and which task has which. */
  public GuestCpus guestCpus() {
    return guestCpus;
  }

  /** Who may register areas for restartable sequences. */
  public RseqOwner rseqOwner() {
    return rseqOwner;
  }

  /** How many CPUs were asked for, 0 where the host decides. */
  public int askedCpus() {
    return askedCpus;
  }

  /** How many seconds of its clocks pass in one of the host's. */
  public double timeRate() {
    return timeRate;
  }

  /** Processors of the guest: those it was given, or the host's, that its kernel can use. */
  public int processors() {
    return profile.cpu().processors();
  }

  /** A process got a limit of processor time. */
  public void watchCpuLimits() {
    cpuLimits.watch();
  }

  /** Whether addresses are randomised. */
  public boolean randomizes() {
    return settings.randomize();
  }

  /** A random number; reproducible if the machine has a seed. */
  public long random() {
    return random.nextLong();
  }

  public void randomBytes(byte[] bytes) {
    random.nextBytes(bytes);
  }

  public Settings settings() {
    return settings;
  }

  public TimeService time() {
    return time;
  }

  /** All timers of the machine. */
  public TimerQueue timers() {
    return timers;
  }

  public KernelListener listener() {
    return listener;
  }

  /** Guards the process tree and all signal state. */
  public Object lock() {
    return lock;
  }

  // ---- processes ------------------------------------------------------------------------------

  /** The task of a thread id, or null. */
  public @Nullable Task task(int tid) {
    return tasks.get(tid);
  }

  /** The process of a pid, ended ones not yet waited for included, or null. */
  public @Nullable Process process(int pid) {
    synchronized (lock) {
      return processes.get(pid);
    }
  }

  /** All processes, the oldest first; a copy. */
  public Collection<Process> processes() {
    synchronized (lock) {
      return new ArrayList<>(processes.values());
    }
  }

  /** All living tasks; a copy. */
  public Collection<Task> tasks() {
    return List.copyOf(tasks.values());
  }

  public int taskCount() {
    return tasks.size();
  }

  private int newPid() {
    do {
      lastPid = lastPid >= 4194303 ? 300 : lastPid + 1;
    } while (tasks.containsKey(lastPid) || processes.containsKey(lastPid));
    return lastPid;
  }

  /**
   * Makes a process with one task that has not started; its registers are still to be set.
   *
   * @param parent null for a process that the machine itself starts
   * @throws Failure EAGAIN if there are too many tasks
   */
  public Task newProcess(
      @Nullable Process parent,
      GuestAbi abi,
      AddressSpace space,
      FileTable files,
      FsContext fs,
      Credentials credentials,
      SignalActions actions,
      Limits limits) {
    synchronized (lock) {
      checkRoom();
      return putProcess(newPid(), parent, abi, space, files, fs, credentials, actions, limits);
    }
  }

  /** Makes a process of a given pid, which must be free; see {@link #newProcess}. */
  public Task putProcess(
      int pid,
      @Nullable Process parent,
      GuestAbi abi,
      AddressSpace space,
      FileTable files,
      FsContext fs,
      Credentials credentials,
      SignalActions actions,
      Limits limits) {
    synchronized (lock) {
      Process process = new Process(this, pid, parent, abi, space, actions, limits);
      if (parent == null) {
        process.setGroup(pid, pid);
      } else {
        process.setGroup(parent.groupId(), parent.sessionId());
        parent.children().add(process);
      }
      Cpu cpu = newCpu(abi, space);
      Task task = new Task(this, process, pid, cpu, files, fs, credentials);
      process.add(task);
      processes.put(pid, process);
      tasks.put(pid, task);
      return task;
    }
  }

  /** Makes another task of a process; see {@link #newProcess}. */
  public Task newThread(Process process, FileTable files, FsContext fs, Credentials credentials) {
    synchronized (lock) {
      checkRoom();
      if (process.exiting()) {
        throw new Failure(Errno.EAGAIN);
      }
      return putThread(process, newPid(), files, fs, credentials);
    }
  }

  /** Makes a task of a given thread id, which must be free; see {@link #newThread}. */
  public Task putThread(
      Process process, int tid, FileTable files, FsContext fs, Credentials credentials) {
    synchronized (lock) {
      AddressSpace space = process.space();
      Cpu cpu = newCpu(process.abi(), space);
      Task task = new Task(this, process, tid, cpu, files, fs, credentials);
      process.add(task);
      tasks.put(task.tid(), task);
      return task;
    }
  }

  /** Makes a process that has ended and that its parent has yet to wait for. */
  public void putEnded(int pid, Process parent, int status, int exitSignal) {
    synchronized (lock) {
      Process process =
          new Process(this, pid, parent, abi, parent.space(), new SignalActions(), new Limits());
      process.restoreEnded(status, parent.uid());
      process.setExitSignal(exitSignal);
      parent.children().add(process);
      processes.put(pid, process);
    }
  }

  private Cpu newCpu(GuestAbi abi, AddressSpace space) {
    Cpu cpu = new Cpu(abi.isa(), space.memory(), space.code());
    cpu.setTimebase(time::timebase);
    cpu.setTimebaseCounter(time.counterCell(), time.ticksPerSecond());
    return cpu;
  }

  void becomeLeader(Task task) {
    synchronized (lock) {
      tasks.remove(task.tid());
      task.becomeLeader();
      tasks.put(task.tid(), task);
    }
  }

  private void checkRoom() {
    if (tasks.size() >= settings.mostTasks()) {
      throw new Failure(Errno.EAGAIN);
    }
  }

  void forget(Task task) {
    tasks.remove(task.tid());
  }

  void forget(Process process) {
    synchronized (lock) {
      processes.remove(process.pid());
      lock.notifyAll();
    }
  }

  /** Finds new parents for the children of a process that ends; under the lock. */
  void adoptChildrenOf(Process process) {
    Process reaper = process.parent();
    while (reaper != null && (!reaper.subreaper() || reaper.ended())) {
      reaper = reaper.parent();
    }
    for (Process child : List.copyOf(process.children())) {
      process.children().remove(child);
      for (Task task : child.tasks()) {
        if (task.deathSignal() != 0) {
          Delivery.send(
              task, SigInfo.sent(task.deathSignal(), SigInfo.SI_USER, process.pid(), 0, 0));
        }
      }
      child.adopt(reaper);
    }
  }

  /** What a session leader's end does to its terminal's process group; under the lock. */
  void hangUp(Process process) {
    if (process.pid() == process.sessionId()) {
      terminals.leaderEnded(process);
    }
  }

  /** The last things a task does in guest memory. */
  void taskEnding(Task task) {
    RobustList.release(task, futexes);
    long address = task.clearChildTid();
    if (address != 0 && task.tryStore32(address, 0) && (address & 3) == 0) {
      futexes.wake(task, address, false, 1, FutexTable.ALL_BITS);
    }
  }

  /** The user who runs the JVM, in all roles. */
  public static Credentials hostCredentials() {
    return Credentials.of(HOST_USER, HOST_GROUP);
  }

  /**
   * Runs a program on the host's standard streams until it ends.
   *
   * @param path inside the guest's root
   * @param argv the arguments, {@code argv[0]} included
   * @param environment {@code NAME=VALUE} texts
   * @param directory current directory inside the guest's root
   * @return the wait status: exit code times 256, or the signal, plus 128 if it dumped core
   * @throws Failure with execve(2)'s errors if it cannot be started
   */
  public int run(String path, List<String> argv, List<String> environment, String directory)
      throws InterruptedException {
    FileTable files = HostStream.standardTable(this);
    Arguments arguments =
        new Arguments(
            argv.stream().map(GuestText::fromHost).toList(),
            environment.stream().map(GuestText::fromHost).toList());
    Process process =
        start(
            GuestText.fromHost(path),
            arguments,
            files,
            new FsContext(GuestText.fromHost(directory), 022),
            hostCredentials(),
            new Limits());
    int status = await(process);
    close();
    return status;
  }

  /**
   * Starts the machine's first program; the caller has prepared descriptors and directory.
   *
   * @param path inside the guest's root
   * @return its process, already running
   * @throws Failure with execve(2)'s errors
   */
  public Process start(
      String path,
      Arguments arguments,
      FileTable files,
      FsContext fs,
      Credentials credentials,
      Limits limits) {
    Layout nothing = new Layout(4096, 1 << 16, 0, 0, false, 0, 0, profile.mapping());
    AddressSpace empty =
        new AddressSpace(
            nothing, 1 << 16, abi.wide(), abi.bigEndian(), 0, () -> 0, Engine.INTERPRET);
    SignalActions actions = new SignalActions();
    Task task = newProcess(null, abi, empty, files, fs, credentials, actions, limits);
    abi.setFloatTraps(task, abi.initialFloatTraps(profile));
    Arguments checked = arguments.checked(Exec.argumentRoom(task.process()));
    try {
      Exec.execute(task, AT_FDCWD, path, 0, checked);
    } catch (Failure failure) {
      forget(task);
      forget(task.process());
      throw failure;
    } catch (OutOfMemoryError e) {
      throw new HostLimit(String.valueOf(e.getMessage()));
    }
    terminals.adopt(task.process());
    task.start();
    return task.process();
  }

  /** Lets tasks run that were made of saved ones; the root has the host's terminal. */
  public void go(Process root, List<Task> tasks) {
    terminals.adopt(root);
    tasks.forEach(Task::start);
  }

  /** Waits until a process has ended, and returns its wait status. */
  public int await(Process process) throws InterruptedException {
    synchronized (lock) {
      while (!process.ended()) {
        lock.wait(1000);
      }
    }
    return process.status();
  }

  /** Ends all processes. */
  @Override
  public void close() {
    terminals.close();
    for (Process process : processes()) {
      Delivery.send(process, SigInfo.kernel(Signals.SIGKILL));
    }
    timers.close();
    if (preemption != null) {
      preemption.close();
    }
    keeper.close();
    formerKernels.close();
  }

  // ---- diagnostics ----------------------------------------------------------------------------

  /** Reports something that a guest asked for and did not get; once for each text. */
  public void unsupported(Task task, String what) {
    if (reported.add(what)) {
      listener.unsupported(task, what);
    }
  }

  /** An exception of ours in a guest thread: one line, and the process is killed. */
  void internalError(Task task, Throwable error) {
    StackTraceElement[] trace = error.getStackTrace();
    String where = trace.length > 0 ? " at " + trace[0] : "";
    settings
        .diagnostics()
        .println(
            "vestibule: internal error in process " + task.process().pid() + ": " + error + where);
    if (settings.debug()) {
      error.printStackTrace(settings.diagnostics());
    }
    task.process().groupExit(Signals.SIGKILL);
  }
}
