package dev.vestibule.cpu;

/**
 * Which private pages of a process are as they were when they were last written into images?
 *
 * <p>The host marks the pages ({@link WriteTracking}) and forgets the mark when one is written, or
 * mapped anew. Where pages are copied when they are written, behind a fork, those that are not
 * copied yet need no mark, and must not have one: on pages that are not there it looks like a page
 * of the process's own. Whatever else changes what a page shows, such as giving its memory back,
 * tells {@link #forget}. So whoever does not know better writes too much.
 *
 * <p>Called under the kernel's lock of the address space.
 */
public final class PageTracking {
  private final GuestMemory memory;
  private final String since;

  /** Pages that the host has marked. */
  private final Ranges marked = new Ranges();

  /** Pages that were untouched when they began to be copied at the first write. */
  private Ranges shown = new Ranges();

  PageTracking(GuestMemory memory, String since) {
    this.memory = memory;
    this.since = since;
  }

  /** Whether the host can tell which pages were written. */
  public static boolean available() {
    return WriteTracking.ofThisProcess().available();
  }

  /** What the pages are compared with: a name of those who write images. */
  public String since() {
    return since;
  }

  /** Makes it possible to mark pages of a mapping. */
  public boolean prepare(long address, long length) {
    return WriteTracking.ofThisProcess().register(memory.window() + address, length);
  }

  /** From now on, pages of a prepared mapping count as untouched until they change. */
  public void mark(long address, long length) {
    long end = address + length;
    Ranges copied = new Ranges();
    memory.anonymous().copiedWhenWritten(address, end, copied::add);
    copied.gapsFrom(address, end, this::markOnHost);
    copied.each((from, to) -> {
      shown.add(from, to);
      own(
          from,
          to,
          (first, last) -> {
            shown.remove(first, last);
            markOnHost(first, last);
          });
    });
  }

  private void markOnHost(long from, long to) {
    if (WriteTracking.ofThisProcess().mark(memory.window() + from, to - from)) {
      marked.add(from, to);
    }
  }

  private void own(long from, long to, Ranges.Visitor visitor) {
    long window = memory.window();
    PageMap.ofThisProcess()
        .ownRuns(
            window + from,
            window + to,
            (first, last) -> visitor.range(first - window, last - window));
  }

  /** Pages that may have changed otherwise than by being written. */
  void forget(long address, long length) {
    marked.remove(address, address + length);
    shown.remove(address, address + length);
  }

  /**
   * Tells of the pages in a range that are untouched, neighbours joined.
   *
   * @param pageSize granularity: a larger page is untouched where all of it is
   */
  public void untouched(long address, long length, long pageSize, MemoryImage.Visitor visitor) {
    untouched(address, address + length)
        .each((from, to) -> {
          long first = from + pageSize - 1 & -pageSize;
          long last = to & -pageSize;
          if (first < last) {
            visitor.run(first, last);
          }
        });
  }

  private Ranges untouched(long from, long to) {
    long window = memory.window();
    Ranges untouched = new Ranges();
    shown.within(
        from,
        to,
        (start, end) ->
            memory
                .anonymous()
                .copiedWhenWritten(
                    start,
                    end,
                    (first, last) -> {
                      untouched.add(first, last);
                      own(first, last, untouched::remove);
                    }));
    marked.within(
        from,
        to,
        (start, end) ->
            PageMap.ofThisProcess()
                .markedRuns(
                    window + start,
                    window + end,
                    (first, last) -> untouched.add(first - window, last - window)));
    return untouched;
  }

  /**
   * What is untouched now, just before a fork. That may give pages back to where they are copied
   * from, and the host would leave marks where they were: none remains there.
   *
   * @param quiet whether nobody else can write until the fork is done
   */
  Ranges beforeFork(boolean quiet) {
    long window = memory.window();
    Ranges untouched = quiet ? untouched(0, memory.limit()) : new Ranges();
    memory
        .anonymous()
        .copiedWhenWritten(
            0,
            memory.limit(),
            (from, to) ->
                PageMap.ofThisProcess()
                    .markedRuns(window + from, window + to, WriteTracking.ofThisProcess()::unmark));
    return untouched;
  }

  /** Behind it: what it made be copied when written is as untouched as it was. */
  void afterFork(Ranges untouched) {
    shown = untouched;
  }
}
