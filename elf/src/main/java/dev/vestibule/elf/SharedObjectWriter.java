package dev.vestibule.elf;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes a planned image into bytes: headers, tables, sections. */
final class SharedObjectWriter {
  private record Header(
      String name,
      int type,
      int flags,
      long address,
      long offset,
      long size,
      int link,
      int info,
      int alignment,
      int entrySize) {}

  private final SharedObjectBuilder image;
  private final ImagePlan plan;
  private final ImageLayout layout;
  private final boolean is64;

  SharedObjectWriter(SharedObjectBuilder image, ImagePlan plan) {
    this.image = image;
    this.plan = plan;
    layout = plan.layout();
    is64 = image.is64;
  }

  byte[] write() {
    StringTable names = new StringTable();
    List<Header> headers = allocated();
    long end = layout.loadSize();
    byte[] symbols = {};
    byte[] strings = {};
    if (image.staticSymbols && image.sectionHeaders) {
      StringTable table = new StringTable();
      symbols = staticSymbols(table);
      strings = table.toByteArray();
      int word = is64 ? 8 : 4;
      end = end + word - 1 & -word;
      int locals = 1;
      for (SymbolSpec symbol : image.symbols) {
        locals += symbol.binding() == Elf.STB_LOCAL ? 1 : 0;
      }
      int link = headers.size() + 1;
      headers.add(
          new Header(
              ".symtab",
              Elf.SHT_SYMTAB,
              0,
              0,
              end,
              symbols.length,
              link,
              locals,
              word,
              Elf.symbolSize(is64)));
      end += symbols.length;
      headers.add(new Header(".strtab", Elf.SHT_STRTAB, 0, 0, end, strings.length, 0, 0, 1, 0));
      end += strings.length;
    }
    headers.forEach(h -> names.add(h.name));
    names.add(".shstrtab");
    byte[] nameBytes = names.toByteArray();
    long tableAt = 0;
    if (image.sectionHeaders) {
      headers.add(new Header(".shstrtab", Elf.SHT_STRTAB, 0, 0, end, nameBytes.length, 0, 0, 1, 0));
      tableAt = end + nameBytes.length + 7 & -8;
      end = tableAt + (long) headers.size() * Elf.sectionHeaderSize(is64);
    }
    ByteBuffer out = ByteBuffer.allocate((int) end).order(image.order);
    putHeader(out, tableAt, headers.size());
    putProgramHeaders(out);
    for (SectionSpec section : plan.sections) {
      out.put(plan.offset(section.name()), section.fill(layout));
    }
    out.position(plan.offset(".dynsym") + Elf.symbolSize(is64));
    for (SymbolSpec symbol : plan.tables.symbols()) {
      putSymbol(out, symbol, plan.tables.strings.add(symbol.name()));
    }
    putDynamic(out);
    if (image.sectionHeaders) {
      putSections(out, headers, names, symbols, strings, nameBytes, (int) tableAt);
    }
    return out.array();
  }

  private void word(ByteBuffer out, long value) {
    if (is64) {
      out.putLong(value);
    } else {
      out.putInt((int) value);
    }
  }

  private void putHeader(ByteBuffer out, long tableAt, int sections) {
    boolean big = image.order == java.nio.ByteOrder.BIG_ENDIAN;
    out.put(new byte[] {0x7f, 'E', 'L', 'F', (byte) (is64 ? 2 : 1), (byte) (big ? 2 : 1), 1});
    out.put((byte) image.osAbi).position(16);
    out.putShort((short) Elf.ET_DYN).putShort((short) image.machine).putInt(1);
    word(out, image.entrySymbol == null ? 0 : layout.symbol(image.entrySymbol));
    word(out, Elf.headerSize(is64));
    word(out, tableAt);
    out.putInt(image.flags);
    out.putShort((short) Elf.headerSize(is64)).putShort((short) Elf.programHeaderSize(is64));
    out.putShort((short) plan.programHeaders).putShort((short) Elf.sectionHeaderSize(is64));
    boolean named = image.sectionHeaders;
    out.putShort((short) (named ? sections : 0)).putShort((short) (named ? sections - 1 : 0));
  }

  private void putProgramHeaders(ByteBuffer out) {
    putSegment(out, Elf.PT_LOAD, Elf.PF_R | Elf.PF_X, 0, layout.loadSize(), image.segmentAlignment);
    for (int type : image.segments) {
      String section =
          switch (type) {
            case Elf.PT_DYNAMIC -> ".dynamic";
            case Elf.PT_NOTE -> ".note";
            default -> ".eh_frame_hdr";
          };
      if (plan.has(section)) {
        putSegment(out, type, section);
      }
    }
  }

  private void putSegment(ByteBuffer out, int type, String section) {
    long alignment = section.equals(".dynamic") && is64 ? 8 : 4;
    putSegment(out, type, Elf.PF_R, plan.offset(section), plan.size(section), alignment);
  }

  private void putSegment(
      ByteBuffer out, int type, int flags, long offset, long size, long alignment) {
    out.putInt(type);
    if (is64) {
      out.putInt(flags);
    }
    word(out, offset);
    word(out, image.linkBase + offset);
    word(out, image.linkBase + offset);
    word(out, size);
    word(out, size);
    if (!is64) {
      out.putInt(flags);
    }
    word(out, alignment);
  }

  private void putSymbol(ByteBuffer out, SymbolSpec symbol, int name) {
    String section = symbol.section();
    long value = symbol.offset() + (section == null ? 0 : layout.address(section));
    int index = section == null ? Elf.SHN_ABS : plan.index(section);
    byte info = (byte) (symbol.binding() << 4 | symbol.type());
    out.putInt(name);
    if (is64) {
      out.put(info).put((byte) symbol.other()).putShort((short) index);
      out.putLong(value).putLong(symbol.size());
    } else {
      out.putInt((int) value).putInt((int) symbol.size());
      out.put(info).put((byte) symbol.other()).putShort((short) index);
    }
  }

  private byte[] staticSymbols(StringTable strings) {
    List<SymbolSpec> all = new ArrayList<>();
    for (SymbolSpec symbol : image.symbols) {
      if (symbol.binding() == Elf.STB_LOCAL) {
        all.add(symbol);
      }
    }
    all.addAll(plan.tables.symbols());
    ByteBuffer out =
        ByteBuffer.allocate((all.size() + 1) * Elf.symbolSize(is64)).order(image.order);
    out.position(Elf.symbolSize(is64));
    for (SymbolSpec symbol : all) {
      putSymbol(out, symbol, strings.add(symbol.name()));
    }
    return out.array();
  }

  private void putDynamic(ByteBuffer out) {
    out.position(plan.offset(".dynamic"));
    List<Long> tags = ImagePlan.dynamicTags(image, plan.tables);
    int extra = tags.size() - 1 - image.dynamics.size();
    for (int i = 0; i < tags.size(); i++) {
      long tag = tags.get(i);
      Map.Entry<Long, Long> given =
          i >= extra && i < tags.size() - 1 ? image.dynamics.get(i - extra) : null;
      word(out, tag);
      word(out, given != null ? given.getValue() : dynamicValue(tag));
    }
  }

  private long dynamicValue(long tag) {
    if (tag == Elf.DT_SONAME) {
      return plan.tables.strings.add(plan.soname);
    } else if (tag == Elf.DT_HASH) {
      return layout.address(".hash");
    } else if (tag == Elf.DT_GNU_HASH) {
      return layout.address(".gnu.hash");
    } else if (tag == Elf.DT_STRTAB) {
      return layout.address(".dynstr");
    } else if (tag == Elf.DT_SYMTAB) {
      return layout.address(".dynsym");
    } else if (tag == Elf.DT_STRSZ) {
      return plan.size(".dynstr");
    } else if (tag == Elf.DT_SYMENT) {
      return Elf.symbolSize(is64);
    } else if (tag == Elf.DT_VERDEF) {
      return layout.address(".gnu.version_d");
    } else if (tag == Elf.DT_VERDEFNUM) {
      return plan.tables.definitions();
    } else if (tag == Elf.DT_VERSYM) {
      return layout.address(".gnu.version");
    }
    return 0;
  }

  private List<Header> allocated() {
    List<Header> headers = new ArrayList<>();
    headers.add(new Header("", Elf.SHT_NULL, 0, 0, 0, 0, 0, 0, 0, 0));
    for (SectionSpec s : plan.sections) {
      int type = Elf.SHT_PROGBITS;
      String link = "";
      int info = 0;
      int entrySize = 0;
      switch (s.name()) {
        case ".hash" -> {
          type = Elf.SHT_HASH;
          link = ".dynsym";
          entrySize = 4;
        }
        case ".gnu.hash" -> {
          type = Elf.SHT_GNU_HASH;
          link = ".dynsym";
          entrySize = is64 ? 0 : 4;
        }
        case ".dynsym" -> {
          type = Elf.SHT_DYNSYM;
          link = ".dynstr";
          info = 1;
          entrySize = Elf.symbolSize(is64);
        }
        case ".dynstr" -> type = Elf.SHT_STRTAB;
        case ".gnu.version" -> {
          type = Elf.SHT_GNU_VERSYM;
          link = ".dynsym";
          entrySize = 2;
        }
        case ".gnu.version_d" -> {
          type = Elf.SHT_GNU_VERDEF;
          link = ".dynstr";
          info = plan.tables.definitions();
        }
        case ".note" -> type = Elf.SHT_NOTE;
        case ".dynamic" -> {
          type = Elf.SHT_DYNAMIC;
          link = ".dynstr";
          entrySize = is64 ? 16 : 8;
        }
        default -> {}
      }
      headers.add(
          new Header(
              s.name(),
              type,
              s.flags() | Elf.SHF_ALLOC,
              layout.address(s.name()),
              plan.offset(s.name()),
              s.size(),
              link.isEmpty() ? 0 : plan.index(link),
              info,
              s.alignment(),
              entrySize));
    }
    return headers;
  }

  private void putSections(
      ByteBuffer out,
      List<Header> headers,
      StringTable names,
      byte[] symbols,
      byte[] strings,
      byte[] nameBytes,
      int tableAt) {
    out.position(tableAt);
    for (Header h : headers) {
      out.putInt(names.add(h.name)).putInt(h.type);
      word(out, h.flags);
      word(out, h.address);
      word(out, h.offset);
      word(out, h.size);
      out.putInt(h.link).putInt(h.info);
      word(out, h.alignment);
      word(out, h.entrySize);
      switch (h.name) {
        case ".symtab" -> out.put((int) h.offset, symbols);
        case ".strtab" -> out.put((int) h.offset, strings);
        case ".shstrtab" -> out.put((int) h.offset, nameBytes);
        default -> {}
      }
    }
  }
}
