package dev.vestibule.kernel.rseq;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.ObjectFile;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What of a mapped program or shared object matters to who owns restartable sequences? Little
 * enough to be kept.
 *
 * @param path its file in the guest's tree
 * @param bias run-time less link-time addresses
 * @param end first address behind it
 * @param dynamic run-time address of its dynamic table, 0 without one
 * @param symbols those of {@link #LOOKED_FOR} that it defines
 */
public record MappedObject(
    String path,
    @Nullable String soname,
    long bias,
    long end,
    long dynamic,
    Map<String, ElfSymbol> symbols) {

  /** The function of C libraries that makes any system call for its caller. */
  static final String WRAPPER = "syscall";

  /** By which a C library and its loader are known. */
  static final String LIBC_STARTS = "__libc_start_main";

  static final String LOADER_SERVES = "__tls_get_addr";

  /** What a C library defines that registers areas: glibc 2.35 and later. */
  static final String LIBC_REGISTERS = "__rseq_offset";

  /** Where a loader keeps its lists of objects. */
  static final String LISTS = "_r_debug";

  private static final String[] LOOKED_FOR = {
    WRAPPER, LIBC_STARTS, LOADER_SERVES, LIBC_REGISTERS, LISTS
  };

  /** Larger files are not looked at: a guest may have as many as it likes. */
  private static final int MOST = 64 << 20;

  /** The object that holds an address, or null. One file is read at a time. */
  static synchronized @Nullable MappedObject holding(AddressSpace space, long address) {
    ObjectFile file = ObjectFile.holding(space, address, MOST);
    if (file == null) {
      return null;
    }
    Map<String, ElfSymbol> symbols = new HashMap<>();
    for (String name : LOOKED_FOR) {
      ElfSymbol symbol = file.symbol(name);
      if (symbol != null) {
        symbols.put(name, symbol);
      }
    }
    ProgramHeader dynamic = file.elf().segment(Elf.PT_DYNAMIC);
    return new MappedObject(
        file.path(),
        file.soname(),
        file.bias(),
        file.end(),
        dynamic == null ? 0 : dynamic.vaddr() + file.bias(),
        symbols);
  }

  /** Its file's name without directories. */
  String name() {
    return baseName(path);
  }

  private static String baseName(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /**
   * Whether a loader was asked for it by a name: of the file, or a link to it, in any directory.
   *
   * @param listed what the loader calls it, or null
   */
  boolean loadedAs(String name, @Nullable String listed) {
    String file = baseName(name);
    return file.equals(name())
        || file.equals(soname)
        || listed != null && file.equals(baseName(listed));
  }

  /** Whether it is the object of a name, as a user has it: path, file, soname. */
  boolean named(String name) {
    return name.equals(path) || name.equals(name()) || name.equals(soname);
  }

  /** Whether a run-time address lies in it. */
  boolean holds(long address) {
    return Long.compareUnsigned(address - bias, end - bias) < 0;
  }

  /** The defined symbol of a name that is looked for, or null. */
  @Nullable ElfSymbol symbol(String name) {
    return symbols.get(name);
  }

  /** A shared object that is a C library or a loader. */
  boolean sharedLibc() {
    return soname != null
        && (symbols.containsKey(LIBC_STARTS) || symbols.containsKey(LOADER_SERVES));
  }
}
