package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.PagesFile;
import dev.vestibule.checkpoint.schema.FdType;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.HandedEntry;
import dev.vestibule.checkpoint.schema.MmEntry;
import dev.vestibule.checkpoint.schema.PagemapEntry;
import dev.vestibule.checkpoint.schema.PagemapHead;
import dev.vestibule.checkpoint.schema.VmaEntry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Are the images of memory such as could be mapped: in order, on pages, with all they refer to? */
final class MemoryReader {
  private static final int MOST_MAPPINGS = 65530;
  private static final int MOST_HANDED = 64;
  private static final int MOST_AUXV = 4096;
  private static final int IN_PARENT = 1;
  private static final int PRESENT = 4;

  private MemoryReader() {}

  static void check(Entry<MmEntry> entry, FrozenTree tree) throws ImageException {
    MmEntry mm = entry.message();
    entry.check(mm.getVmasCount() <= MOST_MAPPINGS, "vmas", "too many mappings");
    long page = tree.pageSize();
    long end = 0;
    for (int i = 0; i < mm.getVmasCount(); i++) {
      VmaEntry vma = mm.getVmas(i);
      String field = "vmas[" + i + "]";
      entry.check(
          vma.getStart() >= 0
              && vma.getEnd() > vma.getStart()
              && ((vma.getStart() | vma.getEnd() | vma.getPgoff()) & page - 1) == 0,
          field,
          "0x%x to 0x%x are no pages".formatted(vma.getStart(), vma.getEnd()));
      entry.check(
          vma.getStart() >= end,
          field,
          "0x%x lies in the mapping before it".formatted(vma.getStart()));
      entry.check((vma.getProt() & ~7) == 0, field + ".prot", vma.getProt() + " is none");
      entry.check(vma.getPgoff() >= 0, field + ".pgoff", "is negative");
      end = vma.getEnd();
      entry.check(
          !isSharedMemory(vma)
              || vma.getShmid() >>> 32 == 0 && vma.getPgoff() + vma.getEnd() - vma.getStart() > 0,
          field + ".shmid",
          "is no shared memory's");
      if (isFile(vma)) {
        checkFile(entry, field, (int) vma.getShmid(), tree.files());
      }
      entry.check(
          (vma.getStatus() & (VmaStatus.SYSVIPC | VmaStatus.VSYSCALL)) == 0,
          field + ".status",
          "System V shared memory and the vsyscall page cannot be had again");
    }
    checkFile(entry, "exe_file_id", mm.getExeFileId(), tree.files());
    entry.check(
        mm.getVestibule().getHandedCount() <= MOST_HANDED, "vestibule.handed", "too many kernels");
    for (HandedEntry handed : mm.getVestibule().getHandedList()) {
      boolean ordered =
          handed.getStart() >= 0
              && handed.getEnd() > handed.getStart()
              && handed.getEnd() - handed.getStart() < 1 << 24
              && ((handed.getStart() | handed.getEnd() | handed.getVdso()) & page - 1) == 0;
      boolean inside =
          handed.getVdso() == 0
              || handed.getVdso() >= handed.getStart() && handed.getVdso() < handed.getEnd();
      entry.check(ordered && inside, "vestibule.handed", "is no place of a kernel's pages");
    }
    entry.check(
        mm.getVestibule().getAuxvLength() >= 0 && mm.getVestibule().getAuxvLength() <= MOST_AUXV,
        "vestibule.auxv_length",
        "is none");
  }

  static boolean isFile(VmaEntry vma) {
    return (vma.getStatus() & (VmaStatus.FILE_PRIVATE | VmaStatus.FILE_SHARED)) != 0;
  }

  static boolean isSharedMemory(VmaEntry vma) {
    return (vma.getStatus() & VmaStatus.ANON_SHARED) != 0;
  }

  static boolean isHanded(VmaEntry vma) {
    return (vma.getStatus() & (VmaStatus.VDSO | VmaStatus.VVAR)) != 0;
  }

  private static void checkFile(
      Entry<MmEntry> entry, String field, int id, Map<Integer, Entry<FileEntry>> files)
      throws ImageException {
    Entry<FileEntry> file = files.get(id);
    entry.check(
        file != null && file.message().getType() == FdType.REG, field, "there is no file " + id);
  }

  // ---- pages ------------------------------------------------------------------------------------

  /** How many pages an entry tells of, whichever version wrote it. */
  static long count(PagemapEntry entry) {
    return entry.hasNrPages()
        ? entry.getNrPages()
        : Integer.toUnsignedLong(entry.getCompatNrPages());
  }

  /** Whether an entry leaves its pages to an earlier dump. */
  static boolean isInParent(PagemapEntry entry) {
    return entry.getFlags() == IN_PARENT;
  }

  /**
   * Checks that runs of pages follow each other and are all in their file, or in an earlier dump.
   *
   * @param chained whether there is one
   */
  static List<PagemapEntry> pagemap(
      Path directory,
      Entry<PagemapHead> head,
      List<Entry<PagemapEntry>> entries,
      long page,
      boolean chained)
      throws ImageException {
    int id = head.message().getPagesId();
    String file = PagesFile.name(id);
    long size = FrozenTree.sizeOf(directory.resolve(file));
    head.check(size >= 0, "pages_id", file + " is missing");
    List<PagemapEntry> all = new ArrayList<>();
    long end = 0;
    long bytes = 0;
    for (Entry<PagemapEntry> entry : entries) {
      PagemapEntry run = entry.message();
      long count = count(run);
      entry.check(
          count > 0 && count < 1L << 40 && run.getVaddr() >= 0, "nr_pages", count + " is none");
      entry.check(
          (run.getVaddr() & page - 1) == 0 && run.getVaddr() >= end,
          "vaddr",
          "0x%x is no page behind those before it".formatted(run.getVaddr()));
      entry.check(
          chained && isInParent(run) || run.getFlags() == PRESENT && !run.getInParent(),
          "flags",
          run.getFlags() + (chained ? " are none" : ": there is no earlier dump to read from"));
      end = run.getVaddr() + count * page;
      bytes += isInParent(run) ? 0 : count * page;
      entry.check(
          end > 0 && bytes <= size,
          "nr_pages",
          "%s has %d bytes, and this needs %d".formatted(file, size, bytes));
      all.add(run);
    }
    head.check(bytes == size, "pages_id", file + " has pages that no entry tells of");
    return all;
  }

  /**
   * Shared memory and its pages.
   *
   * @param size in bytes
   * @param runs pages in ascending order; the addresses count from the memory's begin
   */
  record Shared(long size, int pagesId, List<PagemapEntry> runs) {}

  /** Reads and checks what is told of the shared memory that any process maps, by its number. */
  static Map<Long, Shared> shared(Path directory, Collection<FrozenProcess> processes, long page)
      throws ImageException {
    Map<Long, Long> sizes = new HashMap<>();
    for (FrozenProcess process : processes) {
      for (VmaEntry vma : process.mm().message().getVmasList()) {
        if (isSharedMemory(vma)) {
          long end = vma.getPgoff() + vma.getEnd() - vma.getStart();
          long size = Math.max(end, vma.getVestibule().getMemorySize());
          sizes.merge(vma.getShmid(), size, Math::max);
        }
      }
    }
    Map<Long, Shared> shared = new HashMap<>();
    for (Map.Entry<Long, Long> each : sizes.entrySet()) {
      ImageReader maps =
          ImageReader.open(directory, ImageKind.SHMEM_PAGEMAP, each.getKey().intValue());
      Entry<PagemapHead> head = maps.next(PagemapHead.parser());
      List<PagemapEntry> runs =
          pagemap(directory, head, maps.all(PagemapEntry.parser()), page, false);
      long size = each.getValue();
      head.check(
          runs.isEmpty() || runs.getLast().getVaddr() + count(runs.getLast()) * page <= size,
          "vaddr",
          "lies behind the memory's end");
      shared.put(each.getKey(), new Shared(size, head.message().getPagesId(), runs));
    }
    return shared;
  }

  /** Checks that all pages lie in mappings that have pages of their own. */
  static void checkMapped(Entry<MmEntry> mm, String file, List<PagemapEntry> pagemap, long page)
      throws ImageException {
    int next = 0;
    List<VmaEntry> vmas = mm.message().getVmasList();
    for (PagemapEntry run : pagemap) {
      long at = run.getVaddr();
      long end = at + count(run) * page;
      while (at < end) {
        while (next < vmas.size() && vmas.get(next).getEnd() <= at) {
          next++;
        }
        VmaEntry vma = next < vmas.size() ? vmas.get(next) : null;
        if (vma == null
            || vma.getStart() > at
            || isSharedMemory(vma)
            || (vma.getStatus() & VmaStatus.FILE_SHARED) != 0) {
          throw new ImageException(
              file, "vaddr", 0, "0x%x is no page of a private mapping".formatted(at));
        }
        at = Math.min(end, vma.getEnd());
      }
    }
  }
}
