package dev.vestibule.inspect;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfNote;
import dev.vestibule.elf.ProgramHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What does a core file tell of the process it was made of? Mappings are its PT_LOAD segments,
 * which have no names; files are told by the NT_FILE note (core(5)).
 */
public final class CoreFile implements ProcessView {
  private static final int NT_AUXV = 6;
  private static final int NT_FILE = 0x46494c45;

  private final ElfFile core;
  private final List<Mapping> mappings = new ArrayList<>();
  private Map<Long, Long> vector = Map.of();

  /**
   * Reads the notes of a core file.
   *
   * @throws InspectException if it is damaged
   */
  public CoreFile(ElfFile core) throws InspectException {
    this.core = core;
    List<long[]> files = new ArrayList<>();
    try {
      for (ElfNote note : core.notes()) {
        if (note.name().equals("CORE") && note.type() == NT_AUXV) {
          vector = HostProcess.auxiliaryVector(note.description(), core.header().order());
        } else if (note.name().equals("CORE") && note.type() == NT_FILE) {
          ranges(note.description(), files);
        }
      }
    } catch (ElfException e) {
      throw new InspectException(e);
    }
    for (ProgramHeader p : core.programHeaders()) {
      if (p.type() == Elf.PT_LOAD) {
        long start = p.vaddr();
        boolean anonymous = files.stream().noneMatch(f -> start >= f[0] && start < f[1]);
        String permissions =
            (p.readable() ? "r" : "-")
                + (p.writable() ? "w" : "-")
                + (p.executable() ? "x" : "-")
                + "p";
        mappings.add(new Mapping(start, start + p.memsz(), permissions, anonymous, ""));
      }
    }
  }

  /** Count, page size, then begin, end and offset of each. */
  private void ranges(byte[] description, List<long[]> into) {
    int word = core.header().is64() ? 8 : 4;
    ByteBuffer in = ByteBuffer.wrap(description).order(core.header().order());
    long count = description.length < 2 * word ? 0 : word(in, 0, word);
    for (int i = 0; i < count && (i * 3L + 5) * word <= description.length; i++) {
      int at = (2 + i * 3) * word;
      into.add(new long[] {word(in, at, word), word(in, at + word, word)});
    }
  }

  private static long word(ByteBuffer in, int at, int size) {
    return size == 8 ? in.getLong(at) : in.getInt(at) & 0xffffffffL;
  }

  @Override
  public String name() {
    return core.name();
  }

  @Override
  public List<Mapping> mappings() {
    return mappings;
  }

  @Override
  public boolean hasNames() {
    return false;
  }

  @Override
  public Map<Long, Long> auxiliaryVector() {
    return vector;
  }

  @Override
  public byte[] read(long address, int length) {
    for (ProgramHeader p : core.programHeaders()) {
      if (p.isLoad() && p.holdsFileByte(address)) {
        long skip = address - p.vaddr();
        long there = Math.min(Math.min(length, p.filesz() - skip), core.size() - p.offset() - skip);
        try {
          byte[] bytes = new byte[(int) Math.max(0, there)];
          core.slice(p.offset() + skip, bytes.length, "PT_LOAD").get(bytes);
          return bytes;
        } catch (ElfException e) {
          return new byte[0];
        }
      }
    }
    return new byte[0];
  }

  @Override
  public long pageFrame(long address) {
    return UNKNOWN_FRAME;
  }

  @Override
  public String kernel() {
    return "";
  }

  @Override
  public int calls() {
    return 0;
  }
}
