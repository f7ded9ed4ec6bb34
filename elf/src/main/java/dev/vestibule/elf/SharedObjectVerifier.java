package dev.vestibule.elf;

import dev.vestibule.elf.cfi.Cie;
import dev.vestibule.elf.cfi.Fde;
import dev.vestibule.elf.cfi.FrameTable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Can this image be mapped as a vDSO? Checks what kernels and C libraries rely on: one executable,
 * read-only PT_LOAD that needs no relocation, addresses equal to offsets plus a base, and tables
 * that lead to every symbol. Damage in one table does not hide that in another.
 */
public final class SharedObjectVerifier {
  /**
   * One broken rule.
   *
   * @param field name as in elf(5) or the DWARF book
   * @param offset file offset in bytes of the field or of what it leads to
   */
  public record Finding(String field, long offset, String message) {
    /** The finding as one line about a file. */
    public String line(String file) {
      return ElfException.oneLine(file)
          + ": "
          + ElfException.oneLine(field)
          + " at "
          + ElfException.hex(offset)
          + ": "
          + ElfException.oneLine(message);
    }
  }

  /** Images have a dozen symbols and at most a few entries of call-frame data for each. */
  private static final int MAX_ENTRIES = 4096;

  @FunctionalInterface
  private interface Check {
    void run() throws ElfException;
  }

  private final ElfFile file;
  private final List<Finding> findings = new ArrayList<>();
  private final List<SectionHeader> code = new ArrayList<>();
  private @Nullable ProgramHeader load;

  private SharedObjectVerifier(ElfFile file) {
    this.file = file;
  }

  /** All broken rules; empty for a usable image. */
  public static List<Finding> verify(ElfFile file) {
    SharedObjectVerifier verifier = new SharedObjectVerifier(file);
    verifier.segments();
    verifier.check(verifier::sections);
    verifier.check(verifier::dynamic);
    verifier.check(verifier::symbols);
    verifier.check(verifier::versions);
    verifier.check(verifier::notes);
    verifier.check(verifier::frames);
    return List.copyOf(verifier.findings);
  }

  private void check(Check check) {
    try {
      check.run();
    } catch (ElfException e) {
      report(e.field(), e.offset(), e.problem());
    }
  }

  private void report(String field, long offset, String message) {
    Finding finding = new Finding(field, offset, message);
    if (!findings.contains(finding) && findings.size() < 1000) {
      findings.add(finding);
    }
  }

  private static String hex(long value) {
    return ElfException.hex(value);
  }

  private void segments() {
    ElfHeader header = file.header();
    if (header.type() != Elf.ET_DYN) {
      report("e_type", header.offsetOf("e_type"), "type " + header.type() + ", expected 3");
    }
    int loads = 0;
    List<ProgramHeader> table = file.programHeaders();
    for (int i = 0; i < table.size(); i++) {
      ProgramHeader p = table.get(i);
      long at = file.programHeaderOffset(i);
      switch (p.type()) {
        case Elf.PT_LOAD -> {
          loads++;
          load = load == null ? p : load;
          loadSegment(p, at);
        }
        case Elf.PT_INTERP -> report("PT_INTERP", at, "a vDSO has no interpreter");
        case Elf.PT_TLS -> report("PT_TLS", at, "the C library refuses thread-local storage here");
        default -> {}
      }
    }
    if (loads != 1) {
      report("e_phnum", header.offsetOf("e_phnum"), loads + " PT_LOAD segments, expected one");
    }
    for (int i = 0; i < table.size(); i++) {
      ProgramHeader p = table.get(i);
      if (p.type() == Elf.PT_DYNAMIC
          || p.type() == Elf.PT_NOTE
          || p.type() == Elf.PT_GNU_EH_FRAME) {
        inside("p_vaddr", file.programHeaderOffset(i), p.vaddr(), p.offset(), p.filesz());
      }
    }
    if (file.segment(Elf.PT_DYNAMIC) == null) {
      report("e_phnum", header.offsetOf("e_phnum"), "there is no PT_DYNAMIC segment");
    }
  }

  private void loadSegment(ProgramHeader p, long at) {
    if (!p.readable() || !p.executable()) {
      report("PT_LOAD p_flags", at, "the segment is not readable and executable");
    }
    if (p.writable()) {
      report("PT_LOAD p_flags", at, "the segment is writable");
    }
    if (p.filesz() != p.memsz()) {
      report(
          "PT_LOAD p_memsz",
          at,
          hex(p.memsz()) + " bytes in memory, " + hex(p.filesz()) + " in the file");
    }
    if (p.offset() != 0) {
      report("PT_LOAD p_offset", at, "the segment does not start with the file header");
    }
    if (p.filesz() < 0 || p.filesz() > file.size() - Math.max(0, p.offset())) {
      report(
          "PT_LOAD p_filesz",
          at,
          "the segment ends at "
              + hex(p.offset() + p.filesz())
              + ", beyond the end of the file ("
              + hex(file.size())
              + ")");
    }
    long alignment = p.align();
    if (Long.bitCount(alignment) > 1
        || (alignment > 1 && ((p.vaddr() - p.offset()) & (alignment - 1)) != 0)) {
      report("PT_LOAD p_align", at, "alignment " + hex(alignment) + " does not fit the address");
    }
  }

  /** Reports a part whose address is not its offset plus the base, or that is not mapped. */
  private void inside(String field, long at, long address, long offset, long size) {
    ProgramHeader p = load;
    if (p == null) {
      return;
    }
    if (address - offset != p.vaddr() - p.offset()) {
      report(
          field,
          at,
          "address "
              + hex(address)
              + " is not offset "
              + hex(offset)
              + " plus the base "
              + hex(p.vaddr() - p.offset()));
    } else if (size < 0 || offset < p.offset() || size > p.offset() + p.filesz() - offset) {
      report(field, at, "offset " + hex(offset) + " is not inside the PT_LOAD segment");
    }
  }

  private void sections() throws ElfException {
    for (SectionHeader s : file.sections()) {
      if ((s.flags() & Elf.SHF_EXECINSTR) != 0) {
        code.add(s);
      }
      if ((s.flags() & Elf.SHF_ALLOC) != 0) {
        inside("sh_addr of " + s.name(), s.offset(), s.addr(), s.offset(), s.size());
      }
    }
  }

  /** Whether a range is code: in an executable section, or in the segment if there are none. */
  private boolean isText(long address, long size) {
    ProgramHeader p = load;
    if (p == null || size < 0) {
      return false;
    }
    for (SectionHeader s : code) {
      if (holds(s.addr(), s.size(), address, size)) {
        return true;
      }
    }
    return code.isEmpty() && holds(p.vaddr(), p.filesz(), address, size);
  }

  private static boolean holds(long start, long length, long address, long size) {
    long skip = address - start;
    return Long.compareUnsigned(skip, length) <= 0
        && Long.compareUnsigned(size, length - skip) <= 0;
  }

  private void dynamic() throws ElfException {
    DynamicTable dynamic = file.dynamic();
    long at = dynamic.offset();
    if (!dynamic.terminated()) {
      report("DT_NULL", at, "the dynamic table does not end");
    }
    absent(dynamic, Elf.DT_NEEDED, "DT_NEEDED", "a vDSO needs no other object");
    absent(dynamic, Elf.DT_TEXTREL, "DT_TEXTREL", "code would be relocated");
    Long flags = dynamic.value(Elf.DT_FLAGS);
    if (flags != null && (flags & Elf.DF_TEXTREL) != 0) {
      report("DT_FLAGS", at, "DF_TEXTREL is set");
    }
    relocations(dynamic, Elf.DT_REL, Elf.DT_RELSZ, "DT_REL");
    relocations(dynamic, Elf.DT_RELA, Elf.DT_RELASZ, "DT_RELA");
    relocations(dynamic, Elf.DT_JMPREL, Elf.DT_PLTRELSZ, "DT_JMPREL");
    relocations(dynamic, Elf.DT_RELR, Elf.DT_RELRSZ, "DT_RELR");
    if (file.dynamicString(Elf.DT_SONAME) == null) {
      report("DT_SONAME", at, "missing");
    }
    if (!dynamic.has(Elf.DT_HASH) && !dynamic.has(Elf.DT_GNU_HASH)) {
      report("DT_HASH", at, "there is no hash table of either kind");
    }
    if (!dynamic.has(Elf.DT_VERDEF)) {
      report("DT_VERDEF", at, "missing; some programs follow it unchecked");
    }
    if (!dynamic.has(Elf.DT_VERSYM)) {
      report("DT_VERSYM", at, "missing");
    }
    long entry = file.header().entry();
    if (entry != 0 && !isText(entry, 0)) {
      report(
          "e_entry", file.header().offsetOf("e_entry"), "address " + hex(entry) + " is not code");
    }
  }

  private void absent(DynamicTable dynamic, long tag, String name, String why) {
    if (dynamic.has(tag)) {
      report(name, dynamic.offset(), why);
    }
  }

  private void relocations(DynamicTable dynamic, long tag, long sizeTag, String name) {
    Long size = dynamic.value(sizeTag);
    if (size != null && size != 0) {
      report(name, dynamic.offset(), hex(size) + " bytes of relocations");
    } else if (dynamic.has(tag) && size == null) {
      report(name, dynamic.offset(), "relocations of unknown size");
    }
  }

  private void symbols() throws ElfException {
    SymbolTable table = file.dynamicSymbols();
    long dynamicAt = file.dynamic().offset();
    if (!file.dynamic().has(Elf.DT_SYMTAB)) {
      report("DT_SYMTAB", dynamicAt, "missing");
    }
    if (table.symbols().size() > MAX_ENTRIES || code.size() > MAX_ENTRIES) {
      report("DT_SYMTAB", dynamicAt, table.symbols().size() + " symbols in a vDSO");
      return;
    }
    for (ElfSymbol symbol : table.symbols()) {
      long at = symbol.offset();
      if (symbol.binding() == Elf.STB_LOCAL || symbol.name().isEmpty()) {
        continue;
      }
      if (!symbol.defined()) {
        report("st_shndx", at, symbol.name() + " is not defined");
        continue;
      }
      if (symbol.section() != Elf.SHN_ABS && !isText(symbol.value(), symbol.size())) {
        report(
            "st_value",
            at,
            symbol.name() + " at " + hex(symbol.value()) + " is not inside the code");
      }
      if (symbol.version() == null) {
        report("DT_VERSYM", at, symbol.name() + " has no version");
      }
      found(table, symbol, at);
    }
  }

  private void found(SymbolTable table, ElfSymbol symbol, long at) throws ElfException {
    if (table.hasSysvHash() && table.findBySysvHash(symbol.name(), symbol.version()) == null) {
      report("DT_HASH", at, "does not lead to " + symbol.name());
    }
    if (table.hasGnuHash() && table.findByGnuHash(symbol.name(), symbol.version()) == null) {
      report("DT_GNU_HASH", at, "does not lead to " + symbol.name());
    }
  }

  private void versions() throws ElfException {
    ElfVersions versions = file.versions();
    Set<Integer> indexes = new HashSet<>();
    boolean base = false;
    for (ElfVersions.Definition d : versions.definitions()) {
      base |= d.isBase();
      if (d.hash() != Elf.sysvHash(d.name())) {
        report(
            "vd_hash",
            d.offset() + 8,
            hex(d.hash() & 0xffffffffL)
                + " is not the hash of "
                + d.name()
                + ", "
                + hex(Elf.sysvHash(d.name())));
      }
      if (!indexes.add(d.index())) {
        report("vd_ndx", d.offset() + 4, "version index " + d.index() + " is taken");
      }
    }
    Long count = file.dynamic().value(Elf.DT_VERDEFNUM);
    if (count != null && count != versions.definitions().size()) {
      report(
          "DT_VERDEFNUM",
          file.dynamic().offset(),
          count + " versions announced, " + versions.definitions().size() + " found");
    }
    if (!versions.definitions().isEmpty() && !base) {
      report("vd_flags", versions.definitions().getFirst().offset() + 2, "no base version");
    }
    if (!versions.needs().isEmpty()) {
      report("DT_VERNEED", file.dynamic().offset(), "a vDSO needs no other object's versions");
    }
  }

  private void notes() throws ElfException {
    for (ElfNote note : file.notes()) {
      if (note.name().equals("Linux")
          && note.type() == Elf.NT_LINUX_VERSION
          && note.description().length != 4) {
        ProgramHeader p = file.segment(Elf.PT_NOTE);
        report(
            "n_descsz",
            p == null ? 0 : p.offset(),
            "the kernel version has " + note.description().length + " bytes, expected 4");
      }
    }
  }

  private void frames() throws ElfException {
    FrameTable table = FrameTable.read(file);
    long base = file.offsetOf(table.address());
    if (table.fdes().size() > MAX_ENTRIES || code.size() > MAX_ENTRIES) {
      report(".eh_frame", base, table.fdes().size() + " FDEs in a vDSO");
      return;
    }
    for (Cie cie : table.cies()) {
      table.text(cie, column -> "");
    }
    for (Fde fde : table.fdes()) {
      if (!isText(fde.start(), fde.size())) {
        report(
            "pc_begin",
            base + fde.position(),
            "the range "
                + hex(fde.start())
                + " to "
                + hex(fde.start() + fde.size())
                + " is not inside the code");
      }
      table.text(fde, column -> "");
      if (fde.size() > 0) {
        table.row(fde.start() + fde.size() - 1);
      }
    }
    FrameTable.SearchTable search = table.searchTable();
    if (search != null) {
      searchTable(table, search);
    }
  }

  private void searchTable(FrameTable table, FrameTable.SearchTable search) {
    ProgramHeader p = file.segment(Elf.PT_GNU_EH_FRAME);
    long at = p == null ? 0 : p.offset();
    if (search.frameAddress() != table.address()) {
      report("eh_frame_ptr", at, hex(search.frameAddress()) + " is not .eh_frame");
    }
    long before = 0;
    for (FrameTable.SearchTable.Row row : search.rows()) {
      if (Long.compareUnsigned(row.start(), before) < 0) {
        report("eh_frame_hdr table", at, "the rows are not in ascending order");
      }
      before = row.start();
      Fde fde = table.find(row.start());
      if (fde == null
          || fde.start() != row.start()
          || table.address() + fde.position() != row.fde()) {
        report("eh_frame_hdr table", at, "the row of " + hex(row.start()) + " leads elsewhere");
      }
    }
    if (!search.rows().isEmpty() && search.rows().size() != table.fdes().size()) {
      report(
          "fde_count", at, search.rows().size() + " rows for " + table.fdes().size() + " entries");
    }
  }
}
