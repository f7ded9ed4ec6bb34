package dev.vestibule.checkpoint.show;

import dev.vestibule.checkpoint.ImageException;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.HandedEntry;
import dev.vestibule.checkpoint.schema.MmEntry;
import dev.vestibule.checkpoint.schema.PstreeEntry;
import dev.vestibule.checkpoint.schema.VmaEntry;
import dev.vestibule.inspect.Fact;
import dev.vestibule.inspect.ProcessView;
import dev.vestibule.profile.AuxType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What do images say of one process? Also a view of it, in which its vDSO can be looked for. */
public final class ShownProcess implements ProcessView {
  private static final int MOST_MAPPINGS = 65530;
  private static final int MOST_AUXV = 1024;

  private final Path directory;
  private final PstreeEntry place;
  private final String release;
  private final Map<Integer, CoreEntry> threads = new LinkedHashMap<>();
  private final Map<Integer, String> files;
  private MmEntry mm = MmEntry.getDefaultInstance();
  private ShownMemory memory = ShownMemory.none();

  private ShownProcess(
      Path directory, PstreeEntry place, String release, Map<Integer, String> files) {
    this.directory = directory;
    this.files = files;
    this.place = place;
    this.release = release;
  }

  /**
   * Reads what there is of a process.
   *
   * @param files names of plain files by their numbers
   */
  static ShownProcess read(
      Path directory, Entry<PstreeEntry> entry, String release, Map<Integer, String> files)
      throws ImageException {
    PstreeEntry place = entry.message();
    ShownProcess process = new ShownProcess(directory, place, release, files);
    for (int tid : place.getThreadsList()) {
      process.threads.put(
          tid, ImageReader.open(directory, ImageKind.CORE, tid).only(CoreEntry.parser()).message());
    }
    var mm = ImageReader.find(directory, ImageKind.MM, place.getPid());
    if (mm.isPresent()) {
      process.readMemory(mm.get());
    }
    return process;
  }

  private void readMemory(ImageReader image) throws ImageException {
    Entry<MmEntry> entry = image.only(MmEntry.parser());
    mm = entry.message();
    entry.check(mm.getVmasCount() <= MOST_MAPPINGS, "vmas", "too many mappings");
    entry.check(mm.getMmSavedAuxvCount() <= MOST_AUXV, "mm_saved_auxv", "is too long");
    long end = 0;
    for (int i = 0; i < mm.getVmasCount(); i++) {
      VmaEntry vma = mm.getVmas(i);
      boolean ordered =
          Long.compareUnsigned(vma.getStart(), end) >= 0
              && Long.compareUnsigned(vma.getEnd(), vma.getStart()) > 0;
      entry.check(
          ordered,
          "vmas[" + i + "]",
          "0x%x to 0x%x does not lie behind the mapping before it"
              .formatted(vma.getStart(), vma.getEnd()));
      end = vma.getEnd();
    }
    memory = ShownMemory.read(directory, place.getPid());
  }

  static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }

  ShownMemory memory() {
    return memory;
  }

  public int pid() {
    return place.getPid();
  }

  /** Whether it has memory: one that has ended has none. */
  public boolean hasMemory() {
    return mm.getVmasCount() > 0;
  }

  // ---- as a view --------------------------------------------------------------------------------

  @Override
  public String name() {
    return directory + " (process " + pid() + ")";
  }

  @Override
  public List<Mapping> mappings() {
    return mm.getVmasList().stream().map(ShownMapping::view).toList();
  }

  @Override
  public boolean hasNames() {
    return true;
  }

  @Override
  public Map<Long, Long> auxiliaryVector() {
    Map<Long, Long> vector = new LinkedHashMap<>();
    for (int i = 0; i + 1 < mm.getMmSavedAuxvCount() && mm.getMmSavedAuxv(i) != 0; i += 2) {
      vector.put(mm.getMmSavedAuxv(i), mm.getMmSavedAuxv(i + 1));
    }
    return vector;
  }

  @Override
  public byte[] read(long address, int length) {
    return memory.read(address, length);
  }

  @Override
  public long pageFrame(long address) {
    return UNKNOWN_FRAME;
  }

  @Override
  public String kernel() {
    return release;
  }

  @Override
  public int calls() {
    return 0;
  }

  // ---- as facts ---------------------------------------------------------------------------------

  /** Where an address lies, in words; empty where that is not worth a word. */
  String within(long address) {
    for (VmaEntry vma : mm.getVmasList()) {
      Mapping mapping = ShownMapping.view(vma);
      if (ShownMapping.isHanded(vma) && mapping.holds(address)) {
        return " (%s + 0x%x)".formatted(mapping.name(), address - vma.getStart());
      }
    }
    return "";
  }

  /** Everything but the vDSO's content. */
  public List<Fact> facts() {
    List<Fact> facts = new ArrayList<>();
    facts.add(process());
    threads.forEach((tid, core) -> facts.addAll(ShownThread.facts(tid, core, this)));
    for (VmaEntry vma : mm.getVmasList()) {
      facts.add(ShownMapping.fact(vma, memory, files));
    }
    auxiliaryVector().forEach((type, value) -> facts.add(auxiliary(type, value)));
    for (HandedEntry handed : mm.getVestibule().getHandedList()) {
      facts.add(handed(handed));
    }
    if (hasMemory()) {
      facts.add(memory.fact());
    }
    return facts;
  }

  private Fact process() {
    CoreEntry leader = threads.getOrDefault(pid(), CoreEntry.getDefaultInstance());
    String comm = leader.getTc().getComm();
    String state =
        switch (leader.getTc().getTaskState()) {
          case 1 -> "alive";
          case 2, 6 -> "ended";
          case 3 -> "stopped";
          default -> "in state " + leader.getTc().getTaskState();
        };
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("pid", pid());
    values.put("parent", place.getPpid());
    values.put("group", place.getPgid());
    values.put("session", place.getSid());
    values.put("threads", place.getThreadsCount());
    values.put("name", comm);
    values.put("state", state);
    values.put("machine", ShownThread.machine(leader));
    String text =
        "%d \"%s\", child of %d, group %d, session %d, %s, %d threads, %s"
            .formatted(
                pid(),
                comm,
                place.getPpid(),
                place.getPgid(),
                place.getSid(),
                state,
                place.getThreadsCount(),
                ShownThread.machine(leader));
    return new Fact("process", Integer.toString(pid()), values, text);
  }

  private static Fact auxiliary(long type, long value) {
    String name = Long.toString(type);
    for (AuxType known : AuxType.values()) {
      name = known.number() == type ? known.name() : name;
    }
    return new Fact("auxv", name, Map.of("value", hex(value)), name + " " + hex(value));
  }

  private static Fact handed(HandedEntry handed) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("kernel", handed.getKernel());
    values.put("start", hex(handed.getStart()));
    values.put("end", hex(handed.getEnd()));
    values.put("vdso", hex(handed.getVdso()));
    values.put("current", handed.getCurrent());
    String text =
        "0x%x..0x%x of kernel %s, %s, image at 0x%x"
            .formatted(
                handed.getStart(),
                handed.getEnd(),
                handed.getKernel(),
                handed.getCurrent() ? "in use" : "kept",
                handed.getVdso());
    return new Fact("handed", hex(handed.getStart()), values, text);
  }
}
