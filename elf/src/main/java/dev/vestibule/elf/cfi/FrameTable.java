package dev.vestibule.elf.cfi;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.elf.SectionHeader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Which call-frame data does a file have? The entries of .eh_frame, found through its section, or
 * through PT_GNU_EH_FRAME where section headers are missing. Entries are checked when read, their
 * instructions when they are printed or evaluated.
 */
public final class FrameTable {
  /**
   * The search table of .eh_frame_hdr.
   *
   * @param address of the header as linked
   * @param frameAddress of .eh_frame as linked
   * @param rows in file order; empty if the header has no table
   */
  public record SearchTable(long address, long frameAddress, List<Row> rows) {
    /**
     * One row of the search table.
     *
     * @param start address of the code
     * @param fde address of its FDE
     */
    public record Row(long start, long fde) {}
  }

  private final FrameBytes section;
  private final List<Cie> cies;
  private final List<Fde> fdes;
  private final Fde[] sorted;
  private final @Nullable SearchTable searchTable;

  private FrameTable(
      FrameBytes section, List<Cie> cies, List<Fde> fdes, @Nullable SearchTable searchTable) {
    this.section = section;
    this.cies = List.copyOf(cies);
    this.fdes = List.copyOf(fdes);
    this.searchTable = searchTable;
    sorted = fdes.toArray(new Fde[0]);
    Arrays.sort(sorted, Comparator.comparing(Fde::start, Long::compareUnsigned));
  }

  /** Reads a file's frames; without .eh_frame the table is empty. */
  public static FrameTable read(ElfFile file) throws ElfException {
    SearchTable search = readSearchTable(file);
    SectionHeader named = file.section(".eh_frame");
    if (named != null && named.type() != Elf.SHT_NOBITS) {
      FrameBytes bytes =
          new FrameBytes(
              file.name(),
              file.slice(named.offset(), named.size(), ".eh_frame"),
              named.addr(),
              named.offset(),
              file.header().is64());
      return readAll(bytes, search, false);
    }
    if (search == null) {
      return new FrameTable(
          new FrameBytes(file.name(), java.nio.ByteBuffer.allocate(0), 0, 0, true),
          List.of(),
          List.of(),
          null);
    }
    FrameBytes bytes = segmentRest(file, search.frameAddress);
    return search.rows.isEmpty() ? readAll(bytes, search, true) : readRows(bytes, search);
  }

  private static FrameBytes segmentRest(ElfFile file, long address) throws ElfException {
    for (ProgramHeader p : file.programHeaders()) {
      if (p.isLoad() && p.holdsFileByte(address)) {
        long skip = address - p.vaddr();
        return new FrameBytes(
            file.name(),
            file.slice(p.offset() + skip, p.filesz() - skip, ".eh_frame"),
            address,
            p.offset() + skip,
            file.header().is64());
      }
    }
    throw new ElfException(
        ElfException.Reason.MALFORMED,
        file.name(),
        "eh_frame_ptr",
        0,
        "address 0x" + Long.toHexString(address) + " lies in no PT_LOAD segment");
  }

  private static @Nullable SearchTable readSearchTable(ElfFile file) throws ElfException {
    ProgramHeader p = file.segment(Elf.PT_GNU_EH_FRAME);
    if (p == null) {
      return null;
    }
    FrameBytes bytes =
        new FrameBytes(
            file.name(),
            file.slice(p.offset(), p.filesz(), "PT_GNU_EH_FRAME"),
            p.vaddr(),
            p.offset(),
            file.header().is64());
    FrameCursor in = new FrameCursor(bytes, 0, bytes.bytes().limit());
    int version = in.u1("eh_frame_hdr version");
    if (version != 1) {
      throw bytes.fail("eh_frame_hdr version", 0, "version " + version);
    }
    int frameEncoding = in.u1("eh_frame_ptr_enc");
    int countEncoding = in.u1("fde_count_enc");
    int tableEncoding = in.u1("table_enc");
    long frame = in.pointer(frameEncoding, p.vaddr(), "eh_frame_ptr");
    List<SearchTable.Row> rows = new ArrayList<>();
    if (countEncoding != PointerEncoding.OMIT && tableEncoding != PointerEncoding.OMIT) {
      long count = in.pointer(countEncoding, p.vaddr(), "fde_count");
      if (count < 0 || count > (in.limit() - in.position()) / 2) {
        throw in.fail("fde_count", Long.toUnsignedString(count) + " rows exceed the segment");
      }
      for (long i = 0; i < count; i++) {
        long start = in.pointer(tableEncoding, p.vaddr(), "eh_frame_hdr table");
        long fde = in.pointer(tableEncoding, p.vaddr(), "eh_frame_hdr table");
        rows.add(new SearchTable.Row(start, fde));
      }
    }
    return new SearchTable(p.vaddr(), frame, List.copyOf(rows));
  }

  /** Reads entry after entry; where the section's size is not known, a zero length ends it. */
  private static FrameTable readAll(
      FrameBytes bytes, @Nullable SearchTable search, boolean untilTerminator) throws ElfException {
    Map<Integer, Cie> cies = new HashMap<>();
    List<Cie> order = new ArrayList<>();
    List<Fde> fdes = new ArrayList<>();
    int at = 0;
    while (bytes.bytes().limit() - at >= 4) {
      int end = EntryReader.end(bytes, at);
      if (end == at + 4) {
        if (untilTerminator) {
          break;
        }
        at = end;
        continue;
      }
      if (EntryReader.isCie(bytes, at)) {
        Cie cie = EntryReader.cie(bytes, at);
        cies.put(at, cie);
        order.add(cie);
      } else {
        Cie cie = cies.get(EntryReader.cieOf(bytes, at));
        if (cie == null) {
          throw EntryReader.noCie(bytes, at);
        }
        fdes.add(EntryReader.fde(bytes, at, cie));
      }
      at = end;
    }
    return new FrameTable(bytes, order, fdes, search);
  }

  private static FrameTable readRows(FrameBytes bytes, SearchTable search) throws ElfException {
    Map<Integer, Cie> cies = new HashMap<>();
    List<Fde> fdes = new ArrayList<>();
    for (SearchTable.Row row : search.rows) {
      long at = row.fde - bytes.address();
      if (at < 0 || at > bytes.bytes().limit() - 8) {
        throw bytes.fail(
            "eh_frame_hdr table", 0, "an FDE at 0x" + Long.toHexString(row.fde) + " is outside");
      }
      if (EntryReader.isCie(bytes, (int) at)) {
        throw bytes.fail("eh_frame_hdr table", (int) at, "a row points to a CIE");
      }
      int cieAt = EntryReader.cieOf(bytes, (int) at);
      Cie cie = cies.get(cieAt);
      if (cie == null) {
        if (!EntryReader.isCie(bytes, cieAt)) {
          throw EntryReader.noCie(bytes, (int) at);
        }
        cie = EntryReader.cie(bytes, cieAt);
        cies.put(cieAt, cie);
      }
      fdes.add(EntryReader.fde(bytes, (int) at, cie));
    }
    checkDisjoint(bytes, cies.values(), fdes);
    List<Cie> order = new ArrayList<>(cies.values());
    order.sort(Comparator.comparingInt(Cie::position));
    return new FrameTable(bytes, order, fdes, search);
  }

  /** Fails if entries share bytes, which would multiply the work of walking them. */
  private static void checkDisjoint(FrameBytes bytes, Collection<Cie> cies, List<Fde> fdes)
      throws ElfException {
    int[][] entries = new int[cies.size() + fdes.size()][];
    int count = 0;
    for (Cie cie : cies) {
      entries[count++] = new int[] {cie.position(), cie.end()};
    }
    for (Fde fde : fdes) {
      entries[count++] = new int[] {fde.position(), fde.end()};
    }
    Arrays.sort(entries, Comparator.comparingInt((int[] entry) -> entry[0]));
    for (int i = 1; i < count; i++) {
      if (entries[i][0] < entries[i - 1][1]) {
        throw bytes.fail("length", entries[i - 1][0], "the entry overlaps the next one");
      }
    }
  }

  /** The CIEs in file order. */
  public List<Cie> cies() {
    return cies;
  }

  /** The FDEs in file order, or in the search table's order where there is no section. */
  public List<Fde> fdes() {
    return fdes;
  }

  /** The search table, or null without PT_GNU_EH_FRAME. */
  public @Nullable SearchTable searchTable() {
    return searchTable;
  }

  /** Link-time address of .eh_frame. */
  public long address() {
    return section.address();
  }

  FrameBytes section() {
    return section;
  }

  /** The FDE that covers a link-time address, or null. */
  public @Nullable Fde find(long address) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(sorted[middle].start(), address) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low > 0 && sorted[low - 1].covers(address) ? sorted[low - 1] : null;
  }

  /** The initial instructions of a CIE as text, one per line, as readelf shows them. */
  public List<String> text(Cie cie, IntFunction<String> columns) throws ElfException {
    return new FrameText(section, cie, columns).lines(cie.program(), cie.end(), 0);
  }

  /**
   * The instructions of an FDE as text, one per line, as readelf shows them.
   *
   * @param columns names of the DWARF columns; empty for those without a name
   */
  public List<String> text(Fde fde, IntFunction<String> columns) throws ElfException {
    return new FrameText(section, fde.cie(), columns).lines(fde.program(), fde.end(), fde.start());
  }

  /** The rules in force at a link-time address, or null if no FDE covers it. */
  public @Nullable CfaRow row(long address) throws ElfException {
    Fde fde = find(address);
    return fde == null ? null : new RowMachine(section, fde).row(address);
  }

  /** All rows of an FDE in the order of its instructions. */
  public List<CfaRow.Span> rows(Fde fde) throws ElfException {
    return new RowMachine(section, fde).rows();
  }
}
