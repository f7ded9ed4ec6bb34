package dev.vestibule.inspect;

import dev.vestibule.inspect.Sighting.Area;
import dev.vestibule.inspect.Sighting.Edit;
import dev.vestibule.inspect.Sighting.Way;
import java.util.ArrayList;
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

  private static final Set<String> NAMES = Set.of("[vdso]", "[vvar]", "[vvar_vclock]");

  private final ProcessView process;
  private final @Nullable ProcessView own;
  private final Recognition recognition;
  private final List<Way> ways = new ArrayList<>();

  private VdsoFinder(ProcessView process, @Nullable ProcessView own) {
    this.process = process;
    this.own = own;
    recognition = new Recognition(process, own);
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
    Long byVector = by(Strategy.VECTOR);
    Long byName = by(Strategy.NAME);
    Long byContent = by(Strategy.SYMBOLS);
    Specimen pristine = pristine();
    by(Strategy.FRAME);
    Long address = byVector != null ? byVector : byName != null ? byName : byContent;
    if (address == null) {
      List<String> why = ways.stream().map(way -> way.name() + ": " + way.remark()).toList();
      throw new InspectException(process.name(), "no vDSO found (" + String.join("; ", why) + ")");
    }
    boolean disagree = byName != null && told != null && told != 0 && !told.equals(byName);
    boolean gone = told != null && told != 0 && byVector == null;
    byte[] bytes = recognition.image(address);
    Specimen bare = Specimen.of(process.name(), bytes, null, null);
    Edit edit = pristine == null ? null : compare(bare, pristine);
    int calls = process.calls() + (own == null ? 0 : own.calls());
    Sighting sighting =
        new Sighting(address, List.copyOf(ways), areas(address), disagree || gone, edit, calls);
    String kernel = process.kernel();
    return Specimen.of(process.name(), bytes, kernel.isEmpty() ? null : kernel, sighting);
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

  private @Nullable Long by(Strategy strategy) throws InspectException {
    Recognition.Answer answer = recognition.by(strategy);
    Long first = answer.first();
    Long image = first != null && recognition.isImage(first) ? first : null;
    ways.add(new Way(strategy.text(), image, answer.remark()));
    return image;
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
    if (!Recognition.sameBuild(here.bytes(), pristine.bytes())) {
      return null;
    }
    List<EditedVdso.Change> changes = EditedVdso.changes(here.bytes(), pristine.bytes());
    return new Edit(
        pristine.name(),
        changes.stream().mapToInt(EditedVdso.Change::length).sum(),
        changes.isEmpty() ? -1 : changes.getFirst().offset(),
        changes.stream().map(EditedVdso.Change::where).distinct().limit(16).toList());
  }
}
