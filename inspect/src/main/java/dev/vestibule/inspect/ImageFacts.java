package dev.vestibule.inspect;

import dev.vestibule.elf.DynamicTable;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfHeader;
import dev.vestibule.elf.ElfNote;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.ElfVersions;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.elf.SectionHeader;
import dev.vestibule.elf.SymbolTable;
import dev.vestibule.elf.cfi.Fde;
import dev.vestibule.elf.cfi.FrameTable;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What can be known of an image? Every fact in a fixed order; a table that cannot be read is a fact
 * of kind {@code damage}.
 */
public final class ImageFacts {
  private final Specimen specimen;
  private final ElfFile file;
  private final List<Fact> facts = new ArrayList<>();

  private ImageFacts(Specimen specimen) {
    this.specimen = specimen;
    file = specimen.file();
  }

  /** All facts. */
  public static List<Fact> of(Specimen specimen) {
    ImageFacts facts = new ImageFacts(specimen);
    facts.header();
    facts.reading(facts::segments);
    facts.reading(facts::sections);
    facts.reading(facts::names);
    facts.reading(facts::hashes);
    facts.reading(facts::notes);
    facts.reading(facts::symbols);
    facts.reading(facts::frames);
    return List.copyOf(facts.facts);
  }

  @FunctionalInterface
  private interface Reading {
    void run() throws ElfException;
  }

  private void reading(Reading part) {
    try {
      part.run();
    } catch (ElfException e) {
      String where = e.field() + " at 0x" + Long.toHexString(e.offset());
      add("damage", where, values("problem", e.problem()), where + ": " + e.problem());
    }
  }

  private void add(String kind, String key, Map<String, Object> values, String text) {
    facts.add(new Fact(kind, key, values, ElfException.oneLine(text)));
  }

  private static Map<String, Object> values(Object... pairs) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      values.put((String) pairs[i], pairs[i + 1]);
    }
    return values;
  }

  private void header() {
    ElfHeader header = file.header();
    boolean big = header.order().equals(ByteOrder.BIG_ENDIAN);
    int bits = header.is64() ? 64 : 32;
    add(
        "header",
        "",
        values(
            "architecture",
            specimen.architecture(),
            "bits",
            bits,
            "order",
            big ? "big" : "little",
            "flags",
            header.flags(),
            "entry",
            header.entry(),
            "osAbi",
            header.osAbi(),
            "type",
            header.type()),
        "%s, %d bits, %s-endian, flags 0x%x, entry 0x%x, OS ABI %d"
            .formatted(
                specimen.architecture(),
                bits,
                big ? "big" : "little",
                header.flags(),
                header.entry(),
                header.osAbi()));
    add("size", "", values("bytes", file.size()), file.size() + " bytes");
  }

  private static String segmentType(int type) {
    return switch (type) {
      case Elf.PT_LOAD -> "LOAD";
      case Elf.PT_DYNAMIC -> "DYNAMIC";
      case Elf.PT_NOTE -> "NOTE";
      case Elf.PT_GNU_EH_FRAME -> "GNU_EH_FRAME";
      case Elf.PT_GNU_STACK -> "GNU_STACK";
      case Elf.PT_INTERP -> "INTERP";
      case Elf.PT_TLS -> "TLS";
      case Elf.PT_PHDR -> "PHDR";
      default -> "0x" + Integer.toHexString(type);
    };
  }

  private void segments() {
    Map<String, Integer> seen = new HashMap<>();
    for (ProgramHeader p : file.programHeaders()) {
      String type = segmentType(p.type());
      int number = seen.merge(type, 1, Integer::sum);
      String permissions =
          (p.readable() ? "r" : "-") + (p.writable() ? "w" : "-") + (p.executable() ? "x" : "-");
      add(
          "segment",
          number == 1 ? type : type + " " + number,
          values(
              "type",
              type,
              "permissions",
              permissions,
              "address",
              p.vaddr(),
              "offset",
              p.offset(),
              "fileSize",
              p.filesz(),
              "memorySize",
              p.memsz(),
              "alignment",
              p.align()),
          "%-12s %s 0x%06x..0x%06x, offset 0x%x, aligned to 0x%x"
              .formatted(
                  type, permissions, p.vaddr(), p.vaddr() + p.memsz(), p.offset(), p.align()));
    }
  }

  private void sections() throws ElfException {
    Map<String, Integer> seen = new HashMap<>();
    for (SectionHeader s : file.sections()) {
      if ((s.flags() & Elf.SHF_ALLOC) != 0) {
        int number = seen.merge(s.name(), 1, Integer::sum);
        add(
            "section",
            number == 1 ? s.name() : s.name() + " " + number,
            values("address", s.addr(), "size", s.size(), "type", s.type()),
            "%-18s 0x%06x %6d bytes".formatted(s.name(), s.addr(), s.size()));
      }
    }
  }

  private void names() throws ElfException {
    String soname = String.valueOf(file.dynamicString(Elf.DT_SONAME));
    add("soname", "", values("name", soname), soname);
    for (ElfVersions.Definition version : file.versions().definitions()) {
      String hash = "0x%08x".formatted(version.hash());
      boolean right = version.hash() == Elf.sysvHash(version.name());
      add(
          "version",
          version.name(),
          values("hash", hash, "hashRight", right, "base", version.isBase()),
          "%s, hash %s%s%s"
              .formatted(
                  version.name(), hash, right ? "" : " (wrong)", version.isBase() ? ", base" : ""));
    }
  }

  private void hashes() throws ElfException {
    SymbolTable table = file.dynamicSymbols();
    DynamicTable dynamic = file.dynamic();
    if (dynamic.has(Elf.DT_HASH)) {
      hash("DT_HASH", table, false);
    }
    if (dynamic.has(Elf.DT_GNU_HASH)) {
      hash("DT_GNU_HASH", table, true);
    }
  }

  private void hash(String name, SymbolTable table, boolean gnu) throws ElfException {
    int all = 0;
    int found = 0;
    for (ElfSymbol symbol : table.symbols()) {
      if (symbol.defined() && symbol.binding() != Elf.STB_LOCAL && !symbol.name().isEmpty()) {
        all++;
        ElfSymbol hit =
            gnu
                ? table.findByGnuHash(symbol.name(), symbol.version())
                : table.findBySysvHash(symbol.name(), symbol.version());
        found += hit == null ? 0 : 1;
      }
    }
    add(
        "hash",
        name,
        values("symbols", all, "found", found),
        name + " leads to " + found + " of " + all + " symbols");
  }

  private void notes() throws ElfException {
    file.notes();
    Notes notes = Notes.of(file);
    if (notes.linuxVersion() != null) {
      note("Linux version", notes.linuxVersion());
    }
    if (notes.salt() != null) {
      note("build salt", notes.salt());
    }
    if (notes.buildId() != null) {
      note("build id", notes.buildId());
    }
    for (ElfNote other : notes.others()) {
      note(
          other.name() + " type 0x" + Integer.toHexString(other.type()),
          HexFormat.of().formatHex(other.description()));
    }
  }

  private void note(String what, String content) {
    add("note", what, values("content", content), what + " " + content);
  }

  private static String symbolType(int type) {
    return switch (type) {
      case Elf.STT_NOTYPE -> "notype";
      case Elf.STT_OBJECT -> "object";
      case Elf.STT_FUNC -> "func";
      default -> "type " + type;
    };
  }

  private void symbols() throws ElfException {
    List<ElfSymbol> symbols = new ArrayList<>(file.dynamicSymbols().symbols());
    symbols.removeIf(symbol -> symbol.name().isEmpty());
    symbols.sort(
        Comparator.comparing(ElfSymbol::value, Long::compareUnsigned)
            .thenComparing(ElfSymbol::name));
    for (ElfSymbol symbol : symbols) {
      String version = symbol.version() == null ? "" : "@" + symbol.version();
      String binding =
          switch (symbol.binding()) {
            case Elf.STB_LOCAL -> "local";
            case Elf.STB_GLOBAL -> "global";
            case Elf.STB_WEAK -> "weak";
            default -> "binding " + symbol.binding();
          };
      add(
          "symbol",
          symbol.name() + version,
          values(
              "address",
              symbol.value(),
              "size",
              symbol.size(),
              "type",
              symbolType(symbol.type()),
              "binding",
              binding,
              "code",
              Code.digest(specimen, symbol)),
          "0x%06x %5d %-6s %-6s %s%s"
              .formatted(
                  symbol.value(),
                  symbol.size(),
                  symbolType(symbol.type()),
                  binding,
                  symbol.name(),
                  version));
    }
  }

  private void frames() throws ElfException {
    FrameTable table = FrameTable.read(file);
    for (Fde fde : table.fdes()) {
      String augmentation = fde.cie().augmentation();
      String name = Code.nameAt(file, fde);
      List<String> rows = FrameRows.of(table, fde, specimen.architecture(), fde.start());
      add(
          "frame",
          name,
          values(
              "size",
              fde.size(),
              "augmentation",
              augmentation,
              "returnColumn",
              fde.cie().returnColumn(),
              "signalFrame",
              fde.cie().signalFrame(),
              "rows",
              rows),
          "0x%06x..0x%06x %s, augmentation \"%s\", return column %d%s"
              .formatted(
                  fde.start(),
                  fde.start() + fde.size(),
                  name,
                  augmentation,
                  fde.cie().returnColumn(),
                  fde.cie().signalFrame() ? ", signal frame" : ""));
    }
  }
}
