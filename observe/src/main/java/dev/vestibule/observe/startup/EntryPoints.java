package dev.vestibule.observe.startup;

import dev.vestibule.elf.DynamicTable;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.elf.SectionHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which code of an ELF object runs before main, by what the object itself says? Link-time addresses
 * of first instructions. From the dynamic table and the relocations, or from sections where a
 * static program has neither. The object may be damaged: what cannot be read is left out.
 */
final class EntryPoints {
  private static final long DT_INIT = 12;
  private static final long DT_INIT_ARRAY = 25;
  private static final long DT_INIT_ARRAYSZ = 27;
  private static final long DT_PREINIT_ARRAY = 32;
  private static final long DT_PREINIT_ARRAYSZ = 33;
  private static final long DT_FLAGS_1 = 0x6ffffffbL;
  private static final long DF_1_INITFIRST = 0x20;
  private static final String SEQUENCES = "__rseq_cs";
  private static final int SEQUENCE_SIZE = 32;
  private static final int SHT_RELA = 4;
  private static final int STT_GNU_IFUNC = 10;

  /** Relocations of Power, elf.h: the same numbers for both word sizes but JMP_IREL. */
  private static final int R_RELATIVE = 22;

  private static final int R_JMP_IREL = 247;
  private static final int R_IRELATIVE = 248;

  /** More functions than any object has are not believed. */
  private static final int MOST = 1 << 16;

  private final ElfFile file;
  private final int word;
  private final boolean descriptors;
  private final Map<Long, Long> relocated = new HashMap<>();
  private final Map<Long, Stage> stages = new LinkedHashMap<>();
  private final TreeMap<Long, ElfSymbol> symbols = new TreeMap<>(Long::compareUnsigned);
  private DynamicTable dynamic = new DynamicTable(List.of(), 0, true);

  /** Reads what there is to read. */
  EntryPoints(ElfFile file, boolean main) {
    this.file = file;
    this.word = file.header().is64() ? 8 : 4;
    this.descriptors = file.header().is64() && file.header().order() == ByteOrder.BIG_ENDIAN;
    attempt(() -> dynamic = file.dynamic());
    Map<Long, Long> choosers = new LinkedHashMap<>();
    attempt(() -> relocations(choosers));
    attempt(() -> symbols(file.dynamicSymbols().symbols(), choosers));
    attempt(() -> symbols(file.staticSymbols(), choosers));
    choosers.keySet().forEach(address -> point(address, Stage.IFUNC));
    attempt(
        () -> array(DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ, ".preinit_array", Stage.PREINIT_ARRAY));
    attempt(() -> array(DT_INIT_ARRAY, DT_INIT_ARRAYSZ, ".init_array", Stage.INIT_ARRAY));
    attempt(this::sequences);
    initFunction();
    point(file.header().entry(), Stage.ENTRY);
    if (main) {
      functions("main").forEach(function -> stages.put(function, Stage.MAIN));
    }
  }

  private interface Reading {
    void run() throws ElfException;
  }

  private static void attempt(Reading reading) {
    try {
      reading.run();
    } catch (ElfException | IndexOutOfBoundsException damaged) {
      return;
    }
  }

  /** First instructions by link-time address. */
  Map<Long, Stage> stages() {
    return stages;
  }

  /** First instructions of the functions of a name, one for each version. */
  List<Long> functions(String name) {
    return symbols.entrySet().stream()
        .filter(each -> each.getValue().name().equals(name))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** The function that holds an instruction, or null. */
  @Nullable String symbolAt(long address) {
    Map.Entry<Long, ElfSymbol> below = symbols.floorEntry(address);
    if (below == null) {
      return null;
    }
    long into = address - below.getKey();
    long size = below.getValue().size();
    boolean within = into <= localOffset(below.getValue()) || Long.compareUnsigned(into, size) < 0;
    return within && into >= 0 ? below.getValue().name() : null;
  }

  /** Whether it asks to be initialised before all others. */
  boolean initFirst() {
    Long flags = dynamic.value(DT_FLAGS_1);
    return flags != null && (flags & DF_1_INITFIRST) != 0;
  }

  private void point(long address, Stage stage) {
    if (address != 0 && stages.size() < MOST) {
      stages.putIfAbsent(code(address), stage);
    }
  }

  private void initFunction() {
    Long init = dynamic.value(DT_INIT);
    if (init != null) {
      point(init, Stage.INIT);
    } else if (dynamic.entries().isEmpty()) {
      functions("_init").forEach(first -> stages.putIfAbsent(localEntry(first), Stage.INIT));
    }
  }

  /** Where calls within the object enter a function, as all others come by: ELFv2's st_other. */
  private long localEntry(long first) {
    ElfSymbol symbol = symbols.get(first);
    return symbol == null ? first : first + localOffset(symbol);
  }

  private static int localOffset(ElfSymbol symbol) {
    return (1 << (symbol.other() >> 5 & 7)) >> 2 << 2;
  }

  private void array(long tag, long sizeTag, String section, Stage stage) throws ElfException {
    Long start = dynamic.value(tag);
    Long size = dynamic.value(sizeTag);
    if (start == null && dynamic.entries().isEmpty()) {
      SectionHeader header = file.section(section);
      start = header == null ? null : (Long) header.addr();
      size = header == null ? null : (Long) header.size();
    }
    if (start == null || size == null) {
      return;
    }
    for (long at = start; at - start < size && at - start < (long) MOST * word; at += word) {
      long function = word(at);
      if (function != (word == 8 ? -1L : 0xffff_ffffL)) { // a mark of old linkers
        point(function, stage);
      }
    }
  }

  /**
   * Restartable sequences, where their descriptors have the section that librseq gives them: struct
   * rseq_cs of linux/rseq.h, pointers in 64 bits.
   */
  private void sequences() throws ElfException {
    SectionHeader section = file.section(SEQUENCES);
    if (section == null || section.size() > (long) MOST * SEQUENCE_SIZE) {
      return;
    }
    int low = word == 8 || file.header().order() == ByteOrder.LITTLE_ENDIAN ? 0 : 4;
    for (long at = 0; at + SEQUENCE_SIZE <= section.size(); at += SEQUENCE_SIZE) {
      long descriptor = section.addr() + at + low;
      long start = word(descriptor + 8);
      point(start, Stage.SEQUENCE);
      point(start + word(descriptor + 16), Stage.COMMITTED);
    }
  }

  // ---- relocations ------------------------------------------------------------------------------

  private void relocations(Map<Long, Long> choosers) throws ElfException {
    Long pltSize = dynamic.value(Elf.DT_PLTRELSZ);
    Long plt = dynamic.value(Elf.DT_JMPREL);
    Long all = dynamic.value(Elf.DT_RELA);
    Long size = dynamic.value(Elf.DT_RELASZ);
    if (all != null && size != null) {
      relocations(file.offsetOf(all), size, choosers);
    }
    if (plt != null && pltSize != null) {
      relocations(file.offsetOf(plt), pltSize, choosers);
    }
    if (dynamic.entries().isEmpty()) {
      for (SectionHeader section : file.sections()) {
        if (section.type() == SHT_RELA && section.addr() != 0) {
          relocations(section.offset(), section.size(), choosers);
        }
      }
    }
  }

  private void relocations(long offset, long size, Map<Long, Long> choosers) throws ElfException {
    if (offset < 0) {
      return;
    }
    ByteBuffer table = file.slice(offset, size, "relocations");
    int entry = 3 * word;
    for (int at = 0; at + entry <= table.limit(); at += entry) {
      long where = read(table, at);
      long info = read(table, at + word);
      long addend = read(table, at + 2 * word);
      int type = (int) (word == 8 ? info : info & 0xff);
      if (type == R_RELATIVE) {
        relocated.put(where, addend);
      } else if (type == R_IRELATIVE || word == 8 && type == R_JMP_IREL) {
        choosers.put(addend, addend);
      }
    }
  }

  private long read(ByteBuffer bytes, int at) {
    return word == 8 ? bytes.getLong(at) : bytes.getInt(at) & 0xffff_ffffL;
  }

  /** A pointer in the object's data as the loader leaves it, less the load address. */
  private long word(long address) throws ElfException {
    Long addend = relocated.get(address);
    if (addend != null) {
      return addend;
    }
    long offset = file.offsetOf(address);
    return offset < 0 ? 0 : read(file.slice(offset, word, "pointer"), 0);
  }

  /** Where a function's code begins: ELFv1 names a descriptor in the data instead. */
  private long code(long function) {
    if (!descriptors || executable(function)) {
      return function;
    }
    try {
      return word(function);
    } catch (ElfException damaged) {
      return function;
    }
  }

  private boolean executable(long address) {
    int executes = 1;
    for (ProgramHeader segment : file.programHeaders()) {
      if (segment.isLoad() && segment.holdsFileByte(address)) {
        SectionHeader opd = file.section(".opd");
        boolean descriptor =
            opd != null && address >= opd.addr() && address - opd.addr() < opd.size();
        return (segment.flags() & executes) != 0 && !descriptor;
      }
    }
    return false;
  }

  // ---- symbols ----------------------------------------------------------------------------------

  private void symbols(List<ElfSymbol> table, Map<Long, Long> choosers) {
    for (ElfSymbol symbol : table) {
      boolean chooses = symbol.type() == STT_GNU_IFUNC;
      if (!symbol.defined() || !chooses && symbol.type() != Elf.STT_FUNC) {
        continue;
      }
      long first = code(symbol.value());
      symbols.putIfAbsent(first, symbol);
      if (chooses) {
        choosers.put(symbol.value(), symbol.value());
      }
    }
  }
}
