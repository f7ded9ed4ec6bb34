package dev.vestibule.inspect;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfHeader;
import java.nio.ByteOrder;

/** What is an instruction set and ABI called, by the header of a file for it? */
public final class Machine {
  private static final int EM_SPARC = 2;
  private static final int EM_MIPS = 8;
  private static final int EM_S390 = 22;
  private static final int EM_SPARCV9 = 43;
  private static final int EM_IA64 = 50;
  private static final int EM_LOONGARCH = 258;

  private Machine() {}

  /** The name as in uname(2) or as Debian has it; {@code machine-N} for an unknown one. */
  public static String name(ElfHeader header) {
    boolean wide = header.is64();
    boolean little = header.order().equals(ByteOrder.LITTLE_ENDIAN);
    return switch (header.machine()) {
      case Elf.EM_386 -> "i386";
      case Elf.EM_X86_64 -> wide ? "x86_64" : "x32";
      case Elf.EM_PPC -> little ? "ppcle" : "ppc";
      case Elf.EM_PPC64 -> little ? "ppc64le" : "ppc64";
      case Elf.EM_ARM -> little ? "arm" : "armeb";
      case Elf.EM_AARCH64 -> wide ? "aarch64" : "aarch64ilp32";
      case Elf.EM_RISCV -> wide ? "riscv64" : "riscv32";
      case EM_S390 -> wide ? "s390x" : "s390";
      case EM_MIPS -> (wide ? "mips64" : "mips") + (little ? "el" : "");
      case EM_LOONGARCH -> wide ? "loongarch64" : "loongarch32";
      case EM_SPARC -> "sparc";
      case EM_SPARCV9 -> "sparc64";
      case EM_IA64 -> "ia64";
      default -> "machine-" + header.machine();
    };
  }
}
