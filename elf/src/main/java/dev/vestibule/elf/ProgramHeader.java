package dev.vestibule.elf;

/**
 * Which part of the file belongs where in memory? One entry of the program header table; all
 * quantities in bytes, addresses as linked.
 *
 * @param type PT_ value
 * @param flags PF_R, PF_W, PF_X
 */
public record ProgramHeader(
    int type, int flags, long offset, long vaddr, long paddr, long filesz, long memsz, long align) {

  /** Whether this is a PT_LOAD entry. */
  public boolean isLoad() {
    return type == Elf.PT_LOAD;
  }

  /** Whether a link-time address lies in the bytes that come from the file. */
  public boolean holdsFileByte(long address) {
    return Long.compareUnsigned(address, vaddr) >= 0
        && Long.compareUnsigned(address - vaddr, filesz) < 0;
  }

  /** Whether the segment is mapped with PROT_EXEC. */
  public boolean executable() {
    return (flags & Elf.PF_X) != 0;
  }

  /** Whether the segment is mapped with PROT_WRITE. */
  public boolean writable() {
    return (flags & Elf.PF_W) != 0;
  }

  /** Whether the segment is mapped with PROT_READ. */
  public boolean readable() {
    return (flags & Elf.PF_R) != 0;
  }
}
