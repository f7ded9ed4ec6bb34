package dev.vestibule.observe.startup;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Which object of a program lies where?
 *
 * @param path its file in the guest's tree
 * @param bias run-time less link-time addresses
 * @param end first address behind it
 * @param relro where what becomes read-only after relocation begins, at run time; 0 for nothing
 */
record LoadedObject(String path, long bias, long end, long relro, EntryPoints points) {
  private static final int MOST = 256 << 20;
  private static final int PT_GNU_RELRO = 0x6474e552;
  private static final int CHUNK = 1 << 20;

  /** The object whose file's beginning a mapping shows; null if it is no object. */
  static @Nullable LoadedObject at(Vma vma, long pageSize, boolean main) {
    Backing backing = vma.backing();
    if (backing == null || vma.offset() != 0 || backing.size() > MOST) {
      return null;
    }
    String path = GuestText.toHost(backing.path().isEmpty() ? vma.name() : backing.path());
    try {
      ElfFile file = ElfFile.read(bytes(backing), path);
      long lowest = -1;
      long highest = 0;
      long relro = 0;
      for (ProgramHeader segment : file.programHeaders()) {
        if (segment.isLoad()) {
          lowest = lowest == -1 ? segment.vaddr() & -pageSize : lowest;
          highest = segment.vaddr() + segment.memsz();
        } else if (segment.type() == PT_GNU_RELRO) {
          relro = segment.vaddr();
        }
      }
      if (lowest == -1
          || file.header().type() != Elf.ET_EXEC && file.header().type() != Elf.ET_DYN) {
        return null;
      }
      long bias = vma.start() - lowest;
      return new LoadedObject(
          path, bias, bias + highest, relro == 0 ? 0 : bias + relro, new EntryPoints(file, main));
    } catch (ElfException noObject) {
      return null;
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
  String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  boolean holds(long address) {
    return Long.compareUnsigned(address - bias, end - bias) < 0;
  }

  /** The function at a run-time address, or where in the object it is. */
  String symbol(long address) {
    String symbol = points.symbolAt(address - bias);
    return symbol != null ? symbol : "0x" + Long.toHexString(address - bias);
  }
}
