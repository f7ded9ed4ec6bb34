package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.CredsEntry;
import dev.vestibule.checkpoint.schema.ItimerEntry;
import dev.vestibule.checkpoint.schema.MachineType;
import dev.vestibule.checkpoint.schema.PosixTimerEntry;
import dev.vestibule.checkpoint.schema.RlimitEntry;
import dev.vestibule.checkpoint.schema.RseqEntry;
import dev.vestibule.checkpoint.schema.SaEntry;
import dev.vestibule.checkpoint.schema.SiginfoEntry;
import dev.vestibule.checkpoint.schema.SignalQueueEntry;
import dev.vestibule.checkpoint.schema.TaskCoreEntry;
import dev.vestibule.checkpoint.schema.TaskRlimitsEntry;
import dev.vestibule.checkpoint.schema.TaskTimersEntry;
import dev.vestibule.checkpoint.schema.ThreadCoreEntry;
import dev.vestibule.checkpoint.schema.ThreadSasEntry;
import dev.vestibule.checkpoint.schema.VestibuleProcess;
import dev.vestibule.checkpoint.schema.VestibuleThread;
import dev.vestibule.kernel.Credentials;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.rseq.Rseq;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.kernel.signal.SignalQueue;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.signal.TaskSignals;
import dev.vestibule.kernel.time.GuestTimer;
import dev.vestibule.kernel.time.PosixTimer;
import dev.vestibule.kernel.time.ProcessTimers;

/** What do the core images say of the tasks of a frozen process? */
final class TaskWriter {
  static final int ALIVE = 1;
  static final int STOPPED = 3;
  static final int ZOMBIE = 6;

  private static final int SIGEV_NONE = 1;
  private static final int SIGEV_THREAD_ID = 4;

  private TaskWriter() {}

  /**
   * The entry of a task; a leader's tells of its process, too.
   *
   * @param seccomp where filters go
   */
  static CoreEntry core(Task task, SeccompImages seccomp) {
    Process process = task.process();
    boolean wide = task.abi().wide();
    CoreEntry.Builder core =
        CoreEntry.newBuilder().setMtype(wide ? MachineType.PPC64 : MachineType.UNKNOWN);
    core.setVestibule(
        VestibuleThread.newBuilder().setMachine(process.machine().profile().architecture().id()));
    PowerRegisters.save(task, core);
    if (task.affinity().cardinality() < process.machine().processors()) {
      task.affinity().stream().forEach(core.getVestibuleBuilder()::addAffinity);
    }
    ThreadCoreEntry.Builder thread = thread(task);
    seccomp.add(task, thread);
    core.setThreadCore(thread);
    if (task.tid() == process.pid()) {
      core.setTc(leader(task));
    }
    return core.build();
  }

  /** The entry of a process that has ended and was not yet waited for. */
  static CoreEntry zombie(Process process) {
    return CoreEntry.newBuilder()
        .setMtype(process.abi().wide() ? MachineType.PPC64 : MachineType.UNKNOWN)
        .setTc(
            TaskCoreEntry.newBuilder()
                .setTaskState(ZOMBIE)
                .setExitCode(process.status())
                .setPersonality(process.personality())
                .setFlags(0)
                .setBlkSigset(0)
                .setComm("")
                .setVestibule(VestibuleProcess.newBuilder().setExitSignal(process.exitSignal())))
        .build();
  }

  // ---- threads ----------------------------------------------------------------------------------

  private static ThreadCoreEntry.Builder thread(Task task) {
    TaskSignals signals = task.signals();
    ThreadCoreEntry.Builder entry =
        ThreadCoreEntry.newBuilder()
            .setFutexRla(task.robustList())
            .setFutexRlaLen((int) task.robustLength())
            .setSchedNice(task.nice())
            .setSchedPolicy(task.policy())
            .setSchedPrio(task.priority())
            .setBlkSigset(signals.maskToRestore())
            .setPdeathSig(task.deathSignal())
            .setSignalsP(queue(task, signals.pending()))
            .setCreds(credentials(task))
            .setCommBytes(Texts.bytes(task.comm()))
            .setRseqEntry(rseq(task));
    entry.setSas(
        ThreadSasEntry.newBuilder()
            .setSsSp(signals.stackBase())
            .setSsSize(signals.stackSize())
            .setSsFlags(signals.stackFlags()));
    return entry;
  }

  /** Nothing is under way: what was, went to its abort handler when the task came to rest. */
  private static RseqEntry rseq(Task task) {
    Rseq.Registration registered = task.rseq().registration();
    return registered == null
        ? RseqEntry.newBuilder().setRseqAbiPointer(0).setRseqAbiSize(0).setSignature(0).build()
        : RseqEntry.newBuilder()
            .setRseqAbiPointer(registered.address())
            .setRseqAbiSize(registered.length())
            .setSignature(registered.signature())
            .build();
  }

  private static CredsEntry credentials(Task task) {
    Credentials c = task.credentials();
    CredsEntry.Builder entry =
        CredsEntry.newBuilder()
            .setUid(c.uid())
            .setGid(c.gid())
            .setEuid(c.euid())
            .setEgid(c.egid())
            .setSuid(c.suid())
            .setSgid(c.sgid())
            .setFsuid(c.fsuid())
            .setFsgid(c.fsgid())
            .setSecbits(0)
            .addAllGroups(c.groups())
            .setNoNewPrivs(task.process().noNewPrivileges() ? 1 : 0);
    boolean root = c.privileged();
    int low = root ? -1 : 0;
    int high = root ? 0x1ff : 0; // up to CAP_CHECKPOINT_RESTORE
    entry.addCapInh(0).addCapInh(0);
    entry.addCapPrm(low).addCapPrm(high).addCapEff(low).addCapEff(high);
    entry.addCapBnd(-1).addCapBnd(0x1ff);
    return entry.build();
  }

  private static SignalQueueEntry queue(Task task, SignalQueue pending) {
    SignalQueueEntry.Builder entry = SignalQueueEntry.newBuilder();
    long bare = pending.set();
    for (SigInfo info : pending.entries()) {
      bare &= ~Signals.mask(info.signal());
      add(entry, task, info);
    }
    for (int signal = 1; signal <= Signals.LAST; signal++) {
      if (Signals.contains(bare, signal)) { // pending without its information
        add(entry, task, SigInfo.sent(signal, SigInfo.SI_USER, 0, 0, 0));
      }
    }
    return entry.build();
  }

  private static void add(SignalQueueEntry.Builder to, Task task, SigInfo info) {
    to.addSignals(
        SiginfoEntry.newBuilder()
            .setSiginfo(PowerRegisters.bytes(SigInfoLayout.build(task.abi(), info))));
  }

  // ---- processes --------------------------------------------------------------------------------

  private static TaskCoreEntry leader(Task task) {
    Process process = task.process();
    TaskCoreEntry.Builder entry =
        TaskCoreEntry.newBuilder()
            .setTaskState(process.stopped() ? STOPPED : ALIVE)
            .setExitCode(0)
            .setPersonality(process.personality())
            .setFlags(0)
            .setBlkSigset(task.signals().maskToRestore())
            .setCommBytes(Texts.bytes(task.comm()))
            .setTimers(timers(process.timers()))
            .setRlimits(limits(process.limits()))
            .setSignalsS(queue(task, process.pending()))
            .setChildSubreaper(process.subreaper());
    if (process.stopped()) {
      entry.setStopSigno(process.stopSignal());
    }
    for (int signal = 1; signal <= Signals.LAST; signal++) {
      if (!Signals.contains(Signals.UNSTOPPABLE, signal)) {
        entry.addSigactions(action(process.actions().get(signal)));
      }
    }
    return entry
        .setVestibule(
            VestibuleProcess.newBuilder()
                .setExitSignal(process.exitSignal())
                .setExecuted(process.executed())
                .setNoNewPrivs(process.noNewPrivileges()))
        .build();
  }

  private static SaEntry action(SignalAction action) {
    return SaEntry.newBuilder()
        .setSigaction(action.handler())
        .setFlags(action.flags())
        .setRestorer(action.restorer())
        .setMask(action.mask())
        .build();
  }

  private static TaskRlimitsEntry limits(Limits limits) {
    TaskRlimitsEntry.Builder entry = TaskRlimitsEntry.newBuilder();
    for (int resource = 0; resource < Limits.COUNT; resource++) {
      entry.addRlimits(
          RlimitEntry.newBuilder().setCur(limits.soft(resource)).setMax(limits.hard(resource)));
    }
    return entry.build();
  }

  private static TaskTimersEntry timers(ProcessTimers timers) {
    TaskTimersEntry.Builder entry = TaskTimersEntry.newBuilder();
    for (PosixTimer.Saved timer : timers.saved()) {
      entry.addPosix(posix(timer));
    }
    return entry
        .setReal(interval(timers.interval(ProcessTimers.REAL)))
        .setVirt(interval(timers.interval(ProcessTimers.VIRTUAL)))
        .setProf(interval(timers.interval(ProcessTimers.PROF)))
        .build();
  }

  private static PosixTimerEntry posix(PosixTimer.Saved timer) {
    GuestTimer.Setting setting = timer.setting();
    PosixTimerEntry.Builder entry =
        PosixTimerEntry.newBuilder()
            .setItId(timer.id())
            .setClockId(timer.clock())
            .setSiSigno(timer.signal())
            .setItSigevNotify(
                timer.signal() == 0 ? SIGEV_NONE : timer.thread() != 0 ? SIGEV_THREAD_ID : 0)
            .setSivalPtr(timer.value())
            .setOverrun(timer.overrun())
            .setIsec(setting.interval() / Nanos.SECOND)
            .setInsec(setting.interval() % Nanos.SECOND)
            .setVsec(setting.left() / Nanos.SECOND)
            .setVnsec(setting.left() % Nanos.SECOND);
    if (timer.thread() != 0) {
      entry.setNotifyThreadId(timer.thread());
    }
    return entry.build();
  }

  private static ItimerEntry interval(GuestTimer timer) {
    GuestTimer.Setting setting = timer.setting();
    return ItimerEntry.newBuilder()
        .setIsec(setting.interval() / Nanos.SECOND)
        .setIusec(Nanos.micros(setting.interval()))
        .setVsec(setting.left() / Nanos.SECOND)
        .setVusec(Nanos.micros(setting.left()))
        .build();
  }
}
