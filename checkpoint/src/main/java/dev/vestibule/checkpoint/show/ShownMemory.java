package dev.vestibule.checkpoint.show;

import dev.vestibule.checkpoint.ImageException;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.PagesFile;
import dev.vestibule.checkpoint.schema.PagemapEntry;
import dev.vestibule.checkpoint.schema.PagemapHead;
import dev.vestibule.inspect.Fact;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which of a process's pages are in its images, or in those of an earlier dump? */
final class ShownMemory {
  private static final int PARENT = 1;
  private static final int LAZY = 2;
  private static final int PRESENT = 4;

  /** How many earlier dumps are looked into; links that lead in a circle end here. */
  private static final int MOST_PARENTS = 32;

  private static final long SMALLEST_PAGE = 4096;
  private static final long LARGEST_PAGE = 65536;

  /** Pages in a row; {@code first} is the number of the first one in the file. */
  private record Run(long address, long count, int flags, long first) {}

  private final List<Run> runs = new ArrayList<>();
  private final @Nullable Path file;
  private final long bytes;
  private long pageSize = SMALLEST_PAGE;
  private long present;
  private boolean compatible;
  private boolean wide;
  private @Nullable ShownMemory parent;

  private ShownMemory(@Nullable Path file, long bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  static ShownMemory none() {
    return new ShownMemory(null, 0);
  }

  static ShownMemory read(Path directory, int pid) throws ImageException {
    return read(directory, pid, 0);
  }

  private static ShownMemory read(Path directory, int pid, int depth) throws ImageException {
    var found = ImageReader.find(directory, ImageKind.PAGEMAP, pid);
    if (found.isEmpty()) {
      return none();
    }
    ImageReader reader = found.get();
    Entry<PagemapHead> head = reader.next(PagemapHead.parser());
    Path file = directory.resolve(PagesFile.name(head.message().getPagesId()));
    ShownMemory memory = new ShownMemory(file, size(file));
    boolean earlier = false;
    for (Entry<PagemapEntry> entry : reader.all(PagemapEntry.parser())) {
      earlier |= memory.add(entry);
    }
    long page = memory.present == 0 ? 0 : memory.bytes / memory.present;
    if (page >= SMALLEST_PAGE && page <= LARGEST_PAGE && Long.bitCount(page) == 1) {
      memory.pageSize = page;
    }
    if (earlier && depth < MOST_PARENTS) {
      memory.parent = read(directory.resolve("parent"), pid, depth + 1);
    }
    return memory;
  }

  private static long size(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : -1;
    } catch (IOException e) {
      return -1;
    }
  }

  /** Takes an entry; whether its pages are in an earlier dump. */
  private boolean add(Entry<PagemapEntry> entry) throws ImageException {
    PagemapEntry run = entry.message();
    entry.check(
        run.getVaddr() >= 0 && (runs.isEmpty() || run.getVaddr() > runs.getLast().address),
        "vaddr",
        "0x%x is not behind those before it".formatted(run.getVaddr()));
    long count =
        run.hasNrPages() ? run.getNrPages() : Integer.toUnsignedLong(run.getCompatNrPages());
    entry.check(count >= 0 && count < 1L << 40, "nr_pages", count + " is none");
    compatible |= run.getCompatNrPages() != 0;
    wide |= run.hasNrPages();
    boolean earlier = run.getInParent() || (run.getFlags() & PARENT) != 0;
    // Before there were flags, what was not in the parent was present.
    int flags = earlier ? PARENT : run.hasFlags() ? run.getFlags() : PRESENT;
    runs.add(new Run(run.getVaddr(), count, flags, present));
    present += (flags & PRESENT) != 0 ? count : 0;
    entry.check(present < 1L << 48, "nr_pages", "too many pages");
    return earlier;
  }

  boolean hasCompatibleCounts() {
    return compatible;
  }

  boolean hasWideCounts() {
    return wide;
  }

  long pageSize() {
    return pageSize;
  }

  /** How many pages of a range are in images. */
  long pages(long start, long end) {
    long pages = 0;
    for (int i = Math.max(0, at(start)); i < runs.size() && runs.get(i).address < end; i++) {
      Run run = runs.get(i);
      long from = Math.max(start, run.address);
      long to = Math.min(end, run.address + run.count * pageSize);
      pages += to > from ? (to - from) / pageSize : 0;
    }
    return pages;
  }

  /** Which run begins at an address, or as the last one before it; -1 if none does. */
  private int at(long address) {
    int first = 0;
    int behind = runs.size();
    while (first < behind) {
      int middle = (first + behind) >>> 1;
      if (runs.get(middle).address <= address) {
        first = middle + 1;
      } else {
        behind = middle;
      }
    }
    return first - 1;
  }

  /** Memory from an address on; less, or nothing, where no image has it. */
  byte[] read(long address, int length) {
    ByteBuffer into = ByteBuffer.allocate(length);
    while (into.hasRemaining() && readRun(address + into.position(), into)) {
      // One run follows the other.
    }
    byte[] read = new byte[into.position()];
    into.flip().get(read);
    return read;
  }

  private boolean readRun(long address, ByteBuffer into) {
    int index = at(address);
    if (index < 0 || address - runs.get(index).address >= runs.get(index).count * pageSize) {
      return false;
    }
    Run run = runs.get(index);
    long skip = address - run.address;
    int most = (int) Math.min(into.remaining(), run.count * pageSize - skip);
    if ((run.flags & PARENT) != 0) {
      byte[] earlier = parent == null ? new byte[0] : parent.read(address, most);
      into.put(earlier);
      return earlier.length > 0;
    }
    return (run.flags & PRESENT) != 0 && readFile(run.first * pageSize + skip, most, into);
  }

  private boolean readFile(long offset, int length, ByteBuffer into) {
    if (file == null || offset >= bytes) {
      return false;
    }
    int limit = into.limit();
    try (FileChannel channel = FileChannel.open(file)) {
      into.limit(into.position() + length);
      return channel.read(into, offset) > 0;
    } catch (IOException e) {
      return false;
    } finally {
      into.limit(limit);
    }
  }

  Fact fact() {
    Map<String, Object> values = new LinkedHashMap<>();
    long all = runs.stream().mapToLong(Run::count).sum();
    long earlier = count(PARENT);
    long lazy = count(LAZY);
    values.put("runs", runs.size());
    values.put("pages", all);
    values.put("present", present);
    values.put("inParent", earlier);
    values.put("lazy", lazy);
    values.put("pageSize", pageSize);
    String name = file == null ? "none" : String.valueOf(file.getFileName());
    values.put("file", name);
    values.put("bytes", bytes);
    String text =
        "%d in %d runs, %d present, %d in the parent, %d lazy; %s"
            .formatted(all, runs.size(), present, earlier, lazy, name);
    if (file != null) {
      text += bytes < 0 ? " is missing" : " has %d bytes".formatted(bytes);
      text +=
          bytes >= 0 && bytes != present * pageSize
              ? ", and this needs %d".formatted(present * pageSize)
              : "";
    }
    return new Fact("pages", "pages", values, text);
  }

  private long count(int flag) {
    return runs.stream().filter(run -> (run.flags & flag) != 0).mapToLong(Run::count).sum();
  }
}
