package dev.vestibule.inspect.carve;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfHeader;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.elf.SectionHeader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which vDSO images lie in a stream of bytes, at any offset? Takes every complete shared object
 * that calls itself as vDSOs do, and the first kernel banner. Holds a few megabytes, however long
 * the stream is.
 */
final class ImageScanner {
  /** Images are smaller: at most one page of 64 KiB is mapped, and its debug data comes on top. */
  private static final int LARGEST = 1 << 20;

  private static final int WINDOW = 4 * LARGEST;

  /** A decoder that fails takes what it has decoded in the same call with it. */
  private static final int READ = 1 << 16;

  private static final int MOST_IMAGES = 64;
  private static final byte[] BANNER = "Linux version ".getBytes(StandardCharsets.US_ASCII);
  private static final int LONGEST_RELEASE = 64;

  /**
   * An image of the stream.
   *
   * @param offset in the stream, in bytes
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Hit(byte[] bytes, String soname, long offset) {}

  private final byte[] window = new byte[WINDOW];
  private final List<Hit> hits = new ArrayList<>();
  private @Nullable String release;
  private long taken;

  /** The images found so far, in the order of the stream. */
  List<Hit> hits() {
    return hits;
  }

  /** The release in the kernel's banner, null if none was met. */
  @Nullable String release() {
    return release;
  }

  /** Bytes taken from the stream so far. */
  long taken() {
    return taken;
  }

  /**
   * Scans a stream to its end.
   *
   * @param limit bytes after which the rest is left alone
   * @throws IOException from the stream, once everything before the error was scanned
   */
  void scan(InputStream in, long limit) throws IOException {
    int held = 0;
    long start = 0;
    IOException broken = null;
    boolean ended = false;
    while (!ended) {
      while (held < WINDOW && !ended) {
        try {
          int count =
              in.read(window, held, (int) Math.min(Math.min(WINDOW - held, READ), limit - taken));
          ended = count <= 0;
          held += Math.max(0, count);
          taken += Math.max(0, count);
        } catch (IOException e) {
          broken = e;
          ended = true;
        }
      }
      int until = ended ? held : held - LARGEST;
      int kept = look(held, until, start);
      System.arraycopy(window, kept, window, 0, held - kept);
      held -= kept;
      start += kept;
    }
    if (broken != null) {
      throw broken;
    }
  }

  /** Looks at positions below {@code until}; returns the first that is to be looked at again. */
  private int look(int held, int until, long start) {
    int at = 0;
    while (at < until) {
      byte first = window[at];
      if (first == 0x7f && isMagic(at, held)) {
        Hit hit = hits.size() < MOST_IMAGES ? image(at, held, start + at) : null;
        if (hit != null) {
          hits.add(hit);
          at += hit.bytes.length;
          continue;
        }
      } else if (first == 'L' && release == null) {
        release = banner(at, held);
      }
      at++;
    }
    return Math.min(at, held);
  }

  private boolean isMagic(int at, int held) {
    return held - at >= ElfHeader.MAX_SIZE
        && window[at + 1] == 'E'
        && window[at + 2] == 'L'
        && window[at + 3] == 'F';
  }

  private @Nullable String banner(int at, int held) {
    int from = at + BANNER.length;
    if (held - from < LONGEST_RELEASE
        || !Arrays.equals(window, at, from, BANNER, 0, BANNER.length)) {
      return null;
    }
    int to = from;
    while (to < from + LONGEST_RELEASE && window[to] > ' ' && window[to] < 0x7f) {
      to++;
    }
    String text = new String(window, from, to - from, StandardCharsets.US_ASCII);
    return text.matches("[0-9]+\\.[0-9]+.*") ? text : null;
  }

  private @Nullable Hit image(int at, int held, long offset) {
    int room = Math.min(held - at, LARGEST);
    try {
      ElfFile file = ElfFile.read(ByteBuffer.wrap(window, at, room), "image");
      String soname = soname(file);
      if (soname == null) {
        return null;
      }
      long size = size(file);
      return size > room
          ? null
          : new Hit(Arrays.copyOfRange(window, at, at + (int) size), soname, offset);
    } catch (ElfException e) {
      return null;
    }
  }

  /** The name of a vDSO, or null for any other object. */
  static @Nullable String soname(ElfFile file) throws ElfException {
    if (file.header().type() != Elf.ET_DYN || file.segment(Elf.PT_LOAD) == null) {
      return null;
    }
    String soname = file.dynamicString(Elf.DT_SONAME);
    boolean vdso =
        soname != null && (soname.startsWith("linux-vdso") || soname.startsWith("linux-gate"));
    return vdso ? soname : null;
  }

  /** Where the last part that the headers speak of ends. */
  private static long size(ElfFile file) {
    ElfHeader header = file.header();
    long end = header.phoff() + (long) header.phnum() * header.phentsize();
    for (ProgramHeader segment : file.programHeaders()) {
      end = Math.max(end, end(segment.offset(), segment.filesz()));
    }
    if (header.shoff() == 0) {
      return end;
    }
    try {
      for (SectionHeader section : file.sections()) {
        if (section.type() != Elf.SHT_NOBITS && section.type() != Elf.SHT_NULL) {
          end = Math.max(end, end(section.offset(), section.size()));
        }
      }
    } catch (ElfException e) {
      // Sections are not mapped: an image without them is still one.
      return end;
    }
    return Math.max(end, header.shoff() + (long) header.shnum() * header.shentsize());
  }

  private static long end(long offset, long size) {
    return offset < 0 || size < 0 || offset + size < 0 ? Long.MAX_VALUE : offset + size;
  }
}
