package dev.vestibule.kernel.core;

import dev.vestibule.elf.Elf;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.kernel.trace.TracedMemory;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Version;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How does a process become an ELF core file? One PT_NOTE, and a PT_LOAD for each mapping with as
 * much content as the kernel's rules give it (vma_dump_size() of fs/coredump.c, the filter as it is
 * from the start).
 */
final class CoreWriter {
  private static final int ET_CORE = 4;
  private static final int PIECE = 1 << 16;

  /** Linux 3.4 has MADV_DONTDUMP. */
  private static final Version DONT_DUMP = new Version(3, 4, 0);

  /** Linux 2.6.24 dumps the first page of mapped ELF files. */
  private static final Version ELF_HEADERS = new Version(2, 6, 24);

  private record Segment(Vma vma, long bytes) {}

  private final AddressSpace space;
  private final GuestAbi abi;
  private final KernelProfile profile;
  private final int fd;
  private final long limit;
  private final byte[] piece = new byte[PIECE];

  /**
   * @param fd the host's file, empty
   * @param limit most bytes of it, negative for unlimited
   */
  CoreWriter(Process process, int fd, long limit) {
    this.space = process.space();
    this.abi = process.abi();
    this.profile = process.machine().profile();
    this.fd = fd;
    this.limit = limit;
  }

  /** Writes the file; false if it could not be written in full. */
  boolean write(List<Vma> mappings, byte[] notes) {
    List<Segment> segments = new ArrayList<>();
    for (Vma vma : mappings) {
      segments.add(new Segment(vma, dumped(vma)));
    }
    boolean wide = abi.wide();
    int headerSize = wide ? 64 : 52;
    int entrySize = Elf.programHeaderSize(wide);
    int entries = segments.size() + 1;
    if (entries >= 0xffff) {
      return false;
    }
    long notesAt = headerSize + (long) entries * entrySize;
    long page = space.layout().pageSize();
    long dataAt = notesAt + notes.length + page - 1 & -page;
    Struct s = abi.struct((int) notesAt);
    header(s, entries, headerSize, entrySize);
    int at = headerSize;
    programHeader(s, at, Elf.PT_NOTE, 0, notesAt, 0, notes.length, 0, 0);
    long offset = dataAt;
    for (Segment segment : segments) {
      at += entrySize;
      Vma vma = segment.vma;
      programHeader(
          s,
          at,
          Elf.PT_LOAD,
          elfFlags(vma.protection()),
          offset,
          vma.start(),
          segment.bytes,
          vma.length(),
          page);
      offset += segment.bytes;
    }
    if (!put(s.bytes(), s.bytes().length, 0) || !put(notes, notes.length, notesAt)) {
      return false;
    }
    offset = dataAt;
    for (Segment segment : segments) {
      if (!content(segment, offset)) {
        return false;
      }
      offset += segment.bytes;
    }
    boolean fits = limit < 0 || offset <= limit;
    return Libc.syscall(HostCalls.FTRUNCATE, fd, fits ? offset : limit) >= 0 && fits;
  }

  private void header(Struct s, int entries, int headerSize, int entrySize) {
    byte[] ident = {0x7f, 'E', 'L', 'F', 1, 1, 1};
    ident[4] = (byte) (abi.wide() ? 2 : 1);
    ident[5] = (byte) (abi.bigEndian() ? 2 : 1);
    System.arraycopy(ident, 0, s.bytes(), 0, ident.length);
    s.put16(16, ET_CORE).put16(18, profile.architecture().machine()).put32(20, 1);
    int word = abi.wordSize();
    int flagsAt = 24 + 3 * word;
    s.putWord(24 + word, headerSize);
    s.put32(flagsAt, abi.wide() && !abi.bigEndian() ? 2 : 0); // ELFv2
    s.put16(flagsAt + 4, headerSize).put16(flagsAt + 6, entrySize).put16(flagsAt + 8, entries);
  }

  private void programHeader(
      Struct s,
      int at,
      int type,
      int flags,
      long offset,
      long address,
      long bytes,
      long memory,
      long alignment) {
    s.put32(at, type);
    if (abi.wide()) {
      s.put32(at + 4, flags).put64(at + 8, offset).put64(at + 16, address);
      s.put64(at + 32, bytes).put64(at + 40, memory).put64(at + 48, alignment);
    } else {
      s.putWord(at + 4, offset).putWord(at + 8, address).putWord(at + 16, bytes);
      s.putWord(at + 20, memory).put32(at + 24, flags).putWord(at + 28, alignment);
    }
  }

  /** PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4 against PF_R 4, PF_W 2, PF_X 1. */
  private static int elfFlags(int protection) {
    return (protection & 1) << 2 | protection & 2 | (protection & 4) >> 2;
  }

  /** How many bytes of a mapping are dumped. */
  private long dumped(Vma vma) {
    if (vma.has(Vma.HANDED) && alwaysDumped(vma)) {
      return vma.length();
    }
    boolean refused = vma.has(Vma.DONT_DUMP) && profile.uname().linux().atLeast(DONT_DUMP);
    if (refused || vma.has(Vma.IO)) {
      return 0;
    }
    Backing backing = vma.backing();
    if (vma.shared()) {
      return backing != null && backing.path().endsWith(" (deleted)") ? vma.length() : 0;
    }
    if (space.memory().hasOwnPages(vma.start(), vma.length())) {
      return vma.length();
    }
    boolean header =
        backing != null
            && !vma.has(Vma.HANDED)
            && vma.offset() == 0
            && (vma.protection() & 1) != 0
            && profile.uname().linux().atLeast(ELF_HEADERS)
            && TracedMemory.read(space, vma.start(), piece, 0, 4) == 4
            && piece[0] == 0x7f
            && piece[1] == 'E'
            && piece[2] == 'L'
            && piece[3] == 'F';
    return header ? space.layout().pageSize() : 0;
  }

  private boolean alwaysDumped(Vma vma) {
    return switch (profile.mapping().dump()) {
      case WRITTEN -> false;
      case ALWAYS -> true;
      case NAMED -> !vma.name().isEmpty();
    };
  }

  /** The kernel's data pages (VM_IO) and pages that were never touched are zeros: left out. */
  private boolean content(Segment segment, long offset) {
    if (segment.vma.has(Vma.IO)) {
      return true;
    }
    long done = 0;
    while (done < segment.bytes) {
      long address = segment.vma.start() + done;
      int length = (int) Math.min(PIECE, segment.bytes - done);
      if (segment.vma.backing() != null || space.memory().hasOwnPages(address, length)) {
        Arrays.fill(piece, (byte) 0);
        TracedMemory.read(space, address, piece, 0, length);
        if (!put(piece, length, offset + done)) {
          return false;
        }
      }
      done += length;
    }
    return true;
  }

  private boolean put(byte[] bytes, int length, long offset) {
    if (limit >= 0 && offset + length > limit) {
      return false;
    }
    long buffer = HostMemory.allocate(Math.max(1, length));
    try {
      HostMemory.copyIn(bytes, 0, buffer, length);
      return Libc.syscall(HostCalls.PWRITE64, fd, buffer, length, offset) == length;
    } finally {
      HostMemory.free(buffer);
    }
  }
}
