package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.EventpollTfdEntry;
import dev.vestibule.checkpoint.schema.FdType;
import dev.vestibule.checkpoint.schema.FdinfoEntry;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.FsEntry;
import dev.vestibule.checkpoint.schema.InotifyFileEntry;
import dev.vestibule.checkpoint.schema.PipeEntry;
import dev.vestibule.checkpoint.schema.PstreeEntry;
import dev.vestibule.kernel.Credentials;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.freeze.FileThaw;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.freeze.UnnamedThaw;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.pipe.PipeEnd;
import dev.vestibule.kernel.poll.Epoll;
import dev.vestibule.kernel.poll.Inotify;
import dev.vestibule.kernel.signal.SignalActions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How does a frozen tree go on in a machine? All of it is made first; only then does its first task
 * run. Whatever cannot be had again ends the thaw before.
 */
public final class Thaw {
  private final FrozenTree tree;
  private final Machine machine;
  private final MissingRseq missingRseq;
  private final MemoryThaw memory;
  private final Map<Integer, Process> processes = new HashMap<>();
  private final Map<Integer, OpenFile> files = new HashMap<>();
  private final Map<Integer, PipeEnd.Saved> pipes = new HashMap<>();
  private final Map<Integer, PipeEnd.Saved> fifos = new HashMap<>();
  private final Map<UnnamedThaw.Content, UnnamedThaw> unnamed = new IdentityHashMap<>();
  private final TtyImages.Restored terminals;
  private final Map<Integer, FileTable> tables = new HashMap<>();
  private final Map<Integer, FsContext> contexts = new HashMap<>();
  private final Map<Integer, SignalActions> actions = new HashMap<>();
  private final List<Task> tasks = new ArrayList<>();

  private Thaw(FrozenTree tree, Machine machine, MissingRseq missingRseq) {
    this.tree = tree;
    this.machine = machine;
    this.missingRseq = missingRseq;
    this.terminals = new TtyImages.Restored(machine, tree);
    this.memory = new MemoryThaw(tree, machine);
  }

  /**
   * Lets a tree go on in a machine of its architecture that has no processes yet, and whose steady
   * clock goes on from {@link FrozenTree#monotonic}.
   *
   * @param last what happens when all is made, just before the first task runs
   * @return the root
   * @throws FreezeRefusal with the reason; nothing has run then, and the machine is of no more use
   */
  public static Process thaw(FrozenTree tree, Machine machine, Runnable last) throws FreezeRefusal {
    return thaw(tree, machine, MissingRseq.REFUSE, last);
  }

  /**
   * The same, where the kernel may have no rseq(2).
   *
   * @param missingRseq what becomes then of a process that has registered
   */
  public static Process thaw(
      FrozenTree tree, Machine machine, MissingRseq missingRseq, Runnable last)
      throws FreezeRefusal {
    if (machine.profile().architecture() != tree.architecture()) {
      throw new FreezeRefusal(
          "processes of %s cannot go on under a kernel of %s"
              .formatted(tree.architecture().id(), machine.profile().architecture().id()));
    }
    return new Thaw(tree, machine, missingRseq).run(last);
  }

  private Process run(Runnable last) throws FreezeRefusal {
    boolean made = false;
    try {
      for (PstreeEntry place : tree.places()) {
        FrozenProcess frozen = tree.processes().get(place.getPid());
        if (frozen == null) {
          zombie(place, Objects.requireNonNull(tree.zombies().get(place.getPid())));
        } else {
          make(frozen);
        }
      }
      InetImages.link(tree, id -> file(id, tasks.getFirst()));
      UnixImages.link(tree, id -> file(id, tasks.getFirst()), tasks.getFirst());
      watch();
      LockImages.take(tree.locks(), processes);
      unnamed.values().forEach(UnnamedThaw::close);
      watchFiles();
      made = true;
    } finally {
      if (!made) {
        closeAll();
      }
      memory.finish();
      unnamed.values().forEach(UnnamedThaw::close);
      terminals.close();
      for (OpenFile file : files.values()) {
        long closed = file.release();
        assert closed == 0;
      }
    }
    Process root = Objects.requireNonNull(processes.get(tree.root()));
    last.run();
    machine.go(root, tasks);
    return root;
  }

  // ---- processes --------------------------------------------------------------------------------

  private @Nullable Process parent(PstreeEntry place) {
    return place.getPid() == tree.root() ? null : processes.get(place.getPpid());
  }

  private void make(FrozenProcess frozen) throws FreezeRefusal {
    PstreeEntry place = frozen.place();
    CoreEntry leader = frozen.leader();
    Limits limits = TaskReader.limits(leader.getTc());
    AddressSpace space = memory.space(frozen, limits);
    boolean newTable = !tables.containsKey(frozen.ids().getFilesId());
    FileTable table = shared(tables, frozen.ids().getFilesId(), new FileTable());
    if (!newTable) {
      table.share();
    }
    Task task =
        machine.putProcess(
            place.getPid(),
            parent(place),
            machine.abi(),
            space,
            table,
            context(frozen.ids().getFsId(), frozen.fs()),
            TaskReader.credentials(leader.getThreadCore()),
            shared(actions, frozen.ids().getSighandId(), TaskReader.actions(leader.getTc())),
            limits);
    Process process = task.process();
    processes.put(place.getPid(), process);
    process.setGroup(place.getPgid(), place.getSid());
    if (missingRseq == MissingRseq.EMULATE && lacksRseq(frozen, process)) {
      process.keepRseqOf(MissingRseq.newest(tree.architecture()));
    }
    if (newTable) {
      fill(table, frozen, task);
    }
    memory.fill(frozen, space, task);
    String program = name(frozen.mm().message().getExeFileId());
    TaskReader.restore(leader, process, task, program);
    process.setDumpable(frozen.mm().message().getDumpable() != 0);
    restore(leader, task);
    for (int i = 1; i < frozen.threads().size(); i++) {
      CoreEntry core = frozen.threads().get(i).message();
      Credentials credentials = TaskReader.credentials(core.getThreadCore());
      int tid = place.getThreads(i);
      restore(core, machine.putThread(process, tid, table.share(), task.fs(), credentials));
    }
    TaskReader.restoreTimers(leader, process, task);
  }

  /** Whether threads have registered what their kernel does not know. */
  private static boolean lacksRseq(FrozenProcess frozen, Process process) {
    return process.syscalls().number("rseq") < 0
        && frozen.threads().stream()
            .anyMatch(t -> t.message().getThreadCore().getRseqEntry().getRseqAbiPointer() != 0);
  }

  private void restore(CoreEntry core, Task task) throws FreezeRefusal {
    TaskReader.restore(core, task);
    task.setSeccomp(SeccompImages.of(core.getThreadCore(), tree.filters(), task));
    tasks.add(task);
  }

  private void zombie(PstreeEntry place, CoreEntry core) {
    Process parent = parent(place);
    Process near = Objects.requireNonNull(parent);
    machine.putEnded(
        place.getPid(),
        near,
        core.getTc().getExitCode(),
        core.getTc().getVestibule().getExitSignal());
    Process process = Objects.requireNonNull(machine.process(place.getPid()));
    process.setGroup(place.getPgid(), place.getSid());
    processes.put(place.getPid(), process);
  }

  private static <T> T shared(Map<Integer, T> known, int id, T fresh) {
    T old = known.putIfAbsent(id, fresh);
    return old == null ? fresh : old;
  }

  private FsContext context(int id, FsEntry fs) {
    FsContext fresh = new FsContext(name(fs.getCwdId()), fs.getUmask() & 0777);
    String root = name(fs.getRootId());
    fresh.setRoot(root.equals("/") ? "" : root);
    return shared(contexts, id, fresh);
  }

  private String name(int file) {
    return Texts.text(tree.file(file).message().getReg().getNameBytes());
  }

  /** Nobody goes on: what was opened, ports of the host among it, is free for somebody else. */
  private void closeAll() {
    for (FileTable table : tables.values()) {
      for (int fd = table.next(0); fd >= 0; fd = table.next(fd + 1)) {
        OpenFile file = table.remove(fd);
        if (file != null) {
          file.release();
        }
      }
    }
  }

  // ---- files ------------------------------------------------------------------------------------

  private void fill(FileTable table, FrozenProcess frozen, Task task) throws FreezeRefusal {
    for (FdinfoEntry info : frozen.descriptors()) {
      OpenFile file = file(info.getId(), task);
      table.replace(info.getFd(), file.retain(), info.getFlags() != 0);
    }
  }

  private OpenFile file(int id, Task task) throws FreezeRefusal {
    OpenFile known = files.get(id);
    if (known != null) {
      return known;
    }
    FileEntry entry = tree.file(id).message();
    if (entry.getType() == FdType.INETSK) {
      files.putAll(InetImages.open(tree.file(id), tree, task));
      return Objects.requireNonNull(files.get(id));
    }
    OpenFile file;
    UnnamedThaw.Content content = tree.unnamed().get(id);
    if (content != null) {
      boolean memory = entry.getType() == FdType.MEMFD;
      file =
          unnamed
              .computeIfAbsent(content, UnnamedThaw::new)
              .open(
                  task,
                  memory ? entry.getMemfd().getFlags() : entry.getReg().getFlags(),
                  memory ? entry.getMemfd().getPos() : entry.getReg().getPos());
    } else if (entry.getType() == FdType.TTY) {
      file = terminals.open(entry.getTty());
    } else if (entry.getType() == FdType.PIPE) {
      PipeEntry pipe = entry.getPipe();
      file = saved(pipes, tree.pipes(), pipe.getPipeId()).end(task, pipe.getFlags());
    } else if (entry.getType() == FdType.FIFO) {
      FileState.Fifo fifo =
          FileReader.fifo(entry, tree.file(entry.getFifo().getRegfId()).message());
      file = FileThaw.fifo(task, fifo, saved(fifos, tree.fifos(), entry.getFifo().getPipeId()));
    } else {
      file = FileThaw.open(task, FileReader.state(entry));
    }
    files.put(id, file);
    return file;
  }

  private static PipeEnd.Saved saved(
      Map<Integer, PipeEnd.Saved> known, Map<Integer, PipeImages.Content> contents, int id) {
    return known.computeIfAbsent(id, i -> Objects.requireNonNull(contents.get(i)).pipe());
  }

  /** Inotifies watch again what they watched, once nothing more is done to the files. */
  private void watchFiles() throws FreezeRefusal {
    for (Map.Entry<Integer, OpenFile> each : files.entrySet()) {
      if (each.getValue() instanceof Inotify inotify) {
        InotifyFileEntry entry = tree.file(each.getKey()).message().getIfy();
        FileThaw.watch(tasks.getFirst(), inotify, InotifyImages.state(entry));
      }
    }
  }

  /** Epolls watch again what they watched, once all of it is there. */
  private void watch() throws FreezeRefusal {
    Task task = tasks.getFirst();
    for (Map.Entry<Integer, OpenFile> each : List.copyOf(files.entrySet())) {
      if (!(each.getValue() instanceof Epoll epoll)) {
        continue;
      }
      for (EventpollTfdEntry watched : tree.file(each.getKey()).message().getEpfd().getTfdList()) {
        long result =
            epoll.add(
                watched.getTfd(),
                file(watched.getId(), task),
                watched.getEvents(),
                watched.getData());
        if (result < 0) {
          throw new FreezeRefusal("an epoll cannot watch descriptor " + watched.getTfd());
        }
      }
    }
  }
}
