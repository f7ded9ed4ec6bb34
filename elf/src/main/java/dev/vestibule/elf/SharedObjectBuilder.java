package dev.vestibule.elf;

import dev.vestibule.elf.cfi.FrameSectionWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How is a vDSO image made? Builds a shared object of the shape Linux maps by itself: one
 * executable, read-only PT_LOAD over the whole image, addresses equal to file offsets plus a link
 * base, no relocations. Mistakes of the caller are IllegalArgumentException or
 * IllegalStateException.
 */
public final class SharedObjectBuilder {
  /** Which hash tables the image carries. */
  public enum HashStyle {
    SYSV,
    GNU,
    BOTH;

    boolean sysv() {
      return this != GNU;
    }

    boolean gnu() {
      return this != SYSV;
    }
  }

  /** The generated sections in the order of powerpc images since 2.6.15; code follows .note. */
  private static final List<String> BEFORE_CODE =
      List.of(
          ".hash", ".gnu.hash", ".dynsym", ".dynstr", ".gnu.version", ".gnu.version_d", ".note");

  private static final List<String> AFTER_CODE = List.of(".dynamic", ".eh_frame_hdr", ".eh_frame");

  final boolean is64;
  final ByteOrder order;
  final int machine;
  int flags;
  int osAbi;
  long linkBase;
  long segmentAlignment;
  boolean sectionHeaders = true;
  boolean staticSymbols = true;
  @Nullable String entrySymbol;
  HashStyle hashStyle = HashStyle.BOTH;
  final List<SymbolSpec> symbols = new ArrayList<>();
  private boolean versionSymbols = true;
  private boolean derivedBuildId;
  private @Nullable String soname;
  private @Nullable List<String> sectionOrder;
  private @Nullable FrameSectionWriter frames;
  private final Map<String, List<String>> versions = new LinkedHashMap<>();
  private final Map<String, SectionSpec> sections = new LinkedHashMap<>();
  private final Map<String, Integer> fixedOffsets = new HashMap<>();
  private final List<ElfNote> notes = new ArrayList<>();
  final List<Map.Entry<Long, Long>> dynamics = new ArrayList<>();
  List<Integer> segments = List.of(Elf.PT_DYNAMIC, Elf.PT_NOTE, Elf.PT_GNU_EH_FRAME);

  /**
   * @param machine EM value
   */
  public SharedObjectBuilder(boolean is64, ByteOrder order, int machine) {
    this.is64 = is64;
    this.order = order;
    this.machine = machine;
    segmentAlignment = machine == Elf.EM_PPC || machine == Elf.EM_PPC64 ? 0x10000 : 0x1000;
  }

  /** e_flags, such as 2 for ELFv2 on ppc64. */
  public SharedObjectBuilder flags(int value) {
    flags = value;
    return this;
  }

  /** EI_OSABI; 0 by default. */
  public SharedObjectBuilder osAbi(int value) {
    osAbi = value;
    return this;
  }

  /** DT_SONAME, which is also the name of the base version. Required. */
  public SharedObjectBuilder soname(String name) {
    soname = name;
    return this;
  }

  /** Link-time address of the file's first byte; 0 by default. */
  public SharedObjectBuilder linkBase(long address) {
    linkBase = address;
    return this;
  }

  /** p_align of the PT_LOAD entry; 64 KiB by default on Power, 4 KiB elsewhere. */
  public SharedObjectBuilder segmentAlignment(long bytes) {
    segmentAlignment = bytes;
    return this;
  }

  /**
   * The order of the program headers after PT_LOAD; by default PT_DYNAMIC, PT_NOTE and
   * PT_GNU_EH_FRAME. Each of the three must be there once.
   */
  public SharedObjectBuilder segments(List<Integer> types) {
    if (types.size() != segments.size() || !types.containsAll(segments)) {
      throw new IllegalArgumentException("segments " + types);
    }
    segments = List.copyOf(types);
    return this;
  }

  /** The symbol whose value is e_entry; without one e_entry is 0. */
  public SharedObjectBuilder entry(String symbol) {
    entrySymbol = symbol;
    return this;
  }

  /** Which hash tables to write; both by default. */
  public SharedObjectBuilder hashStyle(HashStyle style) {
    hashStyle = style;
    return this;
  }

  /** Adds a version node; parents must have been added before. */
  public SharedObjectBuilder version(String node, String... parents) {
    versions.put(node, List.of(parents));
    return this;
  }

  /** Whether each version node is also an absolute symbol, as GNU ld does; true by default. */
  public SharedObjectBuilder versionSymbols(boolean wanted) {
    versionSymbols = wanted;
    return this;
  }

  /** Whether to write .symtab and .strtab; true by default. */
  public SharedObjectBuilder staticSymbols(boolean wanted) {
    staticSymbols = wanted;
    return this;
  }

  /** Whether to write section headers; true by default. */
  public SharedObjectBuilder sectionHeaders(boolean wanted) {
    sectionHeaders = wanted;
    return this;
  }

  /** Adds a section of code or data. */
  public SharedObjectBuilder section(SectionSpec section) {
    if (isGenerated(section.name()) || sections.put(section.name(), section) != null) {
      throw new IllegalArgumentException("section " + section.name() + " exists already");
    }
    return this;
  }

  /** Adds a symbol; STB_LOCAL ones go to .symtab only. */
  public SharedObjectBuilder symbol(SymbolSpec symbol) {
    symbols.add(symbol);
    return this;
  }

  /** Adds a note; the order of calls is the order in the file. */
  public SharedObjectBuilder note(ElfNote note) {
    notes.add(note);
    return this;
  }

  /** Adds a build-id note whose 20 bytes are derived from the finished image. */
  public SharedObjectBuilder derivedBuildId() {
    derivedBuildId = true;
    return note(ElfNote.buildId(new byte[20]));
  }

  /** Adds an entry to the dynamic table, in front of DT_NULL. */
  public SharedObjectBuilder dynamic(long tag, long value) {
    dynamics.add(Map.entry(tag, value));
    return this;
  }

  /** Call-frame data, written as .eh_frame and .eh_frame_hdr. */
  public SharedObjectBuilder frames(FrameSectionWriter writer) {
    frames = writer;
    return this;
  }

  /**
   * The order of sections in the file. It must hold every section of the image; names that the
   * image does not have are ignored.
   */
  public SharedObjectBuilder order(List<String> names) {
    sectionOrder = List.copyOf(names);
    return this;
  }

  /** Places a section at a file offset, as 2.6 images do with .text at 0x400. */
  public SharedObjectBuilder fixedOffset(String section, int offset) {
    fixedOffsets.put(section, offset);
    return this;
  }

  /** Where everything will lie; may be asked for before the content of sections is settled. */
  public ImageLayout layout() {
    return plan().layout();
  }

  /** Builds the file. The same input gives the same bytes. */
  public SharedObject build() {
    ImagePlan plan = plan();
    byte[] bytes = new SharedObjectWriter(this, plan).write();
    if (derivedBuildId) {
      plan.putBuildId(bytes);
    }
    return new SharedObject(bytes, plan.layout());
  }

  private static boolean isGenerated(String name) {
    return BEFORE_CODE.contains(name) || AFTER_CODE.contains(name);
  }

  private ImagePlan plan() {
    if (soname == null) {
      throw new IllegalStateException("the image has no soname");
    }
    List<SymbolSpec> globals = new ArrayList<>();
    for (SymbolSpec symbol : symbols) {
      if (symbol.binding() != Elf.STB_LOCAL) {
        globals.add(symbol);
      }
    }
    if (versionSymbols) {
      for (String node : versions.keySet()) {
        globals.add(new SymbolSpec(node, node, null, 0, 0, Elf.STT_OBJECT, Elf.STB_GLOBAL, 0));
      }
    }
    DynamicTables tables =
        new DynamicTables(is64, order, soname, versions, globals, hashStyle.gnu());
    Map<String, SectionSpec> all = generated(tables);
    all.putAll(sections);
    return new ImagePlan(this, tables, ordered(all), fixedOffsets, soname);
  }

  private Map<String, SectionSpec> generated(DynamicTables tables) {
    int word = is64 ? 8 : 4;
    Map<String, SectionSpec> all = new LinkedHashMap<>();
    if (hashStyle.sysv()) {
      put(all, SectionSpec.data(".hash", word, tables.sysvHash()));
    }
    if (hashStyle.gnu()) {
      put(all, SectionSpec.data(".gnu.hash", word, tables.gnuHash()));
    }
    int symbolBytes = (tables.symbols().size() + 1) * Elf.symbolSize(is64);
    put(all, later(".dynsym", Elf.SHF_ALLOC, word, symbolBytes));
    if (tables.definitions() > 0) {
      put(all, SectionSpec.data(".gnu.version", 2, tables.versym()));
      put(all, SectionSpec.data(".gnu.version_d", word, tables.verdef()));
    }
    put(all, SectionSpec.data(".dynstr", 1, tables.strings.toByteArray()));
    if (!notes.isEmpty()) {
      put(all, SectionSpec.data(".note", 4, noteBytes()));
    }
    int dynamicBytes = ImagePlan.dynamicTags(this, tables).size() * 2 * word;
    put(all, later(".dynamic", Elf.SHF_ALLOC | Elf.SHF_WRITE, word, dynamicBytes));
    FrameSectionWriter writer = frames;
    if (writer != null && !writer.isEmpty()) {
      put(
          all,
          new SectionSpec(
              ".eh_frame_hdr",
              Elf.SHF_ALLOC,
              4,
              writer.headerSize(),
              l -> writer.header(l.address(".eh_frame_hdr"), l.address(".eh_frame"), l::address)));
      put(
          all,
          new SectionSpec(
              ".eh_frame",
              Elf.SHF_ALLOC,
              word,
              writer.frameSize(),
              l -> writer.frame(l.address(".eh_frame"), l::address)));
    }
    return all;
  }

  private static void put(Map<String, SectionSpec> all, SectionSpec section) {
    all.put(section.name(), section);
  }

  /** A section that {@link SharedObjectWriter} fills itself. */
  private static SectionSpec later(String name, int flags, int alignment, int size) {
    return new SectionSpec(name, flags, alignment, size, layout -> new byte[size]);
  }

  private List<SectionSpec> ordered(Map<String, SectionSpec> all) {
    List<String> names = new ArrayList<>();
    if (sectionOrder != null) {
      names.addAll(sectionOrder);
    } else {
      names.addAll(BEFORE_CODE);
      names.addAll(sections.keySet());
      names.addAll(AFTER_CODE);
    }
    List<SectionSpec> result = new ArrayList<>();
    for (String name : names) {
      SectionSpec section = all.remove(name);
      if (section != null) {
        result.add(section);
      }
    }
    if (!all.isEmpty()) {
      throw new IllegalArgumentException("the section order lacks " + all.keySet());
    }
    return result;
  }

  private byte[] noteBytes() {
    int size = 0;
    for (ElfNote note : notes) {
      size += 12 + padded(note.name().length() + 1) + padded(note.description().length);
    }
    ByteBuffer out = ByteBuffer.allocate(size).order(order);
    for (ElfNote note : notes) {
      out.putInt(note.name().length() + 1).putInt(note.description().length).putInt(note.type());
      out.put(note.name().getBytes(StandardCharsets.US_ASCII));
      out.position(out.position() + padded(note.name().length() + 1) - note.name().length());
      out.put(note.description());
      out.position(out.position() + padded(note.description().length) - note.description().length);
    }
    return out.array();
  }

  private static int padded(int size) {
    return size + 3 & -4;
  }
}
