package dev.vestibule.elf;

import dev.vestibule.elf.ElfException.Reason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Follows the addresses of a dynamic table to symbols, versions and hash tables. */
final class DynamicReader {
  private final ElfFile file;
  private final Input input;
  private final DynamicTable dynamic;
  private final boolean is64;

  DynamicReader(ElfFile file, DynamicTable dynamic) {
    this.file = file;
    this.input = file.input();
    this.dynamic = dynamic;
    is64 = file.header().is64();
  }

  /** File offset of what a dynamic entry points at. */
  private long target(String field, long address) throws ElfException {
    long offset = file.offsetOf(address);
    if (offset < 0) {
      throw input.fail(
          Reason.MALFORMED,
          field,
          dynamic.offset(),
          "address " + ElfException.hex(address) + " lies in no PT_LOAD segment");
    }
    return offset;
  }

  String string(long nameOffset, String field, long fieldAt) throws ElfException {
    Long table = dynamic.value(Elf.DT_STRTAB);
    if (table == null) {
      throw input.fail(Reason.MALFORMED, "DT_STRTAB", dynamic.offset(), "missing");
    }
    long at = target("DT_STRTAB", table);
    Long size = dynamic.value(Elf.DT_STRSZ);
    long limit = input.size() - at;
    if (size != null) {
      if (Long.compareUnsigned(size, Math.max(0, limit)) > 0) {
        throw input.fail(
            Reason.TRUNCATED,
            "DT_STRSZ",
            dynamic.offset(),
            "a string table of "
                + ElfException.hex(size)
                + " bytes at "
                + ElfException.hex(at)
                + " reaches beyond the end of the file ("
                + ElfException.hex(input.size())
                + ")");
      }
      limit = size;
    }
    return input.string(at, limit, nameOffset, field, fieldAt);
  }

  SymbolTable symbols() throws ElfException {
    Long symtab = dynamic.value(Elf.DT_SYMTAB);
    if (symtab == null) {
      return new SymbolTable(input, List.of(), null, null);
    }
    HashTable.Sysv sysv = null;
    HashTable.Gnu gnu = null;
    Long hash = dynamic.value(Elf.DT_HASH);
    if (hash != null) {
      sysv = HashTable.Sysv.read(input, target("DT_HASH", hash));
    }
    Long gnuHash = dynamic.value(Elf.DT_GNU_HASH);
    if (gnuHash != null) {
      gnu = HashTable.Gnu.read(input, is64, target("DT_GNU_HASH", gnuHash));
    }
    long at = target("DT_SYMTAB", symtab);
    long count = count(sysv, gnu, symtab);
    int size = Elf.symbolSize(is64);
    input.range(at, count * size, "DT_SYMTAB", dynamic.offset(), "symbols");
    Long versym = dynamic.value(Elf.DT_VERSYM);
    long versymAt = versym == null ? -1 : target("DT_VERSYM", versym);
    ElfVersions versions = versions();
    List<ElfSymbol> symbols = new ArrayList<>((int) count);
    for (int i = 0; i < count; i++) {
      long entry = at + (long) i * size;
      String name = string(input.u32(entry, "st_name"), "st_name", entry);
      int version = versymAt < 0 ? 0 : input.u16(versymAt + 2L * i, "DT_VERSYM");
      int index = version & ~Elf.VERSYM_HIDDEN;
      symbols.add(
          SectionTable.symbol(
              input,
              is64,
              entry,
              i,
              name,
              index < 2 ? null : versions.names().get(index),
              (version & Elf.VERSYM_HIDDEN) != 0));
    }
    return new SymbolTable(input, List.copyOf(symbols), sysv, gnu);
  }

  private long count(
      HashTable.@org.jspecify.annotations.Nullable Sysv sysv,
      HashTable.@org.jspecify.annotations.Nullable Gnu gnu,
      long symtab)
      throws ElfException {
    if (sysv != null) {
      return sysv.symbols();
    }
    for (SectionHeader s : file.sections()) {
      if (s.type() == Elf.SHT_DYNSYM && s.addr() == symtab) {
        return Math.max(0, s.size() / Elf.symbolSize(is64));
      }
    }
    if (gnu != null) {
      return gnu.symbols();
    }
    throw input.fail(
        Reason.MALFORMED,
        "DT_SYMTAB",
        dynamic.offset(),
        "neither a hash table nor a section tells the number of symbols");
  }

  ElfVersions versions() throws ElfException {
    Long verdef = dynamic.value(Elf.DT_VERDEF);
    Long verneed = dynamic.value(Elf.DT_VERNEED);
    if (verdef == null && verneed == null) {
      return ElfVersions.NONE;
    }
    Map<Integer, String> names = new HashMap<>();
    List<ElfVersions.Definition> definitions = List.of();
    List<ElfVersions.Need> needs = List.of();
    if (verdef != null) {
      definitions = definitions(target("DT_VERDEF", verdef), names);
    }
    if (verneed != null) {
      needs = needs(target("DT_VERNEED", verneed), names);
    }
    return new ElfVersions(definitions, needs, Map.copyOf(names));
  }

  /** Ends a walk that visits more entries than the file has room for. */
  private void charge(long visited, int entrySize, String field, long at) throws ElfException {
    if (visited > input.size() / entrySize) {
      throw input.fail(Reason.MALFORMED, field, at, "the entries overlap or do not end");
    }
  }

  private long entries(long tag) {
    Long count = dynamic.value(tag);
    return count == null || count < 0 ? Long.MAX_VALUE : count;
  }

  private List<ElfVersions.Definition> definitions(long start, Map<Integer, String> names)
      throws ElfException {
    List<ElfVersions.Definition> result = new ArrayList<>();
    long limit = entries(Elf.DT_VERDEFNUM);
    long visited = 0;
    long at = start;
    while (result.size() < limit) {
      int revision = input.u16(at, "vd_version");
      if (revision != 1) {
        throw input.fail(Reason.MALFORMED, "vd_version", at, "revision " + revision);
      }
      int count = input.u16(at + 6, "vd_cnt");
      long aux = at + input.u32(at + 12, "vd_aux");
      List<String> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        charge(++visited, 8, "vd_cnt", at + 6);
        all.add(string(input.u32(aux, "vda_name"), "vda_name", aux));
        long next = input.u32(aux + 4, "vda_next");
        if (next == 0) {
          break;
        }
        aux += next;
      }
      if (all.isEmpty()) {
        throw input.fail(Reason.MALFORMED, "vd_cnt", at + 6, "a version without a name");
      }
      int index = input.u16(at + 4, "vd_ndx");
      int flags = input.u16(at + 2, "vd_flags");
      if ((flags & Elf.VER_FLG_BASE) == 0) {
        names.put(index & ~Elf.VERSYM_HIDDEN, all.getFirst());
      }
      result.add(
          new ElfVersions.Definition(
              at,
              flags,
              index,
              input.i32(at + 8, "vd_hash"),
              all.getFirst(),
              List.copyOf(all.subList(1, all.size()))));
      charge(result.size(), 20, "vd_next", at + 16);
      long next = input.u32(at + 16, "vd_next");
      if (next == 0) {
        break;
      }
      at += next;
    }
    return List.copyOf(result);
  }

  private List<ElfVersions.Need> needs(long start, Map<Integer, String> names) throws ElfException {
    List<ElfVersions.Need> result = new ArrayList<>();
    long limit = entries(Elf.DT_VERNEEDNUM);
    long visited = 0;
    long at = start;
    for (long i = 0; i < limit; i++) {
      int revision = input.u16(at, "vn_version");
      if (revision != 1) {
        throw input.fail(Reason.MALFORMED, "vn_version", at, "revision " + revision);
      }
      int count = input.u16(at + 2, "vn_cnt");
      String other = string(input.u32(at + 4, "vn_file"), "vn_file", at + 4);
      long aux = at + input.u32(at + 8, "vn_aux");
      for (int k = 0; k < count; k++) {
        charge(++visited, 16, "vn_cnt", at + 2);
        String name = string(input.u32(aux + 8, "vna_name"), "vna_name", aux + 8);
        int index = input.u16(aux + 6, "vna_other");
        names.put(index & ~Elf.VERSYM_HIDDEN, name);
        result.add(
            new ElfVersions.Need(
                other, name, input.i32(aux, "vna_hash"), input.u16(aux + 4, "vna_flags"), index));
        long next = input.u32(aux + 12, "vna_next");
        if (next == 0) {
          break;
        }
        aux += next;
      }
      charge(i, 16, "vn_next", at + 12);
      long next = input.u32(at + 12, "vn_next");
      if (next == 0) {
        break;
      }
      at += next;
    }
    return List.copyOf(result);
  }
}
