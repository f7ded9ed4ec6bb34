package dev.vestibule.inspect.carve;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Where in a kernel or a package are vDSO images? Everything is read as a stream; a packaged kernel
 * goes through a temporary file, since a payload may begin at any of its bytes.
 */
public final class KernelSearch {
  /**
   * An image and where it was.
   *
   * @param where containers, outermost first
   * @param offset in the innermost of them, in bytes
   * @param release from the kernel's banner, null without one
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Found(
      byte[] bytes, String soname, String where, long offset, @Nullable String release) {}

  /** Kernels are smaller; what a payload yields beyond this is left alone. */
  private static final long LARGEST = 1L << 30;

  /** Payload begins tried in one file; a kernel has one, and a few more by chance. */
  private static final int MOST_PAYLOADS = 256;

  /** What all payloads of a file may yield together. */
  private static final long MOST_CONTENT = 3L << 30;

  /** Kernels looked into in one package; real ones have one or two. */
  private static final int MOST_KERNELS = 16;

  private static final Pattern KERNEL =
      Pattern.compile("(.*/)?(vmlinu[xz][^/]*|[bz]?Image[^/]*|kernel-?[0-9][^/]*|vdso[^/]*\\.so)");

  private final List<Found> found = new ArrayList<>();
  private @Nullable IOException damage;

  private KernelSearch() {}

  /**
   * All images in a file.
   *
   * @throws IOException if it cannot be read, or if nothing was found and a container was damaged
   */
  public static List<Found> in(Path path) throws IOException {
    KernelSearch search = new KernelSearch();
    byte[] first;
    try (InputStream in = Files.newInputStream(path)) {
      first = in.readNBytes(8);
    }
    try {
      if (Arrays.equals(first, "!<arch>\n".getBytes(StandardCharsets.US_ASCII))) {
        search.debian(path);
      } else {
        search.kernel(path, "");
      }
    } catch (RuntimeException e) {
      // Decoders should not, but what they are fed is hostile.
      search.damaged("", new IOException("malformed (" + e.getClass().getSimpleName() + ")", e));
    } catch (OutOfMemoryError e) {
      // Names and tables of an archive may be as large as it says.
      search.damaged("", new IOException("asks for more memory than there is", e));
    }
    if (search.found.isEmpty() && search.damage != null) {
      throw search.damage;
    }
    return search.found;
  }

  /** What an error says, as a few words. */
  public static String problem(IOException e) {
    if (e instanceof EOFException) {
      return "the compressed data ends too early";
    }
    String message = e.getMessage();
    return message == null ? "cannot be read" : message;
  }

  private void damaged(String where, IOException e) {
    if (damage == null) {
      damage = new IOException(where.isEmpty() ? problem(e) : where + ": " + problem(e), e);
    }
  }

  private void debian(Path path) throws IOException {
    try (ArArchiveInputStream ar =
        new ArArchiveInputStream(new BufferedInputStream(Files.newInputStream(path), 1 << 16))) {
      for (ArArchiveEntry member = ar.getNextEntry(); member != null; member = ar.getNextEntry()) {
        if (member.getName().startsWith("data.tar")) {
          data(ar, member.getName());
          return;
        }
      }
    }
    throw new IOException("an archive without data.tar, so no Debian package");
  }

  private void data(InputStream member, String name) throws IOException {
    BufferedInputStream in = new BufferedInputStream(member, 1 << 16);
    in.mark(16);
    byte[] first = in.readNBytes(16);
    in.reset();
    InputStream content = in;
    for (Payload payload : Payload.values()) {
      if (payload.at(first, 0, first.length)) {
        content = payload.open(in);
      }
    }
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(new BufferedInputStream(content, 1 << 16))) {
      int kernels = 0;
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        if (kernels < MOST_KERNELS && entry.isFile() && KERNEL.matcher(entry.getName()).matches()) {
          kernels++;
          spooled(tar, name + ", " + entry.getName().replaceFirst("^\\./", ""));
        }
      }
    } catch (IOException e) {
      damaged(name, e);
    }
  }

  private void spooled(InputStream content, String where) throws IOException {
    Path spool = Files.createTempFile("vestibule-kernel", ".tmp");
    try {
      try (OutputStream out = Files.newOutputStream(spool)) {
        byte[] buffer = new byte[1 << 16];
        long left = LARGEST;
        for (int count = content.read(buffer);
            count > 0 && left > 0;
            count = content.read(buffer)) {
          out.write(buffer, 0, count);
          left -= count;
        }
      }
      kernel(spool, where);
    } finally {
      Files.delete(spool);
    }
  }

  private void kernel(Path path, String where) throws IOException {
    ImageScanner plain = new ImageScanner();
    try (InputStream in = Files.newInputStream(path)) {
      plain.scan(in, Long.MAX_VALUE);
    }
    keep(plain, where);
    if (!plain.hits().isEmpty()) {
      return;
    }
    try (FileChannel file = FileChannel.open(path)) {
      payloads(file, where);
    }
  }

  /** Tries everything that may be a payload, until one yields images. */
  private void payloads(FileChannel file, String where) throws IOException {
    byte[] block = new byte[1 << 20];
    int overlap = 16;
    int tried = 0;
    long content = 0;
    long size = file.size();
    for (long start = 0; start < size; start += block.length - overlap) {
      int held = from(file, start).readNBytes(block, 0, block.length);
      int until = start + held >= size ? held : held - overlap;
      for (int at = 0; at < until; at++) {
        Payload payload = payload(block, at, held);
        if (payload == null) {
          continue;
        }
        if (++tried > MOST_PAYLOADS || content > MOST_CONTENT) {
          damaged(where, new IOException("too many compressed parts, none with an image"));
          return;
        }
        ImageScanner scanner = new ImageScanner();
        String part = payload.text() + " at 0x" + Long.toHexString(start + at);
        String inside = where.isEmpty() ? part : where + ", " + part;
        try {
          scanner.scan(payload.open(from(file, start + at)), LARGEST);
        } catch (IOException e) {
          // What only looks like a payload yields nothing; a real one that is cut yields a lot.
          if (scanner.taken() > 1 << 16) {
            damaged(inside, e);
          }
        }
        content += scanner.taken();
        keep(scanner, inside);
        if (!scanner.hits().isEmpty()) {
          return;
        }
      }
    }
  }

  private static @Nullable Payload payload(byte[] bytes, int at, int limit) {
    byte first = bytes[at];
    for (Payload payload : Payload.values()) {
      if (payload.first() == first && payload.at(bytes, at, limit)) {
        return payload;
      }
    }
    return null;
  }

  /** The file's bytes from an offset; closing it does nothing. */
  private static InputStream from(FileChannel file, long offset) throws IOException {
    file.position(offset);
    return new BufferedInputStream(Channels.newInputStream(file), 1 << 16);
  }

  private void keep(ImageScanner scanner, String where) {
    for (ImageScanner.Hit hit : scanner.hits()) {
      found.add(new Found(hit.bytes(), hit.soname(), where, hit.offset(), scanner.release()));
    }
  }
}
