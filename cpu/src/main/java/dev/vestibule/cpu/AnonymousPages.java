package dev.vestibule.cpu;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where do the anonymous private pages of an address space lie on the host, and who shares them?
 *
 * <p>They are mapped from a {@link PageStore}: shared with the store as long as no other address
 * space knows it, so that what the guest writes is in the store. A fork makes both sides map the
 * store privately: the host copies a page when one of them writes to it. Everything that does so is
 * one mmap(2) over what was there, which threads that run meanwhile do not notice. Where there is
 * no store to be had, pages are plain anonymous memory of the host, and a fork copies them. So are
 * large mappings until their first fork, since only such memory gets the host's huge pages; if
 * nobody else can write meanwhile, that fork puts them into the store.
 *
 * <p>Called under the kernel's lock of the address space.
 */
final class AnonymousPages {
  private static final int READ_WRITE = 3;
  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_FIXED = 0x10;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_NORESERVE = 0x4000;
  private static final int DONT_NEED = 4;
  private static final int HUGE_PAGES = 14;

  /** A store has room for this many mappings of each address: pages can move. */
  private static final int SLOTS = 32;

  private static final int MOST_STORES = 16;

  /** Smaller mappings cannot hold a huge page. */
  private static final long LARGE = 2 << 20;

  /** More pieces than this are not made only to discard pages. */
  private static final int MOST_PIECES = 4096;

  /** Own pages up to this many bytes are copied into a child; beyond, the store takes them. */
  private static final long COPIED_BYTES = 2 << 20;

  /** Which part of a store has this address space mapped? */
  static final class Share {
    final PageStore store;
    final Ranges used = new Ranges();

    /** Whether the store may hold pages that nobody maps any longer. */
    boolean stale;

    Share(PageStore store) {
      this.store = store;
    }

    boolean sole() {
      return store.sole();
    }
  }

  /**
   * Pages that lie side by side on both sides.
   *
   * @param share where they come from; null for plain anonymous memory
   * @param offset in the store
   * @param live whether stores of the guest reach the store
   */
  record Piece(long start, long end, @Nullable Share share, long offset, boolean live) {
    long length() {
      return end - start;
    }

    Piece part(long from, long to) {
      return new Piece(from, to, share, offset + (from - start), live);
    }

    boolean continuedBy(Piece next) {
      return end == next.start
          && share == next.share
          && live == next.live
          && offset + length() == next.offset;
    }
  }

  /** A range of pages that only this address space has: what it wrote since a fork. */
  record Run(long from, long to) {}

  private final long window;
  private final long limit;
  private final TreeMap<Long, Piece> pieces = new TreeMap<>();
  private final List<Share> shares = new ArrayList<>();

  AnonymousPages(long window, long limit) {
    this.window = window;
    this.limit = limit;
  }

  // ---- mapping --------------------------------------------------------------------------------

  /**
   * Maps zeroed pages over whatever was there.
   *
   * @param dense whether the guest may be expected to touch most of them
   * @return 0, or the host's -errno
   */
  int map(long address, long length, boolean dense) {
    List<Piece> old = take(address, length);
    boolean huge = dense && length >= LARGE;
    Share share = huge ? null : open();
    long offset = share == null ? -1 : room(share, address, length);
    long result;
    if (share == null || offset < 0) {
      result = host(address, length, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (huge && result == 0) {
        Libc.syscall(HostCalls.MADVISE, window + address, length, HUGE_PAGES); // where it has them
      }
      share = null;
      offset = 0;
    } else {
      result = host(address, length, MAP_SHARED, share.store.fd(), offset);
    }
    drop(old);
    if (result < 0) {
      return (int) result;
    }
    add(new Piece(address, address + length, share, offset, share != null));
    return 0;
  }

  /**
   * Takes a range out of the books, because something else is about to be mapped there.
   *
   * @return what {@link #drop} is to be called with afterwards
   */
  List<Piece> take(long address, long length) {
    List<Piece> taken = isolate(address, address + length);
    for (Piece piece : taken) {
      pieces.remove(piece.start);
      if (piece.share != null) {
        piece.share.used.remove(piece.offset, piece.offset + piece.length());
      }
    }
    return taken;
  }

  /** Gives back the memory of pages that are no longer mapped. */
  void drop(List<Piece> taken) {
    for (Piece piece : taken) {
      if (piece.share != null && piece.share.sole()) {
        piece.share.store.punch(piece.offset, piece.length());
      }
    }
  }

  private long host(long address, long length, int flags, int fd, long offset) {
    long result =
        Libc.syscall(
            HostCalls.MMAP,
            window + address,
            length,
            READ_WRITE,
            flags | MAP_FIXED | MAP_NORESERVE,
            fd,
            offset);
    return Long.compareUnsigned(result, -4096L) > 0 ? result : 0;
  }

  /** A store that new pages can come from, or null. */
  private @Nullable Share open() {
    for (Share share : shares) {
      if (share.sole()) {
        reclaim(share);
        return share;
      }
    }
    if (shares.size() >= MOST_STORES) {
      return null;
    }
    PageStore store = PageStore.create(limit * SLOTS);
    if (store == null) {
      return null;
    }
    Share share = new Share(store);
    shares.add(share);
    return share;
  }

  /** The page's own address where that is free, so that neighbours stay neighbours; or -1. */
  private long room(Share share, long address, long length) {
    for (int slot = 0; slot < SLOTS; slot++) {
      long offset = slot * limit + address;
      if (!share.used.overlaps(offset, offset + length)) {
        return offset;
      }
    }
    return -1;
  }

  /** Frees what only address spaces that are gone had mapped, and what has own copies here. */
  private void reclaim(Share share) {
    if (!share.stale) {
      return;
    }
    share.stale = false;
    share.used.gaps(limit * SLOTS, (from, to) -> share.store.punch(from, to - from));
    for (Piece piece : pieces.values()) {
      if (piece.share == share && !piece.live) {
        long shift = piece.offset - piece.start - window;
        PageMap.ofThisProcess()
            .ownRuns(
                window + piece.start,
                window + piece.end,
                (from, to) -> share.store.punch(from + shift, to - from));
      }
    }
  }

  private void add(Piece piece) {
    Piece joined = piece;
    Map.Entry<Long, Piece> below = pieces.lowerEntry(piece.start);
    if (below != null && below.getValue().continuedBy(piece)) {
      Piece low = below.getValue();
      joined = new Piece(low.start, piece.end, low.share, low.offset, low.live);
    }
    Map.Entry<Long, Piece> above = pieces.ceilingEntry(joined.end);
    if (above != null && joined.continuedBy(above.getValue())) {
      pieces.remove(above.getKey());
      joined =
          new Piece(joined.start, above.getValue().end, joined.share, joined.offset, joined.live);
    }
    pieces.put(joined.start, joined);
    if (piece.share != null) {
      piece.share.used.add(piece.offset, piece.offset + piece.length());
    }
  }

  /** The pieces of a range, split at its edges. */
  private List<Piece> isolate(long from, long to) {
    split(from);
    split(to);
    return new ArrayList<>(pieces.subMap(from, to).values());
  }

  private void split(long edge) {
    Map.Entry<Long, Piece> entry = pieces.lowerEntry(edge);
    if (entry != null && entry.getValue().end > edge) {
      Piece piece = entry.getValue();
      pieces.put(piece.start, piece.part(piece.start, edge));
      pieces.put(edge, piece.part(edge, piece.end));
    }
  }

  /** Whether a range consists of anonymous pages. */
  boolean covers(long from, long to) {
    Map.Entry<Long, Piece> entry = pieces.floorEntry(from);
    long at = from;
    while (entry != null && entry.getValue().end > at && entry.getValue().start <= at) {
      at = entry.getValue().end;
      if (at >= to) {
        return true;
      }
      entry = pieces.higherEntry(entry.getKey());
    }
    return false;
  }

  /** Whether the host holds something for any page of a covered range, here or in the store. */
  boolean anyResident(long address, int count) {
    long vector = HostMemory.allocate(count);
    try {
      Libc.syscall(
          HostCalls.MINCORE, window + address, (long) count << GuestMemory.PAGE_SHIFT, vector);
      for (int page = 0; page < count; page++) {
        if ((HostMemory.u8(vector + page) & 1) != 0) {
          return true;
        }
      }
      return false;
    } finally {
      HostMemory.free(vector);
    }
  }

  /** Tells of the anonymous parts of a range. */
  void parts(long from, long to, Ranges.Visitor visitor) {
    for (Piece piece : overlapping(from, to)) {
      visitor.range(Math.max(piece.start, from), Math.min(piece.end, to));
    }
  }

  /** Tells of the parts of a range that show a store, whose pages are copied when written. */
  void copiedWhenWritten(long from, long to, Ranges.Visitor visitor) {
    for (Piece piece : overlapping(from, to)) {
      if (piece.share != null && !piece.live) {
        visitor.range(Math.max(piece.start, from), Math.min(piece.end, to));
      }
    }
  }

  /** Tells of the pages of a range that are not just zeros that nobody touched. */
  void contents(long from, long to, Ranges.Visitor visitor) {
    for (Piece whole : overlapping(from, to)) {
      Piece piece = whole.part(Math.max(whole.start, from), Math.min(whole.end, to));
      long distance = piece.start - piece.offset;
      if (piece.share != null) {
        MemoryImage.data(
            piece.share.store.fd(),
            piece.offset,
            piece.offset + piece.length(),
            (start, end) -> visitor.range(start + distance, end + distance));
      }
      if (piece.share == null || !piece.live) {
        PageMap.ofThisProcess()
            .ownRuns(
                window + piece.start,
                window + piece.end,
                (start, end) -> visitor.range(start - window, end - window));
      }
    }
  }

  // ---- moving and discarding ------------------------------------------------------------------

  /**
   * Moves pages with their contents over whatever was at the destination; the caller maps something
   * else where they came from. The ranges do not overlap.
   */
  void move(long from, long to, long length) {
    List<Piece> old = take(to, length);
    for (Piece piece : isolate(from, from + length)) {
      pieces.remove(piece.start);
      long target = to + (piece.start - from);
      moveOne(piece, target);
      add(new Piece(target, target + piece.length(), piece.share, piece.offset, piece.live));
    }
    drop(old);
  }

  private void moveOne(Piece piece, long target) {
    if (piece.share == null || !piece.live) {
      int moveFixed = 7; // MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP: never a host hole
      long length = piece.length();
      long result =
          Libc.syscall(
              HostCalls.MREMAP, window + piece.start, length, length, moveFixed, window + target);
      if (Long.compareUnsigned(result, -4096L) <= 0) {
        return;
      }
    }
    check(mapLike(piece, window, target));
    if (!piece.live) {
      long distance = target - piece.start;
      PageMap.ofThisProcess()
          .ownRuns(
              window + piece.start,
              window + piece.end,
              (first, end) -> HostMemory.copy(first, first + distance, end - first));
    }
  }

  /** Maps the same pages of the store somewhere. */
  private static long mapLike(Piece piece, long window, long target) {
    int kind = piece.live ? MAP_SHARED : MAP_PRIVATE;
    int flags = piece.share == null ? MAP_PRIVATE | MAP_ANONYMOUS : kind;
    int fd = piece.share == null ? -1 : piece.share.store.fd();
    long result =
        Libc.syscall(
            HostCalls.MMAP,
            window + target,
            piece.length(),
            READ_WRITE,
            flags | MAP_FIXED | MAP_NORESERVE,
            fd,
            piece.offset);
    return Long.compareUnsigned(result, -4096L) > 0 ? result : 0;
  }

  private static void check(long result) {
    if (result < 0) {
      throw new OutOfMemoryError("host refuses to map guest memory: errno " + -result);
    }
  }

  /** Makes anonymous pages zero and gives their memory back. */
  void discard(long address, long length) {
    long end = address + length;
    for (Piece whole : overlapping(address, end)) {
      Piece piece = whole.part(Math.max(whole.start, address), Math.min(whole.end, end));
      Share share = piece.share;
      if (share == null) {
        forget(piece);
      } else if (share.sole()) {
        reclaim(share);
        share.store.punch(piece.offset, piece.length());
        if (!piece.live) {
          forget(piece);
        }
      } else if (pieces.size() > MOST_PIECES || map(piece.start, piece.length(), false) < 0) {
        HostMemory.fill(window + piece.start, piece.length(), 0);
      }
    }
  }

  private void forget(Piece piece) {
    Libc.syscall(HostCalls.MADVISE, window + piece.start, piece.length(), DONT_NEED);
  }

  private List<Piece> overlapping(long from, long to) {
    List<Piece> found = new ArrayList<>();
    Map.Entry<Long, Piece> below = pieces.lowerEntry(from);
    if (below != null && below.getValue().end > from) {
      found.add(below.getValue());
    }
    found.addAll(pieces.subMap(from, to).values());
    return found;
  }

  // ---- fork -----------------------------------------------------------------------------------

  /**
   * Prepares for a child that takes over pages by {@link #giveTo}: from here on the host copies
   * each page that one of the two writes to.
   *
   * <p>Pages that this address space has written since an earlier fork are its own on the host. A
   * few are copied into the child; many go back into the store, where both sides can share them, if
   * nobody else has the store and nobody else can write meanwhile.
   *
   * @param quiet whether no other thread can write to this address space now
   * @return the pages to be copied
   */
  List<Run> freeze(boolean quiet) {
    shares.removeIf(share -> {
      if (share.used.isEmpty()) {
        share.store.leave();
      }
      return share.used.isEmpty();
    });
    if (quiet) {
      storePlain();
    }
    List<Piece> before = List.copyOf(pieces.values());
    List<Run> returnable = new ArrayList<>();
    List<Run> copied = new ArrayList<>();
    long bytes = 0;
    for (Piece piece : before) {
      if (piece.live) {
        check(freezeOne(piece));
      } else {
        boolean returns = quiet && piece.share != null && piece.share.sole();
        bytes += ownRuns(piece, returns ? returnable : copied);
      }
    }
    if (bytes > COPIED_BYTES) {
      returnable.removeIf(this::returned);
    }
    copied.addAll(returnable);
    for (Share share : shares) {
      share.stale = true;
    }
    return copied;
  }

  /** Moves what is plain memory into a store, unless that is too little to be worth it. */
  private void storePlain() {
    for (Piece piece : List.copyOf(pieces.values())) {
      List<Run> runs = new ArrayList<>();
      if (piece.share == null && ownRuns(piece, runs) > COPIED_BYTES) {
        storePlain(piece, runs);
      }
    }
  }

  private void storePlain(Piece piece, List<Run> runs) {
    Share share = open();
    long offset = share == null ? -1 : room(share, piece.start, piece.length());
    if (share == null || offset < 0) {
      return;
    }
    for (Run run : runs) {
      if (!share.store.write(
          window + run.from, run.to - run.from, offset + run.from - piece.start)) {
        share.store.punch(offset, piece.length());
        return;
      }
    }
    Piece stored = new Piece(piece.start, piece.end, share, offset, true);
    check(mapLike(stored, window, piece.start));
    pieces.remove(piece.start);
    add(stored);
  }

  private long freezeOne(Piece piece) {
    Piece frozen = new Piece(piece.start, piece.end, piece.share, piece.offset, false);
    long result = mapLike(frozen, window, piece.start);
    if (result >= 0) {
      pieces.put(piece.start, frozen);
    }
    return result;
  }

  private long ownRuns(Piece piece, List<Run> runs) {
    long[] bytes = {0};
    PageMap.ofThisProcess()
        .ownRuns(
            window + piece.start,
            window + piece.end,
            (from, to) -> {
              runs.add(new Run(from - window, to - window));
              bytes[0] += to - from;
            });
    return bytes[0];
  }

  /** Puts a run's pages back into the store; the next access finds them there. */
  private boolean returned(Run run) {
    for (Piece whole : overlapping(run.from, run.to)) {
      Piece piece = whole.part(Math.max(whole.start, run.from), Math.min(whole.end, run.to));
      if (piece.share == null
          || !piece.share.store.write(window + piece.start, piece.length(), piece.offset)) {
        return false;
      }
    }
    Libc.syscall(HostCalls.MADVISE, window + run.from, run.to - run.from, DONT_NEED);
    return true;
  }

  /**
   * Lets a child show the pages of a range at the same addresses.
   *
   * @param from this address space
   * @param copied what {@link #freeze} left to be copied
   * @return 0, or the host's -errno
   */
  int giveTo(AnonymousPages child, long address, long length, GuestMemory from, List<Run> copied) {
    long end = address + length;
    for (Piece whole : overlapping(address, end)) {
      Piece piece = whole.part(Math.max(whole.start, address), Math.min(whole.end, end));
      long result = mapLike(piece, child.window, piece.start);
      if (result < 0) {
        return (int) result;
      }
      Share theirs = piece.share == null ? null : child.shareOf(piece.share.store);
      child.add(new Piece(piece.start, piece.end, theirs, piece.offset, false));
    }
    for (Run run : copied) {
      long start = Math.max(run.from, address);
      long bytes = Math.min(run.to, end) - start;
      if (bytes > 0) {
        from.open(start, bytes, () -> HostMemory.copy(window + start, child.window + start, bytes));
      }
    }
    return 0;
  }

  private Share shareOf(PageStore store) {
    for (Share share : shares) {
      if (share.store == store) {
        return share;
      }
    }
    store.share();
    Share share = new Share(store);
    share.stale = true;
    shares.add(share);
    return share;
  }

  /** All pages are gone. */
  void close() {
    pieces.clear();
    for (Share share : shares) {
      share.store.leave();
    }
    shares.clear();
  }
}
