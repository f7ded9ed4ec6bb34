package dev.vestibule.kernel.exec;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.elf.ElfImage;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.MapFlags;
import dev.vestibule.kernel.memory.Vma;

/** How do an ELF file's segments become mappings? As Linux's load_elf_binary does it (6.1). */
final class ImageMapper {
  private static final long ANYWHERE = -1;

  private final AddressSpace space;
  private final Executable.Part part;
  private final ElfImage image;
  private final int page;
  private long bias;
  private long highest;

  private ImageMapper(AddressSpace space, Executable.Part part) {
    this.space = space;
    this.part = part;
    this.image = part.image();
    this.page = space.layout().pageSize();
  }

  /**
   * Where an image lies.
   *
   * @param bias what is added to link-time addresses
   * @param end first address behind its last segment, not rounded
   */
  record Mapped(long bias, long end, ElfImage image) {
    long entry() {
      return image.header().entry() + bias;
    }

    long programHeaders() {
      long linked = image.programHeaderAddress();
      return linked == 0 ? 0 : linked + bias;
    }
  }

  /**
   * Maps a file at its own addresses, or an ET_DYN file at a given place.
   *
   * @param base link-time address 0 of an ET_DYN file goes here
   * @throws Failure if it does not fit
   */
  static Mapped mapAt(AddressSpace space, Executable.Part part, long base) {
    return new ImageMapper(space, part).map(base);
  }

  /** Maps an ET_DYN file where mmap(2) finds room. */
  static Mapped mapAnywhere(AddressSpace space, Executable.Part part) {
    return new ImageMapper(space, part).map(ANYWHERE);
  }

  private Mapped map(long base) {
    long lowest = image.lowestAddress() & -page;
    if (!image.relocatable()) {
      bias = 0;
    } else if (base == ANYWHERE) {
      long bytes = space.pageUp(image.highestAddress() - lowest);
      bias = space.findRoom(bytes, Math.max(page, image.alignment())) - lowest;
    } else {
      bias = (base & -Math.max(page, image.alignment())) - lowest;
    }
    for (int i = 0; i < image.programHeaders().size(); i++) {
      ProgramHeader p = image.programHeaders().get(i);
      if (p.isLoad()) {
        segment(p);
      }
    }
    return new Mapped(bias, highest, image);
  }

  private static int protection(ProgramHeader p) {
    return (p.readable() ? GuestMemory.PROT_READ : 0)
        | (p.writable() ? GuestMemory.PROT_WRITE : 0)
        | (p.executable() ? GuestMemory.PROT_EXEC : 0);
  }

  private void segment(ProgramHeader p) {
    Backing backing = part.program().file().backing();
    if (backing == null) {
      throw new Failure(Errno.ENODEV);
    }
    long start = p.vaddr() + bias;
    long firstPage = start & -page;
    long fileEnd = start + p.filesz();
    long fileEndPage = space.pageUp(fileEnd);
    long end = space.pageUp(start + p.memsz());
    int protection = protection(p);
    int fixed = MapFlags.MAP_PRIVATE | MapFlags.MAP_FIXED;
    if (p.filesz() != 0) {
      long offset = p.offset() - (start - firstPage);
      if ((offset & (page - 1)) != 0) {
        throw new Failure(Errno.EINVAL); // linked for smaller pages than this kernel's
      }
      space.map(firstPage, fileEndPage - firstPage, protection, fixed, backing, offset);
      if (p.memsz() > p.filesz() && p.writable()) {
        clear(fileEnd, fileEndPage);
      }
    } else {
      fileEndPage = firstPage;
    }
    if (end > fileEndPage) {
      Vma zeroed = new Vma(fileEndPage, end, protection, Vma.MAY_ALL, null, 0, "");
      space.mapKernel(zeroed);
    }
    highest = Math.max(highest, start + p.memsz());
  }

  /** Zeroes the rest of a segment's last page; a page beyond the file's end has no such bytes. */
  private void clear(long from, long to) {
    try {
      space.memory().poke(from, new byte[(int) (to - from)], 0, (int) (to - from));
    } catch (GuestFault beyondFile) {
      throw new Failure(Errno.EFAULT);
    }
  }
}
