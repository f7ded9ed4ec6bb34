package dev.vestibule.checkpoint;

import dev.vestibule.elf.ByteSource;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfImage;
import dev.vestibule.elf.ElfNote;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which build is a mapped file? The words of its build-id note, as CRIU's file entries have them:
 * little-endian, the last one filled up with zeros. Nothing where the file is no ELF file, has no
 * such note, or says nonsense.
 */
final class BuildId {
  /** The smallest of Linux's pages: whatever any kernel would load passes. */
  private static final int PAGE = 4096;

  private static final int LONGEST = 64;

  private BuildId() {}

  /**
   * Reads it.
   *
   * @param fd of the host
   */
  static List<Integer> of(int fd) {
    ByteSource file = (offset, into, position, length) -> read(fd, offset, into, position, length);
    try {
      for (ElfNote note : ElfImage.read(file, "mapped file", PAGE).notes(file)) {
        int bytes = note.description().length;
        boolean build = note.name().equals("GNU") && note.type() == Elf.NT_GNU_BUILD_ID;
        if (build && bytes > 0 && bytes <= LONGEST) {
          return words(note.description());
        }
      }
    } catch (ElfException none) {
      return List.of();
    }
    return List.of();
  }

  private static List<Integer> words(byte[] id) {
    ByteBuffer padded =
        ByteBuffer.wrap(Arrays.copyOf(id, id.length + 3 & -4)).order(ByteOrder.LITTLE_ENDIAN);
    List<Integer> words = new ArrayList<>();
    while (padded.hasRemaining()) {
      words.add(padded.getInt());
    }
    return words;
  }

  private static int read(int fd, long offset, byte[] into, int position, int length) {
    long buffer = HostMemory.allocate(length);
    try {
      int read = (int) Libc.syscall(HostCalls.PREAD64, fd, buffer, length, offset);
      HostMemory.copyOut(buffer, into, position, Math.max(read, 0));
      return read;
    } finally {
      HostMemory.free(buffer);
    }
  }
}
