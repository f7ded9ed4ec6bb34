package dev.vestibule.observe.gdb;

import dev.vestibule.cpu.Watchpoints;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.trace.TraceStop;
import dev.vestibule.kernel.trace.TracedMemory;
import dev.vestibule.kernel.trace.Tracee;
import dev.vestibule.kernel.trace.Tracer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which guest threads does gdb hold, which of them run, and which stop is it told of? gdb's
 * "all-stop": either some threads run and it waits, or all of them rest.
 */
final class Inferiors implements Tracer {
  private static final int OPTIONS =
      Tracee.TRACE_SYSGOOD
          | 1 << TraceStop.EVENT_FORK
          | 1 << TraceStop.EVENT_VFORK
          | 1 << TraceStop.EVENT_CLONE
          | Tracee.TRACE_EXEC
          | Tracee.TRACE_VFORK_DONE;

  private final Machine machine;
  private final Object lock;
  private final Runnable wake;
  private final Breakpoints breakpoints = new Breakpoints();
  private final List<GuestThread> threads = new ArrayList<>();
  private final ArrayDeque<String> endings = new ArrayDeque<>();

  /** Processes whose fork gdb has not heard of; what they do is not told before, and they wait. */
  private final Set<Integer> unannounced = new HashSet<>();

  private final Set<Integer> passed = new HashSet<>();
  private Features features = new Features(false, false, false, false);
  private @Nullable Set<Integer> caught;
  private boolean resumed;
  private boolean interrupted;

  /** What a client understands besides the least. */
  record Features(boolean forks, boolean vforks, boolean execs, boolean noResumed) {}

  /**
   * What a thread shall do next.
   *
   * @param signal the Linux signal it takes, or 0
   */
  record Action(ThreadId who, char kind, int signal, long from, long to) {}

  Inferiors(Machine machine, Runnable wake) {
    this.machine = machine;
    this.lock = machine.lock();
    this.wake = wake;
  }

  // ---- Tracer: on the threads of the guest, under the lock
  // ----------------------------------------

  @Override
  public void stopped(Tracee tracee) {
    lock.notifyAll();
    wake.run();
  }

  @Override
  public int id() {
    return 0;
  }

  @Override
  public void began(Tracee tracee) {
    GuestThread thread = new GuestThread(tracee);
    if (threads.stream().noneMatch(other -> other.pid() == thread.pid())) {
      unannounced.add(thread.pid());
    }
    threads.add(thread);
  }

  @Override
  public void ended(Tracee tracee, int status, boolean process) {
    GuestThread thread = find(tracee);
    if (thread != null) {
      threads.remove(thread);
      if (process) {
        breakpoints.forget(thread.space);
        endings.add(ending(tracee.task().process().pid(), status));
      }
    }
    lock.notifyAll();
    wake.run();
  }

  @Override
  public void replaced(Tracee tracee) {
    threads.removeIf(thread -> thread.tracee == tracee);
  }

  @Override
  public boolean hidesEnd(Tracee leader) {
    return false;
  }

  private static String ending(int pid, int status) {
    int signal = status & 0x7f;
    String what =
        signal == 0
            ? "W%02x".formatted(status >> 8 & 0xff)
            : "X%02x".formatted(GdbSignals.toGdb(signal));
    return what + ";process:" + Integer.toHexString(pid);
  }

  private @Nullable GuestThread find(Tracee tracee) {
    for (GuestThread thread : threads) {
      if (thread.tracee == tracee) {
        return thread;
      }
    }
    return null;
  }

  // ---- what there is
  // ------------------------------------------------------------------------------

  Machine machine() {
    return machine;
  }

  Breakpoints breakpoints() {
    return breakpoints;
  }

  void setFeatures(Features understood) {
    features = understood;
  }

  /** Signals that gdb does not want to hear of; Linux's numbers. */
  void pass(Set<Integer> signals) {
    synchronized (lock) {
      passed.clear();
      passed.addAll(signals);
    }
  }

  /** System calls that gdb wants to hear of: none for null, all for an empty set. */
  void catchCalls(@Nullable Set<Integer> numbers) {
    synchronized (lock) {
      caught = numbers;
    }
  }

  /** All threads, the oldest first; a copy. */
  List<GuestThread> threads() {
    synchronized (lock) {
      return List.copyOf(threads);
    }
  }

  /** A thread that is meant, or null. */
  @Nullable GuestThread find(ThreadId id) {
    synchronized (lock) {
      for (GuestThread thread : threads) {
        if (id.matches(thread.pid(), thread.tid())) {
          return thread;
        }
      }
      return null;
    }
  }

  boolean resumed() {
    synchronized (lock) {
      return resumed;
    }
  }

  // ---- attaching and letting go
  // -------------------------------------------------------------------

  /** Traces a task that has not begun, and keeps it from that. */
  void hold(Task task) {
    synchronized (lock) {
      Tracee tracee = Tracee.attach(task, this, true, OPTIONS);
      if (tracee != null) {
        threads.add(new GuestThread(tracee));
        tracee.interrupt();
      }
    }
  }

  /** Stops everything that lives, for a client that comes. */
  void holdAll() throws InterruptedException {
    synchronized (lock) {
      endings.clear();
      unannounced.clear();
      for (Process process : machine.processes()) {
        for (Task task : process.tasks()) {
          hold(task); // one that is traced already stays as it is
        }
      }
      stopAll();
      resumed = false;
    }
  }

  /** Lets a process go, or all for -1; returns false if there is none. */
  boolean detach(int pid) {
    synchronized (lock) {
      boolean found = false;
      for (GuestThread thread : List.copyOf(threads)) {
        if (pid != -1 && thread.pid() != pid) {
          continue;
        }
        found = true;
        threads.remove(thread);
        boolean used = threads.stream().anyMatch(other -> other.space == thread.space);
        if (!used) {
          breakpoints.removeAll(thread.space);
          endWatching(thread.space);
        }
        SigInfo signal = thread.untold ? untoldSignal(thread.tracee.stop()) : null;
        thread.tracee.forgetInterrupt();
        thread.tracee.detach(signal);
      }
      return found;
    }
  }

  private static void endWatching(AddressSpace space) {
    Watchpoints watches = space.memory().watchpoints();
    if (watches != null && space.tryShare()) {
      watches.clear();
      space.leave();
    }
  }

  /** A signal that gdb has had no say in, which goes its way; not a trap, which gdb has made. */
  private static @Nullable SigInfo untoldSignal(@Nullable TraceStop stop) {
    if (stop == null || stop.kind() != TraceStop.Kind.SIGNAL) {
      return null;
    }
    return stop.signal() == Signals.SIGTRAP ? null : stop.info();
  }

  /** Kills a process, or all for -1, and waits for its end, which is not told. */
  void kill(int pid) throws InterruptedException {
    synchronized (lock) {
      List<GuestThread> victims =
          threads.stream().filter(thread -> pid == -1 || thread.pid() == pid).toList();
      for (GuestThread thread : victims) {
        Delivery.send(thread.task().process(), SigInfo.kernel(Signals.SIGKILL));
      }
      while (victims.stream().anyMatch(threads::contains)) {
        lock.wait();
      }
      String suffix = ";process:" + Integer.toHexString(pid);
      endings.removeIf(ending -> pid == -1 || ending.endsWith(suffix));
    }
  }

  // ---- running
  // ------------------------------------------------------------------------------------

  /** Lets threads go on; each does what the first action says that means it. */
  void resume(List<Action> actions) {
    synchronized (lock) {
      resumed = true;
      interrupted = false;
      for (GuestThread thread : threads) {
        if (!thread.running) {
          for (Action action : actions) {
            if (action.who().matches(thread.pid(), thread.tid())) {
              resume(thread, action);
              break;
            }
          }
        }
      }
    }
  }

  private void resume(GuestThread thread, Action action) {
    if (action.kind() == 't') {
      return;
    }
    boolean steps = action.kind() != 'c';
    thread.way = steps ? Tracee.Resume.STEP : way();
    thread.rangeStart = action.from();
    thread.rangeEnd = action.to();
    thread.running = true;
    if (thread.untold) {
      thread.untold = false; // gdb hears of its stop first
      return;
    }
    TraceStop stop = thread.tracee.stop();
    if (stop == null) {
      thread.tracee.forgetInterrupt(); // it waits for its vfork child
      return;
    }
    SigInfo info = null;
    if (action.signal() != 0) {
      info = stop.info();
      if (info == null || info.signal() != action.signal()) {
        info = SigInfo.sent(action.signal(), SigInfo.SI_USER, 0, 0, 0);
      }
    }
    thread.tracee.resume(thread.way, info);
  }

  private Tracee.Resume way() {
    return caught == null ? Tracee.Resume.CONTINUE : Tracee.Resume.SYSCALL;
  }

  /** gdb wants everything stopped. */
  void interrupt() {
    synchronized (lock) {
      interrupted = true;
    }
  }

  /**
   * What gdb is to be told now: a stop reply, after which all threads rest, or null while nothing
   * has happened.
   */
  @Nullable String event() throws InterruptedException {
    synchronized (lock) {
      if (!resumed) {
        return null;
      }
      String reply = firstEnding();
      if (reply == null) {
        reply = firstStop();
      }
      if (reply == null && interrupted) {
        stopAll();
        reply = firstEnding();
        if (reply == null && !threads.isEmpty()) {
          GuestThread first = threads.get(0);
          reply = "T" + two(GdbSignals.toGdb(Signals.SIGINT)) + "thread:" + first.id() + ";";
        }
      }
      if (reply == null && features.noResumed() && threads.stream().noneMatch(t -> t.running)) {
        reply = "N";
      }
      if (reply == null) {
        return null;
      }
      stopAll();
      resumed = false;
      return reply;
    }
  }

  private @Nullable String firstEnding() {
    for (String ending : endings) {
      int pid = Integer.parseInt(ending.substring(ending.indexOf(':') + 1), 16);
      if (!unannounced.contains(pid)) {
        endings.remove(ending);
        return ending;
      }
    }
    return null;
  }

  private @Nullable String firstStop() {
    for (GuestThread thread : List.copyOf(threads)) {
      TraceStop stop = thread.tracee.stop();
      if (thread.running && stop != null && !unannounced.contains(thread.pid())) {
        String reply = judge(thread, stop);
        if (reply != null) {
          thread.running = false;
          return reply;
        }
      }
    }
    return null;
  }

  /** Stops all threads; those that stop for a reason of their own tell it when they are resumed. */
  private void stopAll() throws InterruptedException {
    for (GuestThread thread : threads) {
      if (thread.running && thread.tracee.stop() == null) {
        thread.tracee.interrupt();
      }
    }
    while (threads.stream().anyMatch(thread -> !thread.tracee.still())) {
      lock.wait();
    }
    for (GuestThread thread : threads) {
      TraceStop stop = thread.tracee.stop();
      if (thread.running) {
        thread.running = false;
        thread.untold = stop != null && stop.event() != TraceStop.EVENT_STOP;
        if (thread.untold) {
          thread.tracee.forgetInterrupt();
        }
      }
    }
  }

  // ---- what a stop means
  // --------------------------------------------------------------------------

  /** The stop reply for a stop, or null if the thread has been sent on. */
  private @Nullable String judge(GuestThread thread, TraceStop stop) {
    switch (stop.kind()) {
      case SIGNAL -> {
        return judgeSignal(thread, stop);
      }
      case SYSCALL_ENTRY, SYSCALL_EXIT -> {
        int number = (int) thread.task().abi().syscallNumber(thread.task().cpu());
        if (caught != null && (caught.isEmpty() || caught.contains(number))) {
          boolean entry = stop.kind() == TraceStop.Kind.SYSCALL_ENTRY;
          String what = entry ? "syscall_entry:" : "syscall_return:";
          return trap(thread, what + Integer.toHexString(number) + ";");
        }
      }
      case EVENT -> {
        String reply = judgeEvent(thread, stop);
        if (reply != null) {
          return reply;
        }
      }
      case GROUP -> {} // gdb has been told of the signal, and sent it on
    }
    thread.tracee.resume(thread.way, null);
    return null;
  }

  private @Nullable String judgeSignal(GuestThread thread, TraceStop stop) {
    SigInfo info = stop.info();
    long pc = thread.task().cpu().pc();
    if (info != null && stop.signal() == Signals.SIGTRAP) {
      if (info.code() == SigInfo.TRAP_TRACE && inRange(thread, pc)) {
        thread.tracee.resume(Tracee.Resume.STEP, null);
        return null;
      }
      if (info.code() == SigInfo.TRAP_HWBKPT) {
        return trap(thread, watched(thread, info.address()));
      }
      if (info.code() == SigInfo.TRAP_BRKPT) {
        boolean ours = breakpoints.at(thread.space, pc);
        if (!ours && !isTrap(thread, pc)) {
          thread.tracee.resume(thread.way, null); // taken away meanwhile
          return null;
        }
        return trap(thread, ours ? "swbreak:;" : "");
      }
      return trap(thread, "");
    }
    if (passed.contains(stop.signal())) {
      thread.tracee.resume(thread.way, info);
      return null;
    }
    return reply(thread, stop.signal(), "");
  }

  private static String watched(GuestThread thread, long address) {
    Watchpoints watches = thread.space.memory().watchpoints();
    Watchpoints.Watch watch = watches == null ? null : watches.at(address);
    if (watch == null) {
      return "";
    }
    String kind = !watch.loads() ? "watch:" : watch.stores() ? "awatch:" : "rwatch:";
    return kind + Long.toHexString(address) + ";";
  }

  private static boolean inRange(GuestThread thread, long pc) {
    return Long.compareUnsigned(pc, thread.rangeStart) >= 0
        && Long.compareUnsigned(pc, thread.rangeEnd) < 0;
  }

  private static boolean isTrap(GuestThread thread, long pc) {
    byte[] trap = thread.task().abi().breakpoint();
    byte[] there = new byte[trap.length];
    int length = TracedMemory.read(thread.space, pc, there, 0, there.length);
    return length == trap.length && Arrays.equals(trap, there);
  }

  private @Nullable String judgeEvent(GuestThread thread, TraceStop stop) {
    switch (stop.event()) {
      case 0 -> {
        return trap(thread, ""); // stepped into a handler
      }
      case TraceStop.EVENT_FORK, TraceStop.EVENT_VFORK -> {
        boolean vfork = stop.event() == TraceStop.EVENT_VFORK;
        int pid = (int) stop.message();
        Task child = machine.task(pid);
        GuestThread born = child == null ? null : findByTask(child);
        unannounced.remove(pid);
        if (born == null) {
          String suffix = ";process:" + Integer.toHexString(pid);
          endings.removeIf(ending -> ending.endsWith(suffix));
          return null;
        }
        breakpoints.copy(thread.space, born.space);
        if (vfork ? features.vforks() : features.forks()) {
          return trap(thread, (vfork ? "vfork:" : "fork:") + born.id() + ";");
        }
        detach(born.pid());
        return null;
      }
      case TraceStop.EVENT_VFORK_DONE -> {
        return features.vforks() ? trap(thread, "vforkdone:;") : null;
      }
      case TraceStop.EVENT_EXEC -> {
        breakpoints.forget(thread.space);
        thread.space = thread.task().process().space();
        String path = Hex.ofText(thread.task().process().executable());
        return trap(thread, features.execs() ? "exec:" + path + ";" : "");
      }
      default -> {
        return null; // a new thread, or nobody waits for this interrupt any longer
      }
    }
  }

  private @Nullable GuestThread findByTask(Task task) {
    Tracee tracee = task.tracee();
    return tracee == null ? null : find(tracee);
  }

  private String trap(GuestThread thread, String what) {
    return reply(thread, Signals.SIGTRAP, what);
  }

  private String reply(GuestThread thread, int signal, String what) {
    return "T" + two(GdbSignals.toGdb(signal)) + what + "thread:" + thread.id() + ";";
  }

  private static String two(int number) {
    return "%02x".formatted(number);
  }
}
