package dev.vestibule.inspect;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfNote;
import dev.vestibule.elf.SectionSpec;
import dev.vestibule.elf.SharedObjectBuilder;
import dev.vestibule.elf.SymbolSpec;
import java.nio.ByteOrder;

/** Small images to look for. */
final class Samples {
  private Samples() {}

  /** A ppc64le image with one function. */
  static SharedObjectBuilder image() {
    return new SharedObjectBuilder(true, ByteOrder.LITTLE_ENDIAN, Elf.EM_PPC64)
        .flags(2)
        .soname("linux-vdso64.so.1")
        .version("LINUX_2.6.15")
        .note(new ElfNote("Linux", 0, new byte[] {(byte) 176, 1, 6, 0}))
        .symbol(SymbolSpec.function("__kernel_clock_gettime", "LINUX_2.6.15", ".text", 0, 16))
        .section(SectionSpec.code(".text", 16, new byte[32]));
  }
}
