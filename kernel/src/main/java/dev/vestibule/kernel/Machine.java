package dev.vestibule.kernel;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SignalActions;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.time.TimeService;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What is one booted kernel? Its processes, time, settings and listeners. Everything that processes
 * see of each other (process tree, signals) is guarded by {@link #lock}, a lock that is never held
 * while anything waits.
 */
public final class Machine implements AutoCloseable {
  private final Object lock = new Object();
  private final Map<Integer, Task> tasks = new ConcurrentHashMap<>();
  private final Map<Integer, Process> processes = new LinkedHashMap<>();
  private final Map<GuestAbi, SyscallTable> tables = new ConcurrentHashMap<>();
  private final Set<String> reported = ConcurrentHashMap.newKeySet();
  private final Settings settings;
  private final TimeService time;
  private final KernelListener listener;
  private int lastPid;

  /**
   * What a machine is built from.
   *
   * @param release what uname(2) says
   * @param mostTasks guest threads that may exist at a time
   * @param memoryLimit private writable bytes one process may have
   * @param window size of a 64-bit guest's address space in bytes
   * @param firstPid pid of the first process
   * @param seed what random numbers come from, or null for the host's randomness
   * @param debug whether internal errors show their stack traces
   */
  public record Settings(
      Release release,
      int mostTasks,
      long memoryLimit,
      long window,
      int firstPid,
      @Nullable Long seed,
      boolean debug,
      PrintStream diagnostics) {

    /** What suits a test: Linux 6.1, moderate limits. */
    public static Settings defaults() {
      return new Settings(
          Release.of("6.1.0"),
          4096,
          Math.max(1L << 30, Runtime.getRuntime().maxMemory() * 8),
          1L << 38,
          (int) ProcessHandle.current().pid(),
          null,
          false,
          System.err);
    }
  }

  public Machine(Settings settings, TimeService time, KernelListener listener) {
    this.settings = settings;
    this.time = time;
    this.listener = listener;
    this.lastPid = settings.firstPid() - 1;
  }

  public Settings settings() {
    return settings;
  }

  public TimeService time() {
    return time;
  }

  public KernelListener listener() {
    return listener;
  }

  /** Guards the process tree and all signal state. */
  public Object lock() {
    return lock;
  }

  SyscallTable syscalls(GuestAbi abi) {
    return tables.computeIfAbsent(abi, a -> a.syscalls(settings.release()));
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
      int pid = newPid();
      Process process = new Process(this, pid, parent, abi, space, actions, limits);
      if (parent == null) {
        process.setGroup(pid, pid);
      } else {
        process.setGroup(parent.groupId(), parent.sessionId());
        parent.children().add(process);
      }
      Cpu cpu = new Cpu(abi.isa(), space.memory(), space.code());
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
      AddressSpace space = process.space();
      Cpu cpu = new Cpu(process.abi().isa(), space.memory(), space.code());
      Task task = new Task(this, process, newPid(), cpu, files, fs, credentials);
      process.add(task);
      tasks.put(task.tid(), task);
      return task;
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
      child.adopt(reaper);
    }
  }

  /** What a session leader's end does to its terminal's process group; under the lock. */
  void hangUp(Process process) {}

  int uidOf(Process process) {
    Task task = process.anyTask();
    return task == null ? 0 : task.credentials().uid();
  }

  /** The last things a task does in guest memory. */
  void taskEnding(Task task) {
    if (task.clearChildTid() != 0) {
      task.tryStore32(task.clearChildTid(), 0);
    }
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
    for (Process process : processes()) {
      Delivery.send(process, SigInfo.kernel(Signals.SIGKILL));
    }
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
        .println("vestibule: internal error in process " + task.process().pid() + ": " + error + where);
    if (settings.debug()) {
      error.printStackTrace(settings.diagnostics());
    }
    task.process().groupExit(Signals.SIGKILL);
  }
}
