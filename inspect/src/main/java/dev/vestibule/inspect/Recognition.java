package dev.vestibule.inspect;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where does a process have its vDSO by one {@link Strategy}, and what does it cost to look? Each
 * strategy believes what it sees, as the programs do that use it; whether that is right is for
 * those to say who know ({@link #judge}).
 */
public final class Recognition {
  /** getauxval(3). */
  private static final long AT_SYSINFO_EHDR = 33;

  /** Images are smaller. */
  static final int LARGEST = 1 << 20;

  /** Linux 5.11 and 5.12 on powerpc have a data page in front, inside the mapping. */
  private static final int[] HEADER_AT = {0, 0x1000, 0x2000, 0x10000};

  /** More than any process has; a hostile one may have as many copies as it likes. */
  private static final int MOST_FOUND = 64;

  /** Bytes that are parsed in search of symbols. */
  private static final long MOST_PARSED = 64L << 20;

  /** How good is an answer? */
  public enum Judgement {
    RIGHT("right"),
    /** There is one, and it is not found. */
    MISSES("misses"),
    /** The vDSO and something that looks like one. */
    TOO_MANY("too many"),
    /** Something that is not the vDSO. */
    WRONG("wrong"),
    /** The kernel does not tell what the strategy needs. */
    CANNOT("cannot tell");

    private final String text;

    Judgement(String text) {
      this.text = text;
    }

    /** In words. */
    public String text() {
      return text;
    }
  }

  /**
   * An answer.
   *
   * @param images addresses of ELF headers, or of mappings without one, in address order
   * @param able whether the strategy can be used at all here
   * @param remark how, or why not
   * @param calls system calls that it took, closing files included
   */
  public record Answer(
      Strategy strategy, List<Long> images, boolean able, String remark, int calls) {
    public Answer {
      images = List.copyOf(images);
    }

    /** The first image, or null. */
    public @Nullable Long first() {
      return images.isEmpty() ? null : images.getFirst();
    }

    private Answer after(int before) {
      return new Answer(strategy, images, able, remark, calls - before);
    }
  }

  private final ProcessView process;
  private final @Nullable ProcessView own;

  /**
   * @param own a process of the same kernel whose vDSO is known to be the kernel's, null for none
   */
  public Recognition(ProcessView process, @Nullable ProcessView own) {
    this.process = process;
    this.own = own;
  }

  /**
   * Looks by one strategy. What a view has read before costs nothing again: for the cost of a
   * strategy alone, ask with fresh views.
   *
   * @throws InspectException if the process cannot be looked into
   */
  public Answer by(Strategy strategy) throws InspectException {
    int before = calls();
    Answer answer =
        switch (strategy) {
          case NAME -> byName();
          case FRAME -> byFrame();
          case SYMBOLS -> bySymbols();
          case VECTOR -> byVector();
        };
    return answer.after(before);
  }

  /**
   * The strategy that CRIU takes: the name where a move does not lose it, else frames where they
   * are shown, else symbols.
   */
  public static Strategy choose(NameProbe probe, boolean framesShown) {
    return probe == NameProbe.SURVIVES
        ? Strategy.NAME
        : framesShown ? Strategy.FRAME : Strategy.SYMBOLS;
  }

  /**
   * How good an answer is.
   *
   * @param truth address of the kernel's image in the process, null if it has none any more
   */
  public static Judgement judge(Answer answer, @Nullable Long truth) {
    if (!answer.able) {
      return Judgement.CANNOT;
    }
    if (truth == null) {
      return answer.images.isEmpty() ? Judgement.RIGHT : Judgement.WRONG;
    }
    if (answer.images.isEmpty()) {
      return Judgement.MISSES;
    }
    if (!answer.images.contains(truth)) {
      return Judgement.WRONG;
    }
    return answer.images.size() == 1 ? Judgement.RIGHT : Judgement.TOO_MANY;
  }

  private int calls() {
    return process.calls() + (own == null ? 0 : own.calls());
  }

  private Answer found(Strategy strategy, List<Long> images, String remark) {
    return new Answer(strategy, images, true, remark, calls());
  }

  private Answer unable(Strategy strategy, String remark) {
    return new Answer(strategy, List.of(), false, remark, calls());
  }

  private Answer byVector() throws InspectException {
    Long told = process.auxiliaryVector().get(AT_SYSINFO_EHDR);
    if (told == null || told == 0) {
      String remark = told == null ? "no AT_SYSINFO_EHDR" : "AT_SYSINFO_EHDR is 0";
      return found(Strategy.VECTOR, List.of(), remark);
    }
    return isImage(told)
        ? found(Strategy.VECTOR, List.of(told), "AT_SYSINFO_EHDR")
        : found(
            Strategy.VECTOR,
            List.of(),
            "AT_SYSINFO_EHDR is 0x%x, where no image is".formatted(told));
  }

  private Answer byName() throws InspectException {
    if (!process.hasNames()) {
      return unable(Strategy.NAME, "mappings have no names here");
    }
    List<Long> found = new ArrayList<>();
    String remark = "no mapping is called [vdso]";
    for (ProcessView.Mapping mapping : process.mappings()) {
      if (mapping.name().equals("[vdso]") && found.size() < MOST_FOUND) {
        Long at = headerIn(mapping);
        remark =
            at == null
                ? "[vdso] at 0x%x holds no image".formatted(mapping.start())
                : at == mapping.start()
                    ? "[vdso]"
                    : "[vdso] + 0x%x: data comes first".formatted(at - mapping.start());
        found.add(at == null ? mapping.start() : at);
      }
    }
    return found(Strategy.NAME, found, remark);
  }

  /** Executable memory without a file that begins with an image. */
  private Answer bySymbols() throws InspectException {
    List<Long> found = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    int looked = 0;
    long left = MOST_PARSED;
    for (ProcessView.Mapping mapping : candidates()) {
      looked++;
      Long at = left > 0 ? headerIn(mapping) : null;
      left -= at == null ? 0 : Math.min(LARGEST, mapping.end() - at);
      String refusal = at == null ? null : refusal(at);
      if (at != null && refusal == null && found.size() < MOST_FOUND) {
        found.add(at);
      } else if (refusal != null && refused.size() < MOST_FOUND) {
        refused.add(refusal);
      }
    }
    String where = " of " + looked + " executable mappings without a file";
    StringBuilder remark =
        new StringBuilder(
            found.isEmpty()
                ? "none" + where + " holds an image"
                : "ELF header and symbols; " + found.size() + where);
    found.stream()
        .skip(1)
        .forEach(other -> remark.append(", another copy at 0x").append(Long.toHexString(other)));
    if (left <= 0) {
      remark.append("; ").append(MOST_PARSED >> 20).append(" MiB of images are enough");
    }
    refused.forEach(why -> remark.append("; ").append(why));
    return found(Strategy.SYMBOLS, found, remark.toString());
  }

  /**
   * The mapping that begins with the frame that one's own begins with. Both pages are read first:
   * the page map has no frame for a page that its process has never touched. As CRIU does, the
   * mappings' first pages are compared, so that it does not matter where in them the header lies.
   */
  private Answer byFrame() throws InspectException {
    ProcessView other = own;
    if (other == null) {
      return unable(Strategy.FRAME, "there is no other process to compare with");
    }
    ProcessView.Mapping mine = named(other);
    if (mine == null) {
      return unable(Strategy.FRAME, other.name() + " has no vDSO to compare with");
    }
    long frame = touched(other, mine.start());
    if (frame == ProcessView.UNKNOWN_FRAME) {
      return unable(Strategy.FRAME, "pagemap does not tell frames here");
    }
    List<Long> found = new ArrayList<>();
    String mistaken = "";
    for (ProcessView.Mapping mapping : candidates()) {
      if (touched(process, mapping.start()) == frame && found.size() < MOST_FOUND) {
        Long at = headerIn(mapping);
        found.add(at == null ? mapping.start() : at);
      } else if (mapping.name().equals("[vdso]")) {
        mistaken = "; [vdso] at 0x%x is another".formatted(mapping.start());
      }
    }
    String remark = found.isEmpty() ? "no page is frame 0x%x of %s" : "frame 0x%x, as in %s";
    return found(Strategy.FRAME, found, remark.formatted(frame, other.name()) + mistaken);
  }

  private static long touched(ProcessView view, long address) {
    return view.read(address, 1).length == 1 ? view.pageFrame(address) : ProcessView.UNKNOWN_FRAME;
  }

  private static ProcessView.@Nullable Mapping named(ProcessView view) throws InspectException {
    for (ProcessView.Mapping mapping : view.mappings()) {
      if (mapping.name().equals("[vdso]")) {
        return mapping;
      }
    }
    return null;
  }

  /** What may be a vDSO by its looks: private, without a file, readable and executable. */
  private List<ProcessView.Mapping> candidates() throws InspectException {
    return process.mappings().stream()
        .filter(m -> m.anonymous() && m.permissions().matches("r.xp?"))
        .filter(m -> !m.name().equals("[vsyscall]"))
        .toList();
  }

  boolean isImage(long address) {
    byte[] first = process.read(address, 4);
    return first.length == 4
        && first[0] == 0x7f
        && first[1] == 'E'
        && first[2] == 'L'
        && first[3] == 'F';
  }

  private @Nullable Long headerIn(ProcessView.Mapping mapping) {
    for (int offset : HEADER_AT) {
      if (mapping.holds(mapping.start() + offset) && isImage(mapping.start() + offset)) {
        return mapping.start() + offset;
      }
    }
    return null;
  }

  /** Why an image's symbols cannot be had, or null if they can. */
  private @Nullable String refusal(long address) throws InspectException {
    try {
      ElfFile file = ElfFile.read(image(address), process.name());
      return file.dynamicSymbols().symbols().isEmpty()
          ? "the image at 0x%x has no symbols".formatted(address)
          : null;
    } catch (ElfException e) {
      return "not the one at 0x%x: %s: %s".formatted(address, e.field(), e.problem());
    }
  }

  private ProcessView.@Nullable Mapping mappingOf(long address) throws InspectException {
    for (ProcessView.Mapping mapping : process.mappings()) {
      if (mapping.holds(address)) {
        return mapping;
      }
    }
    return null;
  }

  /**
   * What of a process's named image is not as in another's of the same kernel.
   *
   * @param pristine a process that has edited nothing
   * @return empty if nothing is, or if the images are of different builds
   */
  public static List<EditedVdso.Change> edits(ProcessView process, ProcessView pristine)
      throws InspectException {
    byte[] here = namedImage(process);
    byte[] there = namedImage(pristine);
    return here.length > 0 && there.length > 0 && sameBuild(here, there)
        ? EditedVdso.changes(here, there)
        : List.of();
  }

  private static byte[] namedImage(ProcessView view) throws InspectException {
    Recognition recognition = new Recognition(view, null);
    Long at = recognition.byName().first();
    return at == null || !recognition.isImage(at) ? new byte[0] : recognition.image(at);
  }

  /** Whether images say that they are the same: a process of another class has another one. */
  static boolean sameBuild(byte[] one, byte[] other) {
    try {
      ElfFile file = ElfFile.read(one, "");
      ElfFile second = ElfFile.read(other, "");
      String id = Notes.of(file).buildId();
      return Machine.name(file.header()).equals(Machine.name(second.header()))
          && id != null
          && id.equals(Notes.of(second).buildId());
    } catch (ElfException e) {
      return false;
    }
  }

  /** What a process has from a header to the end of the mapping. */
  byte[] image(long address) throws InspectException {
    ProcessView.Mapping mapping = mappingOf(address);
    long length = mapping == null ? LARGEST : Math.min(LARGEST, mapping.end() - address);
    byte[] bytes = process.read(address, (int) length);
    if (bytes.length == 0) {
      throw new InspectException(process.name(), "its memory cannot be read");
    }
    return bytes;
  }
}
