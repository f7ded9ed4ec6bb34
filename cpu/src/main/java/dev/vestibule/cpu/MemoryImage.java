package dev.vestibule.cpu;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;

/**
 * Which private pages of a process hold something of its own, and how do they get into a file and
 * back? Called under the kernel's lock of the address space while no guest thread of it runs.
 */
public final class MemoryImage {
  /** From so many bytes on a second thread is worth while. */
  private static final long LARGE = 8 << 20;

  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  private final GuestMemory memory;

  public MemoryImage(GuestMemory memory) {
    this.memory = memory;
  }

  /** Who is told of a run of pages? */
  @FunctionalInterface
  public interface Visitor {
    void run(long from, long to);
  }

  /**
   * Tells of the pages of a private mapping that do not just show zeros or its file: whole pages,
   * in ascending order, neighbours joined.
   *
   * @param pageSize granularity, a power of two of at least {@link GuestMemory#PAGE_SIZE}
   */
  public void ownPages(long address, long length, long pageSize, Visitor visitor) {
    Ranges own = new Ranges();
    memory
        .anonymous()
        .contents(
            address,
            address + length,
            (from, to) -> own.add(from & -pageSize, to + pageSize - 1 & -pageSize));
    long window = memory.window();
    Ranges anonymous = new Ranges();
    memory.anonymous().parts(address, address + length, anonymous::add);
    anonymous.gapsFrom(
        address,
        address + length,
        (start, end) ->
            PageMap.ofThisProcess()
                .ownRuns(
                    window + start,
                    window + end,
                    (from, to) ->
                        own.add(
                            from - window & -pageSize, to - window + pageSize - 1 & -pageSize)));
    own.each(visitor::run);
  }

  /** The parts of a host's file of memory that have ever been written. */
  static void data(int fd, long from, long to, Ranges.Visitor visitor) {
    long at = from;
    while (at < to) {
      long start = Libc.syscall(HostCalls.LSEEK, fd, at, SEEK_DATA);
      if (start < 0 || start >= to) {
        return;
      }
      long end = Libc.syscall(HostCalls.LSEEK, fd, start, SEEK_HOLE);
      long stop = end < 0 ? to : Math.min(end, to);
      visitor.range(start, stop);
      at = stop;
    }
  }

  /** The parts of shared memory that have ever been written, by their offsets; whole pages. */
  public static void sharedPages(int fd, long size, Visitor visitor) {
    data(fd, 0, size, visitor::run);
  }

  /**
   * Writes mapped pages into a file at its position, whatever the guest may do with them.
   *
   * @return 0 or the host's -errno
   */
  public long write(int fd, long address, long length) {
    long end = address + length;
    for (long at = address; at < end; ) {
      long next = at + GuestMemory.PAGE_SIZE;
      boolean beyond = memory.isBeyondFile(at);
      while (next < end && memory.isBeyondFile(next) == beyond) {
        next += GuestMemory.PAGE_SIZE;
      }
      long result = beyond ? writeZeros(fd, next - at) : writeOpen(fd, at, next - at);
      if (result != 0) {
        return result;
      }
      at = next;
    }
    return 0;
  }

  /** What a file's last page shows behind its end, where pages are larger than the host's. */
  private static long writeZeros(int fd, long length) {
    long zeros = HostMemory.allocate(GuestMemory.PAGE_SIZE);
    HostMemory.fill(zeros, GuestMemory.PAGE_SIZE, 0);
    long result = GuestMemory.PAGE_SIZE;
    for (long done = 0; done < length && result == GuestMemory.PAGE_SIZE; ) {
      result = Libc.syscall(HostCalls.WRITE, fd, zeros, GuestMemory.PAGE_SIZE);
      done += GuestMemory.PAGE_SIZE;
    }
    HostMemory.free(zeros);
    return result == GuestMemory.PAGE_SIZE ? 0 : Math.min(result, -1);
  }

  /**
   * Reads bytes of a file into mapped pages, whatever the guest may do with them.
   *
   * @return 0, the host's -errno, or 1 if the file is too short
   */
  public long read(int fd, long position, long address, long length) {
    for (long at = address; at < address + length; at += GuestMemory.PAGE_SIZE) {
      if (memory.isBeyondFile(at)) {
        memory.mapAnonymous(at, GuestMemory.PAGE_SIZE, memory.protection(at));
      }
    }
    long[] result = {0};
    long host = memory.window() + address;
    memory.open(
        address,
        length,
        () ->
            result[0] =
                length < LARGE
                    ? readAll(fd, position, host, length)
                    : readHalves(fd, position, host, length));
    return result[0];
  }

  /** Most of the time is the host's for finding and clearing pages, so two threads take half. */
  private static long readHalves(int fd, long position, long host, long length) {
    long half = length / 2 & -GuestMemory.PAGE_SIZE;
    long[] others = {0};
    Thread other =
        Thread.ofPlatform()
            .start(() -> others[0] = readAll(fd, position + half, host + half, length - half));
    long result = readAll(fd, position, host, half);
    boolean interrupted = false;
    while (true) {
      try {
        other.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return result != 0 ? result : others[0];
  }

  private static long readAll(int fd, long position, long host, long length) {
    for (long done = 0; done < length; ) {
      long moved = Libc.syscall(HostCalls.PREAD64, fd, host + done, length - done, position + done);
      if (moved <= 0) {
        return moved == 0 ? 1 : moved;
      }
      done += moved;
    }
    return 0;
  }

  private long writeOpen(int fd, long address, long length) {
    long[] result = {0};
    memory.open(
        address,
        length,
        () -> {
          long done = 0;
          while (done < length) {
            long host = memory.window() + address + done;
            long moved = Libc.syscall(HostCalls.WRITE, fd, host, length - done);
            if (moved <= 0) {
              result[0] = moved == 0 ? 1 : moved;
              return;
            }
            done += moved;
          }
        });
    return result[0];
  }
}
