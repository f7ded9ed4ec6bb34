package dev.vestibule.inspect;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.inspect.Sighting.Area;
import dev.vestibule.inspect.Sighting.Edit;
import dev.vestibule.inspect.Sighting.Way;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where does a process have its vDSO, by each way of finding it, and is it what the kernel mapped?
 * The ways are those of C libraries (auxiliary vector), CRIU (name, symbols, page frame) and
 * debuggers.
 */
public final class VdsoFinder {
  /** getauxval(3). */
  private static final long AT_SYSINFO_EHDR = 33;

  /** Images are smaller. */
  private static final int LARGEST = 1 << 20;

  /** Linux 5.11 and 5.12 on powerpc have a data page in front, inside the mapping. */
  private static final int[] HEADER_AT = {0, 0x1000, 0x2000, 0x10000};

  private static final Set<String> NAMES = Set.of("[vdso]", "[vvar]", "[vvar_vclock]");

  private final ProcessView process;
  private final @Nullable ProcessView own;
  private final List<Way> ways = new ArrayList<>();

  private VdsoFinder(ProcessView process, @Nullable ProcessView own) {
    this.process = process;
    this.own = own;
  }

  /**
   * The vDSO of a process.
   *
   * @param own a process of the same kernel whose vDSO is taken for pristine, null for none
   * @throws InspectException if no way leads to one, or the process cannot be looked into
   */
  public static Specimen find(ProcessView process, @Nullable ProcessView own)
      throws InspectException {
    return new VdsoFinder(process, own).find();
  }

  private Specimen find() throws InspectException {
    Long told = process.auxiliaryVector().get(AT_SYSINFO_EHDR);
    Long byVector = byVector(told);
    Long byName = byName();
    Long byContent = byContent();
    Specimen pristine = pristine();
    byFrame(pristine);
    Long address = byVector != null ? byVector : byName != null ? byName : byContent;
    if (address == null) {
      List<String> why = ways.stream().map(way -> way.name() + ": " + way.remark()).toList();
      throw new InspectException(process.name(), "no vDSO found (" + String.join("; ", why) + ")");
    }
    boolean disagree = byName != null && told != null && told != 0 && !told.equals(byName);
    boolean gone = told != null && told != 0 && byVector == null;
    byte[] bytes = image(address);
    Specimen bare = Specimen.of(process.name(), bytes, null, null);
    Edit edit = pristine == null ? null : compare(bare, pristine);
    int calls = process.calls() + (own == null ? 0 : own.calls());
    Sighting sighting =
        new Sighting(address, List.copyOf(ways), areas(address), disagree || gone, edit, calls);
    String kernel = process.kernel();
    return Specimen.of(process.name(), bytes, kernel.isEmpty() ? null : kernel, sighting);
  }

  private ProcessView.@Nullable Mapping mappingOf(long address) throws InspectException {
    for (ProcessView.Mapping mapping : process.mappings()) {
      if (mapping.holds(address)) {
        return mapping;
      }
    }
    return null;
  }

  private boolean isImage(long address) {
    byte[] first = process.read(address, 4);
    return first.length == 4
        && first[0] == 0x7f
        && first[1] == 'E'
        && first[2] == 'L'
        && first[3] == 'F';
  }

  private @Nullable Long byVector(@Nullable Long told) {
    Long found = null;
    String remark;
    if (told == null) {
      remark = "no AT_SYSINFO_EHDR";
    } else if (told == 0) {
      remark = "AT_SYSINFO_EHDR is 0";
    } else if (isImage(told)) {
      found = told;
      remark = "AT_SYSINFO_EHDR";
    } else {
      remark = "AT_SYSINFO_EHDR is 0x%x, where no image is".formatted(told);
    }
    ways.add(new Way("auxv", found, remark));
    return found;
  }

  private @Nullable Long headerIn(ProcessView.Mapping mapping) {
    for (int offset : HEADER_AT) {
      if (mapping.holds(mapping.start() + offset) && isImage(mapping.start() + offset)) {
        return mapping.start() + offset;
      }
    }
    return null;
  }

  private @Nullable Long byName() throws InspectException {
    if (!process.hasNames()) {
      ways.add(new Way("name", null, "mappings have no names here"));
      return null;
    }
    for (ProcessView.Mapping mapping : process.mappings()) {
      if (mapping.name().equals("[vdso]")) {
        Long at = headerIn(mapping);
        String remark =
            at == null
                ? "[vdso] at 0x%x holds no image".formatted(mapping.start())
                : at == mapping.start()
                    ? "[vdso]"
                    : "[vdso] + 0x%x: data comes first".formatted(at - mapping.start());
        ways.add(new Way("name", at, remark));
        return at;
      }
    }
    ways.add(new Way("name", null, "no mapping is called [vdso]"));
    return null;
  }

  /** Executable memory without a file that begins with an image: what CRIU calls symbols. */
  private @Nullable Long byContent() throws InspectException {
    List<Long> found = new ArrayList<>();
    int looked = 0;
    for (ProcessView.Mapping mapping : process.mappings()) {
      String permissions = mapping.permissions();
      boolean candidate =
          mapping.anonymous()
              && permissions.startsWith("r")
              && permissions.length() > 2
              && permissions.charAt(2) == 'x';
      if (candidate && !mapping.name().equals("[vsyscall]")) {
        looked++;
        Long at = headerIn(mapping);
        if (at != null && isVdso(at)) {
          found.add(at);
        }
      }
    }
    String where = " of " + looked + " executable mappings without a file";
    if (found.isEmpty()) {
      ways.add(new Way("symbols", null, "none" + where + " holds an image"));
      return null;
    }
    StringBuilder remark = new StringBuilder("ELF header and symbols; 1" + where);
    for (Long other : found.subList(1, found.size())) {
      remark.append(", another copy at 0x").append(Long.toHexString(other));
    }
    ways.add(new Way("symbols", found.getFirst(), remark.toString()));
    return found.getFirst();
  }

  private boolean isVdso(long address) {
    try {
      ElfFile file = ElfFile.read(image(address), process.name());
      return !file.dynamicSymbols().symbols().isEmpty();
    } catch (ElfException | InspectException e) {
      return false;
    }
  }

  private byte[] image(long address) throws InspectException {
    ProcessView.Mapping mapping = mappingOf(address);
    long length = mapping == null ? LARGEST : Math.min(LARGEST, mapping.end() - address);
    byte[] bytes = process.read(address, (int) length);
    if (bytes.length == 0) {
      throw new InspectException(process.name(), "its memory cannot be read");
    }
    return bytes;
  }

  private @Nullable Specimen pristine() {
    if (own == null) {
      return null;
    }
    try {
      return find(own, null);
    } catch (InspectException e) {
      return null;
    }
  }

  private void byFrame(@Nullable Specimen pristine) throws InspectException {
    Sighting known = pristine == null ? null : pristine.sighting();
    if (own == null || known == null) {
      ways.add(new Way("page frame", null, "there is no other process to compare with"));
      return;
    }
    long frame = own.pageFrame(known.address());
    if (frame == ProcessView.UNKNOWN_FRAME) {
      ways.add(new Way("page frame", null, "pagemap does not tell frames here"));
      return;
    }
    for (ProcessView.Mapping mapping : process.mappings()) {
      if (mapping.anonymous() && mapping.permissions().startsWith("r-x")) {
        Long at = headerIn(mapping);
        if (at != null && process.pageFrame(at) == frame) {
          ways.add(new Way("page frame", at, "frame 0x%x, as in %s".formatted(frame, own.name())));
          return;
        }
      }
    }
    ways.add(
        new Way("page frame", null, "no page is frame 0x%x of %s".formatted(frame, own.name())));
  }

  private List<Area> areas(long address) throws InspectException {
    List<Area> areas = new ArrayList<>();
    for (ProcessView.Mapping m : process.mappings()) {
      if (NAMES.contains(m.name()) || m.holds(address)) {
        areas.add(new Area(m.name(), m.start(), m.end(), m.permissions()));
      }
    }
    return areas;
  }

  /** Compares only images that say they are the same; others are not edited but different. */
  private static @Nullable Edit compare(Specimen here, Specimen pristine) {
    String id = Notes.of(pristine.file()).buildId();
    boolean same =
        here.architecture().equals(pristine.architecture())
            && id != null
            && id.equals(Notes.of(here.file()).buildId());
    if (!same) {
      return null;
    }
    byte[] one = here.bytes();
    byte[] other = pristine.bytes();
    int count = 0;
    long first = -1;
    Set<String> where = new LinkedHashSet<>();
    for (int i = 0; i < Math.min(one.length, other.length); i++) {
      if (one[i] != other[i]) {
        count++;
        first = first < 0 ? i : first;
        if (where.size() < 16) {
          where.add(Code.ownerOf(pristine.file(), i));
        }
      }
    }
    return new Edit(pristine.name(), count, first, List.copyOf(where));
  }
}
