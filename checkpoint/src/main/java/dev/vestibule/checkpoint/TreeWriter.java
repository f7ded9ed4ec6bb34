package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.FdinfoEntry;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.FsEntry;
import dev.vestibule.checkpoint.schema.InventoryEntry;
import dev.vestibule.checkpoint.schema.PstreeEntry;
import dev.vestibule.checkpoint.schema.TaskKobjIdsEntry;
import dev.vestibule.checkpoint.schema.TimensEntry;
import dev.vestibule.checkpoint.schema.VestibuleMachine;
import dev.vestibule.cpu.PageTracking;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileTable;
import dev.vestibule.kernel.file.FsContext;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.profile.KernelProfile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How does a frozen tree become a directory of images? */
final class TreeWriter {
  /** Of everything in the images that is not CRIU's. */
  static final int VERSION = 1;

  private static final int IMAGE_VERSION = 2;
  private static final int CLOSE_ON_EXEC = 1;

  private final Machine machine;
  private final List<Process> tree;
  private final Path directory;
  private final FileRegistry files = new FileRegistry();
  private final LockImages locks = new LockImages();
  private final SeccompImages seccomp = new SeccompImages();
  private final MemoryWriter memory;
  private final MemoryWriter.Dump dump;
  private final Map<Object, Integer> ids = new IdentityHashMap<>();
  private final Set<Integer> tables = new HashSet<>();

  /**
   * @param directory empty
   */
  TreeWriter(
      Machine machine,
      List<Process> tree,
      Path directory,
      FreezeStatistics statistics,
      MemoryWriter.Dump dump) {
    this.machine = machine;
    this.tree = tree;
    this.directory = directory;
    this.memory = new MemoryWriter(directory, files, statistics, dump);
    this.dump = dump;
  }

  void write() throws IOException, FreezeRefusal {
    long now = now();
    check();
    ImageWriter pstree = new ImageWriter(ImageKind.PSTREE, 0);
    for (Process process : tree) {
      pstree.add(entry(process));
      if (process.ended()) {
        new ImageWriter(ImageKind.CORE, process.pid())
            .add(TaskWriter.zombie(process))
            .write(directory);
      } else {
        write(process);
      }
    }
    pstree.write(directory);
    files.write(directory);
    locks.write(directory);
    seccomp.write(directory);
    new ImageWriter(ImageKind.TIMENS, 0)
        .add(
            TimensEntry.newBuilder()
                .setMonotonic(Nanos.timespec(now))
                .setBoottime(Nanos.timespec(now))
                .build())
        .write(directory);
    inventory(now, false);
  }

  /** Whether changes of any process are tracked since the dump that this one is built on. */
  boolean continues() {
    for (Process process : tree) {
      PageTracking tracking = process.ended() ? null : process.space().memory().tracking();
      if (tracking != null && tracking.since().equals(dump.parent())) {
        return true;
      }
    }
    return false;
  }

  /** Writes memory only. */
  void writeMemory() throws IOException {
    Set<AddressSpace> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Process process : tree) {
      if (!process.ended() && seen.add(process.space())) {
        memory.pages(process);
      }
    }
    inventory(now(), true);
  }

  /** The steady time; the time base, which programs read, may be a little ahead of it. */
  private long now() {
    long ticks = machine.time().timebase();
    long hz = machine.time().ticksPerSecond();
    long counted = ticks / hz * Nanos.SECOND + (ticks % hz + 1) * Nanos.SECOND / hz;
    return Math.max(machine.time().monotonic(), counted);
  }

  private void check() throws FreezeRefusal {
    Map<Object, Process> spaces = new IdentityHashMap<>();
    for (Process process : tree) {
      Process other = process.ended() ? null : spaces.put(process.space(), process);
      if (other != null || !process.ended() && process.space().shared()) {
        throw new FreezeRefusal(
            "process " + process.pid() + " shares its memory with another process");
      }
      Task leader = process.anyTask();
      for (Task task : process.tasks()) {
        if (leader != null && (task.files() != leader.files() || task.fs() != leader.fs())) {
          throw new FreezeRefusal(
              "thread %d of process %d has files of its own".formatted(task.tid(), process.pid()));
        }
      }
      if (!process.ended() && (leader == null || leader.tid() != process.pid())) {
        throw new FreezeRefusal("the first thread of process " + process.pid() + " has ended");
      }
    }
  }

  private static PstreeEntry entry(Process process) {
    PstreeEntry.Builder entry =
        PstreeEntry.newBuilder()
            .setPid(process.pid())
            .setPpid(process.parent() == null ? 0 : process.parentPid())
            .setPgid(process.groupId())
            .setSid(process.sessionId());
    if (process.ended()) {
      entry.addThreads(process.pid());
    }
    for (Task task : process.tasks()) {
      entry.addThreads(task.tid());
    }
    return entry.build();
  }

  private void write(Process process) throws IOException, FreezeRefusal {
    Task leader = process.tasks().getFirst();
    for (Task task : process.tasks()) {
      new ImageWriter(ImageKind.CORE, task.tid())
          .add(TaskWriter.core(task, seccomp))
          .write(directory);
    }
    TaskKobjIdsEntry kinds = ids(process, leader);
    new ImageWriter(ImageKind.IDS, process.pid()).add(kinds).write(directory);
    if (tables.add(kinds.getFilesId())) {
      descriptors(kinds.getFilesId(), leader);
    }
    FsContext fs = leader.fs();
    new ImageWriter(ImageKind.FS, process.pid())
        .add(
            FsEntry.newBuilder()
                .setCwdId(files.named(fs.directory(), leader))
                .setRootId(files.named(fs.root(), leader))
                .setUmask(fs.umask())
                .build())
        .write(directory);
    memory.write(process, leader);
  }

  private TaskKobjIdsEntry ids(Process process, Task leader) {
    return TaskKobjIdsEntry.newBuilder()
        .setVmId(id(process.space()))
        .setFilesId(id(leader.files()))
        .setFsId(id(leader.fs()))
        .setSighandId(id(process.actions()))
        .build();
  }

  private int id(Object shared) {
    return ids.computeIfAbsent(shared, s -> ids.size() + 1);
  }

  private void descriptors(int id, Task leader) throws IOException, FreezeRefusal {
    ImageWriter image = new ImageWriter(ImageKind.FDINFO, id);
    FileTable table = leader.files();
    for (int fd = table.next(0); fd >= 0; fd = table.next(fd + 1)) {
      OpenFile file = table.get(fd);
      try {
        FileEntry entry = files.of(file, leader);
        locks.add(leader.process(), table, fd, file);
        image.add(
            FdinfoEntry.newBuilder()
                .setId(entry.getId())
                .setFlags(table.closeOnExec(fd) ? CLOSE_ON_EXEC : 0)
                .setType(entry.getType())
                .setFd(fd)
                .build());
      } finally {
        long closed = file.release();
        assert closed == 0;
      }
    }
    image.write(directory);
  }

  private void inventory(long now, boolean memoryOnly) throws IOException {
    KernelProfile profile = machine.profile();
    Task leader = tree.getFirst().tasks().getFirst();
    VestibuleMachine.Builder vestibule =
        VestibuleMachine.newBuilder()
            .setVersion(VERSION)
            .setKernel(profile.name())
            .setMachine(profile.architecture().id())
            .setRelease(profile.uname().release())
            .setPageSize(profile.memory().pageSize())
            .setTimebaseHz(profile.cpu().timebaseHz())
            .setRoot(tree.getFirst().pid())
            .setCpus(machine.askedCpus())
            .setTimeRate(machine.timeRate())
            .setDump(dump.name())
            .setPreDump(memoryOnly);
    String parent = dump.parent();
    if (parent != null) {
      vestibule.setParent(parent);
    }
    new ImageWriter(ImageKind.INVENTORY, 0)
        .add(
            InventoryEntry.newBuilder()
                .setImgVersion(IMAGE_VERSION)
                .setFdinfoPerId(true)
                .setRootIds(ids(tree.getFirst(), leader))
                .setDumpUptime(now / 1000)
                .setVestibule(vestibule)
                .build())
        .write(directory);
  }
}
