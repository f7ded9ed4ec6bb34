package dev.vestibule.observe.startup;

import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.kernel.memory.ObjectFile;
import dev.vestibule.kernel.memory.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Which object of a program lies where, and what is there to look out for?
 *
 * @param relro where what becomes read-only after relocation begins, at run time; 0 for nothing
 */
record LoadedObject(ObjectFile file, long relro, EntryPoints points) {
  /** Larger files are not looked at. */
  private static final int MOST = 256 << 20;

  private static final int PT_GNU_RELRO = 0x6474e552;

  /** The object whose file's beginning a mapping shows; null if it is no object. */
  static @Nullable LoadedObject at(Vma vma, long pageSize, boolean main) {
    ObjectFile file = ObjectFile.at(vma, pageSize, MOST);
    if (file == null) {
      return null;
    }
    ProgramHeader relro = file.elf().segment(PT_GNU_RELRO);
    return new LoadedObject(
        file, relro == null ? 0 : file.bias() + relro.vaddr(), new EntryPoints(file.elf(), main));
  }

  long bias() {
    return file.bias();
  }

  /** The function at a run-time address, or where in the object it is. */
  String symbol(long address) {
    String symbol = points.symbolAt(address - bias());
    return symbol != null ? symbol : "0x" + Long.toHexString(address - bias());
  }
}
