package dev.vestibule.elf;

import dev.vestibule.elf.ElfException.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How is this program to be mapped? The part of an ELF file that execve(2) looks at: the header,
 * the program headers and the interpreter's name, checked as Linux's ELF loader checks them (6.1).
 *
 * <p>Program headers keep the file's order. Linux does not insist on ascending PT_LOAD entries;
 * {@link #ascending()} tells whether they are.
 *
 * @param interpreter the path in PT_INTERP, without its terminating NUL
 */
public record ElfImage(
    String name,
    ElfHeader header,
    List<ProgramHeader> programHeaders,
    @Nullable String interpreter) {

  /** Longest path in PT_INTERP in bytes, its NUL included (PATH_MAX). */
  public static final int MAX_INTERPRETER = 4096;

  /** Size limit in bytes of the program header table; Linux also limits it to one page. */
  public static final int MAX_TABLE = 65536;

  /** Size limit in bytes of a segment of notes. */
  public static final int MAX_NOTES = 65536;

  /**
   * Reads what a loader needs; segments are not read.
   *
   * @param name the name used in messages
   * @param pageSize the size in bytes, a power of two, at which segments will be mapped
   * @throws ElfException NOT_ELF, UNSUPPORTED and MALFORMED where execve(2) fails with ENOEXEC,
   *     TRUNCATED where it fails with EIO, UNLOADABLE where it kills the process
   */
  public static ElfImage read(ByteSource source, String name, int pageSize) throws ElfException {
    byte[] first = new byte[ElfHeader.MAX_SIZE];
    ElfHeader header = ElfHeader.parse(first, fill(source, 0, first), name);
    if (header.type() != Elf.ET_EXEC && header.type() != Elf.ET_DYN) {
      throw fail(
          Reason.UNSUPPORTED,
          name,
          header,
          "e_type",
          "type " + header.type() + " is neither a program (2) nor a shared object (3)");
    }
    List<ProgramHeader> table = readTable(source, name, header, pageSize);
    String interpreter = null;
    for (int i = 0; i < table.size(); i++) {
      ProgramHeader p = table.get(i);
      if (p.type() == Elf.PT_INTERP) {
        interpreter = readInterpreter(source, name, p, entryOffset(header, i));
        break;
      }
    }
    checkLoads(name, header, table, pageSize);
    return new ElfImage(name, header, table, interpreter);
  }

  /**
   * Reads the notes of all PT_NOTE segments.
   *
   * @param source the same file
   * @throws ElfException MALFORMED for one of more than {@link #MAX_NOTES} bytes or whose notes do
   *     not fit, TRUNCATED where the file ends inside it
   */
  public List<ElfNote> notes(ByteSource source) throws ElfException {
    List<ElfNote> notes = new ArrayList<>();
    for (int i = 0; i < programHeaders.size(); i++) {
      ProgramHeader p = programHeaders.get(i);
      if (p.type() != Elf.PT_NOTE) {
        continue;
      }
      long at = entryOffset(header, i);
      if (p.filesz() < 0 || p.filesz() > MAX_NOTES) {
        throw new ElfException(
            Reason.MALFORMED,
            name,
            "PT_NOTE p_filesz",
            at,
            "notes of " + Long.toUnsignedString(p.filesz()) + " bytes, more than " + MAX_NOTES);
      }
      byte[] bytes = new byte[(int) p.filesz()];
      if (p.offset() < 0 || fill(source, p.offset(), bytes) != bytes.length) {
        throw new ElfException(
            Reason.TRUNCATED,
            name,
            "PT_NOTE p_offset",
            at,
            "notes at " + ElfException.hex(p.offset()) + " reach beyond the end of the file");
      }
      Input segment = new Input(name, ByteBuffer.wrap(bytes), header.is64(), header.order());
      new NoteReader(segment).read(0, bytes.length, p.align(), notes);
    }
    return notes;
  }

  private static List<ProgramHeader> readTable(
      ByteSource source, String name, ElfHeader header, int pageSize) throws ElfException {
    int size = Elf.programHeaderSize(header.is64());
    if (header.phentsize() != size) {
      throw fail(
          Reason.MALFORMED,
          name,
          header,
          "e_phentsize",
          "program headers of " + header.phentsize() + " bytes, expected " + size);
    }
    int total = size * header.phnum();
    if (total == 0) {
      throw fail(Reason.MALFORMED, name, header, "e_phnum", "there are no program headers");
    }
    if (total > MAX_TABLE || total > pageSize) {
      throw fail(
          Reason.MALFORMED,
          name,
          header,
          "e_phnum",
          header.phnum() + " program headers take " + total + " bytes, more than a page");
    }
    byte[] bytes = new byte[total];
    if (header.phoff() < 0 || fill(source, header.phoff(), bytes) != total) {
      throw fail(
          Reason.TRUNCATED,
          name,
          header,
          "e_phoff",
          "program headers at "
              + ElfException.hex(header.phoff())
              + " reach beyond the end of the file");
    }
    Fields fields = new Fields(bytes, header.is64(), header.order());
    ProgramHeader[] table = new ProgramHeader[header.phnum()];
    for (int i = 0; i < table.length; i++) {
      table[i] = fields.programHeader(i * size);
    }
    return List.of(table);
  }

  private static String readInterpreter(ByteSource source, String name, ProgramHeader p, long at)
      throws ElfException {
    if (p.filesz() < 2 || p.filesz() > MAX_INTERPRETER) {
      throw new ElfException(
          Reason.MALFORMED,
          name,
          "PT_INTERP p_filesz",
          at,
          "an interpreter name of "
              + Long.toUnsignedString(p.filesz())
              + " bytes, expected 2 to "
              + MAX_INTERPRETER);
    }
    byte[] path = new byte[(int) p.filesz()];
    if (p.offset() < 0 || fill(source, p.offset(), path) != path.length) {
      throw new ElfException(
          Reason.TRUNCATED,
          name,
          "PT_INTERP p_offset",
          at,
          "the interpreter name at "
              + ElfException.hex(p.offset())
              + " reaches beyond the end of the file");
    }
    if (path[path.length - 1] != 0) {
      throw new ElfException(
          Reason.MALFORMED,
          name,
          "PT_INTERP",
          p.offset(),
          "the interpreter name does not end with a NUL byte");
    }
    int length = 0;
    while (path[length] != 0) {
      length++;
    }
    return new String(path, 0, length, StandardCharsets.UTF_8);
  }

  private static void checkLoads(
      String name, ElfHeader header, List<ProgramHeader> table, int pageSize) throws ElfException {
    boolean any = false;
    long end = header.is64() ? -1 : 0xffffffffL;
    for (int i = 0; i < table.size(); i++) {
      ProgramHeader p = table.get(i);
      if (!p.isLoad()) {
        continue;
      }
      any = true;
      String problem = null;
      String field = "p_vaddr";
      long inPage = p.vaddr() & (pageSize - 1);
      if (Long.compareUnsigned(p.filesz(), p.memsz()) > 0) {
        field = "p_filesz";
        problem =
            ElfException.hex(p.filesz())
                + " bytes in the file exceed "
                + ElfException.hex(p.memsz())
                + " in memory";
      } else if (Long.compareUnsigned(p.memsz(), end - p.vaddr()) > 0) {
        field = "p_memsz";
        problem = "the segment wraps around the end of the address space";
      } else if (p.filesz() + inPage != 0) {
        if ((p.offset() & (pageSize - 1)) != inPage) {
          field = "p_offset";
          problem =
              "offset "
                  + ElfException.hex(p.offset())
                  + " and address "
                  + ElfException.hex(p.vaddr())
                  + " differ modulo the page size "
                  + ElfException.hex(pageSize);
        } else if (p.offset() < 0 || p.offset() + p.filesz() < 0) {
          field = "p_offset";
          problem = "the segment's end in the file overflows";
        }
      }
      if (problem != null) {
        throw new ElfException(
            Reason.UNLOADABLE, name, "PT_LOAD " + field, entryOffset(header, i), problem);
      }
    }
    if (!any) {
      throw fail(Reason.UNLOADABLE, name, header, "e_phnum", "there is no PT_LOAD segment");
    }
  }

  private static int fill(ByteSource source, long offset, byte[] into) {
    int done = 0;
    while (done < into.length) {
      int count = source.read(offset + done, into, done, into.length - done);
      if (count <= 0) {
        break;
      }
      done += count;
    }
    return done;
  }

  private static long entryOffset(ElfHeader header, int index) {
    return header.phoff() + (long) index * Elf.programHeaderSize(header.is64());
  }

  private static ElfException fail(
      Reason reason, String name, ElfHeader header, String field, String problem) {
    return new ElfException(reason, name, field, header.offsetOf(field), problem);
  }

  /** Whether the image may be placed anywhere (ET_DYN). */
  public boolean relocatable() {
    return header.type() == Elf.ET_DYN;
  }

  /** The first entry of a type, or null. */
  public @Nullable ProgramHeader first(int type) {
    for (int i = 0; i < programHeaders.size(); i++) {
      if (programHeaders.get(i).type() == type) {
        return programHeaders.get(i);
      }
    }
    return null;
  }

  /** Lowest link-time address of a PT_LOAD entry, not rounded. */
  public long lowestAddress() {
    long lowest = -1;
    for (int i = 0; i < programHeaders.size(); i++) {
      ProgramHeader p = programHeaders.get(i);
      if (p.isLoad() && Long.compareUnsigned(p.vaddr(), lowest) < 0) {
        lowest = p.vaddr();
      }
    }
    return lowest;
  }

  /** Highest link-time address behind a PT_LOAD entry (exclusive), not rounded. */
  public long highestAddress() {
    long highest = 0;
    for (int i = 0; i < programHeaders.size(); i++) {
      ProgramHeader p = programHeaders.get(i);
      if (p.isLoad() && Long.compareUnsigned(p.vaddr() + p.memsz(), highest) > 0) {
        highest = p.vaddr() + p.memsz();
      }
    }
    return highest;
  }

  /** Whether PT_LOAD entries ascend without overlap, as the gABI wants them. */
  public boolean ascending() {
    long end = 0;
    for (int i = 0; i < programHeaders.size(); i++) {
      ProgramHeader p = programHeaders.get(i);
      if (p.isLoad()) {
        if (Long.compareUnsigned(p.vaddr(), end) < 0) {
          return false;
        }
        end = p.vaddr() + p.memsz();
      }
    }
    return true;
  }

  /**
   * The largest power-of-two p_align of the PT_LOAD entries, at least 1; Linux ignores any other
   * alignment when it places an ET_DYN image.
   */
  public long alignment() {
    long alignment = 1;
    for (int i = 0; i < programHeaders.size(); i++) {
      ProgramHeader p = programHeaders.get(i);
      if (p.isLoad() && p.align() > alignment && (p.align() & (p.align() - 1)) == 0) {
        alignment = p.align();
      }
    }
    return alignment;
  }

  /**
   * Link-time address of the program header table for AT_PHDR: its offset inside the PT_LOAD entry
   * that holds e_phoff, or 0 if none does (Linux 5.18 and later).
   */
  public long programHeaderAddress() {
    long phoff = header.phoff();
    for (int i = 0; i < programHeaders.size(); i++) {
      ProgramHeader p = programHeaders.get(i);
      if (p.isLoad()
          && Long.compareUnsigned(p.offset(), phoff) <= 0
          && Long.compareUnsigned(phoff - p.offset(), p.filesz()) < 0) {
        return phoff - p.offset() + p.vaddr();
      }
    }
    return 0;
  }
}
