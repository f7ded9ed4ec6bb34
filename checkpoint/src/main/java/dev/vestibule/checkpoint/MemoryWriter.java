package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.image.PagesFile;
import dev.vestibule.checkpoint.schema.HandedEntry;
import dev.vestibule.checkpoint.schema.MmEntry;
import dev.vestibule.checkpoint.schema.PagemapEntry;
import dev.vestibule.checkpoint.schema.PagemapHead;
import dev.vestibule.checkpoint.schema.VestibuleMemory;
import dev.vestibule.checkpoint.schema.VestibuleVma;
import dev.vestibule.checkpoint.schema.VmaEntry;
import dev.vestibule.cpu.MemoryImage;
import dev.vestibule.cpu.PageTracking;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.exec.HandedArea;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.HandedSet;
import dev.vestibule.kernel.memory.SharedMemory;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.trace.TracedMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How does the memory of a frozen process come into its images? */
final class MemoryWriter {
  private static final int IN_PARENT = 1;
  private static final int PRESENT = 4;

  private final Path directory;
  private final FileRegistry files;
  private final FreezeStatistics statistics;
  private final Dump dump;
  private final Map<Backing, Integer> shared = new IdentityHashMap<>();
  private int lastPages;

  /**
   * Which dump is it, and which one is it built on?
   *
   * @param name that no other dump has
   * @param parent the earlier dump's name, or null without one
   * @param tracks whether changes are tracked from it on
   */
  record Dump(String name, @Nullable String parent, boolean tracks) {}

  MemoryWriter(Path directory, FileRegistry files, FreezeStatistics statistics, Dump dump) {
    this.directory = directory;
    this.files = files;
    this.statistics = statistics;
    this.dump = dump;
  }

  /** Writes a process's mm, pagemap and pages. */
  void write(Process process, Task leader) throws IOException, FreezeRefusal {
    AddressSpace space = process.space();
    List<Vma> mappings = space.mappings();
    MmEntry.Builder mm = startup(space, mappings, process);
    mm.setExeFileId(files.named(process.executable(), leader));
    mm.setDumpable(process.dumpable() ? 1 : 0);
    for (Vma vma : mappings) {
      mm.addVmas(entry(vma, leader, space));
    }
    VestibuleMemory.Builder own =
        VestibuleMemory.newBuilder()
            .setSearchFrom(space.layout().searchFrom())
            .setAuxvAddress(space.startup().auxv())
            .setAuxvLength(space.startup().auxvLength())
            .setBarriers(space.barriers().get());
    for (HandedSet set : space.handedSets()) {
      own.addHanded(entry(set));
    }
    mm.setVestibule(own);
    new ImageWriter(ImageKind.MM, process.pid()).add(mm.build()).write(directory);
    pages(process);
  }

  // ---- mm ---------------------------------------------------------------------------------------

  private static MmEntry.Builder startup(AddressSpace space, List<Vma> mappings, Process process) {
    AddressSpace.Startup startup = space.startup();
    MmEntry.Builder mm =
        MmEntry.newBuilder()
            .setMmStartStack(startup.stack())
            .setMmStartBrk(space.brkStart())
            .setMmBrk(space.brkEnd())
            .setMmArgStart(startup.arguments())
            .setMmArgEnd(startup.environment())
            .setMmEnvStart(startup.environment())
            .setMmEnvEnd(startup.textEnd());
    extent(mm, mappings, process.executable());
    int word = process.abi().wordSize();
    byte[] auxv = new byte[Math.clamp(startup.auxvLength(), 0, 4096)];
    int read = TracedMemory.read(space, startup.auxv(), auxv, 0, auxv.length);
    var words = process.abi().struct(auxv.length);
    System.arraycopy(auxv, 0, words.bytes(), 0, read);
    for (int at = 0; at + word <= read; at += word) {
      mm.addMmSavedAuxv(words.word(at));
    }
    return mm;
  }

  /** Where code and data of the program lie, as far as its mappings tell. */
  private static void extent(MmEntry.Builder mm, List<Vma> mappings, String program) {
    long codeStart = 0;
    long codeEnd = 0;
    long dataStart = 0;
    long dataEnd = 0;
    for (Vma vma : mappings) {
      Backing backing = vma.backing();
      if (backing == null || !backing.path().equals(program)) {
        continue;
      }
      if ((vma.protection() & 4) != 0) {
        codeStart = codeStart == 0 ? vma.start() : codeStart;
        codeEnd = vma.end();
      } else if ((vma.protection() & 2) != 0) {
        dataStart = dataStart == 0 ? vma.start() : dataStart;
        dataEnd = vma.end();
      }
    }
    mm.setMmStartCode(codeStart).setMmEndCode(codeEnd);
    mm.setMmStartData(dataStart).setMmEndData(dataEnd);
  }

  private VmaEntry entry(Vma vma, Task leader, AddressSpace space)
      throws FreezeRefusal, IOException {
    VmaEntry.Builder entry =
        VmaEntry.newBuilder()
            .setStart(vma.start())
            .setEnd(vma.end())
            .setPgoff(vma.backing() == null || vma.has(Vma.HANDED) ? 0 : vma.offset())
            .setShmid(0)
            .setProt(vma.protection())
            .setFlags(VmaStatus.mapFlags(vma))
            .setStatus(VmaStatus.REGULAR | kind(vma))
            .setFd(-1)
            .setVestibule(VestibuleVma.newBuilder().setAttributes(vma.flags()).setName(vma.name()));
    Backing backing = vma.backing();
    if (backing instanceof SharedMemory memory) {
      entry.setShmid(sharedId(memory, space));
      entry.getVestibuleBuilder().setMemorySize(memory.size());
    } else if (backing != null && !vma.has(Vma.HANDED)) {
      entry.setShmid(files.mapped(backing, leader));
    }
    return entry.build();
  }

  private static int kind(Vma vma) {
    if (vma.has(Vma.HANDED)) {
      return VmaStatus.ANON_PRIVATE | (holdsCode(vma) ? VmaStatus.VDSO : VmaStatus.VVAR);
    }
    if (vma.backing() instanceof SharedMemory) {
      return VmaStatus.ANON_SHARED;
    }
    if (vma.backing() != null) {
      return vma.shared() ? VmaStatus.FILE_SHARED : VmaStatus.FILE_PRIVATE;
    }
    return VmaStatus.ANON_PRIVATE | (vma.name().equals("[heap]") ? VmaStatus.HEAP : 0);
  }

  private static boolean holdsCode(Vma vma) {
    return !vma.has(Vma.IO);
  }

  private static HandedEntry entry(HandedSet set) {
    return HandedEntry.newBuilder()
        .setKernel(set.kernel())
        .setVdso(set.vdso())
        .setStart(set.start())
        .setEnd(set.end())
        .setCurrent(set.current())
        .build();
  }

  // ---- pages ------------------------------------------------------------------------------------

  private record Run(long start, long end, boolean inParent) {}

  /**
   * Writes a process's pagemap and pages.
   *
   * @param process none of whose tasks runs
   */
  void pages(Process process) throws IOException {
    AddressSpace space = process.space();
    synchronized (space) {
      pages(process.pid(), space, space.mappings());
    }
  }

  private void pages(int pid, AddressSpace space, List<Vma> mappings) throws IOException {
    long pageSize = space.layout().pageSize();
    MemoryImage image = new MemoryImage(space.memory());
    PageTracking untouched = space.memory().tracking();
    if (untouched != null && !untouched.since().equals(dump.parent())) {
      untouched = null;
    }
    int id = ++lastPages;
    ImageWriter pagemap =
        new ImageWriter(ImageKind.PAGEMAP, pid)
            .add(PagemapHead.newBuilder().setPagesId(id).build());
    List<Run> all = new ArrayList<>();
    try (PagesFile pages = PagesFile.create(directory, id)) {
      for (Vma vma : mappings) {
        long start = System.nanoTime();
        List<Run> runs = runs(vma, image, pageSize);
        List<Run> parts = vma.has(Vma.HANDED) ? runs : split(runs, untouched, pageSize);
        statistics.scanned(vma.length() / pageSize, System.nanoTime() - start);
        for (Run run : parts) {
          if (run.inParent) {
            statistics.leftToParent((run.end - run.start) / pageSize);
          } else {
            write(run, image, pages);
            statistics.written((run.end - run.start) / pageSize, 0);
          }
          pagemap.add(entry(run, pageSize));
        }
        if (!vma.has(Vma.HANDED)) {
          all.addAll(runs);
        }
      }
    }
    pagemap.write(directory);
    if (dump.tracks()) {
      track(space, mappings, all);
    }
  }

  /** From now on, all pages that are in these images or earlier ones count as untouched. */
  private void track(AddressSpace space, List<Vma> mappings, List<Run> runs) {
    PageTracking tracking = space.memory().track(dump.name());
    int next = 0;
    for (Vma vma : mappings) {
      boolean prepared = false;
      for (; next < runs.size() && runs.get(next).end <= vma.end(); next++) {
        Run run = runs.get(next);
        prepared = prepared || tracking.prepare(vma.start(), vma.length());
        if (prepared) {
          tracking.mark(run.start, run.end - run.start);
        }
      }
    }
  }

  /** Parts runs into what has changed and what earlier images have. */
  private static List<Run> split(List<Run> runs, @Nullable PageTracking untouched, long pageSize) {
    if (untouched == null) {
      return runs;
    }
    List<Run> parts = new ArrayList<>();
    for (Run run : runs) {
      long[] at = {run.start};
      untouched.untouched(
          run.start,
          run.end - run.start,
          pageSize,
          (from, to) -> {
            if (from > at[0]) {
              parts.add(new Run(at[0], from, false));
            }
            parts.add(new Run(from, to, true));
            at[0] = to;
          });
      if (at[0] < run.end) {
        parts.add(new Run(at[0], run.end, false));
      }
    }
    return parts;
  }

  private void write(Run run, MemoryImage image, PagesFile pages) throws IOException {
    long start = System.nanoTime();
    pages.check(image.write(pages.fd(), run.start, run.end - run.start));
    statistics.written(0, System.nanoTime() - start);
  }

  private static List<Run> runs(Vma vma, MemoryImage image, long pageSize) {
    List<Run> runs = new ArrayList<>();
    if (vma.has(Vma.IO) || vma.shared()) {
      return runs;
    }
    if (vma.has(Vma.HANDED)) {
      long present = vma.backing() instanceof HandedArea area ? area.size() - vma.offset() : 0;
      long end = Math.min(vma.end(), vma.start() + present);
      if (end > vma.start()) {
        runs.add(new Run(vma.start(), end, false));
      }
      return runs;
    }
    image.ownPages(
        vma.start(), vma.length(), pageSize, (from, to) -> runs.add(new Run(from, to, false)));
    return runs;
  }

  /** With the count where old readers look for it, and where new ones do. */
  private static PagemapEntry entry(Run run, long pageSize) {
    long count = (run.end - run.start) / pageSize;
    PagemapEntry.Builder entry =
        PagemapEntry.newBuilder()
            .setVaddr(run.start)
            .setCompatNrPages((int) count)
            .setFlags(run.inParent ? IN_PARENT : PRESENT)
            .setNrPages(count);
    if (run.inParent) {
      entry.setInParent(true); // for readers that do not know flags
    }
    return entry.build();
  }

  /** The number of shared memory; its pages are written when it is first met. */
  private int sharedId(SharedMemory memory, AddressSpace space) throws IOException {
    Integer known = shared.get(memory);
    if (known != null) {
      return known;
    }
    int id = shared.size() + 1;
    shared.put(memory, id);
    int pagesId = ++lastPages;
    long pageSize = space.layout().pageSize();
    ImageWriter pagemap =
        new ImageWriter(ImageKind.SHMEM_PAGEMAP, id)
            .add(PagemapHead.newBuilder().setPagesId(pagesId).build());
    List<Run> runs = new ArrayList<>();
    MemoryImage.sharedPages(
        memory.hostFd(), memory.size(), (from, to) -> addPages(runs, from, to, pageSize));
    try (PagesFile pages = PagesFile.create(directory, pagesId)) {
      for (Run run : runs) {
        pages.copyFrom(memory.hostFd(), run.start, run.end - run.start);
        pagemap.add(entry(run, pageSize));
      }
    }
    pagemap.write(directory);
    return id;
  }

  /** Adds the pages that have a part of the host's; a larger one of the guest's is there once. */
  private static void addPages(List<Run> runs, long from, long to, long pageSize) {
    long start = from & -pageSize;
    long end = to + pageSize - 1 & -pageSize;
    if (!runs.isEmpty() && start <= runs.getLast().end) {
      start = runs.removeLast().start;
    }
    runs.add(new Run(start, end, false));
  }
}
