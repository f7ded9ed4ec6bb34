package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.FdinfoEntry;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.FileLockEntry;
import dev.vestibule.checkpoint.schema.FsEntry;
import dev.vestibule.checkpoint.schema.InventoryEntry;
import dev.vestibule.checkpoint.schema.MmEntry;
import dev.vestibule.checkpoint.schema.PagemapEntry;
import dev.vestibule.checkpoint.schema.PagemapHead;
import dev.vestibule.checkpoint.schema.PstreeEntry;
import dev.vestibule.checkpoint.schema.TaskKobjIdsEntry;
import dev.vestibule.checkpoint.schema.TimensEntry;
import dev.vestibule.checkpoint.schema.Timespec;
import dev.vestibule.checkpoint.schema.TtyInfoEntry;
import dev.vestibule.checkpoint.schema.VestibuleMachine;
import dev.vestibule.handed.TimeSource;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.freeze.UnnamedThaw;
import dev.vestibule.kernel.seccomp.Seccomp;
import dev.vestibule.profile.Architecture;
import dev.vestibule.profile.KernelProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is in a directory of images? Read with hostile eyes: whatever is accepted fits together. */
public final class FrozenTree {
  private static final int MOST_PROCESSES = 4096;
  private static final int MOST_CPUS = 8192;
  private static final int MOST_PID = 4194304;
  private static final int IMAGE_VERSION = 2;

  private final Path directory;
  private final VestibuleMachine machine;
  private final Architecture architecture;
  private final long monotonic;
  private final Map<Integer, Entry<FileEntry>> files = new HashMap<>();
  private final Map<Integer, PipeImages.Content> pipes = new HashMap<>();
  private final Map<Integer, PipeImages.Content> fifos = new HashMap<>();
  private final Map<Integer, List<UnixImages.Packet>> packets = new HashMap<>();
  private final Map<Integer, UnnamedThaw.Content> unnamed = new HashMap<>();
  private final Map<Integer, TtyInfoEntry> terminals = new HashMap<>();
  private final Map<Integer, byte[]> streams = new HashMap<>();
  private final Map<Integer, Entry<FileEntry>> sockets = new HashMap<>();
  private final Map<Integer, Entry<FileEntry>> connections = new HashMap<>();
  private final Map<Integer, FrozenProcess> processes = new LinkedHashMap<>();
  private final Map<Long, MemoryReader.Shared> shared = new HashMap<>();
  private final Map<Integer, List<FdinfoEntry>> tables = new HashMap<>();
  private final List<PstreeEntry> places = new ArrayList<>();
  private final Map<Integer, CoreEntry> zombies = new HashMap<>();
  private List<Entry<FileLockEntry>> locks = List.of();
  private List<Seccomp> filters = List.of();
  private List<Path> chain = List.of();

  private FrozenTree(
      Path directory, VestibuleMachine machine, Architecture architecture, long monotonic) {
    this.directory = directory;
    this.machine = machine;
    this.architecture = architecture;
    this.monotonic = monotonic;
  }

  /**
   * Reads and checks all images but the pages.
   *
   * @throws ImageException naming file, field and offset of the first thing wrong
   */
  public static FrozenTree read(Path directory) throws ImageException {
    if (!Files.isDirectory(directory)) {
      throw new ImageException(directory.toString(), "directory", 0, "there is none");
    }
    Entry<InventoryEntry> inventory =
        ImageReader.open(directory, ImageKind.INVENTORY, 0).only(InventoryEntry.parser());
    inventory.check(
        inventory.message().getImgVersion() == IMAGE_VERSION,
        "img_version",
        inventory.message().getImgVersion() + " is not version " + IMAGE_VERSION);
    inventory.check(
        inventory.message().hasVestibule(),
        "vestibule",
        "is missing: a real machine's processes cannot go on in this one");
    VestibuleMachine machine = inventory.message().getVestibule();
    inventory.check(
        machine.getVersion() == TreeWriter.VERSION,
        "vestibule.version",
        machine.getVersion() + " is not version " + TreeWriter.VERSION);
    Architecture architecture = Architecture.of(machine.getMachine());
    if (architecture == null) {
      throw inventory.bad("vestibule.machine", "is no architecture of guests");
    }
    int page = machine.getPageSize();
    inventory.check(
        page >= 4096 && page <= 1 << 16 && Integer.bitCount(page) == 1,
        "vestibule.page_size",
        page + " is not one");
    long hz = machine.getTimebaseHz();
    inventory.check(
        hz >= 1_000_000 && hz <= 10_000_000_000L, "vestibule.timebase_hz", hz + " is none");
    inventory.check(
        !machine.getPreDump(),
        "vestibule.pre_dump",
        "is memory alone, for a freeze that follows: it cannot go on");
    inventory.check(
        machine.getCpus() >= 0 && machine.getCpus() <= MOST_CPUS,
        "vestibule.cpus",
        Integer.toUnsignedString(machine.getCpus()) + " are too many");
    double rate = machine.getTimeRate();
    inventory.check(
        !machine.hasTimeRate() || rate > 0 && rate <= TimeSource.FASTEST,
        "vestibule.time_rate",
        rate + " is none");
    FrozenTree tree = new FrozenTree(directory, machine, architecture, monotonic(directory));
    tree.chain = DumpChain.of(directory);
    tree.filters = SeccompImages.read(directory, architecture.order());
    tree.readFiles();
    tree.readTree();
    tree.shared.putAll(MemoryReader.shared(directory, tree.processes.values(), tree.pageSize()));
    tree.locks = LockImages.read(directory, tree.processes.keySet());
    return tree;
  }

  private static long monotonic(Path directory) throws ImageException {
    Entry<TimensEntry> entry =
        ImageReader.open(directory, ImageKind.TIMENS, 0).only(TimensEntry.parser());
    Timespec time = entry.message().getMonotonic();
    entry.check(
        Nanos.valid(time.getTvSec(), time.getTvNsec(), Nanos.SECOND) && time.getTvSec() < 1L << 32,
        "monotonic",
        "is no time");
    return Nanos.of(time.getTvSec(), time.getTvNsec());
  }

  // ---- what it tells ----------------------------------------------------------------------------

  /** The name of the kernel profile it was frozen under. */
  public String kernel() {
    return machine.getKernel();
  }

  public Architecture architecture() {
    return architecture;
  }

  /**
   * A machine to go on in: of a kernel, on the processor that the tree ran on, with a time that
   * goes on.
   */
  public Machine.Builder machine(KernelProfile kernel, TimeSource.Continuing time) {
    Machine.Builder builder =
        Machine.builder(kernel.withTimebaseHz(machine.getTimebaseHz())).timeSource(time);
    if (cpus() != 0) {
      builder.cpus(Math.min(cpus(), kernel.cpu().most()));
    }
    VdsoImage image = VdsoImages.of(kernel);
    return image == null ? builder : builder.vdsoImage(image);
  }

  /** How many CPUs the machine was asked to have, 0 where the host decided. */
  public int cpus() {
    return machine.getCpus();
  }

  /** How many seconds of the machine's clocks passed in one of the host's. */
  public double timeRate() {
    return machine.hasTimeRate() ? machine.getTimeRate() : 1;
  }

  /** What CLOCK_MONOTONIC said, in nanoseconds. */
  public long monotonic() {
    return monotonic;
  }

  /** The root's pid. */
  public int root() {
    return machine.getRoot();
  }

  Path directory() {
    return directory;
  }

  int pageSize() {
    return machine.getPageSize();
  }

  Entry<FileEntry> file(int id) {
    Entry<FileEntry> file = files.get(id);
    if (file == null) {
      throw new IllegalStateException("file " + id);
    }
    return file;
  }

  Map<Integer, Entry<FileEntry>> files() {
    return files;
  }

  Map<Integer, PipeImages.Content> pipes() {
    return pipes;
  }

  Map<Integer, PipeImages.Content> fifos() {
    return fifos;
  }

  /** What is on its way to each socket. */
  Map<Integer, List<UnixImages.Packet>> packets() {
    return packets;
  }

  /** What is in each file that no name leads to. */
  Map<Integer, UnnamedThaw.Content> unnamed() {
    return unnamed;
  }

  /** What is told of each end of a terminal. */
  Map<Integer, TtyInfoEntry> terminals() {
    return terminals;
  }

  /** What has arrived at each end of a TCP connection. */
  Map<Integer, byte[]> streams() {
    return streams;
  }

  /** Unix sockets by the number that peers know them by. */
  Map<Integer, Entry<FileEntry>> sockets() {
    return sockets;
  }

  /** The other end of each living TCP connection, by both their ids. */
  Map<Integer, Entry<FileEntry>> connections() {
    return connections;
  }

  /** Where each process, living or not, stands in the tree; parents first. */
  List<PstreeEntry> places() {
    return places;
  }

  Map<Integer, FrozenProcess> processes() {
    return processes;
  }

  /** The shared memory that any of them maps, by its number. */
  Map<Long, MemoryReader.Shared> sharedMemory() {
    return shared;
  }

  List<Entry<FileLockEntry>> locks() {
    return locks;
  }

  /** Filters of seccomp(2), each with those before it, by their places in seccomp.img. */
  List<Seccomp> filters() {
    return filters;
  }

  Map<Integer, CoreEntry> zombies() {
    return zombies;
  }

  // ---- files ------------------------------------------------------------------------------------

  private void readFiles() throws ImageException {
    pipes.putAll(PipeImages.read(directory, ImageKind.PIPES_DATA, pageSize()));
    fifos.putAll(PipeImages.read(directory, ImageKind.FIFO_DATA, pageSize()));
    ImageReader reader = ImageReader.open(directory, ImageKind.FILES, 0);
    while (reader.more()) {
      Entry<FileEntry> entry = reader.next(FileEntry.parser());
      FileReader.check(entry, this);
      entry.check(
          files.put(entry.message().getId(), entry) == null,
          "id",
          "a second file " + entry.message().getId());
    }
    for (Entry<FileEntry> entry : files.values()) {
      FileReader.checkReferences(entry, files);
    }
    unnamed.putAll(UnnamedImages.read(directory, files));
    terminals.putAll(TtyImages.read(directory, files));
    packets.putAll(UnixImages.packets(directory));
    streams.putAll(TcpStreams.read(directory, files));
    sockets.putAll(UnixImages.byNumber(files.values()));
    UnixImages.checkLinks(this);
    InetImages.checkLinks(this);
    connections.putAll(InetImages.connections(files.values()));
  }

  // ---- the tree ---------------------------------------------------------------------------------

  private void readTree() throws ImageException {
    Set<Integer> tids = new HashSet<>();
    Set<Integer> pids = new HashSet<>();
    ImageReader reader = ImageReader.open(directory, ImageKind.PSTREE, 0);
    while (reader.more()) {
      Entry<PstreeEntry> entry = reader.next(PstreeEntry.parser());
      PstreeEntry place = entry.message();
      entry.check(pids.size() < MOST_PROCESSES, "pid", "too many processes");
      entry.check(inRange(place.getPid()), "pid", place.getPid() + " is none");
      entry.check(pids.add(place.getPid()), "pid", "a second process " + place.getPid());
      entry.check(
          places.isEmpty() ? place.getPid() == root() : pids.contains(place.getPpid()),
          "ppid",
          "its parent is not in front of it");
      entry.check(place.getPpid() != place.getPid(), "ppid", place.getPid() + " is its own parent");
      entry.check(inRange(place.getPgid()), "pgid", place.getPgid() + " is none");
      entry.check(inRange(place.getSid()), "sid", place.getSid() + " is none");
      entry.check(
          place.getThreadsCount() > 0 && place.getThreads(0) == place.getPid(),
          "threads",
          "the leader is not the first");
      entry.check(tids.size() + place.getThreadsCount() <= MOST_PROCESSES, "threads", "too many");
      for (int tid : place.getThreadsList()) {
        entry.check(inRange(tid) && tids.add(tid), "threads", tid + " is there twice, or none");
      }
      places.add(place);
      read(place);
    }
    if (places.isEmpty()) {
      throw new ImageException("pstree.img", "pid", 8, "there is no process");
    }
  }

  private static boolean inRange(int pid) {
    return pid > 0 && pid <= MOST_PID;
  }

  private void read(PstreeEntry place) throws ImageException {
    int pid = place.getPid();
    List<Entry<CoreEntry>> threads = new ArrayList<>();
    for (int tid : place.getThreadsList()) {
      threads.add(ImageReader.open(directory, ImageKind.CORE, tid).only(CoreEntry.parser()));
    }
    Entry<CoreEntry> leader = threads.getFirst();
    leader.check(leader.message().hasTc(), "tc", "is missing");
    if (leader.message().getTc().getTaskState() == TaskWriter.ZOMBIE) {
      leader.check(
          pid != root() && threads.size() == 1,
          "tc.task_state",
          "neither the root nor a thread can have ended");
      zombies.put(pid, leader.message());
      return;
    }
    for (Entry<CoreEntry> thread : threads) {
      TaskReader.check(thread, architecture);
      SeccompImages.check(thread, filters);
    }
    TaskReader.checkLeader(leader);
    Entry<TaskKobjIdsEntry> ids =
        ImageReader.open(directory, ImageKind.IDS, pid).only(TaskKobjIdsEntry.parser());
    Entry<FsEntry> fs = ImageReader.open(directory, ImageKind.FS, pid).only(FsEntry.parser());
    FileReader.checkNamed(fs, "cwd_id", fs.message().getCwdId(), files);
    FileReader.checkNamed(fs, "root_id", fs.message().getRootId(), files);
    Entry<MmEntry> mm = ImageReader.open(directory, ImageKind.MM, pid).only(MmEntry.parser());
    MemoryReader.check(mm, this);
    ImageReader maps = ImageReader.open(directory, ImageKind.PAGEMAP, pid);
    Entry<PagemapHead> head = maps.next(PagemapHead.parser());
    List<PagemapEntry> pagemap =
        MemoryReader.pagemap(
            directory, head, maps.all(PagemapEntry.parser()), pageSize(), chain.size() > 1);
    MemoryReader.checkMapped(mm, maps.file(), pagemap, pageSize());
    processes.put(
        pid,
        new FrozenProcess(
            place,
            threads,
            ids.message(),
            fs.message(),
            mm,
            head.message().getPagesId(),
            pagemap,
            PageChain.follow(chain, pid, head.message().getPagesId(), pagemap, pageSize()),
            descriptors(ids.message().getFilesId())));
  }

  /** A table of descriptors, which processes may share. */
  private List<FdinfoEntry> descriptors(int table) throws ImageException {
    List<FdinfoEntry> known = tables.get(table);
    if (known != null) {
      return known;
    }
    List<FdinfoEntry> descriptors = new ArrayList<>();
    Set<Integer> taken = new HashSet<>();
    ImageReader reader = ImageReader.open(directory, ImageKind.FDINFO, table);
    while (reader.more()) {
      Entry<FdinfoEntry> entry = reader.next(FdinfoEntry.parser());
      FileReader.check(entry, files);
      entry.check(taken.add(entry.message().getFd()), "fd", "a second " + entry.message().getFd());
      descriptors.add(entry.message());
    }
    tables.put(table, descriptors);
    return descriptors;
  }

  /** The size of a file of pages, -1 if there is none. */
  static long sizeOf(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : -1;
    } catch (IOException e) {
      return -1;
    }
  }
}
