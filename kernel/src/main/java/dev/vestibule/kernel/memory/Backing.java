package dev.vestibule.kernel.memory;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What bytes does a mapping show? A host file, or memory shared between processes. Counted by the
 * mappings and open files that use it.
 */
public abstract class Backing {
  private final AtomicInteger references = new AtomicInteger(1);

  /** Host descriptor to map from. */
  public abstract int hostFd();

  /** Whether stores of shared mappings may reach the host file. */
  public abstract boolean hostWritable();

  /** Size in bytes now; pages wholly beyond it raise SIGBUS. */
  public abstract long size();

  /** Whether the page at an offset is there; accesses to others raise SIGBUS. */
  public boolean has(long offset) {
    return offset < size();
  }

  /** Offsets of pages that are missing although the size covers them. */
  public List<Long> holes() {
    return List.of();
  }

  /** What /proc/PID/maps shows. */
  public abstract String path();

  public long device() {
    return 0;
  }

  public long inode() {
    return 0;
  }

  /** The page frame of its first byte as /proc/PID/pagemap tells it, 0 where nothing is told. */
  public long firstFrame() {
    return 0;
  }

  /** Equal for mappings of the same file, however it was opened; identifies shared futexes. */
  public Object identity() {
    return this;
  }

  public final Backing retain() {
    references.incrementAndGet();
    return this;
  }

  public final void release() {
    if (references.decrementAndGet() == 0) {
      close();
    }
  }

  /** Nobody uses it any longer. */
  protected abstract void close();
}
