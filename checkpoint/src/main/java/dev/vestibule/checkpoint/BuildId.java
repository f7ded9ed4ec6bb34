package dev.vestibule.checkpoint;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Which build is a mapped file? The words of its build-id note, as CRIU's file entries have them:
 * little-endian, the last one filled up with zeros. Nothing where the file is no ELF file, has no
 * such note, or says nonsense.
 */
final class BuildId {
  private static final int ELF = 0x464c457f; // little-endian
  private static final int NOTES = 4; // PT_NOTE
  private static final int BUILD_ID = 3; // NT_GNU_BUILD_ID
  private static final int GNU = 0x554e47; // little-endian, with its zero
  private static final int MOST_SEGMENTS = 128;
  private static final int MOST_NOTES = 1 << 16; // bytes
  private static final int LONGEST = 64;

  private BuildId() {}

  /**
   * Reads it.
   *
   * @param fd of the host
   */
  static List<Integer> of(int fd) {
    ByteBuffer header = read(fd, 0, 64);
    if (header.remaining() < 64 || header.getInt(0) != ELF) {
      return List.of();
    }
    boolean wide = header.get(4) == 2;
    ByteOrder order = header.get(5) == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    header.order(order);
    long at = wide ? header.getLong(32) : Integer.toUnsignedLong(header.getInt(28));
    int each = wide ? 56 : 32;
    int count = Math.min(header.getShort(wide ? 56 : 44) & 0xffff, MOST_SEGMENTS);
    ByteBuffer segments = read(fd, at, each * count).order(order);
    for (int segment = 0; segments.remaining() >= each * (segment + 1); segment++) {
      int base = each * segment;
      if (segments.getInt(base) == NOTES) {
        List<Integer> found =
            wide
                ? inNotes(fd, segments.getLong(base + 8), segments.getLong(base + 32), order)
                : inNotes(
                    fd,
                    Integer.toUnsignedLong(segments.getInt(base + 4)),
                    Integer.toUnsignedLong(segments.getInt(base + 16)),
                    order);
        if (!found.isEmpty()) {
          return found;
        }
      }
    }
    return List.of();
  }

  private static List<Integer> inNotes(int fd, long offset, long size, ByteOrder order) {
    if (size < 12 || size > MOST_NOTES) {
      return List.of();
    }
    ByteBuffer notes = read(fd, offset, (int) size).order(order);
    while (notes.remaining() >= 12) {
      int nameBytes = notes.getInt();
      int bytes = notes.getInt();
      int type = notes.getInt();
      long end = padded(nameBytes) + padded(bytes);
      if (nameBytes < 0 || bytes < 0 || end > notes.remaining()) {
        return List.of();
      }
      int name = notes.position();
      int description = name + (int) padded(nameBytes);
      notes.position(name + (int) end);
      notes.order(ByteOrder.LITTLE_ENDIAN);
      boolean gnu = nameBytes == 4 && notes.getInt(name) == GNU;
      if (gnu && type == BUILD_ID && bytes > 0 && bytes <= LONGEST) {
        return words(notes, description, bytes);
      }
      notes.order(order);
    }
    return List.of();
  }

  private static List<Integer> words(ByteBuffer notes, int from, int bytes) {
    ByteBuffer padded = ByteBuffer.allocate((int) padded(bytes)).order(ByteOrder.LITTLE_ENDIAN);
    padded.put(0, notes, from, bytes);
    List<Integer> words = new ArrayList<>();
    while (padded.hasRemaining()) {
      words.add(padded.getInt());
    }
    return words;
  }

  private static long padded(long bytes) {
    return bytes + 3 & -4;
  }

  /** What there is of some bytes of a file. */
  private static ByteBuffer read(int fd, long offset, int length) {
    if (offset < 0 || length <= 0) {
      return ByteBuffer.allocate(0);
    }
    long buffer = HostMemory.allocate(length);
    try {
      long read = Libc.syscall(HostCalls.PREAD64, fd, buffer, length, offset);
      byte[] bytes = new byte[(int) Math.max(read, 0)];
      HostMemory.copyOut(buffer, bytes, 0, bytes.length);
      return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    } finally {
      HostMemory.free(buffer);
    }
  }
}
