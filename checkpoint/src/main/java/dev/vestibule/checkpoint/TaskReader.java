package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.CredsEntry;
import dev.vestibule.checkpoint.schema.ItimerEntry;
import dev.vestibule.checkpoint.schema.PosixTimerEntry;
import dev.vestibule.checkpoint.schema.RlimitEntry;
import dev.vestibule.checkpoint.schema.RseqEntry;
import dev.vestibule.checkpoint.schema.SaEntry;
import dev.vestibule.checkpoint.schema.SiginfoEntry;
import dev.vestibule.checkpoint.schema.SignalQueueEntry;
import dev.vestibule.checkpoint.schema.TaskCoreEntry;
import dev.vestibule.checkpoint.schema.ThreadCoreEntry;
import dev.vestibule.kernel.Credentials;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.rseq.Rseq;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.kernel.signal.SignalActions;
import dev.vestibule.kernel.signal.SignalQueue;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.time.Clock;
import dev.vestibule.kernel.time.GuestTimer;
import dev.vestibule.kernel.time.PosixTimer;
import dev.vestibule.kernel.time.ProcessTimers;
import dev.vestibule.profile.Architecture;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Do core images tell of tasks that could be, and how do such tasks come to be? */
final class TaskReader {
  private static final int MOST_PENDING = 1 << 16;
  private static final int MOST_GROUPS = 1 << 16; // NGROUPS_MAX
  private static final int ACTIONS = Signals.LAST - 2;

  private TaskReader() {}

  // ---- checking ---------------------------------------------------------------------------------

  static void check(Entry<CoreEntry> entry, Architecture architecture) throws ImageException {
    CoreEntry core = entry.message();
    entry.check(
        core.getVestibule().getMachine().equals(architecture.id()),
        "vestibule.machine",
        "is not that of the inventory");
    PowerRegisters.check(entry);
    entry.check(core.hasThreadCore(), "thread_core", "is missing");
    ThreadCoreEntry thread = core.getThreadCore();
    entry.check(thread.hasCreds(), "thread_core.creds", "is missing");
    entry.check(
        thread.getCreds().getGroupsCount() <= MOST_GROUPS,
        "thread_core.creds.groups",
        "too many groups");
    check(entry, "thread_core.signals_p", thread.getSignalsP());
    for (int processor : core.getVestibule().getAffinityList()) {
      entry.check(
          processor >= 0 && processor < 1 << 13, "vestibule.affinity", processor + " is none");
    }
  }

  private static void check(Entry<CoreEntry> entry, String field, SignalQueueEntry queue)
      throws ImageException {
    entry.check(queue.getSignalsCount() <= MOST_PENDING, field, "too many signals");
    for (SiginfoEntry signal : queue.getSignalsList()) {
      entry.check(
          signal.getSiginfo().size() == SigInfoLayout.SIZE,
          field,
          signal.getSiginfo().size() + " bytes are no siginfo");
    }
  }

  static void checkLeader(Entry<CoreEntry> entry) throws ImageException {
    TaskCoreEntry tc = entry.message().getTc();
    int state = tc.getTaskState();
    entry.check(
        state == TaskWriter.ALIVE || state == TaskWriter.STOPPED,
        "tc.task_state",
        state + " is not that of a living process");
    entry.check(
        state == TaskWriter.ALIVE || Signals.valid(tc.getStopSigno()),
        "tc.stop_signo",
        tc.getStopSigno() + " is no signal");
    check(entry, "tc.signals_s", tc.getSignalsS());
    entry.check(
        tc.getRlimits().getRlimitsCount() == Limits.COUNT,
        "tc.rlimits",
        tc.getRlimits().getRlimitsCount() + " limits, not " + Limits.COUNT);
    entry.check(
        tc.getSigactionsCount() == ACTIONS,
        "tc.sigactions",
        tc.getSigactionsCount() + " signals, not " + ACTIONS);
    check(entry, "tc.timers.real", tc.getTimers().getReal());
    check(entry, "tc.timers.virt", tc.getTimers().getVirt());
    check(entry, "tc.timers.prof", tc.getTimers().getProf());
    checkPosix(entry, tc.getTimers().getPosixList());
  }

  private static void checkPosix(Entry<CoreEntry> entry, List<PosixTimerEntry> timers)
      throws ImageException {
    String field = "tc.timers.posix";
    Set<Integer> ids = new HashSet<>();
    for (PosixTimerEntry timer : timers) {
      entry.check(
          timer.getItId() >= 0 && ids.size() < MOST_PENDING && ids.add(timer.getItId()),
          field,
          "timer " + timer.getItId() + " is there twice, or none");
      entry.check(
          timer.getSiSigno() == 0 || Signals.valid(timer.getSiSigno()),
          field,
          timer.getSiSigno() + " is no signal");
      entry.check(
          Nanos.valid(timer.getIsec(), timer.getInsec(), Nanos.SECOND)
              && Nanos.valid(timer.getVsec(), timer.getVnsec(), Nanos.SECOND),
          field,
          "is no time");
    }
  }

  private static void check(Entry<CoreEntry> entry, String field, ItimerEntry timer)
      throws ImageException {
    long million = 1_000_000;
    entry.check(
        Nanos.valid(timer.getIsec(), timer.getIusec(), million)
            && Nanos.valid(timer.getVsec(), timer.getVusec(), million),
        field,
        "is no time");
  }

  // ---- making -----------------------------------------------------------------------------------

  static Limits limits(TaskCoreEntry tc) {
    Limits limits = new Limits();
    int resource = 0;
    for (RlimitEntry limit : tc.getRlimits().getRlimitsList()) {
      limits.set(resource++, limit.getCur(), limit.getMax());
    }
    return limits;
  }

  static SignalActions actions(TaskCoreEntry tc) {
    SignalActions actions = new SignalActions();
    int next = 0;
    for (int signal = 1; signal <= Signals.LAST; signal++) {
      if (!Signals.contains(Signals.UNSTOPPABLE, signal)) {
        SaEntry action = tc.getSigactions(next++);
        actions.set(
            signal,
            new SignalAction(
                action.getSigaction(), action.getFlags(), action.getRestorer(), action.getMask()));
      }
    }
    return actions;
  }

  static Credentials credentials(ThreadCoreEntry thread) {
    CredsEntry c = thread.getCreds();
    return new Credentials(
        c.getUid(),
        c.getEuid(),
        c.getSuid(),
        c.getFsuid(),
        c.getGid(),
        c.getEgid(),
        c.getSgid(),
        c.getFsgid(),
        List.copyOf(c.getGroupsList()));
  }

  /** What is a process's own besides memory and files. */
  static void restore(CoreEntry core, Process process, Task leader, String program) {
    TaskCoreEntry tc = core.getTc();
    boolean stopped = tc.getTaskState() == TaskWriter.STOPPED;
    process.restore(
        program,
        tc.getVestibule().getExecuted(),
        stopped ? tc.getStopSigno() : 0,
        tc.getVestibule().getNoNewPrivs());
    process.setPersonality(tc.getPersonality());
    process.setSubreaper(tc.getChildSubreaper());
    process.setExitSignal(tc.getVestibule().getExitSignal());
    queue(tc.getSignalsS(), leader, process.pending());
    start(process, ProcessTimers.REAL, tc.getTimers().getReal());
    start(process, ProcessTimers.VIRTUAL, tc.getTimers().getVirt());
    start(process, ProcessTimers.PROF, tc.getTimers().getProf());
  }

  private static void start(Process process, int which, ItimerEntry timer) {
    long left = Nanos.ofMicros(timer.getVsec(), timer.getVusec());
    if (left != 0) {
      process
          .timers()
          .interval(which)
          .set(left, false, Nanos.ofMicros(timer.getIsec(), timer.getIusec()));
    }
  }

  /** The timers of timer_create(2), once all threads are there. */
  static void restoreTimers(CoreEntry core, Process process, Task leader) throws FreezeRefusal {
    for (PosixTimerEntry timer : core.getTc().getTimers().getPosixList()) {
      Clock clock = Clock.of(leader, timer.getClockId());
      Task target = null;
      if (timer.hasNotifyThreadId()) {
        target = leader.machine().task(timer.getNotifyThreadId());
      }
      if (clock == null || timer.hasNotifyThreadId() && target == null) {
        throw new FreezeRefusal(
            "process %d has a timer of a clock or for a thread that is not there"
                .formatted(process.pid()));
      }
      process
          .timers()
          .restore(
              new PosixTimer.Saved(
                  timer.getItId(),
                  timer.getClockId(),
                  timer.getSiSigno(),
                  timer.getSivalPtr(),
                  timer.getNotifyThreadId(),
                  Math.max(0, timer.getOverrun()),
                  new GuestTimer.Setting(
                      Nanos.of(timer.getVsec(), timer.getVnsec()),
                      Nanos.of(timer.getIsec(), timer.getInsec()))),
              clock,
              target);
    }
  }

  /** What is a thread's own. */
  static void restore(CoreEntry core, Task task) throws FreezeRefusal {
    ThreadCoreEntry thread = core.getThreadCore();
    task.setComm(Texts.text(thread.getCommBytes()));
    task.setRobustList(thread.getFutexRla(), Integer.toUnsignedLong(thread.getFutexRlaLen()));
    task.setNice(Math.clamp(thread.getSchedNice(), -20, 19));
    task.setPolicy(thread.getSchedPolicy(), thread.getSchedPrio());
    task.setDeathSignal(Signals.valid(thread.getPdeathSig()) ? thread.getPdeathSig() : 0);
    task.setClearChildTid(core.getTiPpc64().getClearTidAddr());
    task.signals().setBlocked(thread.getBlkSigset());
    task.signals()
        .setStack(
            thread.getSas().getSsSp(), thread.getSas().getSsSize(), thread.getSas().getSsFlags());
    queue(thread.getSignalsP(), task, task.signals().pending());
    affinity(core, task);
    PowerRegisters.restore(core, task);
    task.showProcessor();
    rseq(thread.getRseqEntry(), task);
    task.notice();
  }

  private static void affinity(CoreEntry core, Task task) {
    BitSet wanted = new BitSet();
    int processors = task.machine().processors();
    for (int processor : core.getVestibule().getAffinityList()) {
      if (processor < processors) {
        wanted.set(processor);
      }
    }
    if (!wanted.isEmpty()) {
      task.setAffinity(wanted);
    }
  }

  private static void rseq(RseqEntry rseq, Task task) throws FreezeRefusal {
    if (rseq.getRseqAbiPointer() == 0) {
      return;
    }
    if (task.process().syscalls().number("rseq") < 0) {
      throw new FreezeRefusal(
          ("thread %d has registered restartable sequences, which kernel %s has not"
                  + " (--rseq emulate keeps them up)")
              .formatted(task.tid(), task.machine().profile().name()));
    }
    task.rseq()
        .restore(
            new Rseq.Registration(
                rseq.getRseqAbiPointer(), rseq.getRseqAbiSize(), rseq.getSignature()));
  }

  private static void queue(SignalQueueEntry queue, Task task, SignalQueue pending) {
    for (SiginfoEntry signal : queue.getSignalsList()) {
      Struct s = task.abi().struct(SigInfoLayout.SIZE);
      signal.getSiginfo().copyTo(s.bytes(), 0);
      if (Signals.valid(s.i32(0))) {
        pending.add(SigInfoLayout.parse(task.abi(), s, s.i32(0)), true);
      }
    }
  }
}
