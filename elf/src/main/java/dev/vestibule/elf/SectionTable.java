package dev.vestibule.elf;

import dev.vestibule.elf.ElfException.Reason;
import java.util.ArrayList;
import java.util.List;

/** Reads section headers and the symbol tables that only they lead to. */
final class SectionTable {
  private SectionTable() {}

  static List<SectionHeader> read(Input input, ElfHeader header) throws ElfException {
    if (header.shoff() == 0) {
      return List.of();
    }
    int size = Elf.sectionHeaderSize(header.is64());
    long count = header.shnum();
    long at = header.shoff();
    if (header.shentsize() != size) {
      throw input.fail(
          Reason.MALFORMED,
          "e_shentsize",
          header.offsetOf("e_shentsize"),
          "section headers of " + header.shentsize() + " bytes, expected " + size);
    }
    if (count == 0) {
      count = input.word(at + (header.is64() ? 32 : 20), "sh_size of section 0");
      if (count < 0 || count > input.size() / size) {
        throw input.fail(
            Reason.MALFORMED, "sh_size of section 0", at, "more sections than the file can hold");
      }
    }
    input.range(at, count * size, "e_shoff", header.offsetOf("e_shoff"), "section headers");
    List<SectionHeader> raw = new ArrayList<>();
    List<Long> names = new ArrayList<>();
    for (long i = 0; i < count; i++, at += size) {
      names.add(input.u32(at, "sh_name"));
      raw.add(entry(input, header.is64(), at));
    }
    int table = header.shstrndx();
    if (table == Elf.SHN_XINDEX && !raw.isEmpty()) {
      table = raw.getFirst().link();
    }
    if (table == 0) {
      return List.copyOf(raw);
    }
    if (table < 0 || table >= raw.size()) {
      throw input.fail(
          Reason.MALFORMED,
          "e_shstrndx",
          header.offsetOf("e_shstrndx"),
          "section " + table + " of " + raw.size() + " is to hold the names");
    }
    SectionHeader strings = raw.get(table);
    List<SectionHeader> result = new ArrayList<>();
    for (int i = 0; i < raw.size(); i++) {
      SectionHeader s = raw.get(i);
      long nameAt = header.shoff() + (long) i * size;
      String name = "";
      if (s.type() != Elf.SHT_NULL || names.get(i) != 0) {
        name = input.string(strings.offset(), strings.size(), names.get(i), "sh_name", nameAt);
      }
      result.add(named(s, name));
    }
    return List.copyOf(result);
  }

  private static SectionHeader entry(Input input, boolean is64, long at) throws ElfException {
    long word = is64 ? 8 : 4;
    long next = at + 8;
    return new SectionHeader(
        "",
        input.i32(at + 4, "sh_type"),
        input.word(next, "sh_flags"),
        input.word(next + word, "sh_addr"),
        input.word(next + 2 * word, "sh_offset"),
        input.word(next + 3 * word, "sh_size"),
        input.i32(next + 4 * word, "sh_link"),
        input.i32(next + 4 * word + 4, "sh_info"),
        input.word(next + 4 * word + 8, "sh_addralign"),
        input.word(next + 5 * word + 8, "sh_entsize"));
  }

  private static SectionHeader named(SectionHeader s, String name) {
    return new SectionHeader(
        name,
        s.type(),
        s.flags(),
        s.addr(),
        s.offset(),
        s.size(),
        s.link(),
        s.info(),
        s.addralign(),
        s.entsize());
  }

  static List<ElfSymbol> symbols(
      Input input, ElfHeader header, List<SectionHeader> sections, SectionHeader table)
      throws ElfException {
    if (table.link() <= 0 || table.link() >= sections.size()) {
      throw input.fail(
          Reason.MALFORMED, "sh_link", table.offset(), "the symbols have no string table");
    }
    SectionHeader strings = sections.get(table.link());
    int size = Elf.symbolSize(header.is64());
    input.range(table.offset(), table.size(), table.name(), table.offset(), "symbols");
    List<ElfSymbol> symbols = new ArrayList<>();
    for (int i = 0; i < table.size() / size; i++) {
      long at = table.offset() + (long) i * size;
      String name =
          input.string(strings.offset(), strings.size(), input.u32(at, "st_name"), "st_name", at);
      symbols.add(symbol(input, header.is64(), at, i, name, null, false));
    }
    return List.copyOf(symbols);
  }

  static ElfSymbol symbol(
      Input input,
      boolean is64,
      long at,
      int index,
      String name,
      @org.jspecify.annotations.Nullable String version,
      boolean hidden)
      throws ElfException {
    long rest = is64 ? at + 4 : at + 12;
    return new ElfSymbol(
        index,
        at,
        name,
        is64 ? input.i64(at + 8, "st_value") : input.u32(at + 4, "st_value"),
        is64 ? input.i64(at + 16, "st_size") : input.u32(at + 8, "st_size"),
        input.u8(rest, "st_info"),
        input.u8(rest + 1, "st_other"),
        input.u16(rest + 2, "st_shndx"),
        version,
        hidden);
  }
}
