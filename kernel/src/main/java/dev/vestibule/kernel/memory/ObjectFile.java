package dev.vestibule.kernel.memory;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.elf.SymbolTable;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.abi.GuestText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which program or shared object is mapped somewhere, and what does its file say? */
public final class ObjectFile {
  private static final int CHUNK = 1 << 20;

  private final String path;
  private final ElfFile elf;
  private final long bias;
  private final long end;
  private @Nullable SymbolTable dynamicSymbols;

  private ObjectFile(String path, ElfFile elf, long bias, long end) {
    this.path = path;
    this.elf = elf;
    this.bias = bias;
    this.end = end;
  }

  /** Its file in the guest's tree. */
  public String path() {
    return path;
  }

  public ElfFile elf() {
    return elf;
  }

  /** Run-time less link-time addresses. */
  public long bias() {
    return bias;
  }

  /** First address behind it. */
  public long end() {
    return end;
  }

  /**
   * The object whose file's beginning a mapping shows; null if it is none.
   *
   * @param most bytes that a file may have to be looked at; it is read as a whole
   */
  public static @Nullable ObjectFile at(Vma vma, long pageSize, int most) {
    Backing backing = vma.backing();
    if (backing == null || vma.offset() != 0 || backing.size() > most) {
      return null;
    }
    String path = GuestText.toHost(backing.path().isEmpty() ? vma.name() : backing.path());
    try {
      ElfFile file = ElfFile.read(bytes(backing), path);
      long lowest = -1;
      long highest = 0;
      for (ProgramHeader segment : file.programHeaders()) {
        if (segment.isLoad()) {
          lowest = lowest == -1 ? segment.vaddr() & -pageSize : lowest;
          highest = segment.vaddr() + segment.memsz();
        }
      }
      if (lowest == -1
          || file.header().type() != Elf.ET_EXEC && file.header().type() != Elf.ET_DYN) {
        return null;
      }
      long bias = vma.start() - lowest;
      return new ObjectFile(path, file, bias, bias + highest);
    } catch (ElfException noObject) {
      return null;
    }
  }

  /** The object that holds an address, or null; as {@link #at}. */
  public static @Nullable ObjectFile holding(AddressSpace space, long address, int most) {
    synchronized (space) { // its file stays open
      Vma there = space.find(address);
      Backing backing = there == null ? null : there.backing();
      if (there == null || backing == null) {
        return null;
      }
      Vma first = null;
      for (Vma vma : space.mappings()) {
        Backing other = vma.start() > there.start() ? null : vma.backing();
        if (other != null && vma.offset() == 0 && other.identity().equals(backing.identity())) {
          first = vma;
        }
      }
      ObjectFile object = first == null ? null : at(first, space.layout().pageSize(), most);
      return object != null && object.holds(address) ? object : null;
    }
  }

  /** The file as far as it can be read. */
  private static byte[] bytes(Backing backing) {
    byte[] bytes = new byte[(int) backing.size()];
    long buffer = HostMemory.allocate(CHUNK);
    try {
      int done = 0;
      while (done < bytes.length) {
        int wanted = Math.min(CHUNK, bytes.length - done);
        long read = Libc.syscall(HostCalls.PREAD64, backing.hostFd(), buffer, wanted, (long) done);
        if (read <= 0) {
          break;
        }
        HostMemory.copyOut(buffer, bytes, done, (int) read);
        done += (int) read;
      }
      return bytes;
    } finally {
      HostMemory.free(buffer);
    }
  }

  /** Its file's name without directories. */
  public String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** DT_SONAME, or null. */
  public @Nullable String soname() {
    try {
      return elf.dynamicString(Elf.DT_SONAME);
    } catch (ElfException damaged) {
      return null;
    }
  }

  /** Whether a run-time address lies in it. */
  public boolean holds(long address) {
    return Long.compareUnsigned(address - bias, end - bias) < 0;
  }

  /** The defined symbol of a name, dynamic or, in a static program, of .symtab; or null. */
  public @Nullable ElfSymbol symbol(String name) {
    try {
      ElfSymbol found = dynamicSymbols().find(name, null);
      return found != null || elf.segment(Elf.PT_DYNAMIC) != null && soname() != null
          ? found
          : named(elf.staticSymbols(), name);
    } catch (ElfException damaged) {
      return null;
    }
  }

  private synchronized SymbolTable dynamicSymbols() throws ElfException {
    if (dynamicSymbols == null) {
      dynamicSymbols = elf.dynamicSymbols();
    }
    return dynamicSymbols;
  }

  private static @Nullable ElfSymbol named(List<ElfSymbol> symbols, String name) {
    for (ElfSymbol symbol : symbols) {
      if (symbol.defined() && symbol.name().equals(name)) {
        return symbol;
      }
    }
    return null;
  }
}
