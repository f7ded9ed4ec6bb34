package dev.vestibule.elf;

import dev.vestibule.elf.ElfException.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What does this ELF file say? An immutable view of a program, shared object, vDSO image or core
 * file. Reading checks the header and the program headers; every other table is checked when it is
 * asked for, so that damage in one does not hide the others. Files are limited to 2 GiB.
 */
public final class ElfFile {
  private final Input input;
  private final ElfHeader header;
  private final List<ProgramHeader> programHeaders;

  private ElfFile(Input input, ElfHeader header, List<ProgramHeader> programHeaders) {
    this.input = input;
    this.header = header;
    this.programHeaders = programHeaders;
  }

  /** Reads a file held in an array, which must not change afterwards. */
  public static ElfFile read(byte[] bytes, String name) throws ElfException {
    return read(ByteBuffer.wrap(bytes), name);
  }

  /**
   * Reads a file held between a buffer's position and limit; the content must not change.
   *
   * @param name the name used in messages
   */
  public static ElfFile read(ByteBuffer bytes, String name) throws ElfException {
    byte[] first = new byte[Math.min(bytes.remaining(), ElfHeader.MAX_SIZE)];
    bytes.get(bytes.position(), first);
    ElfHeader header = ElfHeader.parse(first, first.length, name);
    Input input = new Input(name, bytes, header.is64(), header.order());
    return new ElfFile(input, header, readProgramHeaders(input, header));
  }

  private static List<ProgramHeader> readProgramHeaders(Input input, ElfHeader header)
      throws ElfException {
    long count = header.phnum();
    if (count == 0) {
      return List.of();
    }
    int size = Elf.programHeaderSize(header.is64());
    if (header.phentsize() != size) {
      throw input.fail(
          Reason.MALFORMED,
          "e_phentsize",
          header.offsetOf("e_phentsize"),
          "program headers of " + header.phentsize() + " bytes, expected " + size);
    }
    if (count == Elf.PN_XNUM && header.shoff() != 0) {
      count = input.u32(header.shoff() + (header.is64() ? 44 : 28), "sh_info of section 0");
    }
    int at =
        input.range(
            header.phoff(), count * size, "e_phoff", header.offsetOf("e_phoff"), "program headers");
    byte[] table = input.copy(at, count * size, "e_phoff");
    Fields fields = new Fields(table, header.is64(), header.order());
    List<ProgramHeader> result = new ArrayList<>((int) count);
    for (int i = 0; i < count; i++) {
      result.add(fields.programHeader(i * size));
    }
    return List.copyOf(result);
  }

  /** The name used in messages. */
  public String name() {
    return input.name;
  }

  /** Size of the file in bytes. */
  public long size() {
    return input.size();
  }

  /** The file header. */
  public ElfHeader header() {
    return header;
  }

  /** The program headers in file order; empty if there are none. */
  public List<ProgramHeader> programHeaders() {
    return programHeaders;
  }

  /** The first program header of a type, or null. */
  public @Nullable ProgramHeader segment(int type) {
    for (ProgramHeader p : programHeaders) {
      if (p.type() == type) {
        return p;
      }
    }
    return null;
  }

  Input input() {
    return input.fresh();
  }

  /** File offset of program header number {@code index}, for messages. */
  long programHeaderOffset(int index) {
    return header.phoff() + (long) index * Elf.programHeaderSize(header.is64());
  }

  /**
   * File offset of the byte that a PT_LOAD segment puts at a link-time address, or -1 if none does.
   */
  public long offsetOf(long address) {
    for (ProgramHeader p : programHeaders) {
      if (p.isLoad() && p.holdsFileByte(address)) {
        return p.offset() + (address - p.vaddr());
      }
    }
    return -1;
  }

  /**
   * A read-only view of a part of the file, in the file's byte order.
   *
   * @param field the name of the field that led here, for messages
   */
  public ByteBuffer slice(long offset, long length, String field) throws ElfException {
    return input.slice(offset, length, field);
  }

  /** The section headers with their names; empty if the file has none. */
  public List<SectionHeader> sections() throws ElfException {
    return SectionTable.read(input(), header);
  }

  /** The first section of a name, or null; also null if the section headers are damaged. */
  public @Nullable SectionHeader section(String name) {
    try {
      for (SectionHeader section : sections()) {
        if (section.name().equals(name)) {
          return section;
        }
      }
    } catch (ElfException e) {
      return null;
    }
    return null;
  }

  /** The interpreter's path, or null without PT_INTERP. */
  public @Nullable String interpreter() throws ElfException {
    ProgramHeader p = segment(Elf.PT_INTERP);
    if (p == null) {
      return null;
    }
    if (p.filesz() < 2 || p.filesz() > ElfImage.MAX_INTERPRETER) {
      throw input.fail(
          Reason.MALFORMED,
          "PT_INTERP p_filesz",
          p.offset(),
          "an interpreter name of " + Long.toUnsignedString(p.filesz()) + " bytes");
    }
    byte[] path = input.copy(p.offset(), p.filesz(), "PT_INTERP");
    int length = 0;
    while (length < path.length && path[length] != 0) {
      length++;
    }
    if (length == path.length) {
      throw input.fail(
          Reason.MALFORMED, "PT_INTERP", p.offset(), "the name does not end with a NUL byte");
    }
    return new String(path, 0, length, StandardCharsets.UTF_8);
  }

  /** The dynamic table; without entries if there is no PT_DYNAMIC. */
  public DynamicTable dynamic() throws ElfException {
    ProgramHeader p = segment(Elf.PT_DYNAMIC);
    if (p == null) {
      return new DynamicTable(List.of(), 0, true);
    }
    int half = header.is64() ? 8 : 4;
    input.range(p.offset(), p.filesz(), "PT_DYNAMIC", p.offset(), "dynamic entries");
    List<DynamicTable.Entry> entries = new ArrayList<>();
    long end = p.offset() + p.filesz();
    for (long at = p.offset(); end - at >= 2L * half; at += 2L * half) {
      long tag = header.is64() ? input.i64(at, "d_tag") : input.i32(at, "d_tag");
      if (tag == Elf.DT_NULL) {
        return new DynamicTable(List.copyOf(entries), p.offset(), true);
      }
      entries.add(new DynamicTable.Entry(tag, input.word(at + half, "d_val")));
    }
    return new DynamicTable(List.copyOf(entries), p.offset(), false);
  }

  /** The string of a dynamic entry such as DT_SONAME, or null without the entry. */
  public @Nullable String dynamicString(long tag) throws ElfException {
    DynamicTable dynamic = dynamic();
    Long value = dynamic.value(tag);
    if (value == null) {
      return null;
    }
    String field =
        tag == Elf.DT_SONAME ? "DT_SONAME" : tag == Elf.DT_NEEDED ? "DT_NEEDED" : "DT_" + tag;
    return new DynamicReader(this, dynamic).string(value, field, dynamic.offset());
  }

  /** The dynamic symbols with their versions and hash tables; empty without DT_SYMTAB. */
  public SymbolTable dynamicSymbols() throws ElfException {
    return new DynamicReader(this, dynamic()).symbols();
  }

  /** The symbols of .symtab; empty if there is none. */
  public List<ElfSymbol> staticSymbols() throws ElfException {
    Input fresh = input();
    List<SectionHeader> sections = SectionTable.read(fresh, header);
    for (SectionHeader s : sections) {
      if (s.type() == Elf.SHT_SYMTAB) {
        return SectionTable.symbols(fresh, header, sections, s);
      }
    }
    return List.of();
  }

  /** The version definitions and needs. */
  public ElfVersions versions() throws ElfException {
    return new DynamicReader(this, dynamic()).versions();
  }

  /** The notes of all PT_NOTE segments, or of all note sections if there is no segment. */
  public List<ElfNote> notes() throws ElfException {
    List<ElfNote> notes = new ArrayList<>();
    NoteReader reader = new NoteReader(input);
    boolean any = false;
    for (ProgramHeader p : programHeaders) {
      if (p.type() == Elf.PT_NOTE) {
        any = true;
        reader.read(p.offset(), p.filesz(), p.align(), notes);
      }
    }
    if (!any) {
      for (SectionHeader s : sections()) {
        if (s.type() == Elf.SHT_NOTE) {
          reader.read(s.offset(), s.size(), s.addralign(), notes);
        }
      }
    }
    return List.copyOf(notes);
  }
}
