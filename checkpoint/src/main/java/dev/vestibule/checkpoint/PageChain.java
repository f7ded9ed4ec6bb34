package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.PagemapEntry;
import dev.vestibule.checkpoint.schema.PagemapHead;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** In which file, and where in it, does each page of a process lie? */
final class PageChain {
  /**
   * Pages that lie side by side, in memory and in a file.
   *
   * @param offset in the file
   */
  record Piece(long start, long end, Path directory, int pagesId, long offset) {}

  private record Range(long start, long end) {}

  private final int pid;
  private final long page;
  private final List<Piece> pieces = new ArrayList<>();

  private PageChain(int pid, long page) {
    this.pid = pid;
    this.page = page;
  }

  /**
   * Follows pages to where they are.
   *
   * @param chain directories, the dump's own first
   * @param pagemap of the process in the first
   * @return pieces in ascending order that make up all that the pagemap tells of
   */
  static List<Piece> follow(
      List<Path> chain, int pid, int pagesId, List<PagemapEntry> pagemap, long page)
      throws ImageException {
    PageChain pages = new PageChain(pid, page);
    List<Range> wanted = new ArrayList<>();
    for (PagemapEntry run : pagemap) {
      wanted.add(new Range(run.getVaddr(), run.getVaddr() + MemoryReader.count(run) * page));
    }
    wanted = pages.find(chain.getFirst(), pagesId, pagemap, wanted);
    for (Path directory : chain.subList(1, chain.size())) {
      if (wanted.isEmpty()) {
        break;
      }
      ImageReader maps = ImageReader.open(directory, ImageKind.PAGEMAP, pid);
      Entry<PagemapHead> head = maps.next(PagemapHead.parser());
      List<PagemapEntry> runs =
          MemoryReader.pagemap(directory, head, maps.all(PagemapEntry.parser()), page, true);
      wanted = pages.find(directory, head.message().getPagesId(), runs, wanted);
    }
    if (!wanted.isEmpty()) {
      throw pages.missing(chain.getLast(), wanted.getFirst().start);
    }
    pages.pieces.sort(Comparator.comparingLong(Piece::start));
    return pages.pieces;
  }

  /** Takes what is here; what is left is in the next directory, says this one. */
  private List<Range> find(Path directory, int pagesId, List<PagemapEntry> runs, List<Range> wanted)
      throws ImageException {
    List<Range> left = new ArrayList<>();
    int next = 0;
    long offset = 0; // of the next run's pages
    for (Range range : wanted) {
      long at = range.start;
      while (at < range.end) {
        while (next < runs.size() && end(runs.get(next)) <= at) {
          offset += stored(runs.get(next++));
        }
        if (next == runs.size() || runs.get(next).getVaddr() > at) {
          throw missing(directory, at);
        }
        PagemapEntry run = runs.get(next);
        long to = Math.min(range.end, end(run));
        if (MemoryReader.isInParent(run)) {
          left.add(new Range(at, to));
        } else {
          pieces.add(new Piece(at, to, directory, pagesId, offset + at - run.getVaddr()));
        }
        at = to;
      }
    }
    return left;
  }

  private long end(PagemapEntry run) {
    return run.getVaddr() + MemoryReader.count(run) * page;
  }

  private long stored(PagemapEntry run) {
    return MemoryReader.isInParent(run) ? 0 : MemoryReader.count(run) * page;
  }

  private ImageException missing(Path directory, long address) {
    return new ImageException(
        directory.resolve(ImageKind.PAGEMAP.file(pid)).toString(),
        "vaddr",
        0,
        "0x%x was left to this dump, and is not in it".formatted(address));
  }
}
