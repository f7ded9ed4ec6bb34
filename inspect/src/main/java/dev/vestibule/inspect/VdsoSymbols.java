package dev.vestibule.inspect;

import dev.vestibule.elf.DynamicTable;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.elf.SymbolTable;
import dev.vestibule.inspect.RejectedImage.Rule;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which functions does a vDSO image have, and where, if nobody vouches for its bytes? What a
 * checkpointer must know of an image before it maps another in its place or writes into it. The
 * rules are those of CRIU (criu/pie/util-vdso.c), which bounds neither arrays nor chains, without
 * its restriction to little-endian images. Time and memory are bounded by the image's size.
 *
 * @param architecture as {@link Machine} names it
 * @param functions name -> offset from the image's first byte; symbols that are no functions, too,
 *     if they are global, as linkers of some eras made no difference
 * @param end behind the last of them, as far as their sizes tell; within the image
 */
public record VdsoSymbols(String architecture, Map<String, Long> functions, long end) {
  /** Images are smaller: the largest has five pages of 64 KiB. */
  public static final int LARGEST_IMAGE = 1 << 20;

  /** Images have some ten or twenty. */
  private static final int MOST_SYMBOLS = 1024;

  private static final int OSABI_GNU = 3;

  public VdsoSymbols {
    functions = Map.copyOf(functions);
  }

  /**
   * Reads an image.
   *
   * @param image from its first byte; what follows the file itself does no harm
   * @param name used in messages
   * @throws RejectedImage if anything in it cannot be relied on
   */
  public static VdsoSymbols read(byte[] image, String name) throws RejectedImage {
    if (image.length > LARGEST_IMAGE) {
      throw new RejectedImage(
          Rule.HEADER, name, "size", 0, "%d bytes, more than any image".formatted(image.length));
    }
    ElfFile file = file(image, name);
    ProgramHeader load = segments(file, name);
    tags(file, name);
    return functions(file, load, image.length, name);
  }

  private static ElfFile file(byte[] image, String name) throws RejectedImage {
    ElfFile file;
    try {
      file = ElfFile.read(image, name);
    } catch (ElfException e) {
      boolean segments = e.field().startsWith("e_ph") || e.field().startsWith("p_");
      throw new RejectedImage(segments ? Rule.PROGRAM_HEADERS : Rule.HEADER, e);
    }
    int abi = file.header().osAbi();
    if (abi != 0 && abi != OSABI_GNU) {
      throw new RejectedImage(Rule.OSABI, name, "EI_OSABI", 7, abi + " is neither 0 nor 3");
    }
    return file;
  }

  private static ProgramHeader segments(ElfFile file, String name) throws RejectedImage {
    for (int type : new int[] {Elf.PT_LOAD, Elf.PT_DYNAMIC}) {
      long count = file.programHeaders().stream().filter(p -> p.type() == type).count();
      if (count != 1) {
        String what = type == Elf.PT_LOAD ? "PT_LOAD" : "PT_DYNAMIC";
        throw new RejectedImage(
            Rule.SEGMENTS, name, what, file.header().phoff(), count + " of them, expected one");
      }
    }
    ProgramHeader load = java.util.Objects.requireNonNull(file.segment(Elf.PT_LOAD));
    if (load.offset() != 0 || load.filesz() < 0 || load.filesz() > file.size()) {
      throw new RejectedImage(
          Rule.SEGMENTS,
          name,
          "PT_LOAD",
          file.header().phoff(),
          "0x%x bytes from 0x%x on are not the image from its first byte on"
              .formatted(load.filesz(), load.offset()));
    }
    return load;
  }

  private static void tags(ElfFile file, String name) throws RejectedImage {
    DynamicTable dynamic;
    try {
      dynamic = file.dynamic();
    } catch (ElfException e) {
      throw new RejectedImage(Rule.DYNAMIC, e);
    }
    long[] needed = {Elf.DT_STRTAB, Elf.DT_SYMTAB, Elf.DT_STRSZ, Elf.DT_SYMENT};
    String[] names = {"DT_STRTAB", "DT_SYMTAB", "DT_STRSZ", "DT_SYMENT"};
    for (int i = 0; i < needed.length; i++) {
      if (!dynamic.has(needed[i])) {
        throw new RejectedImage(Rule.TAGS, name, names[i], dynamic.offset(), "missing");
      }
    }
    Long size = dynamic.value(Elf.DT_SYMENT);
    if (size == null || size != Elf.symbolSize(file.header().is64())) {
      throw new RejectedImage(
          Rule.TAGS, name, "DT_SYMENT", dynamic.offset(), "symbols of " + size + " bytes");
    }
    if (!dynamic.has(Elf.DT_HASH) && !dynamic.has(Elf.DT_GNU_HASH)) {
      throw new RejectedImage(
          Rule.TAGS, name, "DT_HASH", dynamic.offset(), "neither this nor DT_GNU_HASH is there");
    }
  }

  private static VdsoSymbols functions(ElfFile file, ProgramHeader load, int size, String name)
      throws RejectedImage {
    SymbolTable table;
    try {
      table = file.dynamicSymbols();
    } catch (ElfException e) {
      throw new RejectedImage(ruleOf(e), e);
    }
    if (table.symbols().size() > MOST_SYMBOLS) {
      throw new RejectedImage(
          Rule.TOO_MANY, name, "DT_SYMTAB", 0, table.symbols().size() + " symbols");
    }
    Map<String, Long> functions = new TreeMap<>();
    Set<String> seen = new HashSet<>();
    long end = 0;
    for (ElfSymbol symbol : table.symbols()) {
      boolean function = symbol.type() == Elf.STT_FUNC || symbol.type() == Elf.STT_NOTYPE;
      boolean offered = symbol.defined() && symbol.binding() != Elf.STB_LOCAL;
      if (!function || !offered || symbol.section() == Elf.SHN_ABS || symbol.name().isEmpty()) {
        continue;
      }
      long offset = symbol.value() - load.vaddr();
      if (offset < 0 || offset >= Math.min(size, load.filesz())) {
        throw new RejectedImage(
            Rule.SYMBOLS,
            name,
            "st_value of " + ElfException.oneLine(symbol.name()),
            symbol.offset(),
            "0x%x lies outside the image".formatted(symbol.value()));
      }
      if (seen.add(symbol.name()) && isFound(table, symbol.name())) {
        functions.put(symbol.name(), offset);
        end = Math.max(end, offset + Math.clamp(symbol.size(), 0, size - offset));
      }
    }
    return new VdsoSymbols(Machine.name(file.header()), functions, end);
  }

  /** What no hash table leads to, no program can call. */
  private static boolean isFound(SymbolTable table, String name) throws RejectedImage {
    try {
      return table.findBySysvHash(name, null) != null || table.findByGnuHash(name, null) != null;
    } catch (ElfException e) {
      throw new RejectedImage(Rule.HASH, e);
    }
  }

  private static Rule ruleOf(ElfException e) {
    String field = e.field().toLowerCase(java.util.Locale.ROOT);
    return field.contains("hash") || field.equals("nbucket") || field.equals("nchain")
        ? Rule.HASH
        : Rule.SYMBOLS;
  }
}
