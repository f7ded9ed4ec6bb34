package dev.vestibule.elf;

/**
 * What are the numbers of the ELF format? Values of fields that this module or its callers test;
 * any other value is legal in a file and travels as a plain int. Source: gABI, LSB, elf(5).
 */
public final class Elf {
  private Elf() {}

  /** Relocatable file. */
  public static final int ET_REL = 1;

  /** Program linked to a fixed address. */
  public static final int ET_EXEC = 2;

  /** Shared object or position-independent program. */
  public static final int ET_DYN = 3;

  /** Core dump. */
  public static final int ET_CORE = 4;

  public static final int EM_386 = 3;
  public static final int EM_PPC = 20;
  public static final int EM_PPC64 = 21;
  public static final int EM_ARM = 40;
  public static final int EM_X86_64 = 62;
  public static final int EM_AARCH64 = 183;
  public static final int EM_RISCV = 243;

  public static final int PT_LOAD = 1;
  public static final int PT_DYNAMIC = 2;
  public static final int PT_INTERP = 3;
  public static final int PT_NOTE = 4;
  public static final int PT_PHDR = 6;
  public static final int PT_TLS = 7;
  public static final int PT_GNU_EH_FRAME = 0x6474e550;
  public static final int PT_GNU_STACK = 0x6474e551;
  public static final int PT_GNU_RELRO = 0x6474e552;

  /** Segment is executable. */
  public static final int PF_X = 1;

  /** Segment is writable. */
  public static final int PF_W = 2;

  /** Segment is readable. */
  public static final int PF_R = 4;

  public static final int SHT_NULL = 0;
  public static final int SHT_PROGBITS = 1;
  public static final int SHT_SYMTAB = 2;
  public static final int SHT_STRTAB = 3;
  public static final int SHT_HASH = 5;
  public static final int SHT_DYNAMIC = 6;
  public static final int SHT_NOTE = 7;
  public static final int SHT_NOBITS = 8;
  public static final int SHT_DYNSYM = 11;
  public static final int SHT_GNU_HASH = 0x6ffffff6;
  public static final int SHT_GNU_VERDEF = 0x6ffffffd;
  public static final int SHT_GNU_VERNEED = 0x6ffffffe;
  public static final int SHT_GNU_VERSYM = 0x6fffffff;

  public static final int SHF_WRITE = 1;
  public static final int SHF_ALLOC = 2;
  public static final int SHF_EXECINSTR = 4;
  public static final int SHF_INFO_LINK = 0x40;

  public static final int SHN_UNDEF = 0;
  public static final int SHN_ABS = 0xfff1;
  public static final int SHN_XINDEX = 0xffff;

  /** e_phnum when the real count stands in sh_info of section 0. */
  public static final int PN_XNUM = 0xffff;

  public static final int STB_LOCAL = 0;
  public static final int STB_GLOBAL = 1;
  public static final int STB_WEAK = 2;
  public static final int STT_NOTYPE = 0;
  public static final int STT_OBJECT = 1;
  public static final int STT_FUNC = 2;
  public static final int STT_SECTION = 3;
  public static final int STT_FILE = 4;

  public static final long DT_NULL = 0;
  public static final long DT_NEEDED = 1;
  public static final long DT_PLTRELSZ = 2;
  public static final long DT_HASH = 4;
  public static final long DT_STRTAB = 5;
  public static final long DT_SYMTAB = 6;
  public static final long DT_RELA = 7;
  public static final long DT_RELASZ = 8;
  public static final long DT_STRSZ = 10;
  public static final long DT_SYMENT = 11;
  public static final long DT_SONAME = 14;
  public static final long DT_REL = 17;
  public static final long DT_RELSZ = 18;
  public static final long DT_TEXTREL = 22;
  public static final long DT_JMPREL = 23;
  public static final long DT_FLAGS = 30;
  public static final long DT_RELRSZ = 35;
  public static final long DT_RELR = 36;
  public static final long DT_GNU_HASH = 0x6ffffef5L;
  public static final long DT_VERSYM = 0x6ffffff0L;
  public static final long DT_RELACOUNT = 0x6ffffff9L;
  public static final long DT_VERDEF = 0x6ffffffcL;
  public static final long DT_VERDEFNUM = 0x6ffffffdL;
  public static final long DT_VERNEED = 0x6ffffffeL;
  public static final long DT_VERNEEDNUM = 0x6fffffffL;

  /** DT_FLAGS bit: relocations change read-only segments. */
  public static final long DF_TEXTREL = 4;

  /** Version definition that names the file itself. */
  public static final int VER_FLG_BASE = 1;

  public static final int VER_FLG_WEAK = 2;

  /** Version index of symbols that are local to the file. */
  public static final int VER_NDX_LOCAL = 0;

  /** Version index of global symbols without a version (the base version). */
  public static final int VER_NDX_GLOBAL = 1;

  /** Versym bit: the symbol is not the default of its name. */
  public static final int VERSYM_HIDDEN = 0x8000;

  /** Note "GNU" type 3: the build id. */
  public static final int NT_GNU_BUILD_ID = 3;

  /** Note "Linux" type 0: LINUX_VERSION_CODE of the kernel that owns a vDSO. */
  public static final int NT_LINUX_VERSION = 0;

  /** Note "Linux" type 0x100: the kernel's build salt. */
  public static final int NT_LINUX_BUILD_SALT = 0x100;

  /** Size in bytes of the file header. */
  public static int headerSize(boolean is64) {
    return is64 ? 64 : 52;
  }

  /** Size in bytes of one program header. */
  public static int programHeaderSize(boolean is64) {
    return is64 ? 56 : 32;
  }

  /** Size in bytes of one section header. */
  public static int sectionHeaderSize(boolean is64) {
    return is64 ? 64 : 40;
  }

  /** Size in bytes of one symbol. */
  public static int symbolSize(boolean is64) {
    return is64 ? 24 : 16;
  }

  /** The hash of DT_HASH and of version names (gABI chapter 5), 28 bits. */
  public static int sysvHash(String name) {
    int h = 0;
    for (byte b : name.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
      h = (h << 4) + (b & 0xff);
      h ^= h >>> 24 & 0xf0;
      h &= 0x0fffffff;
    }
    return h;
  }

  /** The hash of DT_GNU_HASH: times 33 from 5381, 32 bits. */
  public static int gnuHash(String name) {
    int h = 5381;
    for (byte b : name.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
      h = h * 33 + (b & 0xff);
    }
    return h;
  }
}
