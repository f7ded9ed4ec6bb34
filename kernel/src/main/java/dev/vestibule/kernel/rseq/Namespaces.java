package dev.vestibule.kernel.rseq;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.GuestText;
import org.jspecify.annotations.Nullable;

/**
 * Which objects has a program's loader put into the program's own namespace? As debuggers find it:
 * by DT_DEBUG of the program, or the loader's {@code _r_debug}, to struct r_debug and its list of
 * struct link_map (link.h). What is in guest memory may be anything.
 */
final class Namespaces {
  private static final long DT_DEBUG = 21;
  private static final int MOST_ENTRIES = 256;
  private static final int MOST_OBJECTS = 4096;

  private final GuestAbi abi;
  private final GuestMemory memory;

  Namespaces(GuestAbi abi, GuestMemory memory) {
    this.abi = abi;
    this.memory = memory;
  }

  /** Under which name an object is in the first list; null if it is not, or there is no list. */
  @Nullable String nameInBase(
      @Nullable MappedObject program, @Nullable MappedObject loader, MappedObject object) {
    try {
      long debug = ofLoader(loader);
      if (debug == 0 || map(debug) == 0) {
        debug = ofProgram(program);
      }
      return debug == 0 ? null : listed(map(debug), object);
    } catch (GuestFault | Failure nowhere) {
      return null;
    }
  }

  private long ofLoader(@Nullable MappedObject loader) {
    ElfSymbol symbol = loader == null ? null : loader.symbol(MappedObject.LISTS);
    return loader == null || symbol == null ? 0 : symbol.value() + loader.bias();
  }

  private long ofProgram(@Nullable MappedObject program) {
    long at = program == null ? 0 : program.dynamic();
    if (at == 0) {
      return 0;
    }
    for (int i = 0; i < MOST_ENTRIES; i++) {
      long tag = word(at, 2L * i);
      if (tag == Elf.DT_NULL) {
        return 0;
      }
      if (tag == DT_DEBUG) {
        return word(at, 2L * i + 1);
      }
    }
    return 0;
  }

  /** struct r_debug: a version, then the first object. */
  private long map(long debug) {
    return word(debug, 1);
  }

  /** struct link_map: bias, name, dynamic table, next, previous. */
  private @Nullable String listed(long first, MappedObject object) {
    long at = first;
    for (int i = 0; at != 0 && i < MOST_OBJECTS; i++) {
      if (word(at, 0) == object.bias() && object.holds(word(at, 2))) {
        long name = word(at, 1);
        return name == 0 ? "" : GuestText.toHost(GuestText.path(memory, name));
      }
      at = word(at, 3);
    }
    return null;
  }

  private long word(long address, long index) {
    return abi.loadWord(memory, address + index * abi.wordSize());
  }
}
